use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use rolecall_rbac::Text;
use rustc_hash::FxHasher;

use super::block::Patterns;
use super::{Axis, Key, Set};

/// The part of one dimension in a term; the most specific matching pattern decides.
///
/// Immutable, and cheap to clone, compare and hash: terms mostly have the same few lists.
#[derive(Clone, Debug)]
pub struct Extent {
    /// `None` for everything without exceptions, which most names are.
    shared: Option<Arc<Digested>>,
}

/// The patterns of an [`Extent`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExtentPatterns {
    /// Whether everything is included, except `except`.
    pub all: bool,
    /// The included patterns, sorted.
    pub listed: Vec<Text>,
    /// The excluded patterns, sorted.
    pub except: Vec<Text>,
}

#[derive(Debug)]
struct Digested {
    digest: u64,
    patterns: ExtentPatterns,
}

static EVERYTHING: ExtentPatterns =
    ExtentPatterns { all: true, listed: Vec::new(), except: Vec::new() };

/// The digest of everything.
const OF_EVERYTHING: u64 = 1;

impl From<ExtentPatterns> for Extent {
    fn from(mut patterns: ExtentPatterns) -> Self {
        if patterns == EVERYTHING {
            return Self { shared: None };
        }
        patterns.listed.shrink_to_fit();
        patterns.except.shrink_to_fit();
        let mut hasher = FxHasher::default();
        hasher.write_u8(u8::from(patterns.all));
        hasher.write_usize(patterns.listed.len());
        for text in patterns.listed.iter().chain(&patterns.except) {
            text.hash(&mut hasher);
        }
        Self { shared: Some(Arc::new(Digested { digest: hasher.finish(), patterns })) }
    }
}

impl Deref for Extent {
    type Target = ExtentPatterns;

    fn deref(&self) -> &ExtentPatterns {
        match &self.shared {
            None => &EVERYTHING,
            Some(shared) => &shared.patterns,
        }
    }
}

impl PartialEq for Extent {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || (self.digest() == other.digest() && **self == **other)
    }
}

impl Eq for Extent {}

impl Hash for Extent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
    }
}

impl PartialOrd for Extent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Extent {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is(other) { Ordering::Equal } else { (**self).cmp(&**other) }
    }
}

impl Extent {
    /// Returns the extent that includes everything.
    pub fn everything() -> Self {
        Self { shared: None }
    }

    /// Returns the extent of a list, sorted and without duplicates.
    pub fn of_list<T: Into<Text>>(listed: impl IntoIterator<Item = T>) -> Self {
        let listed = sorted(listed);
        ExtentPatterns { listed, ..ExtentPatterns::default() }.into()
    }

    /// Returns the extent that includes everything except a list.
    pub fn except<T: Into<Text>>(excluded: impl IntoIterator<Item = T>) -> Self {
        let except = sorted(excluded);
        ExtentPatterns { all: true, listed: Vec::new(), except }.into()
    }

    /// Returns the included patterns, where one stands for everything.
    pub fn patterns(&self, everything: &str) -> Vec<Text> {
        if self.all { vec![everything.into()] } else { self.listed.clone() }
    }

    /// Returns whether everything is included without exceptions.
    pub fn is_everything(&self) -> bool {
        self.all && self.except.is_empty()
    }

    /// Returns whether two extents are the same value without comparing patterns; `false` is
    /// inconclusive.
    fn is(&self, other: &Self) -> bool {
        match (&self.shared, &other.shared) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn digest(&self) -> u64 {
        self.shared.as_ref().map_or(OF_EVERYTHING, |shared| shared.digest)
    }

    pub(super) fn of<K: Key>(patterns: &Patterns<K>) -> Self {
        let written = |keys: &[K]| keys.iter().map(Key::written).collect();
        let (listed, except) = (written(&patterns.listed), written(&patterns.except));
        ExtentPatterns { all: patterns.all, listed, except }.into()
    }

    pub(super) fn to_axis<K: Key, S: Set>(
        &self,
        set: &S,
        key: impl Fn(&Text) -> Option<K>,
    ) -> Axis<K, S> {
        let listed = self.listed.iter().filter_map(|text| Some((key(text)?, set.clone())));
        let except = self.except.iter().filter_map(|text| Some((key(text)?, S::nothing())));
        let keys: BTreeMap<K, S> = listed.chain(except).collect();
        Axis::build(if self.all { set.clone() } else { S::nothing() }, keys)
    }
}

fn sorted<T: Into<Text>>(texts: impl IntoIterator<Item = T>) -> Vec<Text> {
    let mut texts: Vec<Text> = texts.into_iter().map(Into::into).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

impl fmt::Display for Extent {
    /// Writes `get, list` or `* except get`; writes an empty text as `""`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Text::from("*");
        let included = self.all.then_some(&all).into_iter().chain(self.listed.iter());
        write_list(formatter, included)?;
        if !self.except.is_empty() {
            formatter.write_str(" except ")?;
            write_list(formatter, &*self.except)?;
        }
        Ok(())
    }
}

fn write_list<'a>(
    formatter: &mut fmt::Formatter<'_>,
    texts: impl IntoIterator<Item = &'a Text>,
) -> fmt::Result {
    for (position, text) in texts.into_iter().enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        let text = if text.is_empty() { "\"\"" } else { text };
        write!(formatter, "{separator}{text}")?;
    }
    Ok(())
}
