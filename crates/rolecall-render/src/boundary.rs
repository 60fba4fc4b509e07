//! The part of the file system that rendering can read.

use std::io;
use std::path::{Component, Path, PathBuf};

/// The Git work tree around a path, or the path itself if there is none. Nothing outside it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    root: PathBuf,
}

impl Boundary {
    /// Returns the boundary around a path.
    pub fn around(path: &Path) -> io::Result<Self> {
        let real = path.canonicalize()?;
        let directory = if real.is_dir() { &*real } else { real.parent().unwrap_or(&real) };
        let tree = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
        Ok(Self { root: tree.unwrap_or(directory).to_owned() })
    }

    /// Returns the real path of the outermost directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the real path that `relative` leads to from a real directory; `None` if it leads
    /// outside. A path that does not exist is returned without its links resolved.
    pub fn resolve(&self, directory: &Path, relative: &str) -> Option<PathBuf> {
        // Kustomize and Helm clean paths before they follow links.
        let clean = clean(&directory.join(relative));
        if !clean.starts_with(&self.root) {
            return None;
        }
        match clean.canonicalize() {
            Ok(real) => real.starts_with(&self.root).then_some(real),
            Err(_) => Some(clean),
        }
    }
}

/// Removes `.` and `..` from an absolute path without looking at the file system.
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Returns the relative path from one absolute directory to another.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_links_that_leave_the_work_tree_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let repository = root.join("repository");
        std::fs::create_dir_all(repository.join("a/.git")).unwrap();
        std::fs::create_dir_all(repository.join("a/overlays/prod")).unwrap();
        std::fs::create_dir_all(repository.join("a/base")).unwrap();
        let boundary = Boundary::around(&repository.join("a/overlays/prod")).unwrap();
        assert_eq!(boundary.root(), repository.join("a"));
        let prod = repository.join("a/overlays/prod");
        let base = repository.join("a/base");
        assert_eq!(boundary.resolve(&prod, "../../base"), Some(base));
        assert_eq!(boundary.resolve(&prod, "missing"), Some(prod.join("missing")));
        for outside in ["../../../etc", "/etc", "../../../../../../etc/passwd"] {
            assert_eq!(boundary.resolve(&prod, outside), None, "{outside}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc", prod.join("link")).unwrap();
            assert_eq!(boundary.resolve(&prod, "link"), None);
        }
        assert_eq!(
            relative(&root.join("x/y"), &prod),
            PathBuf::from("../../repository/a/overlays/prod")
        );
    }
}
