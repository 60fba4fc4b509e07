//! What a command needs, read from the cluster.

use std::sync::Arc;

use rolecall_rbac::{Catalog, InventoryBuilder, Text};
use rolecall_source::cluster::{
    Cluster, Discovery, ForbiddenList, Loaded, Needs as Source, Progress, Reach, RequestError,
};
use rolecall_source::facts::{self, Version};

use super::Live;
use crate::cli::Options;
use crate::error::CommandError;
use crate::load::{Breadth, Needs};
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
    let live = Live::connect(&options.cluster)?;
    let namespace = match options.namespace.first() {
        Some(named) => named.to_owned(),
        None => live.cluster().namespace().to_owned(),
    };
    let source = source_needs(options, needs, &namespace);
    let progress = Arc::new(Progress::default());
    let label = || {
        let (complete, lists) = progress.lists();
        format!("{} objects read, {complete} of {lists} lists complete", progress.objects())
    };
    let reading = async {
        let cluster = live.cluster();
        tokio::try_join!(discover(cluster), cluster.load(&source, &progress))
    };
    let (discovered, loaded) = live.wait(ui, label, reading)?;
    let Loaded { builder, forbidden } = loaded;
    let catalog = catalog(ui, discovered);
    tracing::info!("{} objects read", progress.objects());
    Ok(Read { live, builder, catalog, namespace, forbidden })
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
                ui.warn(format!(
                    "the resources of `{}` are not known: {}",
                    group.group_version, group.because
                ));
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
