//! The access in logs, credited to roles and bindings.

use std::path::PathBuf;

use clap::Args;
use rolecall_rbac::{
    Binding, Gap, Glob, Inventory, ObjectKind, Request, ResourceRequest, Unread, subject_matches,
};
use rolecall_usage::{Coverage, Credits, credit};

use super::{LogFormat, Logs, coverage_lines};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Needs, Session};
use crate::subject::{Subject, SubjectArgument};
use crate::ui::Ui;
use crate::words;

/// The logs and the subjects of commands about the use of roles.
#[derive(Debug, Args)]
pub(crate) struct EvidenceArguments {
    /// An audit log or a summary of `usage`: a file, a directory, a quoted pattern, or `-` for stdin;
    /// can be repeated
    #[arg(long = "usage", required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The format of the logs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: LogFormat,
    /// Only bindings of a subject; wildcards such as `sa/*` select several; can be repeated [default: all]
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
}

/// A session, and the use of its roles.
pub(crate) struct Evidence {
    /// The roles and bindings.
    pub(crate) session: Session,
    /// The logs.
    pub(crate) logs: Logs,
    /// The uses of each rule.
    pub(crate) credits: Credits,
    /// The exit code for unreadable parts of the logs.
    pub(crate) exit: Exit,
    subjects: Option<Vec<Subject>>,
    namespaces: Vec<String>,
}

impl Evidence {
    /// Reads roles, bindings and logs.
    pub(crate) fn read(
        ui: &Ui,
        options: &Options,
        arguments: &EvidenceArguments,
    ) -> Result<Self, CommandError> {
        let stdin = PathBuf::from("-");
        if arguments.logs.contains(&stdin) && options.source.filename.contains(&stdin) {
            return Err(CommandError::usage("`--usage` and `-f` cannot both be stdin"));
        }
        let parsed = SubjectArgument::parse_all(&arguments.subjects)?;
        let is_selective = !arguments.subjects.is_empty();
        let of_subjects = match is_selective {
            true => SubjectArgument::needs(&parsed),
            false => Needs::default(),
        };
        // Whether only one binding uses a role depends on all of them.
        let needs = Needs { breadth: Breadth::Roles, service_accounts: true, ..of_subjects };
        let session = Session::load(ui, options, needs)?;
        let subjects = match is_selective {
            true => Some(SubjectArgument::resolve_all(&parsed, ui, &session, options)?),
            false => None,
        };
        let (logs, exit) = super::read_evidence(ui, &arguments.logs, arguments.format)?;
        let credits = credit(&session.authorizer, logs.tally.uses());
        let namespaces = match options.namespace.all_namespaces || is_selective {
            true => Vec::new(),
            false => options.namespace.namespaces.clone(),
        };
        Ok(Self { session, logs, credits, exit, subjects, namespaces })
    }

    /// Returns what the logs cover.
    pub(crate) fn coverage(&self) -> &Coverage {
        self.logs.tally.coverage()
    }

    /// Returns whether a binding is selected by subject and namespace.
    pub(crate) fn selects(&self, binding: &Binding) -> bool {
        let is_there = self.namespaces.is_empty()
            || self.namespaces.iter().any(|it| **it == *binding.metadata.namespace);
        let is_of = |subject: &Subject| {
            let matches = |of: &rolecall_rbac::Subject| {
                subject_matches(of, &binding.metadata, &subject.identity)
            };
            binding.subjects.iter().any(matches)
        };
        is_there && self.subjects.as_ref().is_none_or(|subjects| subjects.iter().any(is_of))
    }

    /// Prints what the logs cover and what they leave out.
    pub(crate) fn explain(&self, ui: &Ui) {
        coverage_lines(self.coverage()).into_iter().for_each(|line| ui.note(line));
    }
}

/// A permission to keep: a subject, a verb and a resource or URL.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    subject: Glob,
    request: Request,
}

impl Kept {
    /// Parses `SUBJECT VERB RESOURCE`.
    pub(crate) fn parse(text: &str, session: &Session) -> Result<Self, CommandError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [subject, verb, resource] = words.as_slice() else {
            return Err(CommandError::usage(format!("`{text}` is not `SUBJECT VERB RESOURCE`"))
                .with_hint(Hint::pass("--keep 'sa/shop:web list secrets'", "keep a permission")));
        };
        let request = match resource.starts_with('/') {
            true => Request::path(*verb, *resource),
            false => {
                let resolved = session.catalog.resolve_for(verb, resource);
                let resolved = resolved.map_err(CommandError::usage)?;
                let target = ResourceRequest {
                    group: resolved.group,
                    resource: resolved.resource,
                    subresource: resolved.subresource,
                    ..ResourceRequest::default()
                };
                Request::resource(*verb, target)
            }
        };
        let subject = Glob::parse(*subject).map_err(CommandError::usage)?;
        Ok(Self { subject, request })
    }

    /// Returns the requests to keep for a binding.
    pub(crate) fn of(all: &[Self], binding: &Binding) -> Vec<Request> {
        let labels: Vec<String> =
            binding.subjects.iter().map(|subject| subject.notation(&binding.metadata)).collect();
        let is_of = |kept: &&Self| labels.iter().any(|label| kept.subject.matches(label));
        all.iter().filter(is_of).map(|kept| kept.request.clone()).collect()
    }
}

/// Warns of unread input that can hide bindings or roles, and returns whether there is any.
pub(crate) fn warn_of_gaps(ui: &Ui, inventory: &Inventory) -> bool {
    let hides_rights = |gap: &&Gap| match &gap.unread {
        Unread::Anything => true,
        Unread::Kind { kind, .. }
        | Unread::KindOutside { kind, .. }
        | Unread::Object { kind, .. } => matches!(
            kind,
            ObjectKind::ClusterRole
                | ObjectKind::ClusterRoleBinding
                | ObjectKind::Role
                | ObjectKind::RoleBinding
        ),
        Unread::Authorizer { .. } => false,
    };
    let gaps: Vec<&Gap> = inventory.gaps().iter().filter(hides_rights).collect();
    for gap in words::gaps(gaps.iter().copied()) {
        ui.warn(format!("there might be more rights; could not read: {gap}"));
    }
    !gaps.is_empty()
}
