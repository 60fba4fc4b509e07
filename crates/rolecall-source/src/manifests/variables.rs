//! Names that are placeholders until manifests are applied.

use rolecall_rbac::{Binding, Gap, InventoryBuilder, Metadata, Role, Unread, is_template};

/// Records a gap for each role and binding with a placeholder, because it can grant anything to anyone
/// once that is substituted. Objects that a server has stored have final names.
pub(super) fn record(builder: &mut InventoryBuilder) {
    let roles = builder.roles().iter().filter(|role| !role.metadata.stored);
    let bindings = builder.bindings().iter().filter(|binding| !binding.metadata.stored);
    let of_roles = roles.filter_map(|role| Some(gap(role.kind(), &role.metadata, in_role(role)?)));
    let of_bindings = bindings
        .filter_map(|binding| Some(gap(binding.kind(), &binding.metadata, in_binding(binding)?)));
    let gaps: Vec<Gap> = of_roles.chain(of_bindings).collect();
    gaps.into_iter().for_each(|gap| builder.gap(gap));
}

fn in_role(role: &Role) -> Option<&str> {
    [&*role.metadata.namespace, &*role.metadata.name].into_iter().find(|name| is_template(name))
}

fn in_binding(binding: &Binding) -> Option<&str> {
    let subjects =
        binding.subjects.iter().flat_map(|subject| [&*subject.namespace, &*subject.name]);
    [&*binding.metadata.namespace, &*binding.role_ref.name]
        .into_iter()
        .chain(subjects)
        .find(|name| is_template(name))
}

fn gap(kind: &str, metadata: &Metadata, name: &str) -> Gap {
    let because = format!("{kind} {}: `{name}` is not substituted", metadata.name);
    let because = because.as_str().into();
    Gap { unread: Unread::Anything, because, origin: metadata.origin.clone() }
}
