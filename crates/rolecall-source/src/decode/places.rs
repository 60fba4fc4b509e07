//! The fields with pod specs and ServiceAccount names, by kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use rustc_hash::FxBuildHasher;

/// The places of one kind.
///
/// A path looks like `spec.templates[].template.spec`. `*` in a part matches any text, so the part
/// `*` matches every field of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Places {
    /// The API group; empty for core.
    pub(super) group: &'static str,
    /// The kind.
    pub(super) kind: &'static str,
    /// The paths of pod specs.
    pub(super) pods: Vec<&'static str>,
    /// The paths of ServiceAccount names.
    pub(super) accounts: Vec<&'static str>,
    /// The ServiceAccount when none is named, if known: empty for `default`; `{name}` is the
    /// object's name.
    pub(super) otherwise: Option<&'static str>,
}

impl Places {
    /// Returns whether the kind is built in, so that each field on the way to a pod spec is known.
    pub(super) fn is_of_kubernetes(&self) -> bool {
        matches!(self.group, "" | "apps" | "batch" | "extensions")
    }
}

/// Returns the places of a kind that is known to create Pods.
pub(super) fn find(group: &str, kind: &str) -> Option<&'static Places> {
    static BY_KIND: LazyLock<HashMap<&str, Vec<Places>, FxBuildHasher>> = LazyLock::new(|| {
        let mut by_kind: HashMap<&str, Vec<Places>, FxBuildHasher> = HashMap::default();
        for places in include_str!("places.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(of_line)
        {
            by_kind.entry(places.kind).or_default().push(places);
        }
        by_kind
    });
    BY_KIND.get(kind)?.iter().find(|places| places.group == group)
}

/// Reads a line of `places.txt`.
fn of_line(line: &'static str) -> Option<Places> {
    let mut words = line.split_ascii_whitespace();
    let (kind, account) = (words.next()?, words.next()?);
    let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
    let paths = words.collect();
    Some(match account {
        "-" => Places { group, kind, pods: paths, accounts: Vec::new(), otherwise: None },
        "default" => Places { group, kind, pods: Vec::new(), accounts: paths, otherwise: Some("") },
        name => Places { group, kind, pods: Vec::new(), accounts: paths, otherwise: Some(name) },
    })
}
