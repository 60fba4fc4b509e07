//! The extent of a matrix that fits every preset.

use xtask::generate::Preset;
use xtask::generate::cluster::{RESOURCES, Shape, VERBS, namespace};

/// What stands for [`namespaces`] in a command.
pub(super) const NAMESPACES: &str = "{namespaces}";

/// What stands for [`resources`] in a command.
pub(super) const RESOURCE_LIST: &str = "{resources}";

/// As many as the smallest preset has.
const COUNT: usize = 60;

/// Returns the options that name the namespaces.
pub(super) fn namespaces() -> impl Iterator<Item = String> {
    (0..COUNT).map(|index| format!("--namespace={}", namespace(index)))
}

/// Returns the resources that every server serves, separated by commas.
pub(super) fn resources() -> String {
    served().collect::<Vec<_>>().join(",")
}

/// Returns how many cells the matrix has.
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
