use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::{Authorizer, Binding, Identity, PolicyRule, Role, Text};
use rustc_hash::FxBuildHasher;

use super::set::Namespaces;
use super::{AccessSet, Axis, Operation, RuleSet, Set};

/// Computes what identities may do, each distinct list of rules once.
#[derive(Debug)]
pub struct EffectiveAccess<'a> {
    authorizer: &'a Authorizer,
    rules: RuleLists<'a>,
}

impl<'a> EffectiveAccess<'a> {
    /// Starts with nothing computed.
    pub fn new(authorizer: &'a Authorizer) -> Self {
        Self { authorizer, rules: RuleLists::default() }
    }

    /// Returns everything that an identity can do, as far as was read; grants that a build can still
    /// change are left out.
    pub fn of(&mut self, identity: &Identity) -> AccessSet {
        if identity.is_privileged() {
            return AccessSet::everything();
        }
        let bound = self.authorizer.bindings_of(identity);
        let bound = bound.iter().filter_map(|bound| Some((bound.binding, bound.role.ok()?)));
        let bound = bound.filter(|(binding, role)| !self.authorizer.is_unbuilt(binding, role));
        let held = self.rules.held(bound);
        self.rules.access(&held)
    }
}

/// A number that stands for one distinct list of rules.
pub(crate) type ListId = u32;

/// The lists of rules that somebody holds: those of ClusterRoleBindings under the namespace `""`.
///
/// Equal values allow the same, whatever roles and bindings are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    lists: BTreeMap<Text, BTreeSet<ListId>>,
}

/// Lists of rules, compared by content, and what they allow.
#[derive(Debug, Default)]
pub(crate) struct RuleLists<'a> {
    ids: HashMap<&'a [PolicyRule], ListId, FxBuildHasher>,
    /// The same by address: popular roles are not read again for each of their bindings.
    ids_by_address: HashMap<*const [PolicyRule], ListId, FxBuildHasher>,
    rules: Vec<&'a [PolicyRule]>,
    allowed: HashMap<BTreeSet<ListId>, RuleSet, FxBuildHasher>,
}

impl<'a> RuleLists<'a> {
    /// Returns what bindings to these roles hold.
    pub(crate) fn held(
        &mut self,
        bound: impl IntoIterator<Item = (&'a Binding, &'a Role)>,
    ) -> Held {
        let mut held = Held::default();
        for (binding, role) in bound {
            if role.rules.is_empty() {
                continue;
            }
            let id = self.id(&role.rules);
            match held.lists.get_mut(&binding.metadata.namespace) {
                Some(lists) => lists.insert(id),
                None => {
                    let lists = BTreeSet::from([id]);
                    held.lists.insert(binding.metadata.namespace.clone(), lists).is_none()
                }
            };
        }
        held
    }

    /// Returns the number of a list.
    pub(crate) fn id(&mut self, rules: &'a [PolicyRule]) -> ListId {
        let Self { ids, rules: known, .. } = self;
        *self.ids_by_address.entry(std::ptr::from_ref(rules)).or_insert_with(|| {
            *ids.entry(rules).or_insert_with(|| {
                known.push(rules);
                (known.len() - 1) as ListId
            })
        })
    }

    /// Returns everything that is allowed by what is held.
    pub(crate) fn access(&mut self, held: &Held) -> AccessSet {
        let everywhere = held.lists.get("").map(|lists| self.allowed(lists));
        let everywhere = everywhere.unwrap_or_else(RuleSet::nothing);
        let namespaces = held.lists.iter().filter(|(namespace, _)| !namespace.is_empty());
        let namespaces: Vec<_> = namespaces
            .map(|(namespace, lists)| {
                let own = self.allowed(lists).resources;
                (namespace.clone(), own.combine(&everywhere.resources, Operation::Union))
            })
            .collect();
        let resources: Namespaces = Axis::build(everywhere.resources, namespaces);
        AccessSet { resources, urls: everywhere.urls }
    }

    fn allowed(&mut self, lists: &BTreeSet<ListId>) -> RuleSet {
        if let Some(allowed) = self.allowed.get(lists) {
            return allowed.clone();
        }
        let rules = lists.iter().filter_map(|id| self.rules.get(*id as usize).copied()).flatten();
        let allowed = RuleSet::of_rules(rules);
        self.allowed.insert(lists.clone(), allowed.clone());
        allowed
    }
}
