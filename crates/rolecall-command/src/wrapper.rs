//! Commands that run the command that follows them: `env`, `timeout 5`, `xargs`.

use super::word::{Part, base_name};
use super::{Input, Word, kubeconfig, kubectl};

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

/// Returns the command line that finally runs, with the input that xargs reads.
pub(super) fn unwrapped(line: &[Word], input: &Input) -> Vec<Word> {
    let mut rest = without_wrappers(line);
    let mut read: Option<Xargs> = None;
    while rest.first().and_then(Word::known).map(base_name) == Some("xargs") {
        let xargs = Xargs::new(rest);
        rest = without_wrappers(rest.get(xargs.words..).unwrap_or_default());
        read = Some(xargs);
    }
    match read {
        None => rest.to_vec(),
        Some(xargs) => xargs.fill(rest, input),
    }
}

/// Returns whether a command line starts with `env KUBECONFIG=..`.
pub(super) fn gives_kubeconfig(line: &[Word]) -> bool {
    let wrappers = line.len() - without_wrappers(line).len();
    line.iter().take(wrappers).any(kubeconfig::is_assigned_by)
}

/// Skips commands that run the command after them unchanged.
pub(super) fn without_wrappers(line: &[Word]) -> &[Word] {
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let Some(wrapper) = Wrapper::of(base_name(first.known().unwrap_or_default())) else {
            return rest;
        };
        rest = wrapper.skip(after);
    }
    rest
}

/// Returns whether a program runs the command that follows it.
pub(super) fn is_wrapper(program: &str) -> bool {
    program == "xargs" || Wrapper::of(program).is_some()
}

/// The arguments between a wrapper and its command, apart from options and assignments.
struct Wrapper {
    /// Options that take the next word as their value.
    values: &'static [&'static str],
    /// The number of operands.
    operands: usize,
}

impl Wrapper {
    fn of(program: &str) -> Option<Self> {
        let (values, operands): (&[&str], usize) = match program {
            "command" | "nohup" | "setsid" | "dumb-init" | "catatonit" => (&[], 0),
            "env" => (&["-u", "--unset", "-C", "--chdir"], 0),
            "exec" => (&["-a"], 0),
            "sudo" => (&["-u", "--user", "-g", "--group", "-h", "-p", "-C", "-r", "-t", "-D"], 0),
            "tini" => (&["-p", "-e"], 0),
            "time" => (&["-f", "--format", "-o", "--output"], 0),
            "nice" => (&["-n", "--adjustment"], 0),
            "ionice" => (&["-c", "--class", "-n", "--classdata"], 0),
            "stdbuf" => (&["-i", "-o", "-e"], 0),
            "watch" => (&["-n", "--interval"], 0),
            "timeout" => (&["-k", "--kill-after", "-s", "--signal"], 1),
            "flock" => (&["-w", "--timeout", "-E", "--conflict-exit-code"], 1),
            "gosu" | "su-exec" => (&[], 1),
            _ => return None,
        };
        Some(Self { values, operands })
    }

    /// Skips the wrapper's own arguments.
    fn skip<'w>(&self, words: &'w [Word]) -> &'w [Word] {
        let mut rest = words;
        while let Some((first, after)) = rest.split_first() {
            let text = first.start();
            rest = match first.known() {
                Some("--") => {
                    rest = after;
                    break;
                }
                Some(option) if self.values.contains(&option) => after.get(1..).unwrap_or_default(),
                _ if text.starts_with('-') => after,
                _ if text.contains('=') && !text.contains(['/', ' ']) => after,
                _ => break,
            };
        }
        rest.get(self.operands..).unwrap_or_default()
    }
}

/// The way in which xargs completes command lines.
struct Xargs {
    /// The number of words of xargs and its options.
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

    fn fill(&self, line: &[Word], input: &Input) -> Vec<Word> {
        let mut item = Word { parts: vec![Part::Unknown] };
        if let Some(kind) = kubectl::named_kind(input) {
            item.parts.insert(0, Part::Text(format!("{kind}/")));
        }
        let Some(placeholder) = self.placeholder.as_deref().filter(|text| !text.is_empty()) else {
            return line.iter().cloned().chain([item]).collect();
        };
        line.iter().map(|word| word.replacing(placeholder, &item)).collect()
    }
}
