//! The subjects that can do something, the output of `who-can`.

use std::io;

use rolecall_rbac::{AggregationDrift, Holder, Origin, Request, SubjectKind, Target, WhoCan};
use serde::Serialize;

use super::document::{Document, Each, Fields, Section, is_zero};
use super::{ObjectReference, RuleDetails};
use crate::load::Session;
use crate::runners::{Runner, Runners};
use crate::subject::is_missing_account;
use crate::unread_holders::Confirmed;
use crate::words;

/// The subjects that can do something.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessHolders<'a> {
    /// The requests, one per namespace.
    requests: Vec<RequestDetails<'a>>,
    holders: Each<'a, &'a Holder<'a>, HolderDetails<'a>>,
    /// Subjects that the server allows through objects that could not be read.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    confirmed: &'a [Confirmed],
    /// Groups that are allowed without a binding.
    implicit: Vec<ObjectReference<'static>>,
    problems: Vec<String>,
    /// Aggregated ClusterRoles whose stored rules differ from those of the ClusterRoles that they select.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aggregation_drifts: Vec<DriftDetails<'a>>,
    gaps: Vec<String>,
    /// The number of holders that `--limit` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

/// One aggregated ClusterRole whose stored and resolved rules differ.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DriftDetails<'a> {
    /// The ClusterRole's name.
    role: &'a str,
    /// Whether the answer uses the resolved rules instead of the stored ones.
    resolved: bool,
    /// Rules that only the resolved role has.
    added: Vec<RuleDetails<'a>>,
    /// Rules that only the stored role has.
    overwritten: Vec<RuleDetails<'a>>,
}

/// The attributes of a request; empty means absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestDetails<'a> {
    /// The namespace; `*` for each namespace, and across all namespaces.
    namespace: &'a str,
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    name: &'a str,
    path: &'a str,
}

/// One subject of one binding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HolderDetails<'a> {
    subject: ObjectReference<'a>,
    /// The namespace of the grant; empty for everywhere.
    namespace: &'a str,
    binding: ObjectReference<'a>,
    role: ObjectReference<'a>,
    rule: RuleDetails<'a>,
    rule_index: usize,
    /// Whether the subject is a ServiceAccount that does not exist.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    /// Whether a build that was not run can change the binding or the role.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unbuilt: bool,
    /// The workloads of the ServiceAccount, all in its namespace; null if they were not read, absent for
    /// users and groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    workloads: Option<Option<Vec<ObjectReference<'a>>>>,
    /// The ServiceAccounts that servers add to the group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<ObjectReference<'a>>,
}

impl<'a> AccessHolders<'a> {
    /// Copies the answer to requests that differ only in their namespace.
    pub(crate) fn new(
        session: &'a Session,
        asked: &'a [Request],
        each_namespace: bool,
        answer: &'a WhoCan<'a>,
        runners: Option<&'a Runners<'a>>,
    ) -> Self {
        let requests = asked.iter().map(|request| {
            let details = RequestDetails::new(request);
            let is_path = matches!(request.target, Target::Path(_));
            let namespace = if each_namespace && !is_path { "*" } else { details.namespace };
            RequestDetails { namespace, ..details }
        });
        let with_nodes = asked
            .iter()
            .any(|request| session.authorizer.rule_of_nodes(request).is_some())
            .then_some("system:nodes");
        let implicit = ["system:masters"].into_iter().chain(with_nodes);
        let implicit = implicit.map(|group| ObjectReference::named("Group", "", group));
        Self {
            requests: requests.collect(),
            holders: Each::new(&answer.holders, move |holder| {
                HolderDetails::new(session, holder, runners)
            }),
            implicit: implicit.collect(),
            problems: answer.problems.iter().map(words::problem).collect(),
            aggregation_drifts: session.reported_drifts().map(DriftDetails::new).collect(),
            gaps: answer.gaps.iter().map(ToString::to_string).collect(),
            omitted: 0,
            confirmed: &[],
        }
    }

    /// Adds the subjects that the server allows through objects that could not be read.
    #[must_use]
    pub(crate) fn with_confirmed(self, confirmed: &'a [Confirmed]) -> Self {
        Self { confirmed, ..self }
    }

    /// Limits the holders, and says how many are left out.
    #[must_use]
    pub(crate) fn with_holders(self, shown: Vec<&'a Holder<'a>>, omitted: usize) -> Self {
        Self { holders: self.holders.with_items(shown), omitted, ..self }
    }
}

impl Document for AccessHolders<'_> {
    const KIND: &'static str = "AccessHolders";

    fn head(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("requests", &self.requests)
    }

    fn sections(&self) -> Vec<Section<'_>> {
        vec![Section { key: "holders", record: "holder", list: &self.holders }]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        if !self.confirmed.is_empty() {
            fields.add("confirmed", &self.confirmed)?;
        }
        fields.add("implicit", &self.implicit)?;
        fields.add("problems", &self.problems)?;
        if !self.aggregation_drifts.is_empty() {
            fields.add("aggregationDrifts", &self.aggregation_drifts)?;
        }
        fields.add("gaps", &self.gaps)?;
        match self.omitted {
            0 => Ok(()),
            omitted => fields.add("omitted", &omitted),
        }
    }
}

impl<'a> RequestDetails<'a> {
    /// Copies a request.
    pub(crate) fn new(request: &'a Request) -> Self {
        let empty = Self {
            namespace: request.namespace(),
            verb: &request.verb,
            group: "",
            resource: "",
            subresource: "",
            name: "",
            path: "",
        };
        match &request.target {
            Target::Path(path) => Self { path, ..empty },
            Target::Resource(target) => Self {
                group: &target.group,
                resource: &target.resource,
                subresource: &target.subresource,
                name: &target.name,
                ..empty
            },
        }
    }

    /// Returns the values in the order of the fields.
    pub(crate) fn fields(&self) -> [&'a str; 7] {
        [
            self.namespace,
            self.verb,
            self.group,
            self.resource,
            self.subresource,
            self.name,
            self.path,
        ]
    }
}

impl<'a> DriftDetails<'a> {
    fn new(drift: &'a AggregationDrift) -> Self {
        Self {
            role: &drift.role,
            resolved: drift.applied,
            added: drift.added.iter().map(RuleDetails::new).collect(),
            overwritten: drift.overwritten.iter().map(RuleDetails::new).collect(),
        }
    }
}

/// Returns the ServiceAccount of a grant if it does not exist. Those in Kubernetes' default bindings do not
/// count: they are created when their controllers start.
pub(crate) fn missing_account<'h>(
    session: &Session,
    holder: &'h Holder<'_>,
) -> Option<(&'h str, &'h str)> {
    let (subject, binding) = (holder.grant.subject, holder.grant.binding);
    let is_account = subject.kind == SubjectKind::ServiceAccount
        && binding.metadata.origin != Origin::Default
        && !words::is_built_in(binding);
    let namespace = &*subject.namespace;
    (is_account && is_missing_account(session, namespace, &subject.name))
        .then_some((namespace, &*subject.name))
}

impl<'a> HolderDetails<'a> {
    fn new(session: &'a Session, holder: &Holder<'a>, runners: Option<&Runners<'a>>) -> Self {
        let (subject, binding) = (holder.grant.subject, holder.grant.binding);
        let namespace = match subject.kind {
            SubjectKind::ServiceAccount => subject.effective_namespace(&binding.metadata),
            _ => None,
        };
        let workloads = namespace.map(|namespace| {
            let found = runners?.of(namespace, &subject.name)?;
            let named = |it: Runner<'a>| ObjectReference::named(it.kind, namespace, it.name);
            Some(found.into_iter().map(named).collect())
        });
        let grant = &holder.grant;
        let members = match grant.subject.kind {
            SubjectKind::Group => session.authorizer.members(&grant.subject.name),
            _ => &[],
        };
        let member = |metadata| ObjectReference::new("ServiceAccount", metadata);
        Self {
            subject: ObjectReference::subject(grant.subject, &grant.binding.metadata),
            namespace: holder.namespace,
            binding: ObjectReference::binding(grant.binding),
            role: ObjectReference::role(grant.role),
            rule: RuleDetails::new(grant.rule),
            rule_index: grant.rule_index,
            missing: missing_account(session, holder).is_some(),
            unbuilt: session.authorizer.is_unbuilt(grant.binding, grant.role),
            workloads,
            members: members.iter().map(|account| member(&account.metadata)).collect(),
        }
    }
}
