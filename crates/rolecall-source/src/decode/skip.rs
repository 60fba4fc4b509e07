//! Keys in the YAML of workloads whose values do not affect any answer.

use super::identity::{self, Shape};
use rolecall_yaml::{Skip, SkipRule};

/// Returns the rule for skipping values in objects of a shape: most of the text of Pods and
/// workloads. In custom resources any key can mean something else.
pub(crate) fn skip_rule(shape: Shape) -> Option<SkipRule> {
    match shape {
        Shape::Workload(places) if identity::makes_pods(places.group) => Some(in_workload),
        _ => None,
    }
}

/// Returns how to skip the value of a key in a workload. Annotations and labels can have the same
/// keys, but their values are never objects or lists.
fn in_workload(key: &str) -> Option<Skip> {
    match key {
        "env" => Some(Skip::ObjectsWithout(sets_no_kubeconfig)),
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
        | "volumeClaimTemplates" => Some(Skip::Anything),
        _ => None,
    }
}

/// Returns whether a string cannot name an environment variable that configures kubectl.
fn sets_no_kubeconfig(text: &str) -> bool {
    !matches!(text.as_bytes(), [b'K', b'U', b'B', b'E', ..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::decode::{Decoder, Place, identity};
    use rolecall_yaml::{self as yaml, Chunk, SkipRule};

    /// Returns everything that is read from a text.
    fn read(text: &str, skip_rule: Option<SkipRule>) -> String {
        let mut decoder = Decoder::new(&Place::File("a".into()), "default");
        let chunk = Chunk { bytes: text.as_bytes(), first_line: 1 };
        for document in yaml::parse_chunk(&chunk, skip_rule).unwrap() {
            decoder.document(&document);
        }
        let objects = decoder.batch.objects;
        format!("{objects} {:?}", decoder.batch.builder.build().workloads())
    }

    /// A field of a container or pod spec with its value, indented by two spaces per level.
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
        fn only_irrelevant_values_are_skipped(
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
            prop_assert_eq!(read(&text, super::skip_rule(shape)), read(&text, None), "{}", text);
        }
    }
}
