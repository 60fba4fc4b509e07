//! Objects on stdin without a namespace, among subjects that name one: `helm template` takes the namespace of
//! the kubeconfig, and does not write it to objects.

use std::collections::BTreeSet;
use std::path::Path;

use rolecall_rbac::{Inventory, Origin, SubjectKind};

use crate::cli::Options;
use crate::error::Hint;
use crate::ui::Ui;

/// Warns about a namespace that only subjects name.
pub(crate) fn warn(ui: &Ui, options: &Options, inventory: &Inventory) {
    let is_stream = options.source.filename.iter().any(|path| path == Path::new("-"));
    if !is_stream || options.namespace.first().is_some() {
        return;
    }
    let Some((namespace, name, assumed)) = other_namespace(inventory) else { return };
    ui.warn(format!(
        "ServiceAccount `{name}` names no namespace and is read in `{assumed}`, but subjects are in \
         `{namespace}`, which the tool that wrote stdin probably used"
    ));
    ui.suggest(Hint::pass(format!("-n {namespace}"), "read objects without a namespace there"));
}

/// Returns the namespace and name of a subject without a ServiceAccount, and the namespace in which one with
/// this name was assumed to be.
fn other_namespace(inventory: &Inventory) -> Option<(&str, &str, &str)> {
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let bare = accounts.filter(|it| it.namespace_assumed && it.origin != Origin::Default);
    let bare: BTreeSet<(&str, &str)> = bare.map(|it| (&*it.name, &*it.namespace)).collect();
    if bare.is_empty() {
        return None;
    }
    let bindings = inventory.bindings().iter().filter(|it| it.metadata.origin != Origin::Default);
    let subjects = bindings.flat_map(|binding| &binding.subjects);
    let mut named = subjects.filter(|it| it.kind == SubjectKind::ServiceAccount);
    named.find_map(|subject| {
        let (namespace, name) = (&*subject.namespace, &*subject.name);
        let is_elsewhere =
            !namespace.is_empty() && inventory.service_account(namespace, name).is_none();
        let (_, assumed) = bare.iter().find(|(bare, _)| *bare == name).filter(|_| is_elsewhere)?;
        Some((namespace, name, *assumed))
    })
}
