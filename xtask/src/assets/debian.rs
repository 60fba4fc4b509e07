//! Kubernetes 1.20 from Debian's packages: `etcd` as it is, the others built from the source package `kubernetes`.

use std::env;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::apt::{self, Apt};
use super::{copy, step};
use crate::failure::Result;
use crate::{files, process};

/// What the build runs, with the package that brings it; Go comes out of its package unpacked, not installed.
const NEEDED: [(&str, &str); 6] = [
    ("dpkg-source", "dpkg-dev"),
    ("make", "make"),
    ("patch", "patch"),
    ("rsync", "rsync"),
    ("which", "debianutils"),
    ("xz", "xz-utils"),
];

/// What is built: together they share most of the work.
const BUILT: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kubectl"];

/// A package that Kubernetes' own copy of is too old for Go 1.18 and later: with it, servers panic now and then.
const RENEWED: &str = "golang-github-modern-go-reflect2-dev";

/// Puts the programs into the folder `finished`, with everything else under `scratch`.
pub(super) fn build(scratch: &Path, finished: &Path, log: &Path) -> Result<()> {
    apt::require_debian_12()?;
    apt::require_programs(&NEEDED)?;
    let unpacked = scratch.join("unpacked");
    let source = scratch.join("kubernetes");
    step("fetching Debian's packages", || {
        let apt = Apt::new(scratch.join("apt"), log)?;
        files::make_dir(&unpacked)?;
        apt.unpack(&["etcd-server", "golang-1.19-go", "golang-1.19-src", RENEWED], &unpacked)?;
        apt.unpack_source("kubernetes", &source)?;
        renew(&unpacked, &source)
    })?;
    step("building kube-apiserver and its companions", || make(&source, &unpacked, scratch, log))?;
    step("putting the programs in place", || {
        copy(&unpacked.join("usr/bin/etcd"), finished)?;
        BUILT.iter().try_for_each(|name| copy(&source.join("_output/bin").join(name), finished))
    })
}

/// Puts the sources of [`RENEWED`] in the place of Kubernetes' own copy.
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

/// Runs Kubernetes' own build in the GOPATH layout that it insists on.
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
    // A caller's `cargo` may run under a make of its own, whose job server this one must not join: hence env_clear.
    process::logged(&mut command, log)
}
