//! Findings with source locations and fingerprints.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rolecall_check::{Finding, ObjectRef, Step};
use rolecall_rbac::{Gap, Origin};
use rolecall_source::manifests::FileRead;
use rolecall_yaml::{self as yaml, Field, FieldStep, Region, TextLines};

use crate::invocation;

/// A finding with its location and fingerprint.
pub(crate) struct LocatedFinding {
    /// The finding.
    pub(crate) finding: Finding,
    /// An identifier that is stable across edits of the file.
    pub(crate) fingerprint: String,
    /// The location of its field; `None` if unknown, as for objects in a cluster.
    pub(crate) region: Option<Region>,
}

/// The number of files per parallel task, small enough to balance the load.
const FILES_AT_ONCE: usize = 64;

/// The maximum size of files to search for locations; findings in larger ones get the line of their object.
const LARGEST: u64 = 32 << 20;

impl LocatedFinding {
    /// Returns the file and the line of the finding's field, or of its object.
    pub(crate) fn place(&self) -> Option<(&str, u32)> {
        let (file, line) = place(&self.finding.object)?;
        let line = if self.finding.line > 0 { self.finding.line } else { line };
        Some((file, self.region.map_or(line, |region| region.start.line)))
    }
}

/// Replaces `rolecall` in the commands of a finding by `kubectl rolecall` if it runs as a plugin.
fn invoke_as_run(finding: &mut Finding) {
    let Finding { message, fix, related, also, .. } = finding;
    let notes = related.iter_mut().map(|related| &mut related.note);
    let messages = also.iter_mut().map(|also| &mut also.message);
    [message, fix].into_iter().chain(notes).chain(messages).for_each(invocation::invoke_as_run);
}

/// The required precision of locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// Lines.
    Lines,
    /// Start and end positions.
    Regions,
}

/// Locates findings and sorts them by location. Reads each file with unknown locations once more.
pub(crate) fn locate(
    findings: Vec<(Finding, String)>,
    stdin: Option<&[u8]>,
    exactness: Exactness,
) -> Vec<LocatedFinding> {
    let is_known = |finding: &Finding| exactness == Exactness::Lines && finding.line > 0;
    let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (finding, _)) in findings.iter().enumerate() {
        match &finding.object.origin {
            Origin::File { path, .. } if !is_known(finding) => {
                files.entry(path).or_default().push(index);
            }
            _ => {}
        }
    }
    let files: Vec<(&str, Vec<usize>)> = files.into_iter().collect();
    let located: Vec<Vec<(usize, Region)>> = files
        .into_par_iter()
        .with_max_len(FILES_AT_ONCE)
        .map_init(Vec::new, |buffer, (path, indices)| {
            let fields: Vec<Field<'_>> =
                indices.iter().filter_map(|index| Some(field(&findings.get(*index)?.0))).collect();
            let bytes = match path {
                "-" => stdin.filter(|bytes| !bytes.starts_with(b"\x1F\x8B")),
                path => read(path, buffer),
            };
            let Some(bytes) = bytes else { return Vec::new() };
            let regions = yaml::locate(bytes, &fields);
            let lines = OnceCell::new();
            let found = indices.into_iter().zip(regions).filter_map(|(index, region)| {
                let line = findings.get(index)?.0.line_of_text;
                let region = region?;
                let of_script =
                    |line| lines.get_or_init(|| TextLines::new(bytes)).line_of_text(region, line);
                Some((index, line.map_or(region, of_script)))
            });
            found.collect()
        })
        .collect();
    let mut regions = vec![None; findings.len()];
    for (index, region) in located.into_iter().flatten() {
        if let Some(place) = regions.get_mut(index) {
            *place = Some(region);
        }
    }
    let reported = |((mut finding, fingerprint), region)| {
        invoke_as_run(&mut finding);
        LocatedFinding { finding, fingerprint, region }
    };
    let mut reported: Vec<LocatedFinding> =
        findings.into_iter().zip(regions).map(reported).collect();
    // The fields of an object can be in any order.
    reported.sort_by(|left, right| left.place().cmp(&right.place()));
    reported
}

/// Reads a file; `None` if it is too large, not a regular file, or no longer readable.
fn read<'b>(path: &str, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    buffer.clear();
    buffer.reserve(usize::try_from(metadata.len()).ok()?);
    file.take(metadata.len()).read_to_end(buffer).ok()?;
    Some(buffer)
}

fn field(finding: &Finding) -> Field<'_> {
    let object = &finding.object;
    let steps = finding.field.steps.iter().map(|step| match step {
        Step::Key(key) => FieldStep::Key(key),
        Step::Index(index) => FieldStep::Index(*index),
    });
    Field {
        line: place(object).map_or(0, |(_, line)| line),
        kind: &object.kind,
        name: &object.name,
        steps: steps.collect(),
    }
}

/// A part of the input that was not read.
pub(crate) struct UnreadPart {
    /// The file, and the line or 0; `None` for objects of a cluster.
    pub(crate) place: Option<(String, u32)>,
    /// A description, with the reason.
    pub(crate) text: String,
}

/// The part of a report besides the findings.
pub(crate) struct Coverage {
    /// The parts of the input that were not read, in order.
    pub(crate) gaps: Vec<UnreadPart>,
    /// The size of the input.
    pub(crate) scope: Scope,
    /// With a baseline, the number of findings in it.
    pub(crate) known: Option<usize>,
}

/// The size of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The number of objects.
    pub(crate) objects: usize,
    /// The number of files with objects.
    pub(crate) files: usize,
    /// The number of files without objects.
    pub(crate) empty: usize,
    /// Files and directories that were excluded.
    pub(crate) excluded: usize,
}

impl UnreadPart {
    /// Describes gaps.
    pub(crate) fn of(gaps: &[Gap]) -> Vec<Self> {
        gaps.iter()
            .map(|gap| Self {
                place: match &gap.origin {
                    Origin::File { path, line } => Some((path.to_string(), *line)),
                    Origin::Cluster | Origin::Default => None,
                },
                text: gap.to_string(),
            })
            .collect()
    }
}

impl Scope {
    /// Counts files and objects.
    pub(crate) fn of(files: &[FileRead]) -> Self {
        let files_with = files.iter().filter(|file| file.objects > 0);
        Self {
            objects: files.iter().map(|file| file.objects).sum(),
            files: files_with.clone().count(),
            empty: files.len() - files_with.count(),
            excluded: 0,
        }
    }
}

impl fmt::Display for Scope {
    /// Writes `41 objects in 9 files; 3 files hold none; 1 path excluded`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: usize, noun: &str| {
            format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
        };
        write!(formatter, "{} in {}", of(self.objects, "object"), of(self.files, "file"))?;
        match self.empty {
            0 => {}
            1 => write!(formatter, "; 1 file contains none")?,
            empty => write!(formatter, "; {empty} files contain none")?,
        }
        match self.excluded {
            0 => Ok(()),
            excluded => write!(formatter, "; {} excluded", of(excluded, "path")),
        }
    }
}

/// Returns the file and line of an object that was read from a file.
pub(crate) fn place(object: &ObjectRef) -> Option<(&str, u32)> {
    match &object.origin {
        Origin::File { path, line } => Some((path, *line)),
        Origin::Cluster | Origin::Default => None,
    }
}
