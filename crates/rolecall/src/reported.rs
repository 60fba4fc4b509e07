//! Findings on their way out: with their fingerprints, and with where exactly they are.

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

use crate::cli;

/// A finding, and what is known of it besides.
pub(crate) struct Reported {
    /// The finding.
    pub(crate) finding: Finding,
    /// What stays the same while it is about the same thing.
    pub(crate) fingerprint: String,
    /// Where its field stands; `None` where that cannot be told, as for objects of a cluster.
    pub(crate) region: Option<Region>,
}

/// How many files are read in one piece, so that no core waits long for another.
const FILES_AT_ONCE: usize = 64;

/// Larger files are not read again for places: their objects' first lines have to do.
const LARGEST: u64 = 32 << 20;

impl Reported {
    /// Returns the file and the line of the finding's field, or of its object.
    pub(crate) fn place(&self) -> Option<(&str, u32)> {
        let (file, line) = place(&self.finding.object)?;
        let line = if self.finding.line > 0 { self.finding.line } else { line };
        Some((file, self.region.map_or(line, |region| region.start.line)))
    }
}

/// Writes the commands in a finding as this program is run: `kubectl rolecall` for the plugin.
fn invoke_as_run(finding: &mut Finding) {
    let Finding { message, fix, related, also, .. } = finding;
    let notes = related.iter_mut().map(|related| &mut related.note);
    let messages = also.iter_mut().map(|also| &mut also.message);
    [message, fix].into_iter().chain(notes).chain(messages).for_each(cli::invoke_as_run);
}

/// How exactly it has to be known where findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// On which lines.
    Lines,
    /// From where to where.
    Regions,
}

/// Finds out where findings are, each file in which that is not known read once more, and sorts them
/// by that.
pub(crate) fn locate(
    findings: Vec<(Finding, String)>,
    stdin: Option<&[u8]>,
    exactness: Exactness,
) -> Vec<Reported> {
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
        Reported { finding, fingerprint, region }
    };
    let mut reported: Vec<Reported> = findings.into_iter().zip(regions).map(reported).collect();
    // Within an object, fields stand in any order.
    reported.sort_by(|left, right| left.place().cmp(&right.place()));
    reported
}

/// Reads a file; `None` when that is not to be done, or no longer possible.
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

/// What was not read, as reports show it.
pub(crate) struct UnreadPart {
    /// The file, and the line or 0; `None` for what a server did not show.
    pub(crate) place: Option<(String, u32)>,
    /// What it is and why it was not read.
    pub(crate) text: String,
}

/// What a report says besides its findings.
pub(crate) struct Coverage {
    /// What was not read, in order.
    pub(crate) gaps: Vec<UnreadPart>,
    /// How many objects were checked, in how many files, of which how many hold none.
    pub(crate) scope: Scope,
    /// With a baseline, how many findings are in it.
    pub(crate) known: Option<usize>,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Objects.
    pub(crate) objects: usize,
    /// Files that hold some.
    pub(crate) files: usize,
    /// Files that hold none.
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
    /// Counts what files hold.
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
            1 => write!(formatter, "; 1 file holds none")?,
            empty => write!(formatter, "; {empty} files hold none")?,
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
