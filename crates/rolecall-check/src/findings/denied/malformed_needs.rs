use rolecall_rbac::{PodSpec, ResolveError};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::listed;
use crate::{FieldPath, Finding, documents};
use rolecall_command::annotation::{self, NeedsError};

pub(super) const RULE: Rule = Rule { meta: &documents::RC305, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let Some(declared) = annotation::of(pod.workload, pod.spec) else { continue };
        for error in annotation::parse(declared, context.catalog()).errors {
            let message = error.to_string();
            let finding = Finding::new(RULE.meta, pod.workload.into(), message.clone())
                .at(path(pod.spec))
                .about(format!("{} {message}", pod.spec.path))
                .fix(fix(&error));
            findings.push(finding);
        }
    }
}

/// Returns the correction; `None` if the message contains it.
fn fix(error: &NeedsError) -> String {
    match error {
        NeedsError::Resource { error: ResolveError::UnknownResource { similar, .. } } => {
            match &**similar {
                [] => "add the API group of a custom resource: `widgets.example.com`".to_owned(),
                similar => format!("use {} if you meant that one", listed(similar)),
            }
        }
        NeedsError::Resource { error: ResolveError::UnknownSubresource { served, .. } }
            if !served.is_empty() =>
        {
            format!("use one that exists: {}", listed(served))
        }
        _ => String::new(),
    }
}

/// Returns the path of the annotation.
pub(super) fn path(spec: &PodSpec) -> FieldPath {
    let on_template = spec.annotations.iter().any(|(key, _)| &**key == annotation::KEY);
    let metadata = match (on_template, spec.path.rsplit_once('.')) {
        (true, Some((template, _))) => FieldPath::default().then_dotted(template),
        _ => FieldPath::default(),
    };
    metadata.then_key("metadata").then_key("annotations").then_key(annotation::KEY)
}
