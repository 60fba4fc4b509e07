//! Locates findings in source files.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rolecall_check::{Finding, FindingBody, Step};
use rolecall_rbac::Origin;
use rolecall_yaml::{self as yaml, Field, FieldStep, Region, TextLines};

use crate::invocation;
use crate::load::Session;
use crate::located::{Exactness, FoundIn, LocatedFinding, Precision, place};
use crate::targets::{self, FinishedTarget, RenderedPlace, Traced};

/// The number of files per parallel task, small enough to balance the load.
const FILES_AT_ONCE: usize = 64;

/// The maximum size of files to search for locations; findings in larger ones get the line of their object.
const LARGEST: u64 = 32 << 20;

/// Locates findings. Reads each file with unknown locations again.
pub(crate) fn locate(
    findings: Vec<(Finding, String)>,
    session: &Session,
    exactness: Exactness,
) -> Vec<LocatedFinding> {
    let stdin = session.stdin.as_deref();
    let (Some(traced), Some(text)) = (&session.traced, stdin) else {
        return locate_in_files(findings, stdin, exactness);
    };
    let is_traced = |(finding, _): &(Finding, String)| {
        place(&finding.object).is_some_and(|(file, line)| !traced.at(file, line).is_empty())
    };
    let (rendered, files): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_traced);
    let mut located = locate_in_files(files, stdin, exactness);
    located.extend(locate_sources(rendered, text, traced, None));
    located
}

fn locate_in_files(
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
        let (precision, targets) = (Precision::Exact, Vec::new());
        LocatedFinding { finding, fingerprint, region, precision, targets }
    };
    findings.into_iter().zip(regions).map(reported).collect()
}

/// Locates findings about a rendered target in its source files.
pub(crate) fn locate_rendered(
    findings: Vec<(Finding, String)>,
    target: &FinishedTarget,
) -> Vec<LocatedFinding> {
    locate_sources(findings, &target.output.text, &target.traced, Some(&target.target.name))
}

/// Locates findings about the objects of an output in their source files.
fn locate_sources(
    findings: Vec<(Finding, String)>,
    output: &[u8],
    traced: &Traced,
    target: Option<&str>,
) -> Vec<LocatedFinding> {
    let plain: Vec<&Finding> = findings.iter().map(|(finding, _)| finding).collect();
    let places = targets::regions(&plain, output, traced);
    let located =
        |((mut finding, fingerprint), place): ((Finding, String), Option<RenderedPlace>)| {
            invoke_as_run(&mut finding);
            let found = |name: &str| FoundIn {
                target: name.to_owned(),
                object: finding.object.clone(),
                line: place.map_or(0, |place| place.rendered_line),
            };
            let targets = target.map(found).into_iter().collect();
            let (region, precision) =
                place.map_or((None, Precision::Exact), |place| (place.region, place.precision));
            LocatedFinding { finding, fingerprint, region, precision, targets }
        };
    findings.into_iter().zip(places).map(located).collect()
}

/// Replaces `rolecall` in the commands of a finding by `kubectl rolecall` if it runs as a plugin.
fn invoke_as_run(finding: &mut Finding) {
    let FindingBody { message, fix, related, also, .. } = &mut **finding;
    let notes = related.iter_mut().map(|related| &mut related.note);
    let messages = also.iter_mut().map(|also| &mut also.message);
    [message].into_iter().chain(messages).for_each(invocation::invoke_as_run);
    [fix].into_iter().chain(notes).for_each(invocation::invoke_constant_as_run);
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
