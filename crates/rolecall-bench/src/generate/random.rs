/// A small seeded generator (SplitMix64), whose output for a seed never changes.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Creates a generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d }
    }

    /// Returns the next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, or zero when `end` is zero.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.bits() % end as u64) as usize }
    }

    /// Returns true once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of the items; the default when there are none.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T
    where
        &'a T: Default,
    {
        items.get(self.below(items.len())).copied().unwrap_or_default()
    }

    /// Returns between `least` and `most` different items in their original order.
    pub fn some<'a>(&mut self, items: &[&'a str], least: usize, most: usize) -> Vec<&'a str> {
        let wanted = least + self.below(most + 1 - least);
        let mut left = items.len();
        let mut missing = wanted.min(left);
        let mut picked = Vec::with_capacity(missing);
        for item in items {
            if self.below(left) < missing {
                picked.push(*item);
                missing -= 1;
            }
            left -= 1;
        }
        picked
    }
}
