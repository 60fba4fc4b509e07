//! Documents with long lists, whose items are converted and written in parallel.

use std::io::{self, IsTerminal, Write};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rolecall_yaml::json;
use serde::{Serialize, Serializer};

use super::{API_VERSION, Format, write_versioned};
use crate::error::CommandError;
use crate::listing::{Keys, ListOptions};

/// A list whose items are converted while they are written, so that memory is bounded by the
/// input and not by the output.
pub(crate) struct Each<'a, T, M> {
    items: Vec<T>,
    mirror: Box<dyn Fn(T) -> M + Send + Sync + 'a>,
}

impl<'a, T: Copy, M> Each<'a, T, M> {
    /// Creates a list of the results of `mirror`.
    pub(crate) fn new(
        items: impl IntoIterator<Item = T>,
        mirror: impl Fn(T) -> M + Send + Sync + 'a,
    ) -> Self {
        Self { items: items.into_iter().collect(), mirror: Box::new(mirror) }
    }
}

impl<T, M> Each<'_, T, M> {
    /// Sorts the items if the options say so, keeps at most some, and returns the number of the others.
    pub(crate) fn arrange(&mut self, list: &ListOptions, keys: impl Fn(&T) -> Keys) -> usize {
        let (items, omitted) = list.records_of_equals(std::mem::take(&mut self.items), keys);
        self.items = items;
        omitted
    }

    /// Replaces the items.
    pub(crate) fn with_items(self, items: Vec<T>) -> Self {
        Self { items, ..self }
    }
}

/// Returns whether a number is 0, so that its field is absent.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl<T: Copy, M: Serialize> Serialize for Each<'_, T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(|item| (self.mirror)(*item)))
    }
}

/// A list of records.
pub(crate) trait List: Sync {
    /// Returns the number of records.
    fn count(&self) -> usize;

    /// Writes a record as one line of JSON, without a line break.
    fn write(&self, index: usize, out: &mut Vec<u8>) -> io::Result<()>;
}

impl<T: Copy + Send + Sync, M: Serialize> List for Each<'_, T, M> {
    fn count(&self) -> usize {
        self.items.len()
    }

    fn write(&self, index: usize, out: &mut Vec<u8>) -> io::Result<()> {
        match self.items.get(index) {
            Some(item) => json::write(out, &(self.mirror)(*item)),
            None => Ok(()),
        }
    }
}

/// One list of a document.
pub(crate) struct Section<'d> {
    /// The key of the list.
    pub(crate) key: &'static str,
    /// The name of one record in JSON lines.
    pub(crate) record: &'static str,
    /// The records.
    pub(crate) list: &'d dyn List,
}

/// A document with long lists. Its serialization must have the same fields as its parts.
pub(crate) trait Document: Serialize {
    /// The kind.
    const KIND: &'static str;

    /// Adds the fields before the lists.
    fn head(&self, _fields: &mut Fields) -> io::Result<()> {
        Ok(())
    }

    /// Returns the lists.
    fn sections(&self) -> Vec<Section<'_>>;

    /// Adds the fields after the lists.
    fn tail(&self, fields: &mut Fields) -> io::Result<()>;
}

/// The short fields of a document, each after a comma.
#[derive(Default)]
pub(crate) struct Fields(Vec<u8>);

impl Fields {
    /// Adds a field.
    pub(crate) fn add(&mut self, key: &str, value: &impl Serialize) -> io::Result<()> {
        write!(self.0, ",\"{key}\":")?;
        json::write(&mut self.0, value)
    }
}

/// The formats of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentFormat {
    /// One document: indented on a terminal, and on one line otherwise.
    Json,
    /// A line with the short fields, followed by one line for each record.
    Jsonl,
    /// YAML.
    Yaml,
}

/// Writes a document.
pub(crate) fn write_document<D: Document>(
    out: &mut impl Write,
    format: DocumentFormat,
    document: &D,
) -> Result<(), CommandError> {
    match format {
        DocumentFormat::Yaml => write_versioned(out, Format::Yaml, document),
        DocumentFormat::Json if io::stdout().is_terminal() => {
            write_versioned(out, Format::Json, document)
        }
        DocumentFormat::Json => Ok(write_line(out, document)?),
        DocumentFormat::Jsonl => Ok(write_lines(out, document)?),
    }
}

fn write_line<D: Document>(out: &mut impl Write, document: &D) -> io::Result<()> {
    write!(out, "{{\"apiVersion\":\"{API_VERSION}\",\"kind\":\"{}\"", D::KIND)?;
    out.write_all(&head(document)?)?;
    for Section { key, list, .. } in document.sections() {
        write!(out, ",\"{key}\":[")?;
        write_records(out, list, |index, out| {
            if index > 0 {
                out.push(b',');
            }
            list.write(index, out)
        })?;
        out.write_all(b"]")?;
    }
    out.write_all(&tail(document)?)?;
    out.write_all(b"}\n")
}

fn write_lines<D: Document>(out: &mut impl Write, document: &D) -> io::Result<()> {
    write!(
        out,
        "{{\"record\":\"document\",\"apiVersion\":\"{API_VERSION}\",\"kind\":\"{}\"",
        D::KIND
    )?;
    out.write_all(&head(document)?)?;
    out.write_all(&tail(document)?)?;
    out.write_all(b"}\n")?;
    for Section { record, list, .. } in document.sections() {
        write_records(out, list, |index, out| {
            let start = out.len();
            list.write(index, out)?;
            // A record is an object: the name becomes its first field.
            let name = format!("{{\"record\":\"{record}\",");
            out.splice(start..start + 1, name.into_bytes());
            out.push(b'\n');
            Ok(())
        })?;
    }
    Ok(())
}

fn head<D: Document>(document: &D) -> io::Result<Vec<u8>> {
    let mut fields = Fields::default();
    document.head(&mut fields)?;
    Ok(fields.0)
}

fn tail<D: Document>(document: &D) -> io::Result<Vec<u8>> {
    let mut fields = Fields::default();
    document.tail(&mut fields)?;
    Ok(fields.0)
}

/// The number of records that a thread writes in a row, and of these pieces in memory.
const RECORDS_AT_ONCE: usize = 128;
const PIECES_AT_ONCE: usize = 64;

fn write_records(
    out: &mut impl Write,
    list: &dyn List,
    write: impl Fn(usize, &mut Vec<u8>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let count = list.count();
    let piece = |start: usize| {
        let mut piece = Vec::new();
        for index in start..count.min(start + RECORDS_AT_ONCE) {
            write(index, &mut piece)?;
        }
        Ok(piece)
    };
    let starts: Vec<usize> = (0..count).step_by(RECORDS_AT_ONCE).collect();
    for starts in starts.chunks(PIECES_AT_ONCE) {
        let pieces: Vec<io::Result<Vec<u8>>> =
            starts.into_par_iter().map(|start| piece(*start)).collect();
        for piece in pieces {
            out.write_all(&piece?)?;
        }
    }
    Ok(())
}
