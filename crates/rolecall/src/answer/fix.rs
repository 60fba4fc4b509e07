//! The denials that a fix is about, and answers of the server to its objects.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::Denied;
use rolecall_grant::refusal::MissingRole;
use rolecall_rbac::{Identity, PolicyRule, Request, Text};
use serde_json::Value;

use crate::error::Hint;
use crate::resolved::WorkloadName;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The denied requests.
    pub(crate) denied: Vec<Denied>,
    /// What else was refused, or looks so.
    pub(crate) unresolved: Vec<Unresolved>,
    /// Reasons that other authorizers gave for denied requests.
    pub(crate) reasons: BTreeMap<(Identity, Request), Text>,
    /// Whether informers seem to have written the text, which list and then watch.
    pub(crate) is_from_informers: bool,
    /// How many logs were not read to their end, and so may hold further refusals.
    pub(crate) unread_logs: usize,
    /// Roles that a user's bindings refer to and that the server did not find.
    pub(crate) missing_roles: BTreeMap<String, BTreeSet<MissingRole>>,
}

/// Something that no Role fixes.
#[derive(Clone, Debug)]
pub(crate) struct Unresolved {
    /// What was found, as it stands there.
    pub(crate) text: String,
    /// Why no Role fixes it.
    pub(crate) because: String,
    /// Rules whose lack is the reason.
    pub(crate) missing: Vec<PolicyRule>,
    /// Whether it keeps somebody from something that RBAC decides.
    pub(crate) weight: Weight,
    /// What to do next.
    pub(crate) next: Vec<Hint>,
}

/// What an [`Unresolved`] says about the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Somebody stays denied, and it is about RBAC.
    Denied,
    /// Something else than RBAC refused, or a text only looks like a refusal.
    Aside,
}

/// What the server says of the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DryRun {
    /// What it refuses.
    pub(crate) refused: Vec<RefusedObject>,
    /// The bindings that it cannot judge: a dry run does not store the roles that they refer to.
    pub(crate) not_judged: Vec<usize>,
}

/// What the server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedObject {
    /// Which of the objects.
    pub(crate) object: usize,
    /// Why, in the server's words.
    pub(crate) because: String,
}

/// What lets a workload run as its own ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The workload.
    pub(crate) workload: WorkloadName,
    /// The ServiceAccount.
    pub(crate) account: String,
    /// The JSON patch; `None` where the workload cannot be changed and must be made anew.
    pub(crate) operations: Option<Value>,
}
