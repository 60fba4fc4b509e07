//! What a command needs, read from the cluster.

use std::sync::Arc;

use rolecall_rbac::{Catalog, InventoryBuilder, Text};
use rolecall_source::cluster::{
    Cluster, Discovery, ForbiddenList, Loaded, NamespaceState, Needs as Source, Progress, Reach,
    RequestError,
};
use rolecall_source::facts::{self, Version};

use super::Live;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::needs::{Breadth, Needs};
use crate::ui::Ui;

/// What was read of a cluster.
pub(crate) struct Read {
    /// The connection, for further questions.
    pub(crate) live: Live,
    /// The objects, and what could not be read.
    pub(crate) builder: InventoryBuilder,
    /// The served resources.
    pub(crate) catalog: Catalog,
    /// Where questions are asked that name no namespace.
    pub(crate) namespace: String,
    /// The lists that the server forbade.
    pub(crate) forbidden: Vec<ForbiddenList>,
}

/// Reads what a command needs, and says on stderr what it will do without.
pub(crate) fn read(ui: &Ui, options: &Options, needs: &Needs) -> Result<Read, CommandError> {
    read_from(ui, Live::connect(ui, &options.cluster)?, options, needs)
}

/// Returns the namespace of questions that name none.
pub(crate) fn namespace(live: &Live, options: &Options) -> String {
    options.namespace.first().unwrap_or_else(|| live.cluster().namespace()).to_owned()
}

/// Reads what a command needs over a connection.
pub(crate) fn read_from(
    ui: &Ui,
    live: Live,
    options: &Options,
    needs: &Needs,
) -> Result<Read, CommandError> {
    let namespace = namespace(&live, options);
    let source = source_needs(options, needs, &namespace);
    let progress = Arc::new(Progress::default());
    let label = || {
        let (complete, lists) = progress.lists();
        format!("{} objects read, {complete} of {lists} lists complete", progress.objects())
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
    judge_namespaces(ui, needs, &asked, &found)?;
    let Loaded { builder, forbidden } = loaded;
    let catalog = catalog(ui, discovered);
    tracing::info!("{} objects read", progress.objects());
    Ok(Read { live, builder, catalog, namespace, forbidden })
}

/// How many of the namespaces that are named are looked for.
const MOST_NAMESPACES: usize = 16;

/// Returns the namespaces that the question is asked in, if it is in some.
fn asked(options: &Options, needs: &Needs, namespace: &str) -> Vec<String> {
    let mut names: Vec<String> = match &*options.namespace.namespaces {
        // What is laid over the cluster may bring its namespaces.
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

/// Says which namespaces are not there, or will soon not be.
fn judge_namespaces(
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
                let hint = Hint::run("kubectl get namespaces", "see which namespaces there are");
                if needs.reads_namespaces {
                    return Err(CommandError::input(missing).with_hint(hint));
                }
                ui.warn(missing);
            }
            Some(NamespaceState::Terminating) => ui.warn(format!(
                "namespace `{name}` is being deleted: nothing can be created in it any more"
            )),
        }
    }
    Ok(())
}

/// Finds out what is served; only an error that would spare no other request is one here.
async fn discover(cluster: &Cluster) -> Result<Result<Discovery, RequestError>, RequestError> {
    match cluster.discover().await {
        Err(error) if error.is_fatal() => Err(error),
        discovered => Ok(discovered),
    }
}

fn catalog(ui: &Ui, discovered: Result<Discovery, RequestError>) -> Catalog {
    match discovered {
        Ok(discovery) => {
            for group in &discovery.unavailable {
                let (group_version, because) = (&group.group_version, &group.because);
                ui.warn(format!("the resources of `{group_version}` are not known: {because}"));
                if let Some((group, version)) = group_version.split_once('/') {
                    let command = format!("kubectl get apiservice {version}.{group}");
                    ui.suggest(Hint::run(command, "see why its server does not answer"));
                }
            }
            discovery.catalog
        }
        Err(error) => {
            let version = Version::default();
            ui.warn(format!(
                "assuming the resources of {}, for the server does not tell its own: {error}",
                version.as_str()
            ));
            facts::catalog(version)
        }
    }
}

/// Returns what to list: only the namespaces that the question is about, unless it is about all.
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
