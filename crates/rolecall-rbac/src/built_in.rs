//! The API groups of Kubernetes itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The API groups of Kubernetes itself, in any version, and the resources of each that only some
/// versions serve; only Kubernetes adds resources to these groups.
static BUILT_IN_GROUPS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let lines = include_str!("built_in_groups.txt").lines().filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| {
        let (group, resources) = line.split_once(':')?;
        let group = if group == "core" { "" } else { group };
        Some((group, resources.split_whitespace().collect()))
    });
    entries.collect()
});

/// Returns whether only Kubernetes serves a group, so that all its resources are known.
pub fn is_built_in(group: &str) -> bool {
    BUILT_IN_GROUPS.contains_key(group)
}

/// Returns the built-in groups.
pub fn built_in_groups() -> impl Iterator<Item = &'static str> {
    BUILT_IN_GROUPS.keys().copied()
}

/// Returns the resources of a built-in group that some version, but perhaps not this one, serves.
pub fn not_always_served(group: &str) -> &'static [&'static str] {
    BUILT_IN_GROUPS.get(group).map_or(&[], Vec::as_slice)
}

/// Returns whether some version, but perhaps not this one, serves a resource of a built-in group.
pub fn is_not_always_served(group: &str, resource: &str) -> bool {
    not_always_served(group).contains(&resource)
}
