//! The binaries of a control plane: `etcd`, `kube-apiserver`, `kube-controller-manager`, `kubectl`.
//!
//! They follow envtest's convention: `KUBEBUILDER_ASSETS` is the directory that contains them.
//! Without it, each version of Kubernetes has a recipe: Debian packages or Go modules. A recipe
//! takes minutes once; the result is stored in the user's cache, outside the checkout.

mod apt;
mod command;
mod debian;
mod modules;
mod tools;
mod version;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

pub use self::command::{AssetsArguments, run};
use self::modules::Modules;
pub(crate) use self::version::Kubernetes;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

const VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// A directory that contains at least `etcd` and `kube-apiserver`.
#[derive(Clone, Debug)]
pub(crate) struct Assets {
    folder: PathBuf,
}

impl Assets {
    /// Returns the binaries in `KUBEBUILDER_ASSETS`, if it is set.
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        env::var_os(VARIABLE)
            .filter(|value| !value.is_empty())
            .map(|folder| Self::given(PathBuf::from(folder)))
            .transpose()
    }

    /// Returns the binaries of a version that have been built before, and builds nothing.
    pub(crate) fn built(version: Kubernetes) -> Result<Self> {
        let folder = cache_folder()?.join(Recipe::of(version)?.name());
        if folder.is_dir() {
            return Ok(Self { folder });
        }
        Err(Failure::new(format!("there is no API server of Kubernetes {version}")).remedy(format!(
            "run `cargo xtask assets --kubernetes {version}`, which takes minutes the first time, or set {VARIABLE}"
        )))
    }

    /// Returns the binaries in `KUBEBUILDER_ASSETS`, else those of a version, and builds them the
    /// first time.
    pub(crate) fn get(version: Kubernetes) -> Result<Self> {
        if let Some(given) = Self::from_environment()? {
            return Ok(given);
        }
        let recipe = Recipe::of(version)?;
        let name = recipe.name();
        let cache = cache_folder()?;
        let folder = cache.join(&name);
        if !folder.is_dir() {
            files::make_dir(&cache)?;
            let _lock = lock(&cache.join(format!("{name}.lock")))?;
            // Another process might have built them while this one waited for the lock.
            if !folder.is_dir() {
                build(&recipe, &cache, &folder)?;
            }
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of a binary, if the directory contains it.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(name)).filter(|path| path.is_file())
    }

    /// Returns the API server's version, such as `v1.37.2`.
    pub(crate) fn version(&self) -> Result<String> {
        let mut command = Command::new(self.folder.join("kube-apiserver"));
        let said = process::output(command.arg("--version"))?;
        Ok(said.split_whitespace().next_back().unwrap_or_default().to_owned())
    }

    /// Returns the API server's minor version, such as `37`.
    pub(crate) fn minor(&self) -> Result<u32> {
        let version = self.version()?;
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok());
        minor.ok_or_else(|| {
            Failure::new(format!(
                "kube-apiserver reports the version `{version}`, expected `v1.N.P`"
            ))
        })
    }

    fn given(folder: PathBuf) -> Result<Self> {
        let assets = Self { folder };
        for name in ["etcd", "kube-apiserver"] {
            if assets.program(name).is_none() {
                let folder = assets.folder.display();
                return Err(Failure::new(format!("{VARIABLE}=`{folder}` has no `{name}`"))
                    .remedy(format!("add it, or unset {VARIABLE} to build it")));
            }
        }
        Ok(assets)
    }
}

/// The recipe for the binaries of a version.
enum Recipe {
    Debian,
    Modules(Modules),
}

impl Recipe {
    fn of(version: Kubernetes) -> Result<Self> {
        match version {
            Kubernetes::V1_20 => Ok(Self::Debian),
            Kubernetes::V1_37 => Modules::pinned("kubernetes-1.37").map(Self::Modules),
        }
    }

    /// Returns the name of the result. A changed recipe has a new name.
    fn name(&self) -> String {
        match self {
            Self::Debian => "debian-12-kubernetes-1.20.2-r2".to_owned(),
            Self::Modules(modules) => modules.recipe(),
        }
    }
}

/// Builds in a scratch directory and moves the result at the end, so that the final directory is
/// always complete.
fn build(recipe: &Recipe, cache: &Path, folder: &Path) -> Result<()> {
    let started = Instant::now();
    let name = recipe.name();
    eprintln!("building {name}: about ten minutes on two cores, once");
    let scratch = cache.join(format!("{name}.build"));
    let log = cache.join(format!("{name}.log"));
    files::remove_dir(&scratch)?;
    files::write(&log, "")?;

    let finished = scratch.join("finished");
    files::make_dir(&finished)?;
    let built = match recipe {
        Recipe::Debian => debian::build(&scratch, &finished, &log),
        Recipe::Modules(modules) => modules.build(&scratch, &finished, &log),
    };
    let moved = built.and_then(|()| {
        fs::rename(&finished, folder).map_err(|error| files::failure("make", folder, &error))
    });
    files::remove_dir(&scratch)?;
    moved?;
    eprintln!("built in {} s", started.elapsed().as_secs());
    Ok(())
}

/// Runs a step of a recipe and prints its duration.
fn step(name: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
    let started = Instant::now();
    eprintln!("  {name} ...");
    run()?;
    eprintln!("  {name}: {} s", started.elapsed().as_secs());
    Ok(())
}

fn copy(file: &Path, into: &Path) -> Result<()> {
    let Some(name) = file.file_name() else { return Ok(()) };
    match fs::copy(file, into.join(name)) {
        Ok(_) => Ok(()),
        Err(error) => Err(files::failure("copy", file, &error)),
    }
}

fn cache_folder() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("rolecall/assets"))
        .ok_or_else(|| {
            Failure::new("there is no cache directory: neither XDG_CACHE_HOME nor HOME is set")
                .remedy("set one of them, or set KUBEBUILDER_ASSETS")
        })
}

/// Holds a lock until the returned file is dropped.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).map_err(|error| files::failure("write", path, &error))?;
    file.lock().map_err(|error| files::failure("lock", path, &error))?;
    Ok(file)
}
