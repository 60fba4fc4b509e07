//! The programs that render, and where they are installed.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A kind of target, by the program that renders it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToolKind {
    /// `kustomize build` or `kubectl kustomize`.
    Kustomize,
    /// `helm template`.
    Helm,
}

impl ToolKind {
    /// Returns the name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }
}

/// An installed program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    /// The arguments before those of a build: `build`, `kustomize` or `template`.
    pub(crate) command: &'static str,
}

/// The installed programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tools {
    pub(crate) kustomize: Option<Tool>,
    pub(crate) helm: Option<Tool>,
}

/// The environment variables that name a program, with the program and its command.
const VARIABLES: [(&str, &str, &str); 3] = [
    ("ROLECALL_KUSTOMIZE", "kustomize", "build"),
    ("ROLECALL_KUBECTL", "kubectl", "kustomize"),
    ("ROLECALL_HELM", "helm", "template"),
];

impl Tools {
    /// Finds the programs: those that `ROLECALL_KUSTOMIZE`, `ROLECALL_KUBECTL` and `ROLECALL_HELM`
    /// name, or the first ones in the absolute directories of `PATH`. Returns the variable and the
    /// path of a program that does not exist as an error.
    pub fn find() -> Result<Self, (&'static str, PathBuf)> {
        let path = env::var_os("PATH").unwrap_or_default();
        let [kustomize, kubectl, helm] = VARIABLES;
        let kustomize = match find(&path, kustomize)? {
            Some(tool) => Some(tool),
            None => find(&path, kubectl)?,
        };
        Ok(Self { kustomize, helm: find(&path, helm)? })
    }

    /// Returns whether a kind of target can be rendered.
    pub fn renders(&self, kind: ToolKind) -> bool {
        match kind {
            ToolKind::Kustomize => self.kustomize.is_some(),
            ToolKind::Helm => self.helm.is_some(),
        }
    }
}

fn find(
    path: &OsStr,
    (variable, name, command): (&'static str, &str, &'static str),
) -> Result<Option<Tool>, (&'static str, PathBuf)> {
    if let Some(named) = env::var_os(variable).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        // A name without a directory is looked up like a command.
        let program = match named.components().count() {
            1 => on_path(path, &named),
            _ => named.canonicalize().ok().filter(|program| is_program(program)),
        };
        return match program {
            Some(program) => Ok(Some(Tool { program, command })),
            None => Err((variable, named)),
        };
    }
    Ok(on_path(path, Path::new(name)).map(|program| Tool { program, command }))
}

/// Returns the first program in the absolute directories of `PATH`: a relative one could lead into
/// the repository.
fn on_path(path: &OsStr, name: &Path) -> Option<PathBuf> {
    let file = name.with_extension(env::consts::EXE_EXTENSION);
    let directories = env::split_paths(path).filter(|directory| directory.is_absolute());
    directories.map(|directory| directory.join(&file)).find(|program| is_program(program))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
