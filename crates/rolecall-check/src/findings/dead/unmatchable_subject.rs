use rolecall_rbac::{Subject, SubjectKind, is_template};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::quote;
use crate::{FieldPath, Finding, documents, validation};

pub(super) const RULE: Rule = Rule { meta: &documents::RC215, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some((what, fix)) = unmatchable(subject) else { continue };
            if validation::rejects_subject(binding, index, context.input.version) {
                continue;
            }
            let message = format!("{} {}: {what}", subject.kind.as_str(), quote(&subject.name));
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects").then_index(index).then_key("name"))
                .about(format!("{} {}", subject.kind.as_str(), subject.name))
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Groups with a special meaning in Kubernetes.
const RESERVED_GROUPS: [&str; 7] = [
    "system:authenticated",
    "system:authenticated:oauth",
    "system:bootstrappers",
    "system:masters",
    "system:monitoring",
    "system:nodes",
    "system:unauthenticated",
];

/// Returns whether only a user can have a name, like those of Kubernetes' components and nodes.
fn is_reserved_user(name: &str) -> bool {
    matches!(
        name,
        "system:anonymous"
            | "system:apiserver"
            | "system:kube-controller-manager"
            | "system:kube-proxy"
            | "system:kube-scheduler"
    ) || name.strip_prefix("system:node:").is_some_and(|node| !node.is_empty())
}

/// Returns whether a group is that of the ServiceAccounts in a namespace that cannot exist.
fn is_group_of_no_namespace(name: &str) -> bool {
    name.strip_prefix("system:serviceaccounts:")
        .is_some_and(|namespace| !is_template(name) && !validation::is_dns_label(namespace))
}

/// Returns the reason why a subject matches nobody, and the correction.
pub(in crate::findings) fn unmatchable(subject: &Subject) -> Option<(&'static str, String)> {
    let name = &*subject.name;
    let nobody = "no subject can have this name";
    let star = "`*` is not a wildcard here";
    match subject.kind {
        SubjectKind::Group if name == "*" => {
            Some((star, "use `system:authenticated` for all authenticated users".into()))
        }
        SubjectKind::User if name == "*" => {
            Some((star, "use a Group `system:authenticated` for all authenticated users".into()))
        }
        SubjectKind::ServiceAccount if name == "*" => Some((
            star,
            format!(
                "use a Group `system:serviceaccounts:{}`",
                if subject.namespace.is_empty() { "NAMESPACE" } else { &subject.namespace }
            ),
        )),
        SubjectKind::Group if is_reserved_user(name) => {
            let fix = match name {
                "system:anonymous" => "remove it".to_owned(),
                _ => "use `kind: User` if you meant that one".to_owned(),
            };
            Some(("that is the name of a user", fix))
        }
        SubjectKind::User if RESERVED_GROUPS.contains(&name) => {
            let fix = match name {
                "system:masters" | "system:unauthenticated" => "remove it".to_owned(),
                _ => "use `kind: Group` if you meant that one".to_owned(),
            };
            Some(("that is the name of a group", fix))
        }
        SubjectKind::Group if is_group_of_no_namespace(name) => Some((
            nobody,
            "use `system:serviceaccounts:NAMESPACE` with an existing namespace".into(),
        )),
        SubjectKind::Group => {
            let rest = name.strip_prefix("system:serviceaccount")?;
            let rest = rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(""))?;
            match rest.split_once(':') {
                None if rest.is_empty() => {
                    Some((nobody, "use `system:serviceaccounts`".to_owned()))
                }
                None => Some((nobody, format!("use `system:serviceaccounts:{rest}`"))),
                Some((namespace, account)) => Some((
                    "that is the name of a user",
                    format!("use ServiceAccount `{account}` in namespace `{namespace}`"),
                )),
            }
        }
        SubjectKind::User => {
            let rest = name.strip_prefix("system:serviceaccount")?;
            match rest.strip_prefix(':').map(|rest| rest.split_once(':')) {
                Some(Some((namespace, account))) => {
                    let is_valid = validation::is_dns_label(namespace)
                        && validation::is_dns_subdomain(account);
                    (!is_valid && !is_template(name))
                        .then(|| (nobody, "use `system:serviceaccount:NAMESPACE:NAME`".to_owned()))
                }
                _ if rest.starts_with("s:") || rest == "s" => {
                    Some(("that is the name of a group", "use `kind: Group`".to_owned()))
                }
                _ => Some((
                    nobody,
                    "use a subject of kind ServiceAccount, with its namespace and name".to_owned(),
                )),
            }
        }
        SubjectKind::ServiceAccount | SubjectKind::Other(_) => None,
    }
}
