use std::cmp::Ordering;
use std::hash::Hash;

use rolecall_rbac::Text;

/// A pattern in a rule, other than `*`, for points of a dimension.
///
/// Keys form a tree: a point takes the set of the most specific key that matches it. In ascending
/// order, a key comes after those that it inherits from.
pub(super) trait Key: Ord + Clone + Hash + 'static {
    /// Returns whether the key matches a single point, so that no other key inherits from it.
    fn is_point(&self) -> bool;

    /// Returns the position of the next less specific key in a sorted list; `None` if only `*` is
    /// left.
    fn inherited<S>(&self, named: &[(Self, S)]) -> Option<usize>;

    /// Returns whether this key matches every point that `other` matches.
    fn reaches(&self, other: &Self) -> bool;

    /// Returns the pattern in the syntax of rules.
    fn written(&self) -> Text;
}

/// A namespace, API group, verb or object name, which inherits directly from `*`.
impl Key for Text {
    fn is_point(&self) -> bool {
        true
    }

    fn inherited<S>(&self, _: &[(Self, S)]) -> Option<usize> {
        None
    }

    fn reaches(&self, other: &Self) -> bool {
        self == other
    }

    fn written(&self) -> Text {
        self.clone()
    }
}

/// A pattern in the `resources` of a rule.
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
    /// Parses a pattern other than `*`; `None` for one that matches no request, such as `pods/`.
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
    fn is_point(&self) -> bool {
        matches!(self, Self::Exact { .. })
    }

    fn inherited<S>(&self, named: &[(Self, S)]) -> Option<usize> {
        match self {
            Self::Exact { subresource, .. } if !subresource.is_empty() => {
                let order = |(key, _): &(Self, S)| match key {
                    Self::OfAny(of_any) => of_any.cmp(subresource),
                    Self::Exact { .. } => Ordering::Greater,
                };
                named.binary_search_by(order).ok()
            }
            Self::Exact { .. } | Self::OfAny(_) => None,
        }
    }

    fn reaches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OfAny(of_any), Self::Exact { subresource, .. }) => of_any == subresource,
            _ => self == other,
        }
    }

    fn written(&self) -> Text {
        match self {
            Self::OfAny(subresource) => format!("*/{subresource}").into(),
            Self::Exact { resource, subresource } if subresource.is_empty() => resource.clone(),
            Self::Exact { resource, subresource } => format!("{resource}/{subresource}").into(),
        }
    }
}

/// A pattern in `nonResourceURLs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum UrlKey {
    /// Every path with a non-empty prefix.
    Prefix(Text),
    /// One path.
    Exact(Text),
}

impl UrlKey {
    /// Parses a pattern; `None` means every path.
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
    fn is_point(&self) -> bool {
        matches!(self, Self::Exact(_))
    }

    fn inherited<S>(&self, named: &[(Self, S)]) -> Option<usize> {
        let mut rest = match self {
            Self::Exact(path) => &**path,
            Self::Prefix(prefix) => {
                let mut shorter = prefix.chars();
                shorter.next_back();
                shorter.as_str()
            }
        };
        // The greatest prefix not after `rest` either is a prefix of it, or limits how much of
        // `rest` the next candidate can share.
        loop {
            let not_after = |(key, _): &(Self, S)| match key {
                Self::Prefix(prefix) => **prefix <= *rest,
                Self::Exact(_) => false,
            };
            let position = named.partition_point(not_after).checked_sub(1)?;
            let (Self::Prefix(candidate), _) = named.get(position)? else { return None };
            let shared = shared_prefix(rest, candidate);
            if shared.len() == candidate.len() {
                return Some(position);
            }
            rest = shared;
        }
    }

    fn reaches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(prefix), Self::Prefix(text) | Self::Exact(text)) => {
                text.starts_with(&**prefix)
            }
            (Self::Exact(_), _) => self == other,
        }
    }

    fn written(&self) -> Text {
        match self {
            Self::Prefix(prefix) => format!("{prefix}*").into(),
            Self::Exact(path) => path.clone(),
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
