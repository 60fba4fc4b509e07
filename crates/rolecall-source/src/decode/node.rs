//! Decodes nodes: lists, custom resources, and the errors in other objects.

use rolecall_rbac::{Gap, Metadata, ObjectKind, Text, Unread};

use super::identity::{Identity, RBAC_GROUP, Shape, is_cluster_scoped};
use super::object::custom_workload;
use super::{Decoder, lines, walk};
use crate::problem::ProblemKind;
use crate::snapshot;
use rolecall_yaml::{DecodeError, Document, Node, ParseError, Position};

impl Decoder {
    /// Decodes a document, and warns about duplicate keys.
    pub(crate) fn document(&mut self, document: &Document<'_>) {
        let before = self.batch.objects;
        let workloads = self.batch.builder.workloads_mut().len();
        self.node(document.root(), None);
        if self.records_lines && document.is_written_out() {
            let added = self.batch.builder.workloads_mut().get_mut(workloads..);
            lines::note(document.root(), added.unwrap_or_default());
        }
        if self.batch.objects == before {
            return;
        }
        for duplicate in document.duplicates() {
            let message = format!(
                "duplicate key `{}` (first on line {}); the last one wins",
                duplicate.key, duplicate.earlier.line
            );
            let kind = ProblemKind::DuplicateKey;
            self.batch.problems.push(self.place.problem(duplicate.later, kind, message));
        }
    }

    /// Records a document that cannot be parsed, whose text starts on `first_line`. Anything can be
    /// missing, unless the text contains exactly one `kind:`.
    pub(crate) fn broken(&mut self, error: &ParseError, text: &str, first_line: u32) {
        let problem = match text.find("{{") {
            Some(at) => {
                let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                let line = first_line + u32::try_from(line).unwrap_or_default();
                let position = Position { line, column: 0 };
                let message = "an unrendered template: it contains `{{`".to_owned();
                self.place.problem(position, ProblemKind::Unrendered, message)
            }
            None => {
                let kind = ProblemKind::BrokenDocument;
                self.place.problem(error.position, kind, error.what.clone())
            }
        };
        self.batch.problems.push(problem);
        let unread = match only_kind(text) {
            Some(kind) => Unread::Kind { kind: ObjectKind::new(kind), namespace: None },
            None => Unread::Anything,
        };
        self.gap(unread, &error.what, error.position.line);
    }

    /// Records that the place, or part of it, cannot be read at all.
    pub(crate) fn unreadable(&mut self, kind: ProblemKind, what: &str) {
        self.batch.problems.push(self.place.problem(Position::default(), kind, what.to_owned()));
        self.gap(Unread::Anything, what, 0);
    }

    /// Decodes an object or a list. `identity` applies to an object without `apiVersion` and
    /// `kind`.
    pub(super) fn node(&mut self, node: Node<'_>, identity: Option<&Identity>) {
        if node.is_null() {
            return;
        }
        if !node.is_mapping() {
            return self.not_an_object(node);
        }
        let Some(identity) = self.identity(node, identity) else {
            return self.map_of_objects(node);
        };
        let what = self.selection.shape(&identity.api_version, &identity.kind);
        match what {
            Shape::List if node.get("items").is_some() => self.list(node, &identity),
            Shape::List | Shape::Custom => self.custom(node, &identity),
            Shape::OperatorVersion => self.operator_version(node, &identity),
            Shape::Misplaced => {
                let message = misplaced(&identity);
                self.unread(node, &identity, ProblemKind::UnknownKind, message);
            }
            Shape::OpenShift => {
                let message = format!(
                    "`{}` is not read: expected `{RBAC_GROUP}/v1`, the group that OpenShift converts it to",
                    identity.api_version
                );
                self.unread(node, &identity, ProblemKind::UnknownKind, message);
            }
            Shape::Template => {
                let message =
                    "an OpenShift template: process it with `oc process` first".to_owned();
                let problem =
                    self.place.problem(node.position(), ProblemKind::Unrendered, message.clone());
                self.batch.problems.push(problem);
                self.gap(Unread::Anything, &message, node.position().line);
            }
            Shape::Irrelevant => self.batch.objects += 1,
            _ => self.object(node, &identity),
        }
    }

    fn object(&mut self, node: Node<'_>, identity: &Identity) {
        match self.read_object(node, Some(identity), node.position().line) {
            Ok(object) => {
                if !self.add(object) {
                    let (kind, message) = self.nameless(node);
                    self.unread(node, identity, kind, message);
                }
            }
            Err(error) => {
                let unread = self.extent(node, identity);
                self.malformed(node, identity, &error, unread);
            }
        }
    }

    /// Records an object with a field of the wrong type, and what can be missing because of it.
    pub(super) fn malformed(
        &mut self,
        node: Node<'_>,
        identity: &Identity,
        error: &DecodeError,
        unread: Unread,
    ) {
        let mut message = error.to_string();
        if message.ends_with("expected a string, found a boolean") {
            message.push_str(": quote it, as YAML reads `y`, `no` and `on` as booleans");
        }
        let described = format!("{}: {message}", self.describe(node, identity));
        let problem = self.place.problem(error.position, ProblemKind::WrongType, described);
        self.batch.problems.push(problem);
        self.gap(unread, &message, node.position().line);
    }

    fn list(&mut self, node: Node<'_>, identity: &Identity) {
        let items = node.get("items").unwrap_or(node);
        self.recorded(node);
        if !items.is_list() && !items.is_null() {
            let message =
                format!("{}: items: expected a list, found {}", identity.kind, items.describe());
            let kind = ProblemKind::WrongType;
            self.batch.problems.push(self.place.problem(items.position(), kind, message.clone()));
            return self.gap(Unread::Anything, &message, items.position().line);
        }
        let of_item = identity.of_items();
        let outer = self.stored;
        self.stored |= snapshot::is_stored(node);
        for item in items.items() {
            self.node(item, of_item.as_ref());
        }
        self.stored = outer;
    }

    /// Reads the gaps and resources that a snapshot's list records.
    pub(crate) fn recorded(&mut self, list: Node<'_>) {
        for gap in snapshot::recorded_gaps(list) {
            self.batch.builder.gap(gap);
        }
        if let Some(resources) = snapshot::recorded_resources(list) {
            self.batch.served.get_or_insert_default().extend(resources);
        }
    }

    pub(super) fn custom(&mut self, node: Node<'_>, identity: &Identity) {
        self.batch.objects += 1;
        let pods = walk::anywhere(&mut self.strings, node);
        let name = text_of(node, "name").or_else(|| text_of(node, "generateName"));
        if let (false, Some(name)) = (pods.is_empty(), name) {
            let namespace = text_of(node, "namespace");
            let assumed = self.default_namespace.clone();
            let metadata = Metadata {
                namespace_assumed: namespace.is_none(),
                stored: self.stored,
                origin: self.place.origin(node.position().line),
                ..Metadata::new(
                    namespace.map_or(assumed, |namespace| self.strings.text(namespace)),
                    self.strings.text(name),
                )
            };
            let workload = custom_workload(&mut self.strings, identity, metadata, pods);
            self.batch.builder.workload(workload);
        }
    }

    /// Records a map whose values are objects, a form that no client accepts.
    fn map_of_objects(&mut self, node: Node<'_>) {
        let is_object =
            |value: Node<'_>| value.get("kind").is_some() && value.get("apiVersion").is_some();
        let holds_objects = node.pairs().any(|(_, value)| is_object(value));
        let known = ["apiVersion", "kind", "metadata"];
        let is_other = known.iter().any(|key| node.get(key).is_some());
        if !holds_objects || is_other || self.place.is_values_of_chart() {
            return;
        }
        let message = "a map whose values are Kubernetes objects: print each as a document, as \
                       `jsonnet -y` and `jq '.[]'` do"
            .to_owned();
        let position = node.position();
        let problem = self.place.problem(position, ProblemKind::MapOfObjects, message.clone());
        self.batch.problems.push(problem);
        self.gap(Unread::Anything, &message, position.line);
    }

    fn not_an_object(&mut self, node: Node<'_>) {
        let objects =
            node.items().any(|item| item.get("kind").is_some() && item.get("apiVersion").is_some());
        if objects {
            node.items().for_each(|item| self.node(item, None));
            return;
        }
        let message = format!("expected an object, found {}", node.describe());
        let kind = ProblemKind::NotAnObject;
        self.batch.problems.push(self.place.problem(node.position(), kind, message));
    }

    /// Returns the object's identity. An object without one is not a Kubernetes object and is
    /// skipped, unless it looks like RBAC.
    fn identity(&mut self, node: Node<'_>, default: Option<&Identity>) -> Option<Identity> {
        let mut read = |key: &str, default: Option<&Text>| match node.get(key) {
            Some(value) if !value.is_null() => value.as_str().map(|text| self.strings.text(text)),
            _ => Some(default.cloned().unwrap_or_else(|| self.strings.text(""))),
        };
        let api_version = read("apiVersion", default.map(|identity| &identity.api_version));
        let kind = read("kind", default.map(|identity| &identity.kind));
        if let (Some(api_version), Some(kind)) = (&api_version, &kind)
            && !kind.is_empty()
        {
            return Some(Identity { api_version: api_version.clone(), kind: kind.clone() });
        }
        let of_rbac = api_version.is_some_and(|version| version.starts_with(RBAC_GROUP));
        let fields = ["rules", "roleRef", "subjects", "items"];
        let looks =
            node.get("metadata").is_some() && fields.iter().any(|key| node.get(key).is_some());
        if of_rbac || looks {
            let message = match node.get("kind").filter(|kind| !kind.is_null()) {
                Some(kind) if kind.as_str().is_none() => {
                    format!("kind: expected a string, found {}", kind.describe())
                }
                _ if node.get("apiVersion").is_some_and(|version| version.as_str().is_none()) => {
                    "apiVersion: expected a string".to_owned()
                }
                _ => "expected an object with a `kind`".to_owned(),
            };
            let position = node.position();
            let problem = self.place.problem(position, ProblemKind::Nameless, message.clone());
            self.batch.problems.push(problem);
            self.gap(Unread::Anything, &message, position.line);
        }
        None
    }

    /// Returns why a decoded object has no usable name.
    fn nameless(&self, node: Node<'_>) -> (ProblemKind, String) {
        let template = |text: Option<&str>| text.is_some_and(|text| text.contains("{{"));
        let role = node.get("roleRef").and_then(|role| role.get("name")).and_then(Node::as_str);
        if template(text_of(node, "name")) || template(role) {
            let message = "an unrendered template: its name contains `{{`".to_owned();
            return (ProblemKind::Unrendered, message);
        }
        (ProblemKind::Nameless, "expected `metadata.name`".to_owned())
    }

    /// Records an object that is left unread.
    fn unread(&mut self, node: Node<'_>, identity: &Identity, kind: ProblemKind, message: String) {
        let described = self.describe(node, identity);
        let text = format!("{described}: {message}");
        self.batch.problems.push(self.place.problem(node.position(), kind, text));
        let unread = self.extent(node, identity);
        self.gap(unread, &message, node.position().line);
    }

    fn gap(&mut self, unread: Unread, because: &str, line: u32) {
        let because = self.strings.text(because);
        self.batch.builder.gap(Gap { unread, because, origin: self.place.origin(line) });
    }

    /// Returns the gap that results if this object is not read.
    fn extent(&mut self, node: Node<'_>, identity: &Identity) -> Unread {
        let kind = ObjectKind::new(&canonical_kind(&identity.kind));
        let namespace = if is_cluster_scoped(kind.as_str()) {
            self.strings.text("")
        } else {
            let written = text_of(node, "namespace").unwrap_or(&self.default_namespace);
            self.strings.text(written)
        };
        match text_of(node, "name") {
            Some(name) if !name.contains("{{") && !namespace.contains("{{") => {
                Unread::Object { kind, namespace, name: self.strings.text(name) }
            }
            _ => Unread::Kind { kind, namespace: None },
        }
    }

    /// Returns the kind, namespace and name as far as they can be read.
    fn describe(&self, node: Node<'_>, identity: &Identity) -> String {
        let kind = &identity.kind;
        match (text_of(node, "namespace"), text_of(node, "name")) {
            (Some(namespace), Some(name)) if !is_cluster_scoped(kind) => {
                format!("{kind} `{namespace}/{name}`")
            }
            (_, Some(name)) => format!("{kind} `{name}`"),
            _ => kind.to_string(),
        }
    }
}

fn misplaced(identity: &Identity) -> String {
    let (version, kind) = (&identity.api_version, &identity.kind);
    let canonical = canonical_kind(kind);
    if version.is_empty() {
        return format!("expected an `apiVersion`, such as `{RBAC_GROUP}/v1`");
    }
    if canonical != **kind {
        return format!("`{kind}` is not a kind: expected `{canonical}`");
    }
    if super::identity::group_of(version) == RBAC_GROUP {
        return format!("`{kind}` is not a kind of `{version}`");
    }
    let expected =
        if canonical == "ServiceAccount" { "v1".to_owned() } else { format!("{RBAC_GROUP}/v1") };
    format!("`{kind}` is not a kind of `{version}`: expected `apiVersion: {expected}`")
}

/// Returns the RBAC kind that is meant by a misspelled kind, else the kind itself.
fn canonical_kind(kind: &str) -> String {
    ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"]
        .iter()
        .find(|known| {
            known.eq_ignore_ascii_case(kind)
                || kind.strip_suffix('s').is_some_and(|kind| known.eq_ignore_ascii_case(kind))
        })
        .map_or_else(|| kind.to_owned(), |known| (*known).to_owned())
}

/// Returns a string field of the object's metadata.
pub(super) fn text_of<'d>(node: Node<'d>, key: &str) -> Option<&'d str> {
    node.get("metadata")?.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the kind that a broken document contains, if there is exactly one.
fn only_kind(text: &str) -> Option<&str> {
    let mut kinds = text.match_indices("kind").filter_map(|(at, _)| text.get(at..));
    let first = kinds.next()?;
    if kinds.next().is_some() || !(text.starts_with("kind") || text.contains("\nkind")) {
        return None;
    }
    let kind = first.strip_prefix("kind:")?.lines().next()?.trim();
    let plain = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !kind.ends_with("List")
        && kind != "ClusterServiceVersion";
    plain.then_some(kind)
}
