//! `cargo xtask dist`: builds release archives and the files for package managers.
//!
//! ```text
//! binary + completions + manual pages -> [ archive ] -> rolecall-linux-amd64.tar.gz
//! cargo metadata                      -> [ sbom ]    -> rolecall-linux-amd64.cdx.json
//! all archives in the directory       -> SHA256SUMS  -> [ packages ] -> krew.yaml, rolecall.rb
//! ```
//!
//! The same commit and compiler produce the same bytes: entries are sorted and have the time of the
//! commit.

mod archive;
mod packages;
mod platform;
mod sbom;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use ring::digest::{SHA256, digest};

use self::archive::Entry;
use self::platform::{PLATFORMS, Platform};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Build a release archive with checksums, an SBOM, a krew manifest and a Homebrew formula
#[derive(Args)]
pub(crate) struct DistArguments {
    /// Target to build for; defaults to this machine's
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,

    /// Only write checksums and manifests for the existing archives
    #[arg(long, conflicts_with = "target")]
    collect: bool,
}

/// The shells with completions, and the names of the files.
const SHELLS: [(&str, &str); 3] =
    [("bash", "rolecall.bash"), ("fish", "rolecall.fish"), ("zsh", "_rolecall")];

/// The executable that kubectl runs to complete `kubectl rolecall`, if it is in `PATH`.
const KUBECTL_COMPLETION: &str = "kubectl_complete-rolecall";

/// Commands without a manual page.
const WITHOUT_PAGE: [&str; 1] = ["help"];

const CHECKSUMS: &str = "SHA256SUMS";

/// Builds an archive, unless only describing, and then describes all archives in the directory.
pub(crate) fn run(arguments: &DistArguments) -> Result<()> {
    let root = files::workspace_root();
    let folder = root.join("target/dist");
    files::make_dir(&folder)?;
    let metadata = sbom::Metadata::read(&root)?;
    if !arguments.collect {
        let target = match &arguments.target {
            Some(target) => target.clone(),
            None => host()?,
        };
        build(&root, &folder, &metadata, &target, arguments.target.is_some())?;
    }
    describe(&folder, &metadata.version)
}

/// Builds and packs the binary for a target.
fn build(
    root: &Path,
    folder: &Path,
    metadata: &sbom::Metadata,
    target: &str,
    is_named: bool,
) -> Result<()> {
    let platform = Platform::of(target)?;
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["build", "--release", "--locked", "--package", "rolecall"]);
    command.args(["--bin", "rolecall"]);
    let mut built = root.join("target");
    if is_named {
        command.args(["--target", target]);
        built.push(target);
    }
    command.env("RUSTFLAGS", remapped(root)?);
    eprintln!("building {target}");
    let status = command.status().map_err(|error| process::failure(&command, &error))?;
    if !status.success() {
        return Err(Failure::new(format!("`cargo build` for {target} failed")));
    }
    let binary = built.join("release").join(platform.binary());
    let name = platform.name();
    let entries = contents(root, &binary, &platform)?;
    let inside = format!("rolecall-{}-{name}", metadata.version);
    let bytes = archive::pack(&inside, &entries, commit_time(root)?)?;
    write(&folder.join(platform.archive()), &bytes)?;
    let bill = sbom::bill(root, metadata, target)?;
    write(&folder.join(format!("rolecall-{name}.cdx.json")), bill.as_bytes())
}

/// Returns the content of an archive: the binary, its completions and manual pages.
fn contents(root: &Path, binary: &Path, platform: &Platform) -> Result<Vec<Entry>> {
    let read = |path: &Path| fs::read(path).map_err(|error| files::failure("read", path, &error));
    let mut entries = vec![
        Entry::program(platform.binary(), read(binary)?),
        Entry::text("LICENSE", read(&root.join("LICENSE"))?),
        Entry::text("README.md", read(&root.join("README.md"))?),
    ];
    let printed = |arguments: &[&str]| process::output(Command::new(binary).args(arguments));
    for (shell, file) in SHELLS {
        let script = printed(&["completions", shell])?;
        entries.push(Entry::text(format!("completions/{file}"), script.into_bytes()));
    }
    let script = printed(&["completions", "kubectl"])?.into_bytes();
    entries.push(Entry::program(format!("completions/{KUBECTL_COMPLETION}"), script));
    entries.push(Entry::text("man/rolecall.1", printed(&["man"])?.into_bytes()));
    for command in commands(&printed(&["--help"])?) {
        let page = printed(&["man", &command])?;
        entries.push(Entry::text(format!("man/rolecall-{command}.1"), page.into_bytes()));
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// Returns the names of the commands in the help text.
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !WITHOUT_PAGE.contains(name))
        .map(str::to_owned)
        .collect()
}

/// Writes checksums, the krew manifest and the Homebrew formula for the archives in a directory.
fn describe(folder: &Path, version: &str) -> Result<()> {
    let mut checksums = BTreeMap::new();
    for path in files::list_dir(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("rolecall-") && [".gz", ".json"].iter().any(|end| name.ends_with(end)) {
            let bytes = fs::read(&path).map_err(|error| files::failure("read", &path, &error))?;
            checksums.insert(name.to_owned(), hex(digest(&SHA256, &bytes).as_ref()));
        }
    }
    let sums: String = checksums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    files::write(&folder.join(CHECKSUMS), &sums)?;
    files::write(&folder.join("krew.yaml"), &packages::krew(version, &checksums))?;
    files::write(&folder.join("rolecall.rb"), &packages::homebrew(version, &checksums))?;
    let missing: Vec<&str> = PLATFORMS
        .iter()
        .filter(|platform| !checksums.contains_key(&platform.archive()))
        .map(|platform| platform.target)
        .collect();
    if !missing.is_empty() {
        eprintln!("note: the manifests omit {}: there is no archive", missing.join(", "));
    }
    println!("target/dist");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the default target of this machine.
fn host() -> Result<String> {
    let printed = process::output(Command::new("rustc").arg("-vV"))?;
    let host = printed.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` does not print a host"))
}

/// Returns the flags that keep paths of this machine out of the binary.
fn remapped(root: &Path) -> Result<String> {
    let root = root.canonicalize().map_err(|error| files::failure("find", root, &error))?;
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).unwrap_or_default();
    let cargo =
        env::var_os("CARGO_HOME").map_or_else(|| PathBuf::from(home).join(".cargo"), Into::into);
    let map = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    Ok(format!("{} {}", map(&root, "/rolecall"), map(&cargo, "/cargo")))
}

/// Returns the time of the commit in seconds; `SOURCE_DATE_EPOCH` takes precedence.
fn commit_time(root: &Path) -> Result<u64> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => process::output(Command::new("git").current_dir(root).args([
            "log",
            "-1",
            "--format=%ct",
        ]))?,
    };
    text.trim().parse().map_err(|_| Failure::new(format!("`{}` is not a time", text.trim())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| files::failure("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_in_the_help_has_a_page() {
        let help = "Usage: x\n\nCommands:\n  can-i  Check\n         more words\n  help   Show\n\nOptions:\n  -h\n";
        assert_eq!(commands(help), ["can-i"]);
    }

    #[test]
    fn only_archives_in_the_directory_are_described() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rolecall-linux-amd64.tar.gz"), "abc").unwrap();
        fs::write(folder.path().join("notes.txt"), "abc").unwrap();
        describe(folder.path(), "0.1.0").unwrap();
        let sums = fs::read_to_string(folder.path().join(CHECKSUMS)).unwrap();
        assert_eq!(
            sums,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  rolecall-linux-amd64.tar.gz\n"
        );
    }
}
