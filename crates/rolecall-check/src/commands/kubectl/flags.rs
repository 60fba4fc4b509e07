use std::collections::BTreeMap;

use crate::commands::Word;
use crate::commands::word::Part;
use crate::needs::NeedNamespace;

/// Flags that take the next word as their value.
const WITH_VALUE: &[&str] = &[
    "address",
    "annotations",
    "api-group",
    "as",
    "as-group",
    "as-uid",
    "as-user-extra",
    "audience",
    "bound-object-kind",
    "bound-object-name",
    "cache-dir",
    "cert",
    "certificate-authority",
    "class",
    "client-certificate",
    "client-key",
    "cluster",
    "clusterip",
    "clusterrole",
    "container",
    "containers",
    "context",
    "cpu-percent",
    "current-replicas",
    "default-backend",
    "duration",
    "env",
    "external-ip",
    "external-name",
    "field-manager",
    "field-selector",
    "filename",
    "for",
    "from",
    "from-env-file",
    "from-file",
    "from-literal",
    "grace-period",
    "group",
    "hard",
    "image",
    "image-pull-policy",
    "key",
    "kubeconfig",
    "kustomize",
    "label-columns",
    "labels",
    "limits",
    "max",
    "max-unavailable",
    "min",
    "min-available",
    "name",
    "namespace",
    "non-resource-url",
    "output",
    "overrides",
    "password",
    "patch",
    "patch-file",
    "pod-running-timeout",
    "port",
    "protocol",
    "raw",
    "replicas",
    "request-timeout",
    "requests",
    "resource",
    "resource-name",
    "resource-version",
    "restart",
    "revision",
    "role",
    "rule",
    "schedule",
    "scopes",
    "selector",
    "server",
    "serviceaccount",
    "since",
    "since-time",
    "sort-by",
    "subresource",
    "tail",
    "target-port",
    "tcp",
    "template",
    "timeout",
    "tls-server-name",
    "to-revision",
    "token",
    "type",
    "user",
    "username",
    "v",
    "value",
    "verb",
    "vmodule",
];

/// Flags that never do.
const WITHOUT_VALUE: &[&str] = &[
    "all",
    "all-containers",
    "all-namespaces",
    "all-pods",
    "allow-missing-template-keys",
    "append-hash",
    "attach",
    "client",
    "cluster-info",
    "command",
    "delete-emptydir-data",
    "delete-local-data",
    "disable-eviction",
    "expose",
    "follow",
    "force",
    "force-conflicts",
    "help",
    "ignore-daemonsets",
    "ignore-errors",
    "ignore-not-found",
    "insecure-skip-tls-verify",
    "leave-stdin-open",
    "list",
    "local",
    "match-server-version",
    "no-headers",
    "now",
    "output-watch-events",
    "overwrite",
    "prefix",
    "previous",
    "prune",
    "quiet",
    "recursive",
    "resume",
    "rm",
    "save-config",
    "server-print",
    "show-kind",
    "show-labels",
    "show-managed-fields",
    "stdin",
    "timestamps",
    "tty",
    "validate",
    "wait",
    "warnings-as-errors",
    "watch",
    "watch-only",
    "windows-line-endings",
];

/// Flags whose value, if they have one, follows `=`.
const OPTIONAL_VALUE: [&str; 4] = ["cascade", "dry-run", "server-side", "record"];

/// The long names of short flags.
const SHORT: [(char, &str); 18] = [
    ('A', "all-namespaces"),
    ('L', "label-columns"),
    ('R', "recursive"),
    ('c', "container"),
    ('e', "env"),
    ('f', "filename"),
    ('h', "help"),
    ('i', "stdin"),
    ('k', "kustomize"),
    ('l', "selector"),
    ('n', "namespace"),
    ('o', "output"),
    ('p', "patch"),
    ('q', "quiet"),
    ('s', "server"),
    ('t', "tty"),
    ('v', "v"),
    ('w', "watch"),
];

/// The arguments of kubectl, taken apart.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// What is no flag, the subcommand first.
    pub(super) operands: Vec<Word>,
    values: BTreeMap<String, Word>,
}

impl Flags {
    /// Takes a command line apart; `None` when a flag of it is not known, for the next word may then
    /// be its value or not.
    pub(super) fn parse(words: &[Word]) -> Option<Self> {
        let mut flags = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word.known() == Some("--") {
                // What follows runs in a container.
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name.known()?.to_owned(), Some(value)),
                    None => (long.known()?.to_owned(), None),
                };
                let value = match value {
                    Some(value) => value,
                    None if takes_value(&name) => rest.next()?.clone(),
                    None if takes_none(&name) => Word::text("true"),
                    None => return None,
                };
                flags.values.insert(name, value);
            } else if word.start().starts_with('-') && word.known() != Some("-") {
                flags.short(word.strip_prefix("-")?, &mut rest)?;
            } else {
                flags.operands.push(word.clone());
            }
        }
        Some(flags)
    }

    /// Reads `-it`, `-nshop`, `-n shop`.
    fn short<'w>(&mut self, word: Word, rest: &mut impl Iterator<Item = &'w Word>) -> Option<()> {
        let mut word = word;
        loop {
            let letter = word.start().chars().next()?;
            // What `-f` and `-p` mean depends on the subcommand.
            let logs = self.operands.first().and_then(Word::known) == Some("logs");
            let (_, name) = SHORT.iter().find(|(short, _)| *short == letter)?;
            let name = match letter {
                'f' if logs => "follow",
                'p' if logs => "previous",
                _ => name,
            };
            word = word.strip_prefix(letter.encode_utf8(&mut [0; 4]))?;
            let ends = word.is_empty() || word.known() == Some("");
            if takes_value(name) {
                let value = if ends {
                    rest.next()?.clone()
                } else {
                    word.strip_prefix("=").unwrap_or(word)
                };
                self.values.insert(name.to_owned(), value);
                return Some(());
            }
            self.values.insert(name.to_owned(), Word::text("true"));
            if ends {
                return Some(());
            }
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.known() != Some("false"))
    }

    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.values.get(name)
    }

    /// Returns whether the command asks as somebody else, or another server, or none.
    pub(super) fn changes_identity(&self) -> bool {
        let elsewhere = [
            "as",
            "client-certificate",
            "cluster",
            "context",
            "kubeconfig",
            "server",
            "token",
            "user",
            "username",
        ];
        // `--user` of `create rolebinding` is a subject.
        let creates = self.operands.first().and_then(Word::known) == Some("create");
        elsewhere.iter().any(|name| self.has(name) && !(creates && *name == "user"))
            || self.has("local")
            || self.has("help")
            || self
                .value("dry-run")
                .is_some_and(|value| !matches!(value.known(), Some("none" | "false" | "server")))
    }

    /// Returns where the command works.
    pub(super) fn namespace(&self) -> NeedNamespace {
        if self.has("all-namespaces") {
            return NeedNamespace::Known("".into());
        }
        match self.value("namespace").map(|word| (&*word.parts, word.known())) {
            None | Some(([Part::OwnNamespace], _)) => NeedNamespace::Own,
            Some((_, Some(namespace))) => NeedNamespace::Known(namespace.into()),
            Some((_, None)) => NeedNamespace::Unknown,
        }
    }
}

fn takes_value(name: &str) -> bool {
    WITH_VALUE.contains(&name)
}

fn takes_none(name: &str) -> bool {
    WITHOUT_VALUE.contains(&name) || OPTIONAL_VALUE.contains(&name)
}
