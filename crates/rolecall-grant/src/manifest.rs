//! Serializes objects: JSON, and YAML with the denials as comments.

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::rbac::v1 as rbac_v1;
use rolecall_rbac::{Binding, Metadata, PolicyRule, SubjectKind, Text};
use rolecall_yaml::{double_quoted, scalar};
use serde::Serialize;
use serde_json::Value;

use crate::denied::Denied;
use crate::object::{GrantedRole, Object};
use crate::subject::RBAC_GROUP;
use crate::text::printable;

/// The maximum number of denials to list in a rule's comment.
const NAMED: usize = 10;

/// Returns an object as JSON.
pub fn json_of(object: &Object) -> Value {
    match object {
        // Applying leaves fields that are not written, such as an existing account's token setting.
        Object::ServiceAccount(account) => json(&core_v1::ServiceAccount {
            automount_service_account_token: None,
            ..core_v1::ServiceAccount::from(account)
        }),
        Object::Role(granted) if granted.role.is_cluster_role() => json(&rbac_v1::ClusterRole {
            aggregation_rule: None,
            ..rbac_v1::ClusterRole::from(&granted.role)
        }),
        Object::Role(granted) => json(&rbac_v1::Role::from(&granted.role)),
        Object::Binding(binding) if binding.is_cluster_role_binding() => {
            json(&rbac_v1::ClusterRoleBinding::from(binding))
        }
        Object::Binding(binding) => json(&rbac_v1::RoleBinding::from(binding)),
    }
}

/// Returns a rule as JSON, without its empty fields.
pub fn json_of_rule(rule: &PolicyRule) -> Value {
    json(&rbac_v1::PolicyRule::from(rule))
}

/// The comment on a rule that answers no denial.
const ALREADY_GRANTED: &str = "# already granted";

/// Returns objects like [`yaml_of`], without comments, for changes that add no rules.
pub fn yaml_without_comments(objects: &[Object]) -> String {
    let yaml = yaml_of(objects);
    let lines = yaml.lines().filter(|line| *line != ALREADY_GRANTED);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Returns objects as a stream of YAML documents for `kubectl apply -f -`.
///
/// Comments list the denials that each rule answers. Names and comments are escaped so that neither
/// YAML parsers nor terminals interpret them.
pub fn yaml_of(objects: &[Object]) -> String {
    let mut yaml = String::new();
    for (object, position) in objects.iter().zip(0..) {
        if position > 0 {
            yaml.push_str("---\n");
        }
        match object {
            Object::ServiceAccount(account) => {
                yaml.push_str("apiVersion: v1\nkind: ServiceAccount\n");
                write_metadata(&mut yaml, &account.metadata);
            }
            Object::Role(granted) => write_role(&mut yaml, granted),
            Object::Binding(binding) => write_binding(&mut yaml, binding),
        }
    }
    yaml
}

const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// Kubernetes' types always have a JSON form.
fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// Returns the non-empty fields of a rule, and always its verbs.
fn fields_of(rule: &PolicyRule) -> Vec<(&'static str, &[Text])> {
    let fields: [(&str, &[Text]); 5] = [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
        ("verbs", &rule.verbs),
    ];
    fields.into_iter().filter(|(name, texts)| *name == "verbs" || !texts.is_empty()).collect()
}

fn write_role(yaml: &mut String, granted: &GrantedRole) {
    let role = &granted.role;
    line(yaml, &format!("apiVersion: {API_VERSION}"));
    line(yaml, &format!("kind: {}", role.kind()));
    write_metadata(yaml, &role.metadata);
    if role.rules.is_empty() {
        return line(yaml, "rules: []");
    }
    line(yaml, "rules:");
    let none = Vec::new();
    for (position, rule) in role.rules.iter().enumerate() {
        write_answers(yaml, granted.answers.get(position).unwrap_or(&none));
        for ((name, texts), field) in fields_of(rule).into_iter().zip(0..) {
            let quoted: Vec<String> = texts.iter().map(|text| double_quoted(text)).collect();
            let dash = if field == 0 { '-' } else { ' ' };
            line(yaml, &format!("{dash} {name}: [{}]", quoted.join(", ")));
        }
    }
}

fn write_answers(yaml: &mut String, answers: &[Denied]) {
    if answers.is_empty() {
        line(yaml, ALREADY_GRANTED);
    }
    for denied in answers.iter().take(NAMED) {
        let mut comment = format!("# {}", sentence(denied));
        if !denied.found.is_empty() {
            comment.push_str(&format!(" ({})", denied.found));
        }
        line(yaml, &printable(&comment));
    }
    if answers.len() > NAMED {
        line(yaml, &format!("# and {} more like these", answers.len() - NAMED));
    }
}

/// Returns a denial in the server's words, with the object's name that the server leaves out.
pub(crate) fn sentence(denied: &Denied) -> String {
    let mut sentence = denied.request.to_string();
    if let rolecall_rbac::Target::Resource(target) = &denied.request.target
        && !target.name.is_empty()
    {
        sentence.push_str(&format!(", name {:?}", target.name));
    }
    sentence
}

fn write_binding(yaml: &mut String, binding: &Binding) {
    line(yaml, &format!("apiVersion: {API_VERSION}"));
    line(yaml, &format!("kind: {}", binding.kind()));
    write_metadata(yaml, &binding.metadata);
    line(yaml, "roleRef:");
    line(yaml, &format!("  apiGroup: {RBAC_GROUP}"));
    line(yaml, &format!("  kind: {}", scalar(binding.role_ref.kind.as_str())));
    line(yaml, &format!("  name: {}", scalar(&binding.role_ref.name)));
    line(yaml, "subjects:");
    for subject in &*binding.subjects {
        line(yaml, &format!("- kind: {}", scalar(subject.kind.as_str())));
        match subject.kind {
            SubjectKind::ServiceAccount => {
                line(yaml, &format!("  name: {}", scalar(&subject.name)));
                line(yaml, &format!("  namespace: {}", scalar(&subject.namespace)));
            }
            _ => {
                line(yaml, &format!("  apiGroup: {RBAC_GROUP}"));
                line(yaml, &format!("  name: {}", scalar(&subject.name)));
            }
        }
    }
}

fn write_metadata(yaml: &mut String, metadata: &Metadata) {
    line(yaml, "metadata:");
    line(yaml, &format!("  name: {}", scalar(&metadata.name)));
    if !metadata.namespace.is_empty() {
        line(yaml, &format!("  namespace: {}", scalar(&metadata.namespace)));
    }
    for (field, pairs) in [("labels", &metadata.labels), ("annotations", &metadata.annotations)] {
        if !pairs.is_empty() {
            line(yaml, &format!("  {field}:"));
            for (key, value) in &**pairs {
                line(yaml, &format!("    {}: {}", scalar(key), scalar(value)));
            }
        }
    }
}

fn line(yaml: &mut String, text: &str) {
    yaml.push_str(text);
    yaml.push('\n');
}
