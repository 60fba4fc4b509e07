//! The objects that Helm applies for a chart, and the subject that must be allowed to.

use memchr::memmem;
use rolecall_check::{Deployer, Finding, ObjectRef, check_deployer};
use rolecall_command::{Operations, ReleasedObject, release_requests};
use rolecall_rbac::{Authorizer, Catalog, Identity, Inventory, Origin};
use rolecall_yaml::{self as yaml, Node};

use super::FinishedTarget;
use crate::cli;

/// Returns a finding about the missing access of the ServiceAccount that deploys a chart, if one is named.
pub(crate) fn check(
    target: &FinishedTarget,
    result: &Inventory,
    access: &Authorizer,
    catalog: &Catalog,
) -> Option<Finding> {
    let deployer = target.target.deployer.as_ref()?;
    let namespace = target.target.namespace().unwrap_or(&deployer.namespace);
    let objects = objects(&target.output.text, namespace);
    let requests = release_requests(&objects, &deployer.storage, Operations::Deploy, catalog);
    let subject = format!("sa/{}:{}", deployer.namespace, deployer.account);
    let shown = cli::quote(&target.target.shown);
    let command = format!("rolecall fix --deploy {shown} --for {subject} -n {namespace}");
    let place = &deployer.place;
    check_deployer(&Deployer {
        object: ObjectRef {
            origin: Origin::File { path: place.file.as_str().into(), line: place.line },
            kind: deployer.kind.as_str().into(),
            namespace: deployer.namespace.as_str().into(),
            name: deployer.name.as_str().into(),
        },
        field: "spec.serviceAccountName",
        line: deployer.line,
        subject: &subject,
        command: &command,
        identity: &Identity::service_account(&deployer.namespace, &deployer.account),
        chart: &target.target.name,
        requests: &requests,
        result,
        access,
    })
}

/// Returns the objects in the output of Helm, sorted.
pub(crate) fn objects(output: &[u8], namespace: &str) -> Vec<ReleasedObject> {
    let mut objects = Vec::new();
    for chunk in yaml::split(output) {
        if memmem::find(chunk.bytes, b"kind:").is_none() {
            continue;
        }
        for document in yaml::parse_chunk(&chunk, None).unwrap_or_default() {
            let root = document.root();
            let items = root.get("items").filter(|_| text(root, "kind").ends_with("List"));
            match items {
                Some(items) => objects.extend(items.items().filter_map(|it| object(it, namespace))),
                None => objects.extend(object(root, namespace)),
            }
        }
    }
    objects.sort();
    objects.dedup();
    objects
}

fn object(root: Node<'_>, namespace: &str) -> Option<ReleasedObject> {
    let metadata = root.get("metadata")?;
    let (kind, name) = (text(root, "kind"), text(metadata, "name"));
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let version = text(root, "apiVersion");
    let annotations = metadata.get("annotations");
    Some(ReleasedObject {
        group: version.split_once('/').map_or("", |(group, _)| group).into(),
        kind: kind.into(),
        namespace: match text(metadata, "namespace") {
            "" => namespace.into(),
            own => own.into(),
        },
        name: name.into(),
        is_hook: annotations.is_some_and(|it| !text(it, "helm.sh/hook").is_empty()),
    })
}

fn text<'d>(node: Node<'d>, field: &str) -> &'d str {
    node.get(field).and_then(Node::as_str).unwrap_or_default()
}
