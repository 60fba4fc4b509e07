use std::cell::OnceCell;
use std::sync::LazyLock;

use rolecall_rbac::{Binding, PolicyRule, Text};

use super::{AccessTerm, Axis, Extent, ExtentPatterns, ResourceKey, Set, UrlKey};

/// A term prepared for comparison with many rules and terms.
///
/// Terms and rules are products of their parts, so they share a request if each of their parts
/// shares a point, and one contains the other if each of its parts does.
#[derive(Clone, Debug)]
pub(crate) struct Product<'t> {
    verbs: Points<'t>,
    target: Target<'t>,
}

#[derive(Clone, Debug)]
enum Target<'t> {
    Everything,
    Resources {
        namespaces: Points<'t>,
        groups: Points<'t>,
        resources: Patterns<'t>,
        names: Points<'t>,
    },
    Urls(Axis<UrlKey, bool>),
}

impl<'t> Product<'t> {
    /// Prepares a term.
    pub(crate) fn new(term: &'t AccessTerm) -> Self {
        match term {
            AccessTerm::Everything => {
                Self { verbs: Points(&EVERYTHING), target: Target::Everything }
            }
            AccessTerm::Resources(term) => Self {
                verbs: Points(&term.verbs),
                target: Target::Resources {
                    namespaces: Points(&term.namespaces),
                    groups: Points(&term.groups),
                    resources: Patterns::new(&term.resources),
                    names: Points(&term.names),
                },
            },
            AccessTerm::Urls(term) => Self {
                verbs: Points(&term.verbs),
                target: Target::Urls(term.urls.to_axis(&true, UrlKey::parse)),
            },
        }
    }

    /// Returns whether every request of another term is in this one; the other must not be empty.
    pub(super) fn contains(&self, other: &Self) -> bool {
        match (&self.target, &other.target) {
            (Target::Everything, _) => true,
            (
                Target::Resources { namespaces, groups, resources, names },
                Target::Resources {
                    namespaces: other_namespaces,
                    groups: other_groups,
                    resources: other_resources,
                    names: other_names,
                },
            ) => {
                // Resources differ most.
                other_resources.is_subset(resources)
                    && other.verbs.is_subset(self.verbs)
                    && other_groups.is_subset(*groups)
                    && other_names.is_subset(*names)
                    && other_namespaces.is_subset(*namespaces)
            }
            (Target::Urls(urls), Target::Urls(other_urls)) => {
                other.verbs.is_subset(self.verbs) && other_urls.is_subset(urls)
            }
            (Target::Resources { .. } | Target::Urls(_), _) => false,
        }
    }

    /// Returns whether a binding applies to any request of the term.
    pub(crate) fn counts(&self, binding: &Binding) -> bool {
        binding.is_cluster_role_binding()
            || match &self.target {
                Target::Everything => true,
                Target::Resources { namespaces, .. } => {
                    namespaces.contains(&binding.metadata.namespace)
                }
                Target::Urls(_) => false,
            }
    }

    /// Returns whether a rule allows any request of the term, regardless of its bindings.
    pub(crate) fn allows(&self, rule: &PolicyRule) -> bool {
        match &self.target {
            Target::Everything => true,
            Target::Resources { groups, resources, names, .. } => {
                let named = &rule.resource_names;
                // Resources differ most.
                rule.resources.iter().any(|pattern| resources.meets(pattern))
                    && self.verbs.meet(&rule.verbs)
                    && groups.meet(&rule.api_groups)
                    // `*` is a literal name here.
                    && (named.is_empty() || named.iter().any(|name| names.contains(name)))
            }
            Target::Urls(urls) => {
                let mut patterns = rule.non_resource_urls.iter();
                patterns.any(|url| urls.meets(UrlKey::parse(url).as_ref()))
                    && self.verbs.meet(&rule.verbs)
            }
        }
    }
}

static EVERYTHING: LazyLock<Extent> = LazyLock::new(Extent::everything);

/// The points of an extent in a dimension without patterns other than `*`.
#[derive(Clone, Copy, Debug)]
struct Points<'t>(&'t Extent);

impl Points<'_> {
    fn contains(self, point: &Text) -> bool {
        let ExtentPatterns { all, listed, except } = &**self.0;
        !has(except, point) && (*all || has(listed, point))
    }

    fn is_nothing(self) -> bool {
        let ExtentPatterns { all, listed, except } = &**self.0;
        !all && listed.iter().all(|point| has(except, point))
    }

    fn is_subset(self, other: Self) -> bool {
        let ExtentPatterns { all, listed, except } = &**self.0;
        if *all {
            return other.0.all && other.0.except.iter().all(|point| !self.contains(point));
        }
        listed.iter().all(|point| has(except, point) || other.contains(point))
    }

    /// Returns whether a field of a rule, in which `*` is every point, shares a point.
    fn meet(self, field: &[Text]) -> bool {
        field.iter().any(|text| match &**text {
            "*" => !self.is_nothing(),
            _ => self.contains(text),
        })
    }
}

/// Returns whether a sorted list contains a text.
fn has(sorted: &[Text], text: &Text) -> bool {
    match sorted {
        [] => false,
        [only] => only == text,
        several => several.binary_search(text).is_ok(),
    }
}

/// The resources of a term.
#[derive(Clone, Debug)]
struct Patterns<'t> {
    extent: &'t Extent,
    /// Whether each pattern is a resource, with or without its subresource.
    are_points: bool,
    axis: OnceCell<Axis<ResourceKey, bool>>,
}

/// The number of resources up to which a list is searched in order: resources are sorted with their
/// subresources, and not as texts.
const SHORT: usize = 16;

impl<'t> Patterns<'t> {
    fn new(extent: &'t Extent) -> Self {
        let ExtentPatterns { listed, except, .. } = &**extent;
        let is_point = |text: &Text| !text.starts_with("*/");
        let are_points = listed.len() + except.len() <= SHORT
            && listed.iter().all(is_point)
            && except.iter().all(is_point);
        Self { extent, are_points, axis: OnceCell::new() }
    }

    fn axis(&self) -> &Axis<ResourceKey, bool> {
        self.axis.get_or_init(|| self.extent.to_axis(&true, ResourceKey::parse))
    }

    fn contains_point(&self, point: &Text) -> bool {
        let ExtentPatterns { all, listed, except } = &**self.extent;
        !except.contains(point) && (*all || listed.contains(point))
    }

    fn is_subset(&self, other: &Self) -> bool {
        if !self.are_points || !other.are_points {
            return self.axis().is_subset(other.axis());
        }
        let ExtentPatterns { all, listed, except } = &**self.extent;
        if *all {
            let mut excepted = other.extent.except.iter();
            return other.extent.all && excepted.all(|point| !self.contains_point(point));
        }
        listed.iter().all(|point| except.contains(point) || other.contains_point(point))
    }

    /// Returns whether a pattern of a rule shares a point.
    fn meets(&self, pattern: &Text) -> bool {
        let is_point = &**pattern != "*" && !pattern.starts_with("*/") && !pattern.ends_with('/');
        if self.are_points && is_point {
            return self.contains_point(pattern);
        }
        if &**pattern == "*" {
            return self.axis().meets(None);
        }
        ResourceKey::parse(pattern).is_some_and(|key| self.axis().meets(Some(&key)))
    }
}
