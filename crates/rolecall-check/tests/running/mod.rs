//! Pods that run something, and what they are refused.

use rolecall_check::Category;
use rolecall_command::kept_command;
use rolecall_rbac::{Container, Request};
use rolecall_source::facts::Version;

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
    let mut said = Vec::new();
    for denied in denied.filter_map(|finding| finding.denied.clone()) {
        said.extend(denied.requests.iter().map(shortened));
        let somewhere = denied.somewhere.iter().map(shortened);
        said.extend(somewhere.map(|text| text.replace("at the cluster scope", "in any namespace")));
    }
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}

fn shortened(request: &Request) -> String {
    let text = request.to_string();
    text.replace(" in API group \"\"", "").replace(" in the namespace \"shop\"", "")
}

/// Writes each script, run by a shell, with what it is refused; what a snapshot keeps of it is refused the same.
pub fn table(scripts: &[&str]) -> String {
    let rows = scripts.iter().map(|script| {
        let container =
            serde_json::json!({"name": "c", "image": "x", "command": ["/bin/sh", "-ec", script]});
        let refused = self::refused(&container);
        let kept = kept(&["/bin/sh", "-ec", script]);
        let saved = serde_json::json!({"name": "c", "image": "x", "command": kept});
        // Which line comes first is not the same.
        let sorted = |refused: &str| {
            let mut requests: Vec<String> = refused.split("; ").map(str::to_owned).collect();
            requests.sort();
            requests
        };
        let again = self::refused(&saved);
        assert_eq!(sorted(&again), sorted(&refused), "{script} is kept as {kept:?}");
        let again: Vec<&str> = kept.iter().map(String::as_str).collect();
        assert_eq!(self::kept(&again), kept, "{script}");
        format!("{script}\n    {refused}\n")
    });
    rows.collect()
}

/// Returns what a snapshot keeps of a command.
pub fn kept(command: &[&str]) -> Vec<String> {
    let container = Container {
        command: command.iter().map(|&word| word.into()).collect(),
        ..Container::default()
    };
    kept_command(&container, &support::facts_of(Version::V1_36).1)
}
