//! Everything that a command needs, listed at once.

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

/// What could be read of a cluster.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects, and what could not be read.
    pub builder: InventoryBuilder,
    /// The lists that the server forbade, sorted.
    pub forbidden: Vec<ForbiddenList>,
}

/// A list that the server forbade.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForbiddenList {
    /// What was asked for.
    pub collection: Collection,
    /// Where; empty for everywhere.
    pub namespace: Text,
    /// Whom it was refused; empty when the server does not say.
    pub user: Text,
}

/// How far loading has come; whoever shows it reads it now and then.
#[derive(Debug, Default)]
pub struct Progress {
    /// How many objects have come.
    objects: AtomicUsize,
    /// How many lists are complete.
    complete: AtomicUsize,
    /// How many lists there are.
    lists: AtomicUsize,
}

impl Progress {
    /// Returns how many objects have come.
    pub fn objects(&self) -> usize {
        self.objects.load(Ordering::Relaxed)
    }

    /// Returns how many lists are complete, and of how many.
    pub fn lists(&self) -> (usize, usize) {
        (self.complete.load(Ordering::Relaxed), self.lists.load(Ordering::Relaxed))
    }
}

impl Cluster {
    /// Reads what is needed. A list that is refused, or a broken object, becomes a gap; only an
    /// error that no other list would be spared is one here.
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
                    // Nobody cancels the lists but whoever drops all of this.
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
        // What is refused here too is part of the one gap. Where a server gave no answer at all there
        // is no use in asking it for less.
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

    /// Lists a collection in some namespaces; returns where that was possible, and where not.
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

    /// Lists a collection in a namespace, or everywhere when it is empty. The inner error leaves a
    /// gap, the outer one ends everything.
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
        // A kind that no server of this age serves has no objects. The core kinds are served by all; a
        // server without RBAC decides by something else.
        let is_optional = !matches!(collection.group, "" | "rbac.authorization.k8s.io");
        Ok(if is_optional { Ok(()) } else { outcome })
    }
}

/// What became of a collection's lists in some namespaces.
#[derive(Default)]
struct Listed {
    /// Where they could be read, sorted.
    read: Vec<Text>,
    /// Where not, and why.
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

    /// Notes a list that was refused, if it was the server that forbade it.
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
    /// Returns the path of the list in a namespace, or of everything when it is empty.
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

/// Counts the objects on their way.
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
