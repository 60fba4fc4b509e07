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

/// Save all objects that determine access to one YAML file, for later use with -f
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/snapshot.txt"))]
pub(crate) struct Arguments {}

/// Reads everything and writes the snapshot.
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
        ui.warn(format!("the snapshot is incomplete; could not read: {gap}"));
    }
    let exit = Exit::Inconclusive.when(!inventory.gaps().is_empty());
    Ok(session.conclude(ui, exit))
}

/// Records that namespaced objects were only read in some namespaces.
fn without_the_rest(inventory: &Inventory, namespaces: &[String]) -> Inventory {
    let mut read: Vec<_> = namespaces.iter().map(|name| name.as_str().into()).collect();
    read.sort();
    read.dedup();
    let mut builder = inventory.clone().into_builder();
    for kind in ["Role", "RoleBinding", "ServiceAccount", "Pod"] {
        let kind = ObjectKind::new(kind);
        builder.gap(Gap {
            unread: Unread::KindOutside { kind, read: read.clone().into() },
            because: "the snapshot only contains these namespaces".into(),
            origin: Origin::Cluster,
        });
    }
    builder.build()
}
