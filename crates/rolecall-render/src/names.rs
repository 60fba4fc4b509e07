//! The paths that people see for real paths.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::boundary::relative;

/// Shows real paths relative to the paths that the user named.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The named paths: real, and as written.
    named: Vec<(PathBuf, PathBuf)>,
    /// The number of copies at the beginning of `named`.
    copies: usize,
    /// The working directory.
    here: Option<PathBuf>,
}

impl Names {
    /// Creates names for the paths that the user named.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let named =
            paths.into_iter().filter_map(|path| Some((path.canonicalize().ok()?, path.to_owned())));
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        Self { named: named.collect(), copies: 0, here }
    }

    /// Shows the paths below the real directory of a temporary copy with another name. Copies are
    /// looked up in the order in which they are added.
    #[must_use]
    pub fn with_copy(mut self, directory: &Path, name: &str) -> Self {
        if let Ok(real) = directory.canonicalize() {
            let earlier = self.copies;
            self.named.insert(earlier, (real, PathBuf::from(name)));
            self.copies += 1;
        }
        self
    }

    /// Replaces the real paths in a message of a tool.
    pub(crate) fn replace_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (real, written) in &self.named {
            let shown = slashed(written);
            let real = real.to_string_lossy();
            let below = if shown == "." { String::new() } else { format!("{shown}/") };
            text = text.replace(&format!("{real}/"), &below).replace(&*real, &shown);
        }
        text
    }

    /// Returns the path to show for a real path: below a named path if possible, or else relative to
    /// the working directory.
    pub fn shown(&self, real: &Path) -> String {
        let below = |(named, written): &(PathBuf, PathBuf)| {
            real.strip_prefix(named).ok().map(|rest| written.join(rest))
        };
        let path = self.named.iter().find_map(below);
        let path = path.or_else(|| Some(relative(self.here.as_deref()?, real)));
        slashed(&path.unwrap_or_else(|| real.to_owned()))
    }
}

/// Formats a path with `/` as the separator and without a leading `./`.
fn slashed(path: &Path) -> String {
    let clean: PathBuf = path.components().collect();
    let text = clean.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let text = text.strip_prefix("./").unwrap_or(&text);
    if text.is_empty() { ".".to_owned() } else { text.to_owned() }
}

/// Real paths of files, which asks the system once per directory.
#[derive(Debug, Default)]
pub struct RealPaths {
    directories: HashMap<PathBuf, Option<PathBuf>>,
}

impl RealPaths {
    /// Returns the real path of a file; the file itself can be a link.
    pub fn of(&mut self, file: &Path) -> Option<PathBuf> {
        let directory = file.parent()?;
        let real = match self.directories.get(directory) {
            Some(real) => real.clone(),
            None => {
                let here = Path::new(".");
                let path = if directory.as_os_str().is_empty() { here } else { directory };
                let real = path.canonicalize().ok();
                self.directories.insert(directory.to_owned(), real.clone());
                real
            }
        };
        Some(real?.join(file.file_name()?))
    }
}
