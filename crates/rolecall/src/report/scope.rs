//! The statements of a report about its input.

use rolecall_rbac::Origin;
use rolecall_report::Scope;

use crate::checked;
use crate::cli::Options;
use crate::invocation;
use crate::load::Session;
use crate::located;
use crate::words;

/// The limits of every report.
const ALWAYS: [&str; 2] = [
    "The members of groups that an identity provider manages are not known.",
    "Only RBAC is evaluated, not other authorizers such as a webhook or the Node authorizer.",
];

/// Returns the statements.
pub(super) fn of(
    session: &Session,
    options: &Options,
    title: Option<&str>,
    suppressed: usize,
) -> Scope {
    let inventory = session.authorizer.inventory();
    let (input, mut examined) = examined(session, options);
    let scope = located::Scope { excluded: session.excluded, ..located::Scope::of(&session.files) };
    if !session.files.is_empty() {
        examined.push(format!("{scope}."));
    }
    if !options.namespace.namespaces.is_empty() && session.live().is_some() {
        let names = options.namespace.namespaces.join(", ");
        examined.push(format!("Only these namespaces were read: {names}."));
    }
    if suppressed > 0 {
        examined.push(format!("{} suppressed.", words::count(suppressed, "finding")));
    }
    let mut assumptions = Vec::new();
    let roles = inventory.roles().iter().map(|role| &role.metadata.origin);
    let assumed = roles.filter(|origin| **origin == Origin::Default).count();
    if assumed > 0 {
        assumptions.push(format!(
            "The input contains no default roles, so those of Kubernetes {} are assumed ({}).",
            options.source.release().as_str(),
            words::count(assumed, "role")
        ));
    }
    if !session.complete {
        assumptions.push(
            "The input is not a whole cluster: other software can install more objects.".to_owned(),
        );
    }
    assumptions.extend(ALWAYS.map(str::to_owned));
    Scope {
        title: title.map_or_else(|| format!("Access in {input}"), str::to_owned),
        program: format!("rolecall {}", env!("CARGO_PKG_VERSION")),
        examined,
        unread: words::gaps(inventory.gaps()),
        assumptions,
        command: if invocation::is_plugin() { "kubectl rolecall" } else { "rolecall" }.to_owned(),
        sources: checked::sources(options).trim().to_owned(),
        is_complete: session.complete,
    }
}

/// Returns the name of the input, and statements about it.
fn examined(session: &Session, options: &Options) -> (String, Vec<String>) {
    let paths: Vec<String> = options
        .source
        .filename
        .iter()
        .map(|path| match path.as_os_str() == "-" {
            true => "stdin".to_owned(),
            false => path.display().to_string(),
        })
        .collect();
    let paths = paths.join(", ");
    let Some(live) = session.live() else {
        let kind = if session.complete { "a snapshot of a cluster" } else { "manifests" };
        return (paths.clone(), vec![format!("Input: {paths} ({kind}).")]);
    };
    let cluster = live.cluster();
    let name = cluster.context().unwrap_or_else(|| cluster.server());
    let mut examined = vec![format!("Cluster: {name} at {}.", cluster.server())];
    if !paths.is_empty() {
        examined.push(format!("Manifests over the cluster, as if they were applied: {paths}."));
    }
    (name.to_owned(), examined)
}
