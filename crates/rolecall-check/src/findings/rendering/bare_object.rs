use super::build::Pairs;
use crate::{Finding, documents};

/// Finds objects of inflated charts that get no namespace, although the kustomization sets one.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    if !pairs.build.layers.iter().any(|layer| layer.inflates_charts) {
        return;
    }
    let Some((layer, (namespace, line))) = pairs.namespace() else { return };
    let bindings = pairs.build.result.bindings().iter();
    for binding in bindings.filter(|binding| binding.metadata.namespace_assumed) {
        let is_elsewhere = |subject: &rolecall_rbac::Subject| *subject.namespace == **namespace;
        if !binding.subjects.iter().any(is_elsewhere) {
            continue;
        }
        let message = format!(
            "{} of an inflated chart has no namespace, although {}:{line} sets `{namespace}`: it goes to the \
             namespace of the client that applies it, while its subjects are in `{namespace}`",
            binding.kind(),
            layer.file
        );
        let finding = Finding::new(&documents::RC710, binding.into(), message)
            .about(&**namespace)
            .fix("write `namespace: {{ .Release.Namespace }}` in the templates, or render the chart first");
        findings.push(finding);
    }
}
