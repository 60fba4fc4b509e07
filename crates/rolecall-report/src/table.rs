//! Tables that contain each value once.

use std::collections::HashMap;
use std::hash::Hash;

use rolecall_rbac::Text;
use rustc_hash::FxBuildHasher;

/// The distinct texts; number 0 is the empty text.
#[derive(Debug)]
pub(crate) struct Texts {
    all: Vec<Text>,
    numbers: HashMap<Text, u32, FxBuildHasher>,
}

impl Texts {
    /// Starts with the empty text.
    pub(crate) fn new() -> Self {
        let mut texts = Self { all: Vec::new(), numbers: HashMap::default() };
        texts.add("");
        texts
    }

    /// Returns the number of a text, which is added if it is new.
    pub(crate) fn add(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.all.len() as u32;
        let text = Text::from(text);
        self.all.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// Adds several texts.
    pub(crate) fn add_all<'t>(&mut self, texts: impl IntoIterator<Item = &'t Text>) -> Vec<u32> {
        texts.into_iter().map(|text| self.add(text)).collect()
    }

    /// Returns the texts in the order of their numbers.
    pub(crate) fn into_all(self) -> Vec<Text> {
        self.all
    }
}

/// Distinct values, numbered in the order of their first use.
#[derive(Debug)]
pub(crate) struct Distinct<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32, FxBuildHasher>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    /// Returns the number of a value, which is added if it is new.
    pub(crate) fn add(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// Returns the values in the order of their numbers.
    pub(crate) fn into_all(self) -> Vec<T> {
        self.all
    }
}
