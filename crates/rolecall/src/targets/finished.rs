//! Targets that are judged one by one, each in the context of the others.

use std::sync::Arc;

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator,
};
use rolecall_check::TokenSecret;
use rolecall_rbac::{Gap, Inventory, Unread};
use rolecall_render::{Names, Output, Target};
use rolecall_source::manifests::{self, Context, LoadConfig, Loaded};

use super::{RenderedTarget, Traced, namespace_of};

/// A rendered target without its decoded objects.
pub(crate) struct FinishedTarget {
    /// The target.
    pub(crate) target: Target,
    /// The output of the tool.
    pub(crate) output: Output,
    /// The sources of the objects.
    pub(crate) traced: Traced,
    /// The token Secrets.
    pub(crate) token_secrets: Vec<TokenSecret>,
    /// The names of paths.
    pub(crate) names: Arc<Names>,
    /// The number of objects, including irrelevant ones.
    pub(crate) objects: usize,
}

/// Builds the inventories of targets. What could not be read among the plain files leaves questions open for
/// each target.
pub(crate) fn finish(
    config: &LoadConfig,
    rendered: Vec<RenderedTarget>,
    plain: &Loaded,
) -> Vec<(FinishedTarget, Loaded)> {
    let gaps: Vec<&Gap> =
        plain.inventory.gaps().iter().filter(|gap| gap.unread == Unread::Anything).collect();
    let finish = |rendered: RenderedTarget| {
        let RenderedTarget { target, output, rendered, traced, token_secrets, names } = rendered;
        let objects = rendered.objects();
        let default_namespace = namespace_of(&target, config).to_owned();
        let config = LoadConfig { default_namespace, ..config.clone() };
        let mut loaded = manifests::finish_rendered(&config, rendered);
        if !gaps.is_empty() {
            let mut builder = std::mem::take(&mut loaded.inventory).into_builder();
            gaps.iter().for_each(|gap| builder.gap((*gap).clone()));
            loaded.inventory = builder.build();
        }
        let finished = FinishedTarget { target, output, traced, token_secrets, names, objects };
        (finished, loaded)
    };
    rendered.into_par_iter().with_max_len(1).map(finish).collect()
}

/// Adds to each target the objects of the others, and of the plain files, that it refers to.
pub(crate) fn complete(
    targets: &[(FinishedTarget, Loaded)],
    context: &Context<'_>,
) -> Vec<Inventory> {
    let complete = |(number, (own, loaded)): (usize, &(FinishedTarget, Loaded))| {
        context.complete(loaded.inventory.clone(), |other| {
            other != number
                && targets
                    .get(other)
                    .is_none_or(|(other, _)| !own.target.is_alternative_to(&other.target))
        })
    };
    targets.par_iter().enumerate().with_max_len(1).map(complete).collect()
}
