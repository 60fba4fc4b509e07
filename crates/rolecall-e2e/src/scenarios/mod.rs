//! `cargo xtask e2e`: scenarios against a real API server.
//!
//! One server of each version serves all scenarios, each in dedicated namespaces. rolecall's output
//! is compared with the server's answers, and no output must contain a token or key.

mod authorizers;
mod callers;
mod clients;
mod credentials;
mod doctor;
mod escalation;
mod fixes;
mod fixtures;
mod invocation;
mod json;
mod jwt;
mod operators;
mod secrets;
mod sources;
mod surroundings;
mod universe;
mod usage;
mod world;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;

use self::world::World;
use crate::assets::{Assets, Kubernetes};
use crate::browser::{self, PageScenario};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Run scenarios against a real API server
#[derive(Args)]
pub struct E2eArguments {
    /// Only scenarios whose name contains this text (repeatable)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// List the scenarios
    #[arg(long)]
    list: bool,

    /// Only on this version, unless KUBEBUILDER_ASSETS is set
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<Kubernetes>,

    /// Run every scenario on every version, and those that take minutes; by default the newest
    /// version gets one scenario of each kind
    #[arg(long, conflicts_with = "kubernetes")]
    full: bool,
}

/// A test on a running server.
struct Scenario {
    name: &'static str,
    /// The statement that holds if it passes.
    claim: &'static str,
    run: fn(&World) -> Result<()>,
    /// The first minor version of Kubernetes with the tested feature.
    since: u32,
}

/// All scenarios by file.
const ALL: [&[Scenario]; 13] = [
    fixtures::SCENARIOS,
    callers::SCENARIOS,
    operators::SCENARIOS,
    authorizers::SCENARIOS,
    credentials::SCENARIOS,
    sources::SCENARIOS,
    clients::SCENARIOS,
    doctor::SCENARIOS,
    escalation::SCENARIOS,
    fixes::SCENARIOS,
    surroundings::SCENARIOS,
    universe::SCENARIOS,
    usage::SCENARIOS,
];

/// Runs the scenarios on one version after another, each until its first failure.
pub fn run(arguments: &E2eArguments) -> Result<()> {
    let Chosen { scenarios: chosen, pages } = choose(&arguments.only, arguments.full)?;
    if arguments.list {
        let named = chosen.iter().map(|scenario| (scenario.name, scenario.claim));
        for (name, claim) in named.chain(pages.iter().map(|page| (page.name, page.claim))) {
            println!("{name:WIDTH$}  {claim}");
        }
        return Ok(());
    }
    let runs = if chosen.is_empty() { Vec::new() } else { plan(arguments, chosen)? };
    let rolecall = build()?;
    let mut outcome = Outcome::default();
    for (assets, scenarios) in runs {
        run_on(&assets, &rolecall, &scenarios, &mut outcome)?;
    }
    if !pages.is_empty() {
        let of_pages = browser::run(&rolecall, &pages)?;
        outcome.passed += of_pages.passed;
        let failed = of_pages.failed.into_iter();
        outcome
            .failed
            .extend(failed.map(|scenario| Failed { scenario, version: "in a browser".to_owned() }));
    }
    println!("{} passed, {} failed", outcome.passed, outcome.failed.len());
    match outcome.failed.first() {
        None => Ok(()),
        Some(first) => {
            let failed = outcome.failed.iter().map(ToString::to_string).collect::<Vec<_>>();
            let name = first.scenario;
            Err(Failure::new(format!("failed: {}", failed.join(", ")))
                .remedy(format!("run one alone: cargo xtask e2e --only {name}")))
        }
    }
}

/// The results of the scenarios on all versions.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: Vec<Failed>,
}

/// A scenario that failed on one version.
struct Failed {
    scenario: &'static str,
    version: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.scenario, self.version)
    }
}

type Scenarios = Vec<&'static Scenario>;

/// Decides which scenarios run on which servers.
fn plan(arguments: &E2eArguments, chosen: Scenarios) -> Result<Vec<(Assets, Scenarios)>> {
    let everything = arguments.full || !arguments.only.is_empty();
    if let Some(given) = Assets::from_environment()? {
        return Ok(vec![(given, chosen)]);
    }
    if let Some(version) = arguments.kubernetes {
        return Ok(vec![(Assets::built(version)?, chosen)]);
    }
    let mut runs = Vec::new();
    for version in Kubernetes::ALL {
        let scenarios = if everything || version == Kubernetes::V1_20 {
            chosen.clone()
        } else {
            one_of_each_kind()
        };
        runs.push((Assets::built(version)?, scenarios));
    }
    Ok(runs)
}

fn run_on(
    assets: &Assets,
    rolecall: &Path,
    scenarios: &[&'static Scenario],
    outcome: &mut Outcome,
) -> Result<()> {
    let (version, minor) = (assets.version()?, assets.minor()?);
    let fitting: Scenarios =
        scenarios.iter().copied().filter(|scenario| scenario.since <= minor).collect();
    if fitting.is_empty() {
        return Ok(());
    }
    let started = Instant::now();
    let world = World::start(assets, rolecall.to_owned())?;
    println!("Kubernetes {version}");
    println!("{:WIDTH$}  {:>5.1} s", "(server)", started.elapsed().as_secs_f64());
    for scenario in fitting {
        let started = Instant::now();
        let result = (scenario.run)(&world).and_then(|()| world.check_alive());
        let seconds = started.elapsed().as_secs_f64();
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{:WIDTH$}  {seconds:>5.1} s  {verdict}", scenario.name);
        match result {
            Ok(()) => outcome.passed += 1,
            Err(failure) => {
                println!("{}", indented(&failure.to_string()));
                outcome.failed.push(Failed { scenario: scenario.name, version: version.clone() });
            }
        }
    }
    Ok(())
}

/// Returns the first scenario of each file, and those for newer servers only.
fn one_of_each_kind() -> Scenarios {
    let newer = |scenario: &&Scenario| scenario.since > 20;
    ALL.into_iter()
        .flat_map(|kind| kind.first().into_iter().chain(kind.iter().skip(1).filter(newer)))
        .collect()
}

/// The maximum length of a name.
const WIDTH: usize = 32;

/// The scenarios whose names match.
struct Chosen {
    scenarios: Scenarios,
    pages: Vec<&'static PageScenario>,
}

fn choose(only: &[String], full: bool) -> Result<Chosen> {
    let is_chosen =
        |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part.as_str()));
    let is_long_chosen = |name: &str| {
        let is_named = only.iter().any(|part| part == name);
        is_named || (full && is_chosen(name))
    };
    let all = ALL.into_iter().flatten();
    let pages = browser::ALL.into_iter().flatten().filter(|page| is_chosen(page.name));
    let long = browser::LONG.iter().filter(|page| is_long_chosen(page.name));
    let chosen = Chosen {
        scenarios: all.filter(|scenario| is_chosen(scenario.name)).collect(),
        pages: pages.chain(long).collect(),
    };
    if chosen.scenarios.is_empty() && chosen.pages.is_empty() {
        return Err(Failure::new(format!("no scenario matches `{}`", only.join("`, `")))
            .remedy("list them with cargo xtask e2e --list"));
    }
    Ok(chosen)
}

/// Builds the binary of the tests, and returns its path.
///
/// Building only the package would select other features, and compile most dependencies a second
/// time.
fn build() -> Result<PathBuf> {
    let stdout = process::output(
        Command::new("cargo")
            .args(["test", "--quiet", "--message-format=json-render-diagnostics"])
            .args(["--workspace", "--test", "cli", "--no-run"])
            .current_dir(files::workspace_root()),
    )?;
    stdout
        .lines()
        .filter_map(executable)
        .find(|path| path.file_name().is_some_and(|name| name == "rolecall"))
        .ok_or_else(|| Failure::new("cargo did not build `rolecall`"))
}

fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn scenario_names_are_unique_and_short() {
        let mut names = BTreeSet::new();
        let scenarios = ALL.into_iter().flatten().map(|scenario| scenario.name);
        let pages = browser::ALL.into_iter().flatten().chain(browser::LONG);
        for name in scenarios.chain(pages.map(|page| page.name)) {
            assert!(names.insert(name), "{name}");
            assert!(name.len() <= WIDTH, "{name}");
        }
    }

    #[test]
    fn a_part_of_a_name_selects_and_an_unknown_one_is_an_error() {
        let chosen = choose(&["fixtures".to_owned()], false).map(|chosen| chosen.scenarios.len());
        assert!(chosen.is_ok_and(|count| count > 0));
        let refused = choose(&["nothing".to_owned()], false).map(|chosen| chosen.scenarios.len());
        let failure = refused.expect_err("no name matches").to_string();
        let pages = |only: &str, full| {
            choose(&[only.to_owned()], full)
                .map(|chosen| chosen.pages.iter().map(|page| page.name).collect::<Vec<_>>())
                .unwrap_or_default()
        };
        assert!(!pages("report", false).contains(&"report-huge"));
        assert!(pages("report", true).contains(&"report-huge"));
        assert_eq!(pages("report-huge", false), ["report-huge"]);
        assert_eq!(
            failure,
            "error: no scenario matches `nothing`\nhint: list them with cargo xtask e2e --list"
        );
    }
}
