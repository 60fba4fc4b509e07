use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{Axis, Key, Operation, Set};

/// Points of an axis as patterns; of those that reach a point, the most exact decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patterns<K> {
    /// Whether `*` is among those that are in.
    pub(super) all: bool,
    /// The others that are in, sorted.
    pub(super) listed: Vec<K>,
    /// Those that are out again, sorted.
    pub(super) except: Vec<K>,
}

impl<K: Key, S: Set> Axis<K, S> {
    /// Returns blocks of points that have at least one set each, which together make the function.
    ///
    /// Blocks overlap where that saves exceptions, as rules do: `*` with `get` and `pods` with
    /// `create`, rather than `* except pods` with `get` and `pods` with `create` and `get`.
    pub(super) fn blocks(&self) -> Vec<(Patterns<K>, S)> {
        let mut blocks: Vec<Block<'_, K, S>> = vec![Block {
            key: None,
            reaches: Vec::new(),
            except: Vec::new(),
            set: self.rest().clone(),
        }];
        for (key, set) in self.named() {
            // The block of `*` comes first, then one for each key.
            let above = key.inherited(self.named()).map_or(0, |position| position + 1);
            let mut reaching = vec![above];
            reaching.extend(blocks.get(above).into_iter().flat_map(|block| &block.reaches));
            let mut left = set.clone();
            reaching.retain(|position| {
                let Some(block) = blocks.get_mut(*position) else { return false };
                let fits = block.set.combine(set, Operation::Difference).is_nothing();
                if fits {
                    left = left.combine(&block.set, Operation::Difference);
                } else {
                    block.except.push(key);
                }
                fits
            });
            blocks.push(Block { key: Some(key), reaches: reaching, except: Vec::new(), set: left });
        }
        join(blocks)
    }
}

/// A pattern, the sets it adds, and which blocks above reach its points as well.
struct Block<'a, K, S> {
    key: Option<&'a K>,
    reaches: Vec<usize>,
    except: Vec<&'a K>,
    set: S,
}

/// Joins the blocks that have the same set and drops those that add nothing, in the order of their
/// first pattern.
fn join<K: Key, S: Set>(blocks: Vec<Block<'_, K, S>>) -> Vec<(Patterns<K>, S)> {
    let mut joined: Vec<(Patterns<K>, S)> = Vec::new();
    let mut position_of: HashMap<S, usize, FxBuildHasher> = HashMap::default();
    for block in blocks.into_iter().filter(|block| !block.set.is_nothing()) {
        let position = *position_of.entry(block.set.clone()).or_insert_with(|| {
            let none = Patterns { all: false, listed: Vec::new(), except: Vec::new() };
            joined.push((none, block.set));
            joined.len() - 1
        });
        let Some((patterns, _)) = joined.get_mut(position) else { continue };
        match block.key {
            None => patterns.all = true,
            Some(key) => patterns.listed.push(key.clone()),
        }
        patterns.except.extend(block.except.into_iter().cloned());
    }
    for (patterns, _) in &mut joined {
        patterns.except.sort();
    }
    joined
}
