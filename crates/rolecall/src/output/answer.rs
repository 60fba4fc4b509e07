//! Answers to single requests, as documented in docs/json.md.

use rolecall_rbac::{
    Binding, Decision, Gap, Grant, Identity, Metadata, PolicyRule, Problem, Request, Role,
    Subject as BindingSubject, SubjectKind, Target, Verdict,
};
use serde::Serialize;

use super::API_VERSION;
use crate::subject::{Subject, label};

/// One question with its answer: `can-i` and `why`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessAnswer<'a> {
    api_version: &'static str,
    kind: &'static str,
    /// Who asks.
    subject: SubjectDetails<'a>,
    /// The question and its answer.
    cell: AccessCell<'a>,
}

/// Who asks, in full.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectDetails<'a> {
    /// As cells name it.
    subject: String,
    user: &'a str,
    groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<ObjectReference<'a>>,
}

/// One request and its answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessCell<'a> {
    subject: String,
    namespace: &'a str,
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    name: &'a str,
    path: &'a str,
    verdict: &'static str,
    by: Vec<GrantDetails<'a>>,
    problems: Vec<String>,
    gaps: Vec<String>,
}

/// What grants a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantDetails<'a> {
    /// Absent for `system:masters`, which no binding grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<ObjectReference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<ObjectReference<'a>>,
    subject: ObjectReference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    /// The server's words; empty for `system:masters`.
    reason: String,
}

/// An object by kind, namespace and name, and where it stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectReference<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// A rule as Kubernetes writes it, without its empty lists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleDetails<'a> {
    verbs: Texts<'a>,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    api_groups: Texts<'a>,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    resources: Texts<'a>,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    resource_names: Texts<'a>,
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Texts::is_empty")]
    non_resource_urls: Texts<'a>,
}

/// A list of texts.
#[derive(Debug)]
struct Texts<'a>(&'a [rolecall_rbac::Text]);

impl Texts<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Texts<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|text| &**text))
    }
}

impl<'a> AccessAnswer<'a> {
    /// Mirrors a decision.
    pub(crate) fn new(subject: &'a Subject, request: &'a Request, decision: &Decision<'a>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "AccessAnswer",
            subject: SubjectDetails::new(subject),
            cell: AccessCell::new(&subject.identity, request, decision),
        }
    }
}

impl<'a> SubjectDetails<'a> {
    /// Mirrors a subject.
    pub(crate) fn new(subject: &'a Subject) -> Self {
        let identity = &subject.identity;
        Self {
            subject: label(identity),
            user: &identity.user,
            groups: identity.groups.iter().map(|group| &**group).collect(),
            workload: subject.workload.as_ref().map(|workload| ObjectReference {
                kind: &workload.kind,
                namespace: &workload.namespace,
                name: &workload.name,
                file: None,
                line: None,
            }),
        }
    }
}

impl<'a> AccessCell<'a> {
    /// Mirrors a decision.
    pub(crate) fn new(identity: &Identity, request: &'a Request, decision: &Decision<'a>) -> Self {
        let (by, gaps): (&[Grant<'a>], &[Gap]) = match &decision.verdict {
            Verdict::Allowed { by } => (by, &[]),
            Verdict::NoOpinion => (&[], &[]),
            Verdict::Unknown { gaps } => (&[], gaps),
        };
        let cell = Self {
            subject: label(identity),
            namespace: request.namespace(),
            verb: &request.verb,
            group: "",
            resource: "",
            subresource: "",
            name: "",
            path: "",
            verdict: verdict_word(&decision.verdict),
            by: by.iter().map(GrantDetails::new).collect(),
            problems: decision.problems.iter().map(describe_problem).collect(),
            gaps: gaps.iter().map(ToString::to_string).collect(),
        };
        match &request.target {
            Target::Path(path) => Self { path, ..cell },
            Target::Resource(target) => Self {
                group: &target.group,
                resource: &target.resource,
                subresource: &target.subresource,
                name: &target.name,
                ..cell
            },
        }
    }
}

impl<'a> GrantDetails<'a> {
    fn new(grant: &Grant<'a>) -> Self {
        let reason = grant.to_string();
        match grant {
            Grant::Privileged => Self {
                binding: None,
                role: None,
                subject: ObjectReference {
                    kind: "Group",
                    namespace: "",
                    name: "system:masters",
                    file: None,
                    line: None,
                },
                rule: None,
                rule_index: None,
                reason,
            },
            Grant::Rule(grant) => Self {
                binding: Some(ObjectReference::binding(grant.binding)),
                role: Some(ObjectReference::role(grant.role)),
                subject: ObjectReference::subject(grant.subject, &grant.binding.metadata),
                rule: Some(RuleDetails::new(grant.rule)),
                rule_index: Some(grant.rule_index),
                reason,
            },
        }
    }
}

impl<'a> ObjectReference<'a> {
    /// Mirrors an object's name and origin.
    pub(crate) fn new(kind: &'a str, metadata: &'a Metadata) -> Self {
        let (file, line) = match &metadata.origin {
            rolecall_rbac::Origin::File { path, line } => (Some(&**path), Some(*line)),
            _ => (None, None),
        };
        Self { kind, namespace: &metadata.namespace, name: &metadata.name, file, line }
    }

    /// Mirrors a binding's name and origin.
    pub(crate) fn binding(binding: &'a Binding) -> Self {
        Self::new(binding.kind(), &binding.metadata)
    }

    /// Mirrors a role's name and origin.
    pub(crate) fn role(role: &'a Role) -> Self {
        Self::new(role.kind(), &role.metadata)
    }

    /// Mirrors a subject of a binding, with the namespace that counts.
    pub(crate) fn subject(subject: &'a BindingSubject, binding: &'a Metadata) -> Self {
        let namespace = match subject.kind {
            SubjectKind::ServiceAccount => subject.effective_namespace(binding),
            _ => None,
        };
        Self {
            kind: subject.kind.as_str(),
            namespace: namespace.map_or("", |namespace| namespace),
            name: &subject.name,
            file: None,
            line: None,
        }
    }
}

impl<'a> RuleDetails<'a> {
    /// Mirrors a rule.
    pub(crate) fn new(rule: &'a PolicyRule) -> Self {
        Self {
            verbs: Texts(&rule.verbs),
            api_groups: Texts(&rule.api_groups),
            resources: Texts(&rule.resources),
            resource_names: Texts(&rule.resource_names),
            non_resource_urls: Texts(&rule.non_resource_urls),
        }
    }
}

/// Returns the verdict's word in JSON.
pub(crate) fn verdict_word(verdict: &Verdict<'_>) -> &'static str {
    match verdict {
        Verdict::Allowed { .. } => "allowed",
        Verdict::NoOpinion => "denied",
        Verdict::Unknown { .. } => "unknown",
    }
}

/// Names the binding that leads nowhere, and why, in the server's words.
pub(crate) fn describe_problem(problem: &Problem<'_>) -> String {
    let binding = problem.binding();
    format!("{} `{}`: {problem}", binding.kind(), qualified(&binding.metadata))
}

/// Returns `namespace/name`, or the name of a cluster-scoped object.
pub(crate) fn qualified(metadata: &Metadata) -> String {
    if metadata.namespace.is_empty() {
        metadata.name.to_string()
    } else {
        format!("{}/{}", metadata.namespace, metadata.name)
    }
}
