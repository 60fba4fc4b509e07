//! The local matrix: one pass over a subject's bindings fills all its cells.

use std::collections::HashMap;

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::index::{Posting, RoleSlot};
use crate::matching::{group_matches, name_matches, verb_matches};
use crate::{Authorizer, Identity, PolicyRule, Text};

/// The verbs and resources of a matrix, and the cells that each role allows.
///
/// The cells of a role do not depend on its subjects, so they are computed once and shared; a cell
/// then costs one bit.
#[derive(Debug)]
pub struct Axes {
    verbs: Vec<Text>,
    columns: Vec<Column>,
    /// For each role, a bit set of verbs per column.
    role_masks: Vec<Option<Box<[u64]>>>,
}

/// One resource of a matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    /// The API group; empty for core.
    pub group: Text,
    /// The plural.
    pub resource: Text,
    /// The subresource; empty for none.
    pub subresource: Text,
    /// The object's name; empty for the collection.
    pub name: Text,
    /// Whether it is namespaced; cluster-scoped columns use an empty namespace.
    pub namespaced: bool,
}

/// The cells of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// One row for each requested namespace, in the requested order.
    pub rows: Vec<GridRow>,
}

/// The cells of one subject in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridRow {
    /// For each column, a bit set of the allowed verbs, in the order of the axes.
    pub allowed: Box<[u64]>,
    /// Whether cells that are not allowed are "unknown", because a gap might hide a grant.
    pub open: bool,
    /// The same for the cluster-scoped columns.
    pub open_at_cluster_scope: bool,
}

impl GridRow {
    /// Returns whether a verb of the axes is allowed on a column.
    pub fn is_allowed(&self, column: usize, verb: usize) -> bool {
        self.allowed.get(column).is_some_and(|mask| mask & (1 << verb) != 0)
    }
}

impl Axes {
    /// The number of verbs that one matrix can hold.
    pub const MAX_VERBS: usize = 64;

    /// Returns the verbs.
    pub fn verbs(&self) -> &[Text] {
        &self.verbs
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

impl Authorizer {
    /// Computes the cells that each role allows.
    ///
    /// Ignores verbs beyond [`Axes::MAX_VERBS`]; callers split larger matrices.
    pub fn axes(&self, verbs: Vec<Text>, columns: Vec<Column>) -> Axes {
        let verbs: Vec<Text> = verbs.into_iter().take(Axes::MAX_VERBS).collect();
        let lookup = ColumnLookup::new(&columns);
        let has_gaps = !self.inventory.gaps.is_empty();
        let role_masks = self
            .inventory
            .roles
            .par_iter()
            .map(|role| {
                let mut masks: Option<Box<[u64]>> = None;
                for rule in &*role.rules {
                    if has_gaps && self.is_unbuilt_rule(role, rule) {
                        continue;
                    }
                    let verb_mask = verbs
                        .iter()
                        .zip(0..)
                        .filter(|(verb, _)| verb_matches(rule, verb))
                        .fold(0u64, |mask, (_, bit)| mask | 1 << bit);
                    if verb_mask != 0 {
                        lookup.mark(rule, &columns, verb_mask, &mut masks);
                    }
                }
                masks
            })
            .collect();
        Axes { verbs, columns, role_masks }
    }

    /// Fills all cells of one identity for each of the namespaces.
    ///
    /// An empty namespace means all namespaces at once. Gives the same result as calling
    /// [`authorize`](Self::authorize) for each cell.
    pub fn grid(&self, axes: &Axes, identity: &Identity, namespaces: &[Text]) -> Grid {
        let mut reached = Vec::new();
        self.index.reach(identity, "", &mut reached);
        let everywhere = self.collect(axes, &reached, identity.is_privileged());
        // The Node authorizer might allow more than RBAC.
        let is_node = identity.is_node();
        let open_at_cluster_scope = is_node || self.is_open(identity, "", &reached);
        let rows = namespaces
            .iter()
            .map(|namespace| {
                let mut allowed = everywhere.clone();
                let mut open = open_at_cluster_scope;
                if !namespace.is_empty() {
                    self.index.reach(identity, namespace, &mut reached);
                    let local = self.collect(axes, &reached, false);
                    for ((mask, local), column) in allowed.iter_mut().zip(local).zip(&axes.columns)
                    {
                        if column.namespaced {
                            *mask |= local;
                        }
                    }
                    open = is_node || self.is_open(identity, namespace, &reached);
                }
                GridRow { allowed, open, open_at_cluster_scope }
            })
            .collect();
        Grid { rows }
    }

    fn collect(&self, axes: &Axes, reached: &[Posting], all: bool) -> Box<[u64]> {
        let everything = u64::MAX >> (64 - axes.verbs.len().clamp(1, 64));
        let initial = if all && !axes.verbs.is_empty() { everything } else { 0 };
        let mut allowed: Box<[u64]> = vec![initial; axes.columns.len()].into();
        let has_gaps = !self.inventory.gaps.is_empty();
        for posting in reached {
            let RoleSlot::Role(role) = self.index.role_of(posting.binding) else { continue };
            let binding = self.binding_at(posting.binding).filter(|_| has_gaps);
            if binding.is_some_and(|binding| binding.metadata.is_unbuilt()) {
                continue;
            }
            if let Some(Some(masks)) = axes.role_masks.get(role as usize) {
                for (mask, of_role) in allowed.iter_mut().zip(masks) {
                    *mask |= of_role;
                }
            }
        }
        allowed
    }

    fn is_open(&self, identity: &Identity, namespace: &str, reached: &[Posting]) -> bool {
        !self.gaps_that_matter(identity, namespace, reached, &mut Vec::new()).is_empty()
    }
}

/// Columns by the resources and subresources that a rule can name.
struct ColumnLookup {
    by_resource: HashMap<Text, Vec<usize>, FxBuildHasher>,
    by_subresource: HashMap<Text, Vec<usize>, FxBuildHasher>,
}

impl ColumnLookup {
    fn new(columns: &[Column]) -> Self {
        let mut lookup =
            Self { by_resource: HashMap::default(), by_subresource: HashMap::default() };
        for (position, column) in columns.iter().enumerate() {
            let combined = if column.subresource.is_empty() {
                column.resource.clone()
            } else {
                let any = format!("*/{}", column.subresource);
                lookup.by_subresource.entry(any.into()).or_default().push(position);
                format!("{}/{}", column.resource, column.subresource).into()
            };
            lookup.by_resource.entry(combined).or_default().push(position);
        }
        lookup
    }

    /// Adds the verbs to each column that the rule's groups, resources and names match.
    fn mark(
        &self,
        rule: &PolicyRule,
        columns: &[Column],
        verb_mask: u64,
        masks: &mut Option<Box<[u64]>>,
    ) {
        let mut mark = |position: usize| {
            let Some(column) = columns.get(position) else { return };
            if group_matches(rule, &column.group) && name_matches(rule, &column.name) {
                let masks = masks.get_or_insert_with(|| vec![0; columns.len()].into());
                if let Some(mask) = masks.get_mut(position) {
                    *mask |= verb_mask;
                }
            }
        };
        if rule.resources.iter().any(|resource| &**resource == "*") {
            (0..columns.len()).for_each(mark);
            return;
        }
        for resource in &*rule.resources {
            for found in [&self.by_resource, &self.by_subresource] {
                found.get(resource).into_iter().flatten().copied().for_each(&mut mark);
            }
        }
    }
}
