//! Pods that run something, and what they are refused.

use rolecall_check::Category;

use super::support;

/// Returns what a container that runs so is refused, one request after the other.
pub fn refused(container: &serde_json::Value) -> String {
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "tool", "namespace": "shop"},
        "spec": {"serviceAccountName": "tool", "containers": [container]},
    });
    let account = serde_json::json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "tool", "namespace": "shop"},
    });
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [account, pod]});
    let findings = support::findings_of(&list.to_string());
    let denied = findings.into_iter().filter(|finding| finding.rule.category == Category::Denied);
    let requests = denied.filter_map(|finding| finding.denied).flat_map(|denied| denied.requests);
    let said: Vec<String> = requests
        .map(|request| {
            let text = request.to_string();
            text.replace(" in API group \"\"", "").replace(" in the namespace \"shop\"", "")
        })
        .collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}

/// Writes each script, run by a shell, with what it is refused.
pub fn table(scripts: &[&str]) -> String {
    let rows = scripts.iter().map(|script| {
        let container =
            serde_json::json!({"name": "c", "image": "x", "command": ["/bin/sh", "-ec", script]});
        format!("{script}\n    {}\n", refused(&container))
    });
    rows.collect()
}
