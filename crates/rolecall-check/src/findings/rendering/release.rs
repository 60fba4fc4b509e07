//! Findings about the rendering of a chart.

use rolecall_rbac::{Authorizer, Identity, Origin, Text, Workload};

use crate::words::listed;
use crate::{Finding, ObjectRef, documents};

/// A chart that is rendered with other values than its defaults.
#[derive(Clone, Copy, Debug)]
pub struct Variant<'a> {
    /// The objects with these values.
    pub result: &'a Authorizer,
    /// The objects with the default values.
    pub default: &'a Authorizer,
    /// The values that turn RBAC off, such as `rbac.create: false`, with their places.
    pub switches: &'a [String],
}

/// A query of a template to the cluster, which Helm cannot answer without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterQuestion {
    /// The name of the chart.
    pub chart: Text,
    /// The place.
    pub origin: Origin,
    /// The action, such as `.Capabilities.APIVersions.Has "example.com/v1"`.
    pub action: String,
    /// The API version that the query checks, if there is one.
    pub version: Option<String>,
}

/// An object of a template that Helm leaves out because of an unknown hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OmittedObject {
    /// The name of the chart.
    pub chart: Text,
    /// The place of the annotation.
    pub origin: Origin,
    /// The kind.
    pub kind: String,
    /// The hook as written.
    pub hook: String,
    /// The known hook with the most similar name.
    pub similar: Option<&'static str>,
}

/// The kinds that grant access or use it.
const KINDS: [&str; 12] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "ReplicaSet",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "StatefulSet",
];

/// Adds findings about workloads that have bindings with the default values of their chart, but not with
/// other values.
pub fn check_variant(variant: Variant<'_>, findings: &mut Vec<Finding>) {
    let Variant { result, default, switches } = variant;
    let workloads = result.inventory().workloads().iter();
    for workload in workloads.filter(|it| matches!(it.metadata.origin, Origin::File { .. })) {
        let metadata = &workload.metadata;
        let same = default.inventory().workload(
            &metadata.namespace,
            &workload.kind,
            &metadata.name,
            &workload.api_group,
        );
        let Some(same) = same else { continue };
        let usual = bindings(default, same);
        if usual.is_empty() || !bindings(result, workload).is_empty() {
            continue;
        }
        let because = match switches {
            [] => String::new(),
            switches => format!(", because of {}", switches.join(" and ")),
        };
        let message = format!(
            "nothing is granted to it with these values{because}; with the default values, {} {} to its \
             ServiceAccount",
            listed(&usual),
            if usual.len() == 1 { "grants access" } else { "grant access" },
        );
        let finding = Finding::new(&documents::RC711, ObjectRef::from(workload), message)
            .about(usual.join(","))
            .fix("create the roles and bindings elsewhere, or leave RBAC enabled");
        findings.push(finding);
    }
}

/// Returns findings about queries to the cluster that affect RBAC objects.
pub fn cluster_questions(questions: &[ClusterQuestion]) -> Vec<Finding> {
    let finding = |question: &ClusterQuestion| {
        let object = ObjectRef {
            origin: question.origin.clone(),
            kind: "Chart".into(),
            namespace: "".into(),
            name: question.chart.clone(),
        };
        let message = format!(
            "`{}` queries the cluster, so the objects can differ from those that are checked here",
            question.action
        );
        let fix = match &question.version {
            Some(version) => format!(
                "add `args: [--api-versions, {version}]` to a variant of the chart in `render` of `rolecall.yaml`"
            ),
            None => "check the objects in the cluster after the installation".to_owned(),
        };
        Finding::new(&documents::RC712, object, message).about(&*question.action).fix(fix)
    };
    questions.iter().map(finding).collect()
}

/// Returns findings about objects that Helm leaves out, of the kinds that grant access or use it.
pub fn omitted_objects(objects: impl Iterator<Item = OmittedObject>) -> Vec<Finding> {
    let finding = |omitted: OmittedObject| {
        let OmittedObject { chart: name, origin, kind, hook, similar } = omitted;
        let object = ObjectRef { origin, kind: "Chart".into(), namespace: "".into(), name };
        let message = match &*hook {
            "" => {
                format!("the annotation `helm.sh/hook` is empty, so Helm never creates the {kind}")
            }
            hook => {
                format!("Helm does not know the hook `{hook}`, so it never creates the {kind}")
            }
        };
        let fix = match similar {
            Some(similar) => {
                format!("if you mean `{similar}`, correct the annotation `helm.sh/hook`")
            }
            None => "correct or remove the annotation `helm.sh/hook`".to_owned(),
        };
        Finding::new(&documents::RC713, object, message).about(format!("{kind}:{hook}")).fix(fix)
    };
    objects.filter(|omitted| KINDS.contains(&&*omitted.kind)).map(finding).collect()
}

/// Returns the bindings of the input that grant something to the ServiceAccounts of a workload.
fn bindings(authorizer: &Authorizer, workload: &Workload) -> Vec<String> {
    let namespace = &workload.metadata.namespace;
    let names = workload.pods.iter().map(|pod| pod.service_account_name());
    let mut bindings: Vec<String> = names
        .flat_map(|name| authorizer.bindings_of(&Identity::service_account(namespace, name)))
        .filter(|bound| bound.binding.metadata.origin != Origin::Default)
        .map(|bound| ObjectRef::from(bound.binding).to_string())
        .collect();
    bindings.sort();
    bindings.dedup();
    bindings
}
