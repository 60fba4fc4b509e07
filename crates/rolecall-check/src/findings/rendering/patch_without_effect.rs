use regex_lite::Regex;
use rolecall_rbac::{Inventory, Metadata, Origin};

use super::build::{Layer, Pairs, PatchTarget, written_namespace};
use crate::{FieldPath, Finding, ObjectRef, documents};

/// The namespace that Kustomize compares for objects without one.
const DEFAULT: &str = "default";

/// The kinds that affect access.
const KINDS: [&str; 5] =
    ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"];

/// Finds patches of RBAC objects whose selection matches nothing, which Kustomize ignores.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    let objects = || {
        let inventories = pairs.build.sources.iter().copied().chain([pairs.build.result]);
        inventories.flat_map(objects)
    };
    for (position, layer) in pairs.build.layers.iter().enumerate() {
        for patch in &layer.patches {
            let Some(selector) = Selector::of(patch) else { continue };
            let (inner, outer) = pairs.build.layers.split_at(position);
            let mut named = objects().filter(|(kind, _)| selector.kind.is_match(kind));
            if named.any(|(_, metadata)| selector.matches(metadata, inner, outer)) {
                continue;
            }
            let meant = objects()
                .filter(|(kind, metadata)| {
                    selector.kind.is_match(kind) && is(&selector.name, &metadata.name)
                })
                .find_map(|(_, metadata)| {
                    let before = names(&metadata.name, outer);
                    before.into_iter().find(|name| *name != &*metadata.name)
                });
            let target = [&patch.kind, &patch.name].map(|it| it.as_str()).join(" ");
            let message = format!(
                "the patch of `{}` matches nothing: Kustomize ignores it without a message",
                target.trim()
            );
            let fix = match (meant, patch.namespace.is_empty()) {
                (Some(name), _) => {
                    format!("use `name: {name}`: patches see names without the prefix of the same file")
                }
                (None, false) => {
                    "correct the selection: patches see namespaces before `namespace` of the same file"
                        .to_owned()
                }
                (None, true) => "correct the selection, or remove the patch".to_owned(),
            };
            let object = ObjectRef {
                origin: Origin::File { path: layer.file.clone(), line: patch.line },
                kind: "Kustomization".into(),
                namespace: "".into(),
                name: directory(&layer.file).into(),
            };
            let finding = Finding::new(&documents::RC706, object, message)
                .at_line(FieldPath::key("patches"), patch.line)
                .about(format!("{target} {}", patch.namespace))
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// The compiled selection of a patch.
struct Selector {
    kind: Regex,
    name: Option<Regex>,
    namespace: Option<Regex>,
}

impl Selector {
    /// Compiles a selection; `None` if it is invalid or can select kinds that do not affect access.
    fn of(patch: &PatchTarget) -> Option<Self> {
        let compiled = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).ok();
        let optional = |pattern: &str| match pattern {
            "" => Some(None),
            pattern => Some(Some(compiled(pattern)?)),
        };
        let kind = compiled(&patch.kind).filter(|_| !patch.kind.is_empty())?;
        if !KINDS.iter().any(|known| kind.is_match(known)) {
            return None;
        }
        Some(Self { kind, name: optional(&patch.name)?, namespace: optional(&patch.namespace)? })
    }

    /// Returns whether a selection matches an object: by its name in the source, or after the inner layers.
    fn matches(&self, metadata: &Metadata, inner: &[Layer], outer: &[Layer]) -> bool {
        let is_named = names(&metadata.name, outer).iter().any(|name| is(&self.name, name));
        let written = match written_namespace(metadata) {
            "" => DEFAULT,
            namespace => namespace,
        };
        let set = inner.iter().filter_map(|layer| layer.namespace.as_ref()).map(|(it, _)| &**it);
        is_named && std::iter::once(written).chain(set).any(|it| is(&self.namespace, it))
    }
}

fn is(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// Returns a name without the prefixes and suffixes of the layers, if there are any.
fn names<'n>(name: &'n str, layers: &[Layer]) -> Vec<&'n str> {
    let mut inner = name;
    for layer in layers.iter().rev() {
        inner = inner.strip_prefix(&*layer.name_prefix).unwrap_or(inner);
        inner = inner.strip_suffix(&*layer.name_suffix).unwrap_or(inner);
    }
    vec![inner]
}

fn objects(inventory: &Inventory) -> impl Iterator<Item = (&str, &Metadata)> {
    let roles = inventory.roles().iter().map(|it| (it.kind(), &it.metadata));
    let bindings = inventory.bindings().iter().map(|it| (it.kind(), &it.metadata));
    let accounts = inventory.service_accounts().iter().map(|it| ("ServiceAccount", &it.metadata));
    let objects = roles.chain(bindings).chain(accounts);
    objects.filter(|(_, metadata)| metadata.origin != Origin::Default)
}

fn directory(file: &str) -> &str {
    file.rsplit_once('/').map_or(".", |(directory, _)| directory)
}
