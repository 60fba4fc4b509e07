//! The least rights with which more could be read.

use rolecall_grant::{Config, Denied, json_of, plan};
use rolecall_rbac::{Authorizer, Identity, Request, ResourceRequest};
use rolecall_source::cluster::ForbiddenList;
use serde_json::Value;

/// Writes the least roles and bindings with which the server would give these lists; `None` when it
/// forbade none, or does not say to whom.
pub(crate) fn least(forbidden: &[ForbiddenList]) -> Option<String> {
    let denied: Vec<Denied> = forbidden
        .iter()
        // Whoever shows no credentials needs those, not rights.
        .filter(|list| !list.user.is_empty() && *list.user != *"system:anonymous")
        .map(|list| {
            let target = ResourceRequest {
                namespace: list.namespace.clone(),
                group: list.collection.group.into(),
                resource: list.collection.resource.into(),
                ..ResourceRequest::default()
            };
            Denied::new(Identity::user(&list.user), Request::resource("list", target))
        })
        .collect();
    if denied.is_empty() {
        return None;
    }
    let plan = plan(&Authorizer::default(), &denied, &Config::default());
    let documents: Vec<String> =
        plan.objects.iter().map(|object| brief(&bare(json_of(object)))).collect();
    (!documents.is_empty()).then(|| documents.join("---\n"))
}

/// Leaves out of an object what it can do without.
fn bare(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("labels");
    }
    for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(subject) = subject.as_object_mut() {
            // The server fills it in.
            subject.remove("apiGroup");
        }
    }
    object
}

/// How wide a line may be, with its indentation on a terminal of 80 columns.
const WIDTH: usize = 78;

/// Writes an object in few lines, for it stands between an answer and what the reader does next.
fn brief(object: &Value) -> String {
    let mut yaml = String::new();
    for field in ["apiVersion", "kind", "metadata", "rules", "roleRef", "subjects"] {
        if let Some(value) = object.get(field) {
            write(&mut yaml, &format!("{field}: "), "", value);
        }
    }
    yaml
}

/// Writes a value in one line where it fits, else in one for each of its fields or entries.
fn write(yaml: &mut String, lead: &str, indent: &str, value: &Value) {
    let line = format!("{lead}{}", flow(value));
    match value {
        Value::Object(fields) if line.len() > WIDTH => {
            let is_entry = lead.ends_with("- ");
            if !is_entry {
                yaml.push_str(&format!("{}\n", lead.trim_end()));
            }
            let inner = format!("{indent}  ");
            for ((key, value), position) in fields.iter().zip(0..) {
                let start = if is_entry && position == 0 { lead } else { &inner };
                write(yaml, &format!("{start}{key}: "), &inner, value);
            }
        }
        Value::Array(entries) if line.len() > WIDTH => {
            yaml.push_str(&format!("{}\n", lead.trim_end()));
            for entry in entries {
                write(yaml, &format!("{indent}- "), indent, entry);
            }
        }
        _ => yaml.push_str(&format!("{line}\n")),
    }
}

/// Writes a value in one line, without what servers fill in and quotes that nothing needs.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns whether a text is a string to every YAML parser without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-./".contains(c))
        && !WORDS.contains(&&*text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use rolecall_source::cluster::Needs;
    use serde_json::json;

    use super::*;

    fn forbidden(user: &str, namespace: &str, resource: &str) -> ForbiddenList {
        let collections = Needs::everything().collections();
        let collection = collections.into_iter().find(|it| it.resource == resource).unwrap();
        ForbiddenList { collection, namespace: namespace.into(), user: user.into() }
    }

    #[test]
    fn rights_are_no_more_than_the_refused_lists_need() {
        let lists = [
            forbidden("system:serviceaccount:ops:rolecall", "", "clusterroles"),
            forbidden("system:serviceaccount:ops:rolecall", "", "namespaces"),
            forbidden("system:serviceaccount:ops:rolecall", "shop", "rolebindings"),
        ];
        insta::assert_snapshot!(least(&lists).unwrap(), @r#"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "rolecall:sa:ops:rolecall"}
        rules:
        - {apiGroups: [""], resources: [namespaces], verbs: [list]}
        - apiGroups: [rbac.authorization.k8s.io]
          resources: [clusterroles]
          verbs: [list]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "rolecall:sa:ops:rolecall"}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: "rolecall:sa:ops:rolecall"
        subjects: [{kind: ServiceAccount, name: rolecall, namespace: ops}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: "rolecall:sa:ops:rolecall", namespace: shop}
        rules:
        - apiGroups: [rbac.authorization.k8s.io]
          resources: [rolebindings]
          verbs: [list]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: "rolecall:sa:ops:rolecall", namespace: shop}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: "rolecall:sa:ops:rolecall"
        subjects: [{kind: ServiceAccount, name: rolecall, namespace: ops}]
        "#);
    }

    #[test]
    fn brief_objects_are_read_back_as_they_are() {
        let long = "a-name-that-is-so-long-that-nothing-else-fits-into-a-line-beside-it-0123456789";
        for name in ["jane", "true", "1", "a: b", "#", "\"q\"", "{x}, [y]", "ünï\ncode", "-", long]
        {
            let object = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": name, "namespace": name},
                "rules": [
                    {"apiGroups": ["", name], "resources": ["pods", name], "verbs": ["list"]},
                    {"nonResourceURLs": [name, "/a/*"], "verbs": ["*"]},
                ],
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"kind": "User", "name": name}, {"kind": "Group", "name": name}],
            });
            let yaml = brief(&object);
            assert_eq!(serde_yaml::from_str::<Value>(&yaml).unwrap(), object, "{yaml}");
        }
    }

    #[test]
    fn nobody_is_granted_anything_to_who_is_not_known() {
        assert_eq!(least(&[]), None);
        assert_eq!(least(&[forbidden("", "", "pods")]), None);
        assert_eq!(least(&[forbidden("system:anonymous", "", "pods")]), None);
    }
}
