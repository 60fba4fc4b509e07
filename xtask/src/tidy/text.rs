//! Checks the content of files for forbidden text, and their length.

use super::problem::Problem;
use super::tokens;
use super::tree::Tree;

const LONGEST: usize = 600;
const LONG: usize = 500;

/// Paths that exist only on one machine.
const PLACES: [&str; 4] =
    [concat!("/", "work/"), concat!("/", "farm/"), concat!("/", "root/"), concat!("/tmp/", "wt")];

/// Domains of package registries. Builds must use the mirror that is configured on the machine.
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
            remedy: "finish or remove it".into(),
        }));
        let lines = text.lines().count();
        if lines > LONGEST {
            problems.push(Problem {
                path: path.to_owned(),
                line: 0,
                what: format!("{lines} lines, the maximum is {LONGEST}"),
                remedy: "move a concept to a separate module".into(),
            });
        }
    }
    problems
}

/// Returns a notice for each source that is close to the limit.
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
            format!("`{place}` is a path on one machine"),
            "use a path relative to the root of the repository",
        ));
    }
    let registry = line.split("://").skip(1).find_map(|rest| {
        let host = rest.split(['/', '"', '\'', '`', ')', '>', ' ', ':']).next()?;
        REGISTRIES.iter().find(|registry| {
            host.strip_suffix(**registry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })?;
    Some((format!("a URL at `{registry}`, a package registry"), "name the package, not its URL"))
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
    fn paths_of_machines_and_registries_are_rejected() {
        let place = PLACES.join("x\n");
        check_file(
            "README.md",
            &place,
            &[
                &format!("1 `{}` is a path on one machine", PLACES[0]),
                &format!("2 `{}` is a path on one machine", PLACES[1]),
                &format!("3 `{}` is a path on one machine", PLACES[2]),
                &format!("4 `{}` is a path on one machine", PLACES[3]),
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
    fn unfinished_code_is_rejected() {
        let note = concat!("// TO", "DO: later");
        check_file("a.rs", "fn f() { todo!() }", &["1 `todo!` in the tree"]);
        check_file(
            "a.rs",
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
            &["2 `#[ignore]` in the tree"],
        );
        check_file("a.rs", note, &[concat!("1 `TO", "DO` in the tree")]);
        check_file("a.rs", "// a todo!() without effect, `#[ignore]`\nfn f() { \"todo!()\" }", &[]);
    }

    #[test]
    fn the_length_of_sources_is_limited() {
        check_file("a.rs", &"\n".repeat(LONGEST), &[]);
        check_file("a.rs", &"\n".repeat(LONGEST + 1), &["0 601 lines, the maximum is 600"]);
        let tree = Tree::of(&[("a.rs", &"\n".repeat(LONG + 1)), ("b.rs", &"\n".repeat(LONG))]);
        assert_eq!(nearly_too_long(&tree), ["a.rs: 501 lines; is it one concept?"]);
    }
}
