//! The name under which the program was run.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

/// How this process was run, for texts that are made far from the streams.
static CURRENT: OnceLock<Invocation> = OnceLock::new();

/// The name under which the program was run: messages show commands as users type them.
#[derive(Clone, Debug)]
pub(crate) enum Invocation {
    /// `rolecall`.
    Plain,
    /// `kubectl rolecall`.
    Plugin {
        /// The names of the commands, by which they are recognized in messages.
        commands: BTreeSet<String>,
    },
}

impl Invocation {
    /// Finds out how the program was run.
    pub(crate) fn new(grammar: fn() -> clap::Command) -> Self {
        if !is_plugin() {
            return Self::Plain;
        }
        let grammar = grammar();
        let names = grammar.get_subcommands().flat_map(|command| {
            std::iter::once(command.get_name()).chain(command.get_all_aliases())
        });
        let plugin = Self::Plugin { commands: names.map(str::to_owned).collect() };
        CURRENT.get_or_init(|| plugin).clone()
    }

    /// Replaces `rolecall` in the commands of a message by `kubectl rolecall` if it runs as a plugin.
    pub(crate) fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Self::Plugin { commands } = self else { return Cow::Borrowed(text) };
        if !text.contains("rolecall ") {
            return Cow::Borrowed(text);
        }
        let is_command = |text: &str| {
            let word =
                text.split(|c: char| c.is_whitespace() || c == '`').next().unwrap_or_default();
            ["COMMAND", "[OPTIONS]"].contains(&word) || commands.contains(word)
        };
        let mut shown = String::with_capacity(text.len() + 8);
        let mut rest = text;
        while let Some(at) = rest.find("rolecall ") {
            let (before, after) = rest.split_at(at);
            shown.push_str(before);
            let (word, after) = after.split_at("rolecall ".len());
            if is_command(after) && !before.ends_with("kubectl ") {
                shown.push_str("kubectl ");
            }
            shown.push_str(word);
            rest = after;
        }
        shown.push_str(rest);
        Cow::Owned(shown)
    }
}

/// Returns a text in which commands are written as this program was run.
pub(crate) fn as_invoked(text: &str) -> Cow<'_, str> {
    CURRENT.get().map_or(Cow::Borrowed(text), |invocation| invocation.shown(text))
}

/// Rewrites a text like [`as_invoked`], in place.
pub(crate) fn invoke_as_run(text: &mut String) {
    if let Cow::Owned(shown) = as_invoked(text) {
        *text = shown;
    }
}

/// Rewrites a text that can be a constant like [`as_invoked`], in place.
pub(crate) fn invoke_constant_as_run(text: &mut Cow<'static, str>) {
    if let Cow::Owned(shown) = as_invoked(text) {
        *text = shown.into();
    }
}

/// Returns whether kubectl runs this program as its plugin.
pub(crate) fn is_plugin() -> bool {
    std::env::args_os().next().is_some_and(|program| {
        let stem = Path::new(&program).file_stem();
        stem.is_some_and(|stem| stem.to_string_lossy().starts_with("kubectl-"))
    })
}
