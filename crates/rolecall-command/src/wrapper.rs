//! Commands that run the command that follows them: `env`, `timeout 5`, `xargs`.

use super::word::{Part, base_name};
use super::{Word, kubeconfig};

/// Options of xargs that take the next word as their value.
const XARGS_VALUES: [&str; 12] = [
    "-n",
    "-P",
    "-L",
    "-l",
    "-d",
    "-a",
    "-s",
    "-E",
    "--max-args",
    "--max-procs",
    "--max-lines",
    "--delimiter",
];

/// Returns the command line that is run in the end, with what xargs reads at run time.
pub(super) fn unwrapped(line: &[Word]) -> Vec<Word> {
    let mut rest = without_wrappers(line);
    let mut read: Option<Xargs> = None;
    while rest.first().and_then(Word::known).map(base_name) == Some("xargs") {
        let xargs = Xargs::new(rest);
        rest = without_wrappers(rest.get(xargs.words..).unwrap_or_default());
        read = Some(xargs);
    }
    match read {
        None => rest.to_vec(),
        Some(xargs) => xargs.fill(rest),
    }
}

/// Returns whether a command line starts with `env KUBECONFIG=..`.
pub(super) fn gives_kubeconfig(line: &[Word]) -> bool {
    let wrappers = line.len() - without_wrappers(line).len();
    line.iter().take(wrappers).any(kubeconfig::is_assigned_by)
}

/// Steps over commands that run the command that follows them as it stands.
pub(super) fn without_wrappers(line: &[Word]) -> &[Word] {
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        rest = match Wrapper::of(base_name(first.known().unwrap_or_default())) {
            Some(Wrapper::Plain) => skip(after, 0),
            Some(Wrapper::WithOperand) => skip(after, 1),
            Some(Wrapper::Watch) => skip_watch(after),
            Some(Wrapper::Xargs) | None => return rest,
        };
    }
    rest
}

/// Returns whether a program runs the command that follows it.
pub(super) fn is_wrapper(program: &str) -> bool {
    Wrapper::of(program).is_some()
}

/// The arguments between a wrapper and its command.
enum Wrapper {
    /// Options and assignments.
    Plain,
    /// One operand besides.
    WithOperand,
    Watch,
    /// Options; and what it reads comes into the command.
    Xargs,
}

impl Wrapper {
    fn of(program: &str) -> Option<Self> {
        match program {
            "env" | "exec" | "nohup" | "sudo" | "time" | "command" | "eval" | "tini"
            | "dumb-init" | "catatonit" => Some(Self::Plain),
            "timeout" | "nice" => Some(Self::WithOperand),
            "watch" => Some(Self::Watch),
            "xargs" => Some(Self::Xargs),
            _ => None,
        }
    }
}

/// Steps over options, assignments and some operands.
fn skip(words: &[Word], operands: usize) -> &[Word] {
    let options = words
        .iter()
        .take_while(|word| {
            let text = word.start();
            text.starts_with('-') || (text.contains('=') && !text.contains(['/', ' ']))
        })
        .count();
    words.get(options + operands..).unwrap_or_default()
}

/// Steps over `-n 5` and the other options of watch.
fn skip_watch(words: &[Word]) -> &[Word] {
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        rest = match first.known() {
            Some("-n" | "--interval") => after.get(1..).unwrap_or_default(),
            Some(option) if option.starts_with('-') => after,
            _ => return rest,
        };
    }
    rest
}

/// How xargs completes command lines.
struct Xargs {
    /// How many words it and its options are.
    words: usize,
    /// The text that each input item replaces; `None` appends the item.
    placeholder: Option<String>,
}

impl Xargs {
    fn new(line: &[Word]) -> Self {
        let mut xargs = Self { words: 1, placeholder: None };
        while let Some(option) = line.get(xargs.words).map(Word::start) {
            if !option.starts_with('-') {
                break;
            }
            let next = line.get(xargs.words + 1).map(ToString::to_string);
            xargs.words += 1;
            match option {
                "-I" => {
                    xargs.placeholder = next;
                    xargs.words += 1;
                }
                "-i" | "--replace" => xargs.placeholder = Some("{}".to_owned()),
                _ if XARGS_VALUES.contains(&option) => xargs.words += 1,
                _ => {
                    let given = option.strip_prefix("-I").or(option.strip_prefix("--replace="));
                    xargs.placeholder = given.map(str::to_owned).or(xargs.placeholder.take());
                }
            }
        }
        xargs
    }

    fn fill(&self, line: &[Word]) -> Vec<Word> {
        let unknown = Word { parts: vec![Part::Unknown] };
        let Some(placeholder) = self.placeholder.as_deref().filter(|text| !text.is_empty()) else {
            return line.iter().cloned().chain([unknown]).collect();
        };
        line.iter().map(|word| word.replacing(placeholder)).collect()
    }
}
