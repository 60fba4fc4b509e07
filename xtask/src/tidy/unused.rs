//! Checks that crates use their dependencies.

use std::collections::BTreeSet;

use super::manifest::{self, Section};
use super::problem::Problem;
use super::tree::Tree;

const ROOT: &str = "Cargo.toml";

/// Dependencies without code that mentions them.
const WITHOUT_CODE: [&str; 2] = [
    // Its features select the Kubernetes version for kube.
    "k8s-openapi",
    // Only the programs in fuzz/fuzz_targets use it.
    "libfuzzer-sys",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let members = tree.crates().map(|name| format!("crates/{name}/"));
    for folder in members.chain(["fuzz/".to_owned(), "xtask/".to_owned()]) {
        let path = format!("{folder}Cargo.toml");
        let dependencies = manifest::dependencies(tree.text(&path).unwrap_or_default());
        for dependency in dependencies {
            used.insert(dependency.name);
            // Only tests and benches can use the dependencies of development.
            let sources = match dependency.section {
                Section::Dev => folder.clone(),
                Section::Normal | Section::Table => format!("{folder}src/"),
            };
            let name = dependency.name.replace('-', "_");
            let is_rust = |path: &str| path.ends_with(".rs");
            let is_used =
                tree.under(&sources).any(|(path, text)| is_rust(path) && mentions(text, &name));
            if !is_used && !WITHOUT_CODE.contains(&dependency.name) {
                problems.push(Problem {
                    path: path.clone(),
                    line: dependency.line,
                    what: format!("no code uses `{}`", dependency.name),
                    remedy: "delete the line".into(),
                });
            }
        }
    }
    let table = manifest::dependencies(tree.text(ROOT).unwrap_or_default());
    problems.extend(
        table
            .into_iter()
            .filter(|dependency| dependency.section == Section::Table)
            .filter(|dependency| !used.contains(dependency.name))
            .map(|dependency| Problem {
                path: ROOT.into(),
                line: dependency.line,
                what: format!("no crate uses `{}`", dependency.name),
                remedy: "delete the line".into(),
            }),
    );
    problems
}

/// Returns whether a source has a path that starts with a name.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(name).unwrap_or_default();
        !before.ends_with(is_word)
            && ["::", ";", " as "].iter().any(|follows| after.starts_with(follows))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_that_no_code_uses_are_found() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace.dependencies]\na-b = \"1\"\nc = \"1\"\nd = \"1\"\n"),
            (
                "crates/x/Cargo.toml",
                "[dependencies]\na-b.workspace = true\nc.workspace = true\n[dev-dependencies]\nd.workspace = true\n",
            ),
            ("crates/x/src/lib.rs", "use a_b::C; fn of_c() {}"),
            ("crates/x/tests/y.rs", "use c::D; d::e();"),
        ]);
        let shown: Vec<String> = check(&tree)
            .iter()
            .map(|problem| format!("{}:{} {}", problem.path, problem.line, problem.what))
            .collect();
        assert_eq!(shown, ["crates/x/Cargo.toml:3 no code uses `c`"]);
    }

    #[test]
    fn lines_of_the_version_table_that_no_crate_uses_are_found() {
        let tree = Tree::of(&[("Cargo.toml", "[workspace.dependencies]\na = \"1\"\n")]);
        let shown: Vec<String> = check(&tree).into_iter().map(|problem| problem.what).collect();
        assert_eq!(shown, ["no crate uses `a`"]);
    }
}
