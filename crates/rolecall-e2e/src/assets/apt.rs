//! Downloads Debian packages through apt without installing them or changing the system's package
//! lists.
//!
//! A private apt tree uses the machine's sources, each with an additional `deb-src` entry. So any
//! user can download from the machine's mirror, verified with the machine's keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Fails if the packages of this recipe are not available.
pub(super) fn require_debian_12() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian_12(&release) {
        return Err(Failure::new(
            "Kubernetes 1.20 can be built on Debian 12 only, from its packages",
        )
        .remedy(INSTEAD));
    }
    if process::find("apt-get").is_none() {
        return Err(Failure::new("there is no `apt-get`").remedy(INSTEAD));
    }
    Ok(())
}

/// Fails if a build tool is missing, and names its package.
pub(super) fn require_programs(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> = programs
        .iter()
        .filter(|(program, _)| process::find(program).is_none())
        .map(|&(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    Err(Failure::new(format!("building kube-apiserver requires missing packages: {packages}"))
        .remedy(format!("run `apt-get install {packages}` as root, or set KUBEBUILDER_ASSETS")))
}

const INSTEAD: &str = "build `--kubernetes 1.37`, which needs Go, or set KUBEBUILDER_ASSETS to a directory with `etcd` \
                       and `kube-apiserver`, such as `setup-envtest` makes";

/// A private apt tree in a scratch directory.
pub(super) struct Apt<'a> {
    options: Vec<String>,
    folder: PathBuf,
    log: &'a Path,
}

impl<'a> Apt<'a> {
    /// Creates the tree and downloads the package lists.
    pub(super) fn new(folder: PathBuf, log: &'a Path) -> Result<Self> {
        let parts = folder.join("sources");
        for made in [&parts, &folder.join("lists/partial"), &folder.join("cache/archives/partial")]
        {
            files::make_dir(made)?;
        }
        for (name, text) in configured_sources()? {
            files::write(&parts.join(name), &text)?;
        }
        let options = [
            "Dir::Etc::sourcelist=/dev/null".to_owned(),
            format!("Dir::Etc::sourceparts={}", parts.display()),
            format!("Dir::State::lists={}", folder.join("lists").display()),
            format!("Dir::Cache={}", folder.join("cache").display()),
            // apt's user cannot read the scratch directory.
            "APT::Sandbox::User=".to_owned(),
        ];
        let apt = Self { options: options.into(), folder, log };
        // An unreachable source might not matter; a missing package fails later.
        let _ = apt.get(&["update"]);
        Ok(apt)
    }

    /// Downloads packages and unpacks them into a directory.
    pub(super) fn unpack(&self, packages: &[&str], into: &Path) -> Result<()> {
        self.get(&[&["download"], packages].concat())?;
        for file in files::list_dir(&self.folder)? {
            if file.extension().is_some_and(|extension| extension == "deb") {
                let mut command = Command::new("dpkg-deb");
                process::logged(command.arg("-x").arg(file).arg(into), self.log)?;
            }
        }
        Ok(())
    }

    /// Downloads a source package and unpacks it, with patches, into a new directory.
    pub(super) fn unpack_source(&self, package: &str, into: &Path) -> Result<()> {
        self.get(&["source", "--download-only", package])?;
        let description = files::list_dir(&self.folder)?
            .into_iter()
            .find(|file| file.extension().is_some_and(|extension| extension == "dsc"))
            .ok_or_else(|| {
                Failure::new(format!("apt did not download the source of `{package}`"))
            })?;
        let mut command = Command::new("dpkg-source");
        process::logged(command.arg("-x").arg(description).arg(into), self.log)
    }

    fn get(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new("apt-get");
        command.current_dir(&self.folder).arg("--quiet");
        for option in &self.options {
            command.args(["-o", option]);
        }
        process::logged(command.args(arguments), self.log)
    }
}

/// Returns the machine's apt sources with `deb-src` entries, as pairs of file name and content.
fn configured_sources() -> Result<Vec<(String, String)>> {
    let list = config("Dir::Etc::sourcelist/f")?;
    let parts = config("Dir::Etc::sourceparts/d")?;
    let mut paths = if parts.is_dir() { files::list_dir(&parts)? } else { Vec::new() };
    if list.is_file() {
        paths.push(list);
    }
    let mut sources = Vec::new();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".sources") {
            sources.push((name.to_owned(), stanzas_with_source(&files::read(&path)?)));
        } else if name.ends_with(".list") {
            sources.push((name.to_owned(), lines_with_source(&files::read(&path)?)));
        }
    }
    Ok(sources)
}

fn config(key: &str) -> Result<PathBuf> {
    let line = process::output(Command::new("apt-config").args(["shell", "VALUE", key]))?;
    let value = line.trim().trim_start_matches("VALUE=").trim_matches('\'');
    Ok(PathBuf::from(value))
}

fn is_debian_12(release: &str) -> bool {
    let has = |wanted: &str| release.lines().any(|line| line.replace('"', "") == wanted);
    has("ID=debian") && has("VERSION_ID=12")
}

/// Adds `deb-src` to every stanza of a `.sources` file.
fn stanzas_with_source(text: &str) -> String {
    text.lines()
        .map(|line| match line.split_once(':') {
            Some((field, _)) if field.eq_ignore_ascii_case("types") => {
                "Types: deb deb-src\n".into()
            }
            _ => format!("{line}\n"),
        })
        .collect()
}

/// Adds a `deb-src` line for every `deb` line of a `.list` file, and drops existing ones.
fn lines_with_source(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix("deb"))
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map(|rest| format!("deb{rest}\ndeb-src{rest}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stanza_gets_both_types() {
        assert_eq!(
            stanzas_with_source("Types: deb\nURIs: http://a/\n\ntypes: deb deb-src\nSuites: x\n"),
            "Types: deb deb-src\nURIs: http://a/\n\nTypes: deb deb-src\nSuites: x\n"
        );
    }

    #[test]
    fn every_deb_line_gets_one_deb_src_line() {
        assert_eq!(
            lines_with_source(
                "# deb http://c/ x\ndeb [arch=amd64] http://a/ x y\ndeb-src http://a/ x y\n"
            ),
            "deb [arch=amd64] http://a/ x y\ndeb-src [arch=amd64] http://a/ x y\n"
        );
    }

    #[test]
    fn only_debian_12_is_supported() {
        let rows = [
            ("ID=debian\nVERSION_ID=\"12\"\n", true),
            ("ID=debian\nVERSION_ID=\"13\"\n", false),
            ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"12\"\n", false),
            ("", false),
        ];
        for (release, expected) in rows {
            assert_eq!(is_debian_12(release), expected, "{release:?}");
        }
    }
}
