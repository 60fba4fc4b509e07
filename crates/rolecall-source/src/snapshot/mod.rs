//! Snapshots: a plain `List` that kubectl can read, with records of everything that could not be
//! read.
//!
//! The list's annotation `rolecall.dev/gaps` contains the gaps as JSON, and
//! `rolecall.dev/resources` the served resources. `rolecall.dev/stored` marks the objects as stored
//! by a server, so that no defaults are applied. A snapshot contains only what affects access: no
//! Secrets, tokens or environment variables, and of the commands of containers only the part that
//! the caller keeps.

mod gaps;
mod resources;

use std::io::{self, Write};

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::rbac::v1 as rbac_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rolecall_rbac::{
    Binding, Catalog, Container, Gap, Inventory, Labels, Metadata, Origin, PodSpec, Role,
    ServedResource, ServiceAccount, Unread, Workload,
};
use serde_json::{Map, Value, json};

use rolecall_yaml::{self as yaml, LineBreaks, Node};

pub(crate) use self::resources::from_json as served_resources;

const GAPS: &str = "rolecall.dev/gaps";
const RESOURCES: &str = "rolecall.dev/resources";
const STORED: &str = "rolecall.dev/stored";
const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";
/// The mount path of the token that the kubelet provides.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Returns the command of a container without secrets, as a snapshot records it; empty to omit it.
pub type KeptCommand<'k> = dyn Fn(&Container) -> Vec<String> + 'k;

/// Writes an inventory and its server's resources as a YAML `List`, object by object.
pub fn write(
    inventory: &Inventory,
    catalog: &Catalog,
    kept: &KeptCommand<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut annotations = Map::new();
    if !inventory.gaps().is_empty() {
        annotations.insert(GAPS.to_owned(), json!(gaps::to_json(inventory.gaps())?));
    }
    annotations.insert(RESOURCES.to_owned(), json!(resources::to_json(catalog)?));
    if all_stored(inventory) {
        annotations.insert(STORED.to_owned(), json!("true"));
    }
    let head =
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"annotations": annotations}});
    out.write_all(to_yaml(&head)?.as_bytes())?;
    let mut items = objects(inventory, kept).peekable();
    out.write_all(if items.peek().is_some() { b"items:\n" } else { b"items: []\n" })?;
    for item in items {
        for (index, line) in to_yaml(&item)?.split_inclusive('\n').enumerate() {
            let indentation = match (index, line) {
                (0, _) => "- ",
                (_, "\n") => "",
                _ => "  ",
            };
            write!(out, "{indentation}{line}")?;
        }
    }
    Ok(())
}

/// Returns whether a list is marked as stored by a server.
pub(crate) fn is_stored(list: Node<'_>) -> bool {
    annotation(list, STORED) == Some("true")
}

/// Returns the gaps in the annotation of a snapshot's list.
pub(crate) fn recorded_gaps(list: Node<'_>) -> Vec<Gap> {
    let Some(text) = annotation(list, GAPS) else { return Vec::new() };
    gaps::from_json(text).unwrap_or_else(|_| {
        vec![Gap {
            unread: Unread::Anything,
            because: format!("the annotation `{GAPS}` of the snapshot cannot be read").into(),
            origin: Origin::default(),
        }]
    })
}

/// Returns the served resources in the annotation of a snapshot's list; `None` for other lists.
pub(crate) fn recorded_resources(list: Node<'_>) -> Option<Vec<ServedResource>> {
    resources::from_json(annotation(list, RESOURCES)?).ok()
}

fn annotation<'d>(list: Node<'d>, key: &str) -> Option<&'d str> {
    list.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

fn to_yaml(value: &Value) -> io::Result<String> {
    yaml::to_string(value, LineBreaks::Kept).map_err(io::Error::other)
}

fn all_stored(inventory: &Inventory) -> bool {
    metadata_of(inventory).all(|metadata| metadata.stored)
}

fn metadata_of(inventory: &Inventory) -> impl Iterator<Item = &Metadata> {
    let roles = inventory.roles().iter().map(|role| &role.metadata);
    let bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let namespaces = inventory.namespaces().iter().map(|namespace| &namespace.metadata);
    let workloads = inventory.workloads().iter().map(|workload| &workload.metadata);
    let named = inventory.named_objects().iter().map(|object| &object.metadata);
    roles.chain(bindings).chain(accounts).chain(namespaces).chain(workloads).chain(named)
}

fn objects<'i>(
    inventory: &'i Inventory,
    kept: &'i KeptCommand<'i>,
) -> impl Iterator<Item = Value> + 'i {
    let namespaces = inventory.namespaces().iter().map(|namespace| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(&namespace.metadata)})
    });
    let accounts = inventory.service_accounts().iter().map(service_account);
    let roles = inventory.roles().iter().map(role);
    let bindings = inventory.bindings().iter().map(binding);
    let workloads = inventory.workloads().iter().map(|it| workload(it, kept));
    let named = inventory.named_objects().iter().map(|object| {
        let version = if object.api_group.is_empty() { "" } else { "/" };
        json!({
            "apiVersion": format!("{}{version}v1", object.api_group),
            "kind": &*object.kind,
            "metadata": metadata(&object.metadata),
        })
    });
    namespaces.chain(accounts).chain(roles).chain(bindings).chain(workloads).chain(named)
}

/// Returns the metadata, without a namespace that was assumed.
fn metadata(metadata: &Metadata) -> ObjectMeta {
    let object = ObjectMeta::from(metadata);
    ObjectMeta { namespace: object.namespace.filter(|_| !metadata.namespace_assumed), ..object }
}

/// Sets a field of an object.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn labels(labels: &Labels) -> Value {
    labels
        .iter()
        .map(|(key, value)| (key.to_string(), json!(&**value)))
        .collect::<Map<_, _>>()
        .into()
}

fn service_account(account: &ServiceAccount) -> Value {
    json!(core_v1::ServiceAccount { metadata: metadata(&account.metadata), ..account.into() })
}

fn role(role: &Role) -> Value {
    let metadata = metadata(&role.metadata);
    match role.is_cluster_role() {
        true => json!(rbac_v1::ClusterRole { metadata, ..role.into() }),
        false => json!(rbac_v1::Role { metadata, ..role.into() }),
    }
}

fn binding(binding: &Binding) -> Value {
    let subjects: Vec<Value> = binding
        .subjects
        .iter()
        .map(|subject| {
            let mut object = json!({"kind": subject.kind.as_str(), "name": &*subject.name});
            for (name, text) in
                [("apiGroup", &subject.api_group), ("namespace", &subject.namespace)]
            {
                if !text.is_empty() {
                    set(&mut object, name, json!(&**text));
                }
            }
            object
        })
        .collect();
    let role = &binding.role_ref;
    json!({
        "apiVersion": RBAC_VERSION,
        "kind": binding.kind(),
        "metadata": metadata(&binding.metadata),
        "roleRef": {"apiGroup": &*role.api_group, "kind": role.kind.as_str(), "name": &*role.name},
        "subjects": subjects,
    })
}

fn workload(workload: &Workload, kept: &KeptCommand<'_>) -> Value {
    // The version does not matter.
    let version = |group: &str| {
        if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") }
    };
    let mut object = json!({
        "apiVersion": version(&workload.api_group),
        "kind": &*workload.kind,
        "metadata": metadata(&workload.metadata),
    });
    if let Some(owner) = &workload.owner {
        let owners = json!([{
            "apiVersion": version(&owner.api_group),
            "controller": true,
            "kind": &*owner.kind,
            "name": &*owner.name,
        }]);
        if let Some(metadata) = object.get_mut("metadata") {
            set(metadata, "ownerReferences", owners);
        }
    }
    for pod in &workload.pods {
        if let (Some(template), false) =
            (pod.path.strip_suffix(".spec"), pod.annotations.is_empty())
            && let Some(place) = place(&mut object, template)
        {
            set(place, "metadata", json!({"annotations": labels(&pod.annotations)}));
        }
        if let Some(Value::Object(place)) = place(&mut object, &pod.path) {
            place.extend(pod_spec(pod, kept));
        }
    }
    object
}

/// Returns the object at a path such as `.spec.pods[0].spec`, and creates it if necessary.
fn place<'v>(object: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut place = object;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        place = match part.strip_suffix(']').map(str::parse::<usize>) {
            Some(Ok(index)) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let items = place.as_array_mut()?;
                while items.len() <= index {
                    items.push(json!({}));
                }
                items.get_mut(index)?
            }
            _ => {
                if !place.is_object() {
                    *place = json!({});
                }
                place.as_object_mut()?.entry(part).or_insert_with(|| json!({}))
            }
        };
    }
    Some(place)
}

fn pod_spec(pod: &PodSpec, kept: &KeptCommand<'_>) -> Map<String, Value> {
    let mut spec = Map::new();
    if !pod.service_account.is_empty() {
        // Kinds differ in the field that they have, and servers also write both.
        for name in ["serviceAccount", "serviceAccountName"] {
            spec.insert(name.to_owned(), json!(&*pod.service_account));
        }
    }
    if !pod.node.is_empty() {
        spec.insert("nodeName".to_owned(), json!(&*pod.node));
    }
    if let Some(automount) = pod.automount_token {
        spec.insert("automountServiceAccountToken".to_owned(), json!(automount));
    }
    let volumes: Vec<Value> = pod
        .token_volumes
        .iter()
        .map(|volume| {
            let token = json!({"audience": &*volume.audience, "path": "token"});
            json!({"name": &*volume.name, "projected": {"sources": [{"serviceAccountToken": token}]}})
        })
        .collect();
    if !volumes.is_empty() {
        spec.insert("volumes".to_owned(), volumes.into());
    }
    for (name, init) in [("initContainers", true), ("containers", false)] {
        let containers: Vec<Value> = pod
            .containers
            .iter()
            .filter(|container| container.init == init)
            .map(|it| container(it, pod, kept))
            .collect();
        if !containers.is_empty() {
            spec.insert(name.to_owned(), containers.into());
        }
    }
    spec
}

fn container(container: &Container, pod: &PodSpec, kept: &KeptCommand<'_>) -> Value {
    let mut object = json!({"name": &*container.name, "image": without_userinfo(&container.image)});
    let command = kept(container);
    if !command.is_empty() {
        set(&mut object, "command", command.into());
    }
    if container.may_have_kubeconfig {
        set(&mut object, "env", json!([{"name": "KUBECONFIG"}]));
    }
    let mut names: Vec<&str> = pod
        .token_volumes
        .iter()
        .filter(|volume| volume.mounted_by.contains(&container.name))
        .map(|volume| &*volume.name)
        .collect();
    if names.is_empty() && container.covers_token_path {
        names.push("covers-token");
    }
    let mounts: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let path = if index == 0 && container.covers_token_path {
                TOKEN_PATH.to_owned()
            } else {
                format!("/var/run/secrets/tokens/{name}")
            };
            json!({"name": name, "mountPath": path})
        })
        .collect();
    if !mounts.is_empty() {
        set(&mut object, "volumeMounts", mounts.into());
    }
    object
}

/// Removes credentials in front of an image's registry.
fn without_userinfo(image: &str) -> &str {
    // The `@` of a digest comes after the last `/`.
    let registry = image.rfind('/').and_then(|end| image.get(..end)).unwrap_or_default();
    registry.rfind('@').and_then(|at| image.get(at + 1..)).unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use super::without_userinfo;

    #[test]
    fn an_image_is_written_without_credentials() {
        let rows = [
            ("web", "web"),
            ("web:1", "web:1"),
            ("web@sha256:aa", "web@sha256:aa"),
            (
                "registry.example.com:5000/team/web:1@sha256:aa",
                "registry.example.com:5000/team/web:1@sha256:aa",
            ),
            ("joe:s3cret@registry.example.com/web:1", "registry.example.com/web:1"),
            (
                "joe:s3/cr@et@registry.example.com/a/web@sha256:aa",
                "registry.example.com/a/web@sha256:aa",
            ),
            ("https://joe@registry.example.com/web", "registry.example.com/web"),
        ];
        for (image, expected) in rows {
            assert_eq!(without_userinfo(image), expected);
        }
    }
}
