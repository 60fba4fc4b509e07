//! The targets of a repository: kustomizations and charts that are rendered and applied as a whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::chart;
use crate::dependency::LocalChart;
use crate::kustomization::Kustomization;
use crate::obstacle::{Obstacle, Place};
use crate::tool::ToolKind;

/// A kustomization or chart that is rendered as a whole.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name, which `--target` selects: the directory, and for a variant also what distinguishes
    /// it, such as `charts/web:values-prod.yaml`.
    pub name: String,
    /// The directory as shown to people.
    pub shown: String,
    /// The real path of the directory.
    pub directory: PathBuf,
    /// The tool that renders it, with its input.
    pub kind: TargetKind,
    /// The real paths of files and directories whose objects it includes. Targets that share one
    /// are alternatives.
    pub bases: BTreeSet<PathBuf>,
    /// The real paths of the files that belong to it.
    pub files: BTreeSet<PathBuf>,
    /// The real paths of the charts that it includes.
    pub charts: BTreeSet<PathBuf>,
    /// The kustomizations that it consists of, each after those that it includes.
    pub layers: Vec<Kustomization>,
    /// The Argo CD or Flux objects that deploy it, such as `Application argocd/web`.
    pub deployed_by: Vec<String>,
    /// The ServiceAccount that deploys it, if its deployment names one.
    pub deployer: Option<Deployer>,
    /// Whether only Argo CD deploys its directory, as far as the repository shows.
    pub is_for_argo_cd: bool,
    /// The reason why it cannot be rendered, as far as it is known without a tool.
    pub obstacle: Option<Obstacle>,
}

/// A ServiceAccount as which a deployment acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployer {
    /// The namespace of the ServiceAccount.
    pub namespace: String,
    /// Its name.
    pub account: String,
    /// The namespace of the Secrets of the release.
    pub storage: String,
    /// The kind of the deployment.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// The line of the field with the name.
    pub line: u32,
}

/// The tool for a target, with its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// `kustomize build`.
    Kustomize {
        /// Whether the kustomization inflates charts.
        inflates_charts: bool,
        /// The namespace of objects that name none; `None` for the namespace of the command.
        namespace: Option<String>,
        /// The changes that its deployment makes.
        changes: Changes,
    },
    /// `helm template`.
    Helm(Release),
}

/// The changes that a deployment makes to the objects that a kustomization builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The namespace that all objects get.
    pub namespace: Option<String>,
    /// The prefix of names.
    pub name_prefix: Option<String>,
    /// The suffix of names.
    pub name_suffix: Option<String>,
}

/// How a chart is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The name of the chart.
    pub chart: String,
    /// The name of the release.
    pub name: String,
    /// The namespace; `None` for the namespace of the command.
    pub namespace: Option<String>,
    /// The files with values, later ones winning: real paths.
    pub values: Vec<PathBuf>,
    /// Inline values in YAML, which win over the files.
    pub inline_values: Vec<String>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Dependencies of the chart that are elsewhere in the repository.
    pub local_charts: Vec<LocalChart>,
}

impl Target {
    /// Returns the tool that renders it.
    pub fn tool(&self) -> ToolKind {
        match self.kind {
            TargetKind::Kustomize { .. } => ToolKind::Kustomize,
            TargetKind::Helm(_) => ToolKind::Helm,
        }
    }

    /// Returns the namespace of objects that name none, if it is known.
    pub fn namespace(&self) -> Option<&str> {
        match &self.kind {
            TargetKind::Kustomize { namespace, .. } => namespace.as_deref(),
            TargetKind::Helm(release) => release.namespace.as_deref(),
        }
    }

    /// Returns whether a file, by its real path, belongs to the target.
    pub fn owns(&self, file: &Path) -> bool {
        self.files.contains(file) || self.charts.iter().any(|chart| chart::owns(chart, file))
    }

    /// Returns whether the targets are alternatives, such as two overlays of one base.
    pub fn is_alternative_to(&self, other: &Self) -> bool {
        !self.bases.is_disjoint(&other.bases)
    }

    /// Returns the real path of the file that describes the target.
    pub fn file(&self) -> PathBuf {
        match &self.kind {
            TargetKind::Kustomize { .. } => {
                let own =
                    self.layers.iter().rev().find(|it| it.file.parent() == Some(&self.directory));
                own.map_or_else(|| self.directory.join("kustomization.yaml"), |it| it.file.clone())
            }
            TargetKind::Helm(_) => self.directory.join("Chart.yaml"),
        }
    }
}
