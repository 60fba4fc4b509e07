//! Findings for people and for pipelines.

mod blocks;
pub(crate) mod junit;
pub(crate) mod sarif;

use std::collections::BTreeMap;
use std::io::Write;

use anstyle::Style;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rolecall_check::{Finding, Severity};
use rolecall_source::yaml::Region;

use super::{Cell, Headings, Table, TableLayout};
use crate::error::CommandError;
use crate::render::github::{data, property};
use crate::render::markdown;
use crate::reported::Reported;

/// Writes findings for a terminal of so many columns, and how many there are of each severity.
pub(crate) fn write_blocks(
    out: &mut impl Write,
    findings: &[Reported],
    columns: usize,
) -> Result<(), CommandError> {
    match findings.is_empty() {
        true => Ok(()),
        false => blocks::write(out, findings, columns),
    }
}

/// Writes findings as a table with a line each, and how many there are of each severity.
pub(crate) fn write_table(
    out: &mut impl Write,
    findings: &[Reported],
    headings: Headings,
) -> Result<(), CommandError> {
    write_rows(out, findings, headings, blocks::style)
}

/// Does so without colours.
pub(crate) fn write_plain_table(
    out: &mut impl Write,
    findings: &[Reported],
    headings: Headings,
) -> Result<(), CommandError> {
    write_rows(out, findings, headings, |_| Style::new())
}

/// Writes findings as comma-separated values.
pub(crate) fn write_csv(
    out: &mut impl Write,
    findings: &[Reported],
    headings: Headings,
) -> Result<(), CommandError> {
    Ok(table(findings, |_| Style::new()).write_csv(out, headings)?)
}

fn write_rows(
    out: &mut impl Write,
    findings: &[Reported],
    headings: Headings,
    style: fn(Severity) -> Style,
) -> Result<(), CommandError> {
    if findings.is_empty() {
        return Ok(());
    }
    let table = match style(Severity::Critical) == Style::new() {
        true => table(findings, style).without_colors(),
        false => table(findings, style),
    };
    table.write(out, TableLayout { columns: None, headings })?;
    writeln!(out)?;
    writeln!(out, "{}", summary(findings))?;
    Ok(())
}

fn table(findings: &[Reported], style: fn(Severity) -> Style) -> Table {
    let mut table = Table::new(["CODE", "SEVERITY", "WHERE", "OBJECT", "FINDING"]);
    let row = |reported: &Reported| {
        let finding = &reported.finding;
        let severity = finding.severity;
        [
            finding.rule.code.into(),
            Cell::new(severity.as_str()).with_style(style(severity)),
            Cell::from(shown_place(reported)),
            finding.object.to_string().into(),
            sentence(finding).into(),
        ]
    };
    let rows: Vec<[Cell; 5]> = findings.par_iter().map(row).collect();
    rows.into_iter().for_each(|row| table.row(row));
    table
}

/// Writes findings as annotations of a GitHub workflow.
pub(crate) fn write_github(
    out: &mut impl Write,
    findings: &[Reported],
) -> Result<(), CommandError> {
    for reported in findings {
        let finding = &reported.finding;
        let command = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let title = property(&format!("{} {}", finding.rule.code, finding.rule.name));
        let place = reported.place().map_or_else(String::new, |(file, line)| {
            let end = reported.region.map_or_else(String::new, |Region { start, end }| {
                // GitHub takes columns of a single line only.
                let column = match start.line == end.line {
                    true => format!(",col={},endColumn={}", start.column, end.column),
                    false => String::new(),
                };
                format!(",endLine={}{column}", end.line)
            });
            format!("file={},line={line}{end},", property(file))
        });
        let message = format!("{}: {}", finding.object, sentence(finding));
        writeln!(out, "::{command} {place}title={title}::{}", data(&message))?;
    }
    Ok(())
}

/// Writes findings as a Markdown table, for comments on merge requests.
pub(crate) fn write_markdown(
    out: &mut impl Write,
    findings: &[Reported],
) -> Result<(), CommandError> {
    if findings.is_empty() {
        writeln!(out, "No findings.")?;
        return Ok(());
    }
    markdown::head(out, ["code", "severity", "where", "object", "finding"])?;
    for reported in findings {
        let finding = &reported.finding;
        let (place, object) = (shown_place(reported), finding.object.to_string());
        let sentence = sentence(finding);
        let severity = finding.severity.as_str();
        markdown::row(out, [finding.rule.code, severity, &*place, &*object, &*sentence])?;
    }
    writeln!(out, "\n{}", summary(findings))?;
    Ok(())
}

/// Returns the finding with its field and what to do.
pub(super) fn sentence(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if !finding.field.steps.is_empty() {
        text = format!("{}: {text}", finding.field);
    }
    if !finding.fix.is_empty() {
        text.push_str("; ");
        text.push_str(&finding.fix);
    }
    text
}

fn shown_place(reported: &Reported) -> String {
    reported.place().map_or_else(String::new, |(file, line)| format!("{file}:{line}"))
}

/// Says how many findings there are of each severity, the worst first.
fn summary(findings: &[Reported]) -> String {
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
