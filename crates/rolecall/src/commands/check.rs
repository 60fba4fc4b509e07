use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use rolecall_check::{
    CheckInput, Finding, Judged, KubernetesVersion, Severity, Suppressed, check, fingerprints,
    suppress,
};
use rolecall_rbac::Inventory;
use rolecall_source::facts::Version;
use rolecall_source::manifests::{self, Defaults, LoadConfig};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Needs, Session};
use crate::output::{self, Findings};
use crate::render::findings as render;
use crate::ui::Ui;

/// Judge manifests before they are applied: broken, dead, refused, risky
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Files, directories or `-` for stdin; like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How the findings look
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: FindingsFormat,
    /// Show findings of at least this severity: info, low, medium, high or critical
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    severity: Severity,
    /// Exit with 1 only on findings of at least this severity
    #[arg(long, value_name = "LEVEL", default_value = "low")]
    fail_level: Severity,
    /// Leave out findings that are in this file, written by an earlier `-o json`
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The Kubernetes version that the manifests are for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
}

/// The formats of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FindingsFormat {
    #[default]
    Table,
    Json,
    Sarif,
    Junit,
    Github,
    Markdown,
}

const AFTER_HELP: &str = "\
Examples:
  Is the RBAC of a repository sound?
    rolecall check deploy/
  The output of Kustomize or Helm
    kustomize build overlays/prod | rolecall check -
  Fail a pipeline on what is new and bad
    rolecall check deploy/ --baseline findings.json --fail-level high
  What does a code mean?
    rolecall explain RC201

An annotation `rolecall.dev/ignore: \"CODE REASON, until=YYYY-MM-DD\"` on an object suppresses its
findings of that code; the date may be left out, several are separated by `;`.

Severities: info is worth knowing, low untidy, medium probably not meant, high broken or dangerous,
critical takes over the cluster. A risk is graded by where it is granted.

Exit codes: 0 nothing of the fail level, 1 findings, 2 it could not be done.";

/// Checks and reports.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut options = options.clone();
    options.source.filename.extend(arguments.paths.iter().cloned());
    if options.source.filename.is_empty() {
        return Err(CommandError::usage("nothing to check")
            .with_hint(Hint::run("rolecall check PATH", "check manifests")));
    }
    let known = arguments.baseline.as_deref().map(read_baseline).transpose()?.unwrap_or_default();
    let needs = Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        breadth: Breadth::All,
        ..Needs::default()
    };
    let session = Session::load(ui, &options, needs)?;
    let release = match options.source.defaults {
        Defaults::Version(version) => version,
        Defaults::Auto | Defaults::None => Version::default(),
    };
    let version = arguments
        .kubernetes_version
        .or_else(|| release.as_str().parse().ok())
        .unwrap_or(KubernetesVersion::NEWEST);
    let all = check(CheckInput {
        authorizer: &session.authorizer,
        catalog: &session.catalog,
        defaults: &default_objects(release),
        drifts: &session.drifts,
        version,
        judged: Judged::Files,
    });
    let (all, suppressed) = suppress(all, session.authorizer.inventory(), &today());
    for Suppressed { finding, reason } in &suppressed {
        tracing::info!(code = finding.rule.code, object = %finding.object, reason, "suppressed");
    }
    if !suppressed.is_empty() {
        let plural = if suppressed.len() == 1 { "" } else { "s" };
        ui.note(format!("{} finding{plural} suppressed by annotation", suppressed.len()));
    }
    let prints = fingerprints(&all);
    let findings: Vec<(Finding, String)> = all
        .into_iter()
        .zip(prints)
        .filter(|(finding, print)| finding.severity >= arguments.severity && !known.contains(print))
        .collect();
    let mut out = ui.stdout();
    match arguments.output {
        FindingsFormat::Table => render::write_table(&mut out, &findings, ui.columns())?,
        FindingsFormat::Json => {
            output::write_structured(&mut out, output::Format::Json, &Findings::new(&findings))?;
        }
        FindingsFormat::Sarif => render::sarif::write(&mut out, &findings)?,
        FindingsFormat::Junit => render::junit::write(&mut out, &findings)?,
        FindingsFormat::Github => render::write_github(&mut out, &findings)?,
        FindingsFormat::Markdown => render::write_markdown(&mut out, &findings)?,
    }
    out.flush()?;
    if arguments.output == FindingsFormat::Table && findings.is_empty() {
        ui.note("nothing found");
    }
    let fails = findings.iter().any(|(finding, _)| finding.severity >= arguments.fail_level);
    Ok(session.conclude(ui, if fails { Exit::No } else { Exit::Yes }))
}

/// Returns today's date in UTC as `YYYY-MM-DD`.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil_date(since.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns year, month and day of a day counted from 1970-01-01.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March put the leap day at their end (400 years are 146097 days).
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Returns the default roles and bindings of a release.
fn default_objects(version: Version) -> Inventory {
    let config = LoadConfig {
        paths: Vec::new(),
        default_namespace: "default".to_owned(),
        defaults: Defaults::Version(version),
    };
    manifests::load(&config, std::io::empty()).inventory
}

/// Reads the fingerprints of an earlier report.
fn read_baseline(path: &Path) -> Result<BTreeSet<String>, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CommandError::input(format!("cannot read baseline `{shown}`: {error}")))?;
    let report: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let rows = [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (20_779, (2026, 11, 22)),
        ];
        for (days, expected) in rows {
            assert_eq!(civil_date(days), expected, "{days}");
        }
    }
}
