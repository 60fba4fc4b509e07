//! Grants that are left out of a search.

use rolecall_rbac::{Identity, SubjectKind};

use crate::choke::GrantKey;
use crate::finder::PathFinder;
use crate::graph::Graph;
use crate::node::NodeId;
use crate::trace::Traces;

/// Grants that no longer count, and grants that count again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change<'k> {
    pub(crate) cut: &'k [GrantKey],
    pub(crate) restored: &'k [GrantKey],
}

impl PathFinder<'_> {
    /// Changes which grants count in the next searches.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        self.graph.change(change);
        self.traces = Traces::default();
    }

    /// Lets all grants count again.
    pub(crate) fn restore_all(&mut self) {
        self.graph.restore_all();
        self.traces = Traces::default();
    }

    /// Asks something as if other grants counted. The nodes were found in a search before.
    pub(crate) fn trial<T>(&mut self, change: Change<'_>, ask: impl FnOnce(&mut Self) -> T) -> T {
        let traces = std::mem::take(&mut self.traces);
        self.graph.ways.begin();
        self.graph.change(change);
        let answer = ask(self);
        self.graph.end(change);
        self.traces = traces;
        answer
    }

    /// Returns which of some nodes reach the sink without some grants.
    pub(crate) fn reaching(&mut self, nodes: &[NodeId], cut: &[GrantKey]) -> Vec<NodeId> {
        self.trial(Change { cut, restored: &[] }, |finder| {
            finder.test(nodes);
            let reaching = nodes.iter().copied();
            reaching.filter(|node| finder.graph.distance(*node).is_some()).collect()
        })
    }
}

impl Graph<'_> {
    /// Changes which grants count, and computes again what depends on them.
    fn change(&mut self, change: Change<'_>) {
        self.mark(change);
        let changed = self.nodes_of(change);
        self.derive_again(&changed, change.restored.is_empty());
    }

    /// Computes again what depends on the rights of some nodes, which only lost some (`is_loss`).
    fn derive_again(&mut self, changed: &[NodeId], is_loss: bool) {
        for node in changed {
            let derived = self.take_derived(*node);
            if let Some(journal) = self.ways.journal() {
                journal.derived.push((*node, derived));
            }
        }
        let mut suspects = self.ways.unlearn(changed);
        // A node without a way gains none by a loss.
        let is_lazy = is_loss && self.ways.journal().is_some();
        let mut targets: Vec<NodeId> = Vec::new();
        for node in changed {
            if !self.is_explored(*node) || (is_lazy && self.distance(*node).is_none()) {
                continue;
            }
            suspects.push(*node);
            if !self.holds(*node) {
                let successors = self.successors(*node);
                self.ways.register(*node, &successors);
                targets.extend(successors.iter().map(|successor| successor.target));
            }
        }
        targets.retain(|target| !self.is_explored(*target));
        suspects.extend(self.discover(&targets));
        self.settle(&suspects);
    }

    /// Ends a trial.
    fn end(&mut self, change: Change<'_>) {
        let journal = self.ways.end();
        for (node, derived) in journal.derived.into_iter().rev() {
            self.put_derived(node, derived);
        }
        self.unexplore(&journal.explored);
        self.mark(Change { cut: change.restored, restored: change.cut });
    }

    fn mark(&mut self, change: Change<'_>) {
        for key in change.restored {
            if let Some(cuts) = self.world.cut.get_mut(&key.binding) {
                cuts.remove(&key.cut);
                if cuts.is_empty() {
                    self.world.cut.remove(&key.binding);
                }
            }
        }
        for key in change.cut {
            self.world.cut.entry(key.binding).or_default().insert(key.cut);
        }
    }

    /// Returns the nodes whose rights depend on grants.
    fn nodes_of(&mut self, change: Change<'_>) -> Vec<NodeId> {
        let mut subjects: Vec<(u32, usize)> = change
            .cut
            .iter()
            .chain(change.restored)
            .map(|key| (key.binding, key.cut.subject))
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut nodes: Vec<NodeId> = Vec::new();
        for (binding, subject) in subjects {
            let Some(binding) = self.world.inventory().bindings().get(binding as usize) else {
                continue;
            };
            let Some(subject) = binding.subjects.get(subject) else { continue };
            match subject.kind {
                SubjectKind::Group => nodes.extend(self.nodes.of_group(&subject.name)),
                SubjectKind::User => nodes.extend(self.nodes.of_user(&subject.name)),
                _ => {
                    if let Some(namespace) = subject.effective_namespace(&binding.metadata) {
                        let user = Identity::service_account(namespace, &subject.name).user;
                        nodes.extend(self.nodes.of_user(&user));
                    }
                }
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}
