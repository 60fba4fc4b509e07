//! The cases of a fixture, which `fixtures/README.md` describes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

/// The `cases.yaml` of a fixture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cases {
    /// `rolecall.dev/v1`.
    pub api_version: String,
    /// `Fixture`.
    pub kind: String,
    /// The subject of the fixture, for readers.
    pub about: String,
    /// The namespace of questions and subjects without one.
    #[serde(default)]
    pub namespace: String,
    /// Requirements of the fixture, for readers.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The first and last server version with the APIs of the fixture.
    #[serde(default)]
    pub servers: BTreeMap<String, String>,
    /// The files that a server refuses, and the reasons.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
    /// The questions.
    pub cases: Vec<Case>,
    /// The walks.
    #[serde(default)]
    pub walks: Vec<Walk>,
}

/// A question and its expected answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The question.
    pub ask: Ask,
    /// `allowed`, `denied` or `unknown`.
    pub verdict: String,
    /// The bindings that allow the request.
    #[serde(default)]
    pub by: Vec<String>,
    /// The problems that are reported with the answer.
    #[serde(default)]
    pub problems: Vec<String>,
    /// The kind of the nearest miss.
    pub near: Option<String>,
}

/// The subject and the request of a question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `sa/NAME`, `user/NAME` or `group/NAME`, with implicit groups.
    pub subject: Option<String>,
    /// A user name, without implicit groups.
    pub user: Option<String>,
    /// The groups of that user.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The verb.
    pub verb: String,
    /// `RESOURCE[.GROUP][/SUBRESOURCE]`.
    pub resource: Option<String>,
    /// The namespace; empty for all.
    pub namespace: Option<String>,
    /// The name of the object.
    #[serde(default)]
    pub name: String,
    /// A URL path instead of a resource.
    pub path: Option<String>,
}

/// A walk and its expected result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Walk {
    /// The start of the walk, as `KIND/NAME`.
    pub target: String,
    /// The owners, nearest first.
    pub owners: Option<Vec<String>>,
    /// The ServiceAccount.
    pub runs_as: String,
    /// Whether the ServiceAccount exists.
    pub exists: Option<bool>,
    /// Whether a token is mounted.
    pub token: Option<Token>,
    /// The bindings that name the ServiceAccount.
    pub bindings: Vec<String>,
    /// The Pods that run as it.
    pub pods: Option<Vec<String>>,
}

/// Whether a token is mounted.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Whether it is; `None` if that is unknown.
    pub mounted: Option<bool>,
    /// The reason.
    pub because: String,
}

/// Returns whether a file of a fixture contains manifests, rather than a table of cases.
pub fn is_manifest(path: &Path) -> bool {
    !(path.ends_with("cases.yaml") || path.ends_with("rows.yaml"))
}

impl Cases {
    /// Reads the cases of a directory.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("cases.yaml");
        let failure =
            |error: &dyn std::fmt::Display| format!("cannot read `{}`: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&error))?;
        serde_yaml::from_str(&text).map_err(|error| failure(&error))
    }

    /// Returns whether a server of this minor version has the APIs of the fixture.
    pub fn are_for(&self, minor: u32) -> bool {
        let bound = |name| self.servers.get(name).and_then(|version| minor_of(version));
        bound("from").is_none_or(|from| minor >= from)
            && bound("until").is_none_or(|until| minor <= until)
    }

    /// Returns the namespaces of the questions.
    pub fn namespaces(&self) -> BTreeSet<&str> {
        let asked = self.cases.iter().filter_map(|case| case.ask.namespace.as_deref());
        let all = asked.chain([self.namespace.as_str()]);
        all.filter(|namespace| !namespace.is_empty() && *namespace != "default").collect()
    }

    /// Converts a question to the `spec` of a SubjectAccessReview.
    pub fn spec(&self, ask: &Ask) -> Value {
        let (user, groups) = match &ask.subject {
            Some(subject) => self.identity(subject),
            None => (ask.user.clone().unwrap_or_default(), ask.groups.clone()),
        };
        let mut spec = json!({"groups": groups});
        if !user.is_empty() {
            spec["user"] = user.into();
        }
        match (&ask.path, &ask.resource) {
            (Some(path), _) => {
                let asked = json!({"verb": ask.verb, "path": path});
                spec["nonResourceAttributes"] = asked;
            }
            (None, resource) => {
                let resource = resource.as_deref().unwrap_or_default();
                let (head, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let (resource, group) = head.split_once('.').unwrap_or((head, ""));
                let asked = json!({
                    "namespace": ask.namespace.as_ref().unwrap_or(&self.namespace),
                    "verb": ask.verb, "group": group, "resource": resource,
                    "subresource": subresource, "name": ask.name,
                });
                spec["resourceAttributes"] = asked;
            }
        }
        spec
    }

    /// Returns the user of a subject and its implicit groups.
    fn identity(&self, subject: &str) -> (String, Vec<String>) {
        let owned = |groups: &[&str]| groups.iter().map(|&group| group.to_owned()).collect();
        let (kind, name) = subject.split_once('/').unwrap_or(("user", subject));
        let account = match kind {
            "sa" => Some(name.split_once(':').unwrap_or((&self.namespace, name))),
            "user" => name.strip_prefix(ACCOUNT).and_then(|account| account.split_once(':')),
            _ => None,
        };
        if let Some((namespace, name)) = account {
            let group = format!("system:serviceaccounts:{namespace}");
            let groups = owned(&["system:serviceaccounts", &group, AUTHENTICATED]);
            return (format!("{ACCOUNT}{namespace}:{name}"), groups);
        }
        match (kind, name) {
            ("user", "system:anonymous") => (name.to_owned(), owned(&["system:unauthenticated"])),
            ("user", _) => (name.to_owned(), owned(&[AUTHENTICATED])),
            (_, "system:authenticated" | "system:unauthenticated") => {
                (String::new(), owned(&[name]))
            }
            (_, group) if group.starts_with("system:serviceaccounts:") => {
                (String::new(), owned(&[name, "system:serviceaccounts", AUTHENTICATED]))
            }
            _ => (String::new(), owned(&[name, AUTHENTICATED])),
        }
    }
}

const ACCOUNT: &str = "system:serviceaccount:";
const AUTHENTICATED: &str = "system:authenticated";

impl Case {
    /// Returns whether a server can give this reason: it names one of the grants.
    pub fn may_name(&self, reason: &str) -> bool {
        self.by.iter().any(|binding| match binding.split_once(' ') {
            Some((kind, name)) => {
                let name = match name.split_once('/') {
                    Some((namespace, name)) => format!("{name}/{namespace}"),
                    None => name.to_owned(),
                };
                reason.starts_with(&format!("RBAC: allowed by {kind} \"{name}\" of "))
            }
            // The server gives no reason for members of system:masters.
            None => reason.is_empty(),
        })
    }
}

fn minor_of(version: &str) -> Option<u32> {
    version.split_once('.')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(servers: &str) -> Cases {
        let head = "apiVersion: rolecall.dev/v1\nkind: Fixture\nabout: a test\n";
        let text = format!("{head}namespace: shop\nservers: {servers}\ncases: []\n");
        serde_yaml::from_str(&text).expect("it is YAML")
    }

    #[test]
    fn a_question_becomes_a_review() {
        let rows = [
            (
                "{subject: 'sa/ci:bot', verb: get, resource: pods/log, name: web-0}",
                json!({
                    "user": "system:serviceaccount:ci:bot",
                    "groups": ["system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"],
                    "resourceAttributes": {"namespace": "shop", "verb": "get", "group": "",
                        "resource": "pods", "subresource": "log", "name": "web-0"},
                }),
            ),
            (
                "{subject: group/devs, verb: list, resource: deployments.apps, namespace: ''}",
                json!({
                    "groups": ["devs", "system:authenticated"],
                    "resourceAttributes": {"namespace": "", "verb": "list", "group": "apps",
                        "resource": "deployments", "subresource": "", "name": ""},
                }),
            ),
            (
                "{user: jane, groups: [devs], verb: get, path: /metrics}",
                json!({
                    "user": "jane", "groups": ["devs"],
                    "nonResourceAttributes": {"verb": "get", "path": "/metrics"},
                }),
            ),
        ];
        for (text, expected) in rows {
            let ask: Ask = serde_yaml::from_str(text).expect("it is YAML");
            assert_eq!(cases("{}").spec(&ask), expected, "{text}");
        }
    }

    #[test]
    fn cases_are_limited_to_server_versions() {
        let rows = [
            ("{}", [true, true, true]),
            ("{from: '1.21'}", [false, true, true]),
            ("{until: '1.21'}", [true, true, false]),
        ];
        for (servers, expected) in rows {
            assert_eq!(
                [20, 21, 22].map(|minor| cases(servers).are_for(minor)),
                expected,
                "{servers}"
            );
        }
    }

    #[test]
    fn a_reason_names_one_of_the_grants() {
        let case = |by: &[&str]| Case {
            ask: serde_yaml::from_str("{verb: get}").expect("it is YAML"),
            verdict: "allowed".to_owned(),
            by: by.iter().map(|&by| by.to_owned()).collect(),
            problems: Vec::new(),
            near: None,
        };
        let reason = "RBAC: allowed by RoleBinding \"b/shop\" of Role \"r\" to User \"jane\"";
        let rows = [
            (case(&["RoleBinding shop/b"]), reason, true),
            (case(&["RoleBinding shop/a", "RoleBinding shop/b"]), reason, true),
            (case(&["ClusterRoleBinding b"]), reason, false),
            (case(&["system:masters"]), "", true),
            (case(&["RoleBinding shop/b"]), "", false),
        ];
        for (case, reason, expected) in rows {
            assert_eq!(case.may_name(reason), expected, "{case:?}");
        }
    }
}
