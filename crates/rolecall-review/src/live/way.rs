//! What was refused once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Refusals, by what was refused.
#[derive(Debug, Default)]
pub(super) struct Ways {
    refused: Mutex<BTreeMap<String, String>>,
}

impl Ways {
    /// Returns the server's words, if it refused that before.
    pub(super) fn refused(&self, key: &str) -> Option<String> {
        self.lock().get(key).cloned()
    }

    /// Remembers a refusal.
    pub(super) fn refuse(&self, key: String, refusal: &str) {
        self.lock().insert(key, refusal.to_owned());
    }

    /// Returns all refusals, sorted, each once.
    pub(super) fn refusals(&self) -> Vec<String> {
        let mut refusals: Vec<String> = self.lock().values().cloned().collect();
        refusals.sort();
        refusals.dedup();
        refusals
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
