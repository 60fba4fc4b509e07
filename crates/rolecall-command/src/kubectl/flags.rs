use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Word;
use crate::need::NeedNamespace;
use crate::word::Part;

/// Whether a value follows a flag, and the part of the flag that determines the requests.
#[derive(Clone, Copy)]
struct Flag {
    takes_value: bool,
    decides: Option<Decides>,
}

/// The part of a flag that determines the requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decides {
    ByValue,
    ByPresence,
}

static FLAGS: LazyLock<BTreeMap<&str, Flag>> = LazyLock::new(|| {
    let lines = include_str!("flags.txt").lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| {
        let mut words = line.split(' ');
        let (name, takes_value) = (words.next()?, words.next()? == "value");
        let decides = words.next().map(|word| match word {
            "by-value" => Decides::ByValue,
            _ => Decides::ByPresence,
        });
        Some((name, Flag { takes_value, decides }))
    });
    rows.collect()
});

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

/// The parsed arguments of kubectl.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// The arguments that are not flags, beginning with the subcommand.
    pub(super) operands: Vec<Word>,
    values: BTreeMap<String, Vec<Word>>,
}

impl Flags {
    /// Parses a command line; `None` if it has an unknown flag, because the next word might be its value, or if
    /// a variable contains flags.
    pub(super) fn parse(words: &[Word]) -> Option<Self> {
        let mut flags = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word.known() == Some("--") {
                // The remaining arguments run in a container.
                break;
            }
            if may_be_flags(word) {
                return None;
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
                flags.values.entry(name).or_default().push(value);
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
            // The meaning of `-f` and `-p` depends on the subcommand.
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
                self.add(name, value);
                return Some(());
            }
            self.add(name, Word::text("true"));
            if ends {
                return Some(());
            }
        }
    }

    /// Returns all flags, each with its values.
    pub(super) fn given(&self) -> impl Iterator<Item = (&str, &[Word])> {
        self.values.iter().map(|(name, values)| (&**name, &**values))
    }

    fn add(&mut self, name: &str, value: Word) {
        self.values.entry(name.to_owned()).or_default().push(value);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.known() != Some("false"))
    }

    /// Returns whether a flag is set to false.
    pub(super) fn is_false(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.known() == Some("false"))
    }

    /// Returns the last value of a flag, as kubectl does.
    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.all(name).last()
    }

    /// Returns the values of a flag that can be repeated.
    pub(super) fn all(&self, name: &str) -> &[Word] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the values of a flag that takes a list and can be repeated.
    pub(super) fn list(&self, name: &str) -> Vec<Word> {
        self.all(name).iter().flat_map(|value| value.split(',')).collect()
    }

    /// Returns whether the command uses another server, other credentials, or no server.
    pub(super) fn is_elsewhere(&self) -> bool {
        let elsewhere = [
            "client-certificate",
            "cluster",
            "context",
            "kubeconfig",
            "server",
            "token",
            "user",
            "username",
        ];
        // `--user` of `create rolebinding` and `set subject` is a subject.
        let subcommand = self.operands.first().and_then(Word::known);
        let names_subjects = matches!(subcommand, Some("create" | "set"));
        elsewhere.iter().any(|name| self.has(name) && !(names_subjects && *name == "user"))
            || self.has("local")
            || self.has("help")
            || self.runs_dry()
    }

    /// Returns whether the command only prints what it would send: `--dry-run`, `--dry-run=client`.
    pub(super) fn runs_dry(&self) -> bool {
        self.value("dry-run")
            .is_some_and(|value| !matches!(value.known(), Some("none" | "false" | "server")))
    }

    /// Returns whether the command impersonates another user.
    pub(super) fn impersonates(&self) -> bool {
        ["as", "as-group", "as-uid", "as-user-extra"].iter().any(|name| self.has(name))
    }

    /// Returns the namespaces in which the command acts.
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

/// `$@`, `$EXTRA_ARGS`.
fn may_be_flags(word: &Word) -> bool {
    let [Part::Variable(name)] = &*word.parts else { return false };
    let name = name.to_ascii_uppercase();
    name == "@" || ["ARG", "FLAG", "OPT", "PARAM"].iter().any(|part| name.contains(part))
}

pub(super) fn takes_value(name: &str) -> bool {
    FLAGS.get(name).is_some_and(|flag| flag.takes_value)
}

fn takes_none(name: &str) -> bool {
    FLAGS.get(name).is_some_and(|flag| !flag.takes_value)
}

/// Returns the part of a flag that determines the requests; `None` if the flag is irrelevant.
pub(super) fn decides(name: &str) -> Option<Decides> {
    FLAGS.get(name)?.decides
}
