//! The reverse question: who may do this?

use crate::decision::RuleGrant;
use crate::matching::{rule_allows, url_matches, verb_matches};
use crate::{
    Authorizer, Gap, ObjectKind, PolicyRule, Problem, Request, ServiceAccount, Subject,
    SubjectKind, Target, Text, Unread,
};

/// In which namespaces a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceSelection {
    /// The request's own namespace, taken literally.
    OfRequest,
    /// Each namespace by itself, and all of them at once.
    Each,
}

/// A subject that may, and through what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The subject, its binding, role and rule.
    pub grant: RuleGrant<'a>,
    /// The namespace in which it holds; empty for everywhere, the cluster scope included.
    pub namespace: &'a str,
}

/// Everybody that may, sorted by binding and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoCan<'a> {
    /// One entry for each subject of each binding that grants, with the first rule that does.
    ///
    /// The implicit group `system:masters` is not among them unless a binding names it.
    pub holders: Vec<Holder<'a>>,
    /// Bindings in question whose role does not exist, and so grant nothing.
    pub problems: Vec<Problem<'a>>,
    /// What may hide further holders.
    pub gaps: Vec<Gap>,
}

impl Authorizer {
    /// Returns every subject that may make a request, through which binding, in which namespace.
    ///
    /// With [`NamespaceSelection::Each`] the request's own namespace is ignored. Subjects that can
    /// never match anybody (a ServiceAccount without namespace in a ClusterRoleBinding, unknown
    /// kinds) are left out.
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
        // Bindings are sorted by namespace and name, so their positions are that order.
        holders.sort_unstable_by_key(|(position, holder)| (*position, holder.grant.subject));
        holders.dedup_by_key(|(position, holder)| (*position, holder.grant.subject));
        let holders = holders.into_iter().map(|(_, holder)| holder).collect();
        let (problems, gaps) = self.hidden_holders(wanted);
        WhoCan { holders, problems, gaps }
    }

    /// Returns the rule of the default ClusterRole `system:node` that includes a request.
    ///
    /// No binding names that role: it lists what the Node authorizer allows at most, so nodes may be
    /// among those who may although nothing in the inventory says so.
    pub fn rule_of_nodes(&self, request: &Request) -> Option<&PolicyRule> {
        let role = self.inventory.role("", "system:node")?;
        role.rules.iter().find(|rule| rule_allows(rule, request))
    }

    /// Returns the ServiceAccounts of the inventory that a group subject reaches: all of them for
    /// `system:serviceaccounts` and `system:authenticated`, a namespace's for its own group.
    pub fn members(&self, group: &str) -> &[ServiceAccount] {
        match group {
            "system:serviceaccounts" | "system:authenticated" => self.inventory.service_accounts(),
            _ => group
                .strip_prefix("system:serviceaccounts:")
                .map(|namespace| self.inventory.service_accounts_in(namespace))
                .unwrap_or_default(),
        }
    }

    /// Returns dangling bindings that would count, and the gaps that may hide a binding or role.
    fn hidden_holders(&self, wanted: Option<&str>) -> (Vec<Problem<'_>>, Vec<Gap>) {
        let problems: Vec<Problem<'_>> = (0..self.inventory.bindings.len() as u32)
            .filter_map(|binding| self.problem(binding))
            .filter(|problem| !self.is_only_unread(problem))
            .filter(|problem| {
                let binding = problem.binding();
                !binding.subjects.is_empty()
                    && (binding.is_cluster_role_binding()
                        || wanted.is_none_or(|n| *n == *binding.metadata.namespace))
            })
            .collect();
        let gaps = self
            .inventory
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
            .collect();
        (problems, gaps)
    }
}

/// Returns whether a subject can match anybody at all.
fn can_match(subject: &Subject, binding: &crate::Metadata) -> bool {
    match subject.kind {
        SubjectKind::User | SubjectKind::Group => true,
        SubjectKind::ServiceAccount => subject.effective_namespace(binding).is_some(),
        SubjectKind::Other(_) => false,
    }
}

impl Holder<'_> {
    /// Returns the user or group name that the subject stands for.
    pub fn name(&self) -> Text {
        let subject = self.grant.subject;
        crate::index::user_name_of(subject, &self.grant.binding.metadata)
            .map_or_else(|| subject.name.clone(), Text::from)
    }
}
