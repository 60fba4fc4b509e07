use std::io::Write;

use clap::Args;
use rolecall_rbac::{Decision, Identity, Verdict};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::{Needs, Session};
use crate::output::{self, AccessAnswer, Format};
use crate::question::{self, Question};
use crate::render;
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;

/// Say whether a subject may do something, and through what
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
    /// How the answer looks; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn after_help() -> String {
    format!(
        "\
Examples:
  May the ServiceAccount `web` of namespace `shop` list Pods?
    rolecall can-i list pods --for sa/web -n shop
  May the Pods of a Deployment read the log of one Pod?
    rolecall can-i get pods/log --name db-0 --for deploy/web -n shop
  May a user list Pods of all namespaces at once?
    rolecall can-i list pods --for user/jane -A
  The same questions to manifests
    rolecall can-i list pods --for sa/web -n shop -f deploy/

{}

{}

Exit codes: 0 yes, 1 no, 2 it could not be done, 3 something that was not read decides it.",
        subject::GRAMMAR,
        question::GRAMMAR,
    )
}

/// Asks one question.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let subject = SubjectArgument::parse(&arguments.subject)?;
    let needs =
        Needs { service_accounts: true, workloads: subject.needs_workloads(), namespaces: false };
    let session = Session::load(ui, options, needs)?;
    let subject = subject.resolve_one(ui, &session, &options.cluster)?;
    let question = Question {
        verb: &arguments.verb,
        resource: &arguments.resource,
        name: &arguments.name,
        namespace: if options.namespace.all_namespaces { "" } else { &session.namespace },
        namespace_is_explicit: options.namespace.first().is_some(),
    };
    let request = question.to_request(ui, &session)?;
    let decision = session.authorizer.authorize(&subject.identity, &request);
    let mut out = ui.stdout();
    match arguments.output {
        Format::Table | Format::Wide => {
            render::write_answer(&mut out, &subject, &request, &decision)?;
        }
        Format::Json => {
            output::write_json(&mut out, &AccessAnswer::new(&subject, &request, &decision))?;
        }
        Format::Yaml => {
            output::write_yaml(&mut out, &AccessAnswer::new(&subject, &request, &decision))?;
        }
    }
    out.flush()?;
    Ok(session.conclude(exit_of(ui, &subject.identity, &decision)))
}

/// Returns the exit code of a verdict; a node that RBAC does not allow may be allowed by the Node
/// authorizer.
fn exit_of(ui: &Ui, identity: &Identity, decision: &Decision<'_>) -> Exit {
    match decision.verdict {
        Verdict::Allowed { .. } => Exit::Yes,
        Verdict::NoOpinion if identity.is_node() => {
            ui.note("the Node authorizer, which rolecall cannot evaluate, may allow it");
            Exit::Inconclusive
        }
        Verdict::NoOpinion => Exit::No,
        Verdict::Unknown { .. } => Exit::Inconclusive,
    }
}
