//! Kubernetes from Go modules, pinned by a `go.mod` and `go.sum` in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Crc;

use super::{copy, step};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The build targets, which share most of the work.
const BUILT: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kubectl"];

const KUBERNETES: &str = "k8s.io/kubernetes";
const ETCD: &str = "go.etcd.io/etcd/server/v3";

/// The packages into which a release build stamps its version: for `--version` and for the
/// User-Agent.
const STAMPED: [&str; 2] = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];

/// The modules that one version is built from.
pub(super) struct Modules {
    folder: PathBuf,
    /// The version, such as `v1.37.2`.
    version: String,
    checksum: u32,
}

impl Modules {
    /// Reads the pins in a directory below `crates/rolecall-e2e/assets`.
    pub(super) fn pinned(name: &str) -> Result<Self> {
        let folder = files::workspace_root().join("crates/rolecall-e2e/assets").join(name);
        let go_mod = files::read(&folder.join("go.mod"))?;
        let version = required(&go_mod, KUBERNETES)
            .ok_or_else(|| Failure::new(format!("{name}/go.mod does not require {KUBERNETES}")))?;
        let mut crc = Crc::new();
        crc.update(go_mod.as_bytes());
        crc.update(files::read(&folder.join("go.sum"))?.as_bytes());
        Ok(Self { version: version.to_owned(), checksum: crc.sum(), folder })
    }

    /// Returns the name of the result, which depends on the pins.
    pub(super) fn recipe(&self) -> String {
        format!("kubernetes-{}-{:08x}-r1", self.version, self.checksum)
    }

    /// Builds the binaries into `finished`, with temporary files under `scratch`.
    pub(super) fn build(&self, scratch: &Path, finished: &Path, log: &Path) -> Result<()> {
        if process::find("go").is_none() {
            return Err(Failure::new(format!(
                "building Kubernetes {} needs Go, and there is no `go` on PATH",
                self.version
            ))
            .remedy(INSTEAD));
        }
        // Build with a copy, so that no command can change the pins in the repository.
        for name in ["go.mod", "go.sum"] {
            copy(&self.folder.join(name), scratch)?;
        }
        let programs = BUILT.map(|name| format!("{KUBERNETES}/cmd/{name}"));
        let all = programs.iter().map(String::as_str).chain([ETCD]);
        step("fetching the Go modules", || {
            let mut command = go(scratch, "list");
            command.args(["-deps", "-f", "{{with .Error}}{{.}}{{end}}"]).args(all);
            process::logged(&mut command, log).map_err(|failure| {
                failure.remedy(format!(
                    "`go version` must be at least what `{}` says, and GOPROXY must name a module proxy that this \
                     machine reaches; the whole log is `{}`; or {INSTEAD}",
                    self.folder.join("go.mod").display(),
                    log.display()
                ))
            })
        })?;
        step("building kube-apiserver and its companions", || {
            let mut command = go(scratch, "build");
            command.args(["-ldflags", &self.stamps()]).arg("-o").arg(finished).args(&programs);
            process::logged(&mut command, log)
        })?;
        step("building etcd", || {
            let mut command = go(scratch, "build");
            command.args(["-ldflags", STRIPPED]).arg("-o").arg(finished.join("etcd")).arg(ETCD);
            process::logged(&mut command, log)
        })
    }

    /// Formats the linker flags that stamp the version.
    fn stamps(&self) -> String {
        let mut numbers = self.version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or(""), numbers.next().unwrap_or(""));
        let mut flags = STRIPPED.to_owned();
        for package in STAMPED {
            for (name, value) in [
                ("gitVersion", self.version.as_str()),
                ("gitMajor", major),
                ("gitMinor", minor),
                ("gitTreeState", "clean"),
            ] {
                flags.push_str(&format!(" -X {package}.{name}={value}"));
            }
        }
        flags
    }
}

const INSTEAD: &str = "install Go, or set KUBEBUILDER_ASSETS to a directory with `etcd` and `kube-apiserver`, such as \
                       `setup-envtest` makes";

/// Omits debug information, which halves the size and speeds up linking.
const STRIPPED: &str = "-s -w";

/// Prepares a Go command on the pinned modules. Modules and build results are stored in Go's
/// caches.
fn go(scratch: &Path, task: &str) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10", "go", task, "-mod=readonly", "-trimpath", "-p=2"]);
    command.current_dir(scratch).env("CGO_ENABLED", "0").env("GOWORK", "off");
    command
}

/// Returns the version of a module that a `go.mod` requires.
fn required<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let mut words = line.trim_start().trim_start_matches("require ").split_whitespace();
        (words.next() == Some(module)).then(|| words.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_required_version_is_read_from_both_forms() {
        let rows = [
            ("require k8s.io/kubernetes v1.37.2\n", Some("v1.37.2")),
            ("require (\n\tk8s.io/kubernetes v1.37.2\n)\n", Some("v1.37.2")),
            ("require (\n\tk8s.io/kubernetes/x v1.0.0\n)\n", None),
        ];
        for (go_mod, expected) in rows {
            assert_eq!(required(go_mod, KUBERNETES), expected, "{go_mod}");
        }
    }

    #[test]
    fn all_kubernetes_modules_have_the_same_version() {
        let folder = files::workspace_root().join("crates/rolecall-e2e/assets/kubernetes-1.37");
        let go_mod = files::read(&folder.join("go.mod")).expect("the pins are in the repository");
        let kubernetes = required(&go_mod, KUBERNETES).expect("it is required");
        let part = kubernetes.replacen("v1.", "v0.", 1);
        let replaced: Vec<&str> =
            go_mod.lines().filter(|line| line.contains(" => ")).map(str::trim).collect();
        assert!(!replaced.is_empty());
        for line in replaced {
            let (module, by) = line.split_once(" => ").expect("it was looked for");
            assert_eq!(by, format!("{module} {part}"));
        }
    }

    #[test]
    fn the_version_is_stamped_for_programs_and_clients() {
        let modules = Modules { folder: PathBuf::new(), version: "v1.37.2".into(), checksum: 0 };
        let stamps = modules.stamps();
        for package in STAMPED {
            let flags = format!(
                "-X {package}.gitVersion=v1.37.2 -X {package}.gitMajor=1 -X {package}.gitMinor=37"
            );
            assert!(stamps.contains(&flags), "{stamps}");
        }
    }
}
