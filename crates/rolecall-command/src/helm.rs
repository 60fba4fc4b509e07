//! The requests of helm that its command line determines: those for the Secrets in which it stores its releases.

use super::Word;
use super::kubectl::needs_of_user;
use super::word::Part;
use crate::need::{Need, NeedName, NeedNamespace};
use rolecall_rbac::KubernetesVersion;

/// Flags that take the next word as their value and precede the relevant arguments.
const ELSEWHERE: [&str; 4] = ["--kubeconfig", "--kube-context", "--kube-apiserver", "--kube-token"];

/// Flags that set the identity that helm uses.
const AS_USER: &str = "--kube-as-user";
const AS_GROUP: &str = "--kube-as-group";

/// Returns the needs of a command line, without those of the objects in the chart.
pub(super) fn needs(words: &[Word], version: KubernetesVersion) -> Vec<Need> {
    let needs = own_needs(words);
    match values(words, AS_USER).last() {
        Some(user) if !needs.is_empty() => {
            needs_of_user(user, &values(words, AS_GROUP), &needs, version)
        }
        // Servers reject groups without a user.
        None if !values(words, AS_GROUP).is_empty() => Vec::new(),
        _ => needs,
    }
}

/// Returns the requests of a command line, as the identity that it uses.
fn own_needs(words: &[Word]) -> Vec<Need> {
    let elsewhere = words.iter().any(|word| {
        let name = word.start().split('=').next().unwrap_or_default();
        ELSEWHERE.contains(&name) || matches!(name, "--dry-run" | "--help" | "-h")
    });
    if elsewhere {
        return Vec::new();
    }
    let verbs: &[&'static str] = match subcommand(words).and_then(Word::known) {
        Some("install") => &["list", "create", "update"],
        // If there are as many revisions as helm keeps, it reads and deletes the oldest.
        Some("upgrade") if !keeps_all_revisions(words) => {
            &["list", "get", "create", "update", "delete"]
        }
        Some("upgrade") => &["list", "create", "update"],
        Some("uninstall" | "delete" | "un" | "del") if has(words, "--keep-history") => {
            &["list", "update"]
        }
        Some("uninstall" | "delete" | "un" | "del") => &["list", "get", "delete"],
        Some("rollback") => &["list", "get", "create", "update"],
        Some("list" | "ls" | "history" | "status" | "get" | "test") => &["list"],
        _ => return Vec::new(),
    };
    let namespace = namespace(words);
    verbs
        .iter()
        .map(|verb| {
            // Helm names its Secrets after the revisions of the release, which a manifest does not contain.
            let name = match *verb {
                "list" | "create" => NeedName::Collection,
                _ => NeedName::Unknown,
            };
            Need::new(verb, "", "secrets", name).in_namespace(&namespace)
        })
        .collect()
}

/// Returns the words that determine the needs of a command line.
pub(super) fn kept(words: &[Word]) -> Vec<Word> {
    let mut kept: Vec<Word> = subcommand(words).cloned().into_iter().collect();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let name = word.start().split('=').next().unwrap_or_default();
        match name {
            "-A" | "--all-namespaces" | "-h" | "--help" | "--dry-run" | "--keep-history" => {
                kept.push(Word::text(name))
            }
            "-n" | "--namespace" | "--history-max" | AS_USER | AS_GROUP => {
                kept.push(word.clone());
                if word.split_once('=').is_none() {
                    kept.extend(rest.next().cloned());
                }
            }
            _ if ELSEWHERE.contains(&name) => kept.push(Word::text(&format!("{name}=REDACTED"))),
            _ => {}
        }
    }
    kept
}

/// Returns the first word that is neither a flag nor the value of a flag that can precede it.
fn subcommand(words: &[Word]) -> Option<&Word> {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.known() {
            Some("-n" | "--namespace" | AS_USER | AS_GROUP) => {
                rest.next();
            }
            Some(flag) if ELSEWHERE.contains(&flag) => {
                rest.next();
            }
            _ if word.start().starts_with('-') => {}
            _ => return Some(word),
        }
    }
    None
}

/// Returns the values of a flag in order.
fn values(words: &[Word], flag: &str) -> Vec<Word> {
    let assigned = format!("{flag}=");
    let mut values = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.known() {
            Some(known) if known == flag => values.extend(rest.next().cloned()),
            _ => values.extend(word.strip_prefix(&assigned)),
        }
    }
    values
}

/// Returns whether a flag without a value is given.
fn has(words: &[Word], flag: &str) -> bool {
    words.iter().any(|word| word.known() == Some(flag))
}

/// Returns whether `--history-max 0` is given: then no revision is ever deleted.
fn keeps_all_revisions(words: &[Word]) -> bool {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let value = match word.known() {
            Some("--history-max") => rest.next().cloned(),
            _ => word.strip_prefix("--history-max="),
        };
        if let Some(value) = value {
            return value.known() == Some("0");
        }
    }
    false
}

fn namespace(words: &[Word]) -> NeedNamespace {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let value = match word.known() {
            Some("-n" | "--namespace") => rest.next().cloned(),
            Some("-A" | "--all-namespaces") => return NeedNamespace::Known("".into()),
            _ => word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n=")),
        };
        if let Some(value) = value {
            return match (&*value.parts, value.known()) {
                ([Part::OwnNamespace], _) => NeedNamespace::Own,
                (_, Some(namespace)) => NeedNamespace::Known(namespace.into()),
                _ => NeedNamespace::Unknown,
            };
        }
    }
    NeedNamespace::Own
}
