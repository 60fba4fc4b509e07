//! Results of earlier calculations with the same sets, for each thread.
//!
//! Most roles consist of a few lists of verbs and resources, so the sets of different subjects have
//! equal parts, for which everything is calculated once.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

/// The number of results of one kind that are kept.
const MOST: usize = 1 << 9;

/// The results of one kind, by their operands.
type Results<Q, R> = HashMap<Q, R, FxBuildHasher>;

thread_local! {
    /// The results by the type of their table.
    static KNOWN: RefCell<HashMap<TypeId, Box<dyn Any>, FxBuildHasher>> = RefCell::default();
}

/// Returns the result for a question: an earlier one, or else a new one.
pub(super) fn remembered<Q, R>(question: Q, calculate: impl FnOnce(&Q) -> R) -> R
where
    Q: Eq + Hash + 'static,
    R: Clone + 'static,
{
    let known = with_results(|results: &mut Results<Q, R>| results.get(&question).cloned());
    if let Some(known) = known {
        return known;
    }
    let result = calculate(&question);
    with_results(|results| {
        if results.len() >= MOST {
            results.clear();
        }
        results.insert(question, result.clone());
    });
    result
}

fn with_results<Q: 'static, R: 'static, T: Default>(
    work: impl FnOnce(&mut Results<Q, R>) -> T,
) -> T {
    KNOWN.with_borrow_mut(|known| {
        let results = known
            .entry(TypeId::of::<Results<Q, R>>())
            .or_insert_with(|| Box::new(Results::<Q, R>::default()));
        results.downcast_mut().map(work).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_calculated_once() {
        let mut calculated = 0;
        for _ in 0..3 {
            let length = remembered("four".to_owned(), |text| {
                calculated += 1;
                text.len()
            });
            assert_eq!(length, 4);
        }
        assert_eq!(calculated, 1);
        // Another kind of result for the same question.
        assert!(remembered("four".to_owned(), |text| text.is_ascii()));
    }
}
