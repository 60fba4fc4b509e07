//! Problems about objects that several files define.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Origin, Replaced};

use crate::{Problem, ProblemKind};

/// The replaced definitions of the objects of a file.
#[derive(Default)]
struct OfFile<'r> {
    first: Option<(&'r Replaced, String)>,
    objects: BTreeSet<(&'r str, &'r str, &'r str)>,
    places: usize,
}

/// Returns one problem for each file with objects that were defined before: such a file is usually a variant
/// of others, and all its objects have the same cause.
pub(super) fn problems(replaced: &[Replaced]) -> Vec<Problem> {
    let mut files: BTreeMap<&str, OfFile<'_>> = BTreeMap::new();
    for one in replaced {
        let Origin::File { path, .. } = &one.later else { continue };
        let Some(earlier) = one.earlier.position() else { continue };
        let of_file = files.entry(path).or_default();
        of_file.objects.insert((&one.kind, &one.namespace, &one.name));
        of_file.places += 1;
        of_file.first.get_or_insert((one, earlier));
    }
    files.into_values().filter_map(|of_file| of_file.problem()).collect()
}

impl OfFile<'_> {
    fn problem(self) -> Option<Problem> {
        let (first, earlier) = self.first?;
        let Origin::File { path, line } = &first.later else { return None };
        let object = match &*first.namespace {
            "" => format!("{} `{}`", first.kind, first.name),
            namespace => format!("{} `{namespace}/{}`", first.kind, first.name),
        };
        let places = match self.places - 1 {
            0 => earlier,
            1 => format!("{earlier} and in 1 other place"),
            others => format!("{earlier} and in {others} other places"),
        };
        let message = match self.objects.len() - 1 {
            0 => format!("{object} is already defined at {places}; the last one wins"),
            others => {
                let plural = if others == 1 { "" } else { "s" };
                format!(
                    "{object} and {others} other object{plural} are already defined, at {places}; the last ones win"
                )
            }
        };
        Some(Problem {
            file: path.to_string(),
            line: *line,
            column: 0,
            kind: ProblemKind::DuplicateObject,
            message,
        })
    }
}
