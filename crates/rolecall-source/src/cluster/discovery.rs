//! Discovery of the resources that a server serves.
//!
//! Servers since 1.26 answer with two documents, older ones with one per group version. Versions do
//! not matter to RBAC: a resource is known when any version of its group is served.

use std::collections::BTreeMap;

use futures::StreamExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResourceList};
use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource, Subresource, Text};
use serde::Deserialize;

use super::Cluster;
use super::error::RequestError;
use super::request::Call;

/// The result of discovery.
#[derive(Debug)]
pub struct Discovery {
    /// The served resources.
    pub catalog: Catalog,
    /// The group versions whose resources are unknown.
    pub unavailable: Vec<UnavailableGroup>,
}

/// A group version whose resources the server cannot list, usually because the extension API server
/// behind it does not respond.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnavailableGroup {
    /// The group and version, as in `metrics.k8s.io/v1beta1`.
    pub group_version: String,
    /// The server's error message.
    pub because: String,
}

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The number of concurrent requests for the per-version documents of an old server.
const AT_ONCE: usize = 8;

impl Cluster {
    /// Discovers the served resources. An unavailable group does not hide the others.
    pub async fn discover(&self) -> Result<Discovery, RequestError> {
        // If both requests fail, always report the error for `/api`.
        let (core, groups) = tokio::join!(self.discover_root("/api"), self.discover_root("/apis"));
        let core = match core {
            Ok(core) => core,
            Err(error) => {
                if let RequestError::NotKubernetes { .. } | RequestError::Refused(_) = &error {
                    // Distinguish a server that forbids discovery from one that is not Kubernetes.
                    self.prove_kubernetes().await?;
                }
                return Err(error);
            }
        };
        let groups = groups?;
        let mut found = Found::default();
        let mut group_versions = Vec::new();
        for root in [core, groups] {
            match root {
                Root::Aggregated { items } => {
                    items.into_iter().for_each(|group| found.group(group))
                }
                Root::Core { versions } => group_versions.extend(versions),
                Root::Groups { groups } => {
                    group_versions.extend(groups.into_iter().flat_map(versions_of));
                }
            }
        }
        let mut lists = futures::stream::iter(group_versions)
            .map(|group_version| async {
                let list = self.discover_version(&group_version).await;
                (group_version, list)
            })
            .buffered(AT_ONCE);
        while let Some((group_version, list)) = lists.next().await {
            match list {
                Ok(list) => found.legacy(&group_version, list),
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => found.unavailable(group_version, error.to_string()),
            }
        }
        Ok(found.finish())
    }

    async fn discover_root(&self, path: &str) -> Result<Root, RequestError> {
        let body = self.fetch(&Call::get(path).accept(AGGREGATED)).await?;
        self.parse(path, &body)
    }

    async fn discover_version(&self, group_version: &str) -> Result<APIResourceList, RequestError> {
        let root = if group_version.contains('/') { "/apis" } else { "/api" };
        let path = format!("{root}/{group_version}");
        let body = self.fetch(&Call::get(&*path)).await?;
        self.parse(&path, &body)
    }

    /// Parses the JSON response to `path`.
    pub(super) fn parse<'a, T: Deserialize<'a>>(
        &self,
        path: &str,
        body: &'a [u8],
    ) -> Result<T, RequestError> {
        serde_json::from_slice(body).map_err(|_| RequestError::NotKubernetes {
            server: self.server.to_string(),
            path: path.to_owned(),
        })
    }
}

/// The response to `/api` or `/apis`, whose form depends on the server's version.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Root {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated { items: Vec<Group> },
    #[serde(rename = "APIVersions")]
    Core { versions: Vec<String> },
    #[serde(rename = "APIGroupList")]
    Groups { groups: Vec<APIGroup> },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    metadata: GroupMetadata,
    versions: Vec<GroupVersion>,
}

#[derive(Default, Deserialize)]
struct GroupMetadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource: String,
    response_kind: Option<Kind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    subresources: Vec<DiscoveredSubresource>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Deserialize)]
struct DiscoveredSubresource {
    subresource: String,
    #[serde(default)]
    verbs: Vec<String>,
}

/// Returns the versions of a group, the preferred one first.
fn versions_of(group: APIGroup) -> impl Iterator<Item = String> {
    let preferred = group.preferred_version.map(|version| version.group_version);
    let first = preferred.clone();
    let others = group.versions.into_iter().map(|version| version.group_version);
    preferred.into_iter().chain(others.filter(move |other| Some(other) != first.as_ref()))
}

/// Collects resources by group and plural name. The first version added defines a resource; its
/// subresources are the union over all versions.
#[derive(Default)]
struct Found {
    resources: BTreeMap<(Text, Text), ServedResource>,
    /// The groups in the server's order.
    groups: Vec<Text>,
    unavailable: Vec<UnavailableGroup>,
}

impl Found {
    fn group(&mut self, group: Group) {
        let name = group.metadata.name;
        for version in group.versions {
            if version.freshness == "Stale" {
                let group_version = join(&name, &version.version);
                self.unavailable(group_version, "its server does not respond".to_owned());
            }
            for resource in version.resources {
                let kind = resource.response_kind.map(|kind| kind.kind).unwrap_or_default();
                let subresources = resource.subresources.into_iter();
                self.add(
                    ServedResource {
                        group: (&*name).into(),
                        singular: singular(&resource.singular_resource, &kind),
                        resource: resource.resource.into(),
                        kind: kind.into(),
                        namespaced: resource.scope == "Namespaced",
                        short_names: texts(resource.short_names),
                        verbs: sorted(resource.verbs),
                        subresources: Vec::new(),
                        is_virtual: false,
                    },
                    subresources
                        .map(|found| Subresource {
                            name: found.subresource.into(),
                            verbs: sorted(found.verbs),
                        })
                        .collect(),
                );
            }
        }
    }

    fn legacy(&mut self, group_version: &str, list: APIResourceList) {
        let group = group_version.split_once('/').map_or("", |(group, _)| group);
        let mut subresources: BTreeMap<String, Vec<Subresource>> = BTreeMap::new();
        let mut resources = Vec::new();
        for resource in list.resources {
            match resource.name.split_once('/') {
                Some((parent, name)) => subresources
                    .entry(parent.to_owned())
                    .or_default()
                    .push(Subresource { name: name.into(), verbs: sorted(resource.verbs) }),
                None => resources.push(resource),
            }
        }
        for resource in resources {
            let of_it = subresources.remove(&resource.name).unwrap_or_default();
            self.add(
                ServedResource {
                    group: group.into(),
                    singular: singular(&resource.singular_name, &resource.kind),
                    resource: resource.name.into(),
                    kind: resource.kind.into(),
                    namespaced: resource.namespaced,
                    short_names: texts(resource.short_names.unwrap_or_default()),
                    verbs: sorted(resource.verbs),
                    subresources: Vec::new(),
                    is_virtual: false,
                },
                of_it,
            );
        }
    }

    fn unavailable(&mut self, group_version: String, because: String) {
        self.unavailable.push(UnavailableGroup { group_version, because });
    }

    fn add(&mut self, resource: ServedResource, subresources: Vec<Subresource>) {
        let key = (resource.group.clone(), resource.resource.clone());
        if self.groups.last() != Some(&resource.group) {
            self.groups.push(resource.group.clone());
        }
        let known = self.resources.entry(key).or_insert(resource);
        for subresource in subresources {
            if !known.subresources.iter().any(|present| present.name == subresource.name) {
                known.subresources.push(subresource);
            }
        }
    }

    fn finish(mut self) -> Discovery {
        let mut builder = CatalogBuilder::new();
        self.groups.into_iter().for_each(|group| builder.group(group));
        for mut resource in self.resources.into_values() {
            resource.subresources.sort();
            builder.add(resource);
        }
        self.unavailable.sort();
        for unavailable in &self.unavailable {
            let group = unavailable.group_version.split_once('/').map_or("", |(group, _)| group);
            builder.unread_group(group.into());
        }
        Discovery { catalog: builder.build(), unavailable: self.unavailable }
    }
}

/// Returns the singular name. Servers before 1.27 omit it when it is the kind in lower case.
fn singular(written: &str, kind: &str) -> Text {
    if written.is_empty() { kind.to_lowercase().into() } else { written.into() }
}

fn sorted(mut verbs: Vec<String>) -> Vec<Text> {
    verbs.sort();
    texts(verbs)
}

fn texts(strings: Vec<String>) -> Vec<Text> {
    strings.into_iter().map(Into::into).collect()
}

fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}
