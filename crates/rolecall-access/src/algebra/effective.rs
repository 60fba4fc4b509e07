use std::cmp::Ordering;
use std::collections::HashMap;

use rolecall_rbac::{Authorizer, Binding, Identity, PolicyRule, Role, Text};
use rustc_hash::FxBuildHasher;

use super::set::{Groups, Namespaces};
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
    /// Sorted by namespace.
    namespaces: Vec<(Text, Lists)>,
}

/// The number of unions of lists that are kept: most are of one subject.
const MOST_UNIONS: usize = 1 << 10;

/// Distinct lists of rules, sorted.
type Lists = Vec<ListId>;

impl Held {
    /// Returns the lists that bindings in a namespace grant, or ClusterRoleBindings for `""`.
    fn lists_in(&self, namespace: &Text) -> &[ListId] {
        let position = self.namespaces.binary_search_by(|(known, _)| known.cmp(namespace));
        let known = position.ok().and_then(|position| self.namespaces.get(position));
        known.map_or(&[], |(_, lists)| lists)
    }

    /// Returns the namespaces of RoleBindings, with their lists.
    fn in_namespaces(&self) -> impl Iterator<Item = &(Text, Lists)> {
        self.namespaces.iter().filter(|(namespace, _)| !namespace.is_empty())
    }
}

/// Lists of rules, compared by content, and the access that they allow.
#[derive(Debug, Default)]
pub(crate) struct RuleLists<'a> {
    ids: HashMap<&'a [PolicyRule], ListId, FxBuildHasher>,
    /// The same by address and length, so that popular roles are not hashed again for each binding.
    ids_by_address: HashMap<(usize, usize), ListId, FxBuildHasher>,
    rules: Vec<&'a [PolicyRule]>,
    /// The access that single lists allow.
    of_list: HashMap<ListId, RuleSet, FxBuildHasher>,
    allowed: HashMap<Lists, RuleSet, FxBuildHasher>,
}

impl<'a> RuleLists<'a> {
    /// Returns the lists that bindings to these roles grant.
    pub(crate) fn held(
        &mut self,
        bound: impl IntoIterator<Item = (&'a Binding, &'a Role)>,
    ) -> Held {
        let mut namespaces: Vec<(Text, Lists)> = Vec::new();
        for (binding, role) in bound {
            if role.rules.is_empty() {
                continue;
            }
            let id = self.id(&role.rules);
            // Bindings mostly come in the order of their namespaces.
            match namespaces.last_mut() {
                Some((last, lists)) if *last == binding.metadata.namespace => lists.push(id),
                _ => namespaces.push((binding.metadata.namespace.clone(), vec![id])),
            }
        }
        namespaces.sort_by(|(one, _), (other, _)| one.cmp(other));
        namespaces.dedup_by(|(later, of_later), (known, lists)| {
            let is_same = later == known;
            if is_same {
                lists.append(of_later);
            }
            is_same
        });
        for (_, lists) in &mut namespaces {
            lists.sort_unstable();
            lists.dedup();
        }
        Held { namespaces }
    }

    /// Returns the number of a list.
    pub(crate) fn id(&mut self, rules: &'a [PolicyRule]) -> ListId {
        let Self { ids, rules: known, .. } = self;
        let address = (rules.as_ptr().addr(), rules.len());
        *self.ids_by_address.entry(address).or_insert_with(|| {
            *ids.entry(rules).or_insert_with(|| {
                known.push(rules);
                (known.len() - 1) as ListId
            })
        })
    }

    /// Returns the access that the lists allow.
    pub(crate) fn access(&mut self, held: &Held) -> AccessSet {
        let everywhere = self.allowed(held.lists_in(&"".into()));
        let namespaces: Vec<_> = held
            .in_namespaces()
            .map(|(namespace, lists)| {
                let own = self.allowed(lists).resources;
                (namespace.clone(), own.combine(&everywhere.resources, Operation::Union))
            })
            .collect();
        let resources: Namespaces = Axis::build(everywhere.resources, namespaces);
        AccessSet { resources, urls: everywhere.urls }
    }

    /// Returns the access that some lists allow and others do not. Only lists that differ are
    /// combined, and only where they apply.
    pub(crate) fn difference(&mut self, held: &Held, less: &Held) -> AccessSet {
        let cluster_wide = Text::from("");
        let (of_held, of_less) = (held.lists_in(&cluster_wide), less.lists_in(&cluster_wide));
        let everywhere_less = self.allowed(of_less);
        let added = self.allowed(&without(of_held, of_less));
        let minus = |one: &Groups, other: &Groups| one.combine(other, Operation::Difference);
        let everywhere = minus(&added.resources, &everywhere_less.resources);
        let mut named: Vec<(Text, Groups)> = Vec::new();
        for (namespace, lists_less) in by_namespace(held, less) {
            let lists = held.lists_in(namespace);
            if everywhere.is_nothing() && lists == lists_less {
                continue;
            }
            let mut gained = everywhere.clone();
            let own = without(&without(lists, lists_less), of_less);
            if !own.is_empty() {
                let own = minus(&self.allowed(&own).resources, &everywhere_less.resources);
                gained = gained.combine(&own, Operation::Union);
            }
            if !lists_less.is_empty() {
                gained = minus(&gained, &self.allowed(lists_less).resources);
            }
            named.push((namespace.clone(), gained));
        }
        AccessSet {
            resources: Axis::build(everywhere, named),
            urls: added.urls.combine(&everywhere_less.urls, Operation::Difference),
        }
    }

    /// Returns whether the lists can allow everything: some of them allow requests in unknown API
    /// groups everywhere.
    pub(crate) fn can_be_everything(&mut self, held: &Held) -> bool {
        let everywhere = self.allowed(held.lists_in(&"".into()));
        !everywhere.resources.rest().is_nothing()
    }

    fn allowed(&mut self, lists: &[ListId]) -> RuleSet {
        if let [only] = lists {
            return self.of_list(*only);
        }
        if let Some(allowed) = self.allowed.get(lists) {
            return allowed.clone();
        }
        let each = lists.iter().map(|id| self.of_list(*id));
        let allowed = each.reduce(|one, other| one.union(&other)).unwrap_or_else(RuleSet::nothing);
        if self.allowed.len() >= MOST_UNIONS {
            self.allowed.clear();
        }
        self.allowed.insert(lists.to_vec(), allowed.clone());
        allowed
    }

    fn of_list(&mut self, id: ListId) -> RuleSet {
        let rules = self.rules.get(id as usize).copied().unwrap_or_default();
        self.of_list.entry(id).or_insert_with(|| RuleSet::of_rules(rules)).clone()
    }
}

/// Returns the namespaces of RoleBindings on either side in order, each with the lists of the second.
fn by_namespace<'h>(
    one: &'h Held,
    other: &'h Held,
) -> impl Iterator<Item = (&'h Text, &'h [ListId])> {
    let mut left = one.in_namespaces().map(|(namespace, _)| namespace).peekable();
    let mut right = other.in_namespaces().peekable();
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some(one), Some((other, _))) => (*one).cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let first = if order.is_le() { left.next() } else { None };
        let second = if order.is_ge() { right.next() } else { None };
        match (first, second) {
            (_, Some((namespace, lists))) => Some((namespace, &**lists)),
            (Some(namespace), None) => Some((namespace, [].as_slice())),
            (None, None) => None,
        }
    })
}

/// Returns the lists that are not among others; both are sorted.
fn without(lists: &[ListId], others: &[ListId]) -> Lists {
    lists.iter().copied().filter(|id| others.binary_search(id).is_err()).collect()
}
