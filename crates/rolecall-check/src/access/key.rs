use std::collections::BTreeMap;

use rolecall_rbac::Text;

/// A pattern that rules pick out points of a dimension with, `*` excepted.
///
/// Keys form a tree: a point takes the set of the most exact key that reaches it. In ascending order
/// a key comes after those that it inherits from.
pub(super) trait Key: Ord + Clone {
    /// Returns the set of the next less exact key; `None` when only `*` is left.
    fn inherited<'a, S>(&self, named: &'a BTreeMap<Self, S>) -> Option<&'a S>;
}

/// A namespace, an API group, a verb or an object name: nothing lies between it and `*`.
impl Key for Text {
    fn inherited<'a, S>(&self, _: &'a BTreeMap<Self, S>) -> Option<&'a S> {
        None
    }
}

/// A pattern of the `resources` of rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ResourceKey {
    /// `*/subresource`.
    OfAny(Text),
    /// `resource` (the subresource is empty) or `resource/subresource`.
    Exact {
        /// The resource, which has no slash.
        resource: Text,
        /// The subresource.
        subresource: Text,
    },
}

impl ResourceKey {
    /// Reads a pattern other than `*`; `None` for one that matches no request, such as `pods/`.
    pub(super) fn parse(pattern: &Text) -> Option<Self> {
        match pattern.split_once('/') {
            None => Some(Self::Exact { resource: pattern.clone(), subresource: "".into() }),
            Some((_, "")) => None,
            Some(("*", subresource)) => Some(Self::OfAny(subresource.into())),
            Some((resource, subresource)) => {
                Some(Self::Exact { resource: resource.into(), subresource: subresource.into() })
            }
        }
    }
}

impl Key for ResourceKey {
    fn inherited<'a, S>(&self, named: &'a BTreeMap<Self, S>) -> Option<&'a S> {
        match self {
            Self::Exact { subresource, .. } if !subresource.is_empty() => {
                named.get(&Self::OfAny(subresource.clone()))
            }
            Self::Exact { .. } | Self::OfAny(_) => None,
        }
    }
}

/// A pattern of `nonResourceURLs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum UrlKey {
    /// Every path with a prefix, which is not empty.
    Prefix(Text),
    /// One path.
    Exact(Text),
}

impl UrlKey {
    /// Reads a pattern; `None` is every path.
    pub(super) fn parse(pattern: &Text) -> Option<Self> {
        if !pattern.ends_with('*') {
            return Some(Self::Exact(pattern.clone()));
        }
        match pattern.trim_end_matches('*') {
            "" => None,
            prefix => Some(Self::Prefix(prefix.into())),
        }
    }
}

impl Key for UrlKey {
    fn inherited<'a, S>(&self, named: &'a BTreeMap<Self, S>) -> Option<&'a S> {
        let mut rest = match self {
            Self::Exact(path) => &**path,
            Self::Prefix(prefix) => {
                let mut shorter = prefix.chars();
                shorter.next_back();
                shorter.as_str()
            }
        };
        // The greatest prefix not after `rest` is one of its prefixes, or it says how much of `rest`
        // the next candidate can share.
        loop {
            let (key, set) = named.range(..=Self::Prefix(rest.into())).next_back()?;
            let Self::Prefix(candidate) = key else { return None };
            let shared = shared_prefix(rest, candidate);
            if shared.len() == candidate.len() {
                return Some(set);
            }
            rest = shared;
        }
    }
}

fn shared_prefix<'a>(text: &'a str, other: &str) -> &'a str {
    let differs = text
        .char_indices()
        .zip(other.chars())
        .find(|((_, left), right)| left != right)
        .map_or(text.len().min(other.len()), |((position, _), _)| position);
    text.get(..differs).unwrap_or_default()
}
