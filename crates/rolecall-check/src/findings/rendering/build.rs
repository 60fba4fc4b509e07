//! The objects of a kustomization before and after its build.

use std::collections::HashMap;

use rolecall_rbac::{
    Binding, Inventory, Metadata, Origin, Role, ServiceAccount, Subject, Text, Workload,
};
use rustc_hash::FxBuildHasher;

/// A kustomization with its source files and its result.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The objects as they are written in the source files.
    pub sources: &'a [&'a Inventory],
    /// The objects that the build returned. Those from a source have its place as their origin.
    pub result: &'a Inventory,
    /// The kustomizations, inner ones first.
    pub layers: &'a [Layer],
    /// The token Secrets in the result.
    pub token_secrets: &'a [TokenSecret],
    /// The names of the ConfigMaps and Secrets in the result.
    pub data_objects: &'a [String],
}

/// The fields of a kustomization that change objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The path of the file.
    pub file: Text,
    /// The value of `namespace`, with its line.
    pub namespace: Option<(Text, u32)>,
    /// The value of `namePrefix`.
    pub name_prefix: Text,
    /// The value of `nameSuffix`.
    pub name_suffix: Text,
    /// Whether it inflates Helm charts.
    pub inflates_charts: bool,
    /// The selections of its patches.
    pub patches: Vec<PatchTarget>,
}

/// The objects that a patch selects: regular expressions for whole values; empty for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchTarget {
    /// The line.
    pub line: u32,
    /// The kinds.
    pub kind: String,
    /// The names.
    pub name: String,
    /// The namespaces.
    pub namespace: String,
}

/// A Secret that requests a token of a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSecret {
    /// The Secret, without its data.
    pub metadata: Metadata,
    /// The name of the ServiceAccount in its annotation.
    pub account: Text,
}

/// An object with its source.
pub(super) struct Pair<'a, T> {
    pub(super) source: &'a T,
    pub(super) result: &'a T,
}

/// The objects of a build whose sources are known.
pub(super) struct Pairs<'a> {
    pub(super) build: Build<'a>,
    pub(super) roles: Vec<Pair<'a, Role>>,
    pub(super) bindings: Vec<Pair<'a, Binding>>,
    pub(super) accounts: Vec<Pair<'a, ServiceAccount>>,
    pub(super) workloads: Vec<Pair<'a, Workload>>,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(build: Build<'a>) -> Self {
        Self {
            roles: pair(build, |it| it.roles(), |it| (it.kind(), &it.metadata)),
            bindings: pair(build, |it| it.bindings(), |it| (it.kind(), &it.metadata)),
            accounts: pair(build, |it| it.service_accounts(), |it| ("", &it.metadata)),
            workloads: pair(build, |it| it.workloads(), |it| (&it.kind, &it.metadata)),
            build,
        }
    }

    /// Returns whether the build moves objects from a written namespace to another one, which means that the
    /// written one is a placeholder.
    pub(super) fn moves(&self, old: &str, new: &str) -> bool {
        let accounts = self.accounts.iter().map(|it| (&it.source.metadata, &it.result.metadata));
        let roles = self.roles.iter().map(|it| (&it.source.metadata, &it.result.metadata));
        let workloads = self.workloads.iter().map(|it| (&it.source.metadata, &it.result.metadata));
        accounts
            .chain(roles)
            .chain(workloads)
            .any(|(source, result)| written_namespace(source) == old && *result.namespace == *new)
    }

    /// Returns the outermost `namespace`, with its place.
    pub(super) fn namespace(&self) -> Option<(&'a Layer, &'a (Text, u32))> {
        let mut layers = self.build.layers.iter().rev();
        layers.find_map(|layer| Some((layer, layer.namespace.as_ref()?)))
    }

    /// Returns the setting that gave an object its namespace, such as ``` `namespace: shop`
    /// (overlays/prod/kustomization.yaml:3)```.
    pub(super) fn namespace_setting(&self, namespace: &str) -> String {
        let named = self.build.layers.iter().rev().find_map(|layer| {
            let (value, line) = layer.namespace.as_ref()?;
            (**value == *namespace).then(|| format!(" ({}:{line})", layer.file))
        });
        format!("`namespace: {namespace}`{}", named.unwrap_or_default())
    }
}

/// Returns the namespace in the file; empty if there is none.
pub(super) fn written_namespace(metadata: &Metadata) -> &str {
    if metadata.namespace_assumed { "" } else { &metadata.namespace }
}

/// Pairs the subjects of a binding before and after a build, by index.
pub(super) fn pair_subjects(source: &Binding, result: &Binding) -> Vec<(usize, usize)> {
    let (before, after) = (&source.subjects, &result.subjects);
    let becomes = |one: &Subject, other: &Subject| {
        one.kind == other.kind && !one.name.is_empty() && other.name.contains(&*one.name)
    };
    let in_order = before.len() == after.len()
        && before.iter().zip(after).all(|(one, other)| becomes(one, other));
    if in_order {
        return (0..before.len()).map(|index| (index, index)).collect();
    }
    let mut free: Vec<usize> = (0..after.len()).collect();
    let mut pairs = Vec::new();
    for (index, one) in before.iter().enumerate() {
        let rank = |other: &Subject| {
            (other.name == one.name, other.namespace == one.namespace, other.name.len())
        };
        let candidates = free.iter().copied().filter_map(|at| Some((at, after.get(at)?)));
        let best = candidates.filter(|(_, other)| becomes(one, other)).max_by_key(|(at, other)| {
            let (is_same_name, is_same_namespace, length) = rank(other);
            (is_same_name, is_same_namespace, std::cmp::Reverse((length, *at)))
        });
        if let Some((at, _)) = best {
            free.retain(|it| *it != at);
            pairs.push((index, at));
        }
    }
    pairs
}

/// Pairs objects by their place in a source file. A build can use one source several times.
fn pair<'a, T>(
    build: Build<'a>,
    objects: impl Fn(&'a Inventory) -> &'a [T],
    identity: impl Fn(&T) -> (&str, &Metadata),
) -> Vec<Pair<'a, T>> {
    let mut by_place: HashMap<(&str, u32), &'a T, FxBuildHasher> = HashMap::default();
    for source in build.sources.iter().flat_map(|inventory| objects(inventory)) {
        if let Origin::File { path, line } = origin(source, &identity) {
            by_place.insert((path, *line), source);
        }
    }
    let pairs = objects(build.result).iter().filter_map(|result| {
        let Origin::File { path, line } = origin(result, &identity) else { return None };
        let source = *by_place.get(&(&**path, *line))?;
        let ((kind, before), (other, after)) = (identity(source), identity(result));
        // Prefixes and suffixes are all that a build adds to a name without a patch.
        (kind == other && after.name.contains(&*before.name)).then_some(Pair { source, result })
    });
    pairs.collect()
}

/// Returns the origin of an object for as long as the object lives.
fn origin<'a, T>(object: &'a T, identity: &impl Fn(&T) -> (&str, &Metadata)) -> &'a Origin {
    &identity(object).1.origin
}
