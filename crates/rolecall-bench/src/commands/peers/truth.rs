//! The server's answers: SubjectAccessReviews for the ServiceAccounts of the objects.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::process;
use serde_json::{Value, json};

use super::question::Question;

/// The ServiceAccounts that are compared, as `NAMESPACE/NAME`.
pub(super) const ACCOUNTS: [&str; 5] =
    ["peers-a/plain", "peers-a/star", "peers-a/named", "peers-b/other", "peers-c/foreign"];

/// Returns the ServiceAccounts that can, for each question.
pub(super) fn ask(
    questions: &[Question],
    kubectl: impl Fn() -> Command,
) -> Result<Vec<BTreeSet<String>>> {
    let reviews: Vec<Value> = questions
        .iter()
        .flat_map(|question| ACCOUNTS.map(|account| review(question, account)))
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": reviews}).to_string();
    let mut file = tempfile::NamedTempFile::new()
        .map_err(|error| Failure::new(format!("no temporary file: {error}")))?;
    file.write_all(list.as_bytes())
        .map_err(|error| Failure::new(format!("no temporary file: {error}")))?;
    let mut kubectl = kubectl();
    let answered = process::output(
        kubectl
            .args(["create", "-o", "jsonpath={.status.allowed}{\"\\n\"}", "-f"])
            .arg(file.path()),
    )?;
    let allowed: Vec<bool> = answered.lines().map(|line| line == "true").collect();
    if allowed.len() != reviews.len() {
        return Err(Failure::new("the server did not answer each review"));
    }
    let answers = allowed.chunks(ACCOUNTS.len()).map(|answers| {
        let can = ACCOUNTS.iter().zip(answers).filter(|(_, allowed)| **allowed);
        can.map(|(account, _)| (*account).to_owned()).collect()
    });
    Ok(answers.collect())
}

fn review(question: &Question, account: &str) -> Value {
    let (namespace, name) = account.split_once('/').unwrap_or_default();
    let (resource, group) =
        question.resource.split_once('.').unwrap_or((question.resource.as_str(), ""));
    let mut spec = json!({
        "user": format!("system:serviceaccount:{namespace}:{name}"),
        "groups": [
            "system:serviceaccounts",
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated",
        ],
    });
    let attributes = if question.is_path() {
        ("nonResourceAttributes", json!({"verb": question.verb, "path": question.resource}))
    } else {
        let attributes = json!({
            "verb": question.verb,
            "group": group,
            "resource": resource,
            "subresource": question.subresource,
            "name": question.name,
            "namespace": question.namespace,
        });
        ("resourceAttributes", attributes)
    };
    if let Some(spec) = spec.as_object_mut() {
        spec.insert(attributes.0.to_owned(), attributes.1);
    }
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
}
