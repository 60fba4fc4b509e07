use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall_access::Scopes;
use rolecall_access::diff::{GainedRisks, diff};
use rolecall_access::risk::Engine;
use rolecall_check::KubernetesVersion;
use rolecall_rbac::{Gap, ObjectKind, Unread};

use crate::answer::comparison::Comparison;
use crate::cli::{Options, quote};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::output::{self, AccessDiff, Format};
use crate::render;
use crate::side::{self, Side};
use crate::ui::Ui;
use crate::words;

/// Show what access each subject gains and loses between two sources
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// The source to compare from
    old: String,
    /// The source to compare to
    new: String,
    /// Exit with 1 when access was gained, when a risk was gained, or on any change
    #[arg(long, value_enum, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
    /// The Kubernetes version of the cluster, which decides what is a risk [default: that of
    /// --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// Output format; `wide` names every rule that grants them
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: DiffFormat,
}

/// What fails a pipeline.
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

fn after_help() -> String {
    format!(
        "\
Compared is what the rules allow, not how they are written: roles and bindings that are renamed, split,
merged or replaced by others of the same effect show nothing. What a group gains is said of the group,
not of each ServiceAccount in it.

{}

Examples:
  What does a branch change?
    rolecall diff git:main:deploy deploy
  What would applying these manifests change?
    rolecall diff cluster overlay:deploy
  Has anybody changed the cluster since the last snapshot?
    rolecall diff cluster.yaml cluster --fail-on any
  Fail a pipeline when somebody gains a dangerous right, and say so at the lines
    rolecall diff git:origin/main:deploy deploy --fail-on risk -o github

Exit codes: 0 nothing that --fail-on names, 1 something, 2 an error, 3 something that was
not read decides it.",
        side::GRAMMAR,
    )
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
    let mut gained = GainedRisks::new(&old_risks, &new_risks);
    let risks = diffs.iter().flat_map(|diff| gained.of(diff)).collect();
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
            output::write_structured(&mut out, Format::Json, &AccessDiff::new(&comparison))?;
        }
        DiffFormat::Yaml => {
            output::write_structured(&mut out, Format::Yaml, &AccessDiff::new(&comparison))?;
        }
    }
    out.flush()?;
    report(ui, &comparison);
    Ok(old.conclude(ui, new.conclude(ui, exit_of(&comparison, arguments.fail_on))))
}

fn sides(options: &Options, arguments: &Arguments) -> Result<(Side, Side), CommandError> {
    if !options.source.filename.is_empty() {
        return Err(CommandError::usage("`diff` takes OLD and NEW, not `--filename`")
            .with_hint(Hint::run("rolecall help diff", "see how sources are written")));
    }
    if options.source.overlay {
        let new = &arguments.new;
        return Err(CommandError::usage(
            "`diff` takes what is laid over a cluster as `overlay:PATH`",
        )
        .with_hint(Hint::run(
            format!("rolecall diff cluster {}", quote(&format!("overlay:{new}"))),
            "see what applying it would change",
        )));
    }
    let (old, new) = (Side::parse(&arguments.old)?, Side::parse(&arguments.new)?);
    let stdin = Side::Path("-".into());
    if old == stdin && new == stdin {
        return Err(CommandError::usage("OLD and NEW cannot both be stdin"));
    }
    Ok((old, new))
}

/// Returns the gaps that may hide access.
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

/// Says on stderr what the output does not show.
fn report(ui: &Ui, comparison: &Comparison<'_>) {
    if comparison.is_empty() {
        ui.note("no subject gains or loses access");
    }
    for (side, gaps) in [("OLD", &comparison.old_gaps), ("NEW", &comparison.new_gaps)] {
        for gap in words::gaps(gaps) {
            ui.warn(format!("{side} may grant more than is compared: not read: {gap}"));
        }
    }
}
