//! Sinks that decode the objects of a list into an inventory, page by page.

use rolecall_rbac::{Gap, InventoryBuilder, Metadata, ObjectKind, Origin, Owner, Unread, Workload};
use serde::Deserialize;

use super::list::Sink;
use super::needs::Collection;
use crate::decode::{Decoder, Identity, Place};
use rolecall_yaml::Position;

/// Receives whole objects of one kind.
pub(super) struct Objects {
    identity: Identity,
    decoder: Decoder,
    kept: InventoryBuilder,
}

impl Objects {
    pub(super) fn new(collection: &Collection, version: &str) -> Self {
        let api_version = match collection.group {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        };
        let identity = Identity { api_version: api_version.into(), kind: collection.kind.into() };
        let decoder = Decoder::new(&Place::Cluster, "");
        Self { identity, decoder, kept: InventoryBuilder::new() }
    }

    pub(super) fn into_builder(self) -> InventoryBuilder {
        self.kept
    }
}

impl Sink for Objects {
    fn takes(&self, list_kind: &str) -> bool {
        list_kind.strip_suffix("List") == Some(&*self.identity.kind)
    }

    fn object(&mut self, json: &[u8]) {
        let because = match std::str::from_utf8(json) {
            Err(_) => "it is not UTF-8".to_owned(),
            Ok(text) => match self.decoder.json(text, Some(&self.identity), Position::default()) {
                Ok(_) => match self.decoder.batch.foreign.take() {
                    None => return,
                    Some(kind) => format!("the server's list contains an object of kind `{kind}`"),
                },
                Err(_) => "it is not JSON".to_owned(),
            },
        };
        let kind = ObjectKind::new(&self.identity.kind);
        self.decoder.batch.builder.gap(Gap {
            unread: Unread::Kind { kind, namespace: None },
            because: because.into(),
            origin: Origin::Cluster,
        });
    }

    fn keep_page(&mut self) {
        self.kept.append(std::mem::take(&mut self.decoder.batch).builder);
    }

    fn forget_page(&mut self) {
        self.decoder.batch = Default::default();
    }

    fn forget_all(&mut self) {
        self.forget_page();
        self.kept = InventoryBuilder::new();
    }
}

/// Receives the metadata of objects between Pods and workloads, and keeps only their owners.
pub(super) struct Owners {
    collection: Collection,
    page: InventoryBuilder,
    kept: InventoryBuilder,
}

impl Owners {
    pub(super) fn new(collection: &Collection) -> Self {
        let (page, kept) = (InventoryBuilder::new(), InventoryBuilder::new());
        Self { collection: *collection, page, kept }
    }

    pub(super) fn into_builder(self) -> InventoryBuilder {
        self.kept
    }
}

impl Sink for Owners {
    fn takes(&self, list_kind: &str) -> bool {
        let kind = list_kind.strip_suffix("List");
        kind == Some(self.collection.kind) || kind == Some("PartialObjectMetadata")
    }

    fn object(&mut self, json: &[u8]) {
        match serde_json::from_slice::<OwnedObject>(json) {
            Ok(object) => self.page.workload(object.into_workload(&self.collection)),
            Err(error) => self.page.gap(Gap {
                unread: Unread::Kind {
                    kind: ObjectKind::new(self.collection.kind),
                    namespace: None,
                },
                because: error.to_string().into(),
                origin: Origin::Cluster,
            }),
        }
    }

    fn keep_page(&mut self) {
        self.kept.append(std::mem::take(&mut self.page));
    }

    fn forget_page(&mut self) {
        self.page = InventoryBuilder::new();
    }

    fn forget_all(&mut self) {
        self.forget_page();
        self.kept = InventoryBuilder::new();
    }
}

#[derive(Deserialize)]
struct OwnedObject {
    metadata: OwnedMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnedMetadata {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    owner_references: Vec<OwnerReference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerReference {
    api_version: String,
    kind: String,
    name: String,
    #[serde(default)]
    controller: bool,
}

impl OwnedObject {
    fn into_workload(self, collection: &Collection) -> Workload {
        let owners = &self.metadata.owner_references;
        let owner = owners.iter().find(|owner| owner.controller).or_else(|| owners.first());
        Workload {
            metadata: Metadata {
                stored: true,
                ..Metadata::new(&*self.metadata.namespace, &*self.metadata.name)
            },
            kind: collection.kind.into(),
            api_group: collection.group.into(),
            owner: owner.map(|owner| Owner {
                kind: (&*owner.kind).into(),
                api_group: owner.api_version.split_once('/').map_or("", |(group, _)| group).into(),
                name: (&*owner.name).into(),
            }),
            pods: Box::default(),
            mirror: false,
        }
    }
}
