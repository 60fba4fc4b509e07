//! Findings on a terminal, as paragraphs: a table would be too narrow for sentences.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use rolecall_check::Severity;

use super::{in_targets, shown_place};
use crate::error::CommandError;
use crate::located::LocatedFinding;
use crate::render::plain;
use crate::render::wrap::wrap;

const INDENT: &str = "  ";
const PLACE: Style = Style::new().dimmed();

/// Writes findings as paragraphs for a number of columns.
pub(super) fn write(
    out: &mut impl Write,
    groups: &[Vec<&LocatedFinding>],
    columns: usize,
) -> Result<(), CommandError> {
    for group in groups {
        let Some((reported, others)) = group.split_first() else { continue };
        let finding = &reported.finding;
        let severity = finding.severity;
        let style = style(severity);
        let object = finding.object.to_string();
        let head = format!("{severity} {} {}", finding.rule.code, plain(&object));
        // Only the first word is colored, so that wrapping does not lose the color.
        let (word, rest) = head.split_once(' ').unwrap_or((&head, ""));
        write!(out, "{style}{word}{style:#}")?;
        for (position, line) in
            wrap(rest, columns.saturating_sub(word.len() + 1)).iter().enumerate()
        {
            writeln!(out, "{}{line}", if position == 0 { " " } else { INDENT })?;
        }
        let place = shown_place(reported);
        if !place.is_empty() {
            writeln!(out, "{INDENT}{PLACE}{}{PLACE:#}", plain(&place))?;
        }
        let mut message = finding.statement();
        if !finding.field.steps.is_empty() {
            message = format!("{}: {message}", finding.field);
        }
        paragraph(out, &message, columns)?;
        if !finding.fix.is_empty() {
            paragraph(out, &format!("fix: {}", finding.fix), columns)?;
        }
        let targets = in_targets(reported);
        if !targets.is_empty() {
            paragraph(out, &targets, columns)?;
        }
        write_others(out, others, columns)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Names the other findings of a group.
fn write_others(
    out: &mut impl Write,
    others: &[&LocatedFinding],
    columns: usize,
) -> Result<(), CommandError> {
    const SHOWN: usize = 3;
    if others.is_empty() {
        return Ok(());
    }
    let named = others.iter().take(SHOWN).map(|other| {
        let finding = &other.finding;
        format!("{} {} {}", finding.severity, finding.rule.code, finding.object)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match others.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    paragraph(out, &format!("also: {named}{more}"), columns)
}

fn paragraph(out: &mut impl Write, text: &str, columns: usize) -> Result<(), CommandError> {
    for line in wrap(&plain(text), columns.saturating_sub(INDENT.len()).max(1)) {
        writeln!(out, "{INDENT}{line}")?;
    }
    Ok(())
}

pub(super) fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low | Severity::Info => AnsiColor::Cyan.on_default(),
    }
}
