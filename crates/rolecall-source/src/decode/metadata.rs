//! Decodes `metadata`.

use rolecall_rbac::{Labels, Metadata, Owner, Text};

use super::fields::{Empty, Fields, fields, list};
use super::identity::group_of;
use super::seed::{Borrowed, LabelsSeed, skip, text};
use super::strings::StringCache;

/// The annotation in OpenShift's release manifests that marks an object for deletion.
const DELETION: &str = "release.openshift.io/delete";

/// The parts of an object's metadata that are kept.
#[derive(Debug, Default)]
pub(super) struct ObjectMeta {
    pub(super) name: Option<Text>,
    pub(super) generate_name: Option<Text>,
    pub(super) namespace: Option<Text>,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) owner: Option<Owner>,
    /// Whether the object was read from a server.
    pub(super) stored: bool,
    /// Whether OpenShift's cluster-version operator deletes the object.
    pub(super) deletes: bool,
}

impl ObjectMeta {
    /// Returns the name, or `generateName`.
    pub(super) fn name(&self) -> Option<&Text> {
        [&self.name, &self.generate_name].into_iter().flatten().find(|name| !name.is_empty())
    }

    /// Replaces the annotation that marks the object for deletion by `deletes`.
    fn take_deletion(&mut self) {
        let is_deletion = |(key, _): &(Text, Text)| **key == *DELETION;
        if self.annotations.iter().any(is_deletion) {
            let all = std::mem::take(&mut self.annotations).into_vec();
            let (said, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(is_deletion);
            self.deletes = said.iter().any(|(_, value)| **value == *"true");
            self.annotations = kept.into();
        }
    }
}

impl Empty for ObjectMeta {
    fn empty(_strings: &StringCache) -> Self {
        Self::default()
    }
}

fields! {
    ObjectMeta: "an object", |metadata, map, strings| {
        Name = "name" => metadata.name = Some(strings.unique(&map.next_value::<Borrowed>()?.0));
        GenerateName = "generateName" => metadata.generate_name = Some(text(map, strings)?);
        Namespace = "namespace" => metadata.namespace = Some(text(map, strings)?);
        Labels = "labels" => {
            let seed = LabelsSeed { strings, keep: |_| true };
            metadata.labels = map.next_value_seed(seed)?;
        };
        Annotations = "annotations" => {
            let keep = |key: &str| key == DELETION || Metadata::keeps_annotation(key);
            metadata.annotations = map.next_value_seed(LabelsSeed { strings, keep })?;
            metadata.take_deletion();
        };
        OwnerReferences = "ownerReferences" => {
            metadata.owner = controller_or_first(list(map, strings)?);
        };
        Stored = "uid" | "resourceVersion" => {
            metadata.stored = true;
            skip(map)?;
        };
    }

    fn is_stray(key: &str) -> bool {
        // The other fields of ObjectMeta.
        !matches!(
            key,
            "clusterName"
                | "creationTimestamp"
                | "deletionGracePeriodSeconds"
                | "deletionTimestamp"
                | "finalizers"
                | "generation"
                | "initializers"
                | "managedFields"
                | "selfLink"
        )
    }
}

/// An owner reference, and whether it is the controller.
struct OwnerReference {
    owner: Owner,
    controller: bool,
}

impl Empty for OwnerReference {
    fn empty(strings: &StringCache) -> Self {
        let empty = strings.empty();
        let owner = Owner { kind: empty.clone(), api_group: empty.clone(), name: empty };
        Self { owner, controller: false }
    }
}

fields! {
    OwnerReference: "an owner reference" in "owner references", |reference, map, strings| {
        ApiVersion = "apiVersion" => {
            let version = text(map, strings)?;
            reference.owner.api_group = strings.text(group_of(&version));
        };
        Kind = "kind" => reference.owner.kind = text(map, strings)?;
        Name = "name" => reference.owner.name = text(map, strings)?;
        Controller = "controller" => {
            reference.controller = map.next_value::<Option<bool>>()?.unwrap_or(false);
        };
    }
}

fn controller_or_first(mut owners: Vec<OwnerReference>) -> Option<Owner> {
    let controller = owners.iter().position(|reference| reference.controller);
    owners.drain(controller.unwrap_or(0)..).next().map(|reference| reference.owner)
}
