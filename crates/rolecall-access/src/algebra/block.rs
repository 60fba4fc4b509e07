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
        if self.rest().is_nothing() && self.has_only_points() {
            // No key inherits from another.
            let blocks = self.named().iter().map(|(key, set)| Block::of(Some(key), set.clone()));
            return join(blocks, self.named().len());
        }
        let mut blocks: Vec<Block<'_, K, S>> = vec![Block::of(None, self.rest().clone())];
        for (key, set) in self.named() {
            // The block for `*` is first, followed by one for each key.
            let above = key.inherited(self.named()).map_or(0, |position| position + 1);
            let mut reaching = vec![above];
            reaching.extend(blocks.get(above).into_iter().flat_map(|block| &block.reaches));
            let mut left = set.clone();
            reaching.retain(|position| {
                let Some(block) = blocks.get_mut(*position) else { return false };
                let fits = block.set.is_subset(set);
                if fits {
                    left = left.combine(&block.set, Operation::Difference);
                } else {
                    block.except.push(key);
                }
                fits
            });
            blocks.push(Block { reaches: reaching, ..Block::of(Some(key), left) });
        }
        let all = blocks.len();
        join(blocks.into_iter(), all)
    }
}

/// A pattern, the sets it adds, and the preceding blocks that also match its points.
struct Block<'a, K, S> {
    key: Option<&'a K>,
    reaches: Vec<usize>,
    except: Vec<&'a K>,
    set: S,
}

impl<'a, K, S> Block<'a, K, S> {
    fn of(key: Option<&'a K>, set: S) -> Self {
        Self { key, reaches: Vec::new(), except: Vec::new(), set }
    }
}

/// The number of blocks up to which comparing each with all is as fast.
const FEW: usize = 16;

/// Merges blocks with the same set and drops empty ones, in the order of their first pattern.
fn join<'a, K: Key, S: Set>(
    blocks: impl Iterator<Item = Block<'a, K, S>>,
    all: usize,
) -> Vec<(Patterns<K>, S)> {
    let mut joined: Vec<(Patterns<K>, S)> = Vec::new();
    let mut position_of: HashMap<S, usize, FxBuildHasher> = HashMap::default();
    for block in blocks.filter(|block| !block.set.is_nothing()) {
        let known = match all <= FEW {
            true => joined.iter().position(|(_, set)| *set == block.set),
            false => position_of.get(&block.set).copied(),
        };
        let position = known.unwrap_or(joined.len());
        if known.is_none() {
            if all > FEW {
                position_of.insert(block.set.clone(), position);
            }
            joined
                .push((Patterns { all: false, listed: Vec::new(), except: Vec::new() }, block.set));
        }
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
