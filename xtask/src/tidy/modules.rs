//! Finds the files of a crate that are compiled outside tests.

use super::tokens::{self, Token};
use super::tree::Tree;

/// A source file without its tests.
pub(super) struct Module<'a> {
    pub(super) path: &'a str,
    pub(super) tokens: Vec<Token>,
}

/// Follows the `mod` items from a crate's roots.
pub(super) fn production<'a>(tree: &'a Tree, name: &str) -> Vec<Module<'a>> {
    of_folder(tree, &format!("crates/{name}/src/"))
}

/// Follows the `mod` items from the roots in a folder.
pub(super) fn of_folder<'a>(tree: &'a Tree, source: &str) -> Vec<Module<'a>> {
    let binaries = format!("{source}bin/");
    let mut queue: Vec<(&str, String)> = Vec::new();
    for (path, _) in tree.under(source) {
        let is_root =
            path.strip_prefix(source).is_some_and(|file| file == "lib.rs" || file == "main.rs");
        let is_binary = path.strip_prefix(&binaries).is_some_and(|file| !file.contains('/'));
        if is_root || is_binary {
            queue.push((path, folder_of(path).to_owned()));
        }
    }
    let mut found = Vec::new();
    while let Some((path, folder)) = queue.pop() {
        let tokens = tokens::without_tests(tokens::tokens(tree.text(path).unwrap_or_default()));
        for declared in declared_modules(&tokens) {
            let module = format!("{folder}{declared}");
            for file in [format!("{module}.rs"), format!("{module}/mod.rs")] {
                if let Some((path, _)) = tree.under(&file).find(|(path, _)| *path == file) {
                    queue.push((path, format!("{module}/")));
                }
            }
        }
        found.push(Module { path, tokens });
    }
    found
}

/// Returns `a` for `mod a;`, and `a/b` for `mod a { mod b; }`.
fn declared_modules(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    let mut inline: Vec<(usize, &str)> = Vec::new();
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let after = |n: usize| tokens.get(index + n).map_or("", |token| token.text.as_str());
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.retain(|(outer, _)| *outer < depth);
            }
            "mod" if after(2) == "{" => inline.push((depth, after(1))),
            "mod" if after(2) == ";" => {
                let parents: String = inline.iter().map(|(_, name)| format!("{name}/")).collect();
                found.push(format!("{parents}{}", after(1)));
            }
            _ => {}
        }
    }
    found
}

fn folder_of(path: &str) -> &str {
    path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_modules_are_excluded() {
        let tree = Tree::of(&[
            (
                "crates/a/src/lib.rs",
                "mod b; mod c; mod d { mod e; } mod f; #[cfg(test)] mod tests;",
            ),
            ("crates/a/src/b.rs", "mod inner;"),
            ("crates/a/src/b/inner.rs", ""),
            ("crates/a/src/c/mod.rs", "mod deep;"),
            ("crates/a/src/c/deep.rs", ""),
            ("crates/a/src/d/e.rs", ""),
            ("crates/a/src/f.rs", "#[cfg(test)]\nmod tests;"),
            ("crates/a/src/f/tests.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/src/bin/tool.rs", ""),
            ("crates/a/tests/it.rs", ""),
        ]);
        let mut paths: Vec<&str> =
            production(&tree, "a").iter().map(|module| module.path).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "crates/a/src/b.rs",
                "crates/a/src/b/inner.rs",
                "crates/a/src/bin/tool.rs",
                "crates/a/src/c/deep.rs",
                "crates/a/src/c/mod.rs",
                "crates/a/src/d/e.rs",
                "crates/a/src/f.rs",
                "crates/a/src/lib.rs",
            ]
        );
    }
}
