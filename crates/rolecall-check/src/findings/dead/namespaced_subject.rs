use rolecall_rbac::SubjectKind;

use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, ObjectRef, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC216, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let is_anywhere = matches!(subject.kind, SubjectKind::User | SubjectKind::Group);
            if !is_anywhere || subject.namespace.is_empty() {
                continue;
            }
            let (kind, name) = (subject.kind.as_str(), &subject.name);
            let message = format!("{kind} `{name}` cannot have a namespace: the server ignores it");
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects").then_index(index).then_key("namespace"))
                .about(format!("{kind} {}/{name}", subject.namespace));
            let account = context.inventory().service_account(&subject.namespace, name);
            findings.push(match account {
                Some(account) => finding
                    .severity(Severity::High)
                    .fix("use `kind: ServiceAccount` and no `apiGroup` if you meant that one")
                    .related(ObjectRef::from(account), "the ServiceAccount with that name"),
                None => finding.fix("remove it"),
            });
        }
    }
}
