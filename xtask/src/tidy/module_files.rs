//! Checks that a module with submodules is the `mod.rs` of their folder.

use std::collections::BTreeSet;

use super::problem::Problem;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let paths: Vec<&str> = tree
        .files()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with(".rs"))
        .filter(|path| path.starts_with("xtask/src/") || path.contains("/src/"))
        .collect();
    let folders: BTreeSet<&str> =
        paths.iter().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    let beside = paths.iter().filter_map(|path| Some((path, path.strip_suffix(".rs")?)));
    beside
        .filter(|(_, folder)| folders.contains(folder))
        .map(|(path, folder)| Problem {
            path: (*path).to_owned(),
            line: 0,
            what: "a module is beside the folder of its submodules".into(),
            remedy: format!("move it to `{folder}/mod.rs`"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_beside_their_folders_are_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", ""),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/src/d/mod.rs", ""),
            ("crates/a/src/d/e.rs", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["crates/a/src/b.rs"]);
    }
}
