//! The cases of `fixtures/escalation`: rights of a user, and the path that they open.

use serde::Deserialize;

/// The user to whom the cases grant rights.
pub const USER: &str = "escalation-mallory";
/// The label of the objects that grant rights.
pub const LABEL: &str = "escalation.example.com/case";

const RBAC: &str = "rbac.authorization.k8s.io";

/// Rights, and the path that they open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCase {
    /// The row of docs/escalation.md.
    pub row: String,
    /// The difference from other cases of the row.
    pub case: String,
    /// `SCOPE VERBS RESOURCE[.GROUP][/SUBRESOURCE] [NAMES]`.
    pub rights: Vec<String>,
    /// Bindings of existing roles: `SCOPE KIND NAME`.
    #[serde(default)]
    pub holds: Vec<String>,
    /// The sink.
    #[serde(default = "cluster_admin")]
    pub to: String,
    /// The rows of the path; none for a near miss.
    #[serde(default)]
    pub path: Vec<String>,
    /// `reachable` unless nodes are hardened.
    pub nodes: Option<String>,
    /// `possible` to follow steps that depend on something outside the input.
    pub follow: Option<String>,
    /// The release whose defaults are assumed; none without it.
    pub release: Option<String>,
}

fn cluster_admin() -> String {
    "cluster-admin".to_owned()
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<RowCase>,
}

/// Parses the cases.
pub fn cases(text: &str) -> Result<Vec<RowCase>, String> {
    let parsed: Rows = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    Ok(parsed.rows)
}

impl RowCase {
    /// Returns the arguments of `rolecall paths`.
    pub fn arguments(&self) -> String {
        let mut arguments = format!("--from user/{USER} --to {}", self.to);
        arguments.push_str(&format!(" --defaults {}", self.release.as_deref().unwrap_or("none")));
        if self.nodes.as_deref() != Some("reachable") {
            arguments.push_str(" --assume-hardened-nodes");
        }
        if self.follow.as_deref() == Some("possible") {
            arguments.push_str(" --possible");
        }
        arguments
    }

    /// Returns the roles and bindings that grant the rights, as YAML.
    pub fn manifests(&self) -> String {
        let rights = self.rights.iter().enumerate().map(|(number, right)| grant(number, right));
        let holds = self.holds.iter().enumerate().map(|(number, held)| {
            let mut words = held.split(' ');
            let mut next = || words.next().expect("SCOPE KIND NAME");
            let (scope, kind, name) = (next(), next(), next());
            binding(&format!("{USER}-holds-{number}"), scope, kind, name)
        });
        rights.chain(holds).collect()
    }
}

fn grant(number: usize, right: &str) -> String {
    let words: Vec<&str> = right.split(' ').collect();
    let (scope, verbs, target) = (words[0], words[1], words[2]);
    let names = words.get(3).map_or(String::new(), |names| format!(", resourceNames: [{names}]"));
    let (target, subresource) = match target.split_once('/') {
        Some((target, subresource)) => (target, format!("/{subresource}")),
        None => (target, String::new()),
    };
    let (resource, group) = target.split_once('.').unwrap_or((target, ""));
    let verbs: Vec<String> = verbs.split(',').map(|verb| format!("'{verb}'")).collect();
    let verbs = verbs.join(", ");
    let kind = if scope == "*" { "ClusterRole" } else { "Role" };
    let name = format!("{USER}-{number}");
    let role = format!(
        "---\napiVersion: {RBAC}/v1\nkind: {kind}\nmetadata: {}\nrules:\n\
         - {{apiGroups: ['{group}'], resources: ['{resource}{subresource}'], verbs: [{verbs}]{names}}}\n",
        metadata(&name, scope)
    );
    role + &binding(&name, scope, kind, &name)
}

fn binding(name: &str, scope: &str, kind: &str, role: &str) -> String {
    let of = if scope == "*" { "ClusterRoleBinding" } else { "RoleBinding" };
    format!(
        "---\napiVersion: {RBAC}/v1\nkind: {of}\nmetadata: {}\n\
         roleRef: {{apiGroup: {RBAC}, kind: {kind}, name: {role}}}\n\
         subjects: [{{apiGroup: {RBAC}, kind: User, name: {USER}}}]\n",
        metadata(name, scope)
    )
}

fn metadata(name: &str, scope: &str) -> String {
    let namespace = match scope {
        "*" => String::new(),
        namespace => format!(", namespace: {namespace}"),
    };
    format!("{{name: {name}{namespace}, labels: {{{LABEL}: 'true'}}}}")
}
