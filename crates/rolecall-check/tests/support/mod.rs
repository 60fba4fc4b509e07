//! Checks of manifests, as the command runs them.

mod build;

use std::sync::OnceLock;

use rolecall_check::expectation::evaluate;
use rolecall_check::{
    AppliedBy, Category, CheckConfig, CheckInput, Finding, FindingBody, Judged, KubernetesVersion,
    check, expectation_findings, suppress,
};
use rolecall_rbac::{Authorizer, Catalog, Inventory, resolve_aggregation};
use rolecall_source::facts::Version;
use rolecall_source::manifests::{Defaults, LoadConfig, Loaded, Selection, load};
use rolecall_yaml as yaml;
use serde::Deserialize as _;

/// Returns what is found in manifests, with the newest server's default roles beside them.
pub fn findings_of(manifests: &str) -> Vec<Finding> {
    findings_for(manifests, Version::V1_36)
}

/// Returns what is found in manifests for a server of some version. With a line `# kustomize build`, the
/// documents after it are what Kustomize makes of those before it.
pub fn findings_for(manifests: &str, version: Version) -> Vec<Finding> {
    judge(manifests, version, false)
}

/// Returns what is found in a cluster with the objects of manifests.
pub fn findings_in_cluster(manifests: &str) -> Vec<Finding> {
    judge(manifests, Version::V1_36, true)
}

fn judge(manifests: &str, version: Version, complete: bool) -> Vec<Finding> {
    let (defaults, served) = facts_of(version);
    if let Some((default, other)) = manifests.split_once("# helm template web . --set") {
        return build::variant(default, other, version);
    }
    let built = manifests.split_once("# kustomize build\n");
    let mut loaded = read(built.map_or(manifests, |(_, result)| result), Defaults::None);
    if let Some((sources, result)) = built {
        build::trace(&mut loaded.inventory, sources, result);
    }
    let mut builder = defaults.clone().into_builder();
    builder.append(loaded.inventory.into_builder());
    let mut inventory = builder.build();
    // Reading has resolved what the manifests aggregate among themselves.
    let mut drifts = loaded.drifts;
    drifts.extend(resolve_aggregation(&mut inventory));
    let authorizer = Authorizer::new(inventory);
    // With the kinds that the manifests themselves define.
    let catalog = if version == Version::V1_36 { &loaded.catalog } else { served };
    let config = config_in(manifests);
    let mut findings = check(CheckInput {
        authorizer: &authorizer,
        catalog,
        defaults: std::slice::from_ref(defaults),
        drifts: &drifts,
        version: version.as_str().parse::<KubernetesVersion>().unwrap(),
        judged: Judged::Files,
        external: &config.external,
        complete,
        namespace_given: false,
        applied_by: AppliedBy::Unknown,
        is_one_install: false,
    });
    if let Some((sources, result)) = built {
        build::check(sources, result, authorizer.inventory(), &mut findings);
    }
    findings.extend(build::questions(manifests));
    findings.extend(build::omitted(manifests));
    let failures = evaluate(&authorizer, catalog, &config.expectations, KubernetesVersion::NEWEST);
    findings.extend(expectation_findings(&failures));
    config.grade(&mut findings);
    let today = "2026-11-22".parse().unwrap();
    suppress(findings, authorizer.inventory(), &config.suppressions, today).0
}

/// Returns what the documents of a configuration among manifests say.
fn config_in(manifests: &str) -> CheckConfig {
    let mut config = CheckConfig::empty();
    for document in yaml::parse(manifests, 1).unwrap() {
        let root = document.root();
        if root.get("kind").and_then(yaml::Node::as_str) == Some("CheckConfig") {
            config.extend(CheckConfig::deserialize(root).unwrap());
        }
    }
    config
}

/// Returns the default roles and bindings of a release, and what it serves.
pub fn facts_of(version: Version) -> &'static (Inventory, Catalog) {
    static FACTS: [OnceLock<(Inventory, Catalog)>; Version::ALL.len()] =
        [const { OnceLock::new() }; Version::ALL.len()];
    FACTS[version as usize].get_or_init(|| {
        let config = LoadConfig {
            paths: vec!["-".into()],
            default_namespace: "default".to_owned(),
            defaults: Defaults::Version(version),
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        let loaded = load(&config, &b""[..]);
        (loaded.inventory, loaded.catalog)
    })
}

/// Reads manifests.
pub fn read(manifests: &str, defaults: Defaults) -> Loaded {
    let config = LoadConfig {
        paths: vec!["-".into()],
        default_namespace: "default".to_owned(),
        defaults,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let loaded = load(&config, manifests.as_bytes());
    assert_eq!(loaded.problems, [], "{manifests}");
    loaded
}

/// Writes findings as lines.
pub fn show(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| {
            let FindingBody { rule, severity, object, field, message, fix, .. } = &**finding;
            let fix = if fix.is_empty() { String::new() } else { format!(" [{fix}]") };
            format!("{} {severity} {object} {field}: {message}{fix}\n", rule.code)
        })
        .collect()
}

/// Returns code, severity and message of the findings about risks.
pub fn risks_of(manifests: &str) -> Vec<String> {
    let findings = findings_of(manifests).into_iter();
    let risks = findings.filter(|finding| finding.rule.category == Category::Risk);
    risks
        .map(|finding| format!("{} {} {}", finding.rule.code, finding.severity, finding.message))
        .collect()
}

/// Writes a role, its binding and other objects beside them.
pub fn bound(kind: &str, namespace: &str, rules: &str, beside: &str) -> String {
    let at = if namespace.is_empty() { String::new() } else { format!(", namespace: {namespace}") };
    let binding = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
    let home = if kind == "Role" { &*at } else { "" };
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: tested{home}}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {binding}
metadata: {{name: tested{at}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: tested}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
{beside}"
    )
}
