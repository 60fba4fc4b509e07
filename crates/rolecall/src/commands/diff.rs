use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::mem::ManuallyDrop;

use clap::{Args, ValueEnum};
use rolecall_access::Scopes;
use rolecall_access::diff::diff_with_risks;
use rolecall_access::risk::Engine;
use rolecall_check::{KubernetesVersion, searches_paths};
use rolecall_rbac::{Gap, Identity, ObjectKind, Unread};

use crate::answer::comparison::{Comparison, PathChanges};
use crate::built_in::SystemOptions;
use crate::cli::Options;
use crate::diff_source::{self, Contents, DiffSource, PreparedSource};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::listing::ListOptions;
use crate::load::Session;
use crate::output::{self, AccessDiff, AccessDiffs, DocumentFormat, Format, TargetDiff};
use crate::path_changes;
use crate::render;
use crate::render::diff::View;
use crate::ui::Ui;
use crate::{subject, words};

/// Show the access that each subject gains and loses between two sources
#[derive(Debug, Args)]
#[command(after_help = format!(include_str!("../help/diff.txt"), sources = diff_source::GRAMMAR))]
pub(crate) struct Arguments {
    /// The source to compare from
    old: String,
    /// The source to compare to
    new: String,
    /// Exit with 1 if access was gained, if a risk was gained, if an escalation path opens, or on any
    /// change
    #[arg(long, value_enum, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
    /// Also compare the escalation paths of clusters and large files, which requires reading Pods
    #[arg(long)]
    paths: bool,
    /// The Kubernetes version to assess risks for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// Output format; `wide` lists every rule that grants the access
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: DiffFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

/// The changes that fail the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Gained,
    Risk,
    Paths,
    Any,
}

/// The formats of differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    #[default]
    Table,
    Wide,
    Json,
    /// One JSON object per line
    Jsonl,
    Yaml,
    Markdown,
    Github,
}

/// Compares two sources: once, or for each alternative in them.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let is_table = matches!(arguments.output, DiffFormat::Table | DiffFormat::Wide);
    arguments.list.size.check(|| is_table)?;
    let (old_side, new_side) = sides(options, arguments)?;
    let (old, new) = (old_side.prepare(ui)?, new_side.prepare(ui)?);
    let contents = arguments.contents(&old, &new);
    let sides = Sides { old: old.with(contents), new: new.with(contents), contents };
    let (old, new) = (sides.old.load(ui, options), sides.new.load(ui, options));
    let has_worlds = |side: &Result<Session, CommandError>| {
        side.as_ref().is_err_and(|error| !error.worlds().is_empty())
    };
    if has_worlds(&old) || has_worlds(&new) {
        return sides.compare_targets(ui, options, arguments, (old, new));
    }
    let (old, new) = match (old, new) {
        (Err(old), Err(new)) => {
            if old.chain() != new.chain() {
                ui.error(&old);
            }
            return Err(new);
        }
        (old, new) => (old?, new?),
    };
    let version = options.source.kubernetes_version(arguments.kubernetes_version);
    let mut out = ui.stdout();
    let exit = compare(ui, arguments, (version, contents), (&old, &new), |comparison| {
        match arguments.output.as_document() {
            Some(format) => write_structured(ui, arguments, format, comparison)?,
            // Tables in a pipe are written without scanning them for colors, if they have none.
            None if is_table && !ui.is_colored() && ui.columns().is_none() => {
                let mut out = ui.data();
                write_text(ui, &mut out, arguments, comparison)?;
                out.flush()?;
            }
            None => write_text(ui, &mut out, arguments, comparison)?,
        }
        out.flush()?;
        if comparison.is_empty() {
            ui.note("no subject gains or loses access");
        }
        Ok(())
    })?;
    Ok(old.conclude(ui, new.conclude(ui, exit)))
}

/// Compares two sessions, writes the result with a function, and returns the exit code.
fn compare(
    ui: &Ui,
    arguments: &Arguments,
    (version, contents): (KubernetesVersion, Contents),
    (old, new): (&Session, &Session),
    write: impl FnOnce(&Comparison<'_>) -> Result<(), CommandError>,
) -> Result<Exit, CommandError> {
    let scopes = Scopes::of([&*old.catalog, &*new.catalog]);
    let (old_risks, new_risks) =
        (Engine::new(&old.authorizer, version), Engine::new(&new.authorizer, version));
    let (diffs, risks) = diff_with_risks(&old_risks, &new_risks, &scopes);
    // Never dropped, because the process ends soon.
    let diffs = ManuallyDrop::new(diffs);
    let is_small = || [old, new].iter().all(|it| searches_paths(it.authorizer.inventory()));
    let paths = match contents {
        Contents::Paths if arguments.asks_for_paths() || is_small() => {
            path_changes::compare(old, new, version)
        }
        Contents::Paths | Contents::Rights => {
            let because = match is_small() {
                true => "because Pods were not read",
                false => "because there are more than 10,000 bindings",
            };
            ui.note(format!(
                "escalation paths were not compared, {because}; `--paths` compares them"
            ));
            PathChanges::default()
        }
    };
    let gaps_of =
        |session: &Session| gaps(session.authorizer.inventory().gaps(), arguments.asks_for_paths());
    let comparison = Comparison {
        old: &arguments.old,
        new: &arguments.new,
        diffs: &diffs,
        risks,
        paths,
        old_gaps: gaps_of(old),
        new_gaps: gaps_of(new),
        fails: old.incomplete || new.incomplete,
    };
    write(&comparison)?;
    let gained = diffs.iter().filter(|diff| !diff.gained.is_empty());
    let gained: Vec<Identity> = gained.map(|diff| diff.holder.identity()).collect();
    subject::warn_of_dead(ui, &gained);
    report(ui, &comparison);
    Ok(exit_of(&comparison, arguments.fail_on))
}

/// Writes a comparison in a format that is not a single document.
fn write_text(
    ui: &Ui,
    out: &mut impl Write,
    arguments: &Arguments,
    comparison: &Comparison<'_>,
) -> Result<(), CommandError> {
    let (room, layout) = (ui.room(), ui.layout());
    let view = View { list: &arguments.list, system: arguments.system, room, layout };
    match arguments.output {
        DiffFormat::Table | DiffFormat::Wide if arguments.list.size.summary => {
            render::diff::write_summary(out, comparison, layout)?;
        }
        DiffFormat::Table => render::diff::write_table(out, comparison, view)?,
        DiffFormat::Wide => render::diff::write_wide(out, comparison, view)?,
        DiffFormat::Markdown => render::diff::write_markdown(out, comparison)?,
        DiffFormat::Github => render::diff::write_github(out, comparison)?,
        DiffFormat::Json | DiffFormat::Jsonl | DiffFormat::Yaml => {}
    }
    Ok(())
}

/// The prepared sources.
struct Sides {
    old: PreparedSource,
    new: PreparedSource,
    contents: Contents,
}

impl Arguments {
    /// Returns whether paths are compared whatever it costs.
    fn asks_for_paths(&self) -> bool {
        self.paths || self.fail_on == Some(FailOn::Paths)
    }

    /// Returns the objects to read: those of paths on request, and if that is cheap.
    fn contents(&self, old: &PreparedSource, new: &PreparedSource) -> Contents {
        match self.asks_for_paths() || (old.is_small() && new.is_small()) {
            true => Contents::Paths,
            false => Contents::Rights,
        }
    }
}

/// The names of the targets of each alternative, by its name without the path of the source.
type Worlds = BTreeMap<String, Vec<String>>;

impl DiffFormat {
    /// Returns the format of a document.
    fn as_document(self) -> Option<DocumentFormat> {
        match self {
            Self::Json => Some(DocumentFormat::Json),
            Self::Jsonl => Some(DocumentFormat::Jsonl),
            Self::Yaml => Some(DocumentFormat::Yaml),
            Self::Table | Self::Wide | Self::Markdown | Self::Github => None,
        }
    }

    /// Returns whether unchanged targets are left out.
    fn is_text(self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Markdown | Self::Github)
    }
}

impl Sides {
    /// Compares each alternative with the one of the same name.
    fn compare_targets(
        &self,
        ui: &Ui,
        options: &Options,
        arguments: &Arguments,
        (old, new): (Result<Session, CommandError>, Result<Session, CommandError>),
    ) -> Result<Exit, CommandError> {
        let (old, old_worlds) = Self::worlds(&self.old, old)?;
        let (new, new_worlds) = Self::worlds(&self.new, new)?;
        let names: BTreeSet<&String> = old_worlds.keys().chain(new_worlds.keys()).collect();
        let load = |side: &PreparedSource, worlds: &Worlds, name: &str| {
            let mut options = options.clone();
            options.source.render.target = Vec::new();
            // Without the alternative, the side grants only the common access of all alternatives.
            let common =
                || worlds.values().next().map(|world| world.iter().skip(1).cloned().collect());
            options.source.render.chosen =
                Some(worlds.get(name).cloned().or_else(common).unwrap_or_default());
            side.load(ui, &options)
        };
        let mut out = ui.stdout();
        let version = options.source.kubernetes_version(arguments.kubernetes_version);
        let mut documents = Vec::new();
        let mut exit = Exit::Yes;
        let (mut shown, mut unchanged) = (0, 0);
        for name in names {
            let (old_loaded, new_loaded);
            let old = match &old {
                Some(session) => session,
                None => {
                    old_loaded = load(&self.old, &old_worlds, name)?;
                    &old_loaded
                }
            };
            let new = match &new {
                Some(session) => session,
                None => {
                    new_loaded = load(&self.new, &new_worlds, name)?;
                    &new_loaded
                }
            };
            let result =
                compare(ui, arguments, (version, self.contents), (old, new), |comparison| {
                    if comparison.is_unchanged() && arguments.output.is_text() {
                        unchanged += 1;
                        return Ok(());
                    }
                    let separator = if shown > 0 { "\n" } else { "" };
                    shown += 1;
                    match arguments.output {
                        DiffFormat::Json | DiffFormat::Jsonl | DiffFormat::Yaml => {
                            documents.push(TargetDiff::new(name, comparison)?);
                        }
                        DiffFormat::Github => {}
                        DiffFormat::Markdown => writeln!(out, "{separator}### Target `{name}`\n")?,
                        DiffFormat::Table | DiffFormat::Wide => {
                            writeln!(out, "{separator}target {name}:")?;
                        }
                    }
                    write_text(ui, &mut out, arguments, comparison)?;
                    Ok(out.flush()?)
                })?;
            exit = exit.max(old.conclude(ui, new.conclude(ui, result)));
        }
        if unchanged > 0 {
            let targets = words::count(unchanged, "target");
            ui.note(format!("no subject gains or loses access in {targets}"));
        }
        let all = AccessDiffs::new(documents);
        match arguments.output {
            DiffFormat::Json => output::write_versioned(&mut out, Format::Json, &all)?,
            DiffFormat::Jsonl => all.write_lines(&mut out)?,
            DiffFormat::Yaml => output::write_versioned(&mut out, Format::Yaml, &all)?,
            _ => {}
        }
        out.flush()?;
        Ok(exit)
    }

    /// Returns the session of a side without alternatives, or else their names.
    fn worlds(
        side: &PreparedSource,
        loaded: Result<Session, CommandError>,
    ) -> Result<(Option<Session>, Worlds), CommandError> {
        let error = match loaded {
            Ok(session) => return Ok((Some(session), Worlds::new())),
            Err(error) if error.worlds().is_empty() => return Err(error),
            Err(error) => error,
        };
        let named = error.worlds().iter().filter_map(|world| {
            Some((side.relative_name(world.first()?).to_owned(), world.clone()))
        });
        Ok((None, named.collect()))
    }
}

/// Writes the comparison without scanning it for colors.
fn write_structured(
    ui: &Ui,
    arguments: &Arguments,
    format: DocumentFormat,
    comparison: &Comparison<'_>,
) -> Result<(), CommandError> {
    let mut out = ui.data();
    output::write_document(
        &mut out,
        format,
        &AccessDiff::new(comparison).arranged(&arguments.list),
    )?;
    Ok(out.flush()?)
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

/// Returns the gaps that could hide access, or, if wanted, paths.
fn gaps(gaps: &[Gap], of_paths: bool) -> Vec<Gap> {
    let hides_role = |gap: &&Gap| match &gap.unread {
        Unread::Anything => true,
        Unread::Kind { kind, .. }
        | Unread::KindOutside { kind, .. }
        | Unread::Object { kind, .. } => {
            of_paths || matches!(kind, ObjectKind::Role | ObjectKind::ClusterRole)
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
        Some(FailOn::Paths) => !comparison.paths.opened.is_empty(),
        Some(FailOn::Any) => !comparison.is_empty(),
    };
    let open = !comparison.old_gaps.is_empty() || !comparison.new_gaps.is_empty();
    Exit::No.when(fails).max(Exit::Inconclusive.when(open))
}

/// Prints notes and warnings about the comparison.
fn report(ui: &Ui, comparison: &Comparison<'_>) {
    for (side, gaps) in [("OLD", &comparison.old_gaps), ("NEW", &comparison.new_gaps)] {
        for gap in words::gaps(gaps) {
            ui.warn(format!("{side} might grant more; could not read: {gap}"));
        }
    }
}
