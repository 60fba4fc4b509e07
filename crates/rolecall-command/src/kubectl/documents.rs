//! `kubectl apply -f -` with objects that the script contains: in a here-document, or in the output of a command
//! that only prints them.

use rolecall_rbac::{Catalog, Text};
use serde_json::Value;

use super::create::created;
use super::flags::Flags;
use super::subcommands::Command;
use super::target::targets;
use crate::need::{Need, NeedName, NeedNamespace};
use crate::shell::{OWN_NAMESPACE, UNKNOWN};
use crate::tool::tool_of;
use crate::{Input, Piped, Tool, Word};

/// An object in the input of a command line.
pub(super) struct Object {
    pub(super) group: Text,
    pub(super) resource: Text,
    pub(super) name: NeedName,
    /// `None` if the object does not set it.
    pub(super) namespace: Option<NeedNamespace>,
}

impl Command<'_> {
    /// Returns the requests of a subcommand for the objects in its input; `None` if they are unknown.
    pub(super) fn on_documents(&self, subcommand: &str, input: &Input) -> Option<Vec<Need>> {
        let verbs: &[&str] = match subcommand {
            "apply" if self.flags.has("prune") || !self.operands.is_empty() => return None,
            // The server reads, and creates objects that do not exist.
            "apply" if self.flags.has("server-side") => &["create", "patch"],
            "apply" => &["get", "create", "patch"],
            "create" => &["create"],
            "replace" if self.flags.has("force") => &["get", "delete", "create"],
            "replace" => &["get", "update"],
            "delete" => &["delete"],
            "get" | "describe" => &["get"],
            // A dry run of an apply.
            "diff" => &["get", "patch"],
            "annotate" | "label" if self.flags.has("list") => &["get"],
            "annotate" | "label" => &["get", "patch"],
            "patch" => &["patch"],
            "set" if self.flags.has("list") => &["get"],
            "rollout" if self.is("restart") => &["get", "patch"],
            "set" if self.is("env") || self.is("image") => &["get", "patch"],
            // The subcommand's own operand.
            "auth" if self.is("reconcile") => &["get", "create", "update"],
            "scale" if !self.flags.has("current-replicas") => {
                let scaled = objects(input, self.catalog)?;
                let patch = |object: &Object| self.on("patch", object, &object.name).of("scale");
                return Some(scaled.iter().map(patch).collect());
            }
            _ => return None,
        };
        let objects = objects(input, self.catalog)?;
        let mut needs = Vec::new();
        for object in &objects {
            if subcommand == "describe" {
                let namespace = self.namespace_of(object);
                let (group, resource) = (&object.group, &object.resource);
                needs.extend(self.required(group, resource, &object.name, namespace));
            }
            for verb in verbs {
                let name = if *verb == "create" { &NeedName::Collection } else { &object.name };
                needs.push(self.on(verb, object, name));
            }
        }
        Some(needs)
    }

    fn on(&self, verb: &str, object: &Object, name: &NeedName) -> Need {
        Need::new(verb, &object.group, &object.resource, name.clone())
            .in_namespace(self.namespace_of(object))
    }

    /// Returns the namespace of an object: kubectl accepts only the one that its command line names.
    fn namespace_of<'n>(&'n self, object: &'n Object) -> &'n NeedNamespace {
        match &object.namespace {
            None => &self.namespace,
            Some(NeedNamespace::Unknown) if self.flags.has("namespace") => &self.namespace,
            Some(namespace) => namespace,
        }
    }

    fn is(&self, operand: &str) -> bool {
        self.operands.first().and_then(|word| word.known()) == Some(operand)
    }
}

/// Returns the objects in the input, as far as they are known.
pub(super) fn objects(input: &Input, catalog: &Catalog) -> Option<Vec<Object>> {
    match input {
        Input::Nothing => None,
        Input::Document(text) => Some(in_document(text, catalog)),
        Input::Output(piped) => printed(piped, catalog),
    }
}

/// Returns the kind of the objects whose names are in the input, as `kubectl get pods -o name` prints them.
pub(crate) fn named_kind(input: &Input) -> Option<String> {
    /// These programs remove or sort lines.
    const FILTERS: [&str; 7] = ["cat", "grep", "head", "sort", "tail", "tee", "uniq"];
    let Input::Output(piped) = input else { return None };
    let (program, words) = piped.words.split_first()?;
    let program = program.known()?;
    if FILTERS.contains(&program) {
        return named_kind(&piped.input);
    }
    if !matches!(tool_of(program), Some(Tool::Kubectl | Tool::Oc)) {
        return None;
    }
    let flags = Flags::parse(words)?;
    let prints_names = flags.value("output").and_then(Word::known) == Some("name");
    match &*flags.operands {
        [get, kind] if prints_names && get.known() == Some("get") => {
            Some(kind.known()?.to_owned()).filter(|kind| !kind.contains([',', '/']))
        }
        _ => None,
    }
}

/// Returns the objects that a command line prints.
fn printed(piped: &Piped, catalog: &Catalog) -> Option<Vec<Object>> {
    let (program, words) = piped.words.split_first()?;
    match program.known()? {
        "cat" if words.iter().all(|word| word.known() == Some("-")) => {
            return objects(&piped.input, catalog);
        }
        // These programs usually change the name or the namespace.
        "sed" | "jq" | "yq" if matches!(piped.input, Input::Output(_)) => {
            let objects = objects(&piped.input, catalog)?;
            let unknown = |object| Object {
                name: NeedName::Unknown,
                namespace: Some(NeedNamespace::Unknown),
                ..object
            };
            return Some(objects.into_iter().map(unknown).collect());
        }
        // These programs replace parts of values, and keep the rest.
        "envsubst" | "tee" => return objects(&piped.input, catalog),
        program if matches!(tool_of(program), Some(Tool::Kubectl | Tool::Oc)) => {}
        _ => return None,
    }
    let flags = Flags::parse(words)?;
    if let Some(objects) = read(&flags, catalog) {
        return Some(objects);
    }
    if !flags.runs_dry() && !flags.has("local") {
        return None;
    }
    if flags.value("filename").and_then(|file| file.known()) == Some("-") {
        return objects(&piped.input, catalog);
    }
    let (subcommand, operands) = flags.operands.split_first()?;
    let (group, resource, name) = match subcommand.known()? {
        "create" => {
            let (kind, operands) = operands.split_first()?;
            let (group, resource) = created(kind.known()?)?;
            // `create secret generic NAME`, `create service clusterip NAME`.
            let typed = matches!(resource, "secrets" | "services");
            (group, resource, operands.get(usize::from(typed))?)
        }
        "run" => ("", "pods", operands.first()?),
        _ => return None,
    };
    let name = super::target::name_of(name);
    let namespace = flags.value("namespace").map(|_| flags.namespace());
    Some(vec![Object { group: group.into(), resource: resource.into(), name, namespace }])
}

/// Returns the objects that `kubectl get TYPE NAME -o yaml` prints.
fn read(flags: &Flags, catalog: &Catalog) -> Option<Vec<Object>> {
    let (subcommand, operands) = flags.operands.split_first()?;
    let format = flags.value("output").and_then(Word::known);
    if subcommand.known() != Some("get") || !matches!(format, Some("yaml" | "json")) {
        return None;
    }
    let namespace = match flags.has("all-namespaces") {
        true => NeedNamespace::Unknown,
        false => flags.namespace(),
    };
    let objects = targets(operands, catalog)?.into_iter().map(|target| Object {
        name: if target.is_collection() { NeedName::Unknown } else { target.name },
        group: target.group,
        resource: target.resource,
        namespace: Some(namespace.clone()),
    });
    Some(objects.collect())
}

/// Reads the objects of a text: kind, name and namespace of each.
fn in_document(text: &str, catalog: &Catalog) -> Vec<Object> {
    if text.trim_start().starts_with('{') {
        return in_json(text, catalog);
    }
    let mut objects = Vec::new();
    let mut head = Head::default();
    for line in text.lines() {
        if line.starts_with("---") {
            objects.extend(std::mem::take(&mut head).object(catalog));
        } else {
            head.read(line);
        }
    }
    objects.extend(head.object(catalog));
    objects
}

/// Reads the complete objects of JSON documents.
fn in_json(text: &str, catalog: &Catalog) -> Vec<Object> {
    // The marks are control characters, which JSON strings contain only in escaped form.
    let escaped = text
        .replace(UNKNOWN, &format!("\\u{:04x}", u32::from(UNKNOWN)))
        .replace(OWN_NAMESPACE, &format!("\\u{:04x}", u32::from(OWN_NAMESPACE)));
    let documents = serde_json::Deserializer::from_str(&escaped).into_iter::<Value>();
    let mut objects = Vec::new();
    for document in documents.map_while(Result::ok) {
        match document.get("items").and_then(Value::as_array) {
            Some(items) => {
                objects.extend(items.iter().filter_map(|it| Head::of_json(it).object(catalog)));
            }
            None => objects.extend(Head::of_json(&document).object(catalog)),
        }
    }
    objects
}

/// The fields of a YAML document's object, collected line by line.
#[derive(Default)]
struct Head {
    api_version: String,
    kind: String,
    name: Option<String>,
    namespace: Option<String>,
    in_metadata: bool,
    /// The indentation of the fields of `metadata`.
    indentation: Option<usize>,
}

impl Head {
    fn of_json(object: &Value) -> Self {
        let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
        let of_metadata = |key| text(object.get("metadata").and_then(|metadata| metadata.get(key)));
        Self {
            api_version: text(object.get("apiVersion")).unwrap_or_default(),
            kind: text(object.get("kind")).unwrap_or_default(),
            name: of_metadata("name"),
            namespace: of_metadata("namespace"),
            ..Self::default()
        }
    }

    /// Reads a line in the block style that is common in scripts.
    fn read(&mut self, line: &str) {
        let field = line.trim_start_matches(' ');
        let indentation = line.len() - field.len();
        let Some((key, value)) = field.split_once(':') else { return };
        if indentation > 0 {
            let own = *self.indentation.get_or_insert(indentation);
            if self.in_metadata && own == indentation {
                self.note(key, value);
            }
            return;
        }
        self.in_metadata = key == "metadata";
        self.indentation = None;
        match key {
            "apiVersion" => self.api_version = scalar(value),
            "kind" => self.kind = scalar(value),
            "metadata" => {
                let flow = value.trim().strip_prefix('{').and_then(|flow| flow.strip_suffix('}'));
                for pair in flow.unwrap_or_default().split(',') {
                    if let Some((key, value)) = pair.split_once(':') {
                        self.note(key, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, key: &str, value: &str) {
        match key.trim() {
            "name" => self.name = Some(scalar(value)),
            "namespace" => self.namespace = Some(scalar(value)),
            _ => {}
        }
    }

    fn object(self, catalog: &Catalog) -> Option<Object> {
        let group = self.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let served = catalog.resources().iter().find(|served| {
            !served.is_virtual && *served.kind == *self.kind && *served.group == *group
        })?;
        let is_known = |text: &str| !text.is_empty() && !text.contains([UNKNOWN, OWN_NAMESPACE]);
        Some(Object {
            group: served.group.clone(),
            resource: served.resource.clone(),
            name: match self.name {
                Some(name) if is_known(&name) => NeedName::Known(name.into()),
                _ => NeedName::Unknown,
            },
            namespace: self.namespace.map(|namespace| {
                if namespace.chars().eq([OWN_NAMESPACE]) {
                    NeedNamespace::Own
                } else if is_known(&namespace) {
                    NeedNamespace::Known(namespace.into())
                } else {
                    NeedNamespace::Unknown
                }
            }),
        })
    }
}

/// Returns a plain or quoted value without the comment after it.
fn scalar(value: &str) -> String {
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
    match quoted('"').or_else(|| quoted('\'')) {
        Some(value) => value.to_owned(),
        None => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
    }
}
