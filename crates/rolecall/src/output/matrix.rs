//! A matrix as one cell after the other: JSON, YAML, CSV and wide lines.

use std::io::{self, Write};

use rolecall_rbac::{Decision, Grant, Identity, Request, Verdict};

use super::{API_VERSION, AccessCell, MatrixFormat, RequestDetails, SubjectDetails};
use crate::error::CommandError;
use crate::render::plain;
use crate::subject::{Subject, label};
use crate::{words, yaml};

const CSV_HEADINGS: &str = "subject,namespace,verb,group,resource,subresource,name,path,verdict,by";

/// Writes what comes before the first cell.
pub(crate) fn start(
    out: &mut impl Write,
    format: MatrixFormat,
    subjects: &[Subject],
) -> Result<(), CommandError> {
    match format {
        MatrixFormat::Csv => writeln!(out, "{CSV_HEADINGS}")?,
        MatrixFormat::Wide => writeln!(out, "VERDICT  SUBJECT  REQUEST  BY")?,
        MatrixFormat::Json => {
            writeln!(
                out,
                "{{\n  \"apiVersion\": \"{API_VERSION}\",\n  \"kind\": \"AccessMatrix\","
            )?;
            write!(out, "  \"subjects\": [")?;
            for (position, subject) in subjects.iter().enumerate() {
                write!(out, "{}\n    ", if position == 0 { "" } else { "," })?;
                serde_json::to_writer(&mut *out, &SubjectDetails::new(subject))?;
            }
            write!(out, "\n  ],\n  \"cells\": [")?;
        }
        MatrixFormat::Yaml => {
            writeln!(out, "apiVersion: {API_VERSION}\nkind: AccessMatrix\nsubjects:")?;
            for subject in subjects {
                write_yaml_item(out, &SubjectDetails::new(subject))?;
            }
            writeln!(out, "cells:")?;
        }
        MatrixFormat::Table | MatrixFormat::Markdown => {}
    }
    Ok(())
}

/// Encodes one cell; nothing in a format of rows.
pub(crate) fn cell(
    out: &mut Vec<u8>,
    format: MatrixFormat,
    identity: &Identity,
    request: &Request,
    decision: &Decision<'_>,
) -> Result<(), CommandError> {
    match format {
        MatrixFormat::Table | MatrixFormat::Markdown => {}
        MatrixFormat::Json => {
            out.extend(b",\n    ");
            serde_json::to_writer(out, &AccessCell::new(identity, request, decision))?;
        }
        MatrixFormat::Yaml => write_yaml_item(out, &AccessCell::new(identity, request, decision))?,
        MatrixFormat::Csv => write_csv(out, identity, request, decision)?,
        MatrixFormat::Wide => write_wide(out, identity, request, decision)?,
    }
    Ok(())
}

/// Returns encoded cells as they follow on what was written before: no comma before the first.
pub(crate) fn joined(format: MatrixFormat, bytes: &[u8], is_first: bool) -> &[u8] {
    match bytes {
        [b',', rest @ ..] if format == MatrixFormat::Json && is_first => rest,
        bytes => bytes,
    }
}

/// Writes what comes after the last cell.
pub(crate) fn finish(out: &mut impl Write, format: MatrixFormat) -> io::Result<()> {
    match format {
        MatrixFormat::Json => writeln!(out, "\n  ]\n}}"),
        _ => Ok(()),
    }
}

/// Writes a value as one item of a YAML list.
fn write_yaml_item(
    out: &mut impl Write,
    value: &impl serde::Serialize,
) -> Result<(), CommandError> {
    let mut text = Vec::new();
    yaml::write(&mut text, value)?;
    for (position, line) in String::from_utf8_lossy(&text).lines().enumerate() {
        writeln!(out, "{}{line}", if position == 0 { "- " } else { "  " })?;
    }
    Ok(())
}

fn write_csv(
    out: &mut Vec<u8>,
    identity: &Identity,
    request: &Request,
    decision: &Decision<'_>,
) -> io::Result<()> {
    let details = RequestDetails::new(request);
    let subject = label(identity);
    let by = through(decision, "; ");
    let fields = [&*subject]
        .into_iter()
        .chain(details.fields())
        .chain([super::verdict_word(&decision.verdict), &*by]);
    for (position, field) in fields.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.extend(field.as_bytes());
        }
    }
    out.push(b'\n');
    Ok(())
}

fn write_wide(
    out: &mut Vec<u8>,
    identity: &Identity,
    request: &Request,
    decision: &Decision<'_>,
) -> io::Result<()> {
    let verdict = super::verdict_word(&decision.verdict);
    let line = format!("{}  {}", label(identity), words::request(request));
    write!(out, "{verdict:<7}  {}", plain(&line))?;
    let by = through(decision, ", ");
    if !by.is_empty() {
        write!(out, "  {}", plain(&by))?;
    }
    out.push(b'\n');
    Ok(())
}

/// Names the bindings that grant, or what was not read.
fn through(decision: &Decision<'_>, separator: &str) -> String {
    let names: Vec<String> = match &decision.verdict {
        Verdict::Allowed { by } => by
            .iter()
            .map(|grant| match grant {
                Grant::Privileged => "Group system:masters".to_owned(),
                Grant::Rule(grant) => words::binding(grant.binding),
            })
            .collect(),
        Verdict::NoOpinion => Vec::new(),
        Verdict::Unknown { gaps } => gaps.iter().map(ToString::to_string).collect(),
    };
    let mut names = names;
    names.dedup();
    names.join(separator)
}
