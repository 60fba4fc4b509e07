use super::build::Pairs;
use crate::{FieldPath, Finding, ObjectRef, documents};

/// The annotation that names the ServiceAccount of a token Secret.
const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// Finds token Secrets of ServiceAccounts that a build renamed.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    for secret in pairs.build.token_secrets {
        let namespace = &secret.metadata.namespace;
        if pairs.build.result.service_account(namespace, &secret.account).is_some() {
            continue;
        }
        let renamed = pairs.accounts.iter().find(|pair| {
            pair.source.metadata.name == secret.account
                && pair.result.metadata.namespace == *namespace
        });
        let Some(renamed) = renamed else { continue };
        let account = &renamed.result.metadata.name;
        let message = format!(
            "Kustomize renames ServiceAccount `{}` to `{account}`, but not in this annotation: the token \
             controller deletes the Secret, because its ServiceAccount does not exist",
            secret.account
        );
        let object = ObjectRef {
            origin: secret.metadata.origin.clone(),
            kind: "Secret".into(),
            namespace: namespace.clone(),
            name: secret.metadata.name.clone(),
        };
        let finding = Finding::new(&documents::RC707, object, message)
            .at(FieldPath::key("metadata").then_key("annotations").then_key(ACCOUNT))
            .about(&*secret.account)
            .fix(format!("write `{account}`, or use `replacements`"))
            .related(ObjectRef::from(renamed.result), "the ServiceAccount");
        findings.push(finding);
    }
}
