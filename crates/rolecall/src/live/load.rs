//! Reading from the cluster.

use std::sync::Arc;
use std::time::Instant;

use rolecall_rbac::{Catalog, InventoryBuilder, Text};
use rolecall_source::cluster::{
    Cluster, Discovery, ForbiddenList, Loaded, NamespaceState, Needs as Source, Progress, Reach,
    RequestError,
};
use rolecall_source::facts::{self, Version};

use super::{Live, rate};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::needs::{Breadth, Needs};
use crate::ui::Ui;

/// The data from a cluster.
pub(crate) struct Read {
    /// The connection, for further questions.
    pub(crate) live: Live,
    /// The objects and gaps.
    pub(crate) builder: InventoryBuilder,
    /// The served resources.
    pub(crate) catalog: Catalog,
    /// The default namespace of questions.
    pub(crate) namespace: String,
    /// The lists that the server forbade.
    pub(crate) forbidden: Vec<ForbiddenList>,
}

/// Reads the data that a command needs, and reports problems on stderr.
pub(crate) fn read(ui: &Ui, options: &Options, needs: &Needs) -> Result<Read, CommandError> {
    read_from(ui, Live::connect(ui, &options.cluster)?, options, needs)
}

/// Returns the default namespace of questions.
pub(crate) fn namespace(live: &Live, options: &Options) -> String {
    options.namespace.first().unwrap_or_else(|| live.cluster().namespace()).to_owned()
}

/// Reads the data that a command needs over an existing connection.
pub(crate) fn read_from(
    ui: &Ui,
    live: Live,
    options: &Options,
    needs: &Needs,
) -> Result<Read, CommandError> {
    let namespace = namespace(&live, options);
    let source = source_needs(options, needs, &namespace);
    let progress = Arc::new(Progress::default());
    let began = Instant::now();
    let label = || {
        let (complete, lists) = progress.lists();
        let objects = progress.objects();
        let pace = rate(objects, began.elapsed());
        let pace = pace.map(|pace| format!(" ({pace} a second)")).unwrap_or_default();
        format!("{objects} objects read{pace}, {complete} of {lists} lists complete")
    };
    let asked = asked(options, needs, &namespace);
    let reading = async {
        let cluster = live.cluster();
        let look = async {
            let mut found = Vec::with_capacity(asked.len());
            for name in &asked {
                found.push(match cluster.namespace_state(name).await {
                    Err(error) if error.is_fatal() => return Err(error),
                    state => state.ok(),
                });
            }
            Ok(found)
        };
        tokio::try_join!(discover(cluster), cluster.load(&source, &progress), look)
    };
    let (discovered, loaded, found) = live.wait(ui, label, reading)?;
    check_namespaces(ui, needs, &asked, &found)?;
    let Loaded { builder, forbidden } = loaded;
    let catalog = catalog(ui, discovered, &needs.resources);
    tracing::info!("{} objects read", progress.objects());
    Ok(Read { live, builder, catalog, namespace, forbidden })
}

/// The maximum number of named namespaces to look up.
const MOST_NAMESPACES: usize = 16;

/// Returns the namespaces of the question to look up.
fn asked(options: &Options, needs: &Needs, namespace: &str) -> Vec<String> {
    let mut names: Vec<String> = match &*options.namespace.namespaces {
        // The manifests of an overlay can contain the namespaces.
        _ if options.namespace.all_namespaces
            || options.source.overlay
            || needs.looks_for_namespaces =>
        {
            Vec::new()
        }
        [] => vec![namespace.to_owned()],
        named => named.to_vec(),
    };
    if needs.reads_namespaces {
        names.extend(needs.further_namespaces.iter().cloned());
    }
    names.truncate(MOST_NAMESPACES);
    names
}

/// Reports namespaces that do not exist or are being deleted.
fn check_namespaces(
    ui: &Ui,
    needs: &Needs,
    names: &[String],
    states: &[Option<NamespaceState>],
) -> Result<(), CommandError> {
    for (name, state) in names.iter().zip(states) {
        match state {
            Some(NamespaceState::Active) | None => {}
            Some(NamespaceState::Missing) => {
                let missing = format!("there is no namespace `{name}` in this cluster");
                let hint = Hint::run("kubectl get namespaces", "list the namespaces");
                if needs.reads_namespaces {
                    return Err(CommandError::input(missing).with_hint(hint));
                }
                ui.warn(missing);
            }
            Some(NamespaceState::Terminating) => ui.warn(format!(
                "namespace `{name}` is being deleted: the server rejects new objects in it"
            )),
        }
    }
    Ok(())
}

/// Discovers the served resources. Only errors that would affect every other request are returned as such.
async fn discover(cluster: &Cluster) -> Result<Result<Discovery, RequestError>, RequestError> {
    match cluster.discover().await {
        Err(error) if error.is_fatal() => Err(error),
        discovered => Ok(discovered),
    }
}

fn catalog(ui: &Ui, discovered: Result<Discovery, RequestError>, resources: &[String]) -> Catalog {
    match discovered {
        Ok(discovery) => {
            for group in &discovery.unavailable {
                let (group_version, because) = (&group.group_version, &group.because);
                if !may_be_about(&discovery.catalog, resources, group_version) {
                    continue;
                }
                ui.warn(format!("cannot discover the resources of `{group_version}`: {because}"));
                if let Some((group, version)) = group_version.split_once('/') {
                    let command = format!("kubectl get apiservice {version}.{group}");
                    ui.suggest(Hint::run(command, "see why its server is unavailable"));
                }
            }
            discovery.catalog
        }
        Err(error) => {
            let version = Version::default();
            ui.warn(format!(
                "assuming the resources of {}: cannot discover those of the server: {error}",
                version.as_str()
            ));
            facts::catalog(version)
        }
    }
}

/// Returns whether a question can be about a resource of an API group whose resources are unknown.
fn may_be_about(catalog: &Catalog, resources: &[String], group_version: &str) -> bool {
    let group = group_version.split('/').next().unwrap_or_default();
    let is_elsewhere = |resource: &String| {
        let found = || catalog.resolve(resource).ok().filter(|found| found.served.is_some());
        resource.starts_with('/') || found().is_some_and(|found| *found.group != *group)
    };
    resources.is_empty() || !resources.iter().all(is_elsewhere)
}

/// Returns the objects to list: only in the namespaces of the question, unless it is about all.
fn source_needs(options: &Options, needs: &Needs, namespace: &str) -> Source {
    let mut asked: Vec<Text> = match &*options.namespace.namespaces {
        [] => vec![namespace.into()],
        named => named.iter().map(|name| name.as_str().into()).collect(),
    };
    asked.extend(needs.further_namespaces.iter().map(|name| name.as_str().into()));
    asked.sort();
    asked.dedup();
    let breadth = if options.namespace.all_namespaces { Breadth::All } else { needs.breadth };
    let reach = |needed: bool, everywhere_from: Breadth| match needed {
        false => Reach::Nowhere,
        true if breadth >= everywhere_from => Reach::Everywhere,
        true => Reach::Namespaces(asked.clone()),
    };
    Source {
        cluster_roles: !needs.without_roles,
        roles: reach(!needs.without_roles, Breadth::Roles),
        service_accounts: reach(needs.service_accounts, Breadth::Roles),
        namespaces: needs.namespaces,
        pods: reach(needs.workloads || needs.pods, Breadth::All),
        workloads: reach(needs.workloads || needs.templates, Breadth::All),
        fall_back: asked,
    }
}
