//! SARIF 2.1.0 for code scanning.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::Write;

use rolecall_check::{RuleCode, RuleMeta, Severity};
use serde_json::{Value, json};

use super::full_sentence;
use crate::error::CommandError;
use crate::invocation::as_invoked;
use crate::located::{Coverage, FoundIn, LocatedFinding, Report, UnreadPart, place};
use crate::region::RegionDetails;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The page with a section for each code.
const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/findings.md");

/// Writes findings as one run.
pub(crate) fn write(out: &mut impl Write, report: &Report<'_>) -> Result<(), CommandError> {
    let mut findings: Vec<&LocatedFinding> = report.shown().collect();
    let all = findings.len() + report.omitted;
    if findings.len() > MOST_RESULTS {
        findings.sort_by_key(|reported| Reverse(reported.finding.severity));
        findings.truncate(MOST_RESULTS);
    }
    let omitted = all - findings.len();
    let codes: BTreeSet<RuleCode> =
        findings.iter().map(|reported| reported.finding.rule.code).collect();
    let all = rolecall_check::rules();
    let rules: Vec<&RuleMeta> =
        all.iter().copied().filter(|rule| codes.contains(&rule.code)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|reported| {
            let index = rules.iter().position(|rule| rule.code == reported.finding.rule.code);
            result(reported, index.unwrap_or_default())
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rolecall",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report.coverage, omitted)],
            "results": results,
        }],
    });
    Ok(rolecall_yaml::json::write_pretty(out, &log)?)
}

/// The number of results that code scanning accepts in one run.
const MOST_RESULTS: usize = 25_000;

/// Returns whether everything was read, the gaps, and the number of results that are left out.
fn invocation(coverage: &Coverage, omitted: usize) -> Value {
    let mut notifications: Vec<Value> = coverage.gaps.iter().map(notification).collect();
    let is_complete = notifications.is_empty();
    if omitted > 0 {
        let text = format!("{omitted} less severe findings are left out");
        notifications.push(json!({"level": "warning", "message": {"text": text}}));
    }
    json!({
        "executionSuccessful": is_complete,
        "toolExecutionNotifications": notifications,
    })
}

fn notification(gap: &UnreadPart) -> Value {
    let mut notification =
        json!({"level": "error", "message": {"text": format!("not read: {}", gap.text)}});
    if let (Some((file, line)), Some(fields)) = (&gap.place, notification.as_object_mut()) {
        let location = json!([{"physicalLocation": physical(file, whole_line(*line))}]);
        fields.insert("locations".to_owned(), location);
    }
    notification
}

fn rule(rule: &RuleMeta) -> Value {
    let documentation = as_invoked(rule.text);
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.title},
        "helpUri": format!("{PAGES}#{}", rule.code.to_string().to_lowercase()),
        "help": {"text": documentation, "markdown": documentation},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": ["rbac", rule.category.as_str()],
            "security-severity": score(rule.severity),
        },
    })
}

fn result(reported: &LocatedFinding, rule_index: usize) -> Value {
    let LocatedFinding { finding, fingerprint, region, .. } = reported;
    let object = &finding.object;
    let mut result = json!({
        "ruleId": finding.rule.code,
        "ruleIndex": rule_index,
        "level": level(finding.severity),
        "message": {"text": format!("{object}: {}", full_sentence(reported))},
        "partialFingerprints": {"rolecall/v1": fingerprint},
        "properties": {"severity": finding.severity.as_str()},
    });
    let mut location = json!({
        "logicalLocations": [{
            "name": &*object.name,
            "fullyQualifiedName": object.to_string(),
            "kind": "object",
        }],
    });
    if let (Some((file, line)), Some(location)) = (place(object), location.as_object_mut()) {
        let region =
            region.map_or_else(|| whole_line(line), |region| json!(RegionDetails::from(region)));
        location.insert("physicalLocation".to_owned(), physical(file, region));
    }
    if let Some(properties) = result.get_mut("properties").and_then(Value::as_object_mut)
        && !reported.targets.is_empty()
    {
        let targets: Vec<Value> = reported.targets.iter().map(target).collect();
        properties.insert("targets".to_owned(), json!(targets));
        properties.insert("precision".to_owned(), json!(reported.precision.as_str()));
    }
    if let Some(result) = result.as_object_mut() {
        result.insert("locations".to_owned(), json!([location]));
        let related: Vec<Value> = finding
            .related
            .iter()
            .filter_map(|related| {
                let (file, line) = place(&related.object)?;
                Some(json!({
                    "physicalLocation": physical(file, whole_line(line)),
                    "message": {"text": format!("{}: {}", related.object, related.note)},
                }))
            })
            .collect();
        if !related.is_empty() {
            result.insert("relatedLocations".to_owned(), json!(related));
        }
    }
    result
}

/// Describes the rendered object of a target.
fn target(found: &FoundIn) -> Value {
    json!({"name": found.target, "object": found.object.to_string(), "line": found.line})
}

fn whole_line(line: u32) -> Value {
    json!({"startLine": line.max(1)})
}

fn physical(file: &str, region: Value) -> Value {
    let file = if file == "-" { "stdin" } else { file };
    json!({
        "artifactLocation": {"uri": uri(file)},
        "region": region,
    })
}

/// Writes a path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Returns the score for a severity in code scanning.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "1.0",
    }
}
