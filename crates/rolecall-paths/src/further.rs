//! Further paths of each start, apart from its shortest one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::choke::{GrantKey, grants};
use crate::finder::PathFinder;
use crate::path::{Path, Step};
use crate::trial::Change;
use crate::{Escalations, Start};

/// The steps of a path, which starts with the same identity share.
type Steps<'a> = Arc<[Step<'a>]>;

/// The number of further paths of a start.
const MOST: usize = 8;

impl<'a> PathFinder<'a> {
    /// Finds further paths of each start, which share no grant with its shortest path and with each
    /// other, shortest first.
    pub fn further_paths(&mut self, starts: &[Start], found: &Escalations<'a>) -> Vec<Path<'a>> {
        let mut all: Vec<Path<'a>> = Vec::new();
        let by_subject: BTreeMap<_, _> =
            starts.iter().map(|start| (&start.subject, start)).collect();
        // Subjects with the same identity share their paths.
        let mut shared: BTreeMap<*const Step<'a>, Vec<Steps<'a>>> = BTreeMap::new();
        for path in &found.paths {
            let further = shared.entry(path.steps.as_ptr()).or_insert_with(|| {
                let start = by_subject.get(&path.subject);
                start.map(|start| self.further(start, path)).unwrap_or_default()
            });
            let of_subject = further.iter().cloned();
            all.extend(of_subject.map(|steps| Path { subject: path.subject.clone(), steps }));
        }
        all
    }

    fn further(&mut self, start: &Start, first: &Path<'a>) -> Vec<Steps<'a>> {
        let node = self.graph.nodes.agent((*start.identity).clone());
        self.search(&[node]);
        let mut used: BTreeSet<GrantKey> = BTreeSet::new();
        let mut found: Vec<Steps<'a>> = Vec::new();
        let mut last = first.steps.clone();
        while found.len() < MOST {
            let keys = grants(&last).filter_map(|grant| self.graph.key(&grant));
            let before = used.len();
            used.extend(keys);
            if used.len() == before {
                break;
            }
            let cut: Vec<GrantKey> = used.iter().copied().collect();
            let further = self.trial(Change { cut: &cut, restored: &[] }, |finder| {
                finder.test(&[node]);
                finder.graph.distance(node)?;
                Some(finder.traces.steps(&mut finder.graph, node))
            });
            let Some(further) = further else { break };
            last = further;
            found.push(last.clone());
        }
        found
    }
}
