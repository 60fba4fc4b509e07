//! The reverse lookup: the subjects that can make a request.

use crate::decision::RuleGrant;
use crate::matching::{rule_allows, url_matches, verb_matches};
use crate::{
    Authorizer, Gap, ObjectKind, PolicyRule, Problem, Request, ServiceAccount, Subject,
    SubjectKind, Target, Text, Unread,
};

/// The namespaces to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceSelection {
    /// The request's own namespace, literally.
    OfRequest,
    /// Each namespace separately, and all of them at once.
    Each,
}

/// A subject that can make the request, and its grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The subject, its binding, role and rule.
    pub grant: RuleGrant<'a>,
    /// The namespace of the grant; empty for a cluster-wide grant.
    pub namespace: &'a str,
}

/// The subjects that can make a request, sorted by binding and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoCan<'a> {
    /// One entry for each subject of each granting binding, with the first rule that grants.
    ///
    /// The implicit group `system:masters` is included only if a binding names it.
    pub holders: Vec<Holder<'a>>,
    /// Bindings that would apply but whose role does not exist.
    pub problems: Vec<Problem<'a>>,
    /// The gaps that can hide more subjects.
    pub gaps: Vec<Gap>,
}

impl Authorizer {
    /// Returns the subjects that can make a request, each with binding and namespace.
    ///
    /// [`NamespaceSelection::Each`] ignores the request's own namespace. Subjects that never match
    /// anyone (a ServiceAccount without namespace in a ClusterRoleBinding, unknown kinds) are
    /// omitted.
    pub fn who_can(&self, request: &Request, namespaces: &NamespaceSelection) -> WhoCan<'_> {
        let wanted = match namespaces {
            NamespaceSelection::OfRequest => Some(request.namespace()),
            NamespaceSelection::Each => None,
        };
        let compiled = self.index.compile(request);
        let mut holders = Vec::new();
        for (role, role_position) in self.inventory.roles.iter().zip(0..) {
            if !role.is_cluster_role() && wanted.is_some_and(|n| *n != *role.metadata.namespace) {
                continue;
            }
            let rule_index = match (&compiled, &request.target) {
                (Some(compiled), _) => self
                    .index
                    .rules_of(role_position)
                    .iter()
                    .position(|rule| self.index.allows(rule, compiled)),
                (None, Target::Path(path)) => role
                    .rules
                    .iter()
                    .position(|rule| verb_matches(rule, &request.verb) && url_matches(rule, path)),
                (None, Target::Resource(_)) => None,
            };
            let Some((rule_index, rule)) =
                rule_index.and_then(|index| Some((index, role.rules.get(index)?)))
            else {
                continue;
            };
            for position in self.index.bindings_of(role_position) {
                let Some(binding) = self.binding_at(*position) else { continue };
                let counts = binding.is_cluster_role_binding()
                    || (matches!(request.target, Target::Resource(_))
                        && wanted.is_none_or(|n| *n == *binding.metadata.namespace));
                if !counts {
                    continue;
                }
                let namespace = &*binding.metadata.namespace;
                let matching =
                    binding.subjects.iter().filter(|subject| can_match(subject, &binding.metadata));
                holders.extend(matching.map(|subject| {
                    let grant = RuleGrant { binding, subject, role, rule_index, rule };
                    (*position, Holder { grant, namespace })
                }));
            }
        }
        // Bindings are sorted by namespace and name, so sort by position.
        holders.sort_unstable_by_key(|(position, holder)| (*position, holder.grant.subject));
        holders.dedup_by_key(|(position, holder)| (*position, holder.grant.subject));
        let holders = holders.into_iter().map(|(_, holder)| holder).collect();
        let problems = self.dangling(wanted);
        WhoCan { holders, problems, gaps: self.gaps_of_holders(wanted) }
    }

    /// Returns the rule of the default ClusterRole `system:node` that matches a request.
    ///
    /// No binding refers to that role: it lists the most that the Node authorizer allows, so nodes
    /// might be able to make the request although no binding says so.
    pub fn rule_of_nodes(&self, request: &Request) -> Option<&PolicyRule> {
        let role = self.inventory.role("", "system:node")?;
        role.rules.iter().find(|rule| rule_allows(rule, request))
    }

    /// Returns the known ServiceAccounts in a group: all of them for `system:serviceaccounts` and
    /// `system:authenticated`, those of a namespace for its own group.
    pub fn members(&self, group: &str) -> &[ServiceAccount] {
        match group {
            "system:serviceaccounts" | "system:authenticated" => self.inventory.service_accounts(),
            _ => group
                .strip_prefix("system:serviceaccounts:")
                .map(|namespace| self.inventory.service_accounts_in(namespace))
                .unwrap_or_default(),
        }
    }

    /// Returns the gaps that can hide a subject from [`who_can`](Self::who_can) in a namespace, at the
    /// cluster scope (an empty one) or, without one, in each namespace.
    pub fn gaps_of_holders(&self, wanted: Option<&str>) -> Vec<Gap> {
        self.inventory
            .gaps
            .iter()
            .filter(|gap| match (&gap.unread, wanted) {
                (Unread::Kind { kind: ObjectKind::ClusterRole, .. }, _)
                | (Unread::Object { kind: ObjectKind::ClusterRole, .. }, _) => true,
                (Unread::Kind { kind: ObjectKind::Role, namespace }, Some(wanted)) => {
                    !wanted.is_empty() && namespace.as_deref().is_none_or(|n| n == wanted)
                }
                (Unread::KindOutside { kind: ObjectKind::Role, read }, Some(wanted)) => {
                    !wanted.is_empty() && !read.iter().any(|read| **read == *wanted)
                }
                (Unread::Object { kind: ObjectKind::Role, namespace, .. }, Some(wanted)) => {
                    **namespace == *wanted
                }
                (
                    Unread::Kind { kind, .. }
                    | Unread::KindOutside { kind, .. }
                    | Unread::Object { kind, .. },
                    None,
                ) => matches!(
                    kind,
                    ObjectKind::Role | ObjectKind::RoleBinding | ObjectKind::ClusterRoleBinding
                ),
                (Unread::Anything, _) => true,
                (_, Some(wanted)) => gap.may_hide_binding(wanted),
                (Unread::Authorizer { .. }, None) => false,
            })
            .cloned()
            .collect()
    }

    /// Returns dangling bindings that would apply.
    fn dangling(&self, wanted: Option<&str>) -> Vec<Problem<'_>> {
        (0..self.inventory.bindings.len() as u32)
            .filter_map(|binding| self.problem(binding))
            .filter(|problem| !self.is_only_unread(problem))
            .filter(|problem| {
                let binding = problem.binding();
                !binding.subjects.is_empty()
                    && (binding.is_cluster_role_binding()
                        || wanted.is_none_or(|n| *n == *binding.metadata.namespace))
            })
            .collect()
    }
}

/// Returns whether a subject can match anyone.
fn can_match(subject: &Subject, binding: &crate::Metadata) -> bool {
    match subject.kind {
        SubjectKind::User | SubjectKind::Group => true,
        SubjectKind::ServiceAccount => subject.effective_namespace(binding).is_some(),
        SubjectKind::Other(_) => false,
    }
}

impl Holder<'_> {
    /// Returns the subject's user or group name.
    pub fn name(&self) -> Text {
        let subject = self.grant.subject;
        crate::index::user_name_of(subject, &self.grant.binding.metadata)
            .map_or_else(|| subject.name.clone(), Text::from)
    }
}
