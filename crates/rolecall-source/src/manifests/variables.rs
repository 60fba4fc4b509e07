//! Names that contain a variable or an encrypted value, which is substituted before manifests are applied.

use rolecall_rbac::{Binding, Gap, InventoryBuilder, Metadata, Role, Unread};

/// Records a gap for each role and binding whose names are not final, because it can grant anything to
/// anyone once they are. Objects that a server has stored have final names.
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
    [&*role.metadata.namespace, &*role.metadata.name].into_iter().find(|name| is_open(name))
}

fn in_binding(binding: &Binding) -> Option<&str> {
    let subjects =
        binding.subjects.iter().flat_map(|subject| [&*subject.namespace, &*subject.name]);
    [&*binding.metadata.namespace, &*binding.role_ref.name]
        .into_iter()
        .chain(subjects)
        .find(|name| is_open(name))
}

fn gap(kind: &str, metadata: &Metadata, name: &str) -> Gap {
    let because = format!("{kind} {}: `{name}` is not substituted", metadata.name);
    let because = because.as_str().into();
    Gap { unread: Unread::Anything, because, origin: metadata.origin.clone() }
}

/// Returns whether a name contains `${VARIABLE}` or `$(VARIABLE)`, or is encrypted by SOPS.
fn is_open(name: &str) -> bool {
    if !name.as_bytes().contains(&b'$') {
        return name.starts_with("ENC[");
    }
    let variable = |open: &str, close: char| {
        name.split_once(open).is_some_and(|(_, rest)| rest.find(close).is_some_and(|end| end > 0))
    };
    variable("${", '}') || variable("$(", ')')
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn variables_and_encrypted_values_are_open() {
        for name in ["${NS}", "web-${NAME:-x}", "$(NAME)-web", "ENC[AES256_GCM,data:x]"] {
            assert!(is_open(name), "{name}");
        }
        for name in ["", "web", "$web", "system:node", "${", "${}", "cost$", "enc-x"] {
            assert!(!is_open(name), "{name}");
        }
    }
}
