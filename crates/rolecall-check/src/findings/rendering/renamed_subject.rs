use rolecall_rbac::SubjectKind;

use super::build::{Pairs, pair_subjects};
use crate::{FieldPath, Finding, ObjectRef, documents};

/// Finds users and groups that a build renames, because Kustomize ignores the kind of a subject.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    for pair in &pairs.bindings {
        for (before, after) in pair_subjects(pair.source, pair.result) {
            let subjects = pair.source.subjects.get(before).zip(pair.result.subjects.get(after));
            let Some((source, result)) = subjects else { continue };
            let is_named = matches!(source.kind, SubjectKind::User | SubjectKind::Group);
            if !is_named || source.name == result.name {
                continue;
            }
            let (kind, name, renamed) = (source.kind.as_str(), &source.name, &result.name);
            let account = pairs.accounts.iter().find(|account| {
                account.source.metadata.name == *name && account.result.metadata.name == *renamed
            });
            // A patch can also rename a subject, which is intended.
            let Some(account) = account else { continue };
            let message = format!(
                "Kustomize renames {kind} `{name}` to `{renamed}`, because a ServiceAccount has that name: \
                 {kind} `{name}` loses the grant, and {kind} `{renamed}` gains it"
            );
            let finding = Finding::new(&documents::RC701, pair.result.into(), message)
                .at(FieldPath::key("subjects").then_index(after).then_key("name"))
                .about(format!("{kind} {name}"))
                .fix(format!("use different names for the ServiceAccount and the {kind}"))
                .related(ObjectRef::from(account.result), "the ServiceAccount with that name");
            findings.push(finding);
        }
    }
}
