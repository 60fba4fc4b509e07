mod nearer;
mod refused;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::can_i::mode::Mode;
use super::can_i::single::{AnsweredBy, Asked, Outcome, Single};
use crate::cli::{Options, parse_duration};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::Breadth;
use crate::output::Format;
use crate::render::Detail;
use crate::ui::Ui;
use crate::{question, subject};

/// Explain why a subject can or cannot do something, or why a request was refused
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall why <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
       rolecall why <REFUSAL|-> [OPTIONS]
       rolecall why --from-errors <FILE> [OPTIONS]
       rolecall why --logs <TARGET>... [--since <DURATION>] [OPTIONS]",
    after_help = format!(include_str!("../../help/why.txt"), subject = subject::GRAMMAR, resource = question::GRAMMAR)
)]
pub(crate) struct Arguments {
    /// The verb, such as `get` or `list`; or the error message of a refused request, in quotes; `-` reads
    /// error messages from stdin
    #[arg(required_unless_present_any = ["from_errors", "logs"], conflicts_with_all = ["from_errors", "logs"])]
    verb: Option<String>,
    /// The resource or URL path
    resource: Option<String>,
    /// The subject [default: me]; for an error message, the subject if the message does not name it
    #[arg(long = "for", value_name = "SUBJECT")]
    subject: Option<String>,
    /// The name of the object
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The subresource of RESOURCE, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resource")]
    subresource: String,
    /// Explain the refusals in a text: kubectl errors, logs, exceptions or events; `-` for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "logs")]
    from_errors: Option<PathBuf>,
    /// Explain the refusals in the logs of a Pod or workload, such as pod/NAME or deploy/NAME; can be
    /// repeated
    #[arg(long, value_name = "TARGET")]
    logs: Vec<String>,
    /// With --logs: read only entries newer than a duration such as `1h`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "logs")]
    since: Option<Duration>,
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, Format::Table | Format::Wide)
    }
}

/// Explains one answer, or refusals.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Arguments { verb, resource, .. } = arguments;
    match (verb.as_deref(), resource.as_deref()) {
        (Some(verb), Some(resource)) => explain(ui, options, arguments, verb, resource),
        (Some(verb), None) if verb.trim().is_empty() => {
            let question = options.given.clone().replacing("verb", |_| "VERB".to_owned());
            let stdin = options.given.clone().replacing("verb", |_| "-".to_owned());
            Err(CommandError::usage("the question is empty")
                .with_hint(Hint::run(question.again(&["RESOURCE"]), "ask about a resource"))
                .with_hint(Hint::run(stdin.again(&[]), "read error messages from stdin")))
        }
        (Some(verb), None) if verb != "-" && !verb.contains(char::is_whitespace) => {
            Err(CommandError::usage(format!("the resource is missing after `{verb}`"))
                .with_hint(Hint::run(options.given.again(&["RESOURCE"]), "ask about a resource")))
        }
        _ => refused::explain(ui, options, arguments),
    }
}

fn explain(
    ui: &Ui,
    options: &Options,
    arguments: &Arguments,
    verb: &str,
    resource: &str,
) -> Result<Exit, CommandError> {
    let single = Single {
        verb,
        resource,
        subject: arguments.subject.as_deref().unwrap_or("me"),
        subresource: &arguments.subresource,
        name: &arguments.name,
        output: arguments.output,
        mode: Mode::Auto,
    };
    let asked = Asked::prepare(ui, options, &single, Breadth::Roles)?;
    let Outcome { exit, by } = asked.answer(ui, arguments.output, Detail::Full)?;
    let is_structured = matches!(arguments.output, Format::Json | Format::Yaml);
    let is_said = by == AnsweredBy::Rolecall && !is_structured;
    if exit == Exit::No && by == AnsweredBy::Rolecall {
        let (session, denied) = asked.denied();
        if nearer::note(ui, session, &[denied]) {
            let command = format!("{} --style repair", single.command("fix", options));
            ui.suggest(Hint::run(command, "print that correction"));
        }
    }
    if exit == Exit::No && by != AnsweredBy::OtherAuthorizer && !is_said {
        asked.ways().into_iter().for_each(|hint| ui.suggest(hint));
    }
    Ok(exit)
}
