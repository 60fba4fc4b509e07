//! Explains denials: grants that would allow a request if one thing were different.

mod rule;
mod subject;

use rule::Mismatch;
pub use subject::Resemblance;

use crate::index::RoleSlot;
use crate::matching::rule_allows;
use crate::{
    Authorizer, Binding, Catalog, Identity, Metadata, PolicyRule, Request, RequestScope, Role,
    Subject, Target, Text,
};

/// A grant that nearly allows a request, and the one reason why it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss<'a> {
    /// The reason.
    pub kind: NearMissKind,
    /// The binding; `None` for a role that no binding of the identity refers to.
    pub binding: Option<&'a Binding>,
    /// The subject that matches or nearly matches.
    pub subject: Option<&'a Subject>,
    /// The role; `None` if the roleRef is dangling.
    pub role: Option<&'a Role>,
    /// The rule and its index within the role.
    pub rule: Option<(usize, &'a PolicyRule)>,
}

/// The reason why a near miss is not a grant, nearest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NearMissKind {
    /// The rule allows the request as written, but a pending build can change the binding or the role.
    Unbuilt,
    /// The rule applies only in the binding's namespace, and the request is for another namespace.
    OtherNamespace {
        /// The binding's namespace.
        granted_in: Text,
    },
    /// The rule applies only in the binding's namespace, and the request is for all namespaces.
    NotAllNamespaces {
        /// The binding's namespace.
        granted_in: Text,
    },
    /// A RoleBinding cannot grant a cluster-scoped resource.
    ClusterScopedThroughRoleBinding,
    /// A RoleBinding cannot grant a URL.
    UrlThroughRoleBinding,
    /// The rule has other verbs.
    Verb {
        /// The verbs of the rule.
        granted: Vec<Text>,
    },
    /// The rule is limited to other object names.
    Name {
        /// The names of the rule.
        granted: Vec<Text>,
    },
    /// The rule is limited to object names, and the request is for a whole collection.
    NameNeeded {
        /// The names of the rule.
        granted: Vec<Text>,
    },
    /// The rule has the resource in other API groups.
    Group {
        /// The groups of the rule.
        granted: Vec<Text>,
    },
    /// The rule has the resource but not this subresource.
    SubresourceMissing {
        /// The resource of the rule, such as `pods`.
        granted: Text,
    },
    /// The rule has only a subresource.
    OnlySubresource {
        /// The resource of the rule, such as `pods/log`.
        granted: Text,
    },
    /// The rule spells the resource in a way that matches nothing: singular, kind, short name,
    /// upper case or `pods/*`.
    ResourceSpelling {
        /// The resource as the rule writes it.
        written: Text,
        /// The groups as the rule writes them, if they are wrong too.
        groups: Option<Vec<Text>>,
    },
    /// The rule has a similar URL.
    Url {
        /// The URL of the rule.
        granted: Text,
    },
    /// The binding would grant it, but to a subject that only resembles the identity.
    Subject(Resemblance),
    /// The identity's binding refers to a role that does not exist.
    RoleNotFound {
        /// Roles that the reference might mean: the same name with the other kind or in another
        /// namespace, or a similar name.
        similar: Vec<Text>,
    },
    /// The identity's binding has a roleRef with a kind other than Role or ClusterRole.
    UnsupportedRoleKind,
    /// A role would grant it, but no binding grants the role to the identity.
    Unbound,
}

impl NearMissKind {
    /// Returns the kind's name in documented output and fixtures.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unbuilt => "unbuilt",
            Self::OtherNamespace { .. } => "other-namespace",
            Self::NotAllNamespaces { .. } => "not-all-namespaces",
            Self::ClusterScopedThroughRoleBinding => "cluster-scoped-through-role-binding",
            Self::UrlThroughRoleBinding => "url-through-role-binding",
            Self::Verb { .. } => "verb",
            Self::Name { .. } => "name",
            Self::NameNeeded { .. } => "name-needed",
            Self::Group { .. } => "group",
            Self::SubresourceMissing { .. } => "subresource-missing",
            Self::OnlySubresource { .. } => "only-subresource",
            Self::ResourceSpelling { .. } => "resource-spelling",
            Self::Url { .. } => "url",
            Self::Subject(Resemblance::NamespaceMissing) => "subject-namespace-missing",
            Self::Subject(Resemblance::OtherNamespace) => "subject-other-namespace",
            Self::Subject(Resemblance::OtherKind) => "subject-other-kind",
            Self::Subject(Resemblance::LetterCase) => "subject-letter-case",
            Self::Subject(Resemblance::Spelling) => "subject-spelling",
            Self::RoleNotFound { .. } => "role-not-found",
            Self::UnsupportedRoleKind => "unsupported-role-kind",
            Self::Unbound => "unbound",
        }
    }
}

/// The maximum number of unbound or similar roles to report.
const UNBOUND_LIMIT: usize = 3;

impl Authorizer {
    /// Returns the grants that nearly allow a request, nearest first.
    ///
    /// Scans all bindings, so use it for explanations and not for matrices.
    pub fn near_misses(
        &self,
        identity: &Identity,
        request: &Request,
        catalog: &Catalog,
    ) -> Vec<NearMiss<'_>> {
        let mut misses = Vec::new();
        self.misses_of_own_bindings(identity, request, catalog, &mut misses);
        self.misses_of_subjects(identity, request, &mut misses);
        misses.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
        misses.dedup();
        self.unbound_roles(request, &mut misses);
        misses
    }

    fn misses_of_own_bindings<'a>(
        &'a self,
        identity: &Identity,
        request: &Request,
        catalog: &Catalog,
        misses: &mut Vec<NearMiss<'a>>,
    ) {
        let mut reached = Vec::new();
        self.index.reach_everywhere(identity, &mut reached);
        for posting in reached {
            let Some((binding, subject)) = self.bound(posting) else { continue };
            let counts = binding.is_cluster_role_binding()
                || *binding.metadata.namespace == *request.namespace();
            let near = |kind, role, rule| NearMiss {
                kind,
                binding: Some(binding),
                subject: Some(subject),
                role,
                rule,
            };
            let role = match self.index.role_of(posting.binding) {
                RoleSlot::Role(role) => self.role_at(role),
                RoleSlot::Missing
                    if self.inventory.gaps.iter().any(|gap| gap.may_hide_role_of(binding)) =>
                {
                    continue;
                }
                RoleSlot::Missing if counts => {
                    let similar = self.similar_roles(binding);
                    misses.push(near(NearMissKind::RoleNotFound { similar }, None, None));
                    continue;
                }
                RoleSlot::Unsupported if counts => {
                    misses.push(near(NearMissKind::UnsupportedRoleKind, None, None));
                    continue;
                }
                RoleSlot::Missing | RoleSlot::Unsupported => continue,
            };
            let Some(role) = role else { continue };
            if counts && self.is_unbuilt(binding, role) {
                let mut rules = role.rules.iter().enumerate();
                if let Some(rule) = rules.find(|(_, rule)| rule_allows(rule, request)) {
                    misses.push(near(NearMissKind::Unbuilt, Some(role), Some(rule)));
                    continue;
                }
            }
            for (index, rule) in role.rules.iter().enumerate() {
                let kind = if counts {
                    rule::mismatch(rule, request, catalog).map(Mismatch::into_kind)
                } else if rule_allows(rule, request) {
                    Some(out_of_scope(binding, request, catalog))
                } else {
                    None
                };
                if let Some(kind) = kind {
                    misses.push(near(kind, Some(role), Some((index, rule))));
                }
            }
        }
    }

    fn misses_of_subjects<'a>(
        &'a self,
        identity: &Identity,
        request: &Request,
        misses: &mut Vec<NearMiss<'a>>,
    ) {
        for binding in self.granting_bindings(request) {
            if is_generated(&binding.0.metadata) {
                continue;
            }
            for subject in &*binding.0.subjects {
                if let Some(resemblance) = subject::resembles(subject, binding.0, identity) {
                    misses.push(NearMiss {
                        kind: NearMissKind::Subject(resemblance),
                        binding: Some(binding.0),
                        subject: Some(subject),
                        role: Some(binding.1),
                        rule: binding.2,
                    });
                }
            }
        }
    }

    /// Returns the bindings that would grant a request to their subjects, with role and rule.
    fn granting_bindings(
        &self,
        request: &Request,
    ) -> impl Iterator<Item = (&Binding, &Role, Option<(usize, &PolicyRule)>)> {
        let compiled = self.index.compile(request);
        let namespace = Text::from(request.namespace());
        let request = request.clone();
        self.inventory.roles.iter().zip(0..).flat_map(move |(role, position)| {
            let rule = match &compiled {
                Some(compiled) => self
                    .index
                    .rules_of(position)
                    .iter()
                    .position(|rule| self.index.allows(rule, compiled)),
                None => role.rules.iter().position(|rule| rule_allows(rule, &request)),
            };
            let rule = rule.and_then(|index| Some((index, role.rules.get(index)?)));
            let bindings =
                if rule.is_some() { self.index.bindings_of(position) } else { Default::default() };
            let namespace = namespace.clone();
            bindings
                .iter()
                .filter_map(|binding| self.binding_at(*binding))
                .filter(move |binding| {
                    binding.is_cluster_role_binding() || binding.metadata.namespace == namespace
                })
                .map(move |binding| (binding, role, rule))
        })
    }

    /// Adds up to three roles that would grant a request if they were bound, the narrowest first;
    /// among equals, Roles of the namespace first.
    fn unbound_roles<'a>(&'a self, request: &Request, misses: &mut Vec<NearMiss<'a>>) {
        let namespace = request.namespace();
        let bound: Vec<&Metadata> = misses
            .iter()
            .filter(|miss| miss.kind == NearMissKind::Unbuilt)
            .filter_map(|miss| Some(&miss.role?.metadata))
            .collect();
        let mut roles: Vec<_> = self
            .inventory
            .roles
            .iter()
            .filter(|role| role.is_cluster_role() || *role.metadata.namespace == *namespace)
            .filter(|role| !role.metadata.name.starts_with("system:"))
            .filter(|role| !bound.contains(&&role.metadata))
            // A role that rolecall generated belongs to one subject.
            .filter(|role| !is_generated(&role.metadata))
            .filter_map(|role| {
                let (index, rule) =
                    role.rules.iter().enumerate().find(|(_, rule)| rule_allows(rule, request))?;
                Some((
                    role.is_cluster_role(),
                    breadth(role),
                    &role.metadata.name,
                    role,
                    index,
                    rule,
                ))
            })
            .collect();
        roles.sort_by_key(|(is_cluster_role, breadth, name, ..)| {
            (*breadth, *is_cluster_role, (*name).clone())
        });
        misses.extend(roles.into_iter().take(UNBOUND_LIMIT).map(|(_, _, _, role, index, rule)| {
            NearMiss {
                kind: NearMissKind::Unbound,
                binding: None,
                subject: None,
                role: Some(role),
                rule: Some((index, rule)),
            }
        }));
    }

    /// Returns the roles that a dangling roleRef might mean, as `Kind/name` or
    /// `Role/namespace/name`, sorted.
    fn similar_roles(&self, binding: &Binding) -> Vec<Text> {
        let wanted = &binding.role_ref.name;
        let mut similar: Vec<(bool, Text)> = self
            .inventory
            .roles
            .iter()
            .filter_map(|role| {
                let same_name = role.metadata.name == *wanted;
                let reachable =
                    role.is_cluster_role() || role.metadata.namespace == binding.metadata.namespace;
                let alike = || {
                    reachable
                        && crate::edit_distance(&role.metadata.name, wanted)
                            <= 1 + wanted.chars().count() / 8
                };
                (same_name || alike()).then(|| {
                    let text = match &*role.metadata.namespace {
                        "" => format!("ClusterRole/{}", role.metadata.name),
                        namespace => format!("Role/{namespace}/{}", role.metadata.name),
                    };
                    (!same_name, text.into())
                })
            })
            .collect();
        similar.sort();
        similar.truncate(UNBOUND_LIMIT);
        similar.into_iter().map(|(_, text)| text).collect()
    }
}

/// Returns whether `rolecall fix` wrote an object.
fn is_generated(metadata: &Metadata) -> bool {
    metadata.label("app.kubernetes.io/managed-by").is_some_and(|value| **value == *"rolecall")
}

/// Estimates how much a role grants, to report the narrowest role first; a wildcard counts as much.
fn breadth(role: &Role) -> usize {
    role.rules
        .iter()
        .map(|rule| {
            let width = |texts: &[Text]| {
                if texts.iter().any(|text| &**text == "*") { 1000 } else { texts.len() }
            };
            width(&rule.verbs)
                .saturating_mul(width(&rule.api_groups).max(1))
                .saturating_mul(width(&rule.resources).max(1))
        })
        .fold(0, usize::saturating_add)
}

/// Returns why a matching rule does not apply through this RoleBinding.
fn out_of_scope(binding: &Binding, request: &Request, catalog: &Catalog) -> NearMissKind {
    let granted_in = binding.metadata.namespace.clone();
    match &request.target {
        Target::Path(_) => NearMissKind::UrlThroughRoleBinding,
        Target::Resource(target) if target.namespace.is_empty() => {
            match catalog.scope_of_request(request) {
                Some(RequestScope::Cluster | RequestScope::Itself) => {
                    NearMissKind::ClusterScopedThroughRoleBinding
                }
                Some(RequestScope::Namespaced | RequestScope::WhereUsed) | None => {
                    NearMissKind::NotAllNamespaces { granted_in }
                }
            }
        }
        Target::Resource(_) => NearMissKind::OtherNamespace { granted_in },
    }
}

type SortKey<'a> = (&'a NearMissKind, bool, Option<(&'a Text, &'a Text)>, Option<usize>);

/// Sorts the nearest first, and among these namespaced bindings before cluster-wide ones.
fn sort_key<'a>(miss: &'a NearMiss<'_>) -> SortKey<'a> {
    let binding = miss.binding.map(|binding| (&binding.metadata.namespace, &binding.metadata.name));
    let is_everywhere = miss.binding.is_some_and(Binding::is_cluster_role_binding);
    (&miss.kind, is_everywhere, binding, miss.rule.map(|(index, _)| index))
}
