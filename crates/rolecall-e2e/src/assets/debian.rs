//! Kubernetes 1.20 from Debian packages: `etcd` is prebuilt, the others are built from the source
//! package `kubernetes`.

use std::env;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::apt::{self, Apt};
use super::{copy, step};
use rolecall_task::failure::Result;
use rolecall_task::{files, process};

/// The tools for the build and their packages. Go is unpacked from its package and not installed.
const NEEDED: [(&str, &str); 6] = [
    ("dpkg-source", "dpkg-dev"),
    ("make", "make"),
    ("patch", "patch"),
    ("rsync", "rsync"),
    ("which", "debianutils"),
    ("xz", "xz-utils"),
];

/// The build targets, which share most of the work.
const BUILT: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kubectl"];

/// A package whose vendored copy in Kubernetes is too old for Go 1.18 and later, with which servers
/// panic occasionally.
const REPLACED: &str = "golang-github-modern-go-reflect2-dev";

/// Builds the binaries into `finished`, and everything else under `scratch`.
pub(super) fn build(scratch: &Path, finished: &Path, log: &Path) -> Result<()> {
    apt::require_debian_12()?;
    apt::require_programs(&NEEDED)?;
    let unpacked = scratch.join("unpacked");
    let source = scratch.join("kubernetes");
    step("fetching Debian's packages", || {
        let apt = Apt::new(scratch.join("apt"), log)?;
        files::make_dir(&unpacked)?;
        apt.unpack(&["etcd-server", "golang-1.19-go", "golang-1.19-src", REPLACED], &unpacked)?;
        apt.unpack_source("kubernetes", &source)?;
        renew(&unpacked, &source)
    })?;
    step("building kube-apiserver and its companions", || make(&source, &unpacked, scratch, log))?;
    step("installing the binaries", || {
        copy(&unpacked.join("usr/bin/etcd"), finished)?;
        BUILT.iter().try_for_each(|name| copy(&source.join("_output/bin").join(name), finished))
    })
}

/// Replaces the vendored copy by the sources of [`REPLACED`].
fn renew(unpacked: &Path, source: &Path) -> Result<()> {
    let package = Path::new("github.com/modern-go/reflect2");
    let vendored = source.join("vendor").join(package);
    files::remove_dir(&vendored)?;
    files::make_dir(&vendored)?;
    for file in files::list_dir(&unpacked.join("usr/share/gocode/src").join(package))? {
        if file.is_file() {
            copy(&file, &vendored)?;
        }
    }
    Ok(())
}

/// Runs Kubernetes' build in the GOPATH layout that it requires.
fn make(source: &Path, unpacked: &Path, scratch: &Path, log: &Path) -> Result<()> {
    let gopath = source.join(".go");
    let namespace = gopath.join("src/k8s.io");
    let checkout = namespace.join("kubernetes");
    let home = scratch.join("home");
    files::make_dir(&namespace)?;
    files::make_dir(&home)?;
    symlink(source, &checkout).map_err(|error| files::failure("link", &checkout, &error))?;

    let mut path = vec![unpacked.join("usr/lib/go-1.19/bin")];
    path.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    let path = env::join_paths(path).unwrap_or_default();

    let targets: Vec<String> = BUILT.iter().map(|name| format!("cmd/{name}")).collect();
    let mut command = Command::new("nice");
    command.args(["-n", "10", "make", &format!("WHAT={}", targets.join(" "))]);
    command.current_dir(&checkout).env_clear().env("PATH", path).env("HOME", home);
    command
        .env("GOPATH", gopath)
        .env("GOFLAGS", "-p=2")
        .env("GOPROXY", "off")
        .env("CGO_ENABLED", "0");
    // `cargo` might run under a make whose job server this build must not use, so clear the
    // environment.
    process::logged(&mut command, log)
}
