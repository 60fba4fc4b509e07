use rolecall_rbac::Metadata;

use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, ObjectRef, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC562, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written =
        |metadata: &Metadata| *metadata.namespace == *"default" && !metadata.namespace_assumed;
    let roles = context.roles().filter(|role| written(&role.metadata)).map(ObjectRef::from);
    let bindings =
        context.bindings().filter(|binding| written(&binding.metadata)).map(ObjectRef::from);
    for object in roles.chain(bindings) {
        let finding = Finding::new(RULE.meta, object, "is in namespace `default`".to_owned())
            .at(FieldPath::key("metadata").then_key("namespace"))
            .fix("move the application to a dedicated namespace");
        findings.push(finding);
    }
}
