//! Decodes an object of any kind in one pass.

use std::sync::Arc;

use rolecall_rbac::{
    AggregationRule, Binding, Metadata, NamedObject, Namespace, Origin, PodSpec, PolicyRule, Role,
    RoleKind, RoleRef, ServedResource, ServiceAccount, Subject, Text, Texts, Workload,
};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess};

use super::Decoder;
use super::fields::{Empty, Fields, ObjectSeed, fields, list};
use super::identity::{Identity, RBAC_VERSION, Selection, Shape, group_of, is_cluster_scoped};
use super::metadata::ObjectMeta;
use super::rbac::{RBAC_GROUP, role_ref, subjects};
use super::resource::ResourceSpec;
use super::seed::{FlagSeed, OptionSeed, skip, text};
use super::stray::{is_nearly, is_nearly_of_pod_specs};
use super::strings::StringCache;
use super::walk::{PlacesSeed, account_alone};

/// A decoded object.
#[derive(Debug)]
pub(super) enum Object {
    Role(Role),
    Binding(Binding),
    ServiceAccount(ServiceAccount),
    Namespace(Namespace),
    Named(NamedObject),
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
            Self::Namespace(_)
            | Self::Named(_)
            | Self::Resource(_)
            | Self::Deletion(..)
            | Self::Other(..) => None,
        }
    }

    /// Returns the kind that the object or its list declares.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Role(role) => role.kind(),
            Self::Binding(binding) => binding.kind(),
            Self::ServiceAccount(_) => "ServiceAccount",
            Self::Namespace(_) => "Namespace",
            Self::Named(object) => &object.kind,
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
            Self::Named(object) => &mut object.metadata,
            Self::Resource(_) | Self::Deletion(..) | Self::Other(..) => return self,
        };
        metadata.stored = true;
        self
    }
}

/// The error when a field comes before the `kind` that it depends on.
pub(super) const KIND_COMES_LATER: &str = "the object's kind comes after its content";

impl Decoder {
    /// Reads the object on a line. `identity` applies unless the object has its own `apiVersion` and
    /// `kind`.
    pub(super) fn read_object<'de, D: Deserializer<'de>>(
        &mut self,
        deserializer: D,
        identity: Option<&Identity>,
        line: u32,
    ) -> Result<Object, D::Error> {
        let (strings, selection) = (&mut self.strings, self.selection);
        strings.stray.clear();
        let value = ObjectFields {
            default_namespace: &self.default_namespace,
            origin: self.place.origin(line),
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
            secrets: None,
            pods: Vec::new(),
            resource: None,
            deletes: false,
            early: Vec::new(),
        };
        let fields = ObjectSeed { value, strings: &mut *strings }.deserialize(deserializer)?;
        Ok(fields.finish(strings))
    }
}

/// The fields of an object of any kind.
struct ObjectFields<'s> {
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
    secrets: Option<Texts>,
    pods: Vec<PodSpec>,
    resource: Option<ServedResource>,
    /// Whether it is a strategic merge patch that deletes the object.
    deletes: bool,
    /// Unknown keys that came before the object's kind.
    early: Vec<String>,
}

fields! {
    ObjectFields<'_>: "an object", |object, map, strings| {
        ApiVersion = "apiVersion" => {
            object.api_version = Some(text(map, strings)?);
            object.set_shape();
        };
        Kind = "kind" => {
            object.kind = Some(text(map, strings)?);
            object.set_shape();
        };
        Metadata = "metadata" => {
            // Do not validate irrelevant objects.
            if object.shape == Some(Shape::Irrelevant) {
                return skip(map);
            }
            let before = strings.stray.len();
            let value = ObjectMeta::default();
            object.metadata = map.next_value_seed(ObjectSeed { value, strings: &mut *strings })?;
            strings.stray_below(before, "metadata");
        };
        // The directive of a strategic merge patch.
        Patch = "$patch" => object.deletes = *text(map, strings)? == *"delete";
        Rules = "rules" => object.body("rules", map, strings)?;
        AggregationRule = "aggregationRule" => object.body("aggregationRule", map, strings)?;
        RoleRef = "roleRef" => object.body("roleRef", map, strings)?;
        Subjects = "subjects" => object.body("subjects", map, strings)?;
        AutomountToken = "automountServiceAccountToken" => {
            object.body("automountServiceAccountToken", map, strings)?;
        };
        Secrets = "secrets" => object.body("secrets", map, strings)?;
        Spec = "spec" => object.body("spec", map, strings)?;
        // Only a PodTemplate has it.
        Template = "template" => object.body("template", map, strings)?;
    }

    fn is_stray(key: &str) -> bool {
        // Common fields of kinds other than roles, bindings and ServiceAccounts.
        !matches!(key, "status" | "data" | "type" | "stringData" | "binaryData" | "items")
    }

    fn note_stray(&mut self, key: &str, strings: &mut StringCache) {
        let Some(shape) = self.shape else { return self.early.push(key.to_owned()) };
        let is_known = match shape {
            Shape::ServiceAccount => matches!(key, "secrets" | "imagePullSecrets"),
            Shape::Role | Shape::Binding => false,
            Shape::Workload(places) => {
                let is_stray = is_nearly(key, "spec") || is_nearly_of_pod_specs(key);
                !(places.is_of_kubernetes() && is_stray)
            }
            _ => true,
        };
        if !is_known {
            strings.stray.push(key.to_owned());
        }
    }
}

impl ObjectFields<'_> {
    fn set_shape(&mut self) {
        if let (Some(api_version), Some(kind)) = (&self.api_version, &self.kind) {
            self.shape = Some(self.selection.shape(api_version, kind));
        }
    }

    /// Reads a field whose content depends on the object's kind.
    fn body<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        strings: &mut StringCache,
    ) -> Result<(), A::Error> {
        let Some(shape) = self.shape else { return Err(A::Error::custom(KIND_COMES_LATER)) };
        let before = strings.stray.len();
        match (shape, name) {
            (Shape::Role, "rules") => self.rules = Some(Arc::from(list(map, strings)?)),
            (Shape::Role, "aggregationRule") if self.kind.as_deref() == Some("ClusterRole") => {
                let seed = OptionSeed(ObjectSeed::new(strings));
                self.aggregation = map.next_value_seed(seed)?;
            }
            (Shape::Binding, "roleRef") => self.role_ref = Some(role_ref(map, strings)?),
            (Shape::Binding, "subjects") => {
                self.subjects = subjects(map, strings)?;
            }
            (Shape::ServiceAccount, "automountServiceAccountToken") => {
                self.automount_token = map.next_value_seed(FlagSeed)?;
            }
            (Shape::ServiceAccount, "secrets") => {
                let secrets: Vec<SecretReference> = list(map, strings)?;
                self.secrets = Some(secrets.into_iter().map(|secret| secret.name).collect());
            }
            (Shape::CustomResourceDefinition, "spec") => {
                let spec: ResourceSpec = map.next_value_seed(ObjectSeed::new(strings))?;
                self.resource = spec.served(strings);
            }
            (Shape::Workload(places), _) => {
                let mut path = String::new();
                match PlacesSeed::new(places, name, strings, &mut path, &mut self.pods) {
                    Some(seed) => map.next_value_seed(seed)?,
                    None => {
                        self.note_stray(name, strings);
                        return skip(map);
                    }
                }
            }
            _ => {
                self.note_stray(name, strings);
                return skip(map);
            }
        }
        if matches!(shape, Shape::Role | Shape::Binding) {
            strings.stray_below(before, name);
        }
        Ok(())
    }

    fn metadata(&mut self, cluster_scoped: bool, strings: &mut StringCache) -> Metadata {
        let written = std::mem::take(&mut self.metadata);
        let own = written.namespace.clone().filter(|namespace| !namespace.is_empty());
        let namespace_assumed = !cluster_scoped && own.is_none();
        let namespace = match own {
            Some(namespace) if !cluster_scoped => namespace,
            _ if cluster_scoped => strings.empty(),
            _ => strings.text(self.default_namespace),
        };
        Metadata {
            namespace,
            name: written.name().cloned().unwrap_or_else(|| strings.empty()),
            labels: written.labels,
            annotations: written.annotations,
            namespace_assumed,
            origin: self.origin.clone(),
            stored: written.stored,
            written_version: None,
        }
    }

    fn metadata_of_rbac(&mut self, identity: Identity, strings: &mut StringCache) -> Metadata {
        let metadata = self.metadata(is_cluster_scoped(&identity.kind), strings);
        let is_todays = *identity.api_version == *RBAC_VERSION;
        Metadata { written_version: (!is_todays).then_some(identity.api_version), ..metadata }
    }

    fn workload(
        mut self,
        identity: Identity,
        otherwise: Option<&str>,
        strings: &mut StringCache,
    ) -> Workload {
        let owner = self.metadata.owner.take();
        let metadata = self.metadata(is_cluster_scoped(&identity.kind), strings);
        if self.pods.is_empty()
            && let Some(otherwise) = otherwise
        {
            let account = strings.text(&otherwise.replace("{name}", &metadata.name));
            let pod = account_alone(strings, ".spec", account);
            self.pods.push(PodSpec { account_is_derived: true, ..pod });
        }
        let mirror = metadata.annotation("kubernetes.io/config.mirror").is_some();
        Workload {
            api_group: strings.text(group_of(&identity.api_version)),
            kind: identity.kind,
            metadata,
            owner,
            pods: self.pods.into(),
            mirror,
        }
    }

    fn finish(mut self, strings: &mut StringCache) -> Object {
        let (api_version, kind) = (self.api_version.take(), self.kind.take());
        let identity = Identity {
            api_version: api_version.unwrap_or_else(|| strings.empty()),
            kind: kind.unwrap_or_else(|| strings.empty()),
        };
        let shape = self.selection.shape(&identity.api_version, &identity.kind);
        let cluster_scoped = is_cluster_scoped(&identity.kind);
        self.shape = Some(shape);
        for key in std::mem::take(&mut self.early) {
            self.note_stray(&key, strings);
        }
        if (self.deletes || self.metadata.deletes) && shape != Shape::Irrelevant {
            return Object::Deletion(identity.kind, self.metadata(cluster_scoped, strings));
        }
        match shape {
            Shape::Role => Object::Role(Role {
                metadata: self.metadata_of_rbac(identity, strings),
                rules: self.rules.unwrap_or_default(),
                aggregation: self.aggregation.filter(|_| cluster_scoped),
            }),
            Shape::Binding => {
                let empty = strings.empty();
                Object::Binding(Binding {
                    metadata: self.metadata_of_rbac(identity, strings),
                    role_ref: self.role_ref.unwrap_or_else(|| RoleRef {
                        api_group: strings.text(RBAC_GROUP),
                        kind: RoleKind::Other(empty.clone()),
                        name: empty,
                    }),
                    subjects: self.subjects,
                })
            }
            Shape::ServiceAccount => Object::ServiceAccount(ServiceAccount {
                metadata: self.metadata(cluster_scoped, strings),
                automount_token: self.automount_token,
                secrets: self.secrets.unwrap_or_else(|| strings.none()),
            }),
            Shape::Named | Shape::Map => Object::Named(NamedObject {
                metadata: self.metadata(cluster_scoped, strings),
                api_group: strings.text(group_of(&identity.api_version)),
                kind: identity.kind,
            }),
            Shape::Namespace => {
                Object::Namespace(Namespace { metadata: self.metadata(cluster_scoped, strings) })
            }
            Shape::Workload(places) => {
                Object::Workload(self.workload(identity, places.otherwise, strings))
            }
            Shape::CustomResourceDefinition => match self.resource {
                Some(resource) => Object::Resource(resource),
                None => Object::Other(identity, Shape::Irrelevant),
            },
            other => Object::Other(identity, other),
        }
    }
}

/// A reference to a Secret.
struct SecretReference {
    name: Text,
}

impl Empty for SecretReference {
    fn empty(strings: &StringCache) -> Self {
        Self { name: strings.empty() }
    }
}

fields! {
    SecretReference: "a reference" in "references", |secret, map, strings| {
        Name = "name" => secret.name = text(map, strings)?;
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
