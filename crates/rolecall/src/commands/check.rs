use std::collections::BTreeSet;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rolecall_check::expectation::evaluate;
use rolecall_check::{
    CheckConfig, CheckInput, Date, Finding, Judged, KubernetesVersion, RuleMeta, Severity,
    Suppressed, check, expectation_findings, fingerprints, fold, suppress,
};
use rolecall_rbac::{Glob, Inventory, Replaced};
use rolecall_source::facts::Version;
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};

use crate::cli::{self, Options};
use crate::config;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::file::{self, Bound};
use crate::finding_words;
use crate::load::{Breadth, Needs, Session};
use crate::output::{self, Findings};
use crate::render::findings as render;
use crate::reported::{self, Coverage, Exactness, Reported, Scope, UnreadPart};
use crate::time;
use crate::ui::Ui;

/// Check manifests before they are applied: what is broken, dead, refused or risky
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Files, directories or `-` for stdin; like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: FindingsFormat,
    /// Show findings of at least this severity
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = severities())]
    severity: Severity,
    /// Exit with 1 only on findings of at least this severity; `none` only reports
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = fail_levels())]
    fail_level: FailLevel,
    /// Report only findings of these codes; globs such as `RC5*` and names are fine
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    only: Vec<CodeGlob>,
    /// Leave out findings of these codes
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<CodeGlob>,
    /// Leave out findings that are in this file, written by an earlier `-o json`
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Expectations, severities, suppressions and what is external [default: rolecall.yaml at the root of a PATH, else of
    /// the working directory]
    #[arg(long, value_name = "FILE", visible_alias = "config")]
    expectations: Vec<PathBuf>,
    /// The Kubernetes version that the manifests are for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// The day on which it is judged whether suppressions have ended [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

/// Reads a severity, and names all of them in help and completions.
fn severities() -> impl TypedValueParser<Value = Severity> {
    let words = Severity::ALL.map(Severity::as_str);
    PossibleValuesParser::new(words).try_map(|word| word.parse())
}

/// Reads a level from which on findings fail the command.
fn fail_levels() -> impl TypedValueParser<Value = FailLevel> {
    let words = std::iter::once("none").chain(Severity::ALL.map(Severity::as_str));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<FailLevel>())
}

/// The formats of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FindingsFormat {
    #[default]
    Table,
    /// A table, whatever the width of the terminal
    Wide,
    /// A paragraph for each finding, as terminals get it
    Text,
    Json,
    Yaml,
    Csv,
    Sarif,
    Junit,
    Github,
    Markdown,
}

impl FindingsFormat {
    /// Returns whether it is laid out for people, who are shown nothing where nothing is found.
    fn is_laid_out(self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Text)
    }

    /// Returns how exactly the format says where findings are.
    fn exactness(self) -> Exactness {
        match self {
            Self::Table | Self::Wide | Self::Text | Self::Csv | Self::Junit | Self::Markdown => {
                Exactness::Lines
            }
            Self::Json | Self::Yaml | Self::Sarif | Self::Github => Exactness::Regions,
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  Is the RBAC of a repository sound?
    rolecall check deploy/
  The same, without charts and test data
    rolecall check . --exclude charts --exclude '*/testdata'
  The output of Kustomize or Helm
    kustomize build overlays/prod | rolecall check -
  Fail a pipeline on what is new and bad
    rolecall check deploy/ --baseline findings.json --fail-level high
  What does a code mean?
    rolecall explain RC201

A `rolecall.yaml` says what subjects can and cannot do, how bad findings are and which are excused:
see docs/configuration.md. An annotation `rolecall.dev/ignore: \"CODE,.. REASON, until=YYYY-MM-DD\"` on an object suppresses
its findings of those codes; the date may be left out, several are separated by `;`.

Severities: info is worth knowing, low untidy, medium probably not meant, high broken or dangerous,
critical takes over the cluster. A risk is graded by where it is granted.

What was not read can hold what is missing: such findings say \"unless PATH provides it\", and count unless
--keep-going is given.

Exit codes: 0 nothing of the fail level, 1 findings, 2 an error,
3 something that was not read or built could change the result.";

/// From which severity on findings fail the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailLevel {
    /// None do.
    None,
    /// This one and those above.
    At(Severity),
}

impl FromStr for FailLevel {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "none" => Ok(Self::None),
            word => word.parse().map(Self::At).map_err(|_| {
                format!("`{word}` is no level: use `none`, `info`, `low`, `medium`, `high` or `critical`")
            }),
        }
    }
}

/// Codes or names of findings, with `*` for any text.
#[derive(Clone, Debug)]
struct CodeGlob(Glob);

impl CodeGlob {
    fn matches(&self, rule: &RuleMeta) -> bool {
        self.0.matches(rule.code) || self.0.matches(rule.name)
    }
}

impl FromStr for CodeGlob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_code = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("rc"));
        let text = if is_code { text.to_ascii_uppercase() } else { text.to_owned() };
        let glob = Self(Glob::new(&text));
        match rolecall_check::rules().iter().any(|rule| glob.matches(rule)) {
            true => Ok(glob),
            false => Err(format!(
                "no finding has the code or name `{text}`; `rolecall explain` lists them"
            )),
        }
    }
}

/// Checks and reports.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut options = options.clone();
    options.source.filename.extend(arguments.paths.iter().cloned());
    if options.source.filename.is_empty() {
        return Err(CommandError::usage("nothing to check")
            .with_hint(Hint::run("rolecall check PATH", "check manifests")));
    }
    let config = config::load(ui, &arguments.expectations, &options.source.filename)?;
    options.source.exclude.extend(config.exclude.iter().cloned());
    options.source.is_configured = true;
    let baseline = arguments.baseline.as_deref().map(|path| read_baseline(ui, path)).transpose()?;
    let baseline = baseline.unwrap_or_default();
    let needs = Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        breadth: Breadth::All,
        keeps_stdin: true,
        ..Needs::default()
    };
    let session = Session::load(ui, &options, needs)?;
    if options.output.verbose > 0 {
        for file in &session.files {
            let plural = if file.objects == 1 { "" } else { "s" };
            let path = render::display_path(&file.path);
            ui.note(format!("read {path}: {} object{plural}", file.objects));
        }
    }
    let version = options.source.kubernetes_version(arguments.kubernetes_version);
    let defaults: Vec<Inventory> = Version::ALL.into_par_iter().map(default_objects).collect();
    let sources = sources(&options);
    let mut all = check(CheckInput {
        authorizer: &session.authorizer,
        catalog: &session.catalog,
        defaults: &defaults,
        drifts: &session.drifts,
        version,
        judged: Judged::Files,
        external: &config.external,
        complete: session.complete,
        namespace_given: !options.namespace.namespaces.is_empty() || session.live().is_some(),
    });
    all.extend(unmet(&config, &session));
    finding_words::add_remedies(&mut all, &sources);
    config.grade(&mut all);
    let today = match arguments.today {
        Some(today) => today,
        None => time::today().parse().map_err(CommandError::input)?,
    };
    let inventory = session.authorizer.inventory();
    let (all, suppressed) = suppress(all, inventory, &config.suppressions, today);
    tell(ui, &options, &suppressed);
    let is_asked = |finding: &Finding| {
        let is_named = |globs: &[CodeGlob]| globs.iter().any(|glob| glob.matches(finding.rule));
        finding.severity >= arguments.severity
            && (arguments.only.is_empty() || is_named(&arguments.only))
            && !is_named(&arguments.ignore)
    };
    // Only now: no finding may hide behind one that is left out.
    let all = fold(all.into_iter().filter(is_asked).collect());
    let prints = fingerprints(&all);
    let (known, wanted): (Vec<_>, Vec<(Finding, String)>) =
        all.into_iter().zip(prints).partition(|(_, print)| baseline.contains(print));
    let coverage = Coverage {
        gaps: UnreadPart::of(inventory.gaps()),
        scope: Scope { excluded: session.excluded, ..Scope::of(&session.files) },
        known: arguments.baseline.is_some().then_some(known.len()),
    };
    // The process ends with the command, and frees all at once.
    let stdin = session.stdin.as_deref();
    let findings = ManuallyDrop::new(reported::locate(wanted, stdin, arguments.output.exactness()));
    write(ui, arguments.output, &findings, &coverage)?;
    if arguments.output.is_laid_out() {
        suggest_explanation(ui, &findings);
    }
    let FailLevel::At(fail_level) = arguments.fail_level else {
        return Ok(session.conclude(ui, Exit::Yes));
    };
    let mut exit = exit(&findings, fail_level, options.source.keep_going);
    if exit == Exit::Yes && !coverage.gaps.is_empty() {
        exit = Exit::Inconclusive;
    }
    if exit == Exit::Yes && session.replaced.iter().any(decides_access) {
        ui.warn("what is defined twice was judged only as it is defined last");
        ui.suggest(Hint::run("rolecall check PATH", "check each environment by itself"));
        exit = Exit::Inconclusive;
    }
    Ok(session.conclude(ui, exit))
}

/// Suggests what to read next: about the gravest finding.
fn suggest_explanation(ui: &Ui, findings: &[Reported]) {
    let findings = findings.iter().map(|reported| &reported.finding);
    let gravest = findings.rev().max_by_key(|finding| finding.severity);
    if let Some(finding) = gravest {
        let command = format!("rolecall explain {}", finding.rule.code);
        ui.suggest(Hint::run(command, "read what this means and how to fix it"));
    }
}

/// Writes the findings.
fn write(
    ui: &Ui,
    format: FindingsFormat,
    findings: &[Reported],
    coverage: &Coverage,
) -> Result<(), CommandError> {
    let columns = match format {
        FindingsFormat::Text => Some(ui.columns().unwrap_or(100)),
        FindingsFormat::Table => ui.columns(),
        _ => None,
    };
    if let Some(columns) = columns {
        let mut out = ui.stdout();
        render::write_blocks(&mut out, findings, coverage, columns)?;
        return Ok(out.flush()?);
    }
    let headings = ui.layout().headings;
    if format.is_laid_out() && ui.is_colored() {
        let mut out = ui.stdout();
        render::write_table(&mut out, findings, coverage, headings)?;
        return Ok(out.flush()?);
    }
    // Colours would have to be looked for in each byte to be taken out again.
    let mut out = ui.data();
    match format {
        FindingsFormat::Table | FindingsFormat::Wide | FindingsFormat::Text => {
            render::write_plain_table(&mut out, findings, coverage, headings)?;
        }
        FindingsFormat::Csv => render::write_csv(&mut out, findings, coverage, headings)?,
        FindingsFormat::Json | FindingsFormat::Yaml => {
            let format = match format {
                FindingsFormat::Yaml => output::Format::Yaml,
                _ => output::Format::Json,
            };
            output::write_structured(&mut out, format, &Findings::new(findings, coverage))?;
        }
        FindingsFormat::Sarif => render::sarif::write(&mut out, findings, coverage)?,
        FindingsFormat::Junit => render::junit::write(&mut out, findings, coverage)?,
        FindingsFormat::Github => render::write_github(&mut out, findings, coverage)?,
        FindingsFormat::Markdown => render::write_markdown(&mut out, findings, coverage)?,
    }
    Ok(out.flush()?)
}

/// Returns whether another object of the name could have been judged otherwise.
fn decides_access(replaced: &Replaced) -> bool {
    !matches!(&*replaced.kind, "Namespace" | "ServiceAccount")
}

/// Returns what findings mean to a pipeline. What is undecided is not a finding to fail for, but must
/// not pass either.
fn exit(findings: &[Reported], fail_level: Severity, keep_going: bool) -> Exit {
    let findings = findings.iter().map(|reported| &reported.finding);
    let reasons = findings
        .filter(|finding| finding.severity >= fail_level)
        .filter(|finding| !keep_going || finding.unless.is_empty())
        .map(|finding| if finding.is_undecided() { Exit::Inconclusive } else { Exit::No });
    reasons.max().unwrap_or(Exit::Yes)
}

/// Returns the options with which another command reads the same.
fn sources(options: &Options) -> String {
    let mut options = options.clone();
    // Findings say themselves where they ask.
    options.namespace.namespaces.clear();
    options.namespace.all_namespaces = false;
    cli::command_line(Vec::new(), &options)
}

/// Returns findings about the expectations that do not hold.
fn unmet(config: &CheckConfig, session: &Session) -> Vec<Finding> {
    let failures = evaluate(&session.authorizer, &session.catalog, &config.expectations);
    let mut findings = expectation_findings(&failures);
    for (finding, failure) in findings.iter_mut().zip(&failures) {
        finding_words::add_near_misses(finding, failure);
    }
    findings
}

/// Tells what was suppressed: how much, and with `-v` each finding with the reason.
fn tell(ui: &Ui, options: &Options, suppressed: &[Suppressed]) {
    if suppressed.is_empty() {
        return;
    }
    let plural = if suppressed.len() == 1 { "" } else { "s" };
    let count = format!("{} finding{plural} suppressed", suppressed.len());
    if options.output.verbose == 0 {
        return ui.note(format!("{count}; `-v` says which and why"));
    }
    ui.note(format!("{count}:"));
    for Suppressed { finding, reason } in suppressed {
        let place = reported::place(&finding.object);
        let place = place.map_or_else(String::new, |(file, line)| format!(" at {file}:{line}"));
        let Finding { rule, object, message, .. } = finding;
        ui.note(format!("{} {object}{place}: {message}; suppressed: {reason}", rule.code));
    }
}

/// Returns the default roles and bindings of a release.
fn default_objects(version: Version) -> Inventory {
    let config = LoadConfig {
        paths: Vec::new(),
        default_namespace: "default".to_owned(),
        defaults: Defaults::Version(version),
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    manifests::load(&config, std::io::empty()).inventory
}

/// Reads the fingerprints of an earlier report.
fn read_baseline(ui: &Ui, path: &Path) -> Result<BTreeSet<String>, CommandError> {
    let shown = path.display();
    let text = file::read(ui, path, Bound { bytes: 1 << 30, what: "a baseline" })?;
    let report: serde_json::Value = serde_json::from_slice(&text).map_err(|error| {
        CommandError::input(format!("baseline `{shown}` is no JSON: {error}"))
            .with_hint(Hint::run("rolecall check PATH -o json", "write a baseline"))
    })?;
    let findings = report.get("findings").and_then(|findings| findings.as_array());
    let findings = findings.ok_or_else(|| {
        CommandError::input(format!("baseline `{shown}` has no `findings`"))
            .with_hint(Hint::run("rolecall check PATH -o json", "write a baseline"))
    })?;
    let prints = findings.iter().filter_map(|finding| finding.get("fingerprint")?.as_str());
    Ok(prints.map(str::to_owned).collect())
}
