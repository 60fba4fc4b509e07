//! What of a workload's YAML takes no part in an answer.

use super::identity::{self, Shape};
use rolecall_yaml::{Aside, PassOver};

/// Returns what may be passed over in an object of a shape: in Pods and what makes them, most of their
/// text. Custom resources may give any key another meaning.
pub(crate) fn passes_over(shape: Shape) -> Option<PassOver> {
    match shape {
        Shape::Workload(places) if identity::makes_pods(places.group) => Some(in_workload),
        _ => None,
    }
}

/// Tells of the keys of workloads which of their values no decoder looks at. Annotations and labels
/// may have such keys too, but their values are no objects and lists.
fn in_workload(key: &str) -> Option<Aside> {
    match key {
        "env" => Some(Aside::ObjectsWithout(sets_no_kubeconfig)),
        "affinity"
        | "dnsConfig"
        | "hostAliases"
        | "imagePullSecrets"
        | "lifecycle"
        | "livenessProbe"
        | "managedFields"
        | "nodeSelector"
        | "ports"
        | "readinessProbe"
        | "resources"
        | "securityContext"
        | "selector"
        | "startupProbe"
        | "status"
        | "strategy"
        | "tolerations"
        | "topologySpreadConstraints"
        | "updateStrategy"
        | "volumeClaimTemplates" => Some(Aside::Anything),
        _ => None,
    }
}

/// Returns whether a text names no environment variable that tells kubectl who or where it is.
fn sets_no_kubeconfig(text: &str) -> bool {
    !matches!(text.as_bytes(), [b'K', b'U', b'B', b'E', ..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::decode::{Decoder, Place, identity};
    use rolecall_yaml::{self as yaml, Chunk, PassOver};

    /// Returns all that is read from a text.
    fn read(text: &str, pass_over: Option<PassOver>) -> String {
        let mut decoder = Decoder::new(&Place::File("a".into()), "default");
        let chunk = Chunk { bytes: text.as_bytes(), first_line: 1 };
        for document in yaml::parse_chunk(&chunk, pass_over).unwrap() {
            decoder.document(&document);
        }
        let objects = decoder.batch.objects;
        format!("{objects} {:?}", decoder.batch.builder.build().workloads())
    }

    /// A field of a container or pod spec with what may stand below it, by two spaces each.
    fn field() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "serviceAccountName: a\n",
            "automountServiceAccountToken: false\n",
            "command: [kubectl, get, pods]\n",
            "args:\n- get\n- \"it's\"\n",
            "env:\n- name: A\n  value: \"b\"\n- name: C\n  valueFrom: {fieldRef: {fieldPath: d}}\n",
            "env:\n- name: KUBECONFIG\n  value: \"b\"\n",
            "env:\n  - {name: KUBECONFIG, value: b}\n",
            "env: []\n",
            "envFrom:\n- configMapRef:\n    name: a\n",
            "resources:\n  limits:\n    memory: 256Mi\n    cpu: \"1\"\n",
            "resources: {limits: {cpu: 1}}\n",
            "readinessProbe:\n  exec:\n    command: [\"sh\", \"-c\", \"echo\"]\n",
            "livenessProbe:\n  exec:\n    command:\n    - 'sh'\n    - |\n      serviceAccountName: b\n",
            "ports:\n- containerPort: 80\n  name: http\n",
            "selector:\n  matchLabels:\n    serviceAccountName: c\n",
            "securityContext:\n  runAsNonRoot: true\n",
            "volumeMounts:\n- name: token\n  mountPath: /home/me/.kube\n",
            "volumes:\n- name: token\n  projected:\n    sources:\n    - serviceAccountToken: {audience: x}\n",
            "tolerations:\n- operator: Exists\n# a comment: \"\n",
        ])
    }

    fn indented(fields: &[&str], columns: usize) -> String {
        let spaces = " ".repeat(columns);
        fields.concat().lines().map(|line| format!("{spaces}{line}\n")).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]
        #[test]
        fn nothing_that_counts_is_passed_over(
            outer in prop::collection::vec(field(), 0..3),
            pod in prop::collection::vec(field(), 0..4),
            containers in prop::collection::vec(prop::collection::vec(field(), 0..5), 0..3),
        ) {
            let containers: String = containers
                .iter()
                .map(|fields| format!("      - name: x\n{}", indented(fields, 8)))
                .collect();
            let text = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  labels:\n    env: x\nspec:\n{}  template:\n    spec:\n{}      containers:\n{containers}{}",
                indented(&outer, 2), indented(&pod, 6), indented(&pod, 6),
            );
            let shape = identity::shape("apps/v1", "Deployment");
            prop_assert_eq!(read(&text, super::passes_over(shape)), read(&text, None), "{}", text);
        }
    }
}
