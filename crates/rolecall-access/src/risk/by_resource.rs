use std::collections::HashMap;

use rolecall_rbac::{PolicyRule, Target, Text};
use rustc_hash::FxBuildHasher;

use super::compiled::Compiled;

/// The risks by the resources of their requests, to find those of a rule without visiting all.
#[derive(Debug, Default)]
pub(super) struct ByResource {
    /// The positions of the risks, sorted.
    positions: HashMap<Text, Vec<usize>, FxBuildHasher>,
    /// The positions of the risks with requests for URL paths, sorted.
    of_paths: Vec<usize>,
}

impl ByResource {
    /// Indexes risks by their position.
    pub(super) fn new(risks: &[Compiled]) -> Self {
        let mut index = Self::default();
        for (position, compiled) in risks.iter().enumerate() {
            for (request, _) in compiled.needs.iter().flatten() {
                let positions = match &request.target {
                    Target::Resource(target) => {
                        index.positions.entry(target.resource.clone()).or_default()
                    }
                    Target::Path(_) => &mut index.of_paths,
                };
                if positions.last() != Some(&position) {
                    positions.push(position);
                }
            }
        }
        index
    }

    /// Returns the positions of the risks with requests that a rule can allow, sorted; `None` if
    /// these can be all.
    pub(super) fn concerning(&self, rule: &PolicyRule) -> Option<Vec<usize>> {
        let mut positions = Vec::new();
        for pattern in rule.resources.iter() {
            match pattern.split('/').next() {
                Some("*") | None => return None,
                Some(resource) => {
                    positions.extend(self.positions.get(resource).into_iter().flatten())
                }
            }
        }
        if !rule.non_resource_urls.is_empty() {
            positions.extend(&self.of_paths);
        }
        positions.sort_unstable();
        positions.dedup();
        Some(positions)
    }
}
