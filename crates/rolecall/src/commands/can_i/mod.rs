//! `can-i`: one answer, a matrix of answers, or reviews answered as a server would.

mod difference;
mod live;
mod matrix;
pub(crate) mod mode;
mod plan;
mod reviewed_matrix;
mod reviews;
mod settle;
pub(crate) mod single;

use std::path::PathBuf;

use clap::Args;
use rolecall_rbac::Glob;

use self::mode::Mode;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::output::MatrixFormat;
use crate::question;
use crate::subject;
use crate::ui::Ui;

/// Check whether subjects can do something, and what allows it
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall can-i <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
       rolecall can-i [--for <SUBJECT>]... [--verbs <VERBS>] [--resources <RESOURCES>] [OPTIONS]
       rolecall can-i --reviews <FILE> [OPTIONS]",
    after_help = after_help()
)]
pub(crate) struct Arguments {
    /// What is done: a verb such as `get`, `list` or `create`, or several with commas
    #[arg(requires = "resource")]
    verb: Option<String>,
    /// To what: a resource or a URL path, or several resources with commas
    resource: Option<String>,
    /// Who does it [default: me]; may be repeated; names may have
    /// wildcards, as in `sa/*` or `user/*`
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// The object's name
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The subresource of RESOURCE, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resource")]
    subresource: String,
    /// Verbs of a matrix [default: get, list, watch, create, update, patch, delete,
    /// deletecollection]
    #[arg(long, value_name = "VERBS", value_delimiter = ',', conflicts_with = "verb")]
    verbs: Vec<String>,
    /// Resources of a matrix [default: all that servers serve]
    #[arg(long, value_name = "RESOURCES", value_delimiter = ',', conflicts_with = "verb")]
    resources: Vec<String>,
    /// Ask about the subresources of the matrix's resources too
    #[arg(long, conflicts_with = "verb")]
    subresources: bool,
    /// Answer SubjectAccessReviews: JSON lines, JSON or YAML; `-` is stdin
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["verb", "subjects", "name", "subresource", "verbs", "resources", "subresources"]
    )]
    reviews: Option<PathBuf>,
    /// Print only the cells that differ for another SUBJECT, in another NAMESPACE, or in another
    /// context, `context:NAME`; may be repeated
    #[arg(long, value_name = "OTHER", conflicts_with = "reviews")]
    diff_with: Vec<String>,
    /// Who answers
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: Mode,
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: MatrixFormat,
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
  The same question to manifests
    rolecall can-i list pods --for sa/web -n shop -f deploy/
  What may two subjects do with Pods and Deployments, in two namespaces?
    rolecall can-i --for sa/shop:web --for user/jane --resources pods,deploy -n shop -n test
  Everything that every ServiceAccount may do, for a spreadsheet
    rolecall can-i --for 'sa/*' -A --subresources -o csv
  What may one ServiceAccount do that the other may not, or the other way round?
    rolecall can-i --for sa/web -n shop --diff-with sa/worker
  Do two clusters allow the same?
    rolecall can-i --for 'sa/*' -n shop --diff-with context:prod
  Answer reviews as an API server would
    rolecall can-i --reviews reviews.jsonl -f cluster.yaml

{}

{}

One answer exits with 0 for yes, 1 for no, 3 when something that was not read decides it. A matrix and
reviews exit with 0 when everything could be answered, whatever the answers, else with 3. 2 means an
error. With --diff-with 0 means that nothing differs, 1 that something does, 3 that
something was not read.

Reviews are SubjectAccessReviews, LocalSubjectAccessReviews or SelfSubjectAccessReviews (with --as), or
objects with only their `spec`. They come out in their order as JSON lines with a `status`, in the
server's words. Groups are taken as written. An invalid review is reported with its line, and
the others are still answered.",
        subject::GRAMMAR,
        question::GRAMMAR,
    )
}

/// Asks what the arguments ask.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    if let Some(file) = &arguments.reviews {
        if !matches!(arguments.output, MatrixFormat::Table | MatrixFormat::Json) {
            return Err(CommandError::usage("reviews are answered as JSON lines")
                .with_hint(Hint::pass("-o json", "say so, or leave it out")));
        }
        return reviews::run(ui, options, file, arguments.mode);
    }
    if !arguments.diff_with.is_empty() {
        return difference::run(ui, options, arguments);
    }
    if let Some(single) = arguments.as_single(options) {
        return match arguments.mode {
            Mode::Auto | Mode::Local => single::run(ui, options, &single),
            Mode::Live | Mode::Both => live::run_single(ui, options, &single),
        };
    }
    match arguments.mode {
        Mode::Auto | Mode::Local => matrix::run(ui, options, arguments),
        Mode::Live | Mode::Both => live::run_matrix(ui, options, arguments),
    }
}

impl Arguments {
    /// Returns the one question that is asked, if it is only one.
    fn as_single(&self, options: &Options) -> Option<single::Single<'_>> {
        let (verb, resource) = self.verb.as_deref().zip(self.resource.as_deref())?;
        let subject = match &*self.subjects {
            [] => "me",
            [subject] if !Glob::is_pattern(subject) => subject,
            _ => return None,
        };
        let is_path = resource.starts_with('/');
        let is_list = verb.contains(',') || (!is_path && resource.contains(','));
        let one = !is_list && options.namespace.namespaces.len() <= 1;
        let output = self.output.as_format().filter(|_| one)?;
        let mode = self.mode;
        let (subresource, name) = (&*self.subresource, &*self.name);
        Some(single::Single { verb, resource, subject, subresource, name, output, mode })
    }
}
