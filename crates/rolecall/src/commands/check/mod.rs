mod expected;
mod judge;
mod merge;

use std::collections::BTreeSet;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use rolecall_check::{
    Date, FindingBody, KubernetesVersion, RuleMeta, SetAside, SetAsideFiles, Severity, Suppressed,
    searches_paths,
};
use rolecall_rbac::{Glob, Replaced, shown_path};
use rolecall_source::manifests;

use self::judge::{Judge, Report};
use super::fail_level::{FailLevel, fail_levels};
use crate::cli::Options;
use crate::config;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::file::{self, Bound};
use crate::listing::{Arranged, ListOptions};
use crate::load::{Breadth, Names, Needs, Session};
use crate::load_targets::Sessions;
use crate::located::{self, Coverage, Exactness, LocatedFinding};
use crate::output::{self, DocumentFormat, Findings};
use crate::render::findings as render;
use crate::set_aside;
use crate::targets::SourceObjects;
use crate::time;
use crate::ui::Ui;

/// Find broken, dead, rejected or risky RBAC in manifests before you apply them
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/check.txt"))]
pub(crate) struct Arguments {
    /// Files, directories or `-` for stdin, like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: FindingsFormat,
    /// Show findings of at least this severity
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = severities())]
    severity: Severity,
    /// Exit with 1 only for findings of at least this severity; `none` means never
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = fail_levels())]
    fail_level: FailLevel,
    /// Report only findings with these codes; names and globs such as `RC5*` work too
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    only: Vec<CodeGlob>,
    /// Leave out findings with these codes
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<CodeGlob>,
    /// Leave out the findings in this file, the `-o json` output of an earlier run
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The configuration file: expectations, severities, suppressions and external objects [default:
    /// rolecall.yaml at the root of a PATH, or in the working directory]
    #[arg(long, value_name = "FILE", visible_alias = "config")]
    expectations: Vec<PathBuf>,
    /// The Kubernetes version that the manifests target [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// The date that decides which suppressions have expired [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
    #[command(flatten)]
    list: ListOptions,
}

/// Parses a severity, and lists the choices in help and completions.
fn severities() -> impl TypedValueParser<Value = Severity> {
    let words = Severity::ALL.map(Severity::as_str);
    PossibleValuesParser::new(words).try_map(|word| word.parse())
}

/// The formats of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FindingsFormat {
    #[default]
    Table,
    /// A table, regardless of the terminal's width
    Wide,
    /// One paragraph per finding, as on a terminal
    Text,
    Json,
    /// One JSON object per line
    Jsonl,
    Yaml,
    Csv,
    Sarif,
    Junit,
    Github,
    Markdown,
}

impl FindingsFormat {
    /// Returns whether the format is for people, and is empty without findings.
    fn is_laid_out(self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Text)
    }

    /// Returns the precision of locations in the format.
    fn exactness(self) -> Exactness {
        match self {
            Self::Table | Self::Wide | Self::Text | Self::Csv | Self::Junit | Self::Markdown => {
                Exactness::Lines
            }
            Self::Json | Self::Jsonl | Self::Yaml | Self::Sarif | Self::Github => {
                Exactness::Regions
            }
        }
    }
}

/// A pattern for codes or names of findings.
#[derive(Clone, Debug)]
struct CodeGlob(Glob);

impl CodeGlob {
    fn matches(&self, rule: &RuleMeta) -> bool {
        self.0.matches(&rule.code.to_string()) || self.0.matches(rule.name)
    }
}

impl FromStr for CodeGlob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_code = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("rc"));
        let text = if is_code { text.to_ascii_uppercase() } else { text.to_owned() };
        let glob = Self(Glob::parse(text.as_str()).map_err(|error| error.to_string())?);
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
    arguments.list.size.check(|| arguments.output.is_laid_out())?;
    let mut options = options.clone();
    options.source.filename.extend(arguments.paths.iter().cloned());
    if options.source.filename.is_empty() {
        return Err(CommandError::usage("nothing to check")
            .with_hint(Hint::run(options.given.again(&["PATH"]), "check manifests")));
    }
    let config = config::load(ui, &arguments.expectations, &options.source.filename)?;
    options.source.exclude.extend(config.exclude.iter().cloned());
    options.source.is_configured = true;
    options.source.settings.clone_from(&config.render);
    let baseline =
        arguments.baseline.as_deref().map(|path| read_baseline(ui, &options, path)).transpose()?;
    let baseline = baseline.unwrap_or_default();
    let needs = Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        names: Names::Few,
        breadth: Breadth::All,
        keeps_stdin: true,
        ..Needs::default()
    };
    let sessions = Sessions::load(ui, &options, &needs)?;
    if options.output.verbose > 0 {
        note_files(ui, sessions.plain.as_ref());
    }
    if sessions.all().any(|it| !searches_paths(it.authorizer.inventory())) {
        ui.note(
            "rolecall did not search for escalation paths, because there are more than 10,000 \
             bindings; `rolecall paths` does",
        );
    }
    let today = match arguments.today {
        Some(today) => today,
        None => time::today().parse().map_err(CommandError::input)?,
    };
    let judge = Judge {
        arguments,
        config: &config,
        options: &options,
        baseline: &baseline,
        defaults: manifests::default_objects_of_releases(),
        today,
        set_aside: files_set_aside(&options, &sessions),
        source_objects: SourceObjects::default(),
    };
    let Report { findings, suppressed, coverage } = judge.report(&sessions);
    note_suppressed(ui, &options, &suppressed);
    note_set_aside(ui, &findings, &judge.set_aside);
    // Never dropped, because the process ends anyway.
    let findings = ManuallyDrop::new(findings);
    write(ui, arguments, &arranged(ui, arguments, &findings, &coverage))?;
    if arguments.output.is_laid_out() && !arguments.list.size.summary {
        suggest_explanation(ui, &findings);
    }
    let conclude = |exit| sessions.all().fold(exit, |exit, session| session.conclude(ui, exit));
    let FailLevel::At(fail_level) = arguments.fail_level else {
        return Ok(conclude(Exit::Yes));
    };
    let mut exit = exit(&findings, fail_level, options.source.keep_going);
    if exit == Exit::Yes && !coverage.gaps.is_empty() {
        exit = Exit::Inconclusive;
    }
    if exit == Exit::Yes && sessions.all().any(|it| it.replaced.iter().any(decides_access)) {
        ui.warn("of objects that are defined more than once, only the last definition was checked");
        let given = options.given.clone().without("filename").without("paths");
        ui.suggest(Hint::run(given.again(&["PATH"]), "check each environment separately"));
        exit = Exit::Inconclusive;
    }
    Ok(conclude(exit))
}

/// Notes the files that were read.
fn note_files(ui: &Ui, session: Option<&Session>) {
    for file in session.into_iter().flat_map(|session| &session.files) {
        let plural = if file.objects == 1 { "" } else { "s" };
        let path = shown_path(&file.path);
        ui.note(format!("read {path}: {} object{plural}", file.objects));
    }
}

/// Suggests reading about the most severe finding.
fn suggest_explanation(ui: &Ui, findings: &[LocatedFinding]) {
    let findings = findings.iter().map(|reported| &reported.finding);
    let gravest = findings.rev().max_by_key(|finding| finding.severity);
    if let Some(finding) = gravest {
        let command = format!("rolecall explain {}", finding.rule.code);
        ui.suggest(Hint::run(command, "read what this means and how to fix it"));
    }
}

/// Sorts, groups and limits the findings.
fn arranged<'a>(
    ui: &Ui,
    arguments: &Arguments,
    all: &'a [LocatedFinding],
    coverage: &'a Coverage,
) -> located::Report<'a> {
    let (list, findings) = (&arguments.list, all.iter().collect());
    let keys = |reported: &&LocatedFinding| render::keys(reported);
    if arguments.output.is_laid_out() {
        let Arranged { groups, omitted } = list.arrange(ui.room(), findings, keys);
        return located::Report { groups, omitted, all, coverage };
    }
    let (findings, omitted) = list.records(findings, keys);
    let groups = findings.into_iter().map(|finding| vec![finding]).collect();
    located::Report { groups, omitted, all, coverage }
}

/// Writes the findings.
fn write(ui: &Ui, arguments: &Arguments, report: &located::Report<'_>) -> Result<(), CommandError> {
    let format = arguments.output;
    if arguments.list.size.summary && format.is_laid_out() {
        let mut out = ui.stdout();
        render::write_summary(&mut out, report, ui.layout())?;
        return Ok(out.flush()?);
    }
    let columns = match format {
        FindingsFormat::Text => Some(ui.columns().unwrap_or(100)),
        FindingsFormat::Table => ui.columns(),
        _ => None,
    };
    if let Some(columns) = columns {
        let mut out = ui.stdout();
        render::write_blocks(&mut out, report, columns)?;
        return Ok(out.flush()?);
    }
    let headings = ui.layout().headings;
    if format.is_laid_out() && ui.is_colored() {
        let mut out = ui.stdout();
        render::write_table(&mut out, report, headings)?;
        return Ok(out.flush()?);
    }
    // Stripping colors would have to scan every byte.
    let mut out = ui.data();
    match format {
        FindingsFormat::Table | FindingsFormat::Wide | FindingsFormat::Text => {
            render::write_plain_table(&mut out, report, headings)?;
        }
        FindingsFormat::Csv => render::write_csv(&mut out, report, headings)?,
        FindingsFormat::Json | FindingsFormat::Jsonl | FindingsFormat::Yaml => {
            let format = match format {
                FindingsFormat::Yaml => DocumentFormat::Yaml,
                FindingsFormat::Jsonl => DocumentFormat::Jsonl,
                _ => DocumentFormat::Json,
            };
            output::write_document(&mut out, format, &Findings::new(report))?;
        }
        FindingsFormat::Sarif => render::sarif::write(&mut out, report)?,
        FindingsFormat::Junit => render::junit::write(&mut out, report)?,
        FindingsFormat::Github => render::write_github(&mut out, report)?,
        FindingsFormat::Markdown => render::write_markdown(&mut out, report)?,
    }
    Ok(out.flush()?)
}

/// Returns whether a replaced definition could change the findings.
fn decides_access(replaced: &Replaced) -> bool {
    !matches!(&*replaced.kind, "Namespace" | "ServiceAccount")
}

/// Returns the exit code for findings. An undecided expectation is not a failure, but must not pass either.
fn exit(findings: &[LocatedFinding], fail_level: Severity, keep_going: bool) -> Exit {
    let findings = findings.iter().map(|reported| &reported.finding);
    let reasons = findings
        .filter(|finding| finding.severity >= fail_level)
        .filter(|finding| !keep_going || finding.unless.is_empty())
        .map(|finding| if finding.is_undecided() { Exit::Inconclusive } else { Exit::No });
    reasons.max().unwrap_or(Exit::Yes)
}

/// Reports the number of suppressed findings and, with `-v`, each with its reason.
fn note_suppressed(ui: &Ui, options: &Options, suppressed: &[Suppressed]) {
    if suppressed.is_empty() {
        return;
    }
    let plural = if suppressed.len() == 1 { "" } else { "s" };
    let count = format!("{} finding{plural} suppressed", suppressed.len());
    if options.output.verbose == 0 {
        return ui.note(format!("{count}; `-v` lists them with the reasons"));
    }
    ui.note(format!("{count}:"));
    for Suppressed { finding, reason } in suppressed {
        let place = located::place(&finding.object);
        let place = place.map_or_else(String::new, |(file, line)| format!(" at {file}:{line}"));
        let FindingBody { rule, object, message, .. } = &**finding;
        ui.note(format!("{} {object}{place}: {message}; suppressed: {reason}", rule.code));
    }
}

/// Returns the files that are set aside: those of tests, older releases and copies.
fn files_set_aside(options: &Options, sessions: &Sessions) -> SetAsideFiles {
    let plain = sessions.plain.iter().flat_map(|session| &session.files);
    let targets = sessions.targets.iter().flat_map(|target| target.target.traced.files());
    let files = plain.map(|file| &*file.path).chain(targets);
    set_aside::of(options, files)
}

/// Notes how many findings are informational because of the directory of their object.
fn note_set_aside(ui: &Ui, findings: &[LocatedFinding], files: &SetAsideFiles) {
    for (reason, directories) in [
        (SetAside::Tests, "test directories"),
        (SetAside::OlderRelease, "directories of older releases"),
        (SetAside::Copies, "directories of copies"),
    ] {
        let findings = findings.iter().map(|reported| &reported.finding);
        let findings = findings.filter(|finding| finding.severity == Severity::Info);
        let count = findings.filter(|finding| files.reason(finding) == Some(reason)).count();
        if count > 0 {
            let (plural, are) = if count == 1 { ("", "is") } else { ("s", "are") };
            ui.note(format!(
                "{count} finding{plural} about objects in {directories} {are} informational; name such a \
                 directory to check it like any other"
            ));
        }
    }
}

/// Reads the fingerprints in an earlier report.
fn read_baseline(
    ui: &Ui,
    options: &Options,
    path: &Path,
) -> Result<BTreeSet<String>, CommandError> {
    let shown = path.display();
    let again = options.given.clone().without("baseline").without("output").again(&[]);
    let hint = || Hint::run(format!("{again} -o json > FILE"), "write a baseline");
    let text = file::read(ui, path, Bound { bytes: 1 << 30, what: "a baseline" })?;
    let report: serde_json::Value = serde_json::from_slice(&text).map_err(|error| {
        CommandError::input(format!("baseline `{shown}` is not JSON: {error}")).with_hint(hint())
    })?;
    let findings = report.get("findings").and_then(|findings| findings.as_array());
    let findings = findings.ok_or_else(|| {
        CommandError::input(format!("baseline `{shown}` has no `findings`")).with_hint(hint())
    })?;
    let prints = findings.iter().filter_map(|finding| finding.get("fingerprint")?.as_str());
    Ok(prints.map(str::to_owned).collect())
}
