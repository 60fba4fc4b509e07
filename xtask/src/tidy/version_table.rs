//! Checks the version table, in which every package needs a reason.

use super::manifest::{self, Section};
use super::problem::Problem;
use super::tree::Tree;

const ROOT: &str = "Cargo.toml";

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let table = manifest::dependencies(tree.text(ROOT).unwrap_or_default())
        .into_iter()
        .filter(|dependency| dependency.section == Section::Table)
        .filter(|dependency| !dependency.value.contains("path =") && !dependency.has_comment)
        .map(|dependency| Problem {
            path: ROOT.into(),
            line: dependency.line,
            what: format!("`{}` has no reason", dependency.name),
            remedy: "add a one-line comment above it with its purpose".into(),
        });
    table.chain(members(tree)).collect()
}

/// Checks that members take versions from the table and lints from the workspace.
fn members(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let members = tree.crates().map(|name| format!("crates/{name}/Cargo.toml"));
    for path in members.chain(["fuzz", "xtask"].map(|name| format!("{name}/Cargo.toml"))) {
        let Some(manifest) = tree.text(&path) else { continue };
        for dependency in manifest::dependencies(manifest) {
            let value: String = dependency.value.split_whitespace().collect();
            if !value.starts_with(".workspace=true") && !value.starts_with("={workspace=true") {
                problems.push(Problem {
                    path: path.clone(),
                    line: dependency.line,
                    what: format!("`{}` is not taken from the version table", dependency.name),
                    remedy: format!(
                        "put the version into {ROOT} and use `{}.workspace = true` here",
                        dependency.name
                    ),
                });
            }
        }
        if !manifest.contains("[lints]\nworkspace = true") {
            problems.push(Problem {
                path,
                line: 0,
                what: "the workspace's lints are not enabled".into(),
                remedy: "add `[lints]` with `workspace = true`".into(),
            });
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_files(files: &[(&str, &str)], expected: &[&str]) {
        let problems = check(&Tree::of(files));
        let shown: Vec<String> =
            problems.iter().map(|p| format!("{}:{} {}", p.path, p.line, p.what)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_package_needs_a_reason() {
        check_files(
            &[(
                "Cargo.toml",
                "[workspace.dependencies]\na = { path = \"crates/a\" }\n\n# Why.\nb = \"1\"\nc = \"1\"\nd = \"1\" # Why.\n",
            )],
            &["Cargo.toml:6 `c` has no reason"],
        );
    }

    #[test]
    fn members_take_versions_and_lints_from_the_workspace() {
        check_files(
            &[
                (
                    "crates/a/Cargo.toml",
                    "[dependencies]\nb = \"1\"\nc = { workspace = true, features = [\"x\"] }\n[lints]\nworkspace = true\n",
                ),
                ("xtask/Cargo.toml", "[dependencies]\nb.workspace = true\n"),
            ],
            &[
                "crates/a/Cargo.toml:2 `b` is not taken from the version table",
                "xtask/Cargo.toml:0 the workspace's lints are not enabled",
            ],
        );
    }
}
