//! References to objects, subjects and rules in documented output.

use rolecall_rbac::{
    Binding, Metadata, Origin, PolicyRule, Role, Subject as BindingSubject, SubjectKind, Text,
};
use serde::{Serialize, Serializer};

/// An object by kind, namespace and name, with its location.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ObjectReference<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Whether a build that was not run can change the object.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unbuilt: bool,
    /// The events of the Helm hook that creates it, if it does not exist as long as its release.
    #[serde(skip_serializing_if = "Option::is_none")]
    hook: Option<&'a str>,
}

/// A rule in Kubernetes' format, without empty lists.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleDetails<'a> {
    verbs: TextList<'a>,
    #[serde(skip_serializing_if = "TextList::is_empty")]
    api_groups: TextList<'a>,
    #[serde(skip_serializing_if = "TextList::is_empty")]
    resources: TextList<'a>,
    #[serde(skip_serializing_if = "TextList::is_empty")]
    resource_names: TextList<'a>,
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "TextList::is_empty")]
    non_resource_urls: TextList<'a>,
}

/// A list of texts.
#[derive(Clone, Debug)]
pub(crate) struct TextList<'a>(pub(crate) &'a [Text]);

impl TextList<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for TextList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|text| &**text))
    }
}

impl<'a> ObjectReference<'a> {
    /// Copies the name and location of an object.
    pub(crate) fn new(kind: &'a str, metadata: &'a Metadata) -> Self {
        let (file, line) = match &metadata.origin {
            Origin::File { path, line } => (Some(&**path), Some(*line)),
            Origin::Cluster | Origin::Default => (None, None),
        };
        let unbuilt = metadata.is_unbuilt();
        let is_temporary = metadata.hook_lifetime().is_some_and(|it| it.is_temporary());
        let hook = metadata.annotation("helm.sh/hook").filter(|_| is_temporary);
        let hook = hook.map(|events| &**events);
        Self { file, line, unbuilt, hook, ..Self::named(kind, &metadata.namespace, &metadata.name) }
    }

    /// References an object without a location.
    pub(crate) fn named(kind: &'a str, namespace: &'a str, name: &'a str) -> Self {
        Self { kind, namespace, name, file: None, line: None, unbuilt: false, hook: None }
    }

    /// Copies the name and location of a binding.
    pub(crate) fn binding(binding: &'a Binding) -> Self {
        Self::new(binding.kind(), &binding.metadata)
    }

    /// Copies the name and location of a role.
    pub(crate) fn role(role: &'a Role) -> Self {
        Self::new(role.kind(), &role.metadata)
    }

    /// Copies a subject of a binding, with its effective namespace.
    pub(crate) fn subject(subject: &'a BindingSubject, binding: &'a Metadata) -> Self {
        let namespace = match subject.kind {
            SubjectKind::ServiceAccount => subject.effective_namespace(binding),
            _ => None,
        };
        let namespace = namespace.map_or("", |namespace| namespace);
        Self::named(subject.kind.as_str(), namespace, &subject.name)
    }
}

impl<'a> RuleDetails<'a> {
    /// Copies a rule.
    pub(crate) fn new(rule: &'a PolicyRule) -> Self {
        Self {
            verbs: TextList(&rule.verbs),
            api_groups: TextList(&rule.api_groups),
            resources: TextList(&rule.resources),
            resource_names: TextList(&rule.resource_names),
            non_resource_urls: TextList(&rule.non_resource_urls),
        }
    }
}
