use std::collections::{BTreeMap, HashMap};

use rustc_hash::FxBuildHasher;

use crate::{LabelOperator, LabelSelector, Role, Text};

/// The ClusterRoles that aggregated ClusterRoles select, with equal selectors evaluated once.
#[derive(Debug, Default)]
pub(super) struct Selections {
    /// The roles that each distinct selector matches, sorted by name.
    members: Vec<Vec<usize>>,
    /// The selectors of each aggregated role that selects another role.
    selectors: BTreeMap<usize, Vec<usize>>,
}

impl Selections {
    /// Evaluates the selectors of roles, which are sorted by name.
    pub(super) fn of(roles: &[Role]) -> Self {
        let mut selections = Self::default();
        if roles.iter().all(|role| role.aggregation.is_none()) {
            return selections;
        }
        let index = Index::of(roles);
        let mut known: HashMap<&LabelSelector, usize, FxBuildHasher> = HashMap::default();
        for (position, role) in roles.iter().enumerate() {
            let Some(aggregation) = &role.aggregation else { continue };
            let selectors = aggregation.selectors.iter().map(|selector| {
                *known.entry(selector).or_insert_with(|| {
                    selections.members.push(index.matching(roles, selector));
                    selections.members.len() - 1
                })
            });
            let selectors: Vec<usize> = selectors.collect();
            let selects_others =
                |selector: &usize| selections.members(*selector).iter().any(|it| *it != position);
            if selectors.iter().any(selects_others) {
                selections.selectors.insert(position, selectors);
            }
        }
        selections
    }

    /// Returns whether no role selects another.
    pub(super) fn is_empty(&self) -> bool {
        self.selectors.is_empty()
    }

    /// Returns the number of distinct selectors.
    pub(super) fn selector_count(&self) -> usize {
        self.members.len()
    }

    /// Returns the aggregated roles that select another role, sorted.
    pub(super) fn roles(&self) -> impl Iterator<Item = usize> {
        self.selectors.keys().copied()
    }

    /// Returns the selectors of a role; empty for one that selects no other role.
    pub(super) fn selectors(&self, role: usize) -> &[usize] {
        self.selectors.get(&role).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the roles that a selector matches, which can include the role that has it.
    pub(super) fn members(&self, selector: usize) -> &[usize] {
        self.members.get(selector).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns whether any selector of a role matches the role itself.
    pub(super) fn selects_itself(&self, role: usize) -> bool {
        let mut selectors = self.selectors(role).iter();
        selectors.any(|selector| self.members(*selector).binary_search(&role).is_ok())
    }

    /// Returns the roles that select each role.
    pub(super) fn by_member(&self) -> HashMap<usize, Vec<usize>, FxBuildHasher> {
        let mut roles: HashMap<usize, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (role, selectors) in &self.selectors {
            for member in selectors.iter().flat_map(|selector| self.members(*selector)) {
                if member != role {
                    roles.entry(*member).or_default().push(*role);
                }
            }
        }
        roles
    }
}

/// Roles by label, so that a selector only visits roles with one of its labels.
struct Index<'a> {
    by_label: HashMap<(&'a Text, &'a Text), Vec<usize>, FxBuildHasher>,
}

impl<'a> Index<'a> {
    fn of(roles: &'a [Role]) -> Self {
        let mut by_label: HashMap<_, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (position, role) in roles.iter().enumerate() {
            for (key, value) in &role.metadata.labels {
                by_label.entry((key, value)).or_default().push(position);
            }
        }
        Self { by_label }
    }

    /// Returns the roles that a selector matches, sorted.
    fn matching(&self, roles: &[Role], selector: &LabelSelector) -> Vec<usize> {
        let matches = |position: &usize| {
            roles.get(*position).is_some_and(|role| selector.matches(&role.metadata))
        };
        match self.candidates(selector) {
            Some(candidates) => candidates.into_iter().filter(matches).collect(),
            None => (0..roles.len()).filter(matches).collect(),
        }
    }

    /// Returns the roles with one of the labels that a selector requires, sorted; `None` if it
    /// requires no particular label.
    fn candidates(&self, selector: &LabelSelector) -> Option<Vec<usize>> {
        let with = |key, value| self.by_label.get(&(key, value)).map_or(&[][..], Vec::as_slice);
        let labels = selector.match_labels.iter().map(|(key, value)| vec![with(key, value)]);
        let requirements = selector.match_expressions.iter();
        let listed = requirements
            .filter(|it| it.operator == LabelOperator::In)
            .map(|it| it.values.iter().map(|value| with(&it.key, value)).collect());
        let size = |lists: &Vec<&[usize]>| lists.iter().map(|list| list.len()).sum::<usize>();
        let mut candidates = labels.chain(listed).min_by_key(size)?.concat();
        candidates.sort_unstable();
        candidates.dedup();
        Some(candidates)
    }
}
