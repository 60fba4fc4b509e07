use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC554, check };

/// The annotations and their meaning.
const ANNOTATIONS: [(&str, &str); 3] = [
    ("azure.workload.identity/client-id", "a managed identity of Azure"),
    ("eks.amazonaws.com/role-arn", "an IAM role of AWS"),
    ("iam.gke.io/gcp-service-account", "a service account of Google Cloud"),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for account in context.service_accounts() {
        for (key, what) in ANNOTATIONS {
            let Some(value) = account.metadata.annotation(key) else { continue };
            let field = FieldPath::key("metadata").then_key("annotations").then_key(key);
            let finding = Finding::new(
                RULE.meta,
                account.into(),
                format!("acts as {what}: `{value}`"),
            )
            .at(field)
            .about(format!("{key}={value}"))
            .fix("limit access to its namespace to subjects that are allowed to use this identity");
            findings.push(finding);
        }
    }
}
