//! The allowed dependencies between crates.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{self, Dependency, Section};
use super::problem::Problem;
use super::tree::Tree;

/// The crates without I/O; `purity` checks the rest.
pub(super) const PURE: [&str; 10] = [
    "rolecall-yaml",
    "rolecall-rbac",
    "rolecall-command",
    "rolecall-access",
    "rolecall-walk",
    "rolecall-grant",
    "rolecall-check",
    "rolecall-report",
    "rolecall-paths",
    "rolecall-usage",
];

/// The allowed dependencies of each crate.
const ARROWS: [(&str, &[&str]); 18] = [
    ("rolecall-yaml", &[]),
    ("rolecall-rbac", &[]),
    ("rolecall-task", &[]),
    ("rolecall-e2e", &["rolecall-task", "rolecall-testing"]),
    ("rolecall-testing", &["rolecall-rbac"]),
    (
        "rolecall-bench",
        &["rolecall-task", "rolecall-access", "rolecall-grant", "rolecall-rbac", "rolecall-source"],
    ),
    ("rolecall-source", &["rolecall-yaml", "rolecall-rbac"]),
    ("rolecall-render", &["rolecall-yaml"]),
    ("rolecall-walk", &["rolecall-rbac"]),
    ("rolecall-review", &["rolecall-yaml", "rolecall-rbac"]),
    ("rolecall-command", &["rolecall-rbac"]),
    ("rolecall-access", &["rolecall-rbac"]),
    ("rolecall-grant", &["rolecall-access", "rolecall-command", "rolecall-rbac", "rolecall-yaml"]),
    ("rolecall-paths", &["rolecall-rbac", "rolecall-walk"]),
    ("rolecall-check", &["rolecall-access", "rolecall-command", "rolecall-paths", "rolecall-rbac"]),
    ("rolecall-report", &["rolecall-access", "rolecall-rbac", "rolecall-yaml"]),
    ("rolecall-usage", &["rolecall-rbac"]),
    (
        "rolecall",
        &[
            "rolecall-yaml",
            "rolecall-rbac",
            "rolecall-command",
            "rolecall-access",
            "rolecall-source",
            "rolecall-render",
            "rolecall-walk",
            "rolecall-review",
            "rolecall-grant",
            "rolecall-check",
            "rolecall-report",
            "rolecall-paths",
            "rolecall-usage",
        ],
    ),
];

/// The document with the diagram of the dependencies.
const DIAGRAM: &str = "docs/architecture.md";

/// The crates that all tests can use to read fixtures.
const FOR_TESTS: [&str; 4] =
    ["rolecall-yaml", "rolecall-rbac", "rolecall-source", "rolecall-testing"];

/// Packages that only some crates can use, even in tests.
const OWNED: [(&str, &[&str]); 9] = [
    ("axum", &["rolecall"]),
    ("kube", &["rolecall-source", "rolecall-review"]),
    (
        "k8s-openapi",
        &["rolecall-rbac", "rolecall-source", "rolecall-grant", "rolecall-review", "rolecall"],
    ),
    ("clap", &["rolecall", "rolecall-bench", "rolecall-e2e"]),
    ("clap_complete", &["rolecall"]),
    ("clap_mangen", &["rolecall"]),
    ("tabled", &["rolecall"]),
    ("tracing-subscriber", &["rolecall"]),
    // Development tasks are not part of the product.
    ("xtask", &[]),
];

/// Packages with I/O, a clock or randomness, which a pure crate can use only in tests.
const IMPURE: [&str; 13] = [
    "axum",
    "bytes",
    "futures",
    "getrandom",
    "http",
    "http-body-util",
    "hyper",
    "hyper-util",
    "indicatif",
    "rand",
    "tempfile",
    "terminal_size",
    "tokio",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest = tree.text(&path).unwrap_or_default();
        let Some((_, may_use)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            problems.push(Problem {
                path,
                line: 0,
                what: format!("the allowed dependencies of `{name}` are not defined"),
                remedy: "add it to ARROWS in xtask/src/tidy/arrows.rs and to crates/README.md"
                    .into(),
            });
            continue;
        };
        for dependency in manifest::dependencies(manifest) {
            let Some(what) = broken_arrow(name, may_use, &dependency) else { continue };
            problems.push(Problem {
                path: path.clone(),
                line: dependency.line,
                what,
                remedy: "move the code to a crate that crates/README.md allows".into(),
            });
        }
    }
    problems.extend(diagram(tree.text(DIAGRAM)));
    problems
}

/// Compares the arrows of the diagram with the allowed dependencies.
fn diagram(text: Option<&str>) -> Vec<Problem> {
    let problem = |line, what: String, remedy: String| Problem {
        path: DIAGRAM.to_owned(),
        line,
        what,
        remedy,
    };
    let mut drawn = BTreeMap::new();
    for (index, line) in text.unwrap_or_default().lines().enumerate() {
        let arrow = line.strip_prefix("  rolecall").and_then(|_| line.trim().split_once(" --> "));
        drawn.extend(arrow.map(|arrow| (arrow, index + 1)));
    }
    let allowed: BTreeSet<(&str, &str)> =
        ARROWS.iter().flat_map(|(from, uses)| uses.iter().map(move |to| (*from, *to))).collect();
    let extra = drawn.iter().filter(|(arrow, _)| !allowed.contains(*arrow)).map(|(arrow, line)| {
        let what = format!("the diagram has an arrow from `{}` to `{}`", arrow.0, arrow.1);
        problem(*line, what, "delete the line, or add the arrow to ARROWS".to_owned())
    });
    let missing = allowed.iter().filter(|arrow| !drawn.contains_key(*arrow)).map(|arrow| {
        let what = format!("the diagram has no arrow from `{}` to `{}`", arrow.0, arrow.1);
        problem(0, what, format!("add the line `  {} --> {}`", arrow.0, arrow.1))
    });
    extra.chain(missing).collect()
}

fn broken_arrow(name: &str, may_use: &[&str], dependency: &Dependency<'_>) -> Option<String> {
    let used = dependency.name;
    let in_tests = dependency.section == Section::Dev;
    let allowed = if ARROWS.iter().any(|(known, _)| *known == used) {
        may_use.contains(&used) || (in_tests && FOR_TESTS.contains(&used))
    } else if let Some((_, owners)) = OWNED.iter().find(|(owned, _)| *owned == used) {
        owners.contains(&name)
    } else {
        in_tests || !PURE.contains(&name) || !IMPURE.contains(&used)
    };
    (!allowed).then(|| format!("`{name}` must not use `{used}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_manifest(name: &str, dependencies: &str, expected: &[&str]) {
        let path = format!("crates/{name}/Cargo.toml");
        let problems = check(&Tree::of(&[(&path, dependencies), (DIAGRAM, &diagram_of_arrows())]));
        assert_eq!(problems.iter().map(|p| p.what.as_str()).collect::<Vec<_>>(), expected);
    }

    fn diagram_of_arrows() -> String {
        let arrows = ARROWS.iter().flat_map(|(from, uses)| uses.iter().map(move |to| (from, to)));
        arrows.map(|(from, to)| format!("  {from} --> {to}\n")).collect()
    }

    #[test]
    fn the_diagram_shows_the_allowed_dependencies() {
        let text = diagram_of_arrows().replace(
            "  rolecall-walk --> rolecall-rbac\n",
            "  rolecall-walk --> rolecall-source\n",
        );
        let problems = diagram(Some(&text));
        assert_eq!(
            problems.iter().map(|p| p.what.as_str()).collect::<Vec<_>>(),
            [
                "the diagram has an arrow from `rolecall-walk` to `rolecall-source`",
                "the diagram has no arrow from `rolecall-walk` to `rolecall-rbac`",
            ]
        );
    }

    #[test]
    fn dependencies_point_downwards() {
        let uses = |used: &str| format!("[dependencies]\n{used}.workspace = true\n");
        check_manifest("rolecall-walk", &uses("rolecall-rbac"), &[]);
        check_manifest("rolecall", &uses("rolecall-walk"), &[]);
        check_manifest(
            "rolecall-walk",
            &uses("rolecall-review"),
            &["`rolecall-walk` must not use `rolecall-review`"],
        );
        check_manifest(
            "rolecall-rbac",
            &uses("rolecall-walk"),
            &["`rolecall-rbac` must not use `rolecall-walk`"],
        );
        check_manifest(
            "rolecall-walk",
            &uses("rolecall-source"),
            &["`rolecall-walk` must not use `rolecall-source`"],
        );
    }

    #[test]
    fn owned_packages_are_checked_in_tests_too() {
        let tests_use = |used: &str| format!("[dev-dependencies]\n{used}.workspace = true\n");
        check_manifest("rolecall-review", &tests_use("kube"), &[]);
        check_manifest(
            "rolecall-grant",
            &tests_use("kube"),
            &["`rolecall-grant` must not use `kube`"],
        );
        check_manifest(
            "rolecall-source",
            &tests_use("clap"),
            &["`rolecall-source` must not use `clap`"],
        );
    }

    #[test]
    fn tests_can_read_fixtures() {
        check_manifest(
            "rolecall-grant",
            "[dev-dependencies]\nrolecall-source.workspace = true\ntempfile.workspace = true\n",
            &[],
        );
    }

    #[test]
    fn pure_crates_have_no_io() {
        check_manifest(
            "rolecall-check",
            "[dependencies]\ntokio.workspace = true\nrustc-hash.workspace = true\n",
            &["`rolecall-check` must not use `tokio`"],
        );
    }

    #[test]
    fn a_new_crate_must_be_listed() {
        check_manifest(
            "rolecall-x",
            "",
            &["the allowed dependencies of `rolecall-x` are not defined"],
        );
    }
}
