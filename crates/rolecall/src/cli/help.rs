//! The layout of help: wraps text to the terminal, and lists global options in one place.

use clap::{Arg, Command};
use unicode_width::UnicodeWidthStr;

use crate::render::wrap;

/// The maximum width of help: longer lines are hard to read.
const WIDEST: usize = 100;

/// The global options that the help of each command lists nevertheless.
const LISTED: [&str; 3] = ["namespaces", "all_namespaces", "filename"];

/// The commands that read neither a cluster nor manifests.
const SOURCELESS: [&str; 6] = ["explain", "completions", "man", "options", "version", "help"];

/// The command that reads only logs.
const LOGS: &str = "usage";

/// The commands that ask a cluster and read no manifests.
const CLUSTER_ONLY: [&str; 2] = ["whoami", "doctor"];

/// Whether a global option has an effect on a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It has the documented effect.
    Effective,
    /// It has no effect.
    Nothing,
}

/// Returns whether a global option has an effect on a command.
pub(crate) fn meaning(command: &str, option: &Arg) -> Meaning {
    let is_output = option.get_help_heading() == Some("Output");
    if command == LOGS {
        let is_scope = option.get_help_heading() == Some("Scope");
        return if is_output || is_scope { Meaning::Effective } else { Meaning::Nothing };
    }
    match SOURCELESS.contains(&command) && !is_output {
        true => Meaning::Nothing,
        false => Meaning::Effective,
    }
}

/// Lays out the help of the grammar for a terminal of the given width.
pub(crate) fn with_layout(mut command: Command, columns: usize) -> Command {
    let width = columns.min(WIDEST);
    // While building, clap decides whether `--help` shows more than `-h`.
    command = command.mut_subcommands(|of_command| of_command.after_long_help(" "));
    command.build();
    let names: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |of_command| {
            let is_listed = |option: &Arg| {
                LISTED.contains(&option.get_id().as_str())
                    && meaning(&name, option) == Meaning::Effective
                    && !CLUSTER_ONLY.contains(&&*name)
            };
            let command = hide(of_command, is_listed).term_width(width);
            let details = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let options = "`rolecall options` lists the options that every command takes.";
            let long = format!("{}\n\n{options}", filled(&details, width));
            let short = match details.is_empty() {
                true => String::new(),
                false => format!("`rolecall {name} --help` has examples and details."),
            };
            command.after_help(short).after_long_help(long.trim_start().to_owned())
        });
    }
    let details = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let details = filled(&details, width);
    hide(command, |_| false).term_width(width).after_help(details)
}

/// Hides the global options that are not listed.
fn hide(command: Command, is_listed: impl Fn(&Arg) -> bool) -> Command {
    command.mut_args(|option| {
        let hidden = option.is_hide_set() || (option.is_global_set() && !is_listed(&option));
        option.hide(hidden)
    })
}

/// Returns the list of the options that every command takes.
pub(crate) fn options(grammar: &Command, columns: usize) -> String {
    let global = grammar.get_arguments().filter(|option| option.is_global_set()).cloned();
    let mut list = Command::new("rolecall")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .term_width(columns.min(WIDEST))
        .help_template("{all-args}\n")
        .args(global);
    let list = list.render_help().to_string();
    let lines = list.lines().map(|line| format!("{}\n", line.trim_end()));
    format!("Every command takes these options:\n\n{}", lines.collect::<String>())
}

/// Wraps a text that is broken into lines by hand.
///
/// Lines without indentation form paragraphs. In `  TERM   description`, lines with the same
/// indentation as the description continue it. Commands are continued with a backslash.
fn filled(text: &str, width: usize) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut open: Option<Block> = None;
    for line in text.lines() {
        let block = Block::of(line);
        match &mut open {
            Some(before) if before.continues_in(&block) => {
                before.text.push(' ');
                before.text.push_str(&block.text);
            }
            _ => {
                if let Some(before) = open.replace(block) {
                    before.write(&mut filled, width);
                }
            }
        }
    }
    if let Some(last) = open {
        last.write(&mut filled, width);
    }
    filled.trim_end().to_owned()
}

/// A paragraph, a line of a list or a line of an example.
struct Block {
    indent: usize,
    /// The term before the text, including the spaces between them.
    term: String,
    text: String,
}

impl Block {
    fn of(line: &str) -> Self {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let gap = text.find("  ").filter(|_| indent == 2);
        let (term, text) = match gap {
            Some(at) => {
                let rest = text.get(at..).unwrap_or_default().trim_start();
                (text.get(..text.len() - rest.len()).unwrap_or_default(), rest)
            }
            None => ("", text),
        };
        Self { indent, term: term.to_owned(), text: text.to_owned() }
    }

    /// Returns whether the next line continues this one.
    fn continues_in(&self, next: &Self) -> bool {
        let is_text = !self.text.is_empty() && !next.text.is_empty() && next.term.is_empty();
        let column = self.indent + self.term.len();
        let is_paragraph = self.indent == 0 && next.indent == 0 && !self.text.ends_with(':');
        let is_description = column >= 6 && next.indent == column;
        is_text && (is_paragraph || is_description)
    }

    fn write(&self, filled: &mut String, width: usize) {
        let column = self.indent + self.term.width();
        let is_command = self.indent == 4;
        if is_command {
            return self.write_command(filled, width);
        }
        let room = width.saturating_sub(column).max(20);
        for (position, line) in wrap(&self.text, room).iter().enumerate() {
            let lead = match position {
                0 => format!("{:indent$}{}", "", self.term, indent = self.indent),
                _ => " ".repeat(column),
            };
            filled.push_str(format!("{lead}{line}").trim_end());
            filled.push('\n');
        }
    }
}

impl Block {
    /// Writes a command line that can be copied: where it is broken, a backslash continues it.
    fn write_command(&self, filled: &mut String, width: usize) {
        let mut line = " ".repeat(self.indent);
        let mut is_empty = true;
        let mut words = shell_words(&self.text).peekable();
        while let Some(word) = words.next() {
            let backslash = if words.peek().is_some() { 2 } else { 0 };
            let is_full = line.width() + 1 + word.width() + backslash > width;
            if is_full && !is_empty {
                filled.push_str(&line);
                filled.push_str(" \\\n");
                line = " ".repeat(self.indent + 2);
            } else if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        filled.push_str(line.trim_end());
        filled.push('\n');
    }
}

/// Splits a command line at the spaces outside single quotes.
fn shell_words(line: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let is_space = move |c: char| {
        is_quoted ^= c == '\'';
        c == ' ' && !is_quoted
    };
    line.split(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_are_continued_with_a_backslash() {
        let text = "Examples:\n  Why?\n    rolecall why 'a b c d e f g' --for sa/web -n shop | cat";
        assert_eq!(
            filled(text, 30),
            "Examples:\n  Why?\n    rolecall why \\\n      'a b c d e f g' --for \\\n      sa/web -n shop | cat"
        );
    }

    #[test]
    fn text_is_wrapped_once() {
        let text = "One two\nthree four.\n\nExamples:\n  Why not?\n    rolecall why list pods -n shop\n\n\
                    X is one of:\n  sa/NAME   an account of\n            the namespace\n  me        you";
        assert_eq!(
            filled(text, 34),
            "One two three four.\n\nExamples:\n  Why not?\n    rolecall why list pods -n shop\n\n\
             X is one of:\n  sa/NAME   an account of the\n            namespace\n  me        you"
        );
    }
}
