//! The documentation of every rule, executed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::{Category, Finding, RuleMeta, Severity, fold, rules};
use rolecall_source::facts::Version;

/// Findings that an example cannot do without, and its fix neither: the strong ServiceAccount or dashboard needs
/// a strong role, an expectation about Secrets needs a role that reads them, and a grant moves to `default`.
const INEVITABLE: [(&str, &[&str]); 8] = [
    ("RC513", &["RC505", "RC510"]),
    ("RC556", &["RC505"]),
    ("RC572", &["RC505"]),
    ("RC573", &["RC501"]),
    ("RC602", &["RC510"]),
    ("RC607", &["RC514"]),
    ("RC603", &["RC510"]),
    ("RC702", &["RC509"]),
];

#[test]
fn examples_have_exactly_their_finding_and_fixes_have_none() {
    let mut wrong = String::new();
    for rule in rules() {
        let version = if rule.versions.contain(36) { Version::V1_36 } else { Version::V1_20 };
        for (section, expected) in [("Example", true), ("How to fix it", false)] {
            let blocks = rule.code_blocks(section);
            assert!(!blocks.is_empty(), "{} has no block in {section}", rule.code);
            for block in blocks {
                let findings = fold(support::findings_for(&block, version));
                let inevitable = INEVITABLE.iter().find(|(code, _)| rule.is_called(code));
                let reports = |finding: &Finding| {
                    let also = finding.also.iter().map(|also| also.rule.code);
                    also.chain([finding.rule.code]).any(|code| code == rule.code)
                };
                let is_other = |finding: &&Finding| {
                    let is_path = expected && is_path_of_risk(rule, finding);
                    finding.severity > Severity::Info
                        && !reports(finding)
                        && !is_path
                        && !inevitable.is_some_and(|(_, codes)| {
                            codes.iter().any(|code| finding.rule.is_called(code))
                        })
                };
                let found = findings.iter().any(reports);
                if found != expected || findings.iter().filter(is_other).count() > 0 {
                    wrong += &format!("{} {section}:\n{}\n", rule.code, support::show(&findings));
                }
            }
        }
    }
    assert_eq!(wrong, "");
}

/// Returns whether a finding is about a path that a risk in the whole cluster opens.
fn is_path_of_risk(rule: &RuleMeta, finding: &Finding) -> bool {
    rule.category == Category::Risk && finding.rule.is_called("reaches-cluster-admin")
}

#[test]
fn rules_have_distinct_codes_and_names_and_the_same_sections() {
    let rules = rules();
    for (rule, next) in rules.iter().zip(rules.iter().skip(1)) {
        assert!(rule.code < next.code, "{} is not after {}", next.code, rule.code);
        assert!(rules.iter().filter(|other| other.name == rule.name).count() == 1, "{}", rule.name);
    }
    for rule in rules {
        let headings: Vec<&str> =
            rule.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, rolecall_check::RuleMeta::SECTIONS, "{}", rule.code);
        assert!(!rule.title.ends_with('.'), "{}: {}", rule.code, rule.title);
    }
}
