//! JUnit XML for CI servers, with one failed test case per finding.

use std::io::Write;

use rolecall_rbac::shown_path;

use super::full_sentence;
use crate::error::CommandError;
use crate::located::Report;
use crate::render::plain;

/// Writes findings as one test suite; without findings, it contains one passed test case.
pub(crate) fn write(out: &mut impl Write, report: &Report<'_>) -> Result<(), CommandError> {
    let (failures, errors) = (report.shown().count(), report.coverage.gaps.len());
    let tests = (failures + errors).max(1);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="rolecall" tests="{tests}" failures="{failures}" errors="{errors}">"#
    )?;
    writeln!(
        out,
        r#"  <testsuite name="rolecall check" tests="{tests}" failures="{failures}" errors="{errors}">"#
    )?;
    if failures + errors == 0 {
        writeln!(out, r#"    <testcase classname="rolecall" name="no findings"/>"#)?;
    }
    for gap in &report.coverage.gaps {
        let (name, file) = match &gap.place {
            Some((file, 0)) => (file.clone(), file.as_str()),
            Some((file, line)) => (format!("{file}:{line}"), file.as_str()),
            None => (gap.text.clone(), ""),
        };
        let file =
            if file.is_empty() { String::new() } else { format!(r#" file="{}""#, escape(file)) };
        writeln!(
            out,
            r#"    <testcase classname="not-read" name="{}"{file}>"#,
            escape(&format!("not read: {name}"))
        )?;
        writeln!(out, r#"      <error type="not-read" message="{}"/>"#, escape(&gap.text))?;
        writeln!(out, "    </testcase>")?;
    }
    for reported in report.shown() {
        let finding = &reported.finding;
        // CI servers merge test cases with equal names, so the field is part of the name.
        let mut name = format!("{} {}", finding.rule.code, finding.object);
        if !finding.field.steps.is_empty() {
            name.push_str(&format!(" {}", finding.field));
        }
        let file = reported
            .place()
            .map_or_else(String::new, |(file, _)| format!(r#" file="{}""#, escape(file)));
        let place = reported
            .place()
            .map_or_else(String::new, |(file, line)| format!("{}:{line}: ", shown_path(file)));
        writeln!(
            out,
            r#"    <testcase classname="{}" name="{}"{file}>"#,
            escape(finding.rule.name),
            escape(&name)
        )?;
        writeln!(
            out,
            r#"      <failure type="{}" message="{}">{}</failure>"#,
            finding.severity,
            escape(&finding.statement()),
            escape(&format!("{place}{}", full_sentence(reported)))
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(())
}

/// Escapes text for an attribute or an element. Characters that XML does not allow are escaped as in tables.
fn escape(text: &str) -> String {
    let text = plain(text);
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
