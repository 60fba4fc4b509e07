//! Messages about applying the objects of a fix.

use rolecall_grant::{Object, Preflight};

use super::report::Report;
use crate::answer::fix::DryRun;
use crate::error::Hint;
use crate::words;

impl Report<'_> {
    /// Warns of objects that may exist already.
    pub(super) fn in_doubt(&self) {
        let objects = &self.fixed.plan.objects;
        let in_doubt =
            self.fixed.plan.in_doubt.iter().filter_map(|position| objects.get(*position));
        let names: Vec<String> = in_doubt
            .map(|object| format!("{} {}", object.kind(), words::qualified(object.metadata())))
            .collect();
        if names.is_empty() {
            return;
        }
        self.warn(format!(
            "it could not be read whether these exist already: {}; `kubectl apply` would replace their \
             rules and subjects, for everybody who is bound to them",
            self.some(&names)
        ));
        self.ui.suggest(Hint::run(
            "kubectl create -f FILE",
            "have the server refuse what exists already, rather than replace it",
        ));
    }

    /// Says whether the objects may be applied.
    pub(super) fn preflight(&self, found: &Preflight) {
        if found.is_clear() {
            return self.note("preflight: all of it may be applied");
        }
        for request in &found.denied {
            self.problem(format!("preflight: may not {}", words::request(request)));
        }
        for escalating in &found.escalations {
            let object = self.fixed.plan.objects.get(escalating.object);
            let name = object.map_or_else(String::new, |object: &Object| {
                format!("{} {}", object.kind(), words::qualified(object.metadata()))
            });
            self.problem(format!(
                "preflight: {name} grants what is not held, and may not {}",
                words::request(&escalating.pass)
            ));
            for rule in escalating.missing.iter().take(self.told) {
                self.note(format!("lacks: {}", words::rule(rule)));
            }
        }
        for undecided in &found.undecided {
            let because: Vec<String> =
                undecided.because.iter().map(|text| words::refusals(text)).collect();
            self.warn(format!(
                "preflight: it is unknown whether one may {}: {}",
                words::request(&undecided.request),
                self.some(&because)
            ));
        }
        if found.is_refused() {
            self.ui.suggest(Hint::run(
                "rolecall who-can bind roles",
                "see who may apply such objects",
            ));
        }
    }

    /// Says what the server makes of the objects.
    pub(super) fn dry_run(&self, found: &DryRun) {
        let name = |position: usize| {
            let object = self.fixed.plan.objects.get(position)?;
            Some(format!("{} {}", object.kind(), words::qualified(object.metadata())))
        };
        for refused in &found.refused {
            let name = name(refused.object).unwrap_or_default();
            self.problem(format!("the server refuses {name}: {}", refused.because));
        }
        for name in found.not_judged.iter().filter_map(|position| name(*position)) {
            self.note(format!(
                "the server did not judge {name}: it looks up the rules of the Role, which a dry run \
                 does not store"
            ));
        }
        match (&*found.refused, &*found.not_judged) {
            ([], []) => self.note("the server takes all of it"),
            ([], _) => self.note("the server takes the rest"),
            _ => {}
        }
    }
}
