//! Decodes `metadata`.

use rolecall_rbac::{Labels, Metadata, Owner, Text};
use serde::de::{MapAccess, SeqAccess};

use super::seed::{Fields, Items, LabelsSeed, ListSeed, ObjectSeed, OwnTextSeed, TextSeed, skip};
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
}

pub(super) struct MetadataFields<'s> {
    strings: &'s mut StringCache,
    metadata: ObjectMeta,
}

impl<'s> MetadataFields<'s> {
    pub(super) fn seed(strings: &'s mut StringCache) -> ObjectSeed<Self> {
        ObjectSeed(Self { strings, metadata: ObjectMeta::default() })
    }
}

#[derive(Clone, Copy)]
pub(super) enum MetadataField {
    Name,
    GenerateName,
    Namespace,
    Labels,
    Annotations,
    OwnerReferences,
    Stored,
}

impl<'de> Fields<'de> for MetadataFields<'_> {
    const EXPECTED: &'static str = "an object";
    type Field = MetadataField;
    type Output = ObjectMeta;

    fn field(name: &str) -> Option<MetadataField> {
        Some(match name {
            "name" => MetadataField::Name,
            "generateName" => MetadataField::GenerateName,
            "namespace" => MetadataField::Namespace,
            "labels" => MetadataField::Labels,
            "annotations" => MetadataField::Annotations,
            "ownerReferences" => MetadataField::OwnerReferences,
            "uid" | "resourceVersion" => MetadataField::Stored,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: MetadataField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let metadata = &mut self.metadata;
        match field {
            MetadataField::Name => {
                metadata.name = Some(map.next_value_seed(OwnTextSeed)?);
            }
            MetadataField::GenerateName => {
                metadata.generate_name = Some(map.next_value_seed(TextSeed(self.strings))?);
            }
            MetadataField::Namespace => {
                metadata.namespace = Some(map.next_value_seed(TextSeed(self.strings))?);
            }
            MetadataField::Labels => {
                let seed = LabelsSeed { strings: self.strings, keep: |_| true };
                metadata.labels = map.next_value_seed(seed)?;
            }
            MetadataField::Annotations => {
                let keep = |key: &str| key == DELETION || Metadata::keeps_annotation(key);
                let seed = LabelsSeed { strings: self.strings, keep };
                metadata.annotations = map.next_value_seed(seed)?;
                let is_deletion = |(key, _): &(Text, Text)| **key == *DELETION;
                if metadata.annotations.iter().any(is_deletion) {
                    let all = std::mem::take(&mut metadata.annotations).into_vec();
                    let (said, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(is_deletion);
                    metadata.deletes = said.iter().any(|(_, value)| **value == *"true");
                    metadata.annotations = kept.into();
                }
            }
            MetadataField::OwnerReferences => {
                let seed = ListSeed(Owners { strings: self.strings, owner: None });
                metadata.owner = map.next_value_seed(seed)?.map(|(owner, _)| owner);
            }
            MetadataField::Stored => {
                metadata.stored = true;
                skip(map)?;
            }
        }
        Ok(())
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

    fn note_stray(&mut self, key: &str) {
        self.strings.stray.push(key.to_owned());
    }

    fn finish(self) -> ObjectMeta {
        self.metadata
    }
}

/// Reads `ownerReferences` and keeps the controller, or else the first owner.
struct Owners<'s> {
    strings: &'s mut StringCache,
    owner: Option<(Owner, bool)>,
}

impl<'de> Items<'de> for Owners<'_> {
    const EXPECTED: &'static str = "a list of owner references";
    type Output = Option<(Owner, bool)>;

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let empty = self.strings.text("");
        let owner = Owner { kind: empty.clone(), api_group: empty.clone(), name: empty };
        let seed = ObjectSeed(OwnerFields { strings: self.strings, owner, controller: false });
        let Some((owner, controller)) = items.next_element_seed(seed)? else { return Ok(false) };
        let known = self.owner.as_ref().map(|(_, controller)| *controller);
        if known.is_none() || (known == Some(false) && controller) {
            self.owner = Some((owner, controller));
        }
        Ok(true)
    }

    fn finish(self) -> Self::Output {
        self.owner
    }
}

struct OwnerFields<'s> {
    strings: &'s mut StringCache,
    owner: Owner,
    controller: bool,
}

#[derive(Clone, Copy)]
enum OwnerField {
    ApiVersion,
    Kind,
    Name,
    Controller,
}

impl<'de> Fields<'de> for OwnerFields<'_> {
    const EXPECTED: &'static str = "an owner reference";
    type Field = OwnerField;
    type Output = (Owner, bool);

    fn field(name: &str) -> Option<OwnerField> {
        Some(match name {
            "apiVersion" => OwnerField::ApiVersion,
            "kind" => OwnerField::Kind,
            "name" => OwnerField::Name,
            "controller" => OwnerField::Controller,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(&mut self, field: OwnerField, map: &mut A) -> Result<(), A::Error> {
        match field {
            OwnerField::ApiVersion => {
                let version = map.next_value_seed(TextSeed(self.strings))?;
                self.owner.api_group = self.strings.text(super::identity::group_of(&version));
            }
            OwnerField::Kind => self.owner.kind = map.next_value_seed(TextSeed(self.strings))?,
            OwnerField::Name => self.owner.name = map.next_value_seed(TextSeed(self.strings))?,
            OwnerField::Controller => {
                self.controller = map.next_value::<Option<bool>>()?.unwrap_or(false);
            }
        }
        Ok(())
    }

    fn finish(self) -> Self::Output {
        (self.owner, self.controller)
    }
}
