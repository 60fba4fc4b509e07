//! Diagnoses, the output of `doctor`.

use serde::Serialize;

use super::CredentialDetails;
use crate::answer::diagnosis::{Found, Step};

/// The steps of a diagnosis.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct Diagnosis<'a> {
    service_account_dir: String,
    server: &'a str,
    namespace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialDetails<'a>>,
    steps: Vec<StepDetails<'a>>,
}

#[derive(Debug, Serialize)]
struct StepDetails<'a> {
    name: &'a str,
    status: &'static str,
    says: &'a str,
    next: Vec<String>,
}

impl<'a> Diagnosis<'a> {
    /// Copies the results.
    pub(crate) fn new(found: &'a Found) -> Self {
        let identity = found.who.as_ref().map(|who| &who.identity);
        Self {
            service_account_dir: found.directory.to_string_lossy().into_owned(),
            server: &found.server,
            namespace: &found.namespace,
            user: identity.map(|identity| &*identity.user),
            groups: identity.map(|it| it.groups.iter().map(|group| &**group).collect()),
            credential: found.credential.as_ref().map(CredentialDetails::new),
            steps: found.steps.iter().map(StepDetails::new).collect(),
        }
    }
}

impl<'a> StepDetails<'a> {
    fn new(step: &'a Step) -> Self {
        Self {
            name: step.name,
            status: step.status.as_str(),
            says: &step.says,
            next: step.next.iter().map(ToString::to_string).collect(),
        }
    }
}
