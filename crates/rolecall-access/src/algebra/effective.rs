use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::{Authorizer, Binding, Identity, PolicyRule, Role, Text};
use rustc_hash::FxBuildHasher;

use super::set::Namespaces;
use super::{AccessSet, Axis, Operation, RuleSet, Set};

/// Computes the access of identities, once for each distinct list of rules.
#[derive(Debug)]
pub struct EffectiveAccess<'a> {
    authorizer: &'a Authorizer,
    rules: RuleLists<'a>,
}

impl<'a> EffectiveAccess<'a> {
    /// Creates an empty cache.
    pub fn new(authorizer: &'a Authorizer) -> Self {
        Self { authorizer, rules: RuleLists::default() }
    }

    /// Returns everything that an identity can do according to the input, without grants that a
    /// build can still change.
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

/// The number of a distinct list of rules.
pub(crate) type ListId = u32;

/// The lists of rules that a subject holds, by namespace; those of ClusterRoleBindings are under
/// `""`.
///
/// Equal values allow the same requests, regardless of the names of roles and bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    lists: BTreeMap<Text, BTreeSet<ListId>>,
}

/// Lists of rules, compared by content, and the access that they allow.
#[derive(Debug, Default)]
pub(crate) struct RuleLists<'a> {
    ids: HashMap<&'a [PolicyRule], ListId, FxBuildHasher>,
    /// The same by address, so that popular roles are not hashed again for each binding.
    ids_by_address: HashMap<*const [PolicyRule], ListId, FxBuildHasher>,
    rules: Vec<&'a [PolicyRule]>,
    /// The access that single lists allow.
    of_list: HashMap<ListId, RuleSet, FxBuildHasher>,
    allowed: HashMap<BTreeSet<ListId>, RuleSet, FxBuildHasher>,
}

impl<'a> RuleLists<'a> {
    /// Returns the lists that bindings to these roles grant.
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

    /// Returns the access that the lists allow.
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
        let rules = |id: ListId| self.rules.get(id as usize).copied().unwrap_or_default();
        let each = lists.iter().map(|id| {
            let of_list = self.of_list.entry(*id);
            of_list.or_insert_with(|| RuleSet::of_rules(rules(*id))).clone()
        });
        let allowed = each.reduce(|one, other| one.union(&other)).unwrap_or_else(RuleSet::nothing);
        self.allowed.insert(lists.clone(), allowed.clone());
        allowed
    }
}
