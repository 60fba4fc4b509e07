//! Committed manifests, extracted by `git` to a temporary directory.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rolecall_source::manifests::is_manifest;
use tempfile::TempDir;

use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// The largest file of a commit that a build can include.
const LARGEST_PART: u64 = 8 << 20;

/// A copy of committed files, which is deleted when it is dropped.
pub(crate) struct Copy {
    _folder: TempDir,
    /// The copy of the whole commit, or of the part that is needed.
    pub(crate) root: PathBuf,
    /// The file or directory to read.
    pub(crate) path: PathBuf,
}

impl Copy {
    /// Copies the manifests of a commit: a file, or a directory recursively. An empty path means the whole
    /// commit, and one that begins with `./` is relative to the working directory. Returns `None` if the
    /// commit does not contain the path.
    pub(crate) fn of_commit(
        ui: &Ui,
        revision: &str,
        path: &str,
    ) -> Result<Option<Self>, CommandError> {
        let Some(object) = find(revision, path.trim_end_matches('/'))? else { return Ok(None) };
        let folder = TempDir::with_prefix("rolecall-").map_err(no_folder)?;
        let root = folder.path().join("tree");
        std::fs::create_dir(&root).map_err(no_folder)?;
        let (path, files) = match &*ask(&["cat-file", "-t", &object])? {
            "blob" => {
                let name = path.rsplit('/').next().unwrap_or(path);
                let file = Blob { object, path: PathBuf::from(name) };
                (root.join(name), vec![file])
            }
            _ => {
                let listed = list(&object)?;
                match listed.iter().any(|entry| is_rendered(&entry.path)) {
                    // A target can include files anywhere in the repository.
                    true => (root.join(in_tree(path)?), everything(revision)?),
                    false => (root.clone(), files(ui, revision, listed)),
                }
            }
        };
        // Tools and links are kept inside of it.
        std::fs::create_dir(root.join(".git")).map_err(no_folder)?;
        write(&root, &files)?;
        std::fs::create_dir_all(&path).or_else(|error| match path.exists() {
            true => Ok(()),
            false => Err(no_folder(error)),
        })?;
        Ok(Some(Self { _folder: folder, root, path }))
    }
}

/// Returns whether a text names a commit of the current repository.
pub(crate) fn is_revision(text: &str) -> bool {
    let commit = format!("{text}^{{commit}}");
    ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).is_ok()
}

/// Returns the name of the Git object at a path of a revision, if there is one.
fn find(revision: &str, path: &str) -> Result<Option<String>, CommandError> {
    let resolve = |named: &str| ask(&["rev-parse", "--verify", "--end-of-options", named]);
    if !path.is_empty()
        && let Ok(object) = resolve(&format!("{revision}:{path}"))
    {
        return Ok(Some(object));
    }
    match resolve(&format!("{revision}^{{tree}}")) {
        Ok(tree) => Ok(path.is_empty().then_some(tree)),
        // Git's message for an unknown revision.
        Err(error) if error.chain().concat().contains("Needed a single revision") => {
            Err(CommandError::input(format!("unknown git revision `{revision}`"))
                .with_hint(Hint::run("git fetch --all", "fetch new commits")))
        }
        Err(error) => Err(error),
    }
}

/// One committed file.
struct Blob {
    object: String,
    path: PathBuf,
}

/// A file in a tree.
struct Listed {
    mode: String,
    object: String,
    size: u64,
    path: PathBuf,
}

/// Returns the files of a tree.
fn list(tree: &str) -> Result<Vec<Listed>, CommandError> {
    let listed = ask_bytes(&["ls-tree", "-r", "-l", "-z", "--full-tree", tree])?;
    let entries = listed.split(|byte| *byte == 0).filter_map(|entry| {
        let entry = String::from_utf8_lossy(entry);
        let (facts, path) = entry.split_once('\t')?;
        let mut facts = facts.split_whitespace();
        Some(Listed {
            mode: facts.next()?.to_owned(),
            object: facts.nth(1)?.to_owned(),
            size: facts.next().and_then(|size| size.parse().ok()).unwrap_or_default(),
            path: PathBuf::from(path),
        })
    });
    Ok(entries.collect())
}

/// Returns the manifests among the files.
fn files(ui: &Ui, revision: &str, listed: Vec<Listed>) -> Vec<Blob> {
    let is_link = |entry: &Listed| matches!(&*entry.mode, "120000" | "160000");
    let left_out = listed.iter().filter(|entry| is_link(entry)).count();
    if left_out > 0 {
        ui.warn(format!("ignoring {left_out} symbolic links and submodules of `{revision}`"));
    }
    let manifests = listed
        .into_iter()
        .filter(|entry| !is_link(entry) && is_manifest(&entry.path) && stays_inside(&entry.path));
    manifests.map(|entry| Blob { object: entry.object, path: entry.path }).collect()
}

/// Returns all files of a commit that a build can include, except symbolic links and submodules.
fn everything(revision: &str) -> Result<Vec<Blob>, CommandError> {
    let tree =
        ask(&["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{tree}}")])?;
    let regular = list(&tree)?.into_iter().filter(|entry| {
        entry.mode.starts_with("100") && entry.size <= LARGEST_PART && stays_inside(&entry.path)
    });
    Ok(regular.map(|entry| Blob { object: entry.object, path: entry.path }).collect())
}

/// Returns whether a file means that other programs render manifests.
fn is_rendered(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        ["Chart.yaml", "Kustomization", "kustomization.yaml", "kustomization.yml"]
            .iter()
            .any(|known| name == *known)
    })
}

/// Returns a path from the root of the repository. One that begins with `./` or `../` is relative to the working
/// directory.
fn in_tree(path: &str) -> Result<PathBuf, CommandError> {
    let is_relative = path.split('/').next().is_some_and(|first| matches!(first, "." | ".."));
    let prefix = if is_relative { ask(&["rev-parse", "--show-prefix"])? } else { String::new() };
    let mut clean = PathBuf::new();
    for component in Path::new(&prefix).join(path).components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::Normal(name) => clean.push(name),
            _ => {}
        }
    }
    Ok(clean)
}

/// Returns whether a path stays inside the directory. Paths of commits are untrusted.
fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Writes files to a directory.
fn write(root: &Path, files: &[Blob]) -> Result<(), CommandError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut git = git(&["cat-file", "--batch"]);
    let mut git = git
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(no_git)?;
    let (Some(mut questions), Some(answers)) = (git.stdin.take(), git.stdout.take()) else {
        return Err(CommandError::input("`git cat-file` has no pipes"));
    };
    let mut answers = BufReader::new(answers);
    let objects: String = files.iter().map(|file| format!("{}\n", file.object)).collect();
    std::thread::scope(|scope| {
        // Git answers before it has read all questions.
        scope.spawn(move || questions.write_all(objects.as_bytes()));
        let written = files.iter().try_for_each(|file| write_next(root, file, &mut answers));
        if written.is_err() {
            // Git might still be writing, and would block forever.
            let _ = git.kill();
        }
        written
    })?;
    git.wait().map_err(no_git)?;
    Ok(())
}

/// Writes the next file from git's output.
fn write_next(root: &Path, file: &Blob, answers: &mut impl BufRead) -> Result<(), CommandError> {
    let content = next_object(answers, file)?;
    let path = root.join(&file.path);
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(no_folder)?;
    std::fs::write(&path, content).map_err(no_folder)
}

/// Reads `OBJECT blob SIZE`, the content and a newline.
fn next_object(answers: &mut impl BufRead, file: &Blob) -> Result<Vec<u8>, CommandError> {
    let unread = || {
        CommandError::input(format!("git cannot read `{}`", file.path.display()))
            .with_hint(Hint::run("git fsck", "check the repository"))
    };
    let mut header = String::new();
    answers.read_line(&mut header).map_err(|_| unread())?;
    let size = header.trim_end().rsplit_once(" blob ").and_then(|(_, size)| size.parse().ok());
    let size: u64 = size.ok_or_else(unread)?;
    let mut content = Vec::new();
    answers.by_ref().take(size + 1).read_to_end(&mut content).map_err(|_| unread())?;
    match content.pop() {
        Some(b'\n') if content.len() as u64 == size => Ok(content),
        _ => Err(unread()),
    }
}

/// Runs git and returns the line that it prints.
fn ask(arguments: &[&str]) -> Result<String, CommandError> {
    let bytes = ask_bytes(arguments)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn ask_bytes(arguments: &[&str]) -> Result<Vec<u8>, CommandError> {
    let Output { status, stdout, stderr } = git(arguments).output().map_err(no_git)?;
    if status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&stderr);
    let line = stderr.lines().next().unwrap_or("git failed");
    let reason = line.strip_prefix("fatal: ").unwrap_or(line);
    Err(CommandError::input(format!("git: {reason}")))
}

fn git(arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C");
    git
}

fn no_git(error: std::io::Error) -> CommandError {
    CommandError::input(format!("cannot run `git`: {error}"))
        .with_hint(Hint::run("git --version", "check whether git is installed"))
}

fn no_folder(error: std::io::Error) -> CommandError {
    CommandError::input(format!("cannot write committed files to a temporary directory: {error}"))
}
