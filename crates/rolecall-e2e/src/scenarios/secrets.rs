//! Secrets of a run, which no output must contain.

use std::cell::RefCell;

/// The owners and values of secrets.
#[derive(Debug, Default)]
pub(super) struct Secrets(RefCell<Vec<(String, String)>>);

impl Secrets {
    /// Registers a secret that no output must contain.
    pub(super) fn keep(&self, whose: &str, secret: &str) {
        self.0.borrow_mut().push((whose.to_owned(), secret.to_owned()));
        // A signature alone is equally secret, because the claims can be guessed.
        if let Some((_, signature)) = secret.rsplit_once('.') {
            self.0.borrow_mut().push((whose.to_owned(), signature.to_owned()));
        }
    }

    /// Returns the owner of a secret that one of the texts contains.
    pub(super) fn leak(&self, texts: &[&str]) -> Option<String> {
        let secrets = self.0.borrow();
        let shown = |secret: &str| texts.iter().any(|text| text.contains(secret));
        secrets.iter().find(|(_, secret)| shown(secret)).map(|(whose, _)| whose.clone())
    }
}
