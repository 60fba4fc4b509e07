use std::io::Write;

use clap::Args;
use rolecall_command::kept_command;
use rolecall_rbac::{Container, Gap, Inventory, ObjectKind, Origin, Unread};
use rolecall_source::snapshot;

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::{Breadth, Needs, Session};
use crate::ui::Ui;
use crate::words;

/// Write what decides access to one YAML file, to be read later with -f
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {}

const HELP: &str = "\
Written are roles, bindings, ServiceAccounts, Namespaces, Pods and what makes them, as far as they decide
access; which resources the server serves; and what could not be read, so that answers from the snapshot
are as open there as the cluster's own. Never written are Secrets, tokens, environments of containers and
annotations such as kubectl's copy of what was applied. Of what containers run, only the command lines of
kubectl, helm and curl are written, with the arguments that decide what they ask the API server.

With -n only these namespaces are read, and what lies outside of them counts as not read. With -f manifests
are written so, with the default roles that were assumed.

Examples:
  Save a cluster, and ask it later
    rolecall snapshot > cluster.yaml
    rolecall can-i list pods --for sa/web -n shop -f cluster.yaml
  What has changed since?
    rolecall diff cluster.yaml cluster
  One namespace, where that is all one may read
    rolecall snapshot -n shop > shop.yaml

Exit codes: 0 written, 2 an error, 3 written, but something could not be read.";

/// Reads everything and writes it.
pub(crate) fn run(ui: &Ui, options: &Options, _: &Arguments) -> Result<Exit, CommandError> {
    let namespaces = &options.namespace.namespaces;
    let is_partial = !namespaces.is_empty() && !options.namespace.all_namespaces;
    let needs = Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        reads_namespaces: true,
        breadth: if is_partial { Breadth::Asked } else { Breadth::All },
        ..Needs::default()
    };
    let session = Session::load(ui, options, needs)?;
    let inventory = session.authorizer.inventory();
    let kept = |container: &Container| kept_command(container, &session.catalog);
    let mut out = ui.data();
    if is_partial && session.live().is_some() {
        let inventory = without_the_rest(inventory, namespaces);
        snapshot::write(&inventory, &session.catalog, &kept, &mut out)?;
    } else {
        snapshot::write(inventory, &session.catalog, &kept, &mut out)?;
    }
    out.flush()?;
    for gap in words::gaps(inventory.gaps()) {
        ui.warn(format!("the snapshot is without what was not read: {gap}"));
    }
    let exit = Exit::Inconclusive.when(!inventory.gaps().is_empty());
    Ok(session.conclude(ui, exit))
}

/// Records that namespaced objects were read of some namespaces only.
fn without_the_rest(inventory: &Inventory, namespaces: &[String]) -> Inventory {
    let mut read: Vec<_> = namespaces.iter().map(|name| name.as_str().into()).collect();
    read.sort();
    read.dedup();
    let mut builder = inventory.clone().into_builder();
    for kind in ["Role", "RoleBinding", "ServiceAccount", "Pod"] {
        let kind = ObjectKind::new(kind);
        builder.gap(Gap {
            unread: Unread::KindOutside { kind, read: read.clone().into() },
            because: "the snapshot is of these namespaces only".into(),
            origin: Origin::Cluster,
        });
    }
    builder.build()
}
