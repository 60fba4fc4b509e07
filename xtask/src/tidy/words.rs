//! Rejects the words that docs/style.md advises against.

use aho_corasick::{AhoCorasick, MatchKind};

use super::problem::Problem;
use super::tree::Tree;

const GUIDE: &str = "docs/style.md";

/// Names of files that hold our own prose. Fixtures quote clients and servers, so only their READMEs count.
const EXTENSIONS: [&str; 6] = ["md", "rs", "sh", "txt", "yaml", "yml"];

/// Reports every listed word in prose, comments, strings and names, and comments that begin with a clause.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let Some(guide) = tree.text(GUIDE) else { return Vec::new() };
    let words = words_of(guide);
    if words.is_empty() {
        return vec![Problem {
            path: GUIDE.into(),
            line: 0,
            what: "the section `Words` has no table".into(),
            remedy: "list words as `| avoid | write |`".into(),
        }];
    }
    let pattern = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(words.iter().map(|word| word.avoid));
    let Ok(pattern) = pattern else { return Vec::new() };
    let mut problems = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| is_prose(path)) {
        let mut follows_comment = false;
        for (index, line) in text.lines().enumerate() {
            problems.extend(listed(line, &pattern, &words).map(|word| Problem {
                path: path.to_owned(),
                line: index + 1,
                what: format!("`{}` is on the list of words in {GUIDE}", word.avoid),
                remedy: format!("write: {}", word.write),
            }));
            let comment = path.ends_with(".rs").then(|| comment_of(line)).flatten();
            problems.extend(comment.filter(|_| !follows_comment).and_then(clause_in).map(|word| {
                Problem {
                    path: path.to_owned(),
                    line: index + 1,
                    what: format!("a comment begins with a clause: `{word} ...`"),
                    remedy: "begin with a noun or a verb, such as `The namespace of` or `Returns`"
                        .into(),
                }
            }));
            follows_comment = comment.is_some();
        }
    }
    problems
}

struct Word<'a> {
    avoid: &'a str,
    write: &'a str,
}

fn words_of(guide: &str) -> Vec<Word<'_>> {
    let section = guide.split("\n## Words\n").nth(1).unwrap_or_default();
    section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            Some(Word { avoid: cells.next()?, write: cells.next()? })
        })
        .filter(|word| word.avoid != "Avoid" && !word.avoid.starts_with('-'))
        .collect()
}

fn is_prose(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.contains(&extension)
        && path != GUIDE
        && (!path.contains("fixtures/") || extension == "md")
}

fn listed<'w>(
    line: &str,
    pattern: &AhoCorasick,
    words: &'w [Word<'w>],
) -> impl Iterator<Item = &'w Word<'w>> {
    let bytes = line.as_bytes();
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    pattern
        .find_iter(line)
        .filter(|found| !is_letter(found.start().checked_sub(1)) && !is_letter(Some(found.end())))
        .filter_map(|found| words.get(found.pattern().as_usize()))
        .collect::<Vec<_>>()
        .into_iter()
}

fn comment_of(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?;
    Some(comment.trim_start_matches(['/', '!']).trim_start())
}

fn clause_in(comment: &str) -> Option<&str> {
    let word = comment.split(' ').next()?;
    (["What", "Who", "Whose", "Whom"].contains(&word) && !comment.contains('?')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: (&str, &str) = (
        GUIDE,
        "# Style\n\n## Words\n\n| Avoid | Write |\n|---|---|\n| zounds | hello |\n| by jove | hey |\n",
    );

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let problems = check(&Tree::of(&[STYLE, (path, text)]));
        let shown: Vec<String> =
            problems.iter().map(|p| format!("{} {}", p.line, p.what)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn listed_words_are_found_in_any_case_and_in_names() {
        check_file(
            "crates/a/src/lib.rs",
            "// Zounds.\nfn says_zounds() {}\nfn zoundsful() {}\n// By\n// jove, by jove.\n",
            &[
                "1 `zounds` is on the list of words in docs/style.md",
                "2 `zounds` is on the list of words in docs/style.md",
                "5 `by jove` is on the list of words in docs/style.md",
            ],
        );
    }

    #[test]
    fn comments_begin_with_nouns_or_verbs() {
        check_file(
            "crates/a/src/lib.rs",
            "/// What is read.\nfn a() {}\n/// The text.\n/// What follows is fine.\nfn b() {}\n// Who knows?\n",
            &["1 a comment begins with a clause: `What ...`"],
        );
    }

    #[test]
    fn data_of_others_is_left_alone() {
        check_file("fixtures/a/log.yaml", "zounds", &[]);
        check_file("a.json", "zounds", &[]);
    }

    #[test]
    fn a_guide_without_a_table_is_reported() {
        let problems = check(&Tree::of(&[(GUIDE, "# Style\n")]));
        assert_eq!(problems.len(), 1);
    }
}
