//! The regions of fields of rendered objects in their source files.
//!
//! A field of the output is looked up in the source by its path, and the texts are compared, because a
//! patch can have moved list items. In a template, the line with the same text is searched.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use rolecall_check::{Finding, Step};
use rolecall_rbac::Origin;
use rolecall_render::{Form, Source};
use rolecall_yaml::{self as yaml, Field, FieldStep, Position, Region};

use super::Traced;
use crate::located::Precision;

/// The largest source file in which fields are searched.
const LARGEST: u64 = 32 << 20;

/// The most list items that are compared with a moved one.
const MOST_ITEMS: usize = 64;

/// The place of a finding about a rendered object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RenderedPlace {
    /// The region in the source file; `None` if only the line of the object is known.
    pub(crate) region: Option<Region>,
    /// The kind of the place.
    pub(crate) precision: Precision,
    /// The line of the field in the output of the tool.
    pub(crate) rendered_line: u32,
}

/// Finds the places of findings about the objects of a target; `None` for other objects.
pub(crate) fn regions(
    findings: &[&Finding],
    output: &[u8],
    traced: &Traced,
) -> Vec<Option<RenderedPlace>> {
    let mut files: BTreeMap<&Path, Option<Vec<u8>>> = BTreeMap::new();
    let found = findings.iter().map(|finding| {
        let object = &finding.object;
        let Origin::File { path, line } = &object.origin else { return None };
        let candidates = traced.at(path, *line);
        let is_same = |source: &Source| {
            source.rendered.kind == *object.kind && source.rendered.name == *object.name
        };
        let traced = candidates.iter().find(|it| is_same(&it.source)).or(candidates.first())?;
        let source = &traced.source;
        let rendered =
            Lookup { bytes: output, line: traced.line, kind: &object.kind, name: &object.name };
        let steps = steps(finding);
        let in_output = rendered.find(&steps);
        let rendered_line = in_output.map_or(traced.line, |region| region.start.line);
        let place = |region, precision| Some(RenderedPlace { region, precision, rendered_line });
        let precision = match source.form {
            Form::Object | Form::Template => Precision::Object,
            Form::Generator | Form::File => return place(None, Precision::File),
        };
        if steps.is_empty() {
            return place(None, Precision::Exact);
        }
        let bytes = files.entry(&source.path).or_insert_with(|| read(&source.path));
        let (Some(bytes), Some(in_output)) = (bytes.as_deref(), in_output) else {
            return place(None, precision);
        };
        let region = match source.form {
            Form::Template => in_template(source, bytes, &rendered, in_output),
            _ => in_object(source, bytes, &rendered, &steps),
        };
        let exact = if region.is_some() { Precision::Exact } else { precision };
        place(region, exact)
    });
    found.collect()
}

fn steps(finding: &Finding) -> Vec<FieldStep<'_>> {
    let steps = finding.field.steps.iter().map(|step| match step {
        Step::Key(key) => FieldStep::Key(key),
        Step::Index(index) => FieldStep::Index(*index),
    });
    steps.collect()
}

/// An object in a file.
struct Lookup<'a> {
    bytes: &'a [u8],
    line: u32,
    kind: &'a str,
    name: &'a str,
}

impl<'a> Lookup<'a> {
    fn find(&self, steps: &[FieldStep<'a>]) -> Option<Region> {
        let Self { line, kind, name, .. } = *self;
        let field = Field { line, kind, name, steps: steps.to_vec() };
        yaml::locate(self.bytes, &[field]).into_iter().next().flatten()
    }

    /// Returns the words of a field, sorted, because tools change the order and style of fields.
    fn words(&self, steps: &[FieldStep<'a>]) -> Option<Vec<&'a str>> {
        let text = text_of(self.bytes, self.find(steps)?)?;
        let mut words: Vec<&str> =
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        Some(words)
    }
}

/// Returns the region of a field in an object of a YAML file.
fn in_object<'a>(
    source: &'a Source,
    bytes: &'a [u8],
    rendered: &Lookup<'a>,
    steps: &[FieldStep<'a>],
) -> Option<Region> {
    let written = Lookup { bytes, line: source.line, kind: &source.kind, name: &source.name };
    let Some(last) = steps.iter().rposition(|step| matches!(step, FieldStep::Index(_))) else {
        return written.find(steps);
    };
    let (list, rest) = (steps.get(..last)?, steps.get(last + 1..)?);
    let item = steps.get(..=last)?;
    // A field that does not exist has the region of its parent.
    let around = list.split_last().and_then(|(_, around)| written.find(around));
    let whole_list = written.find(list).filter(|it| Some(*it) != around)?;
    // The only item of a list in block style has the region of the list.
    let is_block =
        text_of(bytes, whole_list).is_some_and(|it| !it.is_empty() && !it.starts_with('['));
    let exists = |path: &[FieldStep<'a>]| {
        let is_first = path.last() == Some(&FieldStep::Index(0));
        written.find(path).is_some_and(|it| it != whole_list || (is_first && is_block))
    };
    let expected = rendered.words(item)?;
    if exists(item) && written.words(item)? == expected {
        return written.find(steps);
    }
    for index in 0..MOST_ITEMS {
        let moved = [list, &[FieldStep::Index(index)]].concat();
        if !exists(&moved) {
            break;
        }
        if written.words(&moved)? == expected {
            return written.find(&[&moved, rest].concat());
        }
    }
    // A prefix or a namespace changes some words of an item, but not most of them.
    let here = written.words(item).filter(|_| exists(item))?;
    let shared = here.iter().filter(|word| expected.binary_search(word).is_ok()).count();
    (shared * 2 >= expected.len()).then(|| written.find(steps)).flatten()
}

/// Returns the line of a template that has the same text as the first line of a rendered field.
fn in_template(
    source: &Source,
    bytes: &[u8],
    rendered: &Lookup<'_>,
    in_output: Region,
) -> Option<Region> {
    let output = lines_of_document(rendered.bytes, rendered.line);
    let template = lines_of_document(bytes, source.line);
    let (_, wanted) = output.iter().find(|(number, _)| *number == in_output.start.line)?;
    let wanted = wanted.trim();
    if wanted.is_empty() {
        return None;
    }
    let same = |lines: &[(u32, &str)]| -> Vec<u32> {
        let equal = lines.iter().filter(|(_, text)| text.trim() == wanted);
        equal.map(|(number, _)| *number).collect()
    };
    let (in_output_lines, in_template) = (same(&output), same(&template));
    if in_output_lines.len() != in_template.len() {
        return None;
    }
    let position = in_output_lines.iter().position(|line| *line == in_output.start.line)?;
    let line = *in_template.get(position)?;
    let (_, text) = template.iter().find(|(number, _)| *number == line)?;
    let column = |length: usize| u32::try_from(length).unwrap_or(u32::MAX - 1) + 1;
    let start = text.chars().take_while(|c| c.is_whitespace()).count();
    let end = text.trim_end().chars().count();
    Some(Region {
        start: Position { line, column: column(start) },
        end: Position { line, column: column(end) },
    })
}

/// Returns the lines from `first` to the next `---`, with their numbers.
fn lines_of_document(bytes: &[u8], first: u32) -> Vec<(u32, &str)> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let skip = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines = (1..).zip(text.lines()).skip(skip);
    lines.take_while(|(number, line)| *number == first || !line.starts_with("---")).collect()
}

/// Reads a source file; `None` if it is too large or no longer readable.
fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    fs::read(path).ok()
}

/// Returns the text of a region.
fn text_of(bytes: &[u8], region: Region) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let offset = |position: Position| -> Option<usize> {
        let before = text.split_inclusive('\n').take(position.line.checked_sub(1)? as usize);
        let start: usize = before.map(str::len).sum();
        let line = text.get(start..)?;
        let column = position.column.checked_sub(1)? as usize;
        let within = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        Some(start + within)
    };
    let range: Range<usize> = offset(region.start)?..offset(region.end)?;
    text.get(range)
}
