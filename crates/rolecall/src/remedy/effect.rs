//! Rules without an effect, with the requests that were probably meant.

use rolecall_rbac::{Catalog, Request};

use super::correct;
use super::sense::{self, Useless};
use crate::error::Hint;

/// Returns why a rule for a request would have no effect; `None` if it can have one.
pub(crate) fn useless(request: &Request, catalog: &Catalog) -> Option<Useless> {
    let mut useless = sense::reason(request, catalog)?;
    useless.instead = correct::instead(request, catalog);
    if !useless.hints.iter().any(|hint| matches!(hint, Hint::Write { .. })) {
        let meant = match &*useless.instead {
            [] => sense::hinted(request),
            meant => Hint::did_you_mean(sense::written(request), [sense::written_together(meant)]),
        };
        useless.hints.splice(0..0, meant);
    }
    Some(useless)
}
