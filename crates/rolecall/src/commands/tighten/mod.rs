//! `tighten`: the roles and bindings that remain.

mod patch;
mod removed;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use rolecall_access::Scopes;
use rolecall_access::diff::diff;
use rolecall_access::risk::Engine;
use rolecall_grant::{GrantedRole, Object, yaml_without_comments};
use rolecall_rbac::{Authorizer, Binding, Identity, Metadata, Request, Text};
use rolecall_usage::{Edit, TightenConfig, Tightened, tighten};

use crate::cli::{Options, quote};
use crate::commands::fix;
use crate::error::{CommandError, ErrorKind};
use crate::exit::Exit;
use crate::ui::Ui;
use crate::usage::{Evidence, EvidenceArguments, Kept, has_gaps};
use crate::words;

/// Print the roles and bindings that are left without the rights that audit logs do not show
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/tighten.txt"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// Restrict rules to the names of objects if they are few and each was used more than once
    #[arg(long)]
    names: bool,
    /// Keep a right although it was not used: `SUBJECT VERB RESOURCE`, such as `'sa/shop:* list secrets'`;
    /// can be repeated
    #[arg(long, value_name = "RIGHT")]
    keep: Vec<String>,
    /// The most namespaces into which a cluster-wide right is divided; 0 leaves it cluster-wide
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    max_namespaces: usize,
    /// Print the changes as a diff of each object
    #[arg(long, conflicts_with_all = ["patch", "out_dir"])]
    diff: bool,
    /// Print a patch of the manifests of -f, in which comments and the order stay
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
    let old = &*evidence.session.authorizer;
    let kept = arguments.keep.iter().map(|text| Kept::parse(text, &evidence.session));
    let kept = kept.collect::<Result<Vec<_>, _>>()?;
    let config = TightenConfig {
        selects: &|binding: &Binding| evidence.selects(binding),
        keep: &|binding: &Binding| Kept::of(&kept, binding),
        names: if arguments.names { MOST_NAMES } else { 0 },
        namespaces: arguments.max_namespaces,
    };
    let tightened = tighten(old, &evidence.credits, evidence.coverage(), &config);
    let new = Authorizer::new(tightened.applied(old.inventory()));
    let replayed = replay(&evidence, old, &new)?;
    let scopes = Scopes::of([&evidence.session.catalog]);
    let changes = diff(old, &new, &scopes);
    if let Some(change) = changes.iter().find(|change| !change.gained.is_empty()) {
        let text = format!("the proposal would allow {} more, which is a bug", change.holder);
        return Err(CommandError::new(ErrorKind::Output, text));
    }
    let version = options.source.kubernetes_version(None);
    let engines = (Engine::new(old, version), Engine::new(&new, version));
    // Seen from the proposal, everything that is removed is gained.
    let reverse = diff(&new, old, &scopes);
    let removed = removed::lines(&reverse, &engines.1, &engines.0);
    let objects = objects(&tightened);
    let mut out = ui.stdout();
    if arguments.patch {
        patch::write(ui, &mut out, old.inventory(), &tightened)?;
    } else if arguments.diff {
        fix::diff::write(&mut out, old.inventory(), &objects)?;
        for object in deleted(old, &tightened) {
            fix::diff::write_deleted(&mut out, &object)?;
        }
    } else if let Some(folder) = &arguments.out_dir {
        let with = fix::files::Extras { comments: "", kustomization: false };
        fix::files::write(ui, folder, &objects, with)?;
    } else {
        for line in &removed {
            writeln!(out, "# removed: {}", line.replace('\n', " "))?;
        }
        for command in deletions(&tightened) {
            writeln!(out, "# delete: {command}")?;
        }
        write!(out, "{}", yaml_without_comments(&objects))?;
    }
    out.flush()?;
    if arguments.patch || arguments.diff || arguments.out_dir.is_some() {
        removed.iter().for_each(|line| ui.note(format!("removed: {line}")));
    }
    if arguments.out_dir.is_some() {
        deletions(&tightened).iter().for_each(|line| ui.note(format!("delete: {line}")));
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
    let open = has_gaps(old.inventory());
    let exit = Exit::Inconclusive.when(open).max(evidence.exit);
    Ok(evidence.session.conclude(ui, exit))
}

/// Evaluates each request that RBAC allowed under the proposal, and returns their number.
fn replay(evidence: &Evidence, old: &Authorizer, new: &Authorizer) -> Result<usize, CommandError> {
    let mut requests: BTreeMap<(&Identity, &Request), ()> = BTreeMap::new();
    for credit in evidence.credits.by_grant.values().flatten() {
        if credit.via.can_be_rbac() {
            requests.insert((&credit.identity, &credit.request), ());
        }
    }
    for (identity, request) in requests.keys() {
        let allowed =
            |by: &Authorizer| by.authorize_as_written(identity, request).verdict.is_allowed();
        if allowed(old) && !allowed(new) {
            let subject = crate::subject::label(identity);
            let text =
                format!("the proposal would refuse `{subject}` to {request}, which is a bug");
            return Err(CommandError::new(ErrorKind::Output, text));
        }
    }
    Ok(requests.len())
}

/// Returns the objects to apply.
fn objects(tightened: &Tightened) -> Vec<Object> {
    let object = |edit: &Edit| match edit {
        Edit::Role(role) => {
            Some(Object::Role(GrantedRole { role: role.clone(), answers: Vec::new() }))
        }
        Edit::Binding(binding) => Some(Object::Binding(binding.clone())),
        Edit::DeleteRole(_) | Edit::DeleteBinding(_) => None,
    };
    tightened.edits.iter().filter_map(object).collect()
}

/// Returns the objects to delete.
fn deleted(old: &Authorizer, tightened: &Tightened) -> Vec<Object> {
    let inventory = old.inventory();
    let object = |edit: &Edit| match edit {
        Edit::DeleteRole(of) => {
            let role = inventory.role(&of.namespace, &of.name)?.clone();
            Some(Object::Role(GrantedRole { role, answers: Vec::new() }))
        }
        Edit::DeleteBinding(of) => {
            Some(Object::Binding(inventory.binding(&of.namespace, &of.name)?.clone()))
        }
        Edit::Role(_) | Edit::Binding(_) => None,
    };
    tightened.edits.iter().filter_map(object).collect()
}

/// Returns the commands that delete objects.
fn deletions(tightened: &Tightened) -> Vec<String> {
    let command = |kind: &str, of: &Metadata| {
        let prefix = if of.namespace.is_empty() { "cluster" } else { "" };
        let name = quote(&of.name);
        let namespace: &Text = &of.namespace;
        match namespace.is_empty() {
            true => format!("kubectl delete {prefix}{kind} {name}"),
            false => format!("kubectl delete {kind} {name} -n {}", quote(namespace)),
        }
    };
    let deletion = |edit: &Edit| match edit {
        Edit::DeleteRole(of) => Some(command("role", of)),
        Edit::DeleteBinding(of) => Some(command("rolebinding", of)),
        Edit::Role(_) | Edit::Binding(_) => None,
    };
    tightened.edits.iter().filter_map(deletion).collect()
}
