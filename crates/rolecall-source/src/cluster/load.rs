//! Lists everything that a command needs, concurrently.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rolecall_rbac::{Gap, InventoryBuilder, ObjectKind, Origin, Text, Unread};
use tokio::task::JoinSet;

use super::Cluster;
use super::error::{Refusal, RequestError};
use super::identity::user_of_refusal;
use super::list::{Sink, encode};
use super::needs::{Collection, Detail, Needs, Reach, Want};
use super::objects::{Objects, Owners};

/// The objects that could be read from a cluster.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects and the gaps.
    pub builder: InventoryBuilder,
    /// The lists that the server forbade, sorted.
    pub forbidden: Vec<ForbiddenList>,
}

/// A list that the server forbade.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForbiddenList {
    /// The collection.
    pub collection: Collection,
    /// The namespace; empty for the whole cluster.
    pub namespace: Text,
    /// The user that the refusal names; empty if it names none.
    pub user: Text,
}

/// The progress of loading, to be polled for display.
#[derive(Debug, Default)]
pub struct Progress {
    /// The number of objects received.
    objects: AtomicUsize,
    /// The number of complete lists.
    complete: AtomicUsize,
    /// The total number of lists.
    lists: AtomicUsize,
}

impl Progress {
    /// Returns the number of objects received.
    pub fn objects(&self) -> usize {
        self.objects.load(Ordering::Relaxed)
    }

    /// Returns the number of complete lists and the total.
    pub fn lists(&self) -> (usize, usize) {
        (self.complete.load(Ordering::Relaxed), self.lists.load(Ordering::Relaxed))
    }
}

impl Cluster {
    /// Reads the objects that are needed. A refused list or a malformed object becomes a gap. Only
    /// an error that every other list would also meet is returned.
    pub async fn load(
        &self,
        needs: &Needs,
        progress: &Arc<Progress>,
    ) -> Result<Loaded, RequestError> {
        let wants = needs.wants();
        progress.lists.fetch_add(wants.len(), Ordering::Relaxed);
        let mut lists = JoinSet::new();
        for want in wants {
            let cluster = self.clone();
            let (fall_back, progress) = (needs.fall_back.clone(), progress.clone());
            lists.spawn(async move {
                let loaded = cluster.load_one(&want, &fall_back, &progress).await;
                progress.complete.fetch_add(1, Ordering::Relaxed);
                loaded
            });
        }
        let mut whole = Loaded::default();
        while let Some(loaded) = lists.join_next().await {
            let loaded = match loaded {
                Ok(loaded) => loaded?,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The lists are canceled only by dropping this future.
                    Err(_) => continue,
                },
            };
            whole.builder.append(loaded.builder);
            whole.forbidden.extend(loaded.forbidden);
        }
        whole.forbidden.sort();
        Ok(whole)
    }

    async fn load_one(
        &self,
        want: &Want,
        fall_back: &[Text],
        progress: &Progress,
    ) -> Result<Loaded, RequestError> {
        let mut loaded = Loaded::default();
        let collection = &want.collection;
        if let Reach::Namespaces(namespaces) = &want.reach {
            let listed = self.load_namespaces(want, namespaces, &mut loaded, progress).await?;
            for (namespace, error) in listed.refused {
                let kind = ObjectKind::new(collection.kind);
                loaded.gap(Unread::Kind { kind, namespace: Some(namespace.clone()) }, &error);
                loaded.forbidden(collection, namespace, &error);
            }
            return Ok(loaded);
        }
        let Err(error) = self.load_list(want, "", &mut loaded, progress).await? else {
            return Ok(loaded);
        };
        let kind = ObjectKind::new(collection.kind);
        // Lists that are refused in namespaces too belong to the same gap. A server that does not
        // respond at all is not asked for less.
        let read = if collection.namespaced && error.refusal().is_some() {
            self.load_namespaces(want, fall_back, &mut loaded, progress).await?.read
        } else {
            Vec::new()
        };
        let unread = if read.is_empty() {
            Unread::Kind { kind, namespace: None }
        } else {
            Unread::KindOutside { kind, read: read.into() }
        };
        loaded.gap(unread, &error);
        loaded.forbidden(collection, "".into(), &error);
        Ok(loaded)
    }

    /// Lists a collection in some namespaces, and returns the readable and the refused ones.
    async fn load_namespaces(
        &self,
        want: &Want,
        namespaces: &[Text],
        loaded: &mut Loaded,
        progress: &Progress,
    ) -> Result<Listed, RequestError> {
        let mut listed = Listed::default();
        for namespace in namespaces {
            match self.load_list(want, namespace, loaded, progress).await? {
                Ok(()) => listed.read.push(namespace.clone()),
                Err(error) => listed.refused.push((namespace.clone(), error)),
            }
        }
        listed.read.sort();
        Ok(listed)
    }

    /// Lists a collection in a namespace, or in all namespaces when it is empty. The inner error
    /// leaves a gap; the outer one stops loading.
    async fn load_list(
        &self,
        want: &Want,
        namespace: &str,
        loaded: &mut Loaded,
        progress: &Progress,
    ) -> Result<Result<(), RequestError>, RequestError> {
        let collection = &want.collection;
        let mut outcome = Ok(());
        for version in collection.versions {
            let path = collection.path(version, namespace);
            let mut counted;
            outcome = match want.detail {
                Detail::Whole => {
                    counted = Counted { sink: Objects::new(collection, version), progress };
                    let listed = self.list(&path, "application/json", &mut counted).await;
                    listed.map(|()| loaded.builder.append(counted.sink.into_builder()))
                }
                Detail::Owners => {
                    let mut counted = Counted { sink: Owners::new(collection), progress };
                    let listed = self.list(&path, METADATA_ONLY, &mut counted).await;
                    listed.map(|()| loaded.builder.append(counted.sink.into_builder()))
                }
            };
            match &outcome {
                Err(error) if error.is_fatal() => return outcome.map(Ok),
                Err(error) if is_not_served(error) => {}
                _ => return Ok(outcome),
            }
        }
        // A kind that this server version does not serve has no objects. Every server serves the
        // core kinds, and a server without the RBAC API uses another authorizer.
        let is_optional = !matches!(collection.group, "" | "rbac.authorization.k8s.io");
        Ok(if is_optional { Ok(()) } else { outcome })
    }
}

/// The result of listing a collection in some namespaces.
#[derive(Default)]
struct Listed {
    /// The namespaces that could be read, sorted.
    read: Vec<Text>,
    /// The other namespaces, each with its error.
    refused: Vec<(Text, RequestError)>,
}

const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

impl Loaded {
    fn gap(&mut self, unread: Unread, error: &RequestError) {
        let mut because = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            because = format!("{because}: {cause}");
        }
        self.builder.gap(Gap { unread, because: because.into(), origin: Origin::Cluster });
    }

    /// Records a list that the server forbade.
    fn forbidden(&mut self, collection: &Collection, namespace: Text, error: &RequestError) {
        let by_rights = |refusal: &&Refusal| {
            refusal.is_forbidden() && !refusal.is_of_constrained_impersonation()
        };
        if let Some(refusal) = error.refusal().filter(by_rights) {
            let user = user_of_refusal(&refusal.message).unwrap_or_default().into();
            self.forbidden.push(ForbiddenList { collection: *collection, namespace, user });
        }
    }
}

impl Collection {
    /// Returns the path of the list in a namespace, or in all namespaces when it is empty.
    fn path(&self, version: &str, namespace: &str) -> String {
        let mut path = match self.group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        if !namespace.is_empty() {
            path.push_str("/namespaces/");
            path.push_str(&encode(namespace));
        }
        path.push('/');
        path.push_str(self.resource);
        path
    }
}

fn is_not_served(error: &RequestError) -> bool {
    error.refusal().is_some_and(Refusal::is_not_found)
}

/// Counts the objects that pass through to a sink.
struct Counted<'p, S> {
    sink: S,
    progress: &'p Progress,
}

impl<S: Sink> Sink for Counted<'_, S> {
    fn takes(&self, list_kind: &str) -> bool {
        self.sink.takes(list_kind)
    }

    fn object(&mut self, json: &[u8]) {
        self.progress.objects.fetch_add(1, Ordering::Relaxed);
        self.sink.object(json);
    }

    fn keep_page(&mut self) {
        self.sink.keep_page();
    }

    fn forget_page(&mut self) {
        self.sink.forget_page();
    }

    fn forget_all(&mut self) {
        self.sink.forget_all();
    }
}
