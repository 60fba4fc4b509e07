//! Roles and bindings as TARGET arguments.

use std::collections::BTreeSet;

use rolecall_rbac::{Binding, Gap, Glob, Inventory, RoleKind, Unread};
use rolecall_walk::RoleName;

use super::scope::{Found, RoleWord, Scope, unless_hidden};
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::subject::nearest;

/// Adds the roles with a matching name, including missing ones that bindings refer to.
pub(super) fn find_roles<'a>(
    kind: RoleWord,
    namespace: Option<&Glob>,
    name: &Glob,
    session: &'a Session,
    scope: &Scope,
    found: &mut Found<'a>,
) -> Result<(), CommandError> {
    let inventory = session.authorizer.inventory();
    let in_scope = |at: &str| is_in_scope(kind, namespace, scope, at);
    let existing = inventory
        .roles()
        .iter()
        .map(|role| RoleName { namespace: &role.metadata.namespace, name: &role.metadata.name });
    // Find missing roles, too, if a binding refers to them.
    let bound = inventory.bindings().iter().filter_map(|binding| {
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role if !binding.is_cluster_role_binding() => &*binding.metadata.namespace,
            _ => return None,
        };
        Some(RoleName { namespace, name: &binding.role_ref.name })
    });
    let candidates: BTreeSet<RoleName<'a>> =
        existing.chain(bound).filter(|role| in_scope(role.namespace)).collect();
    let before = found.roles.len();
    found.roles.extend(candidates.iter().filter(|role| name.matches(role.name)).copied());
    if found.roles.len() > before {
        return Ok(());
    }
    let (word, place) = match kind {
        RoleWord::ClusterRole => ("clusterrole", String::new()),
        RoleWord::Role => ("role", place_of(namespace, scope)),
    };
    let text = format!("{word}/{name}");
    if Glob::is_pattern(&text) {
        return Err(CommandError::input(format!("nothing matches `{text}`{place}")));
    }
    let name = name.to_string();
    let error = CommandError::input(format!("there is no `{text}`{place}")).with_hint(guess_role(
        inventory,
        kind,
        &name,
        &candidates,
        &text,
    ));
    let hides = |gap: &&Gap| match (kind, scope.namespaces()) {
        (RoleWord::ClusterRole, _) => gap.may_hide_role("", &name),
        (RoleWord::Role, Some(namespaces)) => {
            namespaces.iter().any(|at| gap.may_hide_role(at, &name))
        }
        (RoleWord::Role, None) => !matches!(gap.unread, Unread::Authorizer { .. }),
    };
    Err(unless_hidden(error, session, hides, &text))
}

/// Adds the bindings with a matching name.
pub(super) fn find_bindings<'a>(
    kind: RoleWord,
    namespace: Option<&Glob>,
    name: &Glob,
    session: &'a Session,
    scope: &Scope,
    found: &mut Found<'a>,
) -> Result<(), CommandError> {
    let bindings = session.authorizer.inventory().bindings();
    let in_scope: Vec<&'a Binding> = bindings
        .iter()
        .filter(|binding| is_in_scope(kind, namespace, scope, &binding.metadata.namespace))
        .collect();
    let before = found.bindings.len();
    let meant = in_scope.iter().filter(|binding| name.matches(&binding.metadata.name));
    found.bindings.extend(meant.copied());
    if found.bindings.len() > before {
        return Ok(());
    }
    let (word, other, place) = match kind {
        RoleWord::ClusterRole => ("clusterrolebinding", "rolebinding", String::new()),
        RoleWord::Role => ("rolebinding", "clusterrolebinding", place_of(namespace, scope)),
    };
    let text = format!("{word}/{name}");
    let hint = name.as_name().and_then(|name| {
        let elsewhere = bindings.iter().find(|binding| binding.metadata.name == *name);
        let names: Vec<&str> = in_scope.iter().map(|binding| &*binding.metadata.name).collect();
        match elsewhere.map(|binding| (binding, binding.is_cluster_role_binding())) {
            Some((_, is_cluster)) if is_cluster != (kind == RoleWord::ClusterRole) => {
                Hint::did_you_mean(text.clone(), [format!("{other}/{name}")])
            }
            Some((binding, _)) => {
                Some(Hint::pass(format!("-n {}", binding.metadata.namespace), "use its namespace"))
            }
            None => nearest(&names, name, |name| name)
                .and_then(|near| Hint::did_you_mean(text.clone(), [format!("{word}/{near}")])),
        }
    });
    let error = match name.as_name() {
        Some(_) => format!("there is no `{text}`{place}"),
        None => format!("nothing matches `{text}`{place}"),
    };
    let hides = |gap: &&Gap| match (kind, namespace.and_then(Glob::as_name), scope.namespaces()) {
        (RoleWord::ClusterRole, ..) => gap.may_hide_binding(""),
        (RoleWord::Role, Some(at), _) => gap.may_hide_binding(at),
        (RoleWord::Role, None, Some(all)) => all.iter().any(|at| gap.may_hide_binding(at)),
        (RoleWord::Role, None, None) => gap.may_hide_any_binding(),
    };
    Err(unless_hidden(CommandError::input(error).with_hint(hint), session, hides, &text))
}

/// Returns whether a namespace, empty for cluster-scoped objects, is in scope for a kind.
fn is_in_scope(kind: RoleWord, namespace: Option<&Glob>, scope: &Scope, at: &str) -> bool {
    match (kind, namespace) {
        (RoleWord::ClusterRole, _) => at.is_empty(),
        (RoleWord::Role, Some(namespace)) => !at.is_empty() && namespace.matches(at),
        (RoleWord::Role, None) => !at.is_empty() && scope.has(at),
    }
}

/// Describes the scope of the search.
fn place_of(namespace: Option<&Glob>, scope: &Scope) -> String {
    match namespace {
        Some(namespace) => format!(" in namespace `{namespace}`"),
        None => format!(" {}", scope.place()),
    }
}

/// Suggests a role of the other kind, in another namespace, or with a similar name.
fn guess_role(
    inventory: &Inventory,
    kind: RoleWord,
    name: &str,
    candidates: &BTreeSet<RoleName<'_>>,
    text: &str,
) -> Option<Hint> {
    let elsewhere = inventory.roles().iter().find(|role| *role.metadata.name == *name);
    if let Some(role) = elsewhere {
        return match (kind, role.is_cluster_role()) {
            (RoleWord::Role, true) => Hint::did_you_mean(text, [format!("clusterrole/{name}")]),
            (RoleWord::ClusterRole, false) => Hint::did_you_mean(text, [format!("role/{name}")]),
            _ => Some(Hint::pass(format!("-n {}", role.metadata.namespace), "use its namespace")),
        };
    }
    let names: Vec<&str> = candidates.iter().map(|role| role.name).collect();
    let near = nearest(&names, name, |name| name)?;
    let (word, _) = text.split_once('/')?;
    Hint::did_you_mean(text, [format!("{word}/{near}")])
}
