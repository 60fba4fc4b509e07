//! The denials that a fix is about, and answers of the server to its objects.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::Denied;
use rolecall_grant::refusal::MissingRole;
use rolecall_rbac::{Identity, PolicyRule, Request, Text};
use serde_json::Value;

use crate::error::Hint;
use crate::resolved::WorkloadName;

/// The denials and other findings.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The denied requests.
    pub(crate) denied: Vec<Denied>,
    /// Other refusals, and texts that look like refusals.
    pub(crate) unresolved: Vec<Unresolved>,
    /// The reasons of other authorizers for denied requests.
    pub(crate) reasons: BTreeMap<(Identity, Request), Text>,
    /// Whether informers, which list and then watch, probably wrote the text.
    pub(crate) is_from_informers: bool,
    /// The number of logs that were not read completely, and can contain more refusals.
    pub(crate) unread_logs: usize,
    /// Missing roles in the bindings of a user, according to the server.
    pub(crate) missing_roles: BTreeMap<String, BTreeSet<MissingRole>>,
}

/// A refusal that no Role can fix.
#[derive(Clone, Debug)]
pub(crate) struct Unresolved {
    /// The original text.
    pub(crate) text: String,
    /// The reason why no Role can fix it.
    pub(crate) because: String,
    /// Missing rules that are the reason.
    pub(crate) missing: Vec<PolicyRule>,
    /// Whether it is a denial by RBAC.
    pub(crate) weight: Weight,
    /// The next steps.
    pub(crate) next: Vec<Hint>,
}

/// The effect of an [`Unresolved`] on the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A request stays denied by RBAC.
    Denied,
    /// Something other than RBAC refused the request, or the text only looks like a refusal.
    Aside,
}

/// The result of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DryRun {
    /// The objects that the server rejects.
    pub(crate) refused: Vec<RefusedObject>,
    /// The bindings that it cannot check, because a dry run does not store the roles that they refer to.
    pub(crate) not_judged: Vec<usize>,
}

/// An object that the server rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedObject {
    /// The index of the object.
    pub(crate) object: usize,
    /// The server's reason.
    pub(crate) because: String,
}

/// A patch that assigns a dedicated ServiceAccount to a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The workload.
    pub(crate) workload: WorkloadName,
    /// The ServiceAccount.
    pub(crate) account: String,
    /// The JSON patch; `None` if the workload is immutable and must be recreated.
    pub(crate) operations: Option<Value>,
}
