//! Line numbers of the pod spec fields that most findings refer to.

use rolecall_rbac::{PodLines, Workload};

use super::identity;
use rolecall_yaml::Node;

/// Records the lines of a document with one pod spec. Objects with several pod specs are rare;
/// their lines are located on demand.
pub(super) fn note(object: Node<'_>, workloads: &mut [Workload]) {
    let [workload] = workloads else { return };
    let is_known = identity::makes_pods(&workload.api_group);
    // Exclude a list that contains the workload.
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
