//! `rolecall paths`: the subjects that can become cluster-admin.

mod cut;
mod diagram;
mod table;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rolecall_paths::{
    Accounts, Assumptions, CutPlan, Escalations, Grants, KeptRight, Nodes, Path, PathFinder,
    Platform, Reach, Row, Sink, Start, Subject,
};
use rolecall_rbac::{Gap, Unread};
use rolecall_source::manifests::Defaults;

use self::cut::KeepArgument;
use crate::answer::paths::{Answer, objects};
use crate::cli::Options;
use crate::commands::fix;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::Session;
use crate::output::{self, DocumentFormat, EscalationCut, EscalationPaths, Format};
use crate::starts;
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;
use crate::words;

/// Find the subjects that can become cluster-admin, step by step
#[derive(Debug, Args)]
#[command(after_help = format!(include_str!("../../help/paths.txt"), grammar = subject::GRAMMAR))]
pub(crate) struct Arguments {
    /// Start only from this subject or workload; can be repeated
    #[arg(long, value_name = "SUBJECT")]
    from: Vec<String>,
    /// Where paths end: cluster-admin, namespace/NAME, secrets, secrets/NAMESPACE, node,
    /// sa/NAMESPACE:NAME, user/NAME or group/NAME
    #[arg(long, value_name = "SINK", default_value = "cluster-admin", value_parser = parse_sink)]
    to: Sink,
    /// Explain a step, such as X02
    #[arg(long, value_name = "ROW", value_parser = parse_row)]
    explain: Option<Row>,
    /// Print the path of every subject and Pod instead of the first ones, and further paths that share
    /// no grant with it
    #[arg(long)]
    all: bool,
    /// Also follow steps that depend on something outside the input, such as an operator (X26)
    #[arg(long)]
    possible: bool,
    /// Also start from built-in subjects, such as controllers
    #[arg(long, visible_alias = "show-system")]
    include_system: bool,
    /// Facts about the cluster that the input does not show
    #[arg(long, value_enum, value_name = "FACT", value_delimiter = ',')]
    assume: Vec<Assumed>,
    /// Assume that Pods cannot take over their node, as with --assume hardened-nodes
    #[arg(long)]
    assume_hardened_nodes: bool,
    /// Print the changed roles and bindings that stop all paths, for `kubectl apply -f -`
    #[arg(long, conflicts_with = "all")]
    cut: bool,
    /// With --cut: print the changes as a diff of each object
    #[arg(long, requires = "cut", conflicts_with_all = ["out_dir", "output"])]
    diff: bool,
    /// With --cut: write the changed objects to files in a directory, one for each namespace
    #[arg(long, requires = "cut", value_name = "DIR", conflicts_with = "output")]
    out_dir: Option<PathBuf>,
    /// A right that the changes must keep, such as 'sa/ci:release create pods'; can be repeated
    #[arg(long, value_name = "SUBJECT VERB RESOURCE", requires = "cut")]
    keep: Vec<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PathsFormat,
}

/// A fact about the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Assumed {
    /// Pods cannot take over their node
    HardenedNodes,
    /// The cluster runs on EKS
    Eks,
}

/// The formats of paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PathsFormat {
    #[default]
    Table,
    Json,
    Yaml,
    /// A graph for Graphviz
    Dot,
    /// A graph for Markdown
    Mermaid,
}

fn parse_sink(text: &str) -> Result<Sink, String> {
    Sink::parse(text).map_err(|error| error.to_string())
}

fn parse_row(text: &str) -> Result<Row, String> {
    let last = Row::ALL.len();
    Row::parse(text).ok_or_else(|| format!("`{text}` is not a step; steps are X01 to X{last}"))
}

/// Prints paths, or explains a step.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    if let Some(row) = arguments.explain {
        return explain(ui, row);
    }
    let from: Vec<SubjectArgument> =
        arguments.from.iter().map(|text| SubjectArgument::parse(text)).collect::<Result<_, _>>()?;
    let kept: Vec<KeepArgument> =
        arguments.keep.iter().map(|text| KeepArgument::parse(text)).collect::<Result<_, _>>()?;
    let subjects = kept.iter().map(KeepArgument::subject).chain(&from).cloned();
    let needs = starts::needs(&subjects.collect::<Vec<_>>());
    let session = Session::load(ui, options, needs)?;
    let finder = arguments.finder(&session, options, Reach::Certain, Grants::Certain);
    let starts = match from.is_empty() {
        true => starts::among(finder.starts(), &session, arguments.include_system),
        false => starts::named(ui, &session, options, &from)?,
    };
    if arguments.cut {
        let mut rights = Vec::new();
        for right in &kept {
            rights.extend(right.rights(ui, &session, options)?);
        }
        return arguments.cut(ui, &session, options, &starts, &rights);
    }
    let missing = if from.is_empty() { finder.missing_accounts() } else { Vec::new() };
    let answer = arguments.answer(&session, options, finder, starts);
    let mut out = ui.stdout();
    match arguments.output {
        PathsFormat::Table => table::write(&mut out, ui, &answer, arguments.all)?,
        PathsFormat::Json => {
            let document = EscalationPaths::new(&answer);
            output::write_document(&mut out, DocumentFormat::Json, &document)?;
        }
        PathsFormat::Yaml => {
            let document = EscalationPaths::new(&answer);
            output::write_document(&mut out, DocumentFormat::Yaml, &document)?;
        }
        PathsFormat::Dot => diagram::write_dot(&mut out, &answer)?,
        PathsFormat::Mermaid => diagram::write_mermaid(&mut out, &answer)?,
    }
    out.flush()?;
    for gap in &answer.gaps {
        ui.warn(format!("there might be more paths; could not read: {gap}"));
    }
    if !answer.unbuilt.is_empty() {
        ui.warn(format!(
            "{} might reach {} after the kustomizations are built",
            words::count(answer.unbuilt.len(), "more subject"),
            answer.sink
        ));
    }
    if !arguments.possible && !answer.possible.is_empty() {
        ui.note(format!(
            "{} might reach {} by steps that depend on something outside the input: --possible \
             follows them",
            words::count(answer.possible.len(), "more subject"),
            answer.sink
        ));
    }
    starts::note_missing(ui, &session, &missing);
    let is_reached =
        answer.found.paths.iter().any(|path| !path.steps.iter().any(|step| step.row == Row::X26));
    let is_possible = !answer.found.paths.is_empty();
    let is_open = is_possible || !answer.gaps.is_empty() || !answer.unbuilt.is_empty();
    let exit = match is_reached {
        true => Exit::No,
        false => Exit::Inconclusive.when(is_open),
    };
    Ok(session.conclude(ui, exit))
}

impl Arguments {
    fn assumptions(&self, options: &Options, reach: Reach) -> Assumptions {
        let is_assumed = |fact| self.assume.contains(&fact);
        Assumptions {
            version: options.source.kubernetes_version(None),
            nodes: match self.assume_hardened_nodes || is_assumed(Assumed::HardenedNodes) {
                true => Nodes::Hardened,
                false => Nodes::Reachable,
            },
            platform: match is_assumed(Assumed::Eks) {
                true => Platform::Eks,
                false => Platform::Any,
            },
            accounts: match options.source.defaults {
                Defaults::None => Accounts::Listed,
                Defaults::Auto | Defaults::Version(_) => Accounts::Implied,
            },
            reach,
        }
    }

    /// Prints the changes that stop all paths.
    fn cut(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
        starts: &[Start],
        kept: &[KeptRight],
    ) -> Result<Exit, CommandError> {
        let reach = if self.possible { Reach::Possible } else { Reach::Certain };
        let mut finder = self.finder(session, options, reach, Grants::Certain);
        let planned = finder.plan_cut(starts, kept);
        let gaps = relevant_gaps(session);
        let is_document = match self.output {
            PathsFormat::Table => None,
            PathsFormat::Json => Some(Format::Json),
            PathsFormat::Yaml => Some(Format::Yaml),
            PathsFormat::Dot | PathsFormat::Mermaid => {
                let error = CommandError::usage("`--cut` has no graph");
                return Err(error.with_hint(Hint::pass("-o json", "print the changes as JSON")));
            }
        };
        if let Some(format) = is_document {
            let mut out = ui.stdout();
            let document = EscalationCut::new(&self.to, &planned, words::gaps(gaps.clone()));
            output::write_structured(&mut out, format, &document)?;
            out.flush()?;
        }
        let exit = match planned {
            Ok(plan) if plan.grants.is_empty() => {
                ui.note(format!("there is nothing to change: no subject reaches {}", self.to));
                Exit::Yes
            }
            Ok(plan) => {
                if is_document.is_none() {
                    self.write_cut(ui, session, &plan)?;
                }
                Exit::Yes
            }
            Err(reason) => {
                ui.warn(cut::no_plan(&reason, &self.to));
                Exit::No
            }
        };
        let is_open = exit == Exit::Yes && !gaps.is_empty();
        for gap in words::gaps(gaps) {
            ui.warn(format!("there might be more paths; could not read: {gap}"));
        }
        let exit = if is_open { Exit::Inconclusive.when(true) } else { exit };
        Ok(session.conclude(ui, exit))
    }

    /// Prints the changes as YAML or a diff, or writes files.
    fn write_cut(
        &self,
        ui: &Ui,
        session: &Session,
        plan: &CutPlan<'_>,
    ) -> Result<(), CommandError> {
        let objects = objects(plan);
        let mut out = ui.stdout();
        if let Some(folder) = &self.out_dir {
            let with = fix::files::Extras { comments: "", kustomization: false };
            fix::files::write(ui, folder, &objects, with)?;
        } else if self.diff {
            fix::diff::write(&mut out, session.authorizer.inventory(), &objects)?;
        } else {
            cut::write(&mut out, &self.to, plan)?;
        }
        out.flush()?;
        if self.diff || self.out_dir.is_some() {
            for line in cut::summary(&self.to, plan) {
                ui.note(line);
            }
        }
        Ok(())
    }

    fn answer<'a>(
        &self,
        session: &'a Session,
        options: &Options,
        mut finder: PathFinder<'a>,
        starts: Vec<Start>,
    ) -> Answer<'a> {
        let mut found = finder.find(&starts);
        let open = without(&starts, &found);
        let (mut choke_points, mut further, mut possible) = (Vec::new(), Vec::new(), Vec::new());
        let mut inspect = |finder: &mut PathFinder<'a>, found: &Escalations<'a>| {
            choke_points = finder.choke_points(&starts, found);
            if self.all {
                further = finder.further_paths(&starts, found);
            }
        };
        if !self.possible {
            inspect(&mut finder, &found);
        }
        if !open.is_empty() {
            finder.assume_reach(Reach::Possible);
            let more = finder.find(&open).paths;
            possible.extend(more.iter().map(|path| path.subject.clone()));
            if self.possible && !more.is_empty() {
                found.paths.extend(more);
                found.paths.sort_by(|one, other| one.subject.cmp(&other.subject));
            } else if self.possible {
                finder.assume_reach(Reach::Certain);
            }
        }
        if self.possible {
            inspect(&mut finder, &found);
        }
        let relevant = relevant_gaps(session);
        let unbuilt = match relevant.is_empty() {
            true => Vec::new(),
            false => {
                let mut finder = self.finder(session, options, Reach::Certain, Grants::Unbuilt);
                let all = finder.find(&starts);
                let admins = all.admins.clone();
                let known: BTreeSet<&Subject> = known(&found);
                let mut subjects: Vec<Subject> =
                    admins.into_iter().filter(|subject| !known.contains(subject)).collect();
                subjects.extend(others(&found, all).into_iter().map(|path| path.subject));
                subjects
            }
        };
        let gaps = words::gaps(relevant);
        let sink = self.to.clone();
        Answer { sink, starts, found, further, possible, unbuilt, choke_points, gaps }
    }

    fn finder<'a>(
        &self,
        session: &'a Session,
        options: &Options,
        reach: Reach,
        grants: Grants,
    ) -> PathFinder<'a> {
        let assumptions = self.assumptions(options, reach);
        let (authorizer, catalog) = (&session.authorizer, &session.catalog);
        PathFinder::with_catalog(authorizer, assumptions, self.to.clone(), grants, catalog)
    }
}

/// Returns the subjects that hold or reach the sink.
fn known<'f>(found: &'f Escalations<'_>) -> BTreeSet<&'f Subject> {
    found.paths.iter().map(|path| &path.subject).chain(&found.admins).collect()
}

/// Returns the starts that neither hold nor reach the sink. All lists have the same order.
fn without(starts: &[Start], found: &Escalations<'_>) -> Vec<Start> {
    let mut admins = found.admins.iter().peekable();
    let mut paths = found.paths.iter().map(|path| &path.subject).peekable();
    let open = starts.iter().filter(|start| {
        let is_next = |subject: &&Subject| **subject == start.subject;
        admins.next_if(is_next).is_none() && paths.next_if(is_next).is_none()
    });
    open.cloned().collect()
}

/// Returns the paths of other subjects.
fn others<'a>(found: &Escalations<'a>, all: Escalations<'a>) -> Vec<Path<'a>> {
    let known = known(found);
    all.paths.into_iter().filter(|path| !known.contains(&path.subject)).collect()
}

/// Returns the unread parts of the input that might add paths.
fn relevant_gaps(session: &Session) -> Vec<&Gap> {
    let gaps = session.authorizer.inventory().gaps().iter();
    gaps.filter(|gap| !matches!(gap.unread, Unread::Authorizer { .. })).collect()
}

/// Explains a step.
fn explain(ui: &Ui, row: Row) -> Result<Exit, CommandError> {
    let text = row.text();
    let mut out = crate::render::Folded::new(ui.stdout(), ui.columns());
    writeln!(out, "{row}: {}", text.title)?;
    writeln!(out, "needs: {}", text.needs)?;
    writeln!(out, "gains: {}", text.gains)?;
    writeln!(out, "{}", text.because)?;
    out.flush()?;
    Ok(Exit::Yes)
}
