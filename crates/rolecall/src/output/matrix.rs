//! Matrices as a stream of cells: JSON, YAML and CSV.

use std::io::{self, Write};

use rolecall_rbac::{Identity, Request};
use rolecall_yaml::json;

use super::{API_VERSION, AccessCell, MatrixFormat, RequestDetails, SubjectDetails};
use crate::csv;
use crate::decide::{Decided, json_word_of};
use crate::error::CommandError;
use crate::resolved::{Subject, label};
use crate::yaml;

const CSV_HEADINGS: &str = "subject,namespace,verb,group,resource,subresource,name,path,verdict,by";

/// Writes the beginning, up to the first cell.
pub(crate) fn start(
    out: &mut impl Write,
    format: MatrixFormat,
    subjects: &[Subject],
) -> Result<(), CommandError> {
    match format {
        MatrixFormat::Csv => writeln!(out, "{CSV_HEADINGS}")?,
        MatrixFormat::Json => {
            writeln!(
                out,
                "{{\n  \"apiVersion\": \"{API_VERSION}\",\n  \"kind\": \"AccessMatrix\","
            )?;
            write!(out, "  \"subjects\": [")?;
            for (position, subject) in subjects.iter().enumerate() {
                write!(out, "{}\n    ", if position == 0 { "" } else { "," })?;
                json::write(out, &SubjectDetails::new(subject))?;
            }
            write!(out, "\n  ],\n  \"cells\": [")?;
        }
        MatrixFormat::Jsonl => {
            write!(
                out,
                "{{\"record\":\"document\",\"apiVersion\":\"{API_VERSION}\",\"kind\":\"AccessMatrix\","
            )?;
            write!(out, "\"subjects\":")?;
            json::write(out, &subjects.iter().map(SubjectDetails::new).collect::<Vec<_>>())?;
            writeln!(out, "}}")?;
        }
        MatrixFormat::Yaml => {
            writeln!(out, "apiVersion: {API_VERSION}\nkind: AccessMatrix\nsubjects:")?;
            for subject in subjects {
                write_yaml_item(out, &SubjectDetails::new(subject))?;
            }
            writeln!(out, "cells:")?;
        }
        MatrixFormat::Table | MatrixFormat::Wide | MatrixFormat::Markdown => {}
    }
    Ok(())
}

/// Encodes one cell; nothing for human-readable formats.
pub(crate) fn cell(
    out: &mut Vec<u8>,
    format: MatrixFormat,
    identity: &Identity,
    request: &Request,
    decided: &Decided<'_>,
) -> Result<(), CommandError> {
    match format {
        MatrixFormat::Table | MatrixFormat::Wide | MatrixFormat::Markdown => {}
        MatrixFormat::Json => {
            out.extend(b",\n    ");
            json::write(out, &AccessCell::decided(identity, request, decided))?;
        }
        MatrixFormat::Jsonl => {
            let start = out.len();
            json::write(out, &AccessCell::decided(identity, request, decided))?;
            // A cell is an object: the name of the record becomes its first field.
            out.splice(start..start + 1, *b"{\"record\":\"cell\",");
            out.push(b'\n');
        }
        MatrixFormat::Yaml => {
            write_yaml_item(out, &AccessCell::decided(identity, request, decided))?;
        }
        MatrixFormat::Csv => write_csv(out, identity, request, decided)?,
    }
    Ok(())
}

/// Returns encoded cells without the comma before the very first one.
pub(crate) fn joined(format: MatrixFormat, bytes: &[u8], is_first: bool) -> &[u8] {
    match bytes {
        [b',', rest @ ..] if format == MatrixFormat::Json && is_first => rest,
        bytes => bytes,
    }
}

/// Writes the end, after the last cell, with the number of cells that are left out.
pub(crate) fn finish(out: &mut impl Write, format: MatrixFormat, omitted: usize) -> io::Result<()> {
    match (format, omitted) {
        (MatrixFormat::Json, 0) => writeln!(out, "\n  ]\n}}"),
        (MatrixFormat::Json, _) => writeln!(out, "\n  ],\n  \"omitted\": {omitted}\n}}"),
        (MatrixFormat::Yaml, 1..) => writeln!(out, "omitted: {omitted}"),
        _ => Ok(()),
    }
}

/// Writes a value as an item of a YAML list.
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
    decided: &Decided<'_>,
) -> io::Result<()> {
    let details = RequestDetails::new(request);
    let subject = label(identity);
    let by = decided.through("; ");
    let fields = [&*subject]
        .into_iter()
        .chain(details.fields())
        .chain([json_word_of(decided.verdict()), &*by]);
    csv::write_line(out, fields)
}
