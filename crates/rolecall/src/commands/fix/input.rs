//! The input of `fix`. It is read before anything is loaded: it determines what to load, and a misspelled name
//! is an immediate error.

use rolecall_grant::Denied;
use rolecall_grant::refusal::Scan;
use rolecall_rbac::{Identity, Request};

use super::clues::Clues;
use super::release::{self, Release};
use super::review::Reviews;
use super::{Arguments, audit, matrix, review, scan};
use crate::cli::Options;
use crate::error::CommandError;
use crate::ui::Ui;

/// The source of denials.
pub(super) enum Input<'a> {
    /// Logs, which are read from the cluster later.
    Logs,
    /// VERB and RESOURCE arguments.
    Question(&'a Arguments),
    /// A text with refusals, with its name in messages.
    Errors(String, Scan, Clues),
    /// SubjectAccessReviews.
    Reviews(Reviews),
    /// A matrix.
    Matrix(Vec<Denied>),
    /// Audit logs.
    Audit(Vec<Denied>),
    /// Charts.
    Releases(Vec<Release>),
}

impl<'a> Input<'a> {
    /// Reads the input of the arguments.
    pub(super) fn read(
        ui: &Ui,
        options: &Options,
        arguments: &'a Arguments,
    ) -> Result<Self, CommandError> {
        if let Some(file) = &arguments.from_errors {
            let (name, scan, clues) = scan::read(ui, options, file)?;
            return Ok(Self::Errors(name, scan, clues));
        }
        if let Some(file) = &arguments.reviews {
            return Ok(Self::Reviews(review::read(ui, file)?));
        }
        if let Some(file) = &arguments.matrix {
            return Ok(Self::Matrix(matrix::read(ui, file)?));
        }
        if !arguments.from_audit.is_empty() {
            return Ok(Self::Audit(audit::read(ui, options, arguments)?));
        }
        if let Some(path) = &arguments.deploy {
            return Ok(Self::Releases(release::read(ui, options, path)?));
        }
        Ok(if arguments.logs.is_empty() { Self::Question(arguments) } else { Self::Logs })
    }

    /// Returns the namespaces of the denials: those of requests and of ServiceAccounts.
    pub(super) fn namespaces(&self) -> Vec<String> {
        let mut namespaces = Vec::new();
        let mut add = |identity: &Identity, request: &Request| {
            let account = identity.as_service_account().map(|account| account.namespace);
            let names = [account.unwrap_or_default(), request.namespace()];
            namespaces.extend(names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned));
        };
        match self {
            Self::Logs | Self::Question(_) | Self::Releases(_) => {}
            Self::Errors(_, scan, _) => {
                for denial in &scan.denials {
                    add(&Identity::user(&denial.user), &denial.request);
                }
                for request in scan.unnamed.iter().flat_map(|found| &found.requests) {
                    add(&Identity::default(), request);
                }
            }
            Self::Reviews(reviews) => {
                let nobody = Identity::default();
                for (_, review) in reviews {
                    add(review.identity.as_ref().unwrap_or(&nobody), &review.request);
                }
            }
            Self::Matrix(denied) | Self::Audit(denied) => {
                for denied in denied {
                    add(&denied.identity, &denied.request);
                }
            }
        }
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }
}
