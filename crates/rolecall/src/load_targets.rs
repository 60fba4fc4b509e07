//! Loads the input for commands that judge each rendered target on its own.

use rolecall_rbac::Inventory;
use rolecall_source::ProblemKind;
use rolecall_source::manifests::{self, Context, Loaded};

use crate::cli::Options;
use crate::error::CommandError;
use crate::implied_group;
use crate::input_report;
use crate::load::{self, Needs, Session};
use crate::set_aside;
use crate::slow_input::SlowInputNote;
use crate::targets::{self, FinishedTarget, OtherTarget, Targets};
use crate::ui::Ui;
use crate::unrendered;

/// A target with the session that judges it.
pub(crate) struct TargetSession {
    /// The target.
    pub(crate) target: FinishedTarget,
    /// Its objects, with those of the context.
    pub(crate) session: Session,
}

/// The plain files, and each rendered target.
pub(crate) struct Sessions {
    /// The plain files; `None` if there are none besides the targets.
    pub(crate) plain: Option<Session>,
    /// The targets, sorted by name.
    pub(crate) targets: Vec<TargetSession>,
    /// The targets that are not rendered; `None` if they are not known.
    pub(crate) others: Option<Vec<OtherTarget>>,
}

impl Sessions {
    /// Reads the input. Each target and the plain files can refer to objects of the others, unless they are
    /// alternatives.
    pub(crate) fn load(ui: &Ui, options: &Options, needs: &Needs) -> Result<Self, CommandError> {
        if options.source.overlay || options.source.filename.is_empty() {
            let plain = Some(Session::load(ui, options, needs.clone())?);
            return Ok(Self { plain, targets: Vec::new(), others: Some(Vec::new()) });
        }
        let note = SlowInputNote::start(ui, options.source.paths());
        let config = load::config_of(ui, options, needs);
        let mut listing = manifests::find(&config);
        set_aside::order(options, &mut listing);
        let Targets { rendered, others, .. } = targets::render(ui, options, &config, &mut listing)?;
        let (mut plain, stdin) = load::with_stdin(&config, needs, |stdin| {
            manifests::load_listing(&config, listing, Vec::new(), stdin)
        });
        drop(note);
        let traced = stdin.as_deref().and_then(|stdin| targets::trace(&mut plain, stdin));
        if rendered.is_empty() {
            let mut session =
                Session::of_manifests(ui, options, needs, plain, stdin)?.never_freed();
            session.traced = traced;
            return Ok(Self { plain: Some(session), targets: Vec::new(), others });
        }
        plain.problems.retain(|problem| problem.kind != ProblemKind::NoManifests);
        input_report::note_excluded(ui, options, plain.excluded, &plain.unmatched);
        let finished = targets::finish(&config, rendered, &plain);
        let inventories: Vec<&Inventory> = finished
            .iter()
            .map(|(_, loaded)| &loaded.inventory)
            .chain([&plain.inventory])
            .collect();
        let context = Context::of(&inventories);
        let completed = targets::complete(&finished, &context);
        let of_plain = context.complete(plain.inventory.clone(), |other| other < finished.len());
        drop(context);
        let has_plain = !plain.files.is_empty() || !plain.inventory.gaps().is_empty();
        plain.inventory = of_plain;
        let mut targets = Vec::with_capacity(finished.len());
        for ((target, loaded), inventory) in finished.into_iter().zip(completed) {
            let unread = input_report::report(ui, options, &loaded.problems);
            let loaded = Loaded { inventory, ..loaded };
            let mut session = Session::of_loaded(options, needs, loaded, None).never_freed();
            session.incomplete = unread && !options.source.keep_going;
            targets.push(TargetSession { target, session });
        }
        let unread = input_report::report(ui, options, &plain.problems);
        unrendered::note_unbuilt(ui, options, &plain.unbuilt);
        implied_group::note(ui, &plain.inventory);
        let plain = has_plain.then(|| {
            let mut session = Session::of_loaded(options, needs, plain, stdin).never_freed();
            session.incomplete = unread && !options.source.keep_going;
            session.traced = traced;
            session
        });
        Ok(Self { plain, targets, others })
    }

    /// Returns all sessions, the plain files first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Session> {
        self.plain.iter().chain(self.targets.iter().map(|target| &target.session))
    }
}
