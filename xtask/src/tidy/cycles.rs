//! Sibling modules of a crate do not form import cycles.
//!
//! The import of a file counts as an import between the two sibling modules that contain the file and
//! the imported item. A module and the modules inside it can import each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{self, Module};
use super::problem::Problem;
use super::tokens;
use super::tree::Tree;

/// The place of an import.
struct Import<'a> {
    path: &'a str,
    line: usize,
}

/// The siblings that each module of a folder imports.
type Imports<'a> = BTreeMap<String, BTreeMap<String, Import<'a>>>;

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let crates = tree.crates().map(|name| format!("crates/{name}/src/"));
    crates.chain(["xtask/src/".to_owned()]).flat_map(|source| of_crate(tree, &source)).collect()
}

fn of_crate(tree: &Tree, source: &str) -> Vec<Problem> {
    let modules = modules::of_folder(tree, source);
    let names: BTreeMap<Vec<&str>, &Module<'_>> =
        modules.iter().map(|module| (name_of(source, module.path), module)).collect();
    let mut folders: BTreeMap<String, Imports<'_>> = BTreeMap::new();
    for (name, module) in &names {
        for written in tokens::paths(&module.tokens) {
            let Some(imported) = resolve(&names, name, &written.path) else { continue };
            let common = name.iter().zip(&imported).take_while(|(one, other)| one == other).count();
            let (Some(one), Some(other)) = (name.get(common), imported.get(common)) else {
                continue;
            };
            let folder: String =
                name.iter().take(common).map(|segment| format!("{segment}/")).collect();
            folders
                .entry(format!("{source}{folder}"))
                .or_default()
                .entry((*one).to_owned())
                .or_default()
                .entry((*other).to_owned())
                .or_insert(Import { path: module.path, line: written.line });
        }
    }
    folders.values().flat_map(cycles).collect()
}

/// Returns one cycle for each module that is in a cycle, without repeating cycles.
fn cycles(imports: &Imports<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (module, imported) in imports {
        if seen.contains(module.as_str()) {
            continue;
        }
        let Some(cycle) = cycle_of(imports, module) else { continue };
        let import = cycle.get(1).and_then(|next| imported.get(*next));
        problems.push(Problem {
            path: import.map_or_else(String::new, |import| import.path.to_owned()),
            line: import.map_or(0, |import| import.line),
            what: format!("import cycle between modules: {}", cycle.join(" -> ")),
            remedy:
                "move the shared items to a module that both can import, or pass them as arguments"
                    .into(),
        });
        seen.extend(cycle);
    }
    problems
}

/// Returns the shortest path along imports from a module back to itself.
fn cycle_of<'a>(imports: &'a Imports<'_>, module: &'a str) -> Option<Vec<&'a str>> {
    let mut paths = VecDeque::from([vec![module]]);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        let next = path.last().and_then(|last| imports.get(*last)).into_iter().flatten();
        for (next, _) in next {
            let mut path = path.clone();
            path.push(next);
            if next == module {
                return Some(path);
            }
            if seen.insert(next) {
                paths.push_back(path);
            }
        }
    }
    None
}

/// Returns the segments of a module's path. The root of a crate has none.
fn name_of<'a>(source: &str, path: &'a str) -> Vec<&'a str> {
    let path = path.strip_prefix(source).unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if ["lib", "main"].contains(&path) { Vec::new() } else { path.split('/').collect() }
}

/// Returns the module that a path in another module refers to, if it is in the same crate.
fn resolve<'p>(
    names: &BTreeMap<Vec<&'p str>, &Module<'_>>,
    from: &[&'p str],
    path: &'p str,
) -> Option<Vec<&'p str>> {
    let mut segments = path.split("::").peekable();
    let mut module: Vec<&str> = match segments.next()? {
        "crate" => Vec::new(),
        "self" => from.to_vec(),
        "super" => from.split_last()?.1.to_vec(),
        _ => return None,
    };
    while segments.next_if_eq(&"super").is_some() {
        module.pop();
    }
    for segment in segments {
        let mut deeper: Vec<&str> = module.clone();
        deeper.push(segment);
        let Some((name, _)) = names.get_key_value(deeper.as_slice()) else { break };
        module = name.clone();
    }
    Some(names.get_key_value(module.as_slice())?.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_files(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<(String, &str)> =
            files.iter().map(|(path, text)| (format!("crates/a/src/{path}"), *text)).collect();
        let mut files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        files.push(("crates/a/Cargo.toml", ""));
        let problems = check(&Tree::of(&files));
        let prefix = "import cycle between modules: ";
        let shown: Vec<&str> =
            problems.iter().filter_map(|problem| problem.what.strip_prefix(prefix)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn cycles_of_any_length_are_found() {
        check_files(
            &[
                ("lib.rs", "mod one; mod two; mod three;"),
                ("one.rs", "use crate::two::X;"),
                ("two.rs", "use super::{three::{Y, Z}};"),
                ("three.rs", "fn f() { crate::one::g() }"),
            ],
            &["one -> two -> three -> one"],
        );
    }

    #[test]
    fn an_import_counts_for_the_enclosing_modules() {
        check_files(
            &[
                ("lib.rs", "mod one; mod two;"),
                ("one/mod.rs", "mod inner;"),
                ("one/inner.rs", "use crate::two::X;"),
                ("two/mod.rs", "mod deep;"),
                ("two/deep.rs", "use crate::one::Y;"),
            ],
            &["one -> two -> one"],
        );
    }

    #[test]
    fn a_module_and_its_submodules_can_import_each_other() {
        check_files(
            &[
                ("lib.rs", "mod one; pub use one::X;"),
                ("one.rs", "mod inner; use self::inner::Y; use crate::X;"),
                ("one/inner.rs", "use super::Z; #[cfg(test)] mod tests { use crate::two::T; }"),
            ],
            &[],
        );
    }
}
