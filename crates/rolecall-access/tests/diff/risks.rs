//! The risks that subjects gain.

use super::*;

/// Formats the risks that each subject gains.
#[track_caller]
fn risks(old: &str, new: &str) -> String {
    let (old, new) = (Authorizer::new(cluster(old)), Authorizer::new(cluster(new)));
    let version = KubernetesVersion::NEWEST;
    let (old_risks, new_risks) = (Engine::new(&old, version), Engine::new(&new, version));
    let mut lines = String::new();
    let diffs = diff(&old, &new);
    for GainedRisk { holder, risk, may, by } in gained_risks(&diffs, &old_risks, &new_risks) {
        let HeldRisk { code, namespace, severity } = &risk;
        let place = namespace.as_deref().unwrap_or("everywhere");
        writeln!(lines, "{holder}: {code} {place} {severity}: {may}").unwrap();
        for grant in by {
            let binding = &grant.binding.metadata;
            let (namespace, name) = (&binding.namespace, &binding.name);
            writeln!(lines, "    {namespace}/{name} rule {}", grant.rule_index).unwrap();
        }
    }
    lines
}

#[test]
fn a_risk_is_gained_only_in_new_scopes() {
    let old = "ClusterRole list: list secrets
        ClusterRole exec: create pods/exec
        one: list -> user/jane in blue
        two: exec -> user/john";
    let new = "ClusterRole list: list,watch secrets
        ClusterRole exec: create pods/exec
        one: list -> user/jane in blue, red
        two: exec -> user/john in blue, kube-system";
    assert_snapshot!(risks(old, new), @r"
    user/jane: RC511 red medium: read all Secrets at once
        red/one rule 0
    ");
}

#[test]
fn a_narrowed_risk_is_not_gained() {
    let old = "ClusterRole all: * *.*
        one: all -> user/jane";
    let new = "ClusterRole all: list secrets; get /healthz
        one: all -> user/jane
        two: all -> user/jane in red";
    assert_snapshot!(risks(old, new), @"");
}

#[test]
fn labels_of_a_namespace_are_a_risk_in_it() {
    let new = "ClusterRole a: update namespaces
        one: a -> user/jane in blue";
    assert_snapshot!(risks("", new), @"
    user/jane: RC539 blue medium: relax the Pod security and network policies of Namespaces
        blue/one rule 0
    ");
}

#[test]
fn completing_a_risk_gains_it() {
    let old = "ClusterRole status: update certificatesigningrequests/status.certificates.k8s.io
        one: status -> user/jane";
    let new = "ClusterRole status: update certificatesigningrequests/status.certificates.k8s.io
        ClusterRole signers: sign signers.certificates.k8s.io
        one: status -> user/jane
        two: signers -> user/jane";
    assert_snapshot!(risks(old, new), @r"
    user/jane: RC535 everywhere high: issue certificates without approval
        /two rule 0
    ");
}
