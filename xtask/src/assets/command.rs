//! `cargo xtask assets`: the folder for `KUBEBUILDER_ASSETS`.

use clap::Args;

use super::{Assets, Kubernetes};
use crate::failure::Result;

/// Get etcd and kube-apiserver, and print the folder for KUBEBUILDER_ASSETS
#[derive(Args)]
pub(crate) struct AssetsArguments {
    /// Which version to build, where KUBEBUILDER_ASSETS is not set
    #[arg(long, value_name = "VERSION", default_value = "1.20")]
    kubernetes: Kubernetes,
}

/// Builds the programs the first time, and prints their folder.
pub(crate) fn run(arguments: &AssetsArguments) -> Result<()> {
    let assets = Assets::get(arguments.kubernetes)?;
    if let Some(given) = Assets::from_environment()? {
        eprintln!("KUBEBUILDER_ASSETS is set; it names Kubernetes {}", given.version()?);
    }
    println!("{}", assets.folder().display());
    Ok(())
}
