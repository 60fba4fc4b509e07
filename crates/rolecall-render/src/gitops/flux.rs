//! Flux: `Kustomization` and `HelmRelease`.

use rolecall_yaml::Node;

use super::{Deployment, as_json, named, node, some, text, texts};
use crate::target::{Changes, Deployer};

/// Returns the directory that a `Kustomization` applies.
pub(super) fn kustomization(root: Node<'_>) -> Vec<Deployment> {
    let (by, name) = named(root);
    let source = text(root, &["spec", "sourceRef", "kind"]);
    if !matches!(source, "" | "GitRepository") {
        return Vec::new();
    }
    let namespace = some(text(root, &["spec", "targetNamespace"]));
    let changed = ["patches", "components"].into_iter().find(|field| {
        node(root, &["spec", field]).is_some_and(|list| list.items().next().is_some())
    });
    vec![Deployment {
        unknown: changed.map(|field| format!("{by} sets `{field}`, which rolecall does not apply")),
        by,
        name,
        path: text(root, &["spec", "path"]).trim_start_matches("./").to_owned(),
        namespace: namespace.clone(),
        changes: Changes {
            namespace,
            name_prefix: some(text(root, &["spec", "namePrefix"])),
            name_suffix: some(text(root, &["spec", "nameSuffix"])),
        },
        ..Deployment::default()
    }]
}

/// Returns the chart that a `HelmRelease` installs from the repository.
pub(super) fn helm_release(root: Node<'_>) -> Vec<Deployment> {
    let (by, name) = named(root);
    let chart = ["spec", "chart", "spec"];
    let at = |field| [chart[0], chart[1], chart[2], field];
    let source = text(root, &["spec", "chart", "spec", "sourceRef", "kind"]);
    let path = text(root, &at("chart"));
    if source != "GitRepository" || path.is_empty() {
        return Vec::new();
    }
    let target = text(root, &["spec", "targetNamespace"]);
    let release = match (text(root, &["spec", "releaseName"]), target) {
        ("", "") => name.clone(),
        ("", target) => format!("{target}-{name}"),
        (release, _) => release.to_owned(),
    };
    let namespace = some(target).or_else(|| some(text(root, &["metadata", "namespace"])));
    let references = node(root, &["spec", "valuesFrom"]);
    let has_references = references.is_some_and(|list| list.items().next().is_some());
    let values = texts(root, &at("valuesFiles"));
    let deployer = deployer(root, &name);
    vec![Deployment {
        deployer,
        unknown: has_references
            .then(|| format!("{by} takes values from ConfigMaps or Secrets in the cluster")),
        by,
        name,
        path: path.trim_start_matches("./").to_owned(),
        namespace,
        release: Some(release),
        // Flux resolves them from the root of the repository.
        values: values.iter().map(|file| format!("/{}", file.trim_start_matches("./"))).collect(),
        inline_values: node(root, &["spec", "values"]).and_then(as_json).into_iter().collect(),
        ..Deployment::default()
    }]
}

/// Returns the ServiceAccount as which Flux runs Helm.
fn deployer(root: Node<'_>, name: &str) -> Option<Deployer> {
    let account = node(root, &["spec", "serviceAccountName"])?;
    let namespace = text(root, &["metadata", "namespace"]);
    let storage = some(text(root, &["spec", "storageNamespace"]));
    Some(Deployer {
        namespace: namespace.to_owned(),
        account: account.as_str().filter(|account| !account.is_empty())?.to_owned(),
        storage: storage.unwrap_or_else(|| namespace.to_owned()),
        kind: text(root, &["kind"]).to_owned(),
        name: name.to_owned(),
        line: account.position().line,
        ..Deployer::default()
    })
}
