//! Findings with source locations and fingerprints.

use std::fmt;

use rolecall_check::{Finding, ObjectRef, Severity};
use rolecall_rbac::{Gap, Origin};
use rolecall_source::manifests::FileRead;
use rolecall_yaml::Region;

/// A finding with its location and fingerprint.
pub(crate) struct LocatedFinding {
    /// The finding.
    pub(crate) finding: Finding,
    /// An identifier that is stable across edits of the file.
    pub(crate) fingerprint: String,
    /// The location of its field; `None` if unknown, as for objects in a cluster.
    pub(crate) region: Option<Region>,
    /// The kind of the location.
    pub(crate) precision: Precision,
    /// The targets in which it is found; empty for plain files.
    pub(crate) targets: Vec<FoundIn>,
}

/// A rendered object with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundIn {
    /// The name of the target.
    pub(crate) target: String,
    /// The object in the output of the tool.
    pub(crate) object: ObjectRef,
    /// The line of the field in the output of the tool.
    pub(crate) line: u32,
}

/// The kind of the location of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    /// The field.
    #[default]
    Exact,
    /// The first line of the object: the field is not at the same place in its source.
    Object,
    /// The file that the object comes from, or the field that generates it.
    File,
}

impl Precision {
    /// Returns the word for documented output.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Object => "object",
            Self::File => "file",
        }
    }

    /// Returns what to add to a location in text.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Object => " (object)",
            Self::File => " (file)",
        }
    }
}

impl LocatedFinding {
    /// Returns the file and the line of the finding's field, or of its object.
    pub(crate) fn place(&self) -> Option<(&str, u32)> {
        let (file, line) = place(&self.finding.object)?;
        let line = if self.finding.line > 0 { self.finding.line } else { line };
        Some((file, self.region.map_or(line, |region| region.start.line)))
    }
}

/// The required precision of locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// Lines.
    Lines,
    /// Start and end positions.
    Regions,
}

/// Sorts findings by location: the fields of an object can be in any order.
pub(crate) fn sort(findings: &mut [LocatedFinding]) {
    findings.sort_by(|left, right| left.place().cmp(&right.place()));
}

/// The findings that are shown, and the totals of all.
pub(crate) struct Report<'a> {
    /// The shown findings, in groups.
    pub(crate) groups: Vec<Vec<&'a LocatedFinding>>,
    /// The number of groups that are left out.
    pub(crate) omitted: usize,
    /// All findings.
    pub(crate) all: &'a [LocatedFinding],
    /// The rest of the report.
    pub(crate) coverage: &'a Coverage,
}

impl<'a> Report<'a> {
    /// Returns the shown findings one by one.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'a LocatedFinding> {
        self.groups.iter().flatten().copied()
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
    /// Whether unreadable input fails the command.
    pub(crate) fails: bool,
    /// The size of the input.
    pub(crate) scope: Scope,
    /// With a baseline, the number of findings in it.
    pub(crate) known: Option<usize>,
    /// The severity below which findings are not shown.
    pub(crate) least: Severity,
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
    /// The number of rendered targets.
    pub(crate) targets: usize,
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
            targets: 0,
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
        if self.targets > 0 {
            write!(formatter, ", {}", of(self.targets, "target"))?;
        }
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
