//! What helm asks of the API server, as far as its command line tells: the Secrets in which it keeps
//! its releases.

use super::Word;
use super::word::Part;
use crate::needs::{Need, NeedName, NeedNamespace};

/// Flags that take the next word as their value and precede what matters here.
const ELSEWHERE: [&str; 5] =
    ["--kubeconfig", "--kube-context", "--kube-apiserver", "--kube-token", "--kube-as-user"];

/// Returns what a command line needs besides what the chart's objects do.
pub(super) fn needs(words: &[Word]) -> Vec<Need> {
    let elsewhere = words.iter().any(|word| {
        let name = word.start().split('=').next().unwrap_or_default();
        ELSEWHERE.contains(&name) || matches!(name, "--dry-run" | "--help" | "-h")
    });
    let Some(subcommand) = words.iter().find(|word| !word.start().starts_with('-')) else {
        return Vec::new();
    };
    if elsewhere {
        return Vec::new();
    }
    let verbs: &[&'static str] = match subcommand.known() {
        Some("install" | "upgrade") => &["list", "create", "update"],
        Some("uninstall" | "delete" | "un" | "del") => &["list", "delete"],
        Some("rollback") => &["list", "create", "update"],
        Some("list" | "ls" | "history" | "status" | "get" | "test") => &["list"],
        _ => return Vec::new(),
    };
    let namespace = namespace(words);
    verbs
        .iter()
        .map(|verb| {
            // Releases are called after charts' revisions, which nobody writes down.
            let name = match *verb {
                "list" | "create" => NeedName::Collection,
                _ => NeedName::Unknown,
            };
            Need::new(verb, "", "secrets", name).in_namespace(&namespace)
        })
        .collect()
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
