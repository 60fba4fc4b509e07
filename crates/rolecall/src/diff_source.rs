//! The sources of a comparison, OLD and NEW.

use std::path::PathBuf;

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::git::{self, Copy};
use crate::load::{Breadth, Names, Needs, Session};
use crate::ui::Ui;

/// The notation of OLD and NEW, for the help of the commands that take them.
pub(crate) const GRAMMAR: &str = include_str!("help/sources.txt");

/// A source of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DiffSource {
    /// Manifests or a snapshot.
    Path(PathBuf),
    /// Committed manifests.
    Git {
        /// The revision.
        revision: String,
        /// The path; empty for the whole commit.
        path: String,
    },
    /// A live cluster.
    Cluster {
        /// The context, if it differs from the one in the options.
        context: Option<String>,
    },
    /// The live cluster, overlaid with manifests.
    Overlay(PathBuf),
}

impl DiffSource {
    /// Parses an argument.
    pub(crate) fn parse(text: &str) -> Result<Self, CommandError> {
        let empty = |example: &str| {
            Err(CommandError::usage(format!("`{text}` is incomplete"))
                .with_hint(Hint::did_you_mean(text, [example])))
        };
        match text.split_once(':') {
            Some(("git", rest)) => {
                let (revision, path) = rest.split_once(':').unwrap_or((rest, ""));
                if revision.is_empty() {
                    return empty("git:REV:PATH");
                }
                Ok(Self::Git { revision: revision.to_owned(), path: path.to_owned() })
            }
            Some(("cluster" | "context", "")) => empty("cluster"),
            Some(("cluster" | "context", context)) => {
                Ok(Self::Cluster { context: Some(context.to_owned()) })
            }
            Some(("overlay", "")) => empty("overlay:PATH"),
            Some(("overlay", path)) => Ok(Self::Overlay(path.into())),
            _ if text == "cluster" => Ok(Self::Cluster { context: None }),
            _ if text.is_empty() => empty("PATH"),
            _ => Ok(Self::Path(text.into())),
        }
    }

    /// Copies committed files, once for all targets.
    pub(crate) fn prepare(self, ui: &Ui) -> Result<PreparedSource, CommandError> {
        let copy = match &self {
            Self::Git { revision, path } => {
                let copy = Copy::of_commit(ui, revision, path)?;
                if copy.is_none() {
                    ui.note(format!(
                        "`{revision}` does not contain `{path}`, so it grants nothing"
                    ));
                }
                copy
            }
            _ => None,
        };
        Ok(PreparedSource { source: self, copy, contents: Contents::Rights })
    }
}

/// A source whose committed files are copied.
pub(crate) struct PreparedSource {
    source: DiffSource,
    copy: Option<Copy>,
    contents: Contents,
}

/// The objects of a source to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Those that grant access.
    #[default]
    Rights,
    /// Also those on which escalation paths depend, such as Pods.
    Paths,
}

/// The size of a file up to which all its objects are read.
const SMALL: u64 = 4 << 20;

impl PreparedSource {
    /// Returns whether the source is small enough to read all objects: manifests, but not a cluster.
    pub(crate) fn is_small(&self) -> bool {
        match &self.source {
            DiffSource::Git { .. } => true,
            DiffSource::Path(path) => {
                std::fs::metadata(path).is_ok_and(|it| it.is_dir() || it.len() <= SMALL)
            }
            DiffSource::Cluster { .. } | DiffSource::Overlay(_) => false,
        }
    }

    /// Chooses the objects to read.
    #[must_use]
    pub(crate) fn with(self, contents: Contents) -> Self {
        Self { contents, ..self }
    }

    /// Reads everything that grants access in the source.
    pub(crate) fn load(&self, ui: &Ui, options: &Options) -> Result<Session, CommandError> {
        let mut options = options.clone();
        options.namespace.all_namespaces = true;
        options.source.filename = Vec::new();
        options.source.overlay = false;
        match &self.source {
            DiffSource::Path(path) => {
                let text = path.to_string_lossy();
                if !path.exists() && text != "-" && git::is_revision(&text) {
                    let error = format!("{text}: no such file or directory");
                    return Err(CommandError::usage(error)
                        .with_hint(Hint::did_you_mean(&*text, [format!("git:{text}")])));
                }
                options.source.filename = vec![path.clone()];
            }
            DiffSource::Git { revision, path } => {
                let Some(copy) = &self.copy else { return Session::of_nothing(ui, &options) };
                let shown = match path.trim_end_matches('/') {
                    "" => format!("git:{revision}"),
                    path => format!("git:{revision}:{path}"),
                };
                let root_name = format!("git:{revision}:");
                return Session::load_copy(ui, &options, copy, (&shown, &root_name), self.needs());
            }
            DiffSource::Cluster { context } => {
                options.cluster.context = context.clone().or(options.cluster.context);
            }
            DiffSource::Overlay(path) => {
                options.source.filename = vec![path.clone()];
                options.source.overlay = true;
            }
        }
        Session::load(ui, &options, self.needs())
    }

    fn needs(&self) -> Needs {
        let of_paths = self.contents == Contents::Paths;
        Needs {
            service_accounts: of_paths,
            namespaces: of_paths,
            workloads: of_paths || self.copy.is_some(),
            names: if of_paths { Names::Few } else { Names::None },
            breadth: if of_paths { Breadth::All } else { Breadth::Roles },
            may_be_nothing: true,
            ..Needs::default()
        }
    }

    /// Returns the name of a target without the path of the source, so that both sides have the same names.
    pub(crate) fn relative_name<'n>(&self, name: &'n str) -> &'n str {
        let prefix = match &self.source {
            DiffSource::Path(path) | DiffSource::Overlay(path) => {
                path.to_string_lossy().trim_start_matches("./").to_owned()
            }
            DiffSource::Git { revision, path } => match path.trim_end_matches('/') {
                "" => format!("git:{revision}"),
                path => format!("git:{revision}:{path}"),
            },
            DiffSource::Cluster { .. } => String::new(),
        };
        let prefix = prefix.trim_end_matches('/');
        match name.strip_prefix(prefix) {
            Some("") => ".",
            Some(rest) => rest.trim_start_matches(['/', ':']),
            None => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_distinguished_by_their_first_word() {
        let git = |revision: &str, path: &str| DiffSource::Git {
            revision: revision.to_owned(),
            path: path.to_owned(),
        };
        let cluster =
            |context: Option<&str>| DiffSource::Cluster { context: context.map(str::to_owned) };
        for (text, expected) in [
            ("deploy/", Some(DiffSource::Path("deploy/".into()))),
            ("-", Some(DiffSource::Path("-".into()))),
            ("./cluster", Some(DiffSource::Path("./cluster".into()))),
            ("C:deploy", Some(DiffSource::Path("C:deploy".into()))),
            ("git:main:deploy", Some(git("main", "deploy"))),
            ("git:HEAD~1:./a:b", Some(git("HEAD~1", "./a:b"))),
            ("git:main", Some(git("main", ""))),
            ("cluster", Some(cluster(None))),
            ("cluster:prod", Some(cluster(Some("prod")))),
            ("context:prod", Some(cluster(Some("prod")))),
            ("overlay:deploy", Some(DiffSource::Overlay("deploy".into()))),
            ("git:", None),
            ("git::deploy", None),
            ("cluster:", None),
            ("overlay:", None),
            ("", None),
        ] {
            assert_eq!(DiffSource::parse(text).ok(), expected, "{text}");
        }
    }
}
