//! Suggestions for options and commands of kubectl and similar tools that rolecall does not have.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use rolecall_rbac::edit_distance;

use super::command_line::{SECRET, quote};

/// Options of kubectl and other RBAC tools, with their equivalents, one per line.
const OPTIONS: &str = include_str!("foreign_options.txt");

/// Options of other tools that name a source to render, with the program that renders it.
const RENDERERS: [(&[&str], &str, &str); 2] = [
    (&["-k", "--kustomize"], "kustomize build", "DIRECTORY"),
    (&["--helm", "--chart"], "helm template", "CHART"),
];

/// Commands of kubectl and other RBAC tools, with the corresponding rolecall command.
const COMMANDS: [(&[&str], &str); 9] = [
    (&["auth", "access", "access-matrix", "matrix"], "can-i"),
    (&["list", "policy-rules", "list-rules", "show"], "rules"),
    (&["lookup", "get", "tree", "bindings"], "walk"),
    (&["scan", "lint", "audit", "analyze", "analysis", "validate", "test"], "check"),
    (&["generate", "gen", "grant", "audit2rbac", "apply"], "fix"),
    (&["who", "whois", "subjects"], "who-can"),
    (&["dump", "export", "collect", "save"], "snapshot"),
    (&["compare"], "diff"),
    (&["reason", "trace"], "why"),
];

/// Replaces clap's suggestions in a usage error, which only compare spellings.
pub(crate) fn with_advice(
    mut error: Error,
    grammar: &Command,
    arguments: &[OsString],
    command: Option<&str>,
) -> Error {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => return error,
    };
    let Some(ContextValue::String(written)) = error.get(kind) else { return error };
    let written = written.clone();
    let tips = match kind {
        ContextKind::InvalidArg => match rendered(&written, arguments, command) {
            Some(advice) => vec![advice],
            None => of_option(&written, grammar, command),
        },
        _ => of_command(&written, grammar),
    };
    // A similar spelling is rarely the intended one, and `-- --sa` never is.
    for kind in
        [ContextKind::Suggested, ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]
    {
        error.remove(kind);
    }
    if !tips.is_empty() {
        let tips = tips.into_iter().map(StyledStr::from).collect();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Returns the command line that renders the source of an option, and asks the same question about the result.
fn rendered(written: &str, arguments: &[OsString], command: Option<&str>) -> Option<String> {
    let name = written.split('=').next().unwrap_or_default();
    let known = RENDERERS.iter().find(|(names, ..)| names.contains(&name));
    let (_, program, placeholder) = known?;
    let mut words = Vec::new();
    let mut source = None;
    let mut rest = arguments.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = rest.next() {
        let option = word.split('=').next().unwrap_or_default();
        if SECRET.iter().any(|secret| option.strip_prefix("--") == Some(secret)) {
            if option == word {
                rest.next();
            }
            continue;
        }
        match word.strip_prefix(name) {
            Some("") if source.is_none() => source = rest.next().map(Cow::into_owned),
            Some(value)
                if source.is_none() && (value.starts_with('=') || !name.starts_with("--")) =>
            {
                source = Some(value.trim_start_matches('=').to_owned());
            }
            _ => words.push(word.into_owned()),
        }
    }
    let source = source.unwrap_or_else(|| (*placeholder).to_owned());
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    let words = words.join(" ");
    let input = match command {
        Some("check") => format!("| rolecall {words} -"),
        Some("diff") => "> rendered.yaml".to_owned(),
        _ => format!("| rolecall {words} -f -"),
    };
    Some(format!("render it first: `{program} {} {input}`", quote(&source)))
}

fn of_option(written: &str, grammar: &Command, command: Option<&str>) -> Vec<String> {
    if !written.starts_with('-') {
        return of_operand(written, command);
    }
    if written.starts_with("-=") {
        return vec![
            "flags such as `-A` and `-v` take no value; use `-vv` or `-vvv` for more details"
                .to_owned(),
        ];
    }
    let written = written.split('=').next().unwrap_or_default();
    let of_command = command.and_then(|name| grammar.find_subcommand(name)).unwrap_or(grammar);
    let known: Vec<String> = of_command
        .get_arguments()
        .chain(grammar.get_arguments().filter(|option| option.is_global_set()))
        .filter_map(|option| option.get_long().map(|long| format!("--{long}")))
        .collect();
    let mut foreign = OPTIONS.lines().filter_map(|line| line.split_once(": "));
    let meant = foreign.find(|(names, _)| names.split(", ").any(|name| name == written));
    if let Some((_, advice)) = meant.filter(|_| !known.iter().any(|known| known == written)) {
        return vec![advice.to_owned()];
    }
    let others: Vec<String> = grammar
        .get_subcommands()
        .filter(|other| {
            other.get_arguments().any(|option| match written.strip_prefix("--") {
                Some(long) => option.get_long() == Some(long),
                None => option.get_short() == written.chars().nth(1),
            })
        })
        .map(|other| format!("`{}`", other.get_name()))
        .collect();
    if !others.is_empty() {
        return vec![format!("`{written}` is an option of {}", others.join(", "))];
    }
    let mut alike = nearest(written, known, 2);
    alike.dedup();
    alike.into_iter().map(|option| format!("did you mean `{option}`?")).collect()
}

/// Suggests `--name` for an extra argument, as in kubectl's `get pods NAME`.
fn of_operand(written: &str, command: Option<&str>) -> Vec<String> {
    match command {
        Some("can-i" | "who-can" | "why") => {
            vec![format!("use `--name {}` to ask about one object", quote(written))]
        }
        _ => Vec::new(),
    }
}

fn of_command(written: &str, grammar: &Command) -> Vec<String> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let names: Vec<String> =
        grammar.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let same = names.iter().find(|name| plain(name) == plain(written)).cloned();
    let peers = || {
        let known = COMMANDS.iter().find(|(words, _)| words.contains(&&*written.to_lowercase()));
        known.map(|(_, command)| (*command).to_owned())
    };
    let meant = match same.or_else(peers) {
        Some(command) => vec![command],
        None => nearest(written, names, 2),
    };
    meant.into_iter().map(|command| format!("did you mean `rolecall {command}`?")).collect()
}

/// Returns the names with the most similar spelling.
fn nearest(written: &str, names: Vec<String>, most: usize) -> Vec<String> {
    let mut alike: Vec<(usize, String)> = names
        .into_iter()
        .map(|name| (edit_distance(&name, written), name))
        .filter(|(distance, name)| *distance <= most && distance * 3 < name.len())
        .collect();
    alike.sort();
    let least = alike.first().map(|(distance, _)| *distance);
    alike.retain(|(distance, _)| Some(*distance) == least);
    alike.into_iter().map(|(_, name)| name).collect()
}
