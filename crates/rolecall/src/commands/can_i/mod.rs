//! `can-i`: one answer, a matrix of answers, or reviews answered as a server would.

mod difference;
mod folded;
mod listing;
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
use crate::built_in::SystemOptions;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::listing::ListOptions;
use crate::output::MatrixFormat;
use crate::question;
use crate::subject;
use crate::ui::Ui;

/// Check whether subjects can do something, and what allows it
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall can-i <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
       rolecall can-i [--verbs <VERBS>] [--resources <RESOURCES>] [OPTIONS]
       rolecall can-i --reviews <FILE> [OPTIONS]",
    after_help = format!(include_str!("../../help/can-i.txt"), subject = subject::GRAMMAR, resource = question::GRAMMAR)
)]
pub(crate) struct Arguments {
    /// The verb, such as `get` or `list`, or several separated by commas
    #[arg(requires = "resource")]
    verb: Option<String>,
    /// The resource or URL path, or several resources separated by commas
    resource: Option<String>,
    /// The subject [default: me]; wildcards such as `sa/*` or `user/*` select several; can be
    /// repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// The name of the object
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The subresource of RESOURCE, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resource")]
    subresource: String,
    /// The verbs of the matrix [default: get, list, watch, create, update, patch, delete,
    /// deletecollection]
    #[arg(long, value_name = "VERBS", value_delimiter = ',', conflicts_with = "verb")]
    verbs: Vec<String>,
    /// The resources of the matrix [default: all served resources]
    #[arg(long, value_name = "RESOURCES", value_delimiter = ',', conflicts_with = "verb")]
    resources: Vec<String>,
    /// Include subresources in the matrix
    #[arg(long, conflicts_with = "verb")]
    subresources: bool,
    /// Answer the SubjectAccessReviews in a file: JSON lines, JSON or YAML; `-` for stdin
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["verb", "subjects", "name", "subresource", "verbs", "resources", "subresources"]
    )]
    reviews: Option<PathBuf>,
    /// Print only the cells that differ for another SUBJECT, in another NAMESPACE, or in another
    /// context, `context:NAME`; can be repeated
    #[arg(long, value_name = "OTHER", conflicts_with = "reviews")]
    diff_with: Vec<String>,
    /// Leave out rows of the matrix without any access; the default for tables with more than 2000
    /// cells that would be `no`
    #[arg(long, conflicts_with_all = ["reviews", "diff_with"])]
    allowed_only: bool,
    /// The source of the answers
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: Mode,
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: MatrixFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, MatrixFormat::Table | MatrixFormat::Wide)
    }
}

/// Answers the questions in the arguments.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let is_laid_out = matches!(arguments.output, MatrixFormat::Table);
    arguments.list.size.check(|| is_laid_out && arguments.diff_with.is_empty())?;
    if let Some(file) = &arguments.reviews {
        if !matches!(
            arguments.output,
            MatrixFormat::Table | MatrixFormat::Json | MatrixFormat::Jsonl
        ) {
            return Err(CommandError::usage("`--reviews` only supports JSON lines")
                .with_hint(Hint::pass("-o json", "print JSON lines, or omit the option")));
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
    /// Returns the question, if there is only one.
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
