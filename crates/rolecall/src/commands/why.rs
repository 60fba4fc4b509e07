use clap::Args;

use super::can_i::mode::Mode;
use super::can_i::single::{AnsweredBy, Asked, Single, Told};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::Breadth;
use crate::output::Format;
use crate::render::Detail;
use crate::ui::Ui;
use crate::{question, subject};

/// Explain why a subject can or cannot do something
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// What is done: a verb such as `get`, `list` or `create`
    verb: String,
    /// To what: a resource or a URL path
    resource: String,
    /// Who does it
    #[arg(long = "for", value_name = "SUBJECT", default_value = "me")]
    subject: String,
    /// The object's name
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn after_help() -> String {
    format!(
        "\
Every grant is named; or, when there is none, everything that nearly is one: a binding in another
namespace, a rule with other verbs, a subject that is only spelled alike, a role that does not exist.

Examples:
  Why may the Pods of a Deployment not list Pods?
    rolecall why list pods --for deploy/web -n shop
  Through what may a user delete Secrets?
    rolecall why delete secrets --for user/jane -n shop
  Before it is applied
    rolecall why list pods --for sa/web -n shop -f deploy/

{}

{}

Exit codes: 0 yes, 1 no, 2 an error, 3 something that was not read decides it.",
        subject::GRAMMAR,
        question::GRAMMAR,
    )
}

/// Explains one answer.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let single = Single {
        verb: &arguments.verb,
        resource: &arguments.resource,
        subject: &arguments.subject,
        name: &arguments.name,
        output: arguments.output,
        mode: Mode::Auto,
    };
    let asked = Asked::prepare(ui, options, &single, Breadth::Roles)?;
    let Told { exit, by } = asked.answer(ui, arguments.output, Detail::Full)?;
    if exit == Exit::No && by != AnsweredBy::OtherAuthorizer {
        ui.suggest(Hint::run(
            single.command("fix", options),
            "print the least YAML that allows it",
        ));
    }
    Ok(exit)
}
