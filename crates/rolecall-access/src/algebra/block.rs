use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{Axis, Key, Operation, Set};

/// Patterns for points of an axis; the most specific matching pattern decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patterns<K> {
    /// Whether the included patterns contain `*`.
    pub(super) all: bool,
    /// The other included patterns, sorted.
    pub(super) listed: Vec<K>,
    /// The excluded patterns, sorted.
    pub(super) except: Vec<K>,
}

impl<K: Key, S: Set> Axis<K, S> {
    /// Returns blocks of points that share at least one set each, which together form the function.
    ///
    /// Blocks overlap if that avoids exceptions, like rules: `*` with `get` and `pods` with
    /// `create`, rather than `* except pods` with `get` and `pods` with `create` and `get`.
    pub(super) fn blocks(&self) -> Vec<(Patterns<K>, S)> {
        let mut blocks: Vec<Block<'_, K, S>> = vec![Block {
            key: None,
            reaches: Vec::new(),
            except: Vec::new(),
            set: self.rest().clone(),
        }];
        for (key, set) in self.named() {
            // The block for `*` is first, followed by one for each key.
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

/// A pattern, the sets it adds, and the preceding blocks that also match its points.
struct Block<'a, K, S> {
    key: Option<&'a K>,
    reaches: Vec<usize>,
    except: Vec<&'a K>,
    set: S,
}

/// Merges blocks with the same set and drops empty ones, in the order of their first pattern.
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
