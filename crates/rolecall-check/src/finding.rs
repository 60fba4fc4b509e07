//! Findings and their locations.

use std::cmp::Ordering;
use std::fmt;

use rolecall_access::AccessTerm;
use rolecall_paths::Sink;
use rolecall_rbac::{
    Binding, Identity, Metadata, Namespace, Origin, Request, Role, ServiceAccount, Text, Workload,
};

use crate::{RuleMeta, Severity};

/// One thing that is wrong, where it stands and how to fix it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: &'static RuleMeta,
    /// How bad it is here.
    pub severity: Severity,
    /// The object that has to change.
    pub object: ObjectRef,
    /// The field within it.
    pub field: FieldPath,
    /// The line of its file on which the field stands, where reading has noted it, as for most pod
    /// specs; else 0.
    pub line: u32,
    /// The problem: one lower-case fragment.
    pub message: String,
    /// The fix: one lower-case fragment; empty if the message contains it, and for denied requests, whose
    /// remedy depends on the command line that prints the finding.
    pub fix: String,
    /// The part of the object, quoted from the object, so that a finding keeps its
    /// fingerprint when lines and indices move.
    pub about: String,
    /// The line of the field's text that it is about, counted from 0, where the text is a script.
    pub line_of_text: Option<u32>,
    /// Other objects that take part, such as the binding that makes a rule matter.
    pub related: Vec<Related>,
    /// The subjects that hold a risk together, as the command line takes them, where several do.
    pub subjects: Vec<String>,
    /// Findings of less weight about the same cause: other risks of its role, of its binding or of its holders.
    pub also: Vec<Also>,
    /// The holders of a risk and its scope, in one text; empty for none or too many.
    pub(crate) held_by: String,
    /// The holders of a risk, for findings that can be merged into those about their paths.
    pub(crate) holders: Vec<String>,
    /// The end of the path that it describes.
    pub reaches: Option<Sink>,
    /// The denied requests, from which a fix can be generated.
    pub denied: Option<Box<Denied>>,
    /// Files that were not read and can contain the missing object; sorted.
    pub unless: Vec<Text>,
}

/// An object as findings name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Where it was read.
    pub origin: Origin,
    /// The kind.
    pub kind: Text,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

/// A field within an object, such as `rules[2].resources[0]`; no steps for the object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    /// The steps from the object's root.
    pub steps: Vec<Step>,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a mapping.
    Key(Text),
    /// Into a sequence, counted from 0.
    Index(usize),
}

/// Another object that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related {
    /// The object.
    pub object: ObjectRef,
    /// Its part in the finding: one fragment.
    pub note: String,
}

/// Requests that an identity needs and may not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The subject.
    pub identity: Identity,
    /// The refused requests.
    pub requests: Vec<Request>,
    /// Requests that are refused in every namespace and name none, because the namespace is only known at run time.
    pub somewhere: Vec<Request>,
    /// All the access that is missing, where `requests` are only examples of it.
    pub access: Option<AccessTerm>,
}

/// A finding that is reported with a graver one of the same cause.
#[derive(Clone, Debug)]
pub struct Also {
    /// The rule.
    pub rule: &'static RuleMeta,
    /// How bad it is.
    pub severity: Severity,
    /// The object that it is about.
    pub object: ObjectRef,
    /// The field within it.
    pub field: FieldPath,
    /// The problem.
    pub message: String,
}

impl Finding {
    /// Builds a finding of the rule's own severity about a whole object.
    pub(crate) fn new(rule: &'static RuleMeta, object: ObjectRef, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity,
            object,
            field: FieldPath::default(),
            line: 0,
            message,
            fix: String::new(),
            about: String::new(),
            line_of_text: None,
            related: Vec::new(),
            subjects: Vec::new(),
            also: Vec::new(),
            held_by: String::new(),
            holders: Vec::new(),
            reaches: None,
            denied: None,
            unless: Vec::new(),
        }
    }

    pub(crate) fn at(mut self, field: FieldPath) -> Self {
        self.field = field;
        self
    }

    /// Says that it is about a field that stands on some line, 0 where that is not known.
    pub(crate) fn at_line(self, field: FieldPath, line: u32) -> Self {
        Self { line, ..self.at(field) }
    }

    pub(crate) fn in_line(mut self, line_of_text: Option<u32>) -> Self {
        self.line_of_text = line_of_text;
        self
    }

    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Says that files which were not read can hold what is missing.
    pub(crate) fn unless(mut self, files: Vec<Text>) -> Self {
        self.unless = files;
        self
    }

    pub(crate) fn related(mut self, object: ObjectRef, note: impl Into<String>) -> Self {
        self.related.push(Related { object, note: note.into() });
        self
    }

    pub(crate) fn subjects(mut self, subjects: Vec<String>) -> Self {
        self.subjects = subjects;
        self
    }

    pub(crate) fn holders(mut self, holders: Vec<String>) -> Self {
        self.holders = holders;
        self
    }

    pub(crate) fn held_by(mut self, held_by: String) -> Self {
        self.held_by = held_by;
        self
    }

    /// Returns whether it is only that something unread decides.
    pub fn is_undecided(&self) -> bool {
        self.rule.code == crate::findings::expectation::UNDECIDED
    }

    /// Returns the message; where files were not read that can hold what is missing, it names them.
    pub fn statement(&self) -> String {
        let files = match &*self.unless {
            [] => return self.message.clone(),
            [only] => only.to_string(),
            [first, second] => format!("{first} or {second}"),
            [first, others @ ..] => {
                format!("{first} or one of {} other unread files", others.len())
            }
        };
        format!("{}, unless {files} provides it", self.message)
    }

    /// Orders findings by where they stand, then by what they say.
    pub(crate) fn in_order(&self, other: &Self) -> Ordering {
        self.object
            .cmp(&other.object)
            .then_with(|| self.field.cmp(&other.field))
            .then_with(|| self.line_of_text.cmp(&other.line_of_text))
            .then_with(|| self.rule.code.cmp(&other.rule.code))
            .then_with(|| self.message.cmp(&other.message))
    }
}

impl ObjectRef {
    /// Returns the position of the object in brackets, such as ` (app.yaml:7)`; nothing for an object of a cluster.
    pub fn position(&self) -> String {
        match &self.origin {
            Origin::Default => " (default)".to_owned(),
            origin => {
                origin.position().map_or_else(String::new, |position| format!(" ({position})"))
            }
        }
    }

    fn of(kind: impl Into<Text>, metadata: &Metadata) -> Self {
        Self {
            origin: metadata.origin.clone(),
            kind: kind.into(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        }
    }
}

impl From<&Role> for ObjectRef {
    fn from(role: &Role) -> Self {
        Self::of(role.kind(), &role.metadata)
    }
}

impl From<&Binding> for ObjectRef {
    fn from(binding: &Binding) -> Self {
        Self::of(binding.kind(), &binding.metadata)
    }
}

impl From<&ServiceAccount> for ObjectRef {
    fn from(account: &ServiceAccount) -> Self {
        Self::of("ServiceAccount", &account.metadata)
    }
}

impl From<&Namespace> for ObjectRef {
    fn from(namespace: &Namespace) -> Self {
        Self::of("Namespace", &namespace.metadata)
    }
}

impl From<&Workload> for ObjectRef {
    fn from(workload: &Workload) -> Self {
        Self::of(workload.kind.clone(), &workload.metadata)
    }
}

impl fmt::Display for ObjectRef {
    /// Writes `Kind namespace/name`, or `Kind name` at the cluster scope.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.namespace {
            "" => write!(formatter, "{} {}", self.kind, self.name),
            namespace => write!(formatter, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

impl FieldPath {
    /// Returns the path of a key of the object's root.
    pub fn key(key: &str) -> Self {
        Self::default().then_key(key)
    }

    /// Adds a step into a mapping.
    #[must_use]
    pub fn then_key(mut self, key: &str) -> Self {
        self.steps.push(Step::Key(key.into()));
        self
    }

    /// Adds a step into a sequence.
    #[must_use]
    pub fn then_index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// Adds the steps of a dotted path such as `.spec.template.spec` or `.spec.tasks[0].template`.
    #[must_use]
    pub fn then_dotted(self, dotted: &str) -> Self {
        dotted.split('.').filter(|part| !part.is_empty()).fold(self, |path, part| {
            let (key, indices) = part.split_once('[').unwrap_or((part, ""));
            let path = if key.is_empty() { path } else { path.then_key(key) };
            indices
                .split(['[', ']'])
                .filter_map(|index| index.parse().ok())
                .fold(path, FieldPath::then_index)
        })
    }
}

impl fmt::Display for FieldPath {
    /// Writes the path as the API server does: `rules[2].resources[0]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => write!(formatter, "{key}")?,
                Step::Key(key) if key.contains(['.', '/']) => write!(formatter, "[{key}]")?,
                Step::Key(key) => write!(formatter, ".{key}")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}
