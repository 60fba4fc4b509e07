//! Finds pod specs and ServiceAccount names in the places of a kind, or anywhere.

use std::fmt;

use rolecall_rbac::{Container, Labels, Metadata, PodLines, PodSpec, Text};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::fields::{Empty, Fields, ObjectSeed, fields};
use super::places::Places;
use super::pod::pod_spec;
use super::seed::{KeySeed, LabelsSeed, TextSeed, skip};
use super::stray::{is_nearly, is_nearly_of_pod_specs};
use super::strings::StringCache;
use rolecall_yaml::Node;

/// The value that a path leads to.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    PodSpec,
    Account,
}

/// The rest of a path and its goal.
type Trail = (&'static str, Goal);

/// Reads one top-level field of a workload along the paths that start with it.
pub(super) struct PlacesSeed<'s, 'f> {
    places: &'static Places,
    strings: &'s mut StringCache,
    trails: Vec<Trail>,
    path: &'f mut String,
    found: &'f mut Vec<PodSpec>,
}

impl<'s, 'f> PlacesSeed<'s, 'f> {
    /// Creates a reader for the field `name` of an object; `None` when no path starts with it.
    pub(super) fn new(
        places: &'static Places,
        name: &str,
        strings: &'s mut StringCache,
        path: &'f mut String,
        found: &'f mut Vec<PodSpec>,
    ) -> Option<Self> {
        let pods = places.pods.iter().map(|path| (*path, Goal::PodSpec));
        let accounts = places.accounts.iter().map(|path| (*path, Goal::Account));
        let trails = follow(&pods.chain(accounts).collect::<Vec<Trail>>(), name);
        if trails.is_empty() {
            return None;
        }
        path.push('.');
        path.push_str(name);
        Some(Self { places, strings, trails, path, found })
    }

    /// Reads the value that the trails have reached.
    fn descend<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { places, strings, trails, path, found } = self;
        match trails.iter().find(|(rest, _)| rest.is_empty()) {
            Some((_, Goal::PodSpec)) => {
                found.push(pod_spec(deserializer, strings, path)?);
                Ok(())
            }
            Some((_, Goal::Account)) => {
                let account = TextSeed(strings).deserialize(deserializer)?;
                let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
                if !account.is_empty() {
                    found.push(account_alone(strings, parent, account));
                }
                Ok(())
            }
            None => {
                deserializer.deserialize_any(PlacesSeed { places, strings, trails, path, found })
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for PlacesSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.descend(deserializer)
    }
}

impl<'de> Visitor<'de> for PlacesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = self.trails.iter().any(|(rest, _)| rest.starts_with("[]"));
        formatter.write_str(if list { "a list" } else { "an object" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (length, known) = (self.path.len(), self.found.len());
        let mut annotations = None;
        let (places, trails) = (self.places, &*self.trails);
        while let Some(step) =
            map.next_key_seed(KeySeed(|key: &str| Step::new(key, places, trails, self.path)))?
        {
            match step {
                Step::Skip => skip(&mut map)?,
                Step::Stray => {
                    self.strings.stray.push(self.path.trim_start_matches('.').to_owned());
                    skip(&mut map)?;
                }
                Step::Metadata => {
                    let before = self.strings.stray.len();
                    let metadata: TemplateMetadata =
                        map.next_value_seed(ObjectSeed::new(self.strings))?;
                    annotations = Some(metadata.annotations);
                    if !places.is_of_kubernetes() {
                        self.strings.stray.truncate(before);
                    } else if self.strings.stray.len() > before {
                        let path = format!("{}.metadata", self.path.trim_start_matches('.'));
                        self.strings.stray_below(before, &path);
                    }
                }
                Step::On(trails) => {
                    let (strings, found) = (&mut *self.strings, &mut *self.found);
                    let seed = PlacesSeed { places, strings, trails, path: self.path, found };
                    map.next_value_seed(seed)?;
                }
            }
            self.path.truncate(length);
        }
        if let (Some(annotations), Some(pod)) = (annotations, self.found.get_mut(known)) {
            pod.annotations = annotations;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let trails: Vec<Trail> = self
            .trails
            .iter()
            .filter_map(|(rest, goal)| {
                let rest = rest.strip_prefix("[]")?;
                Some((rest.strip_prefix('.').unwrap_or(rest), *goal))
            })
            .collect();
        if trails.is_empty() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &"an object"));
        }
        let length = self.path.len();
        let mut index = 0;
        loop {
            self.path.push_str(&format!("[{index}]"));
            let seed = PlacesSeed {
                places: self.places,
                strings: self.strings,
                trails: trails.clone(),
                path: self.path,
                found: self.found,
            };
            let more = items.next_element_seed(seed)?;
            self.path.truncate(length);
            if more.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The metadata of a pod template.
struct TemplateMetadata {
    annotations: Labels,
}

impl Empty for TemplateMetadata {
    fn empty(_strings: &StringCache) -> Self {
        Self { annotations: Labels::default() }
    }
}

fields! {
    TemplateMetadata: "an object", |metadata, map, strings| {
        Annotations = "annotations" => {
            let keep = Metadata::keeps_annotation;
            metadata.annotations = map.next_value_seed(LabelsSeed { strings, keep })?;
        };
    }

    fn is_stray(key: &str) -> bool {
        is_nearly_of_pod_specs(key)
    }
}

/// The next step after a key.
enum Step {
    /// Skip the value.
    Skip,
    /// Skip the value, and note the key: a misspelling of one that leads to a pod spec, or a field of pod
    /// specs in the wrong place.
    Stray,
    /// Read the metadata of a pod template.
    Metadata,
    /// Follow these trails.
    On(Vec<Trail>),
}

impl Step {
    /// Returns the step after a key, which is added to the path unless its value is skipped.
    fn new(key: &str, places: &Places, known: &[Trail], path: &mut String) -> Self {
        if key == "metadata" && known.contains(&("spec", Goal::PodSpec)) {
            return Self::Metadata;
        }
        let trails = follow(known, key);
        let is_stray = trails.is_empty()
            && places.is_of_kubernetes()
            && (is_nearly_of_pod_specs(key)
                || known.iter().any(|(rest, _)| is_nearly(key, first_part(rest).0)));
        if trails.is_empty() && !is_stray {
            return Self::Skip;
        }
        path.push('.');
        path.push_str(key);
        if is_stray { Self::Stray } else { Self::On(trails) }
    }
}

/// Returns the rest of the trails that start with the field `key`.
fn follow(trails: &[Trail], key: &str) -> Vec<Trail> {
    trails
        .iter()
        .filter_map(|(path, goal)| {
            let (part, rest) = first_part(path);
            let matches = match part.strip_prefix('*') {
                Some(suffix) => key.ends_with(suffix),
                None => part == key,
            };
            matches.then(|| (rest.strip_prefix('.').unwrap_or(rest), *goal))
        })
        .collect()
}

/// Splits a path behind its first field.
fn first_part(path: &'static str) -> (&'static str, &'static str) {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    path.split_at_checked(end).unwrap_or((path, ""))
}

/// Returns a pod spec with nothing but a ServiceAccount.
pub(super) fn account_alone(strings: &mut StringCache, path: &str, account: Text) -> PodSpec {
    PodSpec {
        path: strings.text(path),
        annotations: Labels::default(),
        service_account: account,
        account_is_derived: false,
        automount_token: None,
        token_volumes: Box::default(),
        containers: Box::default(),
        node: strings.text(""),
        lines: PodLines::default(),
    }
}

/// Finds every object with `containers` in which each container has a name and an image.
pub(super) fn anywhere(strings: &mut StringCache, object: Node<'_>) -> Vec<PodSpec> {
    let mut found = Vec::new();
    search(strings, &mut Place { path: String::new(), around: vec![object] }, &mut found);
    found
}

/// A position in a custom resource.
struct Place<'n> {
    path: String,
    /// The nodes on the path: the resource, and at last the one at the position.
    around: Vec<Node<'n>>,
}

impl Place<'_> {
    /// Returns whether a node on the path is a complete object for another namespace, often of another
    /// cluster: its ServiceAccount is not one beside the custom resource.
    fn is_in_object_elsewhere(&self) -> bool {
        let [resource, inner @ ..] = &*self.around else { return false };
        let own = namespace_of(*resource);
        inner.iter().any(|node| {
            let has = |key: &str| node.get(key).and_then(Node::as_str).is_some();
            let namespace = namespace_of(*node);
            namespace.is_some() && namespace != own && has("apiVersion") && has("kind")
        })
    }
}

fn namespace_of(object: Node<'_>) -> Option<&str> {
    object.get("metadata")?.get("namespace")?.as_str()
}

fn search(strings: &mut StringCache, place: &mut Place<'_>, found: &mut Vec<PodSpec>) {
    let Some(node) = place.around.last().copied() else { return };
    if node.get("containers").is_some_and(are_containers) {
        if !place.is_in_object_elsewhere() {
            let path = &place.path;
            found
                .push(pod_spec(node, strings, path).unwrap_or_else(|_| loose(strings, path, node)));
        }
        return;
    }
    let length = place.path.len();
    for (key, value) in node.pairs() {
        place.path.push('.');
        place.path.push_str(key.as_str().unwrap_or_default());
        enter(strings, place, value, found);
        place.path.truncate(length);
    }
    for (index, item) in node.items().enumerate() {
        place.path.push_str(&format!("[{index}]"));
        enter(strings, place, item, found);
        place.path.truncate(length);
    }
}

fn enter<'n>(
    strings: &mut StringCache,
    place: &mut Place<'n>,
    node: Node<'n>,
    found: &mut Vec<PodSpec>,
) {
    place.around.push(node);
    search(strings, place, found);
    place.around.pop();
}

fn are_containers(node: Node<'_>) -> bool {
    let named = |item: Node<'_>, key| item.get(key).and_then(Node::as_str).is_some();
    node.items().next().is_some()
        && node.items().all(|item| named(item, "name") && named(item, "image"))
}

/// Reads the known fields of a custom resource's pod spec whose other fields differ from a Pod's.
fn loose(strings: &mut StringCache, path: &str, node: Node<'_>) -> PodSpec {
    let account = ["serviceAccountName", "serviceAccount"]
        .into_iter()
        .filter_map(|key| node.get(key).and_then(Node::as_str))
        .find(|name| !name.is_empty());
    let account = strings.text(account.unwrap_or_default());
    let mut pod = account_alone(strings, path, account);
    pod.containers = node
        .get("containers")
        .into_iter()
        .flat_map(Node::items)
        .map(|item| Container {
            name: strings.text(item.get("name").and_then(Node::as_str).unwrap_or_default()),
            image: strings.text(item.get("image").and_then(Node::as_str).unwrap_or_default()),
            ..Container::default()
        })
        .collect();
    pod
}
