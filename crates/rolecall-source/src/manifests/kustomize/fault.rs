//! The faults for which Kustomize refuses a kustomization before it reads a resource.

use rolecall_rbac::edit_distance_within;
use rolecall_yaml::{Node, Position};

/// The API group of kustomizations and components.
const GROUP: &str = "kustomize.config.k8s.io/";

/// The first thing that Kustomize refuses in a kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) position: Position,
    /// A fragment, such as "unknown field `resource`".
    pub(super) message: String,
}

/// The shape that Kustomize requires of a field's value. Every field can be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Texts,
    Object,
    Objects,
    TextMap,
}

/// The fields of a kustomization and of a component.
const FIELDS: [(&str, Shape); 34] = [
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", Shape::Object),
    ("resources", Shape::Texts),
    ("bases", Shape::Texts),
    ("components", Shape::Texts),
    ("namespace", Shape::Text),
    ("namePrefix", Shape::Text),
    ("nameSuffix", Shape::Text),
    ("labels", Shape::Objects),
    ("commonLabels", Shape::TextMap),
    ("commonAnnotations", Shape::TextMap),
    ("patches", Shape::Objects),
    ("patchesJson6902", Shape::Objects),
    ("patchesStrategicMerge", Shape::Texts),
    ("replacements", Shape::Objects),
    ("vars", Shape::Objects),
    ("images", Shape::Objects),
    ("imageTags", Shape::Objects),
    ("replicas", Shape::Objects),
    ("configMapGenerator", Shape::Objects),
    ("secretGenerator", Shape::Objects),
    ("generatorOptions", Shape::Object),
    ("generators", Shape::Texts),
    ("transformers", Shape::Texts),
    ("validators", Shape::Texts),
    ("configurations", Shape::Texts),
    ("crds", Shape::Texts),
    ("openapi", Shape::TextMap),
    ("buildMetadata", Shape::Texts),
    ("sortOptions", Shape::Object),
    ("helmGlobals", Shape::Object),
    ("helmCharts", Shape::Objects),
    ("helmChartInflationGenerator", Shape::Objects),
];

/// Returns the value of a kustomization's field. Kustomize ignores the letter case of field names, and
/// the last of several fields wins.
pub(super) fn field<'d>(root: Node<'d>, name: &str) -> Option<Node<'d>> {
    let is_named = |key: &Node<'_>| key.as_str().is_some_and(|key| key.eq_ignore_ascii_case(name));
    root.pairs().filter(|(key, _)| is_named(key)).map(|(_, value)| value).last()
}

/// Returns whether a file named like a kustomization contains another API's object, such as a
/// Kustomization of Flux.
pub(super) fn is_other_object(root: Node<'_>) -> bool {
    let is_foreign = |version: &str| !version.is_empty() && !version.starts_with(GROUP);
    let is_common = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata");
    field(root, "apiVersion").and_then(Node::as_str).is_some_and(is_foreign)
        && field(root, "spec").is_some()
        && !FIELDS.iter().any(|(name, _)| !is_common(name) && field(root, name).is_some())
}

/// Returns the first fault of a kustomization; `None` if Kustomize goes on to read its resources.
pub(super) fn find(root: Node<'_>) -> Option<Fault> {
    if !root.is_mapping() && !root.is_null() {
        let message = format!("expected an object, not {}", root.describe());
        return Some(Fault { position: root.position(), message });
    }
    root.pairs()
        .find_map(|(key, value)| of_field(key, value))
        .or_else(|| of_type(root))
        .or_else(|| is_empty(root).then(|| Fault::new(root, "it is empty")))
}

impl Fault {
    fn new(node: Node<'_>, message: impl Into<String>) -> Self {
        Self { position: node.position(), message: message.into() }
    }
}

fn of_field(key: Node<'_>, value: Node<'_>) -> Option<Fault> {
    let name = key.as_str().unwrap_or_default();
    let Some((_, shape)) = FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        let similar = FIELDS
            .iter()
            .filter_map(|(known, _)| Some((edit_distance_within(name, known, 2)?, known)))
            .min();
        let message = match similar {
            Some((_, known)) => format!("unknown field `{name}`; did you mean `{known}`?"),
            None => format!("unknown field `{name}`"),
        };
        return Some(Fault::new(key, message));
    };
    let (wrong, expected) = shape.mismatch(value)?;
    Some(Fault::new(wrong, format!("`{name}`: expected {expected}, not {}", wrong.describe())))
}

impl Shape {
    /// Returns the first node that does not have the shape, and the expectation.
    fn mismatch(self, value: Node<'_>) -> Option<(Node<'_>, &'static str)> {
        let is_text = |node: &Node<'_>| node.is_null() || node.as_str().is_some();
        let is_object = |node: &Node<'_>| node.is_null() || node.is_mapping();
        let is_list = value.is_null() || value.is_list();
        match self {
            Self::Text => (!is_text(&value)).then_some((value, "a string")),
            Self::Object => (!is_object(&value)).then_some((value, "an object")),
            Self::Texts | Self::Objects if !is_list => Some((value, "a list")),
            Self::Texts => value.items().find(|item| !is_text(item)).map(|item| (item, "a string")),
            Self::Objects => {
                value.items().find(|item| !is_object(item)).map(|item| (item, "an object"))
            }
            Self::TextMap if !is_object(&value) => Some((value, "an object")),
            Self::TextMap => {
                let mut values = value.pairs().map(|(_, value)| value);
                values.find(|value| !is_text(value)).map(|value| (value, "a string"))
            }
        }
    }
}

/// Checks `kind` and `apiVersion`, which can both be left out.
fn of_type(root: Node<'_>) -> Option<Fault> {
    let written = |name: &str| {
        let node = field(root, name)?;
        Some((node, node.as_str().filter(|text| !text.is_empty())?))
    };
    let is_component = match written("kind") {
        None | Some((_, "Kustomization")) => false,
        Some((_, "Component")) => true,
        Some((node, kind)) => {
            let message = format!("`kind`: expected `Kustomization` or `Component`, not `{kind}`");
            return Some(Fault::new(node, message));
        }
    };
    let expected = if is_component { "v1alpha1" } else { "v1beta1" };
    let (node, version) = written("apiVersion")?;
    let is_expected = version.strip_prefix(GROUP).is_some_and(|version| version == expected);
    let message = format!("`apiVersion`: expected `{GROUP}{expected}`, not `{version}`");
    (!is_expected).then(|| Fault::new(node, message))
}

/// Returns whether no field has a value. An empty list is a value.
fn is_empty(root: Node<'_>) -> bool {
    let is_type = |key: Node<'_>| {
        let is = |name: &str| key.as_str().is_some_and(|key| key.eq_ignore_ascii_case(name));
        is("apiVersion") || is("kind")
    };
    root.pairs().all(|(key, value)| is_type(key) || value.is_null() || value.as_str() == Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row is the answer of Kustomize 5.8.1, as `kustomize build` and `kubectl kustomize`.
    #[test]
    fn kustomize_refuses_the_same_kustomizations() {
        for (text, expected) in [
            ("resources: [r.yaml]", None),
            ("Resources: [r.yaml]", None),
            ("resources: []", None),
            ("kind: ''\nresources: [r.yaml]", None),
            ("kind: Component\nresources: [r.yaml]", None),
            ("metadata: {name: x}", None),
            ("resources: [r.yaml]\nnamePrefix:\npatches:", None),
            ("resources: [r.yaml]\ncrds: []\nopenapi: {}\nsortOptions: {order: legacy}", None),
            ("resource: [r.yaml]", Some("1:1 unknown field `resource`; did you mean `resources`?")),
            ("resources: [r.yaml]\nfoo: 1", Some("2:1 unknown field `foo`")),
            ("inventory: {}", Some("1:1 unknown field `inventory`")),
            ("x: &a [r.yaml]\nresources: *a", Some("1:1 unknown field `x`")),
            ("{}", Some("1:1 it is empty")),
            ("resources:", Some("1:1 it is empty")),
            ("namePrefix: ''", Some("1:1 it is empty")),
            (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization",
                Some("1:1 it is empty"),
            ),
            (
                "apiVersion: v1\nkind: Kustomization\nresources: [r.yaml]",
                Some("1:13 `apiVersion`: expected `kustomize.config.k8s.io/v1beta1`, not `v1`"),
            ),
            (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\nresources: []",
                Some(
                    "1:13 `apiVersion`: expected `kustomize.config.k8s.io/v1alpha1`, not \
                     `kustomize.config.k8s.io/v1beta1`",
                ),
            ),
            (
                "kind: Kustomize\nresources: [r.yaml]",
                Some("1:7 `kind`: expected `Kustomization` or `Component`, not `Kustomize`"),
            ),
            ("- r.yaml", Some("1:1 expected an object, not a list")),
            ("hello", Some("1:1 expected an object, not a string")),
            ("resources: r.yaml", Some("1:12 `resources`: expected a list, not a string")),
            ("resources: [{a: b}]", Some("1:13 `resources`: expected a string, not an object")),
            ("patches: [p.yaml]", Some("1:11 `patches`: expected an object, not a string")),
            ("namespace: 12", Some("1:12 `namespace`: expected a string, not a number")),
            ("namePrefix: [a]", Some("1:13 `namePrefix`: expected a string, not a list")),
            (
                "commonAnnotations: {a: 1}",
                Some("1:24 `commonAnnotations`: expected a string, not a number"),
            ),
        ] {
            let documents = rolecall_yaml::parse(text, 1).unwrap();
            let fault = find(documents.first().unwrap().root());
            let shown = fault.map(|Fault { position: Position { line, column }, message }| {
                format!("{line}:{column} {message}")
            });
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
