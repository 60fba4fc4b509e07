use super::build::Pairs;
use crate::{FieldPath, Finding, documents};

/// Finds variables that a build does not replace in bindings.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    for binding in pairs.bindings.iter().map(|pair| pair.result) {
        let mut report = |field: FieldPath, text: &str| {
            let Some(variable) = variable(text) else { return };
            let message = format!(
                "the build leaves `{variable}` as it is: Kustomize does not replace variables here, and the \
                 server takes it literally"
            );
            let finding = Finding::new(&documents::RC705, binding.into(), message)
                .at(field)
                .about(text)
                .fix("write the value, or use `replacements` instead of `vars`");
            findings.push(finding);
        };
        report(FieldPath::key("roleRef").then_key("name"), &binding.role_ref.name);
        for (index, subject) in binding.subjects.iter().enumerate() {
            let field = || FieldPath::key("subjects").then_index(index);
            report(field().then_key("name"), &subject.name);
            report(field().then_key("namespace"), &subject.namespace);
        }
    }
}

/// Returns the first variable in a text.
fn variable(text: &str) -> Option<&str> {
    let start = text.find("$(")?;
    let rest = text.get(start..)?;
    rest.get(..=rest.find(')')?)
}
