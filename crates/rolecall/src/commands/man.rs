use std::io::Write;

use clap::{Arg, Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Print the manual page of rolecall or one of its commands
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/man.txt"))]
pub(crate) struct Arguments {
    /// The command [default: rolecall itself]
    command: Option<String>,
}

/// The descriptions of files, by name.
const FILES: [(&str, &str); 2] = [
    (
        "rolecall.yaml",
        "Configures `rolecall check`: expectations, severities, suppressions, external objects.",
    ),
    ("~/.kube/config", "The kubeconfig, unless --kubeconfig or KUBECONFIG names another."),
];

/// The descriptions of environment variables, by name.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("KUBECONFIG", "The kubeconfig files, as for kubectl."),
    ("NO_COLOR", "No colors, unless `--color always` is given."),
    ("COLUMNS", "The width of the output, instead of the terminal's."),
];

/// Writes the page as troff to stdout.
pub(crate) fn run(
    ui: &Ui,
    arguments: &Arguments,
    mut grammar: Command,
) -> Result<Exit, CommandError> {
    grammar.build();
    let command = match &arguments.command {
        None => grammar.clone(),
        Some(name) => match grammar.find_subcommand(name) {
            Some(command) => command.clone().display_name(format!("rolecall-{name}")),
            None => return Err(CommandError::usage(format!("unknown command `{name}`"))),
        },
    };
    let mut page = Vec::new();
    write(&mut page, &command, arguments.command.as_deref())?;
    let mut out = ui.data();
    out.write_all(&page)?;
    out.flush()?;
    Ok(Exit::Yes)
}

fn write(page: &mut Vec<u8>, command: &Command, name: Option<&str>) -> std::io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    synopsis(command, name).to_writer(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    let details = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    sections(&details).to_writer(page)?;
    terms("ENVIRONMENT", &ENVIRONMENT).to_writer(page)?;
    terms("FILES", &FILES).to_writer(page)?;
    let other = if name.is_some() { "rolecall(1), kubectl(1)" } else { "kubectl(1)" };
    let mut see = Roff::new();
    see.control("SH", ["SEE ALSO"]).text([roman(other)]);
    see.to_writer(page)
}

/// Writes the synopsis, with the values of options.
fn synopsis(command: &Command, name: Option<&str>) -> Roff {
    let mut line = match name {
        Some(name) => vec![bold(format!("rolecall {name}"))],
        None => vec![bold("rolecall")],
    };
    let shown = || command.get_arguments().filter(|argument| !argument.is_hide_set());
    for option in shown().filter(|argument| !argument.is_positional()) {
        line.extend(synopsis_of_option(option));
    }
    for argument in shown().filter(|argument| argument.is_positional()) {
        let value = value_of(argument);
        let (open, close) = if argument.is_required_set() { (" ", "") } else { (" [", "]") };
        line.extend([roman(open), italic(value), roman(close)]);
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text(line);
    roff
}

fn synopsis_of_option(option: &Arg) -> Vec<Inline> {
    let name = match (option.get_short(), option.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => return Vec::new(),
    };
    let mut parts = vec![roman(" ["), bold(name)];
    if option.get_action().takes_values() {
        parts.extend([roman(" "), italic(value_of(option))]);
    }
    parts.push(roman("]"));
    parts
}

fn value_of(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let name = names.first().map_or_else(|| argument.get_id().to_string(), ToString::to_string);
    let is_repeated = argument.get_num_args().is_some_and(|count| count.max_values() > 1);
    format!("{}{}", name.to_uppercase(), if is_repeated { "..." } else { "" })
}

/// Splits the details of a command's help into the sections of a manual page.
fn sections(details: &str) -> Roff {
    let (mut examples, mut exit, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for block in details.trim_end().split("\n\n").filter(|block| !block.trim().is_empty()) {
        if let Some(lines) = block.trim_start().strip_prefix("Examples:") {
            examples.push(lines.trim_start_matches('\n'));
        } else if let Some(text) = block.trim_start().strip_prefix("Exit codes:") {
            exit.push(text.trim_start());
        } else {
            notes.push(block);
        }
    }
    let mut roff = Roff::new();
    for (heading, blocks) in [("NOTES", notes), ("EXAMPLES", examples), ("EXIT STATUS", exit)] {
        if blocks.is_empty() {
            continue;
        }
        roff.control("SH", [heading]);
        for (position, block) in blocks.iter().enumerate() {
            if position > 0 {
                roff.control("PP", []);
            }
            let is_laid_out = block.lines().any(|line| line.starts_with("  "));
            if is_laid_out {
                roff.control("nf", []);
            }
            for line in block.lines() {
                roff.text([roman(line)]);
            }
            if is_laid_out {
                roff.control("fi", []);
            }
        }
    }
    roff
}

fn terms(heading: &str, terms: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    for (term, text) in terms {
        roff.control("TP", []).text([bold(*term)]).text([roman(*text)]);
    }
    roff
}
