//! Messages about applying the objects of a fix.

use rolecall_grant::{Object, Preflight};

use super::report::Report;
use crate::answer::fix::DryRun;
use crate::cli::command_line;
use crate::error::Hint;
use crate::words;

impl Report<'_> {
    /// Warns of objects that might already exist.
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
            "unclear whether these already exist: {}; `kubectl apply` would replace their \
             rules and subjects",
            self.some(&names)
        ));
        self.ui.suggest(Hint::run(
            "kubectl create -f FILE",
            "create objects without replacing existing ones",
        ));
    }

    /// Reports whether the objects can be applied.
    pub(super) fn preflight(&self, found: &Preflight) {
        if found.is_clear() {
            return self.note("preflight: all objects can be applied");
        }
        for request in &found.denied {
            self.problem(format!("preflight: cannot {}", words::request(request)));
        }
        for escalating in &found.escalations {
            let object = self.fixed.plan.objects.get(escalating.object);
            let name = object.map_or_else(String::new, |object: &Object| {
                format!("{} {}", object.kind(), words::qualified(object.metadata()))
            });
            self.problem(format!(
                "preflight: {name} grants more than the applying user has, who cannot {}",
                words::request(&escalating.pass)
            ));
            for rule in escalating.missing.iter().take(self.limit) {
                self.note(format!("missing: {}", words::rule(rule)));
            }
        }
        for undecided in &found.undecided {
            let because: Vec<String> =
                undecided.because.iter().map(|text| words::refusals(text)).collect();
            self.warn(format!(
                "preflight: unknown: {}: {}",
                words::request(&undecided.request),
                self.some(&because)
            ));
        }
        if found.is_refused() {
            let words = vec!["rolecall", "who-can", "bind", "roles"];
            let command = command_line(words, self.options);
            self.ui.suggest(Hint::run(command, "see which subjects can apply such objects"));
        }
    }

    /// Reports the result of the dry run.
    pub(super) fn dry_run(&self, found: &DryRun) {
        let name = |position: usize| {
            let object = self.fixed.plan.objects.get(position)?;
            Some(format!("{} {}", object.kind(), words::qualified(object.metadata())))
        };
        for refused in &found.refused {
            let name = name(refused.object).unwrap_or_default();
            self.problem(format!("the server rejects {name}: {}", refused.because));
        }
        for name in found.not_judged.iter().filter_map(|position| name(*position)) {
            self.note(format!(
                "the server could not check {name}: it looks up the rules of the Role, which a dry run \
                 does not store"
            ));
        }
        match (&*found.refused, &*found.not_judged) {
            ([], []) => self.note("the server accepts all objects"),
            ([], _) => self.note("the server accepts the other objects"),
            _ => {}
        }
    }
}
