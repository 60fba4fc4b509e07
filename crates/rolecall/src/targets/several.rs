//! Targets that are alternatives, for commands with a single answer.

use rolecall_render::Target;
use rolecall_source::manifests::Rendered;

use super::RenderedTarget;
use crate::error::{CommandError, Hint};

/// The most targets that an error lists.
const LISTED: usize = 10;

/// Returns the targets to which another one is an alternative, and the others.
fn alternatives<'t>(targets: &[&'t Target]) -> (Vec<&'t Target>, Vec<&'t Target>) {
    targets.iter().partition(|target| {
        targets
            .iter()
            .any(|other| !std::ptr::eq(**target, *other) && target.is_alternative_to(other))
    })
}

/// Merges targets that are applied together; fails if some are alternatives.
pub(crate) fn merge(targets: Vec<RenderedTarget>) -> Result<Vec<Rendered>, CommandError> {
    let all: Vec<&Target> = targets.iter().map(|it| &it.target).collect();
    let (several, common) = alternatives(&all);
    if !several.is_empty() {
        let worlds = several.iter().map(|target| {
            let names = std::iter::once(target).chain(&common).map(|it| it.name.clone());
            names.collect()
        });
        let worlds: Vec<Vec<String>> = worlds.collect();
        let mut names: Vec<String> =
            several.iter().take(LISTED).map(|it| format!("`{}`", it.name)).collect();
        if several.len() > LISTED {
            names.push(format!("{} more", several.len() - LISTED));
        }
        let names = rolecall_rbac::sentence_list(&names);
        return Err(CommandError::usage(format!(
            "the input has alternatives, of which only one is applied: {names}"
        ))
        .with_hint(Hint::pass("--target NAME", "choose one"))
        .with_worlds(worlds));
    }
    Ok(targets.into_iter().map(|target| target.rendered).collect())
}
