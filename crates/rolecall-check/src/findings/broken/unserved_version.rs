use rolecall_rbac::Metadata;

use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, ObjectRef, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC106, check };

/// The minor version that stopped serving the versions before `v1`.
const REMOVED_IN: u16 = 22;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let inventory = context.inventory();
    let roles = inventory.roles().iter().map(|role| (&role.metadata, ObjectRef::from(role)));
    let bindings =
        inventory.bindings().iter().map(|binding| (&binding.metadata, ObjectRef::from(binding)));
    for (metadata, object) in roles.chain(bindings) {
        if !context.is_judged(metadata) {
            continue;
        }
        let Some(message) = unserved(metadata, context.input.version.minor) else { continue };
        let finding = Finding::new(RULE.meta, object, message)
            .at(FieldPath::key("apiVersion"))
            .fix("use `apiVersion: rbac.authorization.k8s.io/v1`");
        findings.push(finding);
    }
}

/// Returns the reason why a server of a minor version rejects the object; `None` if it accepts it.
fn unserved(metadata: &Metadata, minor: u16) -> Option<String> {
    let written = metadata.written_version.as_deref()?;
    let (_, version) = written.split_once('/')?;
    let reason = match version {
        "v1beta1" | "v1alpha1" if minor < REMOVED_IN => return None,
        "v1beta1" | "v1alpha1" => "has not been served since Kubernetes 1.22",
        _ => "is not a version of RBAC",
    };
    Some(format!("`{written}` {reason}: applying it fails; rolecall checks it as `v1`"))
}
