//! The benchmark cases: each is one input and the commands that read it.

use super::command_line::CommandLine;
use super::inputs::{Input, Inputs, reviews};
use super::matrix;
use rolecall_task::failure::Result;

/// Commands to compare, rolecall first.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// A description of the comparison.
    pub(super) about: &'static str,
    pub(super) amount: Amount,
    pub(super) lines: Vec<CommandLine>,
}

/// The amount of work of a command, for its throughput.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    /// Not counted.
    Nothing,
    /// The bytes of an input.
    Bytes(Input),
    /// The number of reviews.
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
    /// Counts the amount in the inputs.
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
            "the fixed cost of every command",
            Amount::Nothing,
            &["rolecall --help", "true", "kubectl --help"],
        ),
        case(
            "load",
            "one question about a cluster in a file; `floor` parses the JSON and keeps nothing",
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
            "answering reviews like a server",
            Amount::Reviews,
            &["rolecall can-i --reviews {reviews} -f {cluster}", "cat {reviews}"],
        ),
        case(
            "matrix",
            "every ServiceAccount of sixty namespaces in each of them, with eight verbs",
            Amount::Cells,
            &["rolecall can-i --for sa/* {namespaces} --resources {resources} -f {cluster}"],
        ),
        case(
            "who-can",
            "all subjects that can, in any namespace",
            Amount::Nothing,
            &["rolecall who-can get secrets -A -f {cluster}"],
        ),
        case(
            "walk",
            "every Pod with its rules; `floor` parses the JSON and keeps nothing",
            Amount::Bytes(Input::Cluster),
            &["rolecall walk -A -f {cluster}", "floor {cluster}"],
        ),
        case(
            "walk-json",
            "every Pod with its rules, for programs",
            Amount::Bytes(Input::Cluster),
            &["rolecall walk -A -f {cluster} -o json"],
        ),
        case(
            "check-cluster",
            "a whole cluster",
            Amount::Bytes(Input::Cluster),
            &["rolecall check {cluster}"],
        ),
        case(
            "paths",
            "escalation paths, and the walk of one account as the cost of loading the same objects",
            Amount::Bytes(Input::Cluster),
            &[
                "rolecall paths -f {cluster}",
                "rolecall paths --cut -f {cluster}",
                "rolecall paths -o json -f {cluster}",
                "rolecall walk sa/payments-0000:api-00000 -f {cluster}",
            ],
        ),
        case(
            "report",
            "the report, and the commands with the same findings",
            Amount::Bytes(Input::Cluster),
            &[
                "rolecall report --out - {cluster}",
                "rolecall check {cluster}",
                "rolecall paths --cut -f {cluster}",
            ],
        ),
        case(
            "diff",
            "two different clusters",
            Amount::Bytes(Input::Cluster),
            &["rolecall diff {cluster} {other}", "rolecall diff {cluster} {other} -o json"],
        ),
        case(
            "diff-later",
            "a cluster and the same a week later, and one question about each as the cost of loading",
            Amount::Bytes(Input::Cluster),
            &[
                "rolecall diff {cluster} {later}",
                "rolecall can-i get pods --for sa/payments-0000:api-00000 -f {cluster}",
                "rolecall can-i get pods --for sa/payments-0000:api-00000 -f {later}",
            ],
        ),
        case(
            "limits",
            "small inputs with many combinations",
            Amount::Nothing,
            &[
                "rolecall diff {overlaps} {overlaps2} --defaults none",
                "rolecall can-i get pods --for user/jane -f {aggregated}",
                "rolecall rules --for user/jane -n x -f {product}",
                "rolecall check {unserved}",
                "rolecall check {pods}",
            ],
        ),
        case(
            "fix",
            "refusals in container logs, and the minimal fix",
            Amount::Bytes(Input::Refusals),
            &["rolecall fix --from-errors {refusals} -f {cluster}", "rg -c forbidden {refusals}"],
        ),
        case(
            "check",
            "a directory of manifests, of which every twentieth document is RBAC",
            Amount::Bytes(Input::Manifests),
            &[
                "rolecall check {manifests}",
                "rg kind: {manifests}",
                "kube-linter lint {manifests}",
                "trivy config --quiet --skip-check-update --skip-version-check {manifests}",
                "checkov --quiet --compact --framework kubernetes --directory {manifests}",
            ],
        ),
        case(
            "overlays",
            "200 Kustomize overlays; the peer only builds them, two at a time",
            Amount::Nothing,
            &[
                "rolecall check {overlays}",
                "xargs --arg-file {overlays}/roots.txt -P2 -n1 kustomize build",
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
