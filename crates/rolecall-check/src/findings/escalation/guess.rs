//! Paths between objects without a namespace, which might not belong to the same one.

use rolecall_paths::{Gain, Reached};
use rolecall_rbac::{Metadata, Origin};

use crate::context::Context;
use crate::path_words;

/// Returns the assumption of a path about the namespaces of objects in different files; `None` if there is
/// none.
pub(super) fn assumptions(context: &Context<'_>, found: &Reached<'_>) -> Option<String> {
    let files = found.steps.iter().flat_map(|step| {
        let account = match &step.gains {
            Gain::Identity(identity) => identity.as_service_account().and_then(|account| {
                context.inventory().service_account(account.namespace, account.name)
            }),
            _ => None,
        };
        account.map(|account| &account.metadata)
    });
    let bindings = path_words::grants(&found.steps)
        .map(|(.., grant)| &grant.binding.metadata)
        .filter(|metadata| !metadata.namespace.is_empty());
    let mut guessed = files.chain(bindings).filter(|metadata| context.is_guess(metadata));
    let first = guessed.next()?;
    let other = guessed.find(|metadata| file_of(metadata) != file_of(first))?;
    let (first, other) = (file_of(first)?, file_of(other)?);
    Some(format!("the objects of {first} and {other} without a namespace belong to the same one"))
}

fn file_of(metadata: &Metadata) -> Option<&str> {
    match &metadata.origin {
        Origin::File { path, .. } => Some(path),
        _ => None,
    }
}
