//! Access sets compared with the evaluator, request by request.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use rolecall_access::{AccessSet, AccessTerm, EffectiveAccess, RuleSet};
use rolecall_rbac::{Authorizer, Request};
use rolecall_testing::random::{allowed, identities, inventory, rules, universe};

/// Returns the requests of the universe that are in a set.
fn members(set: &AccessSet) -> Vec<Request> {
    universe().filter(|request| set.contains(request)).collect()
}

fn joined(terms: &[AccessTerm]) -> AccessSet {
    terms.iter().fold(AccessSet::nothing(), |joined, term| joined.union(&term.to_set()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn effective_access_equals_the_evaluator(inventory in inventory()) {
        let authorizer = Authorizer::new(inventory);
        let mut effective = EffectiveAccess::new(&authorizer);
        for identity in identities() {
            let access = effective.of(&identity);
            for request in universe() {
                prop_assert_eq!(
                    access.contains(&request),
                    allowed(&authorizer, &identity, &request),
                    "{:?} {:?}",
                    identity,
                    request
                );
            }
        }
    }

    #[test]
    fn set_operations_equal_operations_on_requests(left in rules(), right in rules(), third in rules()) {
        let [left, right, third] =
            [left, right, third].map(|rules| RuleSet::of_rules(&rules));
        let left = left.everywhere().union(&third.within(["blue".into()]));
        let right = right.within(["blue".into(), "red".into()]).union(&third.everywhere());
        let (union, intersection, difference) =
            (left.union(&right), left.intersection(&right), left.difference(&right));
        for request in universe() {
            let (a, b) = (left.contains(&request), right.contains(&request));
            prop_assert_eq!(union.contains(&request), a || b, "{:?}", request);
            prop_assert_eq!(intersection.contains(&request), a && b, "{:?}", request);
            prop_assert_eq!(difference.contains(&request), a && !b, "{:?}", request);
        }
        prop_assert_eq!(difference.is_empty(), members(&difference).is_empty());
        prop_assert_eq!(left.is_subset(&right), difference.is_empty());
        prop_assert!(intersection.is_subset(&left) && left.is_subset(&union));
        prop_assert_eq!(left.is_subset(&right), difference.is_empty());
        prop_assert!(intersection.is_subset(&left) && left.is_subset(&union));
        // Equal sets are equal values, regardless of their construction.
        prop_assert_eq!(&difference.union(&intersection), &left);
        prop_assert_eq!(&union.difference(&right), &difference);
        prop_assert_eq!(&left.difference(&difference), &intersection);
    }

    #[test]
    fn terms_describe_exactly_the_set(left in rules(), right in rules()) {
        let left = RuleSet::of_rules(&left).everywhere();
        let right = RuleSet::of_rules(&right);
        let right_in = right.within(["blue".into(), "red".into()]);
        for set in [
            left.clone(),
            right_in.clone(),
            left.union(&right_in),
            left.difference(&right_in),
            right_in.difference(&left),
            AccessSet::everything().difference(&left),
            left.difference(&right.everywhere()),
        ] {
            let terms = set.terms();
            prop_assert_eq!(joined(&terms), set, "{:#?}", terms);
        }
    }
}
