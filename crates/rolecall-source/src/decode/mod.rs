//! Decodes objects from YAML nodes or JSON text into an [`InventoryBuilder`].
//!
//! ```text
//! JSON item -> [ object ] ---------------> Role, Binding, ServiceAccount, Namespace,
//!                  | error, List, custom   Workload, ServedResource
//!                  v                       |
//! YAML node -> [ node ] -> [ object ] -----+--> Batch: builder, problems, gaps
//! ```
//!
//! Objects are kept as written: invalid rules stay, and only the API server's defaulting is
//! applied. An object that cannot be decoded becomes a problem and a gap.

mod environment;
mod fields;
mod identity;
mod lines;
mod list;
mod metadata;
mod node;
mod object;
mod operator;
mod places;
mod pod;
mod rbac;
mod resource;
mod seed;
mod skip;
mod stray;
mod strings;
mod walk;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rolecall_rbac::{InventoryBuilder, Origin, ServedResource, SubjectKind, Text};
use serde::de::IgnoredAny;

pub use self::identity::Selection;
pub(crate) use self::identity::{AWS_AUTH, Identity, Shape};
use self::object::Object;
pub(crate) use self::skip::skip_rule;
use self::strings::StringCache;
use crate::problem::{Problem, ProblemKind};
use rolecall_yaml::json::Members;
use rolecall_yaml::{Document, Position};

/// The decoded objects and problems, in input order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The objects and gaps.
    pub(crate) builder: InventoryBuilder,
    /// The resources that CustomResourceDefinitions add.
    pub(crate) resources: Vec<ServedResource>,
    /// The resources that a snapshot's server serves; `None` if the input is not a snapshot.
    pub(crate) served: Option<Vec<ServedResource>>,
    /// The problems.
    pub(crate) problems: Vec<Problem>,
    /// The number of objects, including irrelevant ones.
    pub(crate) objects: usize,
    /// The kind of an object in a server's list of another kind. The object is left out.
    pub(crate) foreign: Option<Text>,
    /// Whether any text of the objects can be a placeholder.
    pub(crate) may_have_placeholders: bool,
}

impl Batch {
    /// Appends another batch.
    pub(crate) fn append(&mut self, other: Self) {
        self.builder.append(other.builder);
        self.resources.extend(other.resources);
        if let Some(served) = other.served {
            self.served.get_or_insert_default().extend(served);
        }
        self.problems.extend(other.problems);
        self.objects += other.objects;
        self.foreign = self.foreign.take().or(other.foreign);
        self.may_have_placeholders |= other.may_have_placeholders;
    }
}

/// The place that objects come from.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A file, or stdin as `-`.
    File(Text),
    /// The embedded default objects.
    Default,
    /// An API server.
    Cluster,
}

impl Place {
    /// Returns whether the place is a file with values of a Helm chart, whose maps can look like objects.
    fn is_values_of_chart(&self) -> bool {
        const DEPTH: usize = 3;
        let Self::File(path) = self else { return false };
        let path = Path::new(&**path);
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.contains("values")
            && path.ancestors().skip(1).take(DEPTH).any(|at| at.join("Chart.yaml").is_file())
    }

    fn origin(&self, line: u32) -> Origin {
        match self {
            Self::File(path) => Origin::File { path: path.clone(), line },
            Self::Default => Origin::Default,
            Self::Cluster => Origin::Cluster,
        }
    }

    pub(crate) fn problem(
        &self,
        position: Position,
        kind: ProblemKind,
        message: String,
    ) -> Problem {
        let file = match self {
            Self::File(path) => path.to_string(),
            Self::Default => "defaults".to_owned(),
            Self::Cluster => "cluster".to_owned(),
        };
        Problem { file, line: position.line, column: position.column, kind, message }
    }
}

/// Decodes objects of one place into a [`Batch`].
#[derive(Debug)]
pub(crate) struct Decoder {
    strings: StringCache,
    default_namespace: Text,
    /// Whether the namespace of objects and subjects without one is known.
    is_settled: bool,
    place: Place,
    /// The objects to read.
    pub(crate) selection: Selection,
    /// Whether the current list is marked as stored by a server.
    pub(crate) stored: bool,
    /// Whether the last object of a JSON text was irrelevant.
    skips_objects: bool,
    /// Whether to record line numbers (only for uncompressed files found on disk).
    pub(crate) records_lines: bool,
    pub(crate) batch: Batch,
}

impl Decoder {
    /// Creates a decoder. Namespaced objects without a namespace get `default_namespace`.
    pub(crate) fn new(place: &Place, default_namespace: &str) -> Self {
        let place = match place {
            // A path shared between workers would make them contend for its reference count.
            Place::File(path) => Place::File(path.as_str().into()),
            place @ (Place::Default | Place::Cluster) => place.clone(),
        };
        Self {
            strings: StringCache::default(),
            default_namespace: default_namespace.into(),
            is_settled: false,
            place,
            selection: Selection::default(),
            stored: false,
            skips_objects: false,
            records_lines: false,
            batch: Batch::default(),
        }
    }

    /// Returns an empty decoder for the same place with a separate string cache.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            selection: self.selection,
            stored: self.stored,
            is_settled: self.is_settled,
            ..Self::new(&self.place, &self.default_namespace)
        }
    }

    /// Sets the namespace of objects that name none: the given one, or else `otherwise`.
    pub(crate) fn settle(&mut self, said: Option<&str>, otherwise: &str) {
        self.is_settled = said.is_some();
        self.default_namespace = self.strings.text(said.unwrap_or(otherwise));
    }

    /// Switches to another place.
    pub(crate) fn switch_to(&mut self, place: &Place) {
        self.place = match place {
            Place::File(path) => Place::File(self.strings.text(path)),
            place @ (Place::Default | Place::Cluster) => place.clone(),
        };
    }

    /// Decodes one object from the start of a JSON text at `position`, and returns its length.
    ///
    /// `identity` applies to an object without `apiVersion` and `kind`, as in a typed list.
    pub(crate) fn json(
        &mut self,
        text: &str,
        identity: Option<&Identity>,
        position: Position,
    ) -> Result<usize, serde_json::Error> {
        // Servers list objects by kind, so an irrelevant one is mostly followed by another.
        if self.skips_objects
            && let Some(length) = self.skip_irrelevant(text, identity)
        {
            return Ok(length);
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        if let Ok(object) = self.read_object(&mut deserializer, identity, position.line) {
            if let (Place::Cluster, Some(identity)) = (&self.place, identity)
                && object.kind() != &*identity.kind
            {
                self.batch.foreign = Some(object.kind().into());
                return Ok(text.len());
            }
            self.skips_objects = matches!(object, Object::Other(_, Shape::Irrelevant));
            if self.add(object) {
                return Ok(deserializer.into_iter::<IgnoredAny>().byte_offset());
            }
        }
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        if let Some(Err(error)) = values.next() {
            return Err(error);
        }
        let length = values.byte_offset();
        match Document::from_json(text.get(..length).unwrap_or(text), position) {
            Ok(document) => self.node(document.root(), identity),
            Err(error) => self.broken(&error, "", 0),
        }
        Ok(length)
    }

    /// Skips an irrelevant object at the start of a JSON text, and returns its length; `None` if it
    /// can be relevant, or needs a complete parser.
    fn skip_irrelevant(&mut self, text: &str, identity: Option<&Identity>) -> Option<usize> {
        let mut members = Members::of(text)?;
        let (mut api_version, mut kind) = (None, None);
        let mut is_irrelevant = false;
        while let Some(key) = members.key()? {
            match key {
                // A later key would decide.
                "apiVersion" | "kind" if is_irrelevant => return None,
                "apiVersion" => api_version = Some(members.string()?),
                "kind" => kind = Some(members.string()?),
                _ => {
                    if !is_irrelevant {
                        let api_version = api_version.or_else(|| Some(&*identity?.api_version));
                        let of_list = identity.map(|identity| &*identity.kind);
                        let kind = kind.or(of_list).filter(|kind| !kind.is_empty())?;
                        let is_foreign = matches!(self.place, Place::Cluster)
                            && of_list.is_some_and(|of_list| of_list != kind);
                        let shape = self.selection.shape(api_version?, kind);
                        if is_foreign || shape != Shape::Irrelevant {
                            return None;
                        }
                        is_irrelevant = true;
                    }
                    members.skip()?;
                }
            }
        }
        self.batch.objects += usize::from(is_irrelevant);
        is_irrelevant.then(|| members.passed())
    }

    /// Adds the namespace to subjects that require one.
    fn settled(&self, mut object: Object) -> Object {
        if let Object::Binding(binding) = &mut object
            && binding.is_cluster_role_binding()
        {
            let subjects = binding.subjects.iter_mut();
            for subject in subjects.filter(|subject| subject.kind == SubjectKind::ServiceAccount) {
                if subject.namespace.is_empty() {
                    subject.namespace = self.default_namespace.clone();
                }
            }
        }
        object
    }

    /// Adds a complete object; returns false when it has to be decoded from a node instead.
    fn add(&mut self, object: Object) -> bool {
        let object = if self.stored { object.stored() } else { object };
        let object = if self.is_settled { self.settled(object) } else { object };
        let named = |name: &Text| !name.is_empty() && !is_expression(name);
        self.batch.may_have_placeholders |= self.strings.has_placeholders;
        let builder = &mut self.batch.builder;
        let stray = std::mem::take(&mut self.strings.stray);
        if let (false, Some((kind, metadata))) = (stray.is_empty(), object.head())
            && named(&metadata.name)
        {
            builder.unknown_fields(kind, metadata, &stray);
        }
        match object {
            Object::Role(role) if named(&role.metadata.name) => builder.role(role),
            Object::Binding(binding)
                if named(&binding.metadata.name) && !is_expression(&binding.role_ref.name) =>
            {
                builder.binding(binding);
            }
            Object::ServiceAccount(account) if named(&account.metadata.name) => {
                builder.service_account(account);
            }
            Object::Namespace(namespace) if named(&namespace.metadata.name) => {
                builder.namespace(namespace);
            }
            Object::Named(object) if named(&object.metadata.name) => builder.named_object(object),
            Object::Workload(workload) if named(&workload.metadata.name) => {
                builder.workload(workload);
            }
            Object::Resource(resource) => self.batch.resources.push(resource),
            Object::Deletion(kind, metadata) => {
                let line = match metadata.origin {
                    Origin::File { line, .. } => line,
                    Origin::Cluster | Origin::Default => 0,
                };
                let message = format!("ignored: the document deletes {kind} `{}`", metadata.name);
                let position = Position { line, column: 0 };
                let problem = self.place.problem(position, ProblemKind::Deletion, message);
                self.batch.problems.push(problem);
            }
            Object::Other(identity, Shape::Irrelevant) if !identity.kind.is_empty() => {}
            _ => return false,
        }
        self.batch.objects += 1;
        true
    }
}

/// A pool of decoders for workers, each with a separate string cache.
pub(crate) struct Decoders {
    first: Decoder,
    free: Mutex<Vec<Decoder>>,
}

impl Decoders {
    /// Creates a pool of decoders like this one.
    pub(crate) fn like(decoder: &Decoder) -> Self {
        Self { first: decoder.sibling(), free: Mutex::default() }
    }

    /// Runs `work` with a decoder from the pool, and returns the batch that it decoded.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Decoder) -> T) -> (Batch, T) {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = free().pop();
        let mut decoder = idle.unwrap_or_else(|| self.first.sibling());
        let result = work(&mut decoder);
        let batch = std::mem::take(&mut decoder.batch);
        free().push(decoder);
        (batch, result)
    }
}

/// Returns whether a name is a template expression. Hardly any name contains a brace.
fn is_expression(name: &str) -> bool {
    name.as_bytes().contains(&b'{') && name.contains("{{")
}
