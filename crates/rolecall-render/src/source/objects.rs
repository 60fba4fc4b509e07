//! The objects of a YAML or JSON file.

use rolecall_yaml::{self as yaml, Node};

/// The objects of a file, in its order.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<Object>);

#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) line: u32,
}

impl Objects {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut objects = Vec::new();
        for chunk in yaml::split(bytes) {
            for document in yaml::parse_chunk(&chunk, None).unwrap_or_default() {
                add(document.root(), &mut objects);
            }
        }
        Self(objects)
    }

    /// Returns the object that a build turned into the rendered one: of the same kind, and with the
    /// name that prefixes and suffixes were added to.
    pub(super) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        let same: Vec<&Object> = self.0.iter().filter(|object| object.kind == kind).collect();
        // Of equal names, the one in the same namespace.
        let rank = |object: &&&Object| (object.name.len(), object.namespace == namespace);
        let named = same.iter().filter(|object| name.contains(&*object.name)).max_by_key(rank);
        match (named, &*same) {
            (Some(object), _) => Some(object),
            // A patch or replacement gave it another name.
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

fn add(node: Node<'_>, objects: &mut Vec<Object>) {
    let field = |node: Option<Node<'_>>, name: &str| {
        node.and_then(|node| node.get(name)).and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    let kind = field(Some(node), "kind");
    if kind.ends_with("List")
        && let Some(items) = node.get("items")
    {
        return items.items().for_each(|item| add(item, objects));
    }
    let metadata = node.get("metadata");
    let line = node.position().line;
    let (name, namespace) = (field(metadata, "name"), field(metadata, "namespace"));
    objects.push(Object { kind, name, namespace, line });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_the_name_before_the_prefix() {
        let objects = Objects::of(
            b"kind: Role\nmetadata: {name: role}\n---\nkind: Role\nmetadata: {name: leader-role}\n---\n\
              kind: Role\nmetadata: {name: leader-role, namespace: b}\n---\nkind: List\nitems:\n\
              - kind: ServiceAccount\n  metadata: {name: web}\n",
        );
        for (kind, namespace, name, expected) in [
            ("Role", "", "x-role", Some(1)),
            ("Role", "", "x-leader-role", Some(4)),
            ("Role", "b", "leader-role", Some(7)),
            ("Role", "", "other", None),
            ("ServiceAccount", "", "renamed", Some(12)),
            ("ClusterRole", "", "role", None),
        ] {
            let found = objects.find(kind, namespace, name).map(|object| object.line);
            assert_eq!(found, expected, "{kind} {namespace}/{name}");
        }
    }
}
