//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use rolecall_task::failure::Result;
use rolecall_task::{files, process};

/// The tracked and new files, by their path from the root. The content of a binary file is empty.
pub(super) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    pub(super) fn read() -> Result<Self> {
        let root = files::workspace_root();
        let mut command = Command::new("git");
        command.current_dir(&root).args(["ls-files", "-z", "--cached", "--others"]);
        let listed = process::output(command.arg("--exclude-standard"))?;
        let files = listed
            .split_terminator('\0')
            // A file that is deleted but not yet committed is still listed.
            .filter_map(|path| Some((path.to_owned(), fs::read(root.join(path)).ok()?)))
            .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap_or_default()))
            .collect();
        Ok(Self { files })
    }

    /// Returns all files, sorted by path.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the files whose path starts with a prefix.
    pub(super) fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.starts_with(prefix))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns the Rust sources.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// Returns the names of the directories in `crates`.
    pub(super) fn crates(&self) -> impl Iterator<Item = &str> {
        self.files().filter_map(|(path, _)| {
            path.strip_prefix("crates/")?
                .strip_suffix("/Cargo.toml")
                .filter(|name| !name.contains('/'))
        })
    }
}

#[cfg(test)]
impl Tree {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        Self { files }
    }
}
