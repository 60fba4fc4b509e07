//! The order in which mutants are tested, and its parts.

use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// One of several parts of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Returns whether a mutant is in this part.
    pub(super) fn has(self, name: &str) -> bool {
        let sum = hash(0, name).iter().map(|byte| usize::from(*byte)).sum::<usize>();
        sum % self.count == self.index
    }

    /// Returns the size of this part of a sample.
    pub(super) fn part_of(self, sample: usize) -> usize {
        sample / self.count + usize::from(self.index < sample % self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count): (usize, usize) = (index.parse().ok()?, count.parse().ok()?);
            (1..=count).contains(&index).then(|| Self { index: index - 1, count })
        };
        parse().ok_or_else(|| "expected a part such as 1/4".to_owned())
    }
}

/// Sorts mutants in an order that depends only on their names and a seed.
pub(super) fn seeded<'n>(names: impl Iterator<Item = &'n str>, seed: u64) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_by_cached_key(|name| hash(seed, name));
    names
}

fn hash(seed: u64, name: &str) -> Vec<u8> {
    digest(&SHA256, format!("{seed} {name}").as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_divide_a_sample() {
        let shard = |text: &str| text.parse::<Shard>();
        let parts: Vec<usize> =
            ["1/3", "2/3", "3/3"].map(|text| shard(text).unwrap().part_of(100)).to_vec();
        assert_eq!(parts, [34, 33, 33]);
        for name in ["a", "b", "c", "d"] {
            let having = ["1/3", "2/3", "3/3"].iter().filter(|text| shard(text).unwrap().has(name));
            assert_eq!(having.count(), 1, "{name}");
        }
        for text in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_seed_fixes_the_order() {
        let names = || ["a", "b", "c", "d", "e"].into_iter();
        assert_eq!(seeded(names(), 1), seeded(names().rev(), 1));
        assert_ne!(seeded(names(), 1), seeded(names(), 2));
    }
}
