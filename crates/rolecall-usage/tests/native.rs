//! The recorded log of a real API server, and properties of tallies.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use rolecall_usage::{Limits, Reader, Row, Tally, rows, write_summary};

fn recorded() -> Vec<u8> {
    let mut text = Vec::new();
    let packed = include_bytes!("data/native-1.36.jsonl.gz");
    GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    text
}

fn read(text: &[u8]) -> Tally {
    let mut reader = Reader::new(Limits::default(), None);
    reader.lines(text);
    reader.finish()
}

fn summary(tally: &Tally) -> String {
    let mut out = Vec::new();
    write_summary(tally, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Writes a row on one line, without times.
fn shown(row: &Row<'_>) -> String {
    let user = row.user.trim_start_matches("system:serviceaccount:");
    let dot = if row.group.is_empty() { "" } else { "." };
    let slash = if row.subresource.is_empty() { "" } else { "/" };
    let what = match &row.path {
        Some(path) => path.to_string(),
        None => format!("{}{slash}{}{dot}{}", row.resource, row.subresource, row.group),
    };
    let mut line = format!("{user}: {} {what}", row.verb);
    if !row.namespace.is_empty() {
        line += &format!(" in {}", row.namespace);
    }
    if !row.name.is_empty() {
        line += &format!(" named {}", row.name);
    }
    line += &format!(", {}", row.outcome);
    for (flag, word) in [
        (!row.via.is_empty(), format!(" by {}", row.via)),
        (row.implied, ", implied".to_owned()),
        (row.dry_run, ", dry run".to_owned()),
        (row.many, ", many names".to_owned()),
        (!row.binding.is_empty(), format!(" ({})", row.binding)),
        (row.count > 1, format!(" x{}", row.count)),
    ] {
        if flag {
            line += &word;
        }
    }
    line
}

#[test]
fn the_recorded_log_shows_what_was_requested() {
    let tally = read(&recorded());
    let uses: Vec<_> = tally.uses().collect();
    let lines: Vec<String> = uses.iter().flat_map(rows).map(|row| shown(&row)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_summary_is_read_again_and_can_be_added_up() {
    let text = recorded();
    let whole = summary(&read(&text));
    assert_eq!(summary(&read(whole.as_bytes())), whole);
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut sum = Tally::new(Limits::default());
    for part in lines.chunks(7).rev() {
        sum.merge(read(summary(&read(&part.concat())).as_bytes()));
    }
    assert_eq!(summary(&sum), whole);
}

#[test]
fn each_event_of_a_policy_that_omits_stages_counts() {
    let text = String::from_utf8(recorded()).unwrap();
    let counted = |omitted: &str| {
        let kept = text.lines().filter(|line| !line.contains(omitted)).collect::<Vec<_>>();
        let tally = read(kept.join("\n").as_bytes());
        let uses: Vec<_> = tally.uses().collect();
        let rows = uses.iter().flat_map(rows);
        rows.filter(|row| row.outcome != "unauthenticated")
            .map(|row| shown(&row))
            .collect::<Vec<_>>()
    };
    let all = counted("no such text");
    assert_eq!(counted(r#""stage": "RequestReceived""#), all);
    assert_eq!(counted(r#""stage": "ResponseStarted""#), all);
}

/// Lines of the recorded log, in any order, some of them several times.
fn any_lines() -> impl Strategy<Value = Vec<String>> {
    let text = String::from_utf8(recorded()).unwrap();
    let lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    proptest::collection::vec(proptest::sample::select(lines), 0..120)
}

/// Reads with limits that overflow.
fn read_few(lines: &[String]) -> Tally {
    let mut reader = Reader::new(Limits { names: 1, pods: 1 }, None);
    reader.lines(lines.concat().as_bytes());
    reader.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn order_and_sharding_change_nothing(
        lines in any_lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        cut in 0.0..1.0,
        other in 0.0..1.0,
    ) {
        let (lines, shuffled) = lines;
        let whole = summary(&read_few(&lines));
        prop_assert_eq!(&summary(&read_few(&shuffled)), &whole);
        let at = |part: f64| (part * lines.len() as f64) as usize;
        let (one, rest) = shuffled.split_at(at(cut));
        let (two, three) = rest.split_at((at(other)).min(rest.len()));
        // (1 + 2) + 3 = 3 + (2 + 1), directly and through files.
        let mut left = read_few(one);
        left.merge(read_few(two));
        left.merge(read_few(three));
        prop_assert_eq!(&summary(&left), &whole);
        let mut inner = read_few(two);
        inner.merge(read_few(one));
        let mut right = read_few(three);
        right.merge(read_few(&[summary(&inner)]));
        prop_assert_eq!(&summary(&right), &whole);
    }

    #[test]
    fn duplicates_change_only_numbers(lines in any_lines()) {
        let without_numbers = |tally: &Tally| {
            let uses: Vec<_> = tally.uses().collect();
            let rows = uses.iter().flat_map(rows);
            rows.map(|row| Row { count: 0, started: 0, complete: 0, ..row })
                .map(|row| serde_json::to_string(&row).unwrap())
                .collect::<Vec<_>>()
        };
        let twice: Vec<String> = lines.iter().rev().chain(&lines).cloned().collect();
        prop_assert_eq!(without_numbers(&read_few(&twice)), without_numbers(&read_few(&lines)));
    }
}
