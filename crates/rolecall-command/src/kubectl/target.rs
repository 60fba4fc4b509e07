use rolecall_rbac::{Catalog, Text};

use crate::Word;
use crate::need::{Need, NeedName, NeedNamespace};

/// The kinds of `kubectl get all` that Kubernetes itself serves.
const ALL: [(&str, &str); 10] = [
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("", "services"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
];

/// An object or a collection that a command line names.
pub(super) struct Target {
    pub(super) group: Text,
    pub(super) resource: Text,
    pub(super) name: NeedName,
    /// Whether the name can be empty at run time, because it is a variable.
    may_be_collection: bool,
}

impl Target {
    fn new(group: Text, resource: Text, name: NeedName) -> Self {
        Self { group, resource, name, may_be_collection: false }
    }

    /// Returns whether the target is all objects.
    pub(super) fn is_collection(&self) -> bool {
        self.name == NeedName::Collection
    }

    /// Returns the need to read it, as one object or as a list.
    pub(super) fn read(&self, namespace: &NeedNamespace) -> Need {
        match self.is_collection() {
            true => self.each("list", NeedName::Collection, namespace),
            false if self.may_be_collection => self.named("get", namespace).or("list"),
            false => self.named("get", namespace),
        }
    }

    /// Returns the need for an operation on the object, or on each object of a collection.
    pub(super) fn named(&self, verb: &str, namespace: &NeedNamespace) -> Need {
        let name = match self.is_collection() {
            true => NeedName::Unknown,
            false => self.name.clone(),
        };
        self.each(verb, name, namespace)
    }

    fn each(&self, verb: &str, name: NeedName, namespace: &NeedNamespace) -> Need {
        Need::new(verb, &self.group, &self.resource, name).in_namespace(namespace)
    }
}

/// Reads `TYPE`, `TYPE NAME...`, `TYPE/NAME...` or `TYPE,TYPE`; `None` if a type is not known.
pub(super) fn targets(operands: &[Word], catalog: &Catalog) -> Option<Vec<Target>> {
    let (first, rest) = operands.split_first()?;
    let resolve = |word: &Word| -> Option<(Text, Text)> {
        let resolved = catalog.resolve(word.known()?).ok()?;
        let is_kind = resolved.served.is_some() && resolved.subresource.is_empty();
        is_kind.then_some((resolved.group, resolved.resource))
    };
    let mut targets = Vec::new();
    if first.split_once('/').is_some() {
        for word in operands {
            let (kind, name) = word.split_once('/')?;
            let (group, resource) = resolve(&kind)?;
            targets.push(Target::new(group, resource, name_of(&name)));
        }
        return Some(targets);
    }
    for kind in first.split(',') {
        let kinds = match kind.known() {
            Some("all") => ALL.map(|(group, resource)| (group.into(), resource.into())).to_vec(),
            _ => vec![resolve(&kind)?],
        };
        for (group, resource) in kinds {
            if rest.is_empty() {
                let name = NeedName::Collection;
                targets.push(Target::new(group.clone(), resource.clone(), name));
            }
            targets.extend(rest.iter().map(|word| Target {
                may_be_collection: rest.len() == 1 && word.start().is_empty(),
                ..Target::new(group.clone(), resource.clone(), name_of(word))
            }));
        }
    }
    Some(targets)
}

/// Removes the arguments after the objects: `KEY=VALUE` and `KEY-`.
pub(super) fn objects(operands: &[Word]) -> &[Word] {
    let end = operands
        .iter()
        .position(|word| word.split_once('=').is_some() || word.to_string().ends_with('-'))
        .unwrap_or(operands.len());
    operands.get(..end).unwrap_or_default()
}

/// Returns the name in a word.
pub(super) fn name_of(word: &Word) -> NeedName {
    match word.known() {
        Some(name) => NeedName::Known(name.into()),
        None => NeedName::Unknown,
    }
}
