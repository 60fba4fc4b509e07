//! A matrix whose size fits every preset.

use crate::generate::Preset;
use crate::generate::cluster::{RESOURCES, Shape, VERBS, namespace};

/// The placeholder for [`namespaces`] in a command.
pub(super) const NAMESPACES: &str = "{namespaces}";

/// The placeholder for [`resources`] in a command.
pub(super) const RESOURCE_LIST: &str = "{resources}";

/// The number of namespaces of the smallest preset.
const COUNT: usize = 60;

/// Returns the options for the namespaces.
pub(super) fn namespaces() -> impl Iterator<Item = String> {
    (0..COUNT).map(|index| format!("--namespace={}", namespace(index)))
}

/// Returns the resources that every server serves, separated by commas.
pub(super) fn resources() -> String {
    served().collect::<Vec<_>>().join(",")
}

/// Returns the number of cells of the matrix.
pub(super) fn cells(preset: Preset) -> usize {
    let shape = Shape::of(preset);
    let accounts = COUNT * shape.service_accounts / shape.namespaces;
    accounts * COUNT * served().count() * VERBS.len()
}

fn served() -> impl Iterator<Item = String> {
    let groups = RESOURCES.iter().filter(|(group, _)| !group.ends_with(".com"));
    groups.flat_map(|(group, resources)| {
        resources.iter().map(move |resource| {
            if group.is_empty() {
                return (*resource).to_owned();
            }
            match resource.split_once('/') {
                Some((parent, subresource)) => format!("{parent}.{group}/{subresource}"),
                None => format!("{resource}.{group}"),
            }
        })
    })
}
