//! The cases of a fixture (see `fixtures/README.md`) as requests to a server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::json::set;
use crate::failure::{Failure, Result};
use crate::files;

/// A fixture's `cases.yaml`, without the parts that do not concern a server.
#[derive(Debug, Deserialize)]
pub(super) struct Cases {
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    servers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) refused: BTreeMap<String, String>,
    pub(super) cases: Vec<Case>,
    #[serde(default)]
    pub(super) walks: Vec<Walk>,
}

/// A question and its expected answer.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) ask: Ask,
    pub(super) verdict: String,
    #[serde(default)]
    by: Vec<String>,
}

/// The subject and the request of a question.
#[derive(Debug, Deserialize)]
pub(super) struct Ask {
    subject: Option<String>,
    user: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    verb: String,
    resource: Option<String>,
    namespace: Option<String>,
    #[serde(default)]
    name: String,
    path: Option<String>,
}

/// A walk and its expected result.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Walk {
    pub(super) target: String,
    pub(super) owners: Option<Vec<String>>,
    pub(super) runs_as: String,
    pub(super) exists: Option<bool>,
    pub(super) token: Option<Token>,
    pub(super) bindings: Vec<String>,
}

/// Whether a token is mounted.
#[derive(Debug, Deserialize)]
pub(super) struct Token {
    pub(super) mounted: Option<bool>,
    pub(super) because: String,
}

impl Cases {
    /// Reads the cases of a directory.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("cases.yaml");
        serde_yaml::from_str(&files::read(&path)?)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))
    }

    /// Returns whether a server of this minor version has the APIs of the fixture.
    pub(super) fn are_for(&self, minor: u32) -> bool {
        let bound = |name| self.servers.get(name).and_then(|version| minor_of(version));
        bound("from").is_none_or(|from| minor >= from)
            && bound("until").is_none_or(|until| minor <= until)
    }

    /// Returns the namespaces of the questions.
    pub(super) fn namespaces(&self) -> BTreeSet<&str> {
        let asked = self.cases.iter().filter_map(|case| case.ask.namespace.as_deref());
        let all = asked.chain([self.namespace.as_str()]);
        all.filter(|namespace| !namespace.is_empty() && *namespace != "default").collect()
    }

    /// Converts a question to the `spec` of a SubjectAccessReview.
    pub(super) fn spec(&self, ask: &Ask) -> Value {
        let (user, groups) = match &ask.subject {
            Some(subject) => self.identity(subject),
            None => (ask.user.clone().unwrap_or_default(), ask.groups.clone()),
        };
        let mut spec = json!({"groups": groups});
        if !user.is_empty() {
            set(&mut spec, "user", user.into());
        }
        match (&ask.path, &ask.resource) {
            (Some(path), _) => {
                let asked = json!({"verb": ask.verb, "path": path});
                set(&mut spec, "nonResourceAttributes", asked);
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
                set(&mut spec, "resourceAttributes", asked);
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
    pub(super) fn may_name(&self, reason: &str) -> bool {
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
        let text = format!("namespace: shop\nservers: {servers}\ncases: []\n");
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
