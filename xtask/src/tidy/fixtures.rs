//! Checks that a test reads every fixture.
//!
//! A case is a directory with a `cases.yaml`, which the corpus runner finds. The name of any other
//! directory must appear in a Rust source.

use std::collections::BTreeMap;

use super::problem::Problem;
use super::tree::Tree;

const ROOT: &str = "fixtures/";
const CASES: &str = "cases.yaml";

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut unread: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, _) in tree.under(ROOT) {
        let Some((top, file)) = path.strip_prefix(ROOT).and_then(|inner| inner.split_once('/'))
        else {
            continue;
        };
        if !in_a_case(tree, path) && !is_named(tree, top) {
            unread.entry(top).or_insert(file);
        }
    }
    let mut problems: Vec<Problem> = unread
        .into_iter()
        .map(|(top, file)| Problem {
            path: format!("{ROOT}{top}/{file}"),
            line: 0,
            what: "no test reads this fixture".into(),
            remedy: format!("use {ROOT}{top}/{CASES}, or name `{ROOT}{top}` in a test"),
        })
        .collect();
    if let Some((path, _)) = tree.under(ROOT).find(|(path, _)| path.ends_with("/cases.yaml"))
        && !is_named(tree, CASES)
    {
        problems.push(Problem {
            path: path.to_owned(),
            line: 0,
            what: "no test walks the cases".into(),
            remedy: format!("read every `{CASES}` under {ROOT} in a test"),
        });
    }
    problems
}

/// Returns whether a parent directory of the file contains cases.
fn in_a_case(tree: &Tree, path: &str) -> bool {
    path.match_indices('/')
        .filter_map(|(end, _)| path.get(..end))
        .filter(|folder| folder.len() >= ROOT.len())
        .any(|folder| tree.text(&format!("{folder}/{CASES}")).is_some())
}

/// Returns whether a Rust source contains a name as a path component in a string.
fn is_named(tree: &Tree, name: &str) -> bool {
    tree.sources().filter(|(path, _)| !path.starts_with("xtask/src/tidy/")).any(|(_, text)| {
        text.match_indices(name).any(|(start, _)| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text.get(start + name.len()..).and_then(|text| text.chars().next());
            matches!(before, Some('"' | '/')) && matches!(after, Some('"' | '/'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_files(files: &[&str], source: &str, expected: &[&str]) {
        let mut files: Vec<(&str, &str)> = files.iter().map(|&path| (path, "")).collect();
        files.push(("crates/a/tests/corpus.rs", source));
        let problems = check(&Tree::of(&files));
        let shown: Vec<String> =
            problems.iter().map(|p| format!("{} {}", p.path, p.what)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_runner_reads_every_case() {
        let runner = "const FILE: &str = \"cases.yaml\";";
        check_files(&["fixtures/a/cases.yaml", "fixtures/a/deep/x.yaml"], runner, &[]);
        check_files(&["fixtures/a/after/cases.yaml", "fixtures/a/after/x.yaml"], runner, &[]);
        check_files(
            &["fixtures/a/after/cases.yaml", "fixtures/a/x.yaml"],
            runner,
            &["fixtures/a/x.yaml no test reads this fixture"],
        );
        check_files(
            &["fixtures/a/cases.yaml"],
            "",
            &["fixtures/a/cases.yaml no test walks the cases"],
        );
    }

    #[test]
    fn a_source_must_name_any_other_directory() {
        let file = ["fixtures/golden/v1/x.json"];
        check_files(&file, "include_str!(\"../fixtures/golden/v1/x.json\")", &[]);
        check_files(&file, "join(\"golden\")", &[]);
        check_files(
            &file,
            "\"golden-x\" // golden",
            &["fixtures/golden/v1/x.json no test reads this fixture"],
        );
    }

    #[test]
    fn files_next_to_the_directories_are_ignored() {
        check_files(&["fixtures/README.md"], "", &[]);
    }
}
