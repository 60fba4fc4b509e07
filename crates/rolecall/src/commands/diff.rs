use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall_access::Scopes;
use rolecall_access::diff::{diff, gained_risks};
use rolecall_access::risk::Engine;
use rolecall_check::KubernetesVersion;
use rolecall_rbac::{Gap, ObjectKind, Unread};

use crate::answer::comparison::Comparison;
use crate::cli::Options;
use crate::diff_source::{self, DiffSource};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::output::{self, AccessDiff, Format};
use crate::render;
use crate::ui::Ui;
use crate::words;

/// Show the access that each subject gains and loses between two sources
#[derive(Debug, Args)]
#[command(after_help = format!(include_str!("../help/diff.txt"), sources = diff_source::GRAMMAR))]
pub(crate) struct Arguments {
    /// The source to compare from
    old: String,
    /// The source to compare to
    new: String,
    /// Exit with 1 if access was gained, if a risk was gained, or on any change
    #[arg(long, value_enum, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
    /// The Kubernetes version to assess risks for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// Output format; `wide` lists every rule that grants the access
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: DiffFormat,
}

/// The changes that fail the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Gained,
    Risk,
    Any,
}

/// The formats of differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Markdown,
    Github,
}

/// Compares two sources.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let (old_side, new_side) = sides(options, arguments)?;
    let old = old_side.load(ui, options)?;
    let new = new_side.load(ui, options)?;
    let scopes = Scopes::of([&old.catalog, &new.catalog]);
    let diffs = diff(&old.authorizer, &new.authorizer, &scopes);
    let version = options.source.kubernetes_version(arguments.kubernetes_version);
    let (old_risks, new_risks) =
        (Engine::new(&old.authorizer, version), Engine::new(&new.authorizer, version));
    let risks = gained_risks(&diffs, &old_risks, &new_risks);
    let comparison = Comparison {
        old: &arguments.old,
        new: &arguments.new,
        diffs: &diffs,
        risks,
        old_gaps: gaps(old.authorizer.inventory().gaps()),
        new_gaps: gaps(new.authorizer.inventory().gaps()),
    };
    let mut out = ui.stdout();
    match arguments.output {
        DiffFormat::Table => render::diff::write_table(&mut out, &comparison, ui.layout())?,
        DiffFormat::Wide => render::diff::write_wide(&mut out, &comparison, ui.layout())?,
        DiffFormat::Markdown => render::diff::write_markdown(&mut out, &comparison)?,
        DiffFormat::Github => render::diff::write_github(&mut out, &comparison)?,
        DiffFormat::Json => {
            output::write_versioned(&mut out, Format::Json, &AccessDiff::new(&comparison))?;
        }
        DiffFormat::Yaml => {
            output::write_versioned(&mut out, Format::Yaml, &AccessDiff::new(&comparison))?;
        }
    }
    out.flush()?;
    report(ui, &comparison);
    Ok(old.conclude(ui, new.conclude(ui, exit_of(&comparison, arguments.fail_on))))
}

fn sides(
    options: &Options,
    arguments: &Arguments,
) -> Result<(DiffSource, DiffSource), CommandError> {
    if !options.source.filename.is_empty() {
        return Err(CommandError::usage("`diff` takes OLD and NEW, not `--filename`")
            .with_hint(Hint::run("rolecall help diff", "see the notation of sources")));
    }
    if options.source.overlay {
        let given = options.given.clone().without("overlay");
        let given = given.replacing("old", |_| "cluster".to_owned());
        let given = given.replacing("new", |new| format!("overlay:{new}"));
        return Err(CommandError::usage("`diff` uses `overlay:PATH` instead of `--overlay`")
            .with_hint(Hint::run(
                given.again(&[]),
                "see what applying the manifests would change",
            )));
    }
    let (old, new) = (DiffSource::parse(&arguments.old)?, DiffSource::parse(&arguments.new)?);
    let stdin = DiffSource::Path("-".into());
    if old == stdin && new == stdin {
        return Err(CommandError::usage("OLD and NEW cannot both be stdin"));
    }
    Ok((old, new))
}

/// Returns the gaps that could hide access.
fn gaps(gaps: &[Gap]) -> Vec<Gap> {
    let hides_role = |gap: &&Gap| match &gap.unread {
        Unread::Anything => true,
        Unread::Kind { kind, .. }
        | Unread::KindOutside { kind, .. }
        | Unread::Object { kind, .. } => {
            matches!(kind, ObjectKind::Role | ObjectKind::ClusterRole)
        }
        Unread::Authorizer { .. } => false,
    };
    let hides = |gap: &&Gap| gap.may_hide_any_binding() || hides_role(gap);
    gaps.iter().filter(hides).cloned().collect()
}

/// Returns the exit code of a comparison.
fn exit_of(comparison: &Comparison<'_>, fail_on: Option<FailOn>) -> Exit {
    let fails = match fail_on {
        None => false,
        Some(FailOn::Gained) => comparison.diffs.iter().any(|diff| !diff.gained.is_empty()),
        Some(FailOn::Risk) => !comparison.risks.is_empty(),
        Some(FailOn::Any) => !comparison.is_empty(),
    };
    let open = !comparison.old_gaps.is_empty() || !comparison.new_gaps.is_empty();
    Exit::No.when(fails).max(Exit::Inconclusive.when(open))
}

/// Prints notes and warnings about the comparison.
fn report(ui: &Ui, comparison: &Comparison<'_>) {
    if comparison.is_empty() {
        ui.note("no subject gains or loses access");
    }
    for (side, gaps) in [("OLD", &comparison.old_gaps), ("NEW", &comparison.new_gaps)] {
        for gap in words::gaps(gaps) {
            ui.warn(format!("{side} might grant more; could not read: {gap}"));
        }
    }
}
