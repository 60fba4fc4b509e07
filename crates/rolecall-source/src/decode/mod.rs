//! Objects in, nouns out: from a YAML node or a JSON text to an [`InventoryBuilder`].
//!
//! ```text
//! JSON item -> [ object ] ---------------> Role, Binding, ServiceAccount, Namespace,
//!                  | error, List, custom   Workload, ServedResource
//!                  v                       |
//! YAML node -> [ node ] -> [ object ] -----+--> Batch: builder, problems, gaps
//! ```
//!
//! Objects are kept as written: invalid rules stay, nothing is normalised beyond what the API
//! server's defaulting does. What cannot be decoded becomes a problem and a gap.

mod identity;
mod lines;
mod list;
mod metadata;
mod node;
mod object;
mod operator;
mod passed;
mod places;
mod pod;
mod rbac;
mod resource;
mod seed;
mod stray;
mod strings;
mod walk;

use std::sync::{Mutex, PoisonError};

use rolecall_rbac::{InventoryBuilder, Origin, ServedResource, SubjectKind, Text};
use serde::de::{DeserializeSeed, IgnoredAny};

pub use self::identity::Selection;
pub(crate) use self::identity::{Identity, Shape};
use self::object::{Object, ObjectFields};
pub(crate) use self::passed::passes_over;
use self::strings::Strings;
use crate::problem::{Problem, ProblemKind};
use rolecall_yaml::{Document, Position};

/// What was decoded, in the order it came.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The objects and gaps.
    pub(crate) builder: InventoryBuilder,
    /// The resources that CustomResourceDefinitions add.
    pub(crate) resources: Vec<ServedResource>,
    /// The resources that the server of a snapshot serves; `None` when nothing is a snapshot.
    pub(crate) served: Option<Vec<ServedResource>>,
    /// What went wrong.
    pub(crate) problems: Vec<Problem>,
    /// How many objects there were, those included that take no part in an answer.
    pub(crate) objects: usize,
    /// The kind of an object that a server's list of another kind held, which is left out.
    pub(crate) foreign: Option<Text>,
}

impl Batch {
    /// Adds what another batch holds, after what is here already.
    pub(crate) fn append(&mut self, other: Self) {
        self.builder.append(other.builder);
        self.resources.extend(other.resources);
        if let Some(served) = other.served {
            self.served.get_or_insert_default().extend(served);
        }
        self.problems.extend(other.problems);
        self.objects += other.objects;
        self.foreign = self.foreign.take().or(other.foreign);
    }
}

/// Where objects come from.
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
    fn origin(&self, line: u32) -> Origin {
        match self {
            Self::File(path) => Origin::File { path: path.clone(), line },
            Self::Default => Origin::Default,
            Self::Cluster => Origin::Cluster,
        }
    }

    fn problem(&self, position: Position, kind: ProblemKind, message: String) -> Problem {
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
    strings: Strings,
    default_namespace: Text,
    /// Whether the place says in which namespace its objects are, theirs included that bindings name.
    is_settled: bool,
    place: Place,
    /// Which objects are read.
    pub(crate) selection: Selection,
    /// Whether the list that is being read says that a server has stored its objects.
    pub(crate) stored: bool,
    /// Whether to note lines: of files that whoever is told of a line can look at as they are read.
    pub(crate) notes_lines: bool,
    pub(crate) batch: Batch,
}

impl Decoder {
    /// Starts; namespaced objects without a namespace get `default_namespace`.
    pub(crate) fn new(place: &Place, default_namespace: &str) -> Self {
        let place = match place {
            // Workers that share the path would wait for each other at its reference count.
            Place::File(path) => Place::File(path.as_str().into()),
            place @ (Place::Default | Place::Cluster) => place.clone(),
        };
        Self {
            strings: Strings::default(),
            default_namespace: default_namespace.into(),
            is_settled: false,
            place,
            selection: Selection::default(),
            stored: false,
            notes_lines: false,
            batch: Batch::default(),
        }
    }

    /// Returns a decoder for the same place, with its own shared strings and nothing decoded.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            selection: self.selection,
            stored: self.stored,
            is_settled: self.is_settled,
            ..Self::new(&self.place, &self.default_namespace)
        }
    }

    /// Says where objects are that name no namespace: where the place says, or `otherwise`.
    pub(crate) fn settle(&mut self, said: Option<&str>, otherwise: &str) {
        self.is_settled = said.is_some();
        self.default_namespace = self.strings.text(said.unwrap_or(otherwise));
    }

    /// Goes on with another place.
    pub(crate) fn turn_to(&mut self, place: &Place) {
        self.place = match place {
            Place::File(path) => Place::File(self.strings.text(path)),
            place @ (Place::Default | Place::Cluster) => place.clone(),
        };
    }

    /// Decodes one object from the start of a JSON text at `position`, and returns how long it is.
    ///
    /// `identity` is what an object without `apiVersion` and `kind` is, as in a typed list.
    pub(crate) fn json(
        &mut self,
        text: &str,
        identity: Option<&Identity>,
        position: Position,
    ) -> Result<usize, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let origin = self.place.origin(position.line);
        let seed = ObjectFields::seed(
            &mut self.strings,
            identity,
            &self.default_namespace,
            origin,
            self.selection,
        );
        if let Ok(object) = seed.deserialize(&mut deserializer) {
            if let (Place::Cluster, Some(identity)) = (&self.place, identity)
                && object.kind() != &*identity.kind
            {
                self.batch.foreign = Some(object.kind().into());
                return Ok(text.len());
            }
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

    /// Fills the namespace into subjects that have to have one.
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

    /// Adds an object that is complete; false when the whole has to be looked at.
    fn add(&mut self, object: Object) -> bool {
        let object = if self.stored { object.stored() } else { object };
        let object = if self.is_settled { self.settled(object) } else { object };
        let named = |name: &Text| !name.is_empty() && !name.contains("{{");
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
                if named(&binding.metadata.name) && !binding.role_ref.name.contains("{{") =>
            {
                builder.binding(binding);
            }
            Object::ServiceAccount(account) if named(&account.metadata.name) => {
                builder.service_account(account);
            }
            Object::Namespace(namespace) if named(&namespace.metadata.name) => {
                builder.namespace(namespace);
            }
            Object::Workload(workload) if named(&workload.metadata.name) => {
                builder.workload(workload);
            }
            Object::Resource(resource) => self.batch.resources.push(resource),
            Object::Deletion(kind, metadata) => {
                let line = match metadata.origin {
                    Origin::File { line, .. } => line,
                    Origin::Cluster | Origin::Default => 0,
                };
                let message =
                    format!("it deletes {kind} `{}`: what it grants is not counted", metadata.name);
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

/// Decoders for workers, each with its own shared strings.
pub(crate) struct Decoders {
    first: Decoder,
    free: Mutex<Vec<Decoder>>,
}

impl Decoders {
    /// Starts with decoders for the same place as this one.
    pub(crate) fn like(decoder: &Decoder) -> Self {
        Self { first: decoder.sibling(), free: Mutex::default() }
    }

    /// Lends a decoder, and returns what it decoded.
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
