//! Checks that pure crates use no I/O, clock or randomness, and that kube is used in one module
//! only.

use super::arrows::PURE;
use super::modules::{self, Module};
use super::problem::Problem;
use super::tokens::{self, Token};
use super::tree::Tree;

/// Paths to I/O, clocks or randomness. Each one matches with and without its first segment, as in
/// `use std::io; io::stdout()`.
const IMPURE_PATHS: [&str; 16] = [
    "std::env",
    "std::fs",
    "std::hash::RandomState",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::process",
    "std::thread::available_parallelism",
    "std::thread::sleep",
    "std::time::Instant",
    "std::time::SystemTime",
    "hash_map::RandomState",
    "kube",
    "tokio",
];

const PRINTING: [&str; 5] = ["dbg!", "eprint!", "eprintln!", "print!", "println!"];

/// Methods of `Path` that access the file system.
const ASKING: [&str; 7] = [
    "canonicalize",
    "is_dir",
    "is_file",
    "read_dir",
    "read_link",
    "symlink_metadata",
    "try_exists",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in PURE {
        for module in modules::production(tree, name) {
            problems.extend(impurities(&module).map(|(line, what)| {
                Problem {
                    path: module.path.to_owned(),
                    line,
                    what: format!("{what} in `{name}`, which is pure"),
                    remedy:
                        "take it as an argument, or move the code to rolecall-source or the binary"
                            .into(),
                }
            }));
        }
    }
    for module in modules::production(tree, "rolecall-review") {
        if !is_live(module.path) {
            problems.extend(kube_paths(&module).map(|(line, path)| Problem {
                path: module.path.to_owned(),
                line,
                what: format!("`{path}` outside review's `live` module"),
                remedy: "use rolecall-rbac's types here, and convert in src/live".into(),
            }));
        }
    }
    problems
}

fn impurities(module: &Module<'_>) -> impl Iterator<Item = (usize, String)> {
    let paths = tokens::paths(&module.tokens)
        .into_iter()
        .filter(|written| is_impure(&written.path))
        .map(|written| (written.line, format!("`{}`", written.path)));
    let methods = module.tokens.windows(3).filter_map(|window| match window {
        [dot, name, open] if dot.text == "." && open.text == "(" => {
            ASKING.contains(&name.text.as_str()).then(|| (name.line, format!("`.{}()`", name.text)))
        }
        _ => None,
    });
    let hashers = randomly_seeded(&module.tokens)
        .into_iter()
        .map(|line| (line, "a map or set with a random hasher".to_owned()));
    paths.chain(methods).chain(hashers)
}

fn is_impure(path: &str) -> bool {
    let path = path.strip_prefix("::").unwrap_or(path);
    if PRINTING.contains(&path.rsplit("::").next().unwrap_or(path)) {
        return true;
    }
    IMPURE_PATHS.iter().any(|impure| {
        let short = impure.strip_prefix("std::").filter(|short| short.contains("::"));
        std::iter::once(*impure).chain(short).any(|impure| {
            within(path, impure)
                || path.strip_suffix("::*").is_some_and(|glob| within(impure, glob))
        })
    })
}

/// Returns whether a path equals another one or is inside it.
fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Returns the lines with types that do not specify a hasher: `HashMap<K, V>`, `HashSet<T>`,
/// `HashMap::new` and so on.
fn randomly_seeded(tokens: &[Token]) -> Vec<usize> {
    let mut lines = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let hasher_position = match token.text.as_str() {
            "HashMap" => 3,
            "HashSet" => 2,
            _ => continue,
        };
        let mut rest = tokens.get(index + 1..).unwrap_or_default();
        if let [colons, next, ..] = rest
            && colons.text == "::"
        {
            if ["new", "with_capacity", "from"].contains(&next.text.as_str()) {
                lines.push(token.line);
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        if rest.first().is_some_and(|next| next.text == "<") && parameters(rest) < hasher_position {
            lines.push(token.line);
        }
    }
    lines
}

/// Counts the parameters between the angle brackets at the start of the tokens.
fn parameters(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    let mut count = 1;
    let mut previous = "";
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "<" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            ">" if previous != "-" => depth = depth.saturating_sub(1),
            // A trailing comma does not start another parameter.
            "," if depth == 1 && tokens.get(index + 1).is_some_and(|next| next.text != ">") => {
                count += 1
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        previous = &token.text;
    }
    count
}

fn is_live(path: &str) -> bool {
    path.ends_with("/src/live.rs") || path.contains("/src/live/")
}

fn kube_paths(module: &Module<'_>) -> impl Iterator<Item = (usize, String)> {
    tokens::paths(&module.tokens)
        .into_iter()
        .filter(|written| within(&written.path, "kube"))
        .map(|written| (written.line, written.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_source(source: &str, expected: &[&str]) {
        let problems = check(&Tree::of(&[("crates/rolecall-walk/src/lib.rs", source)]));
        let shown: Vec<&str> = problems
            .iter()
            .filter_map(|p| p.what.strip_suffix(" in `rolecall-walk`, which is pure"))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_file_system_environment_network_or_process() {
        check_source("use std::fs;", &["`std::fs`"]);
        check_source("use std::{env::var, fmt};", &["`std::env::var`"]);
        check_source("fn f() { ::std::net::lookup() }", &["`std::net::lookup`"]);
        check_source("use std::*;", &["`std::*`"]);
        check_source("fn f(p: &Path) { p.is_file(); }", &["`.is_file()`"]);
    }

    #[test]
    fn clocks_and_printing_are_found_in_every_spelling() {
        check_source("use std::time::{Duration, Instant};", &["`std::time::Instant`"]);
        check_source(
            "use std::time; fn f() { time::SystemTime::now() }",
            &["`time::SystemTime::now`"],
        );
        check_source("use std::time::*;", &["`std::time::*`"]);
        check_source(
            "fn f() { println!(); std::eprintln!() }",
            &["`println!`", "`std::eprintln!`"],
        );
        check_source("use std::io; fn f() { io::stdout() }", &["`io::stdout`"]);
    }

    #[test]
    fn similar_names_are_pure() {
        check_source("use std::fmt; use std::io::Read; use std::time::Duration;", &[]);
        check_source("use crate::env::x; mod fs {} fn f() { environment::y(); a.kube() }", &[]);
        check_source("fn f() { kubernetes::x(); write!(f, \"println!\") }", &[]);
    }

    #[test]
    fn tests_are_not_checked() {
        check_source("#[cfg(test)] mod tests { use std::fs; fn f() { println!() } }", &[]);
    }

    #[test]
    fn hashers_must_be_specified() {
        let random = "a map or set with a random hasher";
        check_source("type A = HashMap<Text, Vec<(u8, u8)>>;", &[random]);
        check_source("fn f() { HashSet::<u8>::default(); HashMap::new(); }", &[random, random]);
        check_source("type A = HashMap<(K, L), Vec<u8>, FxBuildHasher>;", &[]);
        check_source("type A = HashSet<Text, FxBuildHasher>; fn f() { HashMap::default() }", &[]);
        check_source("type A = HashMap<\n    K,\n    V,\n>;", &[random]);
        check_source("type A = HashSet<fn(u8) -> u8>;", &[random]);
    }

    #[test]
    fn kube_stays_in_the_live_module() {
        let tree = Tree::of(&[
            ("crates/rolecall-review/src/lib.rs", "mod live; mod plan;"),
            ("crates/rolecall-review/src/live.rs", "use kube::Client;"),
            ("crates/rolecall-review/src/plan.rs", "use k8s_openapi::api; use kube::Api;"),
        ]);
        let shown: Vec<_> = check(&tree).into_iter().map(|p| (p.path, p.what)).collect();
        let what = "`kube::Api` outside review's `live` module".to_owned();
        assert_eq!(shown, [("crates/rolecall-review/src/plan.rs".to_owned(), what)]);
    }
}
