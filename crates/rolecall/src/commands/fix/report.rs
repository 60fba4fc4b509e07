//! The report about a fix on stderr, and the exit code.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::{
    Answer, Cause, Gained, Note, Object, Outcome, Preflight, Refused, is_managed, json_of_rule,
};
use rolecall_rbac::{Gap, Metadata, PolicyRule};
use serde_json::{Value, json};

use super::{Fixed, repair};
use crate::answer::fix::Weight;
use crate::cli::{Options, quote};
use crate::error::Hint;
use crate::exit::Exit;
use crate::note::{missing_role_texts, note_text, refusing_namespace};
use crate::render::plain;
use crate::subject::label;
use crate::ui::Ui;
use crate::words;

/// The maximum number of messages of one kind without `-v`.
const MAX_REPORTED: usize = 10;
/// The maximum number of missing rules to list for the author of a role.
const MOST_RULES: usize = 50;

/// The maximum number of rules in a line, and of characters per rule.
const BRIEFLY: usize = 3;
const LONGEST: usize = 80;

/// Reports granted and denied requests, with notes.
pub(super) fn report(ui: &Ui, options: &Options, fixed: &Fixed<'_>) -> Exit {
    let limit = if options.output.verbose > 0 { usize::MAX } else { MAX_REPORTED };
    let report = Report { ui, options, fixed, limit };
    report.repairs();
    report.granted();
    let contradicted = report.allowed_before();
    report.gained();
    report.notes();
    report.follow_ups();
    report.missing_roles();
    let refused = report.refused();
    let denied = report.unresolved();
    report.extended();
    report.patches();
    report.in_doubt();
    if let Some(found) = &fixed.preflight {
        report.preflight(found);
    }
    if let Some(found) = &fixed.dry_run {
        report.dry_run(found);
    }
    let stays_denied = refused + denied + contradicted > 0
        || report.answers().any(|answer| !answer.after.is_allowed())
        || fixed.is_withheld();
    let nothing_but_asides = fixed.plan.answers.is_empty()
        && fixed.gathered.unresolved.iter().any(|found| found.weight == Weight::Aside);
    let is_judged = fixed.preflight.as_ref().is_some_and(Preflight::is_clear)
        || fixed.dry_run.as_ref().is_none_or(|found| found.not_judged.is_empty());
    let is_open = report.answers().any(|answer| matches!(answer.before, Outcome::Unknown { .. }))
        || !fixed.plan.in_doubt.is_empty()
        || fixed.gathered.unread_logs > 0
        || fixed.preflight.as_ref().is_some_and(|found| !found.undecided.is_empty())
        || !is_judged;
    let denied = Exit::No.when(stays_denied || nothing_but_asides);
    denied.max(Exit::Inconclusive.when(is_open))
}

pub(super) struct Report<'a> {
    pub(super) ui: &'a Ui,
    pub(super) options: &'a Options,
    pub(super) fixed: &'a Fixed<'a>,
    pub(super) limit: usize,
}

impl Report<'_> {
    /// Returns the answers for requests that are not refused.
    fn answers(&self) -> impl Iterator<Item = &Answer> {
        let plan = &self.fixed.plan;
        plan.answers
            .iter()
            .filter(|answer| plan.refused.iter().all(|refused| refused.denied != answer.denied))
    }

    // Escape names, so that every message stays on one line.
    pub(super) fn note(&self, text: impl AsRef<str>) {
        self.ui.note(plain(text.as_ref()));
    }

    pub(super) fn warn(&self, text: impl AsRef<str>) {
        self.ui.warn(plain(text.as_ref()));
    }

    pub(super) fn problem(&self, text: impl AsRef<str>) {
        self.ui.problem(plain(text.as_ref()));
    }

    fn granted(&self) {
        let mut of_subject: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let granted = self
            .answers()
            .filter(|answer| !answer.before.is_allowed() && answer.after.is_allowed());
        for answer in granted {
            let denied = &answer.denied;
            of_subject
                .entry(label(&denied.identity))
                .or_default()
                .push(words::request(&denied.request));
        }
        for (subject, requests) in of_subject.iter().take(self.limit) {
            self.note(format!("allows {subject} to {}", self.some(requests)));
        }
        if of_subject.keys().any(|subject| subject.starts_with("user/system:node:")) {
            self.note(
                "for kubelets, this adds to the rules of the Node authorizer, which allows access to their own \
                 Node and Pods, and to objects that those Pods use; NodeRestriction also limits writes",
            );
        }
        if of_subject.len() > self.limit {
            self.note(format!(
                "also allows requests of {} more subjects",
                of_subject.len() - self.limit
            ));
        }
        let is_proved = self.fixed.plan.gained.is_empty() && self.fixed.plan.in_doubt.is_empty();
        if !of_subject.is_empty() && is_proved {
            self.note("no other access is granted");
        }
        self.others_reasons();
        let gaps: BTreeSet<&Gap> = self
            .answers()
            .filter_map(|answer| match &answer.before {
                Outcome::Unknown { gaps } => Some(gaps),
                Outcome::Allowed { .. } | Outcome::Denied => None,
            })
            .flatten()
            .collect();
        if !gaps.is_empty() {
            let gaps = words::gaps(gaps);
            self.warn(format!(
                "this might already be allowed; could not read: {}",
                self.some(&gaps)
            ));
        }
    }

    /// Warns of the reasons of other authorizers for granted requests.
    fn others_reasons(&self) {
        let mut of_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Answer { denied, before, after } in self.answers() {
            let key = (denied.identity.clone(), denied.request.clone());
            let reason = self.fixed.gathered.reasons.get(&key);
            if let Some(reason) = reason.filter(|_| !before.is_allowed() && after.is_allowed()) {
                of_reason.entry(reason).or_default().push(words::request(&denied.request));
            }
        }
        for (reason, requests) in of_reason.iter().take(self.limit) {
            self.warn(format!(
                "another authorizer gave the reason `{reason}` for: {}; if it denied the request \
                 explicitly, no Role can allow it",
                self.some(requests)
            ));
        }
        if of_reason.len() > self.limit {
            self.warn(format!(
                "{} more reasons of other authorizers",
                of_reason.len() - self.limit
            ));
        }
    }

    /// Reports requests that RBAC already allows, and returns the number of those that another authorizer
    /// refused.
    fn allowed_before(&self) -> usize {
        let mut contradicted = 0;
        let allowed: Vec<&Answer> =
            self.answers().filter(|answer| answer.before.is_allowed()).collect();
        for answer in allowed.iter().take(self.limit) {
            let denied = &answer.denied;
            let key = (denied.identity.clone(), denied.request.clone());
            let Outcome::Allowed { reason } = &answer.before else { continue };
            let what = format!(
                "{} can already {}",
                label(&denied.identity),
                words::request(&denied.request)
            );
            if self.fixed.settled.contradicts(answer) {
                contradicted += 1;
                self.problem(format!(
                    "{what} according to roles and bindings ({reason}), but the server denies it: another \
                     authorizer decides, or a controller has not updated an aggregated ClusterRole yet"
                ));
                continue;
            }
            match self.fixed.gathered.reasons.get(&key) {
                Some(other) => {
                    contradicted += 1;
                    self.problem(format!(
                        "{what}; another authorizer denies it, which no Role can overrule: {other}"
                    ));
                }
                None if reason.is_empty() => {
                    self.note(format!("{what}, as a member of system:masters"));
                }
                None if denied.found.is_empty() => self.note(format!("{what}: {reason}")),
                None => self.note(format!(
                    "{what} ({}): {reason}; it was granted later, or something else refused it",
                    denied.found
                )),
            }
        }
        if allowed.len() > self.limit {
            self.note(format!("{} more requests are already allowed", allowed.len() - self.limit));
        }
        contradicted
    }

    fn gained(&self) {
        for Gained { namespace, subject, rules } in &self.fixed.plan.gained {
            let place = match &**namespace {
                "" => "everywhere".to_owned(),
                namespace => format!("in namespace {namespace}"),
            };
            let who = subject.notation(&Metadata::new(&**namespace, ""));
            self.warn(format!("{who} also gains access {place}: {}", self.brief(rules)));
        }
    }

    fn notes(&self) {
        let refusing = &self.fixed.refusing;
        for (namespace, state) in refusing {
            let (text, hint) = refusing_namespace(namespace, *state);
            self.warn(text);
            self.ui.suggest(hint);
        }
        let is_new = |note: &&Note| match note {
            Note::NoNamespace { name } => !refusing.contains_key(name),
            _ => true,
        };
        for note in self.fixed.plan.notes.iter().filter(is_new) {
            let (text, hint) = note_text(note);
            // A missing ServiceAccount in the arguments was already reported.
            let is_reported =
                matches!(note, Note::NoServiceAccount { .. }) && self.is_asked_outright();
            if !is_reported {
                self.warn(text);
            }
            if let Some(hint) = hint {
                self.ui.suggest(hint);
            }
        }
    }

    fn missing_roles(&self) {
        for text in missing_role_texts(&self.fixed.gathered) {
            self.warn(text);
        }
    }

    pub(super) fn is_asked_outright(&self) -> bool {
        self.fixed.gathered.denied.iter().all(|denied| denied.found.is_empty())
    }

    fn refused(&self) -> usize {
        let refused = &self.fixed.plan.refused;
        for Refused { denied, cause } in refused.iter().take(self.limit) {
            let found = match &*denied.found {
                "" => String::new(),
                found => format!(" ({found})"),
            };
            self.problem(format!(
                "not granted: {} to {}{found}: {cause}",
                words::request(&denied.request),
                label(&denied.identity)
            ));
            if let Cause::Risky(risks) = cause {
                let narrower: BTreeSet<&str> =
                    risks.iter().filter_map(|risk| risk.narrower(&denied.request)).collect();
                for narrower in narrower {
                    self.note(format!("alternative: {narrower}"));
                }
            }
        }
        if refused.len() > self.limit {
            self.problem(format!("{} more requests are not granted", refused.len() - self.limit));
        }
        if refused.iter().any(|refused| matches!(refused.cause, Cause::Risky(_))) {
            self.ui.suggest(Hint::pass("--allow-risky", "grant it anyway"));
        }
        refused.len()
    }

    /// Reports refusals that no Role can fix, and returns the number of those by RBAC.
    fn unresolved(&self) -> usize {
        let unresolved = &self.fixed.gathered.unresolved;
        for found in unresolved.iter().take(self.limit) {
            let text = format!("{}: {}", found.text, found.because);
            match found.weight {
                Weight::Denied => self.problem(text),
                Weight::Aside => self.warn(text),
            }
            for rule in found.missing.iter().take(self.limit.max(MOST_RULES)) {
                self.note(format!("missing: {}", words::rule(rule)));
            }
            if found.missing.len() > self.limit.max(MOST_RULES) {
                let more = found.missing.len() - self.limit.max(MOST_RULES);
                self.note(format!("missing: {more} more rules"));
            }
        }
        let next = unresolved.iter().take(self.limit).flat_map(|found| &found.next);
        let mut said = BTreeSet::new();
        for hint in next {
            if said.insert(hint.to_string()) {
                self.ui.suggest(hint.clone());
            }
        }
        if unresolved.len() > self.limit {
            self.warn(format!(
                "{} more refusals cannot be fixed by Roles",
                unresolved.len() - self.limit
            ));
        }
        unresolved.iter().filter(|found| found.weight == Weight::Denied).count()
    }

    /// Suggests patches for roles that rolecall does not manage, instead of replacing them.
    fn extended(&self) {
        let inventory = self.fixed.session.authorizer.inventory();
        let roles = self.fixed.plan.objects.iter().filter_map(|object| match object {
            Object::Role(granted) if !is_managed(&granted.role.metadata) => Some(&granted.role),
            _ => None,
        });
        for role in roles {
            let metadata = &role.metadata;
            let Some(old) = inventory.role(&metadata.namespace, &metadata.name) else { continue };
            let added =
                role.rules.iter().filter(|rule| !old.rules.contains(rule)).map(json_of_rule);
            let operations: Value = if old.rules.is_empty() {
                let rules: Vec<Value> = added.collect();
                json!([{"op": "add", "path": "/rules", "value": rules}])
            } else {
                added.map(|rule| json!({"op": "add", "path": "/rules/-", "value": rule})).collect()
            };
            let mut words = vec!["kubectl", "patch", "clusterrole", &*metadata.name];
            if !role.is_cluster_role() {
                words =
                    vec!["kubectl", "patch", "role", &*metadata.name, "-n", &*metadata.namespace];
            }
            let operations = operations.to_string();
            words.extend(["--type", "json", "-p", &operations]);
            let command: Vec<String> = words.into_iter().map(quote).collect();
            let name = format!("{} {}", role.kind(), words::qualified(metadata));
            self.warn(format!(
                "rolecall does not manage {name}: applying this can remove annotations that are not \
                 shown here"
            ));
            self.ui.suggest(Hint::run(command.join(" "), "only add the rules"));
        }
    }

    fn patches(&self) {
        for patch in &self.fixed.patches {
            let workload = &patch.workload;
            let who = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
            match patch.command() {
                Some(command) => {
                    let purpose = format!("let {who} run as `{}`", patch.account);
                    self.ui.suggest(Hint::run(command, purpose));
                }
                None => self.warn(format!(
                    "{who} is immutable: recreate it with `serviceAccountName: {}`",
                    patch.account
                )),
            }
        }
    }

    /// Reports corrections of single words, or that they are possible.
    fn repairs(&self) {
        let Fixed { located, is_repaired, .. } = self.fixed;
        if *is_repaired {
            return repair::advise(self.ui, self.options, located);
        }
        for located in located.iter().take(self.limit) {
            self.note(format!("smaller change: {} (use `--style repair`)", located.in_words()));
        }
    }

    pub(super) fn some(&self, texts: &[String]) -> String {
        let shown: Vec<&str> = texts.iter().take(self.limit).map(String::as_str).collect();
        let more = match texts.len().saturating_sub(self.limit) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", shown.join("; "))
    }

    /// Describes rules in one short line, or completely with `-v`.
    fn brief(&self, rules: &[PolicyRule]) -> String {
        let texts = rules.iter().map(words::rule);
        if self.limit > MAX_REPORTED {
            return texts.collect::<Vec<_>>().join("; ");
        }
        let cut = |text: String| match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
            None => text,
        };
        let shown: Vec<String> = texts.take(BRIEFLY).map(cut).collect();
        match rules.len().saturating_sub(BRIEFLY) {
            0 => shown.join("; "),
            more => format!("{}; and {more} more rules (see -v)", shown.join("; ")),
        }
    }
}
