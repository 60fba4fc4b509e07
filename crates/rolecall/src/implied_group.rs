//! roleRefs without an API group in kustomizations that were not built: Kustomize takes them for references to
//! a Role of the same name, and renames both.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rolecall_rbac::{Binding, Inventory, Origin, RoleKind};
use rolecall_yaml::{self as yaml, Field, FieldStep};

use crate::error::Hint;
use crate::ui::Ui;

/// The largest file that is searched.
const LARGEST: u64 = 32 << 20;

/// Notes the roleRefs that a build will replace.
pub(crate) fn note(ui: &Ui, inventory: &Inventory) {
    let renamed = inventory.roles().iter().map(|role| &role.metadata).filter(|it| it.is_renamed());
    let renamed: BTreeSet<&str> =
        renamed.filter(|it| !it.namespace.is_empty()).map(|it| &*it.name).collect();
    let bindings = inventory.bindings().iter().filter(|binding| {
        binding.metadata.is_renamed()
            && binding.role_ref.kind == RoleKind::ClusterRole
            && renamed.contains(&*binding.role_ref.name)
    });
    for binding in bindings.filter(|binding| has_no_group(binding)) {
        let place = binding.metadata.origin.position().unwrap_or_default();
        let (kind, name, role) = (binding.kind(), &binding.metadata.name, &binding.role_ref.name);
        ui.note(format!(
            "{place}: the roleRef of {kind} `{name}` has no `apiGroup`: Kustomize replaces `{role}` with \
             the new name of Role `{role}`, so the binding grants nothing"
        ));
        let text = "write `apiGroup: rbac.authorization.k8s.io` in the roleRef".to_owned();
        ui.suggest(Hint::Quote { text });
    }
}

/// Returns whether a roleRef is written without its API group.
fn has_no_group(binding: &Binding) -> bool {
    let Origin::File { path, line } = &binding.metadata.origin else { return false };
    let path = Path::new(&**path);
    if !path.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST) {
        return false;
    }
    let Ok(bytes) = fs::read(path) else { return false };
    let field =
        |steps| Field { line: *line, kind: binding.kind(), name: &binding.metadata.name, steps };
    let role_ref = vec![FieldStep::Key("roleRef")];
    let group = vec![FieldStep::Key("roleRef"), FieldStep::Key("apiGroup")];
    // A field that does not exist has the region of its parent.
    match &*yaml::locate(&bytes, &[field(role_ref), field(group)]) {
        [Some(role_ref), Some(group)] => role_ref == group,
        _ => false,
    }
}
