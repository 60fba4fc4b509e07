//! Checks that referenced documents and headings exist.
//!
//! Comments and messages refer to a document by its path from the root, such as `docs/style.md`,
//! optionally with a `#heading`. Markdown links use the path from the directory of their file.

use super::problem::Problem;
use super::tree::Tree;

/// The directories and prefixes of documents that are referenced by their path from the root.
const FOLDERS: [&str; 4] = ["docs/", "crates/README", "fixtures/README", "manifests/README"];

/// A reference as written, and the path and heading that it refers to.
#[derive(Debug, PartialEq)]
struct Reference {
    written: String,
    path: String,
    heading: Option<String>,
}

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| is_read(path)) {
        for (index, line) in text.lines().enumerate() {
            let mut references = by_root(line);
            // The documents of rules become sections of docs/findings.md, which is checked too.
            if path.ends_with(".md") && !path.starts_with("crates/rolecall-") {
                references.extend(links(line, path));
            }
            problems.extend(references.iter().filter_map(|reference| {
                let (what, remedy) = broken(tree, reference, path)?;
                Some(Problem { path: path.to_owned(), line: index + 1, what, remedy })
            }));
        }
    }
    problems.dedup();
    problems
}

/// Fixtures contain names of files from elsewhere, and this file contains invented ones.
fn is_read(path: &str) -> bool {
    let written = [".rs", ".md", ".toml", ".yml"].iter().any(|ending| path.ends_with(ending));
    written && !path.starts_with("fixtures/v") && !path.ends_with("tidy/references.rs")
}

fn broken(tree: &Tree, reference: &Reference, from: &str) -> Option<(String, String)> {
    let Reference { written, path, heading } = reference;
    let Some(text) = tree.text(path) else {
        let folder = format!("{}/", path.trim_end_matches('/'));
        // A source includes files by their path from its own directory.
        let included = from.ends_with(".rs") && tree.text(&resolved(path, from)).is_some();
        let exists = included || tree.under(&folder).next().is_some();
        return (!exists).then(|| {
            (
                format!("`{written}` refers to a missing file"),
                format!("use `{path}`, or another document"),
            )
        });
    };
    let heading = heading.as_deref()?;
    let known = headings(text).any(|known| known == heading);
    (!known).then(|| {
        (
            format!("`{written}` refers to a heading that `{path}` does not have"),
            "use one of its headings in lower case, with `-` for spaces".to_owned(),
        )
    })
}

/// Returns the Markdown documents in a line that are referenced by their path from the root.
fn by_root(line: &str) -> Vec<Reference> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/._-#".contains(c);
    line.split(|c: char| !is_part(c))
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        .filter_map(|word| {
            let word = word.trim_end_matches('.');
            let (path, heading) = word.split_once('#').map_or((word, None), |(p, h)| (p, Some(h)));
            path.ends_with(".md").then(|| Reference {
                written: word.to_owned(),
                path: path.to_owned(),
                heading: heading.map(str::to_owned),
            })
        })
        .collect()
}

/// Returns the files of the repository that a line of Markdown links to.
fn links(line: &str, from: &str) -> Vec<Reference> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains(':') && !target.contains(char::is_whitespace))
        .filter(|target| !target.is_empty())
        .map(|target| {
            let (path, heading) =
                target.split_once('#').map_or((target, None), |(p, h)| (p, Some(h)));
            let path = if path.is_empty() { from.to_owned() } else { resolved(path, from) };
            Reference { written: target.to_owned(), path, heading: heading.map(str::to_owned) }
        })
        .collect()
}

/// Resolves a relative path against the directory of the referencing file.
fn resolved(path: &str, from: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the anchors of a document's headings, in GitHub's format.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let mut fenced = false;
    text.lines().filter_map(move |line| {
        fenced ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        let is_heading = !fenced && heading.len() < line.len() && heading.starts_with(' ');
        is_heading.then(|| anchor(heading.trim()))
    })
}

fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: (&str, &str) =
        ("docs/guide.md", "# A guide\n\n## Who can: `get`?\n\n```\n# no heading\n```\n");

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let problems = check(&Tree::of(&[GUIDE, (path, text)]));
        let shown: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn comments_refer_to_documents_by_path_from_the_root() {
        check_file("a.rs", "// See docs/guide.md, `docs/guide.md#who-can-get`.", &[]);
        check_file("a.rs", "// docs/gone.md.", &["`docs/gone.md` refers to a missing file"]);
        check_file(
            "a.rs",
            "// (docs/guide.md#no-heading)",
            &["`docs/guide.md#no-heading` refers to a heading that `docs/guide.md` does not have"],
        );
    }

    #[test]
    fn sources_include_documents_relative_to_themselves() {
        let tree = Tree::of(&[("x/a.rs", "include_str!(\"docs/b.md\")"), ("x/docs/b.md", "")]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn links_to_missing_files_are_reported() {
        check_file("docs/more/a.md", "[x](../guide.md#a-guide) [y](https://a.b/c) [z](..)", &[]);
        check_file("docs/a.md", "# B\n[x](#b) [y](guide.md)", &[]);
        check_file("a.md", "[x](guide.md)", &["`guide.md` refers to a missing file"]);
    }
}
