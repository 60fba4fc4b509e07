//! The denied cells of a matrix.

use std::collections::BTreeMap;
use std::path::Path;

use rolecall_grant::Denied;
use rolecall_rbac::{Identity, Request, ResourceRequest};
use serde::Deserialize;

use crate::error::CommandError;
use crate::file::{self, Bound};
use crate::ui::Ui;

/// A matrix or a single answer in the format of `can-i -o json`.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Matrix {
    AccessMatrix { subjects: Vec<Subject>, cells: Vec<Cell> },
    AccessAnswer { subject: Subject, cell: Box<Cell> },
}

#[derive(Deserialize)]
struct Subject {
    subject: String,
    user: String,
    groups: Vec<String>,
}

#[derive(Deserialize)]
struct Cell {
    subject: String,
    namespace: String,
    verb: String,
    group: String,
    resource: String,
    subresource: String,
    name: String,
    path: String,
    verdict: String,
}

/// The error for a file that is not a matrix.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` is not a matrix in the format of `rolecall can-i -o json`")]
struct NoMatrix {
    file: String,
    source: serde_json::Error,
}

/// Reads the denied cells in a file, or in stdin.
pub(super) fn read(ui: &Ui, path: &Path) -> Result<Vec<Denied>, CommandError> {
    let text = file::read(ui, path, Bound { bytes: 1 << 30, what: "a matrix" })?;
    let name = file::name(path);
    let matrix: Matrix = serde_json::from_slice(&text)
        .map_err(|source| CommandError::input(NoMatrix { file: name.clone(), source }))?;
    let (subjects, cells) = match matrix {
        Matrix::AccessMatrix { subjects, cells } => (subjects, cells),
        Matrix::AccessAnswer { subject, cell } => (vec![subject], vec![*cell]),
    };
    let identities: BTreeMap<String, Identity> = subjects
        .into_iter()
        .map(|subject| {
            let groups = subject.groups.into_iter().map(Into::into).collect();
            let identity = Identity { user: subject.user.into(), groups, ..Identity::default() };
            (subject.subject, identity)
        })
        .collect();
    let denied = cells.into_iter().filter(|cell| cell.verdict == "denied");
    denied
        .map(|cell| match identities.get(&cell.subject) {
            Some(identity) => Ok(Denied::new(identity.clone(), cell.request())),
            None => Err(CommandError::input(format!(
                "{name} has a cell for `{}`, which is not in its subjects",
                cell.subject
            ))),
        })
        .collect()
}

impl Cell {
    fn request(self) -> Request {
        if !self.path.is_empty() {
            return Request::path(self.verb, self.path);
        }
        Request::resource(
            self.verb,
            ResourceRequest {
                namespace: self.namespace.into(),
                group: self.group.into(),
                resource: self.resource.into(),
                subresource: self.subresource.into(),
                name: self.name.into(),
            },
        )
    }
}
