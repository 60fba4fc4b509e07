//! Plans the questions of a matrix: each question once, for any number of cells.

use std::collections::HashMap;
use std::sync::Arc;

use rolecall_rbac::{Identity, Request};
use rustc_hash::FxBuildHasher;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The identity.
    pub identity: Arc<Identity>,
    /// The request.
    pub request: Request,
}

/// The questions of a matrix, and the cells that each one answers.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    questions: Vec<Question>,
    /// For each cell, the position of its question.
    cells: Vec<u32>,
}

/// Collects cells into a [`Plan`].
#[derive(Debug, Default)]
pub struct PlanBuilder {
    plan: Plan,
    identities: HashMap<Identity, (Arc<Identity>, Asked), FxBuildHasher>,
}

/// The previous requests of one identity, with the positions of their questions.
type Asked = HashMap<Request, u32, FxBuildHasher>;

impl PlanBuilder {
    /// Creates an empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next cell. An earlier question with the same identity and request, such as for a
    /// cluster-scoped resource in another namespace, is reused.
    pub fn cell(&mut self, identity: &Identity, request: Request) {
        let (identity, asked) = self
            .identities
            .entry(identity.clone())
            .or_insert_with(|| (Arc::new(identity.clone()), Asked::default()));
        let questions = &mut self.plan.questions;
        let question = *asked.entry(request).or_insert_with_key(|request| {
            questions.push(Question { identity: identity.clone(), request: request.clone() });
            u32::try_from(questions.len() - 1).unwrap_or(u32::MAX)
        });
        self.plan.cells.push(question);
    }

    /// Returns the plan.
    pub fn build(self) -> Plan {
        self.plan
    }
}

impl Plan {
    /// Returns the questions, in the order of their first cells.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Returns the position of each cell's question, in insertion order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = usize> {
        self.cells.iter().map(|question| *question as usize)
    }
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::ResourceRequest;

    use super::*;

    #[test]
    fn repeated_questions_are_asked_once() {
        let request = |resource: &str, namespace: &str| {
            let (resource, namespace) = (resource.into(), namespace.into());
            Request::resource(
                "get",
                ResourceRequest { resource, namespace, ..ResourceRequest::default() },
            )
        };
        let (jane, bob) = (Identity::user("jane"), Identity::user("bob"));
        let mut builder = PlanBuilder::new();
        for (identity, resource, namespace) in [
            (&jane, "pods", "a"),
            (&jane, "nodes", ""),
            (&jane, "pods", "b"),
            (&jane, "nodes", ""),
            (&bob, "nodes", ""),
            (&jane, "pods", "a"),
        ] {
            builder.cell(identity, request(resource, namespace));
        }
        let plan = builder.build();
        assert_eq!(plan.questions().len(), 4);
        assert_eq!(plan.cells().collect::<Vec<_>>(), [0, 1, 2, 1, 3, 0]);
    }
}
