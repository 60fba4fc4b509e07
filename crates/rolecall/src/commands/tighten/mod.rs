//! `tighten`: the roles and bindings that remain.

mod patch;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use rolecall_grant::yaml_without_comments;
use rolecall_rbac::Binding;
use rolecall_usage::TightenConfig;

use crate::cli::Options;
use crate::commands::fix;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::proposal::{MOST_NAMESPACES, Proposal};
use crate::ui::Ui;
use crate::usage::{Evidence, EvidenceArguments, Kept, warn_of_gaps};
use crate::words;

/// Print the roles and bindings without the rights that were not used according to audit logs
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/tighten.txt"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// Restrict rules to the names of objects if they are few and each was used more than once
    #[arg(long)]
    names: bool,
    /// Keep a right even if it was not used: `SUBJECT VERB RESOURCE`, such as `'sa/shop:* list secrets'`;
    /// can be repeated
    #[arg(long, value_name = "RIGHT")]
    keep: Vec<String>,
    /// The maximum number of namespaces to split a cluster-wide right into; 0 leaves it cluster-wide
    #[arg(long, value_name = "NUMBER", default_value_t = MOST_NAMESPACES)]
    max_namespaces: usize,
    /// Print the changes as a diff of each object
    #[arg(long, conflicts_with_all = ["patch", "out_dir"])]
    diff: bool,
    /// Print a patch for the manifests of -f, which preserves comments and the order
    #[arg(long, conflicts_with = "out_dir")]
    patch: bool,
    /// Write changed objects to files in a directory, one for each namespace
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// The most names to which a rule is restricted.
const MOST_NAMES: usize = 5;

/// Plans the changes, proves them, and prints them.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let evidence = Evidence::read(ui, options, &arguments.evidence)?;
    let session = &evidence.session;
    let inventory = session.authorizer.inventory();
    let kept = arguments.keep.iter().map(|text| Kept::parse(text, session));
    let kept = kept.collect::<Result<Vec<_>, _>>()?;
    let config = TightenConfig {
        selects: &|binding: &Binding| evidence.selects(binding),
        keep: &|binding: &Binding| Kept::of(&kept, binding),
        names: if arguments.names { MOST_NAMES } else { 0 },
        namespaces: arguments.max_namespaces,
    };
    let version = options.source.kubernetes_version(None);
    let proposal =
        Proposal::new(session, &evidence.credits, evidence.coverage(), &config, version)?;
    let Proposal { tightened, removed, replayed } = &proposal;
    let objects = proposal.objects();
    let mut out = ui.stdout();
    if arguments.patch {
        patch::write(ui, &mut out, inventory, tightened)?;
    } else if arguments.diff {
        fix::diff::write(&mut out, inventory, &objects)?;
        for object in proposal.deleted(inventory) {
            fix::diff::write_deleted(&mut out, &object)?;
        }
    } else if let Some(folder) = &arguments.out_dir {
        let with = fix::files::Extras { comments: "", kustomization: false };
        fix::files::write(ui, folder, &objects, with)?;
    } else {
        for line in removed {
            writeln!(out, "# removed: {}", line.replace('\n', " "))?;
        }
        for command in proposal.deletions() {
            writeln!(out, "# delete: {command}")?;
        }
        write!(out, "{}", yaml_without_comments(&objects))?;
    }
    out.flush()?;
    if arguments.patch || arguments.diff || arguments.out_dir.is_some() {
        removed.iter().for_each(|line| ui.note(format!("removed: {line}")));
    }
    if arguments.out_dir.is_some() {
        proposal.deletions().iter().for_each(|line| ui.note(format!("delete: {line}")));
    }
    for (binding, role) in &tightened.copied {
        let name = words::qualified(binding);
        ui.note(format!(
            "`{name}` gets a copy of `{role}`, which others use or maintain; delete the binding \
             before you apply the new one, because its role cannot be changed"
        ));
    }
    evidence.explain(ui);
    if tightened.edits.is_empty() {
        ui.note("nothing can be removed: every right was used, or the logs cannot show its use");
    }
    ui.note(format!(
        "replayed {replayed} distinct requests: all are still allowed, and nothing new is allowed"
    ));
    let open = warn_of_gaps(ui, inventory);
    let exit = Exit::Inconclusive.when(open).max(evidence.exit);
    Ok(evidence.session.conclude(ui, exit))
}
