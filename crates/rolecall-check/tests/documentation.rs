//! The documentation of every rule, executed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::rules;
use rolecall_source::facts::Version;

#[test]
fn examples_are_found_and_fixes_are_not() {
    let mut wrong = String::new();
    for rule in rules() {
        let version = if rule.versions.contain(36) { Version::V1_36 } else { Version::V1_20 };
        for (section, expected) in [("Example", true), ("How to fix", false)] {
            let blocks = rule.code_blocks(section);
            assert!(!blocks.is_empty(), "{} has no block in {section}", rule.code);
            for block in blocks {
                let findings = support::findings_for(&block, version);
                let found = findings.iter().any(|finding| finding.rule.code == rule.code);
                if found != expected {
                    wrong += &format!("{} {section}:\n{}\n", rule.code, support::show(&findings));
                }
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn rules_are_told_apart_by_code_and_name_and_documented_alike() {
    let rules = rules();
    for (rule, next) in rules.iter().zip(rules.iter().skip(1)) {
        assert!(rule.code < next.code, "{} is not after {}", next.code, rule.code);
        assert!(rules.iter().filter(|other| other.name == rule.name).count() == 1, "{}", rule.name);
    }
    for rule in rules {
        assert!(rule.code.starts_with(rule.category.prefix()), "{}", rule.code);
        let documentation = rule.documentation();
        let headings: Vec<&str> =
            documentation.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        assert_eq!(headings, rolecall_check::RuleMeta::SECTIONS, "{}", rule.code);
        assert!(rule.summary().ends_with('.'), "{}: {}", rule.code, rule.summary());
    }
}

#[test]
fn every_row_of_the_list_of_risky_permissions_is_covered() {
    let covered: std::collections::BTreeSet<&str> =
        rules().iter().flat_map(|rule| rule.rows.iter().copied()).collect();
    for row in 1..=65 {
        let row = format!("P{row:02}");
        assert!(covered.contains(&*row), "{row}");
    }
}
