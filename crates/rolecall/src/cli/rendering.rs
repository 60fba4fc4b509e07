//! The options for kustomizations and charts.

use clap::{Args, ValueEnum};
use rolecall_check::TargetGlob;

/// How kustomizations and charts in the input are rendered.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Source")]
pub(crate) struct RenderOptions {
    /// Render kustomizations and Helm charts: `auto` if `kustomize`, `kubectl` and `helm` are installed
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        env = "ROLECALL_RENDER",
        hide_env = true,
        global = true
    )]
    pub(crate) render: RenderMode,
    /// Only the targets with this name, such as `overlays/prod` or `'charts/*'`; `rolecall targets`
    /// lists them; can be repeated
    #[arg(long, value_name = "GLOB", global = true)]
    pub(crate) target: Vec<TargetGlob>,
    /// Build all kustomizations, even those that another one includes
    #[arg(long, global = true)]
    pub(crate) all_kustomizations: bool,
    /// Let Kustomize and Helm fetch what is not in the repository
    #[arg(long, global = true)]
    pub(crate) allow_network: bool,
    /// The names of the targets to read, if one of several alternatives was chosen.
    #[arg(skip)]
    pub(crate) chosen: Option<Vec<String>>,
}

/// Whether kustomizations and charts are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RenderMode {
    /// Renders if the tools are installed.
    #[default]
    Auto,
    /// Fails without the tools.
    Always,
    /// Reads files as they are.
    Never,
}
