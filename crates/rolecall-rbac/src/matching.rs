//! Upstream's matchers for rules and subjects, on the objects as written.
//!
//! The index gives the same results from compiled rules; these functions serve explanations and
//! single rules. They mirror `pkg/apis/rbac/v1/evaluation_helpers.go` and `appliesToUser` of
//! `pkg/registry/rbac/validation/rule.go`.

use crate::{Identity, Metadata, PolicyRule, Request, Subject, SubjectKind, Target, Text};

/// Returns whether a rule allows a request (`RuleAllows`).
pub fn rule_allows(rule: &PolicyRule, request: &Request) -> bool {
    verb_matches(rule, &request.verb)
        && match &request.target {
            Target::Path(path) => url_matches(rule, path),
            Target::Resource(target) => {
                group_matches(rule, &target.group)
                    && resource_matches(&rule.resources, &target.resource, &target.subresource)
                    && name_matches(rule, &target.name)
            }
        }
}

/// Returns whether a binding's subject matches an identity (`appliesToUser`).
pub fn subject_matches(subject: &Subject, binding: &Metadata, identity: &Identity) -> bool {
    match subject.kind {
        SubjectKind::User => subject.name == identity.user,
        SubjectKind::Group => identity.groups.contains(&subject.name),
        SubjectKind::ServiceAccount => {
            subject.effective_namespace(binding).is_some_and(|namespace| {
                identity
                    .user
                    .strip_prefix("system:serviceaccount:")
                    .and_then(|rest| rest.strip_prefix(&**namespace))
                    .and_then(|rest| rest.strip_prefix(':'))
                    == Some(&*subject.name)
            })
        }
        SubjectKind::Other(_) => false,
    }
}

/// Returns whether the verbs include `*` or the verb.
pub(crate) fn verb_matches(rule: &PolicyRule, verb: &str) -> bool {
    has(&rule.verbs, "*") || has(&rule.verbs, verb)
}

/// Returns whether the API groups include `*` or the group.
pub(crate) fn group_matches(rule: &PolicyRule, group: &str) -> bool {
    has(&rule.api_groups, "*") || has(&rule.api_groups, group)
}

/// Returns whether a rule's resources match a resource, or its subresource unless that is empty.
pub(crate) fn resource_matches(resources: &[Text], resource: &str, subresource: &str) -> bool {
    resources.iter().any(|candidate| {
        if &**candidate == "*" {
            return true;
        }
        if subresource.is_empty() {
            return &**candidate == resource;
        }
        candidate
            .strip_suffix(subresource)
            .and_then(|rest| rest.strip_suffix('/'))
            .is_some_and(|parent| parent == "*" || parent == resource)
    })
}

/// Returns whether the rule is unrestricted or names the object; a request without a name has the
/// empty name.
pub(crate) fn name_matches(rule: &PolicyRule, name: &str) -> bool {
    rule.resource_names.is_empty() || has(&rule.resource_names, name)
}

/// Returns whether a rule's URLs match a path.
pub(crate) fn url_matches(rule: &PolicyRule, path: &str) -> bool {
    rule.non_resource_urls.iter().any(|url| {
        &**url == "*"
            || &**url == path
            || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*')))
    })
}

fn has(texts: &[Text], wanted: &str) -> bool {
    texts.iter().any(|text| &**text == wanted)
}
