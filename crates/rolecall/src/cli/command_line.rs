//! Command lines in messages, quoted so that a shell passes exactly the intended words.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use rolecall_source::cluster::without_userinfo;
use rolecall_yaml::is_harmful;

use crate::invocation::as_invoked;

/// The options whose values are never printed.
pub(super) const SECRET: [&str; 2] = ["token", "password"];

/// The options that people write in short.
const FAMILIAR: [char; 3] = ['f', 'n', 'o'];

/// The options that select the input, but that the parsed options only keep in another form.
const COPIED: [&str; 6] =
    ["exclude", "request_timeout", "render", "target", "all_kustomizations", "allow_network"];

/// The arguments of this run as they were given, from which command lines for the same question are
/// composed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    command: String,
    arguments: Vec<Argument>,
}

/// One argument with its values.
#[derive(Clone, Debug)]
struct Argument {
    id: String,
    form: Form,
    /// The values; a flag that was repeated has as many empty ones.
    values: Vec<String>,
}

/// The notation of an argument.
#[derive(Clone, Debug)]
enum Form {
    /// An operand.
    Operand,
    /// An option without a value.
    Flag(String),
    /// An option with a value.
    Option { short: Option<char>, long: String },
    /// An option whose value can only follow `=`.
    Joined(String),
}

impl Given {
    /// Copies the arguments, except secrets.
    pub(crate) fn of(grammar: &Command, matches: &ArgMatches) -> Self {
        let Some((command, of_command)) = matches.subcommand() else { return Self::default() };
        let Some(grammar) = grammar.find_subcommand(command) else { return Self::default() };
        let is_given = |argument: &&Arg| {
            let id = argument.get_id().as_str();
            of_command.value_source(id) == Some(ValueSource::CommandLine) && !SECRET.contains(&id)
        };
        let arguments = grammar.get_arguments().filter(is_given);
        let arguments = arguments.map(|argument| Argument::of(argument, of_command)).collect();
        Self { command: command.to_owned(), arguments }
    }

    /// Returns the name of the command.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// Returns the same command line without an argument.
    #[must_use]
    pub(crate) fn without(mut self, id: &str) -> Self {
        self.arguments.retain(|argument| argument.id != id);
        self
    }

    /// Returns the same command line with other values of an argument. Nothing changes if it was not given.
    #[must_use]
    pub(crate) fn replacing(mut self, id: &str, change: impl Fn(&str) -> String) -> Self {
        for argument in self.arguments.iter_mut().filter(|argument| argument.id == id) {
            for value in &mut argument.values {
                *value = change(value);
            }
            argument.values.dedup();
        }
        self
    }

    /// Returns the same command line with an option.
    #[must_use]
    pub(crate) fn with_option(mut self, id: &str, long: &str, values: Vec<String>) -> Self {
        let form = Form::Option { short: None, long: format!("--{long}") };
        self.arguments.push(Argument { id: id.to_owned(), form, values });
        self
    }

    /// Returns the command line for the same question, with further operands.
    pub(crate) fn again(&self, further: &[&str]) -> String {
        let mut words = vec!["rolecall".to_owned(), self.command.clone()];
        let (operands, options): (Vec<&Argument>, Vec<&Argument>) =
            self.arguments.iter().partition(|argument| matches!(argument.form, Form::Operand));
        let operands = operands.iter().flat_map(|operand| operand.values.iter().cloned());
        let further = further.iter().map(|word| (*word).to_owned());
        let operands: Vec<String> = operands.chain(further).collect();
        let options = options.into_iter().flat_map(Argument::words);
        if operands.iter().any(|word| word.starts_with('-') && word != "-") {
            words.extend(options);
            words.push("--".to_owned());
            words.extend(operands);
        } else {
            words.extend(operands);
            words.extend(options);
        }
        line(&words)
    }

    /// Returns the values of an argument.
    pub(crate) fn values(&self, id: &str) -> impl Iterator<Item = &str> {
        let arguments = self.arguments.iter().filter(move |argument| argument.id == id);
        arguments.flat_map(|argument| argument.values.iter().map(String::as_str))
    }

    /// Returns whether an argument is stdin.
    pub(crate) fn reads_stdin(&self) -> bool {
        let mut values = self.arguments.iter().flat_map(|argument| &argument.values);
        values.any(|value| value == "-" || value.ends_with(":-"))
    }

    /// Returns the words of the options that the parsed ones only keep in another form.
    pub(super) fn copied(&self) -> impl Iterator<Item = String> {
        let is_copied = |argument: &&Argument| COPIED.contains(&&*argument.id);
        self.arguments.iter().filter(is_copied).flat_map(Argument::words)
    }
}

impl Argument {
    fn of(argument: &Arg, matches: &ArgMatches) -> Self {
        let id = argument.get_id().as_str();
        let raw = matches.get_raw(id).into_iter().flatten();
        let mut values: Vec<String> = raw.map(|raw| raw.to_string_lossy().into_owned()).collect();
        let long = argument.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        let form = match argument.get_action() {
            _ if argument.is_positional() => Form::Operand,
            ArgAction::Set | ArgAction::Append if argument.is_require_equals_set() => {
                Form::Joined(long)
            }
            ArgAction::Set | ArgAction::Append => {
                let short = argument.get_short().filter(|short| FAMILIAR.contains(short));
                Form::Option { short, long }
            }
            ArgAction::Count => {
                values = vec![String::new(); usize::from(matches.get_count(id))];
                Form::Flag(long)
            }
            _ => {
                values = vec![String::new()];
                let short = argument.get_short().map(|short| format!("-{short}"));
                Form::Flag(short.unwrap_or(long))
            }
        };
        if id == "server" {
            values = values.iter().map(|server| without_userinfo(server)).collect();
        }
        Self { id: id.to_owned(), form, values }
    }

    fn words(&self) -> Vec<String> {
        let words = |value: &String| match &self.form {
            Form::Operand => vec![value.clone()],
            Form::Flag(name) => vec![name.clone()],
            Form::Joined(long) => vec![format!("{long}={value}")],
            Form::Option { long, .. } if value.starts_with('-') && value != "-" => {
                vec![format!("{long}={value}")]
            }
            Form::Option { short: Some(short), .. } => vec![format!("-{short}"), value.clone()],
            Form::Option { short: None, long } => vec![long.clone(), value.clone()],
        };
        self.values.iter().flat_map(words).collect()
    }
}

/// Joins words to a command line for this program as it was run.
pub(crate) fn line(words: &[String]) -> String {
    let line = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    as_invoked(&line).into_owned()
}

/// Quotes a word for a shell if necessary. The result is a single line, and printing it as untrusted text
/// does not change it.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let starts_command = word.trim_start().starts_with("::");
    if !word.is_empty() && word.chars().all(is_plain) && !starts_command {
        return word.to_owned();
    }
    if !word.chars().any(is_harmful) && !word.contains("##") {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut quoted = "$'".to_owned();
    let mut previous = None;
    for c in word.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\'' | '\\' => quoted.extend(['\\', c]),
            _ if is_harmful(c) || (c == '#' && previous == Some('#')) => {
                // Shells agree about octal digits, but not about where hexadecimal ones end.
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    quoted.push_str(&format!("\\{byte:03o}"));
                }
            }
            _ => quoted.push(c),
        }
        previous = Some(c);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::process::Command as Process;

    use super::*;
    use crate::arguments::{grammar, parse};
    use crate::cli::command_line;

    #[test]
    fn quoted_words_reach_a_program_unchanged() {
        for word in [
            "",
            "web",
            "a b",
            "it's",
            "a\nb",
            "\u{1b}[31m",
            "x\u{202e}y",
            "##[group]",
            "::error::",
            "$(touch x)",
            "`x`",
            "a\\nb",
            "tab\tand '\\' and \u{7f}1",
            "münchen",
        ] {
            let quoted = quote(word);
            assert_eq!(crate::plain::plain(&quoted), quoted, "{word:?}");
            let script = format!("printf %s {quoted}");
            let output = Process::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{quoted}");
        }
    }

    /// Splits a line like a shell.
    fn split(line: &str) -> Vec<OsString> {
        let script = format!("printf '%s\\0' {line}");
        let output = Process::new("bash").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(OsString::from).collect()
    }

    /// Returns the arguments of a line that contain no secrets, as parsed.
    fn parsed(line: &str) -> Vec<(String, Vec<String>)> {
        let parsed = parse(&split(line)).map_err(|error| error.to_string()).unwrap();
        let given = parsed.cli.options.given;
        given.arguments.into_iter().map(|argument| (argument.id, argument.values)).collect()
    }

    const LINES: [&str; 14] = [
        "rolecall can-i list pods --for 'user/jane doe' -n shop -f deploy --exclude charts",
        "rolecall can-i get pods/web-0 -A --as jane --as-group a --as-group b -v -v --overlay -f -",
        "rolecall can-i --for sa/a:b --for $'user/a\\nb' --resources pods,deploy -n a -n b -ocsv",
        "rolecall can-i --for sa/a:b --diff-with sa/c -n shop --mode local",
        "rolecall why list pods --subresource log --for deploy/web -o json --context prod",
        "rolecall why --logs deploy/web --since 1h -n shop --insecure-skip-tls-verify",
        "rolecall why -- '--for x' pods",
        "rolecall who-can get /metrics --request-timeout 5s --server https://h:1 --keep-going",
        "rolecall walk pod/web-0 -n shop -o wide --tls-server-name=-x",
        "rolecall rules --for 'sa/*' --defaults none -f a -f 'b c' --no-headers --color never",
        "rolecall check deploy . --exclude a --exclude '*/b' --fail-level high --only RC2* -q",
        "rolecall diff git:main:deploy deploy --fail-on risk --kubeconfig k",
        "rolecall fix get,list pods services --for user/a --name x --cluster-wide --force -n shop",
        "rolecall snapshot -n shop --as-user-extra a=b --as u --cache-dir x --disable-compression",
    ];

    #[test]
    fn a_repeated_command_line_has_the_same_arguments() {
        for line in LINES {
            let parsed_line = parse(&split(line)).map_err(|error| error.to_string()).unwrap();
            let again = parsed_line.cli.options.given.again(&[]);
            assert_eq!(parsed(&again), parsed(line), "{again}");
        }
    }

    #[test]
    fn other_commands_get_all_options_that_affect_answers() {
        let line = "rolecall who-can list pods -n shop -A -f deploy --exclude a --exclude '*/b' --overlay \
                    --defaults none --keep-going --render never --target t --all-kustomizations \
                    --allow-network --kubeconfig k --context c --as u --as-group g \
                    --request-timeout 5s --server https://h --cluster c --user u \
                    --certificate-authority a --insecure-skip-tls-verify --tls-server-name n \
                    --client-certificate c --client-key k --as-uid i --as-user-extra a=b";
        let options = parse(&split(line)).map_err(|error| error.to_string()).unwrap().cli.options;
        let other = command_line(vec!["rolecall", "who-can", "list", "pods"], &options);
        assert_eq!(parsed(&other), parsed(line), "{other}");
        // A new option must be added to the line above, or to one of these exceptions.
        let exceptions = ["token", "password", "username", "cache_dir", "disable_compression"];
        let grammar = grammar();
        let global = grammar.get_arguments().filter(|option| option.is_global_set());
        let affecting = global.filter(|option| option.get_help_heading() != Some("Output"));
        let missing: Vec<&str> = affecting
            .map(|option| option.get_id().as_str())
            .filter(|id| !exceptions.contains(id) && parsed(line).iter().all(|(it, _)| it != id))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn secrets_are_never_repeated() {
        let line = "rolecall whoami --token abc --password p --username u --server https://a:b@h";
        let given =
            parse(&split(line)).map_err(|error| error.to_string()).unwrap().cli.options.given;
        assert_eq!(given.again(&[]), "rolecall whoami --server https://h --username u");
    }
}
