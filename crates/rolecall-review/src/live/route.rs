//! Remembers refused routes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Refusals by route.
#[derive(Debug, Default)]
pub(super) struct Routes {
    refused: Mutex<BTreeMap<String, String>>,
}

impl Routes {
    /// Returns the server's message if it refused the route before.
    pub(super) fn refused(&self, key: &str) -> Option<String> {
        self.lock().get(key).cloned()
    }

    /// Records a refusal.
    pub(super) fn refuse(&self, key: String, refusal: &str) {
        self.lock().insert(key, refusal.to_owned());
    }

    /// Returns all refusal messages, sorted and without duplicates.
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
