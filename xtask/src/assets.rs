//! The programs of a control plane: `etcd`, `kube-apiserver`, `kube-controller-manager`, `kubectl`.
//!
//! They follow envtest's convention: `KUBEBUILDER_ASSETS` names a folder that holds them. Where it is not set, Debian's
//! own packages give them: `etcd` as it is, the others built from the source package `kubernetes`. That takes minutes,
//! once; the result is kept in the user's cache, outside the checkout.

mod apt;
mod kubernetes;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::{Failure, Result};
use crate::files;

const VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// Names the result of this recipe; a new recipe gets a new name.
const RECIPE: &str = "debian-12-kubernetes-1.20.2-r2";

/// A folder that holds at least `etcd` and `kube-apiserver`.
#[derive(Debug)]
pub(crate) struct Assets {
    folder: PathBuf,
}

impl Assets {
    /// Finds the programs, and builds nothing.
    pub(crate) fn present() -> Result<Self> {
        if let Some(given) = Self::from_environment() {
            return given;
        }
        let folder = cache_folder()?.join(RECIPE);
        if folder.is_dir() {
            return Ok(Self { folder });
        }
        Err(Failure::new(format!("there is no API server: {VARIABLE} is not set")).remedy(format!(
            "run `export {VARIABLE}=$(cargo xtask assets)`; the first time it takes minutes"
        )))
    }

    /// Finds the programs, building them the first time.
    pub(crate) fn get() -> Result<Self> {
        if let Some(given) = Self::from_environment() {
            return given;
        }
        let cache = cache_folder()?;
        let folder = cache.join(RECIPE);
        if !folder.is_dir() {
            files::make_dir(&cache)?;
            let _lock = lock(&cache.join(format!("{RECIPE}.lock")))?;
            // Another process may have built them while this one waited for the lock.
            if !folder.is_dir() {
                build(&cache, &folder)?;
            }
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of a program, if the folder has it.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(name)).filter(|path| path.is_file())
    }

    fn from_environment() -> Option<Result<Self>> {
        let folder = env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
        Some(Self::given(PathBuf::from(folder)))
    }

    fn given(folder: PathBuf) -> Result<Self> {
        let assets = Self { folder };
        for name in ["etcd", "kube-apiserver"] {
            if assets.program(name).is_none() {
                let folder = assets.folder.display();
                return Err(Failure::new(format!("{VARIABLE}=`{folder}` has no `{name}`")).remedy(
                    format!("put it there, or unset {VARIABLE} to have it built on Debian 12"),
                ));
            }
        }
        Ok(assets)
    }
}

/// Builds into a scratch folder and moves the result into place at the end, so that a folder in place is complete.
fn build(cache: &Path, folder: &Path) -> Result<()> {
    let started = Instant::now();
    apt::require_debian_12()?;
    eprintln!("building {RECIPE}: about five minutes on two cores, once");
    let scratch = cache.join(format!("{RECIPE}.build"));
    let log = cache.join(format!("{RECIPE}.log"));
    files::remove_dir(&scratch)?;
    files::write(&log, "")?;

    let finished = scratch.join("finished");
    files::make_dir(&finished)?;
    let built = kubernetes::build(&scratch, &finished, &log).and_then(|()| {
        fs::rename(&finished, folder).map_err(|error| files::failure("make", folder, &error))
    });
    files::remove_dir(&scratch)?;
    built?;
    eprintln!("built in {} s", started.elapsed().as_secs());
    Ok(())
}

fn cache_folder() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("rolecall/assets"))
        .ok_or_else(|| {
            Failure::new("there is no folder for caches: neither XDG_CACHE_HOME nor HOME is set")
                .remedy("set one of them, or set KUBEBUILDER_ASSETS")
        })
}

/// Holds the lock until the file is dropped.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).map_err(|error| files::failure("write", path, &error))?;
    file.lock().map_err(|error| files::failure("lock", path, &error))?;
    Ok(file)
}
