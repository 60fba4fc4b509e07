//! The roles and bindings that are left without the rights that audit logs do not show, with their proof.

mod removed;

use std::collections::BTreeSet;

use rolecall_access::Scopes;
use rolecall_access::diff::diff;
use rolecall_access::risk::Engine;
use rolecall_check::KubernetesVersion;
use rolecall_grant::{GrantedRole, Object};
use rolecall_rbac::{Authorizer, Identity, Inventory, Metadata, Request, Text};
use rolecall_usage::{Coverage, Credits, Edit, TightenConfig, Tightened, tighten};

use crate::cli::quote;
use crate::error::{CommandError, ErrorKind};
use crate::load::Session;
use crate::subject;

/// The maximum number of namespaces into which a cluster-wide right is divided, by default.
pub(crate) const MOST_NAMESPACES: usize = 10;

/// Changes that keep every request in the logs allowed.
pub(crate) struct Proposal {
    /// The changes.
    pub(crate) tightened: Tightened,
    /// The rights that are removed, with the codes of their risks.
    pub(crate) removed: Vec<String>,
    /// The number of distinct requests that were evaluated again.
    pub(crate) replayed: usize,
}

impl Proposal {
    /// Plans the changes, and proves them: each request that RBAC allowed is allowed, and nothing else is.
    pub(crate) fn new(
        session: &Session,
        credits: &Credits,
        coverage: &Coverage,
        config: &TightenConfig<'_>,
        version: KubernetesVersion,
    ) -> Result<Self, CommandError> {
        let old = &*session.authorizer;
        let tightened = tighten(old, credits, coverage, config);
        let new = Authorizer::new(tightened.applied(old.inventory()));
        let replayed = replay(credits, old, &new)?;
        let scopes = Scopes::of([&*session.catalog]);
        let changes = diff(old, &new, &scopes);
        if let Some(change) = changes.iter().find(|change| !change.gained.is_empty()) {
            let text = format!("the proposal would allow {} more, which is a bug", change.holder);
            return Err(CommandError::new(ErrorKind::Output, text));
        }
        let engines = (Engine::new(old, version), Engine::new(&new, version));
        // Seen from the proposal, everything that is removed is gained.
        let reverse = diff(&new, old, &scopes);
        let removed = removed::lines(&reverse, &engines.1, &engines.0);
        Ok(Self { tightened, removed, replayed })
    }

    /// Returns the objects to apply.
    pub(crate) fn objects(&self) -> Vec<Object> {
        let object = |edit: &Edit| match edit {
            Edit::Role(role) => {
                Some(Object::Role(GrantedRole { role: role.clone(), answers: Vec::new() }))
            }
            Edit::Binding(binding) => Some(Object::Binding(binding.clone())),
            Edit::DeleteRole(_) | Edit::DeleteBinding(_) => None,
        };
        self.tightened.edits.iter().filter_map(object).collect()
    }

    /// Returns the objects to delete.
    pub(crate) fn deleted(&self, inventory: &Inventory) -> Vec<Object> {
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
        self.tightened.edits.iter().filter_map(object).collect()
    }

    /// Returns the commands that delete objects.
    pub(crate) fn deletions(&self) -> Vec<String> {
        self.tightened.edits.iter().filter_map(deletion).collect()
    }
}

fn deletion(edit: &Edit) -> Option<String> {
    let command = |kind: &str, of: &Metadata| {
        let prefix = if of.namespace.is_empty() { "cluster" } else { "" };
        let name = quote(&of.name);
        let namespace: &Text = &of.namespace;
        match namespace.is_empty() {
            true => format!("kubectl delete {prefix}{kind} {name}"),
            false => format!("kubectl delete {kind} {name} -n {}", quote(namespace)),
        }
    };
    match edit {
        Edit::DeleteRole(of) => Some(command("role", of)),
        Edit::DeleteBinding(of) => Some(command("rolebinding", of)),
        Edit::Role(_) | Edit::Binding(_) => None,
    }
}

/// Evaluates each request that RBAC allowed under the proposal, and returns their number.
fn replay(credits: &Credits, old: &Authorizer, new: &Authorizer) -> Result<usize, CommandError> {
    let credited = credits.by_grant.values().flatten().filter(|credit| credit.via.can_be_rbac());
    let requests: BTreeSet<(&Identity, &Request)> =
        credited.map(|credit| (&credit.identity, &credit.request)).collect();
    for (identity, request) in &requests {
        let allowed =
            |by: &Authorizer| by.authorize_as_written(identity, request).verdict.is_allowed();
        if allowed(old) && !allowed(new) {
            let subject = subject::label(identity);
            let text =
                format!("the proposal would refuse `{subject}` to {request}, which is a bug");
            return Err(CommandError::new(ErrorKind::Output, text));
        }
    }
    Ok(requests.len())
}
