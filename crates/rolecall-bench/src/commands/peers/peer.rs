//! The peers: how they are asked, and how their answers are read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::question::Question;
use super::truth::ACCOUNTS;

/// A program that can list the subjects of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Rolecall,
    WhoCan,
    Rakkess,
    RbacTool,
}

impl Peer {
    pub(super) const ALL: [Self; 4] = [Self::Rolecall, Self::WhoCan, Self::Rakkess, Self::RbacTool];

    /// Returns the name of the program.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Rolecall => "rolecall",
            Self::WhoCan => "kubectl-who-can",
            Self::Rakkess => "rakkess",
            Self::RbacTool => "rbac-tool",
        }
    }

    /// Returns the arguments for a question, or `None` if the program cannot be asked it.
    pub(super) fn words(self, question: &Question) -> Option<Vec<String>> {
        let Question { verb, resource, subresource, name, namespace, .. } = question;
        let mut words: Vec<&str> = Vec::new();
        let named = |mark: char| match &**name {
            "" => resource.clone(),
            name => format!("{resource}{mark}{name}"),
        };
        let target;
        match self {
            Self::Rolecall => {
                words.extend(["who-can", verb, resource, "-o", "json"]);
                words.extend(option("--subresource", subresource));
                words.extend(option("--name", name));
                words.extend(option("-n", namespace));
            }
            Self::WhoCan => {
                target = named('/');
                words.extend([verb, &target, "-o", "json"]);
                words.extend(option("--subresource", subresource));
                words.extend(option("-n", namespace));
            }
            // It has no API groups, subresources, paths, or verbs other than those of resources.
            Self::Rakkess => {
                if !subresource.is_empty() || question.is_path() || verb == "impersonate" {
                    return None;
                }
                words.extend(["resource", resource.split('.').next().unwrap_or_default()]);
                words.extend((!name.is_empty()).then_some(&**name));
                words.extend(["--verbs", verb]);
                words.extend(option("-n", namespace));
            }
            // It has no subresources; its answer is for all namespaces, and names them.
            Self::RbacTool => {
                if !subresource.is_empty() {
                    return None;
                }
                target = named('/');
                words.extend(["who-can", verb, &target, "-o", "json"]);
            }
        }
        Some(words.into_iter().map(str::to_owned).collect())
    }

    /// Reads the ServiceAccounts in an answer; `None` if the program failed.
    pub(super) fn read(
        self,
        text: &str,
        question: &Question,
        succeeded: bool,
    ) -> Option<BTreeSet<String>> {
        if !succeeded && (self != Self::Rolecall || text.is_empty()) {
            return None;
        }
        let mut accounts = BTreeSet::new();
        match self {
            Self::Rakkess => rakkess(text, &mut accounts),
            Self::WhoCan => {
                let answer: Value = serde_json::from_str(text).ok()?;
                for binding in lists(&answer, &["clusterRoleBindings", "roleBindings"]) {
                    subjects(binding.get("subjects"), &mut accounts);
                }
            }
            Self::Rolecall => {
                let answer: Value = serde_json::from_str(text).ok()?;
                for holder in lists(&answer, &["holders"]) {
                    subject(holder.get("subject"), &mut accounts);
                }
            }
            Self::RbacTool => {
                let answer: Value = serde_json::from_str(text).ok()?;
                for each in answer.as_array().into_iter().flatten() {
                    if applies_in(each, &question.namespace) {
                        subject(Some(each), &mut accounts);
                    }
                }
            }
        }
        Some(accounts)
    }
}

fn option<'a>(name: &'a str, value: &'a str) -> Vec<&'a str> {
    if value.is_empty() { Vec::new() } else { vec![name, value] }
}

/// Returns whether a subject of `rbac-tool` holds a rule in a namespace or everywhere.
fn applies_in(subject: &Value, namespace: &str) -> bool {
    let rules = lists(subject, &["allowedTo"]);
    let mut namespaces = rules.iter().filter_map(|rule| rule.get("namespace")?.as_str());
    namespaces.any(|allowed| allowed == "*" || allowed == namespace)
}

fn lists<'a>(answer: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    names.iter().filter_map(|name| answer.get(name)?.as_array()).flatten().collect()
}

fn subjects(list: Option<&Value>, accounts: &mut BTreeSet<String>) {
    for each in list.and_then(Value::as_array).into_iter().flatten() {
        subject(Some(each), accounts);
    }
}

/// Adds the ServiceAccounts of a subject, with those in the groups of ServiceAccounts.
fn subject(subject: Option<&Value>, accounts: &mut BTreeSet<String>) {
    let field =
        |name: &str| subject.and_then(|subject| subject.get(name)?.as_str()).unwrap_or_default();
    add(field("kind"), field("namespace"), field("name"), accounts);
}

/// Reads rows of `NAME KIND SA-NAMESPACE VERB`.
fn rakkess(text: &str, accounts: &mut BTreeSet<String>) {
    for row in text.lines() {
        let words: Vec<&str> = row.split_whitespace().collect();
        match *words {
            [name, kind, namespace, "✔"] => add(kind, namespace, name, accounts),
            [name, kind, "✔"] => add(kind, "", name, accounts),
            _ => {}
        }
    }
}

fn add(kind: &str, namespace: &str, name: &str, accounts: &mut BTreeSet<String>) {
    let is_meant = |account: &str| {
        let (in_namespace, named) = account.split_once('/').unwrap_or_default();
        match kind {
            "ServiceAccount" => in_namespace == namespace && named == name,
            "User" => name == format!("system:serviceaccount:{in_namespace}:{named}"),
            _ => {
                ["system:serviceaccounts", "system:authenticated"].contains(&name)
                    || name == format!("system:serviceaccounts:{in_namespace}")
            }
        }
    };
    accounts.extend(ACCOUNTS.iter().filter(|account| is_meant(account)).map(ToString::to_string));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(row: [&str; 5]) -> Question {
        let [verb, resource, subresource, name, namespace] = row.map(str::to_owned);
        Question { verb, resource, subresource, name, namespace, ..Question::default() }
    }

    #[test]
    fn each_peer_is_asked_in_its_own_words() {
        let log = question(["get", "pods", "log", "", "peers-a"]);
        let words = |peer: Peer| peer.words(&log).map(|words| words.join(" "));
        assert_eq!(
            Peer::ALL.map(words),
            [
                Some("who-can get pods -o json --subresource log -n peers-a".to_owned()),
                Some("get pods -o json --subresource log -n peers-a".to_owned()),
                None,
                None,
            ]
        );
        let named = question(["get", "secrets", "", "s", ""]);
        let words = Peer::Rakkess.words(&named).unwrap();
        assert_eq!(words.join(" "), "resource secrets s --verbs get");
    }

    #[test]
    fn answers_name_accounts_directly_and_in_groups() {
        let asked = question(["get", "pods", "", "", "peers-a"]);
        let read = |peer: Peer, text: &str| {
            let accounts = peer.read(text, &asked, true).unwrap();
            accounts.into_iter().collect::<Vec<_>>().join(" ")
        };
        let table = "NAME KIND SA-NAMESPACE GET\nplain ServiceAccount peers-a ✔\n\
            system:serviceaccounts:peers-b Group ✔\nstar ServiceAccount peers-a ✖\n";
        assert_eq!(read(Peer::Rakkess, table), "peers-a/plain peers-b/other");
        let user = r#"{"roleBindings": [{"subjects": [{"kind": "User", "name": "system:serviceaccount:peers-a:star"}]}]}"#;
        assert_eq!(read(Peer::WhoCan, user), "peers-a/star");
        let holder = r#"{"holders": [{"subject": {"kind": "ServiceAccount", "namespace": "peers-a", "name": "named"}}]}"#;
        assert_eq!(read(Peer::Rolecall, holder), "peers-a/named");
        let rules = r#"[{"kind": "ServiceAccount", "namespace": "peers-a", "name": "star", "allowedTo": [{"namespace": "peers-a"}]},
            {"kind": "ServiceAccount", "namespace": "peers-b", "name": "other", "allowedTo": [{"namespace": "peers-b"}]}]"#;
        assert_eq!(read(Peer::RbacTool, rules), "peers-a/star");
        assert_eq!(Peer::RbacTool.read("not JSON", &asked, true), None);
    }
}
