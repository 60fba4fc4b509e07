//! JUnit's XML, as CI servers read it: one failed test case a finding.

use std::io::Write;

use super::sentence;
use crate::error::CommandError;
use crate::render::plain;
use crate::reported::Reported;

/// Writes findings as one test suite; without findings it has one passed test case.
pub(crate) fn write(out: &mut impl Write, findings: &[Reported]) -> Result<(), CommandError> {
    let failures = findings.len();
    let tests = failures.max(1);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="rolecall" tests="{tests}" failures="{failures}" errors="0">"#
    )?;
    writeln!(
        out,
        r#"  <testsuite name="rolecall check" tests="{tests}" failures="{failures}" errors="0">"#
    )?;
    if findings.is_empty() {
        writeln!(out, r#"    <testcase classname="rolecall" name="no findings"/>"#)?;
    }
    for reported in findings {
        let finding = &reported.finding;
        // Servers take test cases of one name for one, so the field is part of it.
        let mut name = format!("{} {}", finding.rule.code, finding.object);
        if !finding.field.steps.is_empty() {
            name.push_str(&format!(" {}", finding.field));
        }
        let file = reported
            .place()
            .map_or_else(String::new, |(file, _)| format!(r#" file="{}""#, escape(file)));
        let place =
            reported.place().map_or_else(String::new, |(file, line)| format!("{file}:{line}: "));
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
            escape(&finding.message),
            escape(&format!("{place}{}", sentence(finding)))
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(())
}

/// Escapes text for an attribute or an element. What XML cannot hold is written as in tables.
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
