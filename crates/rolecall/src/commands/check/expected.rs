//! Expectations about targets that are not rendered.

use std::collections::BTreeSet;

use rolecall_check::TargetGlob;
use rolecall_check::expectation::{EntryError, Expectation, Failure, Spot, Unmet, Word};
use rolecall_rbac::{Gap, Origin, Unread};

use crate::load_targets::Sessions;

/// Returns the expectations whose `targets` no target has, or whose targets were not rendered. Targets
/// that `--target` does not select are skipped.
pub(super) fn unknown_targets<'a>(
    expectations: &'a [Expectation],
    sessions: &Sessions,
) -> Vec<Failure<'a>> {
    let rendered: BTreeSet<&str> =
        sessions.targets.iter().map(|it| &*it.target.target.name).collect();
    let mut failures = Vec::new();
    for expectation in expectations {
        for (index, glob) in expectation.targets.iter().enumerate() {
            if rendered.iter().any(|name| glob.matches(name)) {
                continue;
            }
            let gaps = match &sessions.others {
                Some(others) => {
                    let mut named = others.iter().filter(|it| glob.matches(&it.name)).peekable();
                    if named.peek().is_none() {
                        let pattern = glob.as_str().to_owned();
                        let unmet = Unmet::Meaningless { error: EntryError::NoTarget { pattern } };
                        if !expectation.optional {
                            failures.push(failure(expectation, index, unmet));
                        }
                        continue;
                    }
                    named.filter_map(|other| other.gap.clone()).collect()
                }
                None => vec![unrendered(glob)],
            };
            if !gaps.is_empty() {
                let word = word(expectation);
                failures.push(failure(expectation, index, Unmet::Undecided { word, gaps }));
            }
        }
    }
    failures
}

fn unrendered(glob: &TargetGlob) -> Gap {
    Gap {
        unread: Unread::Anything,
        because: "targets are not rendered".into(),
        origin: Origin::File { path: glob.as_str().into(), line: 0 },
    }
}

fn failure<'a>(expectation: &'a Expectation, index: usize, unmet: Unmet<'a>) -> Failure<'a> {
    let spot = Spot { index: Some(index), ..Spot::TARGETS };
    Failure { expectation, holder: None, spot, unmet }
}

fn word(expectation: &Expectation) -> Word {
    match (expectation.can.is_empty(), expectation.cannot.is_empty()) {
        (false, _) => Word::Can,
        (true, false) => Word::Cannot,
        (true, true) => Word::Only,
    }
}
