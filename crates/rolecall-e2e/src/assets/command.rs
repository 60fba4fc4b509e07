//! `cargo xtask assets`: prepares the directory for `KUBEBUILDER_ASSETS`.

use clap::Args;

use super::{Assets, Kubernetes, tools};
use rolecall_task::failure::Result;

/// Build etcd and kube-apiserver, and print the directory for KUBEBUILDER_ASSETS
#[derive(Args)]
pub struct AssetsArguments {
    /// Kubernetes version, unless KUBEBUILDER_ASSETS is set
    #[arg(long, value_name = "VERSION", default_value = "1.20")]
    kubernetes: Kubernetes,
    /// Fetch `kubectl` and `helm` instead, and build `kustomize` and Helm 3, which tests of rendering use
    #[arg(long, conflicts_with = "kubernetes")]
    tools: bool,
}

/// Builds the binaries the first time, and prints their directory.
pub fn run(arguments: &AssetsArguments) -> Result<()> {
    if arguments.tools {
        println!("{}", tools::get()?.display());
        return Ok(());
    }
    let assets = Assets::get(arguments.kubernetes)?;
    if let Some(given) = Assets::from_environment()? {
        eprintln!("KUBEBUILDER_ASSETS is set; it contains Kubernetes {}", given.version()?);
    }
    println!("{}", assets.folder().display());
    Ok(())
}
