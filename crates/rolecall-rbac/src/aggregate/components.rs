/// Returns the strongly connected components of a graph, each after those that it has edges to
/// (Tarjan's algorithm, without recursion: chains of roles can be long).
pub(super) fn components<E: Iterator<Item = usize>>(
    nodes: usize,
    edges: impl Fn(usize) -> E,
) -> Vec<Vec<usize>> {
    let mut search = Search {
        orders: vec![UNSEEN; nodes],
        lowest: vec![UNSEEN; nodes],
        open: Vec::new(),
        seen: 0,
        components: Vec::new(),
    };
    for root in 0..nodes {
        if search.order(root) != UNSEEN {
            continue;
        }
        search.enter(root);
        let mut path = vec![(root, edges(root))];
        while let Some((node, left)) = path.last_mut() {
            let node = *node;
            match left.next() {
                Some(next) if search.order(next) == UNSEEN => {
                    search.enter(next);
                    path.push((next, edges(next)));
                }
                Some(next) => search.lower(node, search.order(next)),
                None => {
                    path.pop();
                    search.leave(node);
                    if let Some((parent, _)) = path.last() {
                        search.lower(*parent, search.lowest(node));
                    }
                }
            }
        }
    }
    search.components
}

/// The order of a node that was not visited yet.
const UNSEEN: usize = usize::MAX;

/// The order of a node whose component is complete: it lowers no other node.
const DONE: usize = usize::MAX - 1;

struct Search {
    /// The order in which nodes were first visited.
    orders: Vec<usize>,
    /// The lowest order of an open node that each node reaches.
    lowest: Vec<usize>,
    /// The visited nodes without a component.
    open: Vec<usize>,
    seen: usize,
    components: Vec<Vec<usize>>,
}

impl Search {
    fn order(&self, node: usize) -> usize {
        self.orders.get(node).copied().unwrap_or(DONE)
    }

    fn lowest(&self, node: usize) -> usize {
        self.lowest.get(node).copied().unwrap_or(DONE)
    }

    fn set(&mut self, node: usize, order: usize, lowest: usize) {
        if let (Some(old), Some(old_lowest)) =
            (self.orders.get_mut(node), self.lowest.get_mut(node))
        {
            (*old, *old_lowest) = (order, lowest);
        }
    }

    fn enter(&mut self, node: usize) {
        self.set(node, self.seen, self.seen);
        self.seen += 1;
        self.open.push(node);
    }

    fn lower(&mut self, node: usize, order: usize) {
        if let Some(lowest) = self.lowest.get_mut(node) {
            *lowest = (*lowest).min(order);
        }
    }

    /// Closes the component of a node if no node of it was visited earlier.
    fn leave(&mut self, node: usize) {
        if self.lowest(node) != self.order(node) {
            return;
        }
        let start = self.open.iter().rposition(|open| *open == node).unwrap_or_default();
        let component = self.open.split_off(start);
        for done in &component {
            self.set(*done, DONE, DONE);
        }
        self.components.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn components_come_after_those_they_have_edges_to() {
        for (edges, expected) in [
            (vec![vec![]], vec![vec![0]]),
            (vec![vec![1], vec![2], vec![]], vec![vec![2], vec![1], vec![0]]),
            (vec![vec![1], vec![2], vec![0]], vec![vec![0, 1, 2]]),
            (vec![vec![1, 3], vec![2], vec![1], vec![]], vec![vec![1, 2], vec![3], vec![0]]),
            (vec![vec![0], vec![0]], vec![vec![0], vec![1]]),
            (vec![vec![1], vec![0, 2], vec![3], vec![2]], vec![vec![2, 3], vec![0, 1]]),
        ] {
            let of = |node: usize| edges.get(node).cloned().unwrap_or_default().into_iter();
            let mut found = components(edges.len(), of);
            found.iter_mut().for_each(|component| component.sort_unstable());
            assert_eq!(found, expected, "{edges:?}");
        }
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let length = 200_000;
        let next = |node: usize| Some(node + 1).filter(|next| *next < length).into_iter();
        let found = components(length, next);
        assert_eq!((found.len(), found.first().cloned()), (length, Some(vec![length - 1])));
    }
}
