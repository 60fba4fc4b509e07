//! On which lines the pod specs stand about which most findings are.

use rolecall_rbac::{PodLines, Workload};

use super::identity;
use rolecall_yaml::Node;

/// Notes where the pod spec of a document's one object stands. What has many, or may have them under
/// any key, is rare: it is looked for when there is something to tell of it.
pub(super) fn note(object: Node<'_>, workloads: &mut [Workload]) {
    let [workload] = workloads else { return };
    let is_known = identity::makes_pods(&workload.api_group);
    // Not a list that holds it.
    let is_it = object.get("kind").and_then(Node::as_str) == Some(&*workload.kind);
    let ([pod], true, true) = (&mut *workload.pods, is_known, is_it) else { return };
    let mut steps = pod.path.split('.').skip(1);
    let Some(spec) = steps.try_fold(object, |node, key| node.get(key)) else { return };
    let line = |node: Node<'_>| node.position().line;
    let of = |field| spec.get(field).map_or_else(|| line(spec), line);
    pod.lines = PodLines {
        spec: line(spec),
        service_account: of("serviceAccountName"),
        automount_token: of("automountServiceAccountToken"),
    };
}
