//! The spec of a review, and the server's errors for specs that it rejects.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rolecall_rbac::{Identity, Request, ResourceRequest};
use serde::Deserialize;

/// The kinds of review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// SubjectAccessReview.
    Subject,
    /// LocalSubjectAccessReview.
    Local,
    /// SelfSubjectAccessReview.
    SelfSubject,
}

impl Kind {
    /// Returns the kind with a name; an object without a kind is a SubjectAccessReview.
    pub(super) fn parse(kind: &str) -> Option<Self> {
        match kind {
            "" | "SubjectAccessReview" => Some(Self::Subject),
            "LocalSubjectAccessReview" => Some(Self::Local),
            "SelfSubjectAccessReview" => Some(Self::SelfSubject),
            _ => None,
        }
    }
}

/// A text that is borrowed from the input unless it has escapes.
#[derive(Debug, Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

type Text<'a> = Option<Borrowed<'a>>;

/// The `spec` of any kind of review.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    #[serde(borrow)]
    resource_attributes: Option<ResourceAttributes<'a>>,
    #[serde(borrow)]
    non_resource_attributes: Option<NonResourceAttributes<'a>>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow)]
    groups: Option<Vec<Borrowed<'a>>>,
    /// The name of `groups` in v1beta1.
    #[serde(borrow)]
    group: Option<Vec<Borrowed<'a>>>,
    #[serde(borrow)]
    uid: Text<'a>,
    extra: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceAttributes<'a> {
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    verb: Text<'a>,
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    resource: Text<'a>,
    #[serde(borrow)]
    subresource: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    field_selector: Option<Selector<'a>>,
    #[serde(borrow)]
    label_selector: Option<Selector<'a>>,
}

#[derive(Debug, Deserialize)]
struct NonResourceAttributes<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    verb: Text<'a>,
}

/// A selector, which RBAC never looks at but servers validate.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selector<'a> {
    #[serde(borrow)]
    raw_selector: Text<'a>,
    requirements: Option<Vec<serde::de::IgnoredAny>>,
}

impl Spec<'_> {
    /// Returns the errors of the server's validation, in its words; empty for a valid spec
    /// (docs/semantics.md#access-reviews). `namespace` is that of the review's metadata.
    pub(super) fn invalid(&self, kind: Kind, namespace: &str) -> Vec<String> {
        let mut errors = Vec::new();
        match (&self.resource_attributes, &self.non_resource_attributes) {
            (Some(_), Some(_)) => errors.push(
                "spec.nonResourceAttributes: Invalid value: cannot be specified in combination with \
                 resourceAttributes"
                    .to_owned(),
            ),
            (None, None) => errors.push(
                "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes \
                 or resourceAttributes must be specified"
                    .to_owned(),
            ),
            _ => {}
        }
        let nobody = text(&self.user).is_empty()
            && self.groups.as_ref().or(self.group.as_ref()).is_none_or(Vec::is_empty);
        if kind != Kind::SelfSubject && nobody {
            errors.push(
                "spec.user: Invalid value: \"\": at least one of user or group must be specified"
                    .to_owned(),
            );
        }
        if let Some(attributes) = &self.resource_attributes {
            for (name, selector) in [
                ("fieldSelector", &attributes.field_selector),
                ("labelSelector", &attributes.label_selector),
            ] {
                errors.extend(selector.as_ref().and_then(|selector| selector.invalid(name)));
            }
            let asked = text(&attributes.namespace);
            if kind == Kind::Local && asked != namespace {
                errors.push(format!(
                    "spec.resourceAttributes.namespace: Invalid value: {asked:?}: must match \
                     metadata.namespace"
                ));
            }
        }
        if kind == Kind::Local && self.non_resource_attributes.is_some() {
            errors.push(
                "spec.nonResourceAttributes: Invalid value: disallowed on this kind of request"
                    .to_owned(),
            );
        }
        errors
    }

    /// Returns the subject with the groups as written; `None` for the sender of the review.
    pub(super) fn identity(&self, kind: Kind) -> Option<Identity> {
        if kind == Kind::SelfSubject {
            return None;
        }
        let groups = self.groups.iter().chain(&self.group).flatten();
        let extra = self.extra.iter().flatten().map(|(key, values)| {
            (key.as_str().into(), values.iter().map(|value| value.as_str().into()).collect())
        });
        Some(Identity {
            user: text(&self.user).into(),
            groups: groups.map(|group| (*group.0).into()).collect(),
            uid: text(&self.uid).into(),
            extra: extra.collect(),
        })
    }

    /// Returns the request as written.
    pub(super) fn request(&self) -> Request {
        match (&self.resource_attributes, &self.non_resource_attributes) {
            (None, Some(attributes)) => {
                Request::path(text(&attributes.verb), text(&attributes.path))
            }
            (Some(attributes), _) => Request::resource(
                text(&attributes.verb),
                ResourceRequest {
                    namespace: text(&attributes.namespace).into(),
                    group: text(&attributes.group).into(),
                    resource: text(&attributes.resource).into(),
                    subresource: text(&attributes.subresource).into(),
                    name: text(&attributes.name).into(),
                },
            ),
            (None, None) => Request::path("", ""),
        }
    }
}

impl Selector<'_> {
    fn invalid(&self, name: &str) -> Option<String> {
        let raw = text(&self.raw_selector);
        let requirements = self.requirements.as_ref().is_some_and(|list| !list.is_empty());
        let path = format!("spec.resourceAttributes.{name}");
        match (raw.is_empty(), requirements) {
            (false, true) => Some(format!(
                "{path}.rawSelector: Invalid value: {raw:?}: may not specified at the same time as \
                 requirements"
            )),
            (true, false) => Some(format!(
                "{path}.requirements: Required value: when {path} is specified, requirements or \
                 rawSelector is required"
            )),
            _ => None,
        }
    }
}

fn text<'t>(text: &'t Text<'_>) -> &'t str {
    text.as_ref().map_or("", |text| &text.0)
}
