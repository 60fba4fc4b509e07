//! Fields that servers do not know, which RC105 reports.

use rolecall_rbac::{UnknownField, edit_distance};

use crate::context::Context;
use crate::{FieldPath, ObjectRef};

/// A field that servers do not know, with the intended one if it is obvious.
pub(super) struct Stray<'a> {
    pub(super) field: &'a UnknownField,
    pub(super) meant: Option<&'static str>,
}

/// Fields by location: the beginning of the path, and the known fields there.
const OF_RULES: [&str; 5] = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"];
const OF_SUBJECTS: [&str; 4] = ["kind", "name", "namespace", "apiGroup"];
const OF_ROLE_REFS: [&str; 3] = ["kind", "name", "apiGroup"];
const OF_METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
const OF_SELECTORS: [&str; 3] = ["clusterRoleSelectors", "matchLabels", "matchExpressions"];
/// The fields of pod specs that affect access.
const OF_PODS: [&str; 3] = ["serviceAccountName", "serviceAccount", "automountServiceAccountToken"];
const OF_WORKLOADS: [&str; 6] = [
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "spec",
    "template",
    "jobTemplate",
];

/// Returns the unknown fields of checked objects.
pub(super) fn stray<'a>(context: &Context<'a>) -> impl Iterator<Item = Stray<'a>> {
    let fields = context.inventory().unknown_fields().iter();
    fields
        .filter(|field| context.is_judged_origin(&field.origin))
        // Expressions such as `(generation > `1`)` are from the assertions of a test, and variables such as
        // `${COMMENT}` from a template.
        .filter(|field| !field.path.contains(['(', '{']))
        .map(|field| Stray { field, meant: meant(field) })
}

impl Stray<'_> {
    /// Returns the object that has it.
    pub(super) fn object(&self) -> ObjectRef {
        let UnknownField { origin, kind, namespace, name, .. } = self.field.clone();
        ObjectRef { origin, kind, namespace, name }
    }

    /// Returns the last step of its path.
    pub(super) fn key(&self) -> &str {
        split(&self.field.path).1
    }

    /// Returns the correction.
    pub(super) fn fix(&self) -> String {
        let (place, key) = split(&self.field.path);
        match self.meant {
            Some(meant) if misplaced(self.field, meant).is_some() => {
                let home = misplaced(self.field, meant).unwrap_or_default();
                match key == meant {
                    true => format!("move it to {home}"),
                    false => format!("use `{meant}` in {home}"),
                }
            }
            Some(meant) => format!("use `{meant}`"),
            None if key.starts_with('$') => {
                "remove it: lists of rules and subjects are replaced as a whole, not merged"
                    .to_owned()
            }
            None if place == "roleRef" => {
                "remove it: a RoleBinding refers to Roles of its namespace and to ClusterRoles"
                    .to_owned()
            }
            None if key == "aggregationRule" => {
                "remove it, or write a ClusterRole: only ClusterRoles are aggregated".to_owned()
            }
            None => "remove it".to_owned(),
        }
    }

    /// Returns the path of the intended field.
    pub(super) fn path_meant(&self) -> Option<FieldPath> {
        let (place, _) = split(&self.field.path);
        Some(FieldPath::default().then_dotted(place).then_key(self.meant?))
    }
}

/// Returns the correct location of a known field that is in the wrong place.
fn misplaced(field: &UnknownField, meant: &str) -> Option<String> {
    let (place, _) = split(&field.path);
    if !OF_PODS.contains(&meant) {
        return None;
    }
    let home = match &*field.kind {
        "ServiceAccount" => "",
        kind => pod_spec(kind)?,
    };
    (place != home).then(|| match home {
        "" => "the top level of the object".to_owned(),
        home => format!("`{home}`"),
    })
}

/// Returns the path of the pod spec in a workload of Kubernetes.
fn pod_spec(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("spec"),
        "PodTemplate" => Some("template.spec"),
        "CronJob" => Some("spec.jobTemplate.spec.template.spec"),
        "ReplicationController"
        | "ReplicaSet"
        | "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "Job" => Some("spec.template.spec"),
        _ => None,
    }
}

/// Returns the intended field.
fn meant(field: &UnknownField) -> Option<&'static str> {
    let (place, key) = split(&field.path);
    let misplaced: &[&str] = match &*field.kind {
        "ServiceAccount" => &["automountServiceAccountToken"],
        kind if pod_spec(kind).is_some() => &OF_PODS,
        _ => &[],
    };
    let known: &[&str] = match (place.split(['.', '[']).next().unwrap_or_default(), &*field.kind) {
        ("rules", _) => &OF_RULES,
        ("subjects", _) => &OF_SUBJECTS,
        ("roleRef", _) => &OF_ROLE_REFS,
        ("metadata", _) => &OF_METADATA,
        ("aggregationRule", _) => &OF_SELECTORS,
        ("", "RoleBinding" | "ClusterRoleBinding") => &["subjects", "roleRef", "metadata"],
        ("", "Role") => &["rules", "metadata"],
        ("", "ClusterRole") => &["rules", "aggregationRule", "metadata"],
        ("", "ServiceAccount") => {
            &["automountServiceAccountToken", "imagePullSecrets", "secrets", "metadata"]
        }
        _ => &OF_WORKLOADS,
    };
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let key = plain(key);
    let tolerated = 1 + key.len() / 4;
    let distances = known.iter().chain(misplaced).map(|it| (edit_distance(&plain(it), &key), *it));
    distances.filter(|(distance, _)| *distance <= tolerated).min().map(|(_, meant)| meant)
}

/// Splits a path into the location of the field and its key.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}
