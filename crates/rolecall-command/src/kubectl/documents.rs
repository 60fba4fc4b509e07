//! `kubectl apply -f -`, where the objects stand in the script: in a here-document, or in the output of a command
//! that only prints them.

use rolecall_rbac::{Catalog, Text};
use serde_json::Value;

use super::create::created;
use super::flags::Flags;
use super::subcommands::Command;
use crate::container::tool_of;
use crate::need::{Need, NeedName, NeedNamespace};
use crate::shell::{OWN_NAMESPACE, UNKNOWN};
use crate::{Input, Piped, Tool};

/// An object that a command line is given to read.
pub(super) struct Object {
    pub(super) group: Text,
    pub(super) resource: Text,
    pub(super) name: NeedName,
    /// `None` where the object does not say.
    pub(super) namespace: Option<NeedNamespace>,
}

impl Object {
    fn need(&self, verb: &str, name: &NeedName, otherwise: &NeedNamespace) -> Need {
        Need::new(verb, &self.group, &self.resource, name.clone())
            .in_namespace(self.namespace.as_ref().unwrap_or(otherwise))
    }
}

impl Command<'_> {
    /// Returns the requests of a subcommand for the objects in its input; `None` if they are unknown.
    pub(super) fn on_documents(&self, subcommand: &str, input: &Input) -> Option<Vec<Need>> {
        let verbs: &[&str] = match subcommand {
            "apply" if self.flags.has("prune") || !self.operands.is_empty() => return None,
            // The server reads, and creates what is not there.
            "apply" if self.flags.has("server-side") => &["create", "patch"],
            "apply" => &["get", "create", "patch"],
            "create" => &["create"],
            "replace" if self.flags.has("force") => &["get", "delete", "create"],
            "replace" => &["get", "update"],
            "delete" => &["delete"],
            "get" => &["get"],
            // The subcommand's own operand.
            "auth" if self.is("reconcile") => &["get", "create", "update"],
            _ => return None,
        };
        let objects = objects(input, self.catalog)?;
        let mut needs = Vec::new();
        for object in &objects {
            for verb in verbs {
                let name = if *verb == "create" { &NeedName::Collection } else { &object.name };
                needs.push(object.need(verb, name, &self.namespace));
            }
        }
        Some(needs)
    }

    fn is(&self, operand: &str) -> bool {
        self.operands.first().and_then(|word| word.known()) == Some(operand)
    }
}

/// Returns the objects that are read, as far as they stand there.
pub(super) fn objects(input: &Input, catalog: &Catalog) -> Option<Vec<Object>> {
    match input {
        Input::Nothing => None,
        Input::Document(text) => Some(in_document(text, catalog)),
        Input::Output(piped) => printed(piped, catalog),
    }
}

/// Returns the objects that a command line prints.
fn printed(piped: &Piped, catalog: &Catalog) -> Option<Vec<Object>> {
    let (program, words) = piped.words.split_first()?;
    match program.known()? {
        "cat" if words.iter().all(|word| word.known() == Some("-")) => {
            return objects(&piped.input, catalog);
        }
        // They replace parts of values, and leave the rest.
        "envsubst" | "tee" => return objects(&piped.input, catalog),
        program if matches!(tool_of(program), Some(Tool::Kubectl | Tool::Oc)) => {}
        _ => return None,
    }
    let flags = Flags::parse(words)?;
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

/// Reads the objects of JSON documents, as far as they are whole.
fn in_json(text: &str, catalog: &Catalog) -> Vec<Object> {
    // The marks are control characters, which strings of JSON hold only escaped.
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
    /// How far the fields of `metadata` are indented.
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

    /// Reads a line in the block style that people write into scripts.
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

/// Returns a plain or quoted value without a comment behind it.
fn scalar(value: &str) -> String {
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
    match quoted('"').or_else(|| quoted('\'')) {
        Some(value) => value.to_owned(),
        None => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
    }
}
