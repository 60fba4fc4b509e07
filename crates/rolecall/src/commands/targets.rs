use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use rolecall_render::{Target, ToolKind, command};
use rolecall_source::manifests::{self, LoadConfig, Selection};
use rolecall_source::{Problem, ProblemKind};
use serde::Serialize;

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load;
use crate::output::{self, Format};
use crate::place;
use crate::render::Table;
use crate::targets::{self, Discovery};
use crate::ui::Ui;

/// List the kustomizations and Helm charts in a directory, and the commands that render them
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/targets.txt"))]
pub(crate) struct Arguments {
    /// Directories, like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// The machine-readable answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "Targets")]
struct TargetsDetails {
    targets: Vec<TargetDetails>,
}

/// One target.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetDetails {
    name: String,
    tool: &'static str,
    command: String,
    /// The names of alternative targets: only one of them is applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deployed_by: Vec<String>,
    /// Whether the obstacle is that its tool is not installed, which is reported once.
    #[serde(skip)]
    lacks_tool: bool,
    /// The reason why it cannot be rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    obstacle: Option<String>,
}

/// Lists targets without rendering them.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut options = options.clone();
    options.source.filename.extend(arguments.paths.iter().cloned());
    if options.source.filename.is_empty() {
        return Err(CommandError::usage("no directory is named")
            .with_hint(Hint::run("rolecall targets .", "list the targets of this directory")));
    }
    let config = LoadConfig {
        selection: Selection::WithoutWorkloads,
        ..load::config_of(ui, &options, &load::Needs::default())
    };
    let listing = manifests::find(&config);
    let is_named = |problem: &&Problem| problem.kind == ProblemKind::MissingFile;
    if let Some(problem) = listing.problems().iter().find(is_named) {
        return Err(CommandError::input(problem.to_string()));
    }
    let mut discovery = Discovery::of(ui, &options, &config, &listing)?;
    discovery.select(&options)?;
    let tools = targets::tools()?;
    let namespace = options.namespace.first().unwrap_or(place::DEFAULT);
    let all = &discovery.targets;
    let details = all.iter().map(|target| {
        let obstacle = match &target.obstacle {
            Some(obstacle) => Some(match obstacle.place() {
                Some(place) => format!("{place}: {obstacle}"),
                None => obstacle.to_string(),
            }),
            None if tools.renders(target.tool()) => None,
            None => Some(format!("{} is not installed", target.tool().name())),
        };
        TargetDetails {
            name: target.name.clone(),
            tool: target.tool().name(),
            command: command(target, &tools, &discovery.names, namespace),
            alternatives: alternatives(target, all),
            deployed_by: target.deployed_by.clone(),
            lacks_tool: target.obstacle.is_none() && !tools.renders(target.tool()),
            obstacle,
        }
    });
    let details: Vec<TargetDetails> = details.collect();
    let mut out = ui.stdout();
    match arguments.output {
        Format::Json | Format::Yaml => {
            let details = TargetsDetails { targets: details };
            output::write_versioned(&mut out, arguments.output, &details)?;
        }
        Format::Table | Format::Wide => table(&details).write(&mut out, ui.layout())?,
    }
    out.flush()?;
    if all.is_empty() {
        ui.note("no kustomizations or charts: every manifest is read as it is");
    }
    for kind in [ToolKind::Kustomize, ToolKind::Helm] {
        if !tools.renders(kind) && all.iter().any(|target| target.tool() == kind) {
            ui.note(format!("{} is not installed: its targets are not rendered", kind.name()));
        }
    }
    Ok(Exit::Yes)
}

fn alternatives(target: &Target, all: &[Target]) -> Vec<String> {
    let others = all.iter().filter(|other| other.name != target.name);
    others.filter(|other| target.is_alternative_to(other)).map(|it| it.name.clone()).collect()
}

fn table(details: &[TargetDetails]) -> Table {
    let mut table = Table::new(["TARGET", "TOOL", "COMMAND", "NOTES"]);
    for target in details {
        let mut notes: Vec<String> =
            target.deployed_by.iter().map(|by| format!("deployed by {by}")).collect();
        let obstacle = target.obstacle.iter().filter(|_| !target.lacks_tool);
        notes.extend(obstacle.map(|obstacle| format!("not rendered: {obstacle}")));
        let notes = notes.join("; ");
        table.row([
            target.name.as_str().into(),
            target.tool.into(),
            target.command.as_str().into(),
            notes.into(),
        ]);
    }
    table
}
