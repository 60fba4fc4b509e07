//! Suggestions for options and commands of kubectl and similar tools that rolecall does not have.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use rolecall_rbac::edit_distance;

use super::command_line::{SECRET, quote};

/// Options of kubectl and other RBAC tools, with their equivalents.
const OPTIONS: [(&[&str], &str); 24] = [
    (&["--list"], "`rolecall rules --for SUBJECT` lists what a subject can do"),
    (
        &["--sa", "--serviceaccount", "--service-account"],
        "write `--for sa/NAME` or `--for sa/NAMESPACE:NAME`",
    ),
    (&["--subject"], "write `--for SUBJECT`, such as `--for sa/NAME`"),
    (&["--group"], "write `--for group/NAME`"),
    (&["--pod"], "write `--for pod/NAME`"),
    (&["-R", "--recursive"], "leave it out: directories are always read recursively"),
    (&["--verb"], "write `--verbs`, or the verb as the first argument"),
    (&["--resource"], "write `--resources`, or the resource as the second argument"),
    (&["--file", "--input", "--manifests"], "write `-f PATH`"),
    (&["--format", "--out", "--report", "--output-format"], "write `-o FORMAT`"),
    (&["--json"], "write `-o json`"),
    (&["--yaml"], "write `-o yaml`"),
    (&["--output-file", "--outfile"], "redirect the output: `> FILE`"),
    (&["--all", "--cluster-scope"], "write `-A` for all namespaces"),
    (&["--ns", "--include-namespaces", "--namespaces"], "write `-n NAMESPACE`, once for each"),
    (
        &["--skip-dirs", "--skip-files", "--exclude-dir", "--exclude-path", "--ignore-path"],
        "write `--exclude GLOB`, once for each",
    ),
    (&["--exclude-namespaces"], "suppress findings of objects in `rolecall.yaml`"),
    (&["--no-color", "--no-colors", "--plain"], "write `--color never`"),
    (&["--debug", "--loglevel", "--log-level"], "write `-v`, `-vv` or `-vvv`"),
    (
        &["--min-severity", "--severity-threshold"],
        "write `--severity LEVEL` to show fewer findings, `--fail-level LEVEL` to fail on fewer",
    ),
    (&["--exit-code", "--fail-on-severity", "--strict"], "write `--fail-level LEVEL`"),
    (&["--ignore-errors", "--continue-on-error"], "write `--keep-going`"),
    (
        &["--hide-system", "--exclude-system", "--show-system-subjects"],
        "built-in subjects are folded; `--show-system` lists them",
    ),
    (
        &["-l", "--selector", "--field-selector", "-w", "--watch", "--template"],
        "rolecall has no such option; filter `-o json` with jq",
    ),
];

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
    // Similar spelling is seldom what was meant, and `-- --sa` never is.
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
    let written = written.split('=').next().unwrap_or_default();
    let of_command = command.and_then(|name| grammar.find_subcommand(name)).unwrap_or(grammar);
    let known: Vec<String> = of_command
        .get_arguments()
        .chain(grammar.get_arguments().filter(|option| option.is_global_set()))
        .filter_map(|option| option.get_long().map(|long| format!("--{long}")))
        .collect();
    let meant = OPTIONS.iter().find(|(names, _)| names.contains(&written));
    if let Some((_, advice)) = meant.filter(|_| !known.iter().any(|known| known == written)) {
        return vec![(*advice).to_owned()];
    }
    let others: Vec<String> = grammar
        .get_subcommands()
        .filter(|other| {
            other.get_arguments().any(|option| option.get_long() == written.strip_prefix("--"))
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
            vec![format!("write `--name {}` to ask about one object", quote(written))]
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
