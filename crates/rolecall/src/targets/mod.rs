//! The kustomizations and charts in the input, rendered by other programs.
//!
//! ```text
//! Listing -> discover -> select (--target) -> render, decode, trace in parallel -> RenderedTarget
//!    └─ files of rendered targets are left out; what failed is recorded as unrendered
//! ```

mod build;
mod discovery;
mod finished;
mod progress;
mod regions;
mod release;
mod released;
mod settings;
mod several;
mod sources;
mod stdin;
mod traced;

use std::sync::Arc;

use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rolecall_check::TokenSecret;
use rolecall_rbac::Gap;
use rolecall_render::{
    Limits, Names, Network, Obstacle, Output, Renderer, Target, ToolKind, Tools, Tracer,
};
use rolecall_source::manifests::{self, Listing, LoadConfig, Rendered};

pub(crate) use self::build::SourceObjects;
pub(crate) use self::discovery::Discovery;
pub(crate) use self::finished::{FinishedTarget, complete, finish};
use self::progress::Progress;
pub(crate) use self::regions::{RenderedPlace, regions};
pub(crate) use self::release::check_release;
pub(crate) use self::released::{check as check_deployer, objects as released_objects};
pub(crate) use self::several::merge;
pub(crate) use self::sources::TargetSources;
pub(crate) use self::stdin::trace;
pub(crate) use self::traced::Traced;
use crate::cli::{Options, RenderMode};
use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// The most targets of an input, because each one takes a tool some milliseconds.
const MOST_TARGETS: usize = 10_000;

/// A rendered target with its decoded objects, whose origins are source files.
pub(crate) struct RenderedTarget {
    /// The target.
    pub(crate) target: Target,
    /// The output of the tool.
    pub(crate) output: Output,
    /// The objects.
    pub(crate) rendered: Rendered,
    /// The sources of the objects.
    pub(crate) traced: Traced,
    /// The token Secrets.
    pub(crate) token_secrets: Vec<TokenSecret>,
    /// The names of paths.
    pub(crate) names: Arc<Names>,
}

/// The targets of an input.
#[derive(Default)]
pub(crate) struct Targets {
    /// The rendered ones, sorted by name.
    pub(crate) rendered: Vec<RenderedTarget>,
    /// The others; `None` if they are not known, because nothing is rendered.
    pub(crate) others: Option<Vec<OtherTarget>>,
    /// The directories from which the chosen ones are rendered, also those that failed.
    pub(crate) sources: TargetSources,
}

/// A target that is not rendered.
pub(crate) struct OtherTarget {
    /// The name.
    pub(crate) name: String,
    /// The gap that it leaves; `None` if it was not selected.
    pub(crate) gap: Option<Gap>,
}

/// Renders the targets of a listing, leaves out their files, and records what could not be rendered.
pub(crate) fn render(
    ui: &Ui,
    options: &Options,
    config: &LoadConfig,
    listing: &mut Listing,
) -> Result<Targets, CommandError> {
    let mode = options.source.render.render;
    if !listing.holds_targets() {
        return Ok(Targets { others: Some(Vec::new()), ..Targets::default() });
    }
    if mode == RenderMode::Never {
        return Ok(Targets::default());
    }
    let mut discovery = Discovery::of(ui, options, config, listing)?;
    let unselected = discovery.select(options)?;
    let tools = tools()?;
    if discovery.targets.len() > MOST_TARGETS {
        return Err(CommandError::input(format!(
            "the input has {} kustomizations and charts, more than {MOST_TARGETS}",
            discovery.targets.len()
        ))
        .with_hint(Hint::pass("--target GLOB", "render some of them")));
    }
    let targets = std::mem::take(&mut discovery.targets);
    let sources = TargetSources::of(&targets);
    let (targets, without_tool): (Vec<Target>, Vec<Target>) =
        targets.into_iter().partition(|target| tools.renders(target.tool()));
    if let (RenderMode::Always, Some(target)) = (mode, without_tool.first()) {
        return Err(missing_tool(target));
    }
    let results = render_all(ui, options, config, &discovery, &tools, targets)?;
    let mut rendered = Vec::with_capacity(results.len());
    let mut others: Vec<OtherTarget> =
        unselected.iter().map(|it| OtherTarget { name: it.name.clone(), gap: None }).collect();
    others.extend(without_tool.iter().map(|target| {
        let gap = discovery.unrendered(target, &Obstacle::NoTool(target.tool())).gap();
        OtherTarget { name: target.name.clone(), gap: Some(gap) }
    }));
    let mut hint = None;
    for (target, result) in results {
        match result {
            Ok(target) => rendered.push(target),
            Err(obstacle) if mode == RenderMode::Always => {
                return Err(cannot_render(&target, &obstacle));
            }
            Err(obstacle) => {
                let unrendered = discovery.unrendered(&target, &obstacle);
                others.push(OtherTarget { name: target.name, gap: Some(unrendered.gap()) });
                listing.record_unrendered(unrendered);
                hint = hint.or_else(|| remedy(&obstacle));
            }
        }
    }
    if let Some(hint) = hint {
        ui.suggest(hint);
    }
    let done = rendered.iter().map(|it| &it.target).chain(&unselected);
    discovery.leave_out(listing, done);
    Ok(Targets { rendered, others: Some(others), sources })
}

/// Finds the installed tools.
pub(crate) fn tools() -> Result<Tools, CommandError> {
    Tools::find().map_err(|(variable, path)| {
        CommandError::usage(format!(
            "`{variable}` names `{}`, which is not a program",
            path.display()
        ))
        .with_hint(Hint::Quote {
            text: format!("set `{variable}` to the path of a program, or unset it"),
        })
    })
}

/// A target with the result of rendering it.
type Attempt = (Target, Result<RenderedTarget, Obstacle>);

/// Renders targets in parallel, each with its result.
fn render_all(
    ui: &Ui,
    options: &Options,
    config: &LoadConfig,
    discovery: &Discovery,
    tools: &Tools,
    targets: Vec<Target>,
) -> Result<Vec<Attempt>, CommandError> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let network = match options.source.render.allow_network {
        true => Network::Allowed,
        false => Network::Denied,
    };
    let Discovery { names, boundaries, .. } = discovery;
    let limits = Limits::default();
    let renderer = Renderer::new(tools, names, network, limits, &config.default_namespace)
        .map_err(|error| {
            CommandError::input(format!("cannot create a temporary directory: {error}"))
        })?;
    let tracer = Tracer::new(names, boundaries);
    let shared_names = Arc::new(names.clone());
    let progress = Progress::new(targets.len());
    let count = targets.len();
    let results = targets.into_par_iter().enumerate().with_max_len(1).map(|(number, target)| {
        let result = renderer.render(&target, number).map(|output| {
            let config = LoadConfig {
                default_namespace: namespace_of(&target, config).to_owned(),
                ..config.clone()
            };
            let mut rendered = manifests::decode(&config, &target.name, &output.text);
            // `kubectl apply -k` knows no hooks.
            if target.tool() == ToolKind::Kustomize && !target.is_for_argo_cd {
                rendered.forget_hooks();
            }
            let sources = tracer.sources(&target, &output);
            let mut traced = Traced::trace(&mut rendered, &sources, &target);
            let namespace = namespace_of(&target, &config);
            let token_secrets =
                build::token_secrets(&output.text, &sources, namespace, &mut traced);
            drop(sources);
            let (target, names) = (target.clone(), Arc::clone(&shared_names));
            RenderedTarget { target, output, rendered, traced, token_secrets, names }
        });
        progress.advance();
        (target, result)
    });
    let pool = ThreadPoolBuilder::new().num_threads(runs_at_a_time().min(count)).build();
    Ok(progress.show(ui, || match pool {
        Ok(pool) => pool.install(|| results.collect()),
        // The system has no more threads.
        Err(_) => results.collect(),
    }))
}

/// Returns the number of tools to run at a time: more than there are cores, because a tool often waits, such as
/// for the files that it reads.
fn runs_at_a_time() -> usize {
    rayon::current_num_threads() + 2
}

/// Returns the namespace of objects that name none.
pub(crate) fn namespace_of<'a>(target: &'a Target, config: &'a LoadConfig) -> &'a str {
    target.namespace().unwrap_or(&config.default_namespace)
}

fn missing_tool(target: &Target) -> CommandError {
    let (tools, help) = match target.tool() {
        ToolKind::Kustomize => (
            "neither `kustomize` nor `kubectl` is installed",
            "install one from https://kubectl.docs.kubernetes.io/installation/kustomize, or set \
             `ROLECALL_KUSTOMIZE` or `ROLECALL_KUBECTL` to its path",
        ),
        ToolKind::Helm => (
            "`helm` is not installed",
            "install it from https://helm.sh/docs/intro/install, or set `ROLECALL_HELM` to its path",
        ),
    };
    CommandError::input(format!("cannot render `{}`: {tools}", target.name))
        .with_hint(Hint::Quote { text: help.to_owned() })
}

fn cannot_render(target: &Target, obstacle: &Obstacle) -> CommandError {
    let place = obstacle.place().map(|place| format!("{place}: ")).unwrap_or_default();
    CommandError::input(format!("{place}cannot render `{}`: {obstacle}", target.name))
        .with_hint(remedy(obstacle))
}

/// Returns the command that removes an obstacle.
fn remedy(obstacle: &Obstacle) -> Option<Hint> {
    match obstacle {
        Obstacle::Remote { .. } => {
            Some(Hint::pass("--allow-network", "let Kustomize fetch remote resources"))
        }
        Obstacle::MissingChart { fetch, chart, .. } => {
            Some(Hint::run(fetch.clone(), format!("fetch the chart `{chart}`")))
        }
        _ => None,
    }
}
