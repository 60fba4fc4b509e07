//! Findings and their locations.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Deref, DerefMut};

use arcstr::literal;
use rolecall_access::{AccessTerm, Holder};
use rolecall_paths::Sink;
use rolecall_rbac::{
    Binding, Identity, Metadata, Namespace, Origin, Request, Role, ServiceAccount, Text, Workload,
};

use crate::{RuleMeta, Severity};

/// A problem, its location and its fix.
///
/// A pointer, because lists of findings grow, are sorted and are merged.
#[derive(Clone, Debug)]
pub struct Finding(Box<FindingBody>);

/// The content of a [`Finding`].
#[derive(Clone, Debug)]
pub struct FindingBody {
    /// The rule that it breaks.
    pub rule: &'static RuleMeta,
    /// The severity in this place.
    pub severity: Severity,
    /// The object that has to change.
    pub object: ObjectRef,
    /// The field within it.
    pub field: FieldPath,
    /// The line of the field in its file, if the reader recorded it, as for most pod specs; 0 otherwise.
    pub line: u32,
    /// The problem: one lower-case fragment.
    pub message: String,
    /// The fix: one lower-case fragment; empty if the message contains it, and for denied requests, whose
    /// remedy depends on the command line that prints the finding.
    pub fix: Cow<'static, str>,
    /// The part of the object, quoted from the object, so that a finding keeps its
    /// fingerprint when lines and indices move.
    pub about: String,
    /// The line within the field's text, counted from 0, if the text is a script.
    pub line_of_text: Option<u32>,
    /// Related objects, such as the binding that grants the role.
    pub related: Vec<Related>,
    /// The subjects that have a risk together, in SUBJECT notation, if there are several.
    pub subjects: Vec<String>,
    /// Less severe findings with the same cause: other risks of its role, its binding or its holders.
    pub also: Vec<Also>,
    /// The holders of a risk and its scope, as one text; empty for none or too many.
    pub(crate) held_by: Text,
    /// The holders of a risk, for findings that can be merged into those about their paths.
    pub(crate) holders: Vec<String>,
    /// The target of the path that it describes.
    pub reaches: Option<Sink>,
    /// The identities that its path gains.
    pub(crate) gains: Vec<Holder>,
    /// The changes that stop all such paths of its subject, where they are known.
    pub changes: Vec<Change>,
    /// The same number for findings about equal rules, whatever the names of their objects; 0 for none.
    pub likeness: u64,
    /// The denied requests, from which a fix can be generated.
    pub denied: Option<Box<Denied>>,
    /// Unread files that might contain the missing object, sorted.
    pub unless: Vec<Text>,
}

/// An object in a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// The origin.
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

/// Another object that a finding refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related {
    /// The object.
    pub object: ObjectRef,
    /// Its role in the finding, as a fragment.
    pub note: Cow<'static, str>,
}

/// Requests that an identity needs but is not allowed to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The subject.
    pub identity: Identity,
    /// The denied requests.
    pub requests: Vec<Request>,
    /// Requests that are denied in every namespace and have none, because the namespace is only known at run time.
    pub somewhere: Vec<Request>,
    /// All missing access, if `requests` are only examples of it.
    pub access: Option<AccessTerm>,
}

/// A change to a role, or to a binding, that stops a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The role.
    pub role: ObjectRef,
    /// The rule; `None` for the whole role.
    pub rule: Option<usize>,
    /// Whether the role is granted to the subject itself, rather than to an identity that it gains.
    pub is_own: bool,
    /// The change: one fragment.
    pub advice: String,
}

/// A finding that is reported together with a more severe one with the same cause.
#[derive(Clone, Debug)]
pub struct Also {
    /// The rule.
    pub rule: &'static RuleMeta,
    /// The severity.
    pub severity: Severity,
    /// The object.
    pub object: ObjectRef,
    /// The field within it.
    pub field: FieldPath,
    /// The problem.
    pub message: String,
}

impl Deref for Finding {
    type Target = FindingBody;

    fn deref(&self) -> &FindingBody {
        &self.0
    }
}

impl DerefMut for Finding {
    fn deref_mut(&mut self) -> &mut FindingBody {
        &mut self.0
    }
}

impl Finding {
    /// Builds a finding of the rule's own severity about a whole object.
    pub(crate) fn new(rule: &'static RuleMeta, object: ObjectRef, message: String) -> Self {
        Self(Box::new(FindingBody {
            rule,
            severity: rule.severity,
            object,
            field: FieldPath::default(),
            line: 0,
            message,
            fix: Cow::default(),
            about: String::new(),
            line_of_text: None,
            related: Vec::new(),
            subjects: Vec::new(),
            also: Vec::new(),
            held_by: Text::default(),
            holders: Vec::new(),
            reaches: None,
            changes: Vec::new(),
            likeness: 0,
            denied: None,
            unless: Vec::new(),
            gains: Vec::new(),
        }))
    }

    /// Returns the content, without the pointer.
    pub(crate) fn into_body(self) -> FindingBody {
        *self.0
    }

    pub(crate) fn at(mut self, field: FieldPath) -> Self {
        self.field = field;
        self
    }

    /// Locates the finding at a field on a line; 0 if the line is not known.
    pub(crate) fn at_line(mut self, field: FieldPath, line: u32) -> Self {
        self.line = line;
        self.at(field)
    }

    /// Replaces the message.
    pub(crate) fn message(mut self, message: String) -> Self {
        self.message = message;
        self
    }

    pub(crate) fn in_line(mut self, line_of_text: Option<u32>) -> Self {
        self.line_of_text = line_of_text;
        self
    }

    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<Cow<'static, str>>) -> Self {
        self.fix = fix.into();
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds unread files that might contain the missing object.
    pub(crate) fn unless(mut self, files: Vec<Text>) -> Self {
        self.unless = files;
        self
    }

    pub(crate) fn related(mut self, object: ObjectRef, note: impl Into<Cow<'static, str>>) -> Self {
        // Most findings have one.
        let related = &mut self.related;
        related.reserve_exact(usize::from(related.is_empty()));
        related.push(Related { object, note: note.into() });
        self
    }

    /// Adds related objects with the same role.
    pub(crate) fn all_related(
        mut self,
        objects: impl IntoIterator<Item = ObjectRef>,
        note: &'static str,
    ) -> Self {
        let related = objects.into_iter().map(|object| Related { object, note: note.into() });
        self.related.extend(related);
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

    pub(crate) fn held_by(mut self, held_by: Text) -> Self {
        self.held_by = held_by;
        self
    }

    /// Returns whether the finding depends only on unread input.
    pub fn is_undecided(&self) -> bool {
        self.rule.code == crate::findings::expectation::UNDECIDED
    }

    /// Returns the message, with the unread files that might contain the missing object.
    pub fn statement(&self) -> String {
        let shown = |file: &Text| if **file == *"-" { "stdin".into() } else { file.clone() };
        let files = match &*self.unless {
            [] => return self.message.clone(),
            [only] => shown(only).to_string(),
            [first, second] => format!("{} or {}", shown(first), shown(second)),
            [first, others @ ..] => {
                format!("{} or one of {} other unread files", shown(first), others.len())
            }
        };
        format!("{}, unless {files} provides it", self.message)
    }

    /// Orders findings by location, then by text.
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

    fn of(kind: Text, metadata: &Metadata) -> Self {
        Self {
            origin: metadata.origin.clone(),
            kind,
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        }
    }
}

impl From<&Role> for ObjectRef {
    fn from(role: &Role) -> Self {
        let kind = match role.is_cluster_role() {
            true => literal!("ClusterRole"),
            false => literal!("Role"),
        };
        Self::of(kind, &role.metadata)
    }
}

impl From<&Binding> for ObjectRef {
    fn from(binding: &Binding) -> Self {
        let kind = match binding.is_cluster_role_binding() {
            true => literal!("ClusterRoleBinding"),
            false => literal!("RoleBinding"),
        };
        Self::of(kind, &binding.metadata)
    }
}

impl From<&ServiceAccount> for ObjectRef {
    fn from(account: &ServiceAccount) -> Self {
        Self::of(literal!("ServiceAccount"), &account.metadata)
    }
}

impl From<&Namespace> for ObjectRef {
    fn from(namespace: &Namespace) -> Self {
        Self::of(literal!("Namespace"), &namespace.metadata)
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
        // Most paths have two steps.
        self.steps.reserve_exact(2 * usize::from(self.steps.is_empty()));
        let key = match key {
            "roleRef" => literal!("roleRef"),
            "rules" => literal!("rules"),
            "spec" => literal!("spec"),
            "subjects" => literal!("subjects"),
            "template" => literal!("template"),
            key => key.into(),
        };
        self.steps.push(Step::Key(key));
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
