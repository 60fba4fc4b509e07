//! Findings for terminals and CI.

mod blocks;
pub(crate) mod junit;
pub(crate) mod sarif;

use std::collections::BTreeMap;
use std::io::Write;

use anstyle::Style;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rolecall_check::{Finding, Severity};
use rolecall_rbac::shown_path;
use rolecall_yaml::Region;

use super::{Cell, Headings, Summary, Table, TableLayout, UNREAD, merged, plain};
use crate::error::CommandError;
use crate::listing::{Keys, omission};
use crate::located::{Coverage, LocatedFinding, Report, Scope, UnreadPart};
use crate::render::github::{data, property};
use crate::render::markdown;
use crate::resolved::label;

/// Returns the keys by which findings are sorted and grouped.
pub(crate) fn keys(reported: &LocatedFinding) -> Keys {
    let finding = &reported.finding;
    let object = finding.object.to_string();
    let subject = match (&finding.denied, &*finding.subjects) {
        (Some(denied), _) => label(&denied.identity),
        (None, []) => object.clone(),
        (None, subjects) => subjects.join(", "),
    };
    let (file, line) = reported.place().unwrap_or_default();
    Keys {
        severity: Some(finding.severity),
        reach: finding.subjects.len(),
        rule: format!("{} {}", finding.rule.code, finding.rule.name),
        subject,
        object,
        namespace: finding.object.namespace.to_string(),
        place: (file.to_owned(), line),
    }
}

/// Writes the totals of findings by rule and subject.
pub(crate) fn write_summary(
    out: &mut impl Write,
    report: &Report<'_>,
    layout: TableLayout,
) -> Result<(), CommandError> {
    if !report.all.is_empty() {
        let summary = Summary::of(report.all.iter().map(keys));
        summary.write(out, ["CODE", "SUBJECT OR OBJECT", "finding"], layout)?;
    }
    let lines = totals(report).into_iter().skip(usize::from(!report.all.is_empty()));
    for line in lines {
        writeln!(out, "{}", plain(&line))?;
    }
    Ok(())
}

/// Writes findings as paragraphs for a terminal, with the totals.
pub(crate) fn write_blocks(
    out: &mut impl Write,
    report: &Report<'_>,
    columns: usize,
) -> Result<(), CommandError> {
    blocks::write(out, &report.groups, columns)?;
    write_totals(out, report)
}

/// Writes findings as a table, with the totals.
pub(crate) fn write_table(
    out: &mut impl Write,
    report: &Report<'_>,
    headings: Headings,
) -> Result<(), CommandError> {
    write_rows(out, report, headings, blocks::style)
}

/// Writes findings as a table without colors, with the totals.
pub(crate) fn write_plain_table(
    out: &mut impl Write,
    report: &Report<'_>,
    headings: Headings,
) -> Result<(), CommandError> {
    write_rows(out, report, headings, |_| Style::new())
}

/// Writes findings as comma-separated values, and the gaps as rows without a code.
pub(crate) fn write_csv(
    out: &mut impl Write,
    report: &Report<'_>,
    headings: Headings,
) -> Result<(), CommandError> {
    let mut table = table(report, |_| Style::new());
    for gap in &report.coverage.gaps {
        let place = match &gap.place {
            Some((file, 0)) => shown_path(file).to_owned(),
            Some((file, line)) => format!("{}:{line}", shown_path(file)),
            None => String::new(),
        };
        let text = format!("{UNREAD}{}", gap.text);
        table.row(["".into(), "".into(), place.into(), "".into(), text.into()]);
    }
    Ok(table.write_csv(out, headings)?)
}

fn write_rows(
    out: &mut impl Write,
    report: &Report<'_>,
    headings: Headings,
    style: fn(Severity) -> Style,
) -> Result<(), CommandError> {
    if report.all.is_empty() {
        return write_totals(out, report);
    }
    let table = match style(Severity::Critical) == Style::new() {
        true => table(report, style).without_colors(),
        false => table(report, style),
    };
    table.write(out, TableLayout { headings, ..TableLayout::default() })?;
    writeln!(out)?;
    write_totals(out, report)
}

fn table(report: &Report<'_>, style: fn(Severity) -> Style) -> Table {
    let mut table = Table::new(["CODE", "SEVERITY", "WHERE", "OBJECT", "FINDING"]);
    let row = |reported: &&LocatedFinding| {
        let finding = &reported.finding;
        let severity = finding.severity;
        vec![
            finding.rule.code.to_string().into(),
            Cell::new(severity.as_str()).with_style(style(severity)),
            Cell::from(shown_place(reported)),
            finding.object.to_string().into(),
            full_sentence(reported).into(),
        ]
    };
    let group = |group: &Vec<&LocatedFinding>| merged(group.iter().map(row).collect());
    let rows: Vec<Vec<Cell>> = report.groups.par_iter().map(group).collect();
    rows.into_iter().for_each(|row| table.row(row));
    table
}

/// Writes the totals: the number of findings, the gaps, and the size of the input.
fn write_totals(out: &mut impl Write, report: &Report<'_>) -> Result<(), CommandError> {
    for line in totals(report) {
        writeln!(out, "{}", plain(&line))?;
    }
    Ok(())
}

/// Returns the totals, one per line: the number of findings, the gaps, and the size of the input.
fn totals(report: &Report<'_>) -> Vec<String> {
    let Report { all: findings, coverage, .. } = report;
    let nothing = match coverage.least {
        Severity::Info => "nothing found".to_owned(),
        Severity::Critical => "nothing found of critical severity".to_owned(),
        least => format!("nothing found of {least} severity or above"),
    };
    let mut lines = vec![match (findings.is_empty(), coverage.gaps.is_empty()) {
        (true, true) => nothing,
        (true, false) => format!("{nothing}, but not everything could be read"),
        (false, _) => summary(findings),
    }];
    lines.extend(omission(report.omitted));
    if let Some(known) = coverage.known {
        lines.push(format!("{known} known, {} new", findings.len()));
    }
    if let Some(unread) = unread(&coverage.gaps) {
        lines.push(unread);
    }
    if coverage.scope != Scope::default() {
        lines.push(format!("checked {}", coverage.scope));
    }
    lines
}

/// Names the gaps: files by their path, others by their description.
fn unread(gaps: &[UnreadPart]) -> Option<String> {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = Vec::new();
    for gap in gaps {
        let name = match &gap.place {
            Some((file, 0)) => shown_path(file).to_owned(),
            // Errors give the reason for a whole file, but not for a part of it.
            Some(_) | None => gap.text.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > SHOWN {
            break;
        }
    }
    let others = gaps.len().saturating_sub(SHOWN);
    match (names.len(), others) {
        (0, _) => None,
        (1..=SHOWN, _) => Some(format!("not read: {}", names.join("; "))),
        (_, others) => {
            names.truncate(SHOWN);
            Some(format!("not read: {} and {others} more", names.join("; ")))
        }
    }
}

/// Writes that nothing was checked, for the reason in `text`.
pub(crate) fn write_failure<W: Write>(
    out: &mut W,
    text: String,
    write: fn(&mut W, &Report<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let gaps = vec![UnreadPart { place: None, text }];
    let coverage =
        Coverage { gaps, fails: true, scope: Scope::default(), known: None, least: Severity::Info };
    write(out, &Report { groups: Vec::new(), omitted: 0, all: &[], coverage: &coverage })
}

/// Writes findings as annotations of a GitHub workflow.
pub(crate) fn write_github(out: &mut impl Write, report: &Report<'_>) -> Result<(), CommandError> {
    let unread = if report.coverage.fails { "error" } else { "warning" };
    for gap in &report.coverage.gaps {
        let place = match &gap.place {
            // Stdin is no file of the repository.
            Some((file, _)) if file == "-" => String::new(),
            Some((file, 0)) => format!("file={},", property(file)),
            Some((file, line)) => format!("file={},line={line},", property(file)),
            None => String::new(),
        };
        writeln!(out, "::{unread} {place}title=not read::{}", data(&gap.text))?;
    }
    for reported in report.shown() {
        let finding = &reported.finding;
        let command = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let title = property(&format!("{} {}", finding.rule.code, finding.rule.name));
        let place = reported.place().filter(|(file, _)| *file != "-");
        let place = place.map_or_else(String::new, |(file, line)| {
            let end = reported.region.map_or_else(String::new, |Region { start, end }| {
                // GitHub only accepts columns within a single line.
                let column = match start.line == end.line {
                    true => format!(",col={},endColumn={}", start.column, end.column),
                    false => String::new(),
                };
                format!(",endLine={}{column}", end.line)
            });
            format!("file={},line={line}{end},", property(file))
        });
        let message = format!("{}: {}", finding.object, full_sentence(reported));
        writeln!(out, "::{command} {place}title={title}::{}", data(&message))?;
    }
    Ok(())
}

/// Writes findings as a Markdown table, for comments on merge requests.
pub(crate) fn write_markdown(
    out: &mut impl Write,
    report: &Report<'_>,
) -> Result<(), CommandError> {
    let lines = totals(report).into_iter().map(|line| markdown::cell(&line));
    let lines: Vec<String> = lines.collect();
    if report.all.is_empty() {
        let lines = lines.iter().skip(1).map(|line| format!("\n\n{line}"));
        writeln!(out, "No findings.{}", lines.collect::<String>())?;
        return Ok(());
    }
    markdown::head(out, ["code", "severity", "where", "object", "finding"])?;
    for reported in report.shown() {
        let finding = &reported.finding;
        let (place, object) = (shown_place(reported), finding.object.to_string());
        let sentence = full_sentence(reported);
        let severity = finding.severity.as_str();
        let code = finding.rule.code.to_string();
        markdown::row(out, [&*code, severity, &*place, &*object, &*sentence])?;
    }
    for line in lines {
        writeln!(out, "\n{line}")?;
    }
    Ok(())
}

/// Returns the message of a finding with its field and fix.
pub(super) fn sentence(finding: &Finding) -> String {
    let mut text = finding.statement();
    if !finding.field.steps.is_empty() {
        text = format!("{}: {text}", finding.field);
    }
    if !finding.fix.is_empty() {
        text.push_str("; ");
        text.push_str(&finding.fix);
    }
    text
}

fn shown_place(reported: &LocatedFinding) -> String {
    let suffix = reported.precision.suffix();
    reported
        .place()
        .map_or_else(String::new, |(file, line)| format!("{}:{line}{suffix}", shown_path(file)))
}

/// Returns the targets of a finding, such as `in overlays/dev and 2 other targets`; empty for plain files.
pub(super) fn in_targets(reported: &LocatedFinding) -> String {
    let mut names: Vec<&str> = reported.targets.iter().map(|it| &*it.target).collect();
    names.dedup();
    const SHOWN: usize = 3;
    match &*names {
        [] => String::new(),
        names if names.len() <= SHOWN => format!("in {}", names.join(", ")),
        [first, second, others @ ..] => {
            format!("in {first}, {second} and {} other targets", others.len())
        }
        [_] => String::new(),
    }
}

/// Returns the sentence of a finding with its targets.
fn full_sentence(reported: &LocatedFinding) -> String {
    match in_targets(reported) {
        text if text.is_empty() => sentence(&reported.finding),
        text => format!("{} ({text})", sentence(&reported.finding)),
    }
}

/// Returns the number of findings per severity, the highest first.
fn summary(findings: &[LocatedFinding]) -> String {
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for reported in findings {
        let finding = &reported.finding;
        *counts.entry(finding.severity).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().rev().map(|(severity, count)| format!("{count} {severity}")).collect();
    let plural = if findings.len() == 1 { "" } else { "s" };
    format!("{} finding{plural}: {}", findings.len(), counts.join(", "))
}
