//! Decodes an object of any kind in one pass.

use std::sync::Arc;

use rolecall_rbac::{
    AggregationRule, Binding, Metadata, Namespace, Origin, PodSpec, PolicyRule, Role, RoleKind,
    RoleRef, ServedResource, ServiceAccount, Subject, Text, Workload,
};
use serde::de::{Error, MapAccess};

use super::identity::{Identity, RBAC_VERSION, Selection, Shape, group_of, is_cluster_scoped};
use super::metadata::{MetadataFields, ObjectMeta};
use super::rbac::{AggregationFields, RBAC_GROUP, Rules, Subjects, role_ref};
use super::resource::ResourceFields;
use super::seed::{Fields, FlagSeed, ObjectSeed, OptionSeed, TextSeed, skip};
use super::stray::is_nearly;
use super::strings::StringCache;
use super::walk::{PlacesSeed, account_alone};

/// A decoded object.
#[derive(Debug)]
pub(super) enum Object {
    Role(Role),
    Binding(Binding),
    ServiceAccount(ServiceAccount),
    Namespace(Namespace),
    Workload(Workload),
    Resource(ServedResource),
    /// A request to delete the object of this kind and name.
    Deletion(Text, Metadata),
    /// Only the identity was read: the object is irrelevant or has to be decoded from a node.
    Other(Identity, Shape),
}

impl Object {
    /// Returns the kind and metadata of a relevant object.
    pub(super) fn head(&self) -> Option<(&str, &Metadata)> {
        match self {
            Self::Role(role) => Some((role.kind(), &role.metadata)),
            Self::Binding(binding) => Some((binding.kind(), &binding.metadata)),
            Self::ServiceAccount(account) => Some(("ServiceAccount", &account.metadata)),
            Self::Workload(workload) => Some((&workload.kind, &workload.metadata)),
            Self::Namespace(_) | Self::Resource(_) | Self::Deletion(..) | Self::Other(..) => None,
        }
    }

    /// Returns the kind that the object or its list declares.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Role(role) => role.kind(),
            Self::Binding(binding) => binding.kind(),
            Self::ServiceAccount(_) => "ServiceAccount",
            Self::Namespace(_) => "Namespace",
            Self::Workload(workload) => &workload.kind,
            Self::Resource(_) => "CustomResourceDefinition",
            Self::Deletion(kind, _) => kind,
            Self::Other(identity, _) => &identity.kind,
        }
    }

    /// Marks the object as stored by a server.
    pub(super) fn stored(mut self) -> Self {
        let metadata = match &mut self {
            Self::Role(role) => &mut role.metadata,
            Self::Binding(binding) => &mut binding.metadata,
            Self::ServiceAccount(account) => &mut account.metadata,
            Self::Namespace(namespace) => &mut namespace.metadata,
            Self::Workload(workload) => &mut workload.metadata,
            Self::Resource(_) | Self::Deletion(..) | Self::Other(..) => return self,
        };
        metadata.stored = true;
        self
    }
}

/// The error when a field comes before the `kind` that it depends on.
pub(super) const KIND_COMES_LATER: &str = "the object's kind comes after its content";

/// Reads an object.
pub(super) struct ObjectFields<'s> {
    strings: &'s mut StringCache,
    default_namespace: &'s str,
    origin: Origin,
    selection: Selection,
    api_version: Option<Text>,
    kind: Option<Text>,
    shape: Option<Shape>,
    metadata: ObjectMeta,
    rules: Option<Arc<[PolicyRule]>>,
    aggregation: Option<AggregationRule>,
    role_ref: Option<RoleRef>,
    subjects: Box<[Subject]>,
    automount_token: Option<bool>,
    pods: Vec<PodSpec>,
    resource: Option<ServedResource>,
    /// Whether it is a strategic merge patch that deletes the object.
    deletes: bool,
    /// Unknown keys that came before the object's kind.
    early: Vec<String>,
}

impl<'s> ObjectFields<'s> {
    /// Reads an object. `identity` applies unless the object has its own `apiVersion` and `kind`.
    pub(super) fn seed(
        strings: &'s mut StringCache,
        identity: Option<&Identity>,
        default_namespace: &'s str,
        origin: Origin,
        selection: Selection,
    ) -> ObjectSeed<Self> {
        strings.stray.clear();
        ObjectSeed(Self {
            strings,
            default_namespace,
            origin,
            selection,
            api_version: identity.map(|identity| identity.api_version.clone()),
            kind: identity.map(|identity| identity.kind.clone()),
            shape: identity.map(|identity| selection.shape(&identity.api_version, &identity.kind)),
            metadata: ObjectMeta::default(),
            rules: None,
            aggregation: None,
            role_ref: None,
            subjects: Box::default(),
            automount_token: None,
            pods: Vec::new(),
            resource: None,
            deletes: false,
            early: Vec::new(),
        })
    }

    fn set_shape(&mut self) {
        if let (Some(api_version), Some(kind)) = (&self.api_version, &self.kind) {
            self.shape = Some(self.selection.shape(api_version, kind));
        }
    }

    /// Reads a field whose content depends on the object's kind.
    fn body<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let Some(shape) = self.shape else { return Err(A::Error::custom(KIND_COMES_LATER)) };
        let strings = &mut *self.strings;
        let before = strings.stray.len();
        match (shape, name) {
            (Shape::Role, "rules") => self.rules = Some(map.next_value_seed(Rules::seed(strings))?),
            (Shape::Role, "aggregationRule") => {
                let seed = OptionSeed(AggregationFields::seed(strings));
                self.aggregation = map.next_value_seed(seed)?;
            }
            (Shape::Binding, "roleRef") => self.role_ref = Some(role_ref(map, strings)?),
            (Shape::Binding, "subjects") => {
                self.subjects = map.next_value_seed(Subjects::seed(strings))?;
            }
            (Shape::ServiceAccount, "automountServiceAccountToken") => {
                self.automount_token = map.next_value_seed(FlagSeed)?;
            }
            (Shape::CustomResourceDefinition, "spec") => {
                self.resource = map.next_value_seed(ResourceFields::seed(strings))?;
            }
            (Shape::Workload(places), _) => {
                let mut path = String::new();
                match PlacesSeed::new(places, name, strings, &mut path, &mut self.pods) {
                    Some(seed) => map.next_value_seed(seed)?,
                    None => skip(map)?,
                }
            }
            _ => {
                self.note_stray(name);
                return skip(map);
            }
        }
        if matches!(shape, Shape::Role | Shape::Binding) {
            self.strings.stray_below(before, name);
        }
        Ok(())
    }

    fn metadata(&mut self, cluster_scoped: bool) -> Metadata {
        let written = std::mem::take(&mut self.metadata);
        let own = written.namespace.clone().filter(|namespace| !namespace.is_empty());
        let namespace_assumed = !cluster_scoped && own.is_none();
        let namespace = match own {
            Some(namespace) if !cluster_scoped => namespace,
            _ if cluster_scoped => self.strings.text(""),
            _ => self.strings.text(self.default_namespace),
        };
        Metadata {
            namespace,
            name: written.name().cloned().unwrap_or_else(|| self.strings.text("")),
            labels: written.labels,
            annotations: written.annotations,
            namespace_assumed,
            origin: self.origin.clone(),
            stored: written.stored,
            written_version: None,
        }
    }

    fn metadata_of_rbac(&mut self, identity: Identity) -> Metadata {
        let metadata = self.metadata(is_cluster_scoped(&identity.kind));
        let is_todays = *identity.api_version == *RBAC_VERSION;
        Metadata { written_version: (!is_todays).then_some(identity.api_version), ..metadata }
    }

    fn workload(mut self, identity: Identity, otherwise: Option<&str>) -> Workload {
        let owner = self.metadata.owner.take();
        let metadata = self.metadata(is_cluster_scoped(&identity.kind));
        if self.pods.is_empty()
            && let Some(otherwise) = otherwise
        {
            let account = self.strings.text(&otherwise.replace("{name}", &metadata.name));
            let pod = account_alone(self.strings, ".spec", account);
            self.pods.push(PodSpec { account_is_derived: true, ..pod });
        }
        let mirror = metadata.annotation("kubernetes.io/config.mirror").is_some();
        Workload {
            api_group: self.strings.text(group_of(&identity.api_version)),
            kind: identity.kind,
            metadata,
            owner,
            pods: self.pods.into(),
            mirror,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum ObjectField {
    ApiVersion,
    Kind,
    Metadata,
    /// The directive of a strategic merge patch.
    Patch,
    /// A field that only some kinds have.
    Body(&'static str),
}

impl<'de> Fields<'de> for ObjectFields<'_> {
    const EXPECTED: &'static str = "an object";
    type Field = ObjectField;
    type Output = Object;

    fn field(name: &str) -> Option<ObjectField> {
        Some(match name {
            "apiVersion" => ObjectField::ApiVersion,
            "kind" => ObjectField::Kind,
            "metadata" => ObjectField::Metadata,
            "$patch" => ObjectField::Patch,
            "rules" => ObjectField::Body("rules"),
            "aggregationRule" => ObjectField::Body("aggregationRule"),
            "roleRef" => ObjectField::Body("roleRef"),
            "subjects" => ObjectField::Body("subjects"),
            "automountServiceAccountToken" => ObjectField::Body("automountServiceAccountToken"),
            "spec" => ObjectField::Body("spec"),
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(&mut self, field: ObjectField, map: &mut A) -> Result<(), A::Error> {
        match field {
            ObjectField::ApiVersion => {
                self.api_version = Some(map.next_value_seed(TextSeed(self.strings))?);
                self.set_shape();
            }
            ObjectField::Kind => {
                self.kind = Some(map.next_value_seed(TextSeed(self.strings))?);
                self.set_shape();
            }
            // Do not validate irrelevant objects.
            ObjectField::Metadata if self.shape == Some(Shape::Irrelevant) => skip(map)?,
            ObjectField::Metadata => {
                let before = self.strings.stray.len();
                self.metadata = map.next_value_seed(MetadataFields::seed(self.strings))?;
                self.strings.stray_below(before, "metadata");
            }
            ObjectField::Patch => {
                self.deletes = *map.next_value_seed(TextSeed(self.strings))? == *"delete";
            }
            ObjectField::Body(name) => self.body(name, map)?,
        }
        Ok(())
    }

    fn is_stray(key: &str) -> bool {
        // Common fields of kinds other than roles, bindings and ServiceAccounts.
        !matches!(key, "status" | "data" | "type" | "stringData" | "binaryData" | "items")
    }

    fn note_stray(&mut self, key: &str) {
        let Some(shape) = self.shape else { return self.early.push(key.to_owned()) };
        let is_known = match shape {
            Shape::ServiceAccount => matches!(key, "secrets" | "imagePullSecrets"),
            Shape::Role | Shape::Binding => false,
            Shape::Workload(places) => !(places.is_of_kubernetes() && is_nearly(key, "spec")),
            _ => true,
        };
        if !is_known {
            self.strings.stray.push(key.to_owned());
        }
    }

    fn finish(mut self) -> Object {
        let (api_version, kind) = (self.api_version.take(), self.kind.take());
        let identity = Identity {
            api_version: api_version.unwrap_or_else(|| self.strings.text("")),
            kind: kind.unwrap_or_else(|| self.strings.text("")),
        };
        let shape = self.selection.shape(&identity.api_version, &identity.kind);
        let cluster_scoped = is_cluster_scoped(&identity.kind);
        self.shape = Some(shape);
        std::mem::take(&mut self.early).iter().for_each(|key| self.note_stray(key));
        if (self.deletes || self.metadata.deletes) && shape != Shape::Irrelevant {
            return Object::Deletion(identity.kind, self.metadata(cluster_scoped));
        }
        match shape {
            Shape::Role => Object::Role(Role {
                metadata: self.metadata_of_rbac(identity),
                rules: self.rules.unwrap_or_default(),
                aggregation: self.aggregation.filter(|_| cluster_scoped),
            }),
            Shape::Binding => {
                let empty = self.strings.text("");
                Object::Binding(Binding {
                    metadata: self.metadata_of_rbac(identity),
                    role_ref: self.role_ref.unwrap_or_else(|| RoleRef {
                        api_group: self.strings.text(RBAC_GROUP),
                        kind: RoleKind::Other(empty.clone()),
                        name: empty,
                    }),
                    subjects: self.subjects,
                })
            }
            Shape::ServiceAccount => Object::ServiceAccount(ServiceAccount {
                metadata: self.metadata(cluster_scoped),
                automount_token: self.automount_token,
            }),
            Shape::Namespace => {
                Object::Namespace(Namespace { metadata: self.metadata(cluster_scoped) })
            }
            Shape::Workload(places) => Object::Workload(self.workload(identity, places.otherwise)),
            Shape::CustomResourceDefinition => match self.resource {
                Some(resource) => Object::Resource(resource),
                None => Object::Other(identity, Shape::Irrelevant),
            },
            other => Object::Other(identity, other),
        }
    }
}

/// Builds the workload of a custom resource with these pod specs.
pub(super) fn custom_workload(
    strings: &mut StringCache,
    identity: &Identity,
    metadata: Metadata,
    pods: Vec<PodSpec>,
) -> Workload {
    Workload {
        metadata,
        kind: identity.kind.clone(),
        api_group: strings.text(group_of(&identity.api_version)),
        owner: None,
        pods: pods.into(),
        mirror: false,
    }
}
