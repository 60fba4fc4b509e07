//! Interned strings, and ranges of the pools that hold compiled lists.

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::FxBuildHasher;

use crate::Text;

/// The number of an interned string.
pub(super) type Symbol = u32;

/// The symbols of all strings in roles, bindings and ServiceAccounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    by_text: HashMap<Text, Symbol, FxBuildHasher>,
}

impl Symbols {
    /// Returns the symbol of a string; `None` if the index does not contain it.
    pub(super) fn get(&self, text: &str) -> Option<Symbol> {
        self.by_text.get(text).copied()
    }

    pub(super) fn intern(&mut self, text: &Text) -> Symbol {
        if let Some(symbol) = self.by_text.get(&**text) {
            return *symbol;
        }
        let symbol = self.by_text.len() as Symbol;
        self.by_text.insert(text.clone(), symbol);
        symbol
    }
}

/// A range of one of the index's pools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn of<T>(self, pool: &[T]) -> &[T] {
        pool.get(self.range()).unwrap_or_default()
    }

    pub(super) fn is_empty(self) -> bool {
        self.start == self.end
    }
}
