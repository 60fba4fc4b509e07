//! What must not stand in a file, and how long a file may be.

use super::problem::Problem;
use super::tokens;
use super::tree::Tree;

const LONGEST: usize = 600;
const LONG: usize = 500;

/// Folders of one machine or one person.
const PLACES: [&str; 4] =
    [concat!("/", "work/"), concat!("/", "farm/"), concat!("/", "root/"), concat!("/tmp/", "wt")];

/// Domains of package registries: builds take whatever mirror a machine is set up with.
const REGISTRIES: [&str; 8] = [
    "crates.io",
    "debian.org",
    "npmjs.com",
    "npmjs.org",
    "proxy.golang.org",
    "pypi.org",
    "pythonhosted.org",
    "sum.golang.org",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| *path != "Cargo.lock") {
        for (index, line) in text.lines().enumerate() {
            problems.extend(machine_in(line).map(|(what, remedy)| Problem {
                path: path.to_owned(),
                line: index + 1,
                what,
                remedy: remedy.to_owned(),
            }));
        }
    }
    for (path, text) in tree.sources() {
        problems.extend(unfinished(text).into_iter().map(|(line, what)| Problem {
            path: path.to_owned(),
            line,
            what: format!("`{what}` in the tree"),
            remedy: "finish it, or take it out".into(),
        }));
        let lines = text.lines().count();
        if lines > LONGEST {
            problems.push(Problem {
                path: path.to_owned(),
                line: 0,
                what: format!("{lines} lines, where {LONGEST} are the most"),
                remedy: "split off a concept into a module of its own".into(),
            });
        }
    }
    problems
}

/// Returns a sentence about each source that will soon have to be split.
pub(super) fn nearly_too_long(tree: &Tree) -> Vec<String> {
    tree.sources()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| (LONG + 1..=LONGEST).contains(lines))
        .map(|(path, lines)| format!("{path}: {lines} lines; is it one concept?"))
        .collect()
}

fn machine_in(line: &str) -> Option<(String, &'static str)> {
    if let Some(place) = PLACES.iter().find(|place| line.contains(**place)) {
        return Some((
            format!("`{place}` is a place on one machine"),
            "name it from the root of the repository",
        ));
    }
    let registry = line.split("://").skip(1).find_map(|rest| {
        let host = rest.split(['/', '"', '\'', '`', ')', '>', ' ', ':']).next()?;
        REGISTRIES.iter().find(|registry| {
            host.strip_suffix(**registry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })?;
    Some((
        format!("a URL at `{registry}`, a package registry"),
        "name the package, not where it lies",
    ))
}

fn unfinished(source: &str) -> Vec<(usize, String)> {
    let tokens = tokens::tokens(source);
    let mut found: Vec<(usize, String)> = tokens
        .windows(2)
        .filter_map(|window| match window {
            [name, bang]
                if bang.text == "!" && ["todo", "unimplemented"].contains(&name.text.as_str()) =>
            {
                Some((name.line, format!("{}!", name.text)))
            }
            _ => None,
        })
        .collect();
    found.extend(tokens.windows(3).filter_map(|window| match window {
        [hash, open, name] if hash.text == "#" && open.text == "[" && name.text == "ignore" => {
            Some((name.line, "#[ignore]".to_owned()))
        }
        _ => None,
    }));
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    for (index, line) in source.lines().enumerate() {
        let comment = line.split_once("//").map_or("", |(_, comment)| comment);
        let words = || comment.split(|c: char| !c.is_alphanumeric());
        if let Some(note) = notes.iter().find(|note| words().any(|word| word == **note)) {
            found.push((index + 1, (*note).to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let problems = check(&Tree::of(&[(path, text)]));
        let shown: Vec<String> =
            problems.iter().map(|p| format!("{} {}", p.line, p.what)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_machine_and_no_registry_is_named() {
        let place = PLACES.join("x\n");
        check_file(
            "README.md",
            &place,
            &[
                &format!("1 `{}` is a place on one machine", PLACES[0]),
                &format!("2 `{}` is a place on one machine", PLACES[1]),
                &format!("3 `{}` is a place on one machine", PLACES[2]),
                &format!("4 `{}` is a place on one machine", PLACES[3]),
            ],
        );
        let url = format!("a <https:{}index.crates.io/x> b", "//");
        check_file("README.md", &url, &["1 a URL at `crates.io`, a package registry"]);
        check_file(
            "README.md",
            "crates.io; https://example.org/crates.io; image: registry.k8s.io/x",
            &[],
        );
        check_file("Cargo.lock", &url, &[]);
    }

    #[test]
    fn nothing_is_left_unfinished() {
        let note = concat!("// TO", "DO: later");
        check_file("a.rs", "fn f() { todo!() }", &["1 `todo!` in the tree"]);
        check_file(
            "a.rs",
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
            &["2 `#[ignore]` in the tree"],
        );
        check_file("a.rs", note, &[concat!("1 `TO", "DO` in the tree")]);
        check_file("a.rs", "// a todo!() of no harm, `#[ignore]`\nfn f() { \"todo!()\" }", &[]);
    }

    #[test]
    fn a_source_is_no_longer_than_the_limit() {
        check_file("a.rs", &"\n".repeat(LONGEST), &[]);
        check_file("a.rs", &"\n".repeat(LONGEST + 1), &["0 601 lines, where 600 are the most"]);
        let tree = Tree::of(&[("a.rs", &"\n".repeat(LONG + 1)), ("b.rs", &"\n".repeat(LONG))]);
        assert_eq!(nearly_too_long(&tree), ["a.rs: 501 lines; is it one concept?"]);
    }
}
