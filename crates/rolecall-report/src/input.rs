//! The input of a report.

use rolecall_rbac::{Authorizer, Binding, Catalog, Role, Text};

/// Everything that a report shows.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The objects, and the evaluator that answers questions about them.
    pub authorizer: &'a Authorizer,
    /// The resources that the server serves.
    pub catalog: &'a Catalog,
    /// The input and its limits, in words.
    pub scope: &'a Scope,
    /// The findings, in the order in which the report lists those of equal severity.
    pub findings: &'a [ReportFinding<'a>],
    /// The escalation paths, if they were searched.
    pub paths: Option<&'a Paths<'a>>,
    /// The use of rights, if audit logs were read.
    pub usage: Option<&'a Usage<'a>>,
}

/// The input of the report and its limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The title; names the cluster or the directory.
    pub title: String,
    /// The program and its version.
    pub program: String,
    /// Statements about the examined input, such as `41 objects in 9 files`.
    pub examined: Vec<String>,
    /// The parts of the input that could not be read, with the reasons.
    pub unread: Vec<String>,
    /// Limits of the report, such as an assumed version.
    pub assumptions: Vec<String>,
    /// The name with which rolecall was run, for commands that the page prints.
    pub command: String,
    /// The options with which other commands read the same input, such as `-f deploy/`.
    pub sources: String,
    /// Whether the input is a whole cluster, so that an object that is missing does not exist.
    pub is_complete: bool,
}

/// A finding, without the types of the crate that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFinding<'a> {
    /// The rule.
    pub rule: FindingRule<'a>,
    /// The severity.
    pub severity: &'a str,
    /// The object.
    pub object: FindingObject<'a>,
    /// The field of the object.
    pub field: String,
    /// The problem.
    pub message: String,
    /// The fix; empty for none.
    pub fix: &'a str,
    /// An identifier that remains the same when lines move.
    pub fingerprint: &'a str,
    /// Other objects that contribute.
    pub related: Vec<Note<'a>>,
    /// Less severe findings with the same cause.
    pub also: Vec<OtherFinding<'a>>,
    /// The subjects.
    pub subjects: Vec<FindingSubject<'a>>,
}

/// A subject of a finding in the notation of the command line, such as `sa/shop:web`.
pub type FindingSubject<'a> = &'a str;

/// The rule that a finding breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingRule<'a> {
    /// The number of its code: 501 for RC501.
    pub code: u16,
    /// The name.
    pub name: &'a str,
    /// The title.
    pub title: &'a str,
    /// The category.
    pub category: &'a str,
    /// The documentation, as Markdown.
    pub text: &'a str,
}

/// The file and line of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectPlace<'a> {
    /// The file; empty for an object of a cluster.
    pub file: &'a str,
    /// The line, or 0.
    pub line: u32,
}

/// An object in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingObject<'a> {
    /// The kind.
    pub kind: &'a str,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
    /// The file and line.
    pub place: ObjectPlace<'a>,
}

/// Another object of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The object.
    pub object: FindingObject<'a>,
    /// Its part in the finding.
    pub note: &'a str,
}

/// A finding with the same cause as another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFinding<'a> {
    /// The rule.
    pub rule: FindingRule<'a>,
    /// The severity.
    pub severity: &'a str,
    /// The object.
    pub object: FindingObject<'a>,
    /// The problem.
    pub message: &'a str,
}

/// The subjects that can gain a set of rights step by step.
#[derive(Clone, Debug, Default)]
pub struct Paths<'a> {
    /// The rights at the end of each path, in words, such as `cluster-admin`.
    pub sink: String,
    /// The number of subjects from which paths were searched.
    pub starts: usize,
    /// The subjects that have these rights without any step, in the notation of the command line.
    pub admins: Vec<String>,
    /// One path for each subject.
    pub paths: Vec<Path<'a>>,
    /// The grants that most paths use.
    pub chokes: Vec<Choke<'a>>,
    /// The smallest known set of grants without which no path is left, if it was computed.
    pub cuts: Vec<Choke<'a>>,
}

/// The steps from a subject to the end of the path.
#[derive(Clone, Debug)]
pub struct Path<'a> {
    /// The subject, in the notation of the command line.
    pub subject: String,
    /// The steps.
    pub steps: Vec<PathStep<'a>>,
}

/// One step of a path.
#[derive(Clone, Debug)]
pub struct PathStep<'a> {
    /// The technique.
    pub technique: String,
    /// The requests, in words.
    pub requests: Vec<String>,
    /// The identity or rights that the step gains, in words.
    pub gains: String,
    /// The conditions that the input does not show.
    pub assumes: Vec<String>,
    /// The reason why each request is allowed.
    pub evidence: Vec<PathEvidence<'a>>,
}

/// The reason why a request of a path is allowed.
#[derive(Clone, Debug)]
pub enum PathEvidence<'a> {
    /// A rule of a bound role.
    Grant {
        /// The binding.
        binding: &'a Binding,
        /// The role.
        role: &'a Role,
        /// The index of the rule.
        rule: usize,
    },
    /// Any other reason, in words.
    Other(Text),
}

/// A grant that paths use.
#[derive(Clone, Debug)]
pub struct Choke<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The subject of the binding, in the notation of the command line.
    pub subject: String,
    /// The rule, or the whole binding, in words.
    pub grant: String,
    /// The number of subjects without a path once the grant is removed.
    pub ends: usize,
}

/// The use of rights according to audit logs.
#[derive(Clone, Debug, Default)]
pub struct Usage<'a> {
    /// The logs as they were named.
    pub logs: Vec<String>,
    /// Statements about the logs, such as the period that they cover.
    pub coverage: Vec<String>,
    /// The use of each rule of each binding.
    pub rights: Vec<RightUse<'a>>,
    /// The rights that are removed with all those that were not seen in use, in words.
    pub removed: Vec<String>,
    /// The objects that change.
    pub left: Vec<LeftObject>,
    /// The commands that delete objects without a use.
    pub deletions: Vec<String>,
}

/// The use of a part of a rule through one binding.
#[derive(Clone, Debug)]
pub struct RightUse<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The index of the rule in the role.
    pub rule: usize,
    /// The rights, in words.
    pub rights: String,
    /// Whether they were used.
    pub state: RightsState,
    /// The reason why the use is not known; empty for none.
    pub reason: String,
    /// The subjects that used them.
    pub subjects: Vec<SubjectUse>,
}

/// Whether rights were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsState {
    /// The logs would show the use, and do not.
    NotSeen = 0,
    /// The logs do not show whether they are used.
    NotAssessed = 1,
    /// Another authorizer allowed the requests.
    OtherAuthorizer = 2,
    /// They were used.
    Used = 3,
}

/// The requests of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectUse {
    /// The subject, in the notation of the command line.
    pub subject: String,
    /// The number of requests.
    pub requests: u64,
    /// The time of the first one; empty if it is not known.
    pub first: String,
    /// The time of the last one.
    pub last: String,
    /// The Pods that made them.
    pub pods: Vec<String>,
}

/// An object that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftObject {
    /// The kind.
    pub kind: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The object as YAML; empty if it is deleted.
    pub yaml: String,
}
