//! Builds of Kustomize in examples: sources, a kustomization and the result.

use rolecall_check::{
    Build, ClusterQuestion, Finding, Layer, OmittedObject, PatchTarget, TokenSecret, Variant,
    check_build, check_variant, cluster_questions, omitted_objects,
};
use rolecall_rbac::{Authorizer, Inventory, Metadata, Origin, Text};
use rolecall_source::facts::Version;
use rolecall_source::manifests::Defaults;
use rolecall_yaml::{self as yaml, Node};

const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// Gives the objects of a result the places of their sources.
pub fn trace(result: &mut Inventory, sources: &str, text: &str) {
    result.change_origins(|origin| {
        if let Origin::File { path, line } = origin
            && let Some(source) = source_line(sources, text, *line)
        {
            *path = "base/rbac.yaml".into();
            *line = source;
        }
    });
}

/// Adds the findings about a build.
pub fn check(sources: &str, text: &str, result: &Inventory, findings: &mut Vec<Finding>) {
    let mut written = super::read(&objects_of(sources), Defaults::None).inventory;
    written.change_origins(|origin| {
        if let Origin::File { path, .. } = origin {
            *path = "base/rbac.yaml".into();
        }
    });
    let layers = layers(sources);
    let secrets = token_secrets(sources, text);
    let sources = [&written];
    let documents = yaml::parse(text, 1).unwrap();
    let is_data = |root: Node<'_>| {
        matches!(root.get("kind").and_then(Node::as_str), Some("ConfigMap" | "Secret"))
    };
    let data = documents.iter().map(|it| it.root()).filter(|root| is_data(*root));
    let data: Vec<String> = data
        .filter_map(|root| Some(root.get("metadata")?.get("name")?.as_str()?.to_owned()))
        .collect();
    let build = Build {
        sources: &sources,
        result,
        layers: &layers,
        token_secrets: &secrets,
        data_objects: &data,
    };
    check_build(build, findings);
}

/// Returns the findings about a chart with other values than the default ones.
pub fn variant(default: &str, other: &str, version: Version) -> Vec<Finding> {
    // The rest of the line is the option.
    let other = other.split_once('\n').unwrap().1;
    let mut findings = super::findings_for(other, version);
    let authorizer =
        |text: &str| Authorizer::new(super::read(text, Defaults::Version(version)).inventory);
    let (default, result) = (authorizer(default), authorizer(other));
    let variant = Variant { result: &result, default: &default, switches: &[] };
    check_variant(variant, &mut findings);
    findings
}

/// Returns the findings about questions to the cluster in the comments of templates.
pub fn questions(text: &str) -> Vec<Finding> {
    let questions = text.lines().zip(1..).filter_map(|(line, number)| {
        let (_, rest) = line.split_once(".Capabilities.APIVersions.Has \"")?;
        let (version, _) = rest.split_once('"')?;
        Some(ClusterQuestion {
            chart: "web".into(),
            origin: Origin::File { path: "-".into(), line: number },
            action: format!(".Capabilities.APIVersions.Has \"{version}\""),
            version: Some(version.to_owned()),
        })
    });
    cluster_questions(&questions.collect::<Vec<_>>())
}

/// Returns the findings about objects of templates with hooks that Helm does not know.
pub fn omitted(text: &str) -> Vec<Finding> {
    let objects = text.lines().zip(1..).filter_map(|(line, number)| {
        let (_, hooks) = line.split_once("helm.sh/hook: \"")?;
        let hooks = hooks.split('"').next()?.split(',');
        let mut unknown = hooks.filter(|hook| !matches!(*hook, "pre-install" | "pre-upgrade"));
        Some(OmittedObject {
            chart: "web".into(),
            origin: Origin::File { path: "-".into(), line: number },
            kind: "ServiceAccount".to_owned(),
            hook: unknown.next()?.to_owned(),
            similar: Some("pre-upgrade"),
        })
    });
    let is_template = text.starts_with("# templates/");
    omitted_objects(objects.filter(|_| is_template))
}

/// Returns the text with the kustomizations as empty lines, so that lines stay the same.
fn objects_of(sources: &str) -> String {
    let mut in_kustomization = false;
    let lines = sources.lines().map(|line| {
        match line {
            "# kustomization.yaml" => in_kustomization = true,
            "---" => in_kustomization = false,
            _ => {}
        }
        if in_kustomization { "" } else { line }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.contains("kind:") {
        true => text,
        false => "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n".to_owned(),
    }
}

fn layers(sources: &str) -> Vec<Layer> {
    let documents = sources.split("---\n").filter(|it| it.starts_with("# kustomization.yaml"));
    let layer = |text: &str| {
        let documents = yaml::parse(text, 1).unwrap();
        let root = documents[0].root();
        let field = |node: Node<'_>, name: &str| {
            node.get(name).and_then(Node::as_str).unwrap_or_default().to_owned()
        };
        let patches = root.get("patches").into_iter().flat_map(Node::items);
        let patches = patches.filter_map(|patch| patch.get("target")).map(|target| PatchTarget {
            line: target.position().line,
            kind: field(target, "kind"),
            name: field(target, "name"),
            namespace: field(target, "namespace"),
        });
        Layer {
            file: "kustomization.yaml".into(),
            namespace: root
                .get("namespace")
                .map(|it| (Text::from(it.as_str().unwrap_or_default()), it.position().line)),
            name_prefix: field(root, "namePrefix").as_str().into(),
            name_suffix: field(root, "nameSuffix").as_str().into(),
            inflates_charts: root.get("helmCharts").is_some(),
            patches: patches.collect(),
        }
    };
    documents.map(layer).collect()
}

fn token_secrets(sources: &str, text: &str) -> Vec<TokenSecret> {
    let mut secrets = Vec::new();
    for document in yaml::parse(text, 1).unwrap() {
        let root = document.root();
        let Some(metadata) = root.get("metadata") else { continue };
        let text_of =
            |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
        let account = metadata.get("annotations").and_then(|it| it.get(ACCOUNT));
        if root.get("kind").and_then(Node::as_str) != Some("Secret") || account.is_none() {
            continue;
        }
        let line = source_line(sources, text, root.position().line).unwrap_or(1);
        let origin = Origin::File { path: "base/rbac.yaml".into(), line };
        let (namespace, name) = (text_of(metadata.get("namespace")), text_of(metadata.get("name")));
        secrets.push(TokenSecret {
            metadata: Metadata { origin, ..Metadata::new(namespace.as_str(), name.as_str()) },
            account: text_of(account).as_str().into(),
        });
    }
    secrets
}

/// Returns the line of the source of the object at a line of the result.
fn source_line(sources: &str, text: &str, line: u32) -> Option<u32> {
    let identity = |node: Node<'_>| {
        let field =
            |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
        let name = field(node.get("metadata").and_then(|it| it.get("name")));
        (field(node.get("kind")), name, node.position().line)
    };
    let all = |text: &str| -> Vec<(String, String, u32)> {
        let documents = yaml::parse(text, 1).unwrap();
        documents.iter().map(|document| identity(document.root())).collect()
    };
    let (kind, name, _) = all(text).into_iter().find(|(_, _, at)| *at == line)?;
    let mut candidates = all(&objects_of(sources));
    candidates.retain(|(other, source, _)| *other == kind && name.contains(&**source));
    candidates.into_iter().max_by_key(|(_, source, _)| source.len()).map(|(_, _, line)| line)
}
