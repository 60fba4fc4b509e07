//! What is measured: each case is one input and the commands that read it.

use super::command_line::CommandLine;
use super::inputs::{Input, Inputs, reviews};
use super::matrix;
use crate::failure::Result;

/// Commands that are compared: rolecall's first.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// What is compared with what.
    pub(super) about: &'static str,
    pub(super) amount: Amount,
    pub(super) lines: Vec<CommandLine>,
}

/// What a command works off, for its throughput.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    /// Nothing worth counting.
    Nothing,
    /// The bytes of an input.
    Bytes(Input),
    /// The reviews.
    Reviews,
    /// The cells of a matrix of `{namespaces}`, their ServiceAccounts and `{resources}`.
    Cells,
}

/// An amount and its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counted {
    pub(super) number: f64,
    pub(super) unit: &'static str,
}

impl Amount {
    /// Counts it in the inputs.
    pub(super) fn of(self, inputs: &Inputs) -> Result<Option<Counted>> {
        let counted = |number: usize, unit| Some(Counted { number: number as f64, unit });
        Ok(match self {
            Self::Nothing => None,
            Self::Bytes(input) => {
                Some(Counted { number: inputs.size(input)? as f64 / 1e6, unit: "MB" })
            }
            Self::Reviews => counted(reviews(inputs.preset()), "reviews"),
            Self::Cells => counted(matrix::cells(inputs.preset()), "cells"),
        })
    }
}

/// Returns all cases, from small to large.
pub(super) fn all() -> Vec<Case> {
    let case = |name, about, amount, lines: &[&'static str]| Case {
        name,
        about,
        amount,
        lines: lines.iter().copied().map(CommandLine).collect(),
    };
    vec![
        case(
            "start",
            "what every command pays",
            Amount::Nothing,
            &["rolecall --help", "true", "kubectl --help"],
        ),
        case(
            "load",
            "one question to a cluster in a file; `floor` parses the JSON and keeps nothing",
            Amount::Bytes(Input::Cluster),
            &[
                "rolecall can-i get pods --for sa/payments-0000:api-00000 -f {cluster}",
                "floor {cluster}",
                "cat {cluster}",
                "jq empty {cluster}",
            ],
        ),
        case(
            "reviews",
            "reviews answered as a server does",
            Amount::Reviews,
            &["rolecall can-i --reviews {reviews} -f {cluster}", "cat {reviews}"],
        ),
        case(
            "matrix",
            "every ServiceAccount of sixty namespaces in each of them, eight verbs",
            Amount::Cells,
            &["rolecall can-i --for sa/* {namespaces} --resources {resources} -f {cluster}"],
        ),
        case(
            "who-can",
            "everybody who may, in any namespace",
            Amount::Nothing,
            &["rolecall who-can get secrets -A -f {cluster}"],
        ),
        case(
            "walk",
            "every Pod to its rights; `floor` parses the JSON and keeps nothing",
            Amount::Bytes(Input::Cluster),
            &["rolecall walk -A -f {cluster}", "floor {cluster}"],
        ),
        case(
            "fix",
            "refusals in container logs, and the least that mends them",
            Amount::Bytes(Input::Refusals),
            &["rolecall fix --from-errors {refusals} -f {cluster}", "rg -c forbidden {refusals}"],
        ),
        case(
            "check",
            "a tree of manifests, one document in twenty RBAC",
            Amount::Bytes(Input::Manifests),
            &[
                "rolecall check {manifests}",
                "rg kind: {manifests}",
                "kube-linter lint {manifests}",
                "checkov --quiet --compact --framework kubernetes --directory {manifests}",
            ],
        ),
    ]
}

/// Returns the inputs that some of the cases read.
pub(super) fn inputs_of(cases: &[Case]) -> Vec<Input> {
    let mut inputs: Vec<Input> =
        cases.iter().flat_map(|case| &case.lines).flat_map(|line| line.inputs()).collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}
