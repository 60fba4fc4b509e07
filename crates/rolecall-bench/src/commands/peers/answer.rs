//! The comparison as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Asked;
use super::question::Question;

/// Formats the answers of all peers, and what they cost.
pub(super) fn render(
    questions: &[Question],
    expected: &[BTreeSet<String>],
    asked: &[Asked],
) -> String {
    let names: Vec<String> =
        asked.iter().map(|asked| format!("`{}`", asked.peer.program())).collect();
    let mut text = format!("| question | server | {} |\n", names.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "---|".repeat(names.len()));
    for (place, (question, right)) in questions.iter().zip(expected).enumerate() {
        let cells = asked.iter().map(|asked| {
            let answer = asked.answers.get(place).and_then(Option::as_ref);
            answer.map_or_else(|| "cannot be asked".to_owned(), |answer| verdict(right, answer))
        });
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(
            text,
            "| `{}`: {} | {} | {} |",
            question.shown(),
            question.about,
            list(right),
            cells.join(" | ")
        );
    }
    let right = |asked: &Asked| {
        let answers = asked.answers.iter().zip(expected);
        answers.filter(|(answer, right)| answer.as_ref() == Some(*right)).count()
    };
    let row = |name: &str, cell: &dyn Fn(&Asked) -> String| {
        format!("| {name} | | {} |\n", asked.iter().map(cell).collect::<Vec<_>>().join(" | "))
    };
    text += &row("right", &|asked| format!("{} of {}", right(asked), questions.len()));
    text += &row("median time of a question", &|asked| {
        format!("{} ms", asked.measured.median().as_millis())
    });
    text += &row("peak memory", &|asked| match asked.measured.peak() {
        Some(kib) => format!("{:.0} MB", kib as f64 * 1.024e-3),
        None => String::new(),
    });
    text
}

/// Returns `right`, or the accounts that are extra and missing.
fn verdict(right: &BTreeSet<String>, answer: &BTreeSet<String>) -> String {
    let extra = answer.difference(right).map(|account| format!("adds {account}"));
    let missing = right.difference(answer).map(|account| format!("misses {account}"));
    let wrong: Vec<String> = extra.chain(missing).collect();
    if wrong.is_empty() { "right".to_owned() } else { wrong.join(", ") }
}

fn list(accounts: &BTreeSet<String>) -> String {
    match accounts.len() {
        0 => "none".to_owned(),
        _ => accounts.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_state_what_is_extra_and_missing() {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert_eq!(verdict(&set(&["a/b"]), &set(&["a/b"])), "right");
        assert_eq!(verdict(&set(&["a/b"]), &set(&["c/d"])), "adds c/d, misses a/b");
        assert_eq!(list(&set(&[])), "none");
    }
}
