use rolecall_rbac::{Binding, PolicyRule, Text};

use super::term::exact;
use super::{AccessTerm, Axis, Key, ResourceKey, Set, UrlKey};

/// A term prepared for comparison with many rules and terms.
///
/// Terms and rules are products of their parts, so they share a request if each of their parts
/// shares a point, and one contains the other if each of its parts does.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    verbs: Axis<Text, bool>,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    Everything,
    Resources {
        namespaces: Axis<Text, bool>,
        groups: Axis<Text, bool>,
        resources: Axis<ResourceKey, bool>,
        names: Axis<Text, bool>,
    },
    Urls(Axis<UrlKey, bool>),
}

impl Product {
    /// Prepares a term.
    pub(crate) fn new(term: &AccessTerm) -> Self {
        match term {
            AccessTerm::Everything => {
                Self { verbs: Axis::constant(true), target: Target::Everything }
            }
            AccessTerm::Resources(term) => Self {
                verbs: term.verbs.to_axis(&true, exact),
                target: Target::Resources {
                    namespaces: term.namespaces.to_axis(&true, exact),
                    groups: term.groups.to_axis(&true, exact),
                    resources: term.resources.to_axis(&true, ResourceKey::parse),
                    names: term.names.to_axis(&true, exact),
                },
            },
            AccessTerm::Urls(term) => Self {
                verbs: term.verbs.to_axis(&true, exact),
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
                other.verbs.is_subset(&self.verbs)
                    && other_resources.is_subset(resources)
                    && other_groups.is_subset(groups)
                    && other_names.is_subset(names)
                    && other_namespaces.is_subset(namespaces)
            }
            (Target::Urls(urls), Target::Urls(other_urls)) => {
                other.verbs.is_subset(&self.verbs) && other_urls.is_subset(urls)
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
                    *namespaces.get(&binding.metadata.namespace)
                }
                Target::Urls(_) => false,
            }
    }

    /// Returns whether a rule allows any request of the term, regardless of its bindings.
    pub(crate) fn allows(&self, rule: &PolicyRule) -> bool {
        some(&rule.verbs, &self.verbs, any)
            && match &self.target {
                Target::Everything => true,
                Target::Resources { groups, resources, names, .. } => {
                    let named = &rule.resource_names;
                    some(&rule.api_groups, groups, any)
                        && some(&rule.resources, resources, resource)
                        // `*` is a literal name here.
                        && (named.is_empty() || some(named, names, |name| Pattern::Key(name.clone())))
                }
                Target::Urls(urls) => some(&rule.non_resource_urls, urls, url),
            }
    }
}

/// The pattern that one string of a rule's field represents.
enum Pattern<K> {
    All,
    Key(K),
    Nothing,
}

fn some<K: Key>(
    field: &[Text],
    axis: &Axis<K, bool>,
    pattern: impl Fn(&Text) -> Pattern<K>,
) -> bool {
    field.iter().any(|text| match pattern(text) {
        Pattern::All => axis.meets(None),
        Pattern::Key(key) => axis.meets(Some(&key)),
        Pattern::Nothing => false,
    })
}

fn any(text: &Text) -> Pattern<Text> {
    if &**text == "*" { Pattern::All } else { Pattern::Key(text.clone()) }
}

fn resource(text: &Text) -> Pattern<ResourceKey> {
    if &**text == "*" {
        return Pattern::All;
    }
    ResourceKey::parse(text).map_or(Pattern::Nothing, Pattern::Key)
}

fn url(text: &Text) -> Pattern<UrlKey> {
    UrlKey::parse(text).map_or(Pattern::All, Pattern::Key)
}
