//! Generates small inputs whose parts have many combinations.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Random;

/// Writes a custom resource with 20,000 pod specs.
pub fn write_pods(out: &mut impl Write) -> io::Result<()> {
    let workers = (0..20_000).map(|index| {
        json!({"name": format!("worker-{index}"), "template": {"spec": {
            "serviceAccountName": format!("account-{index}"),
            "containers": [{"name": "main", "image": "example.com/app:1"}],
        }}})
    });
    let fleet = json!({
        "apiVersion": "example.com/v1",
        "kind": "Fleet",
        "metadata": {"name": "fleet", "namespace": "shop"},
        "spec": {"workers": workers.collect::<Vec<_>>()},
    });
    serde_json::to_writer(out, &fleet)?;
    Ok(())
}

/// Writes a ClusterRole with 300 rules that overlap in all dimensions.
pub fn write_overlaps(out: &mut impl Write, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    let mut names = |name: &str, count: usize, limit: usize| -> Vec<String> {
        (0..count).map(|_| format!("{name}{}", random.below(limit))).collect()
    };
    let rules = (0..300).map(|index| {
        let mut rule = json!({
            "apiGroups": names("group", 5, 200),
            "resources": names("resources", 8, 300),
            "verbs": names("verb", 5, 10),
        });
        if index % 2 == 1
            && let Some(fields) = rule.as_object_mut()
        {
            fields.insert("resourceNames".to_owned(), json!(names("name", 4, 400)));
        }
        rule
    });
    let rules = rules.collect::<Vec<_>>();
    write(out, vec![cluster_role("wide", &json!(rules)), binding("wide")])
}

/// Writes 2,000 ClusterRoles that select all ClusterRoles, and as many others.
pub fn write_aggregated(out: &mut impl Write) -> io::Result<()> {
    let selecting = (0..2_000).map(|index| {
        let mut role = cluster_role(&format!("all-{index}"), &json!([]));
        if let Some(fields) = role.as_object_mut() {
            let rule = json!({"clusterRoleSelectors": [{}]});
            fields.insert("aggregationRule".to_owned(), rule);
        }
        role
    });
    let others = (0..2_000).map(|index| {
        let rule = json!({"apiGroups": [""], "resources": [format!("r{index}")], "verbs": ["get"]});
        cluster_role(&format!("one-{index}"), &json!([rule]))
    });
    write(out, selecting.chain(others).chain([binding("all-0")]).collect())
}

/// Writes a rule with 270 million combinations.
pub fn write_product(out: &mut impl Write) -> io::Result<()> {
    let names = |name: &str, count: usize| -> Vec<String> {
        (0..count).map(|index| format!("{name}{index}")).collect()
    };
    let rule = json!({
        "apiGroups": names("group", 300),
        "resources": names("resources", 300),
        "verbs": names("verb", 30),
        "resourceNames": names("name", 100),
    });
    write(out, vec![cluster_role("product", &json!([rule])), binding("product")])
}

/// Writes 20,000 rules and a rule with 100,000 resources that no server serves.
pub fn write_unserved(out: &mut impl Write) -> io::Result<()> {
    let rule = |resources: Vec<String>| json!({"apiGroups": ["apps"], "resources": resources, "verbs": ["get"]});
    let many = (0..100_000).map(|index| format!("thing{index}s")).collect();
    let rules = (0..20_000).map(|index| rule(vec![format!("item{index}s")]));
    let rules: Vec<Value> = rules.chain([rule(many)]).collect();
    write(out, vec![cluster_role("unserved", &json!(rules)), binding("unserved")])
}

fn cluster_role(name: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    })
}

fn binding(role: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": role},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role,
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "User",
            "name": "jane",
        }],
    })
}

fn write(out: &mut impl Write, items: Vec<Value>) -> io::Result<()> {
    serde_json::to_writer(out, &json!({"apiVersion": "v1", "kind": "List", "items": items}))?;
    Ok(())
}
