//! From requests to the specs of access reviews.

use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReviewSpec, SubjectAccessReviewSpec,
};

use crate::{Identity, Request, ResourceRequest, Target, Text};

impl From<&Request> for SelfSubjectAccessReviewSpec {
    fn from(request: &Request) -> Self {
        let (resource_attributes, non_resource_attributes) = attributes(request);
        Self { non_resource_attributes, resource_attributes }
    }
}

impl Request {
    /// Returns the spec of a SubjectAccessReview: can `identity` make this request?
    pub fn review_of(&self, identity: &Identity) -> SubjectAccessReviewSpec {
        let strings = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
        let extra = identity.extra.iter();
        let extra = extra.map(|(key, values)| (key.to_string(), strings(values)));
        let (resource_attributes, non_resource_attributes) = attributes(self);
        SubjectAccessReviewSpec {
            extra: (!identity.extra.is_empty()).then(|| extra.collect()),
            groups: (!identity.groups.is_empty()).then(|| strings(&identity.groups)),
            non_resource_attributes,
            resource_attributes,
            uid: text(&identity.uid),
            user: text(&identity.user),
        }
    }
}

fn attributes(request: &Request) -> (Option<ResourceAttributes>, Option<NonResourceAttributes>) {
    let verb = Some(request.verb.to_string());
    match &request.target {
        Target::Resource(target) => {
            let ResourceRequest { namespace, group, resource, subresource, name } = target;
            let attributes = ResourceAttributes {
                group: text(group),
                name: text(name),
                namespace: text(namespace),
                resource: Some(resource.to_string()),
                subresource: text(subresource),
                verb,
                ..ResourceAttributes::default()
            };
            (Some(attributes), None)
        }
        Target::Path(path) => {
            (None, Some(NonResourceAttributes { path: Some(path.to_string()), verb }))
        }
    }
}

fn text(text: &Text) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}
