//! The options for kustomizations and charts.

use std::convert::Infallible;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use rolecall_rbac::Glob;

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
    /// Build every kustomization, also those that another one includes
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

/// A pattern of the names of targets.
#[derive(Clone, Debug)]
pub(crate) struct TargetGlob {
    glob: Glob,
    text: String,
}

impl TargetGlob {
    /// Returns whether it matches the name of a target, or the end of it after a `/` or `:`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let after = name.match_indices(['/', ':']).filter_map(|(at, _)| name.get(at + 1..));
        std::iter::once(name).chain(after).any(|end| end == self.text || self.glob.matches(end))
    }

    /// Returns the pattern as written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for TargetGlob {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let text = text.trim_end_matches('/');
        let text = text.strip_prefix("./").unwrap_or(text);
        Ok(Self { glob: Glob::new(text), text: text.to_owned() })
    }
}
