use rolecall_rbac::Text;

use super::term::exact;
use super::{AccessSet, AccessTerm, Axis, Extent, Key, ResourceKey, Set};

impl AccessTerm {
    /// Returns whether every request of the term is in a set.
    pub(super) fn is_within(&self, set: &AccessSet) -> bool {
        let has_patterns = |extent: &Extent| {
            extent.listed.iter().chain(extent.except.iter()).any(|text| text.starts_with("*/"))
        };
        let Self::Resources(term) = self else { return self.to_set().is_subset(set) };
        if has_patterns(&term.resources) {
            return self.to_set().is_subset(set);
        }
        covers(&set.resources, &term.namespaces, exact, &|groups| {
            covers(groups, &term.groups, exact, &|resources| {
                covers(resources, &term.resources, ResourceKey::parse, &|verbs| {
                    covers(verbs, &term.verbs, exact, &|names| {
                        covers(names, &term.names, exact, &|included| *included)
                    })
                })
            })
        })
    }
}

/// Returns whether a condition is true for the sets of all points in an extent without patterns for
/// several points other than `*`.
fn covers<K: Key, S: Set>(
    axis: &Axis<K, S>,
    extent: &Extent,
    key: fn(&Text) -> Option<K>,
    is_met: &dyn Fn(&S) -> bool,
) -> bool {
    let mut except: Vec<K> = extent.except.iter().filter_map(key).collect();
    except.sort_unstable();
    let counts = |key: &K| except.binary_search(key).is_err();
    if !extent.all {
        let mut keys = extent.listed.iter().filter_map(key).filter(counts);
        return keys.all(|key| is_met(axis.get(&key)));
    }
    let mut last = axis.rest();
    is_met(last)
        && axis.named().iter().filter(|(key, _)| counts(key)).all(|(_, set)| {
            // Adjacent keys mostly have the same set.
            std::mem::replace(&mut last, set).is(set) || is_met(set)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{ExtentPatterns, ResourceTerm};
    use super::*;

    fn extent(values: [&'static str; 3]) -> impl Strategy<Value = Extent> {
        let some = || prop::sample::subsequence(values.to_vec(), 0..=2);
        (any::<bool>(), some(), some()).prop_map(|(all, listed, except)| {
            let texts = |texts: Vec<&str>| texts.into_iter().map(Text::from).collect();
            Extent::from(ExtentPatterns { all, listed: texts(listed), except: texts(except) })
        })
    }

    fn term() -> impl Strategy<Value = AccessTerm> {
        let resources = extent(["pods", "pods/log", "*/log"]);
        let texts = || extent(["", "a", "b"]);
        (texts(), texts(), resources, texts(), texts()).prop_map(
            |(namespaces, groups, resources, names, verbs)| {
                AccessTerm::Resources(ResourceTerm { namespaces, groups, resources, names, verbs })
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]
        #[test]
        fn a_term_is_within_a_set_if_its_set_is_a_subset(
            small in term(),
            terms in prop::collection::vec(term(), 1..5),
        ) {
            let set = terms.iter().fold(AccessSet::nothing(), |all, it| all.union(&it.to_set()));
            prop_assert_eq!(small.is_within(&set), small.to_set().is_subset(&set));
        }
    }
}
