//! What is said on stderr about a fix, and how the command ends.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::{
    Answer, Cause, Gained, Note, Object, Outcome, Preflight, Refused, is_managed, json_of_rule,
};
use rolecall_rbac::{Gap, Metadata, PolicyRule};
use serde_json::{Value, json};

use super::Mended;
use super::gather::Weight;
use crate::cli::{Options, quote};
use crate::error::Hint;
use crate::exit::Exit;
use crate::render::plain;
use crate::subject::label;
use crate::ui::Ui;
use crate::words;

/// How many of a kind are told of by themselves; `-v` tells all.
const TOLD: usize = 10;

/// Says what is granted, what is not, and what to know about it.
pub(super) fn report(ui: &Ui, options: &Options, mended: &Mended<'_>) -> Exit {
    let told = if options.output.verbose > 0 { usize::MAX } else { TOLD };
    let report = Report { ui, mended, told };
    report.granted();
    let contradicted = report.allowed_before();
    report.gained();
    report.notes();
    let refused = report.refused();
    let denied = report.unmended();
    report.extended();
    report.patches();
    let may_apply = mended.preflight.as_ref().is_none_or(|found| report.preflight(found));
    let is_taken = report.dry_run();
    let stays_denied = refused + denied + contradicted > 0
        || report.answers().any(|answer| !answer.after.is_allowed())
        || !may_apply
        || !is_taken;
    let nothing_but_asides = mended.plan.answers.is_empty()
        && mended.gathered.unmended.iter().any(|found| found.weight == Weight::Aside);
    let is_open = report.answers().any(|answer| matches!(answer.before, Outcome::Unknown { .. }));
    let denied = Exit::No.when(stays_denied || nothing_but_asides);
    denied.max(Exit::Inconclusive.when(is_open))
}

struct Report<'a> {
    ui: &'a Ui,
    mended: &'a Mended<'a>,
    told: usize,
}

impl Report<'_> {
    /// Returns the answers that are not refused.
    fn answers(&self) -> impl Iterator<Item = &Answer> {
        let plan = &self.mended.plan;
        plan.answers
            .iter()
            .filter(|answer| plan.refused.iter().all(|refused| refused.denied != answer.denied))
    }

    // Every message is one line, whatever the names in it hold.
    fn note(&self, text: impl AsRef<str>) {
        self.ui.note(plain(text.as_ref()));
    }

    fn warn(&self, text: impl AsRef<str>) {
        self.ui.warn(plain(text.as_ref()));
    }

    fn problem(&self, text: impl AsRef<str>) {
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
        for (subject, requests) in of_subject.iter().take(self.told) {
            self.note(format!("lets {subject} {}", self.some(requests)));
        }
        if of_subject.len() > self.told {
            self.note(format!("lets {} more subjects something", of_subject.len() - self.told));
        }
        if !of_subject.is_empty() && self.mended.plan.gained.is_empty() {
            self.note("nothing else becomes allowed, for anybody");
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
                "it may be allowed already, for this was not read: {}",
                self.some(&gaps)
            ));
        }
    }

    /// Warns of reasons that other authorizers gave for what is granted.
    fn others_reasons(&self) {
        let mut of_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Answer { denied, before, after } in self.answers() {
            let key = (denied.identity.clone(), denied.request.clone());
            let reason = self.mended.gathered.reasons.get(&key);
            if let Some(reason) = reason.filter(|_| !before.is_allowed() && after.is_allowed()) {
                of_reason.entry(reason).or_default().push(words::request(&denied.request));
            }
        }
        for (reason, requests) in of_reason.iter().take(self.told) {
            self.warn(format!(
                "another authorizer than RBAC gave a reason, `{reason}`, for: {}; if it denied that \
                 outright, no Role helps",
                self.some(requests)
            ));
        }
        if of_reason.len() > self.told {
            self.warn(format!("{} more such reasons", of_reason.len() - self.told));
        }
    }

    /// Says what RBAC allows already; returns how many of these another authorizer refused.
    fn allowed_before(&self) -> usize {
        let mut contradicted = 0;
        let allowed: Vec<&Answer> =
            self.answers().filter(|answer| answer.before.is_allowed()).collect();
        for answer in allowed.iter().take(self.told) {
            let denied = &answer.denied;
            let key = (denied.identity.clone(), denied.request.clone());
            let Outcome::Allowed { reason } = &answer.before else { continue };
            let what = format!(
                "{} may {} already",
                label(&denied.identity),
                words::request(&denied.request)
            );
            match self.mended.gathered.reasons.get(&key) {
                Some(other) => {
                    contradicted += 1;
                    self.problem(format!(
                        "{what}; another authorizer refuses it, which no Role overrules: {other}"
                    ));
                }
                None if reason.is_empty() => {
                    self.note(format!("{what}, as a member of system:masters"));
                }
                None if denied.found.is_empty() => self.note(format!("{what}: {reason}")),
                None => self.note(format!(
                    "{what} ({}): {reason}; it was granted since, or something else refuses it",
                    denied.found
                )),
            }
        }
        if allowed.len() > self.told {
            self.note(format!("{} more are allowed already", allowed.len() - self.told));
        }
        contradicted
    }

    fn gained(&self) {
        for Gained { namespace, subject, rules } in &self.mended.plan.gained {
            let place = match &**namespace {
                "" => "everywhere".to_owned(),
                namespace => format!("in namespace {namespace}"),
            };
            let who = words::subject_argument(subject, &Metadata::new(&**namespace, ""));
            self.warn(format!("{who} also gains, {place}: {}", self.rules(rules)));
        }
    }

    fn notes(&self) {
        for note in &self.mended.plan.notes {
            let (text, hint) = note_text(note);
            // Whoever named a ServiceAccount that is missing has been warned of it.
            let is_told = matches!(note, Note::NoServiceAccount { .. }) && self.is_asked_outright();
            if !is_told {
                self.warn(text);
            }
            if let Some(hint) = hint {
                self.ui.suggest(hint);
            }
        }
    }

    fn is_asked_outright(&self) -> bool {
        self.mended.gathered.denied.iter().all(|denied| denied.found.is_empty())
    }

    fn refused(&self) -> usize {
        let refused = &self.mended.plan.refused;
        for Refused { denied, cause } in refused.iter().take(self.told) {
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
                for risk in risks {
                    self.note(format!("instead: {}", risk.narrower(&denied.request)));
                }
            }
        }
        if refused.len() > self.told {
            self.problem(format!("{} more are not granted", refused.len() - self.told));
        }
        if refused.iter().any(|refused| matches!(refused.cause, Cause::Risky(_))) {
            self.ui.suggest(Hint::pass("--allow-risky", "grant it all the same"));
        }
        refused.len()
    }

    /// Says what no Role mends; returns how many of these are about RBAC.
    fn unmended(&self) -> usize {
        let unmended = &self.mended.gathered.unmended;
        for found in unmended.iter().take(self.told) {
            let text = format!("{}: {}", found.text, found.because);
            match found.weight {
                Weight::Denied => self.problem(text),
                Weight::Aside => self.warn(text),
            }
            for rule in &found.missing {
                self.note(format!("lacks: {}", words::rule(rule)));
            }
        }
        if unmended.len() > self.told {
            self.warn(format!("{} more are no matter of Roles", unmended.len() - self.told));
        }
        unmended.iter().filter(|found| found.weight == Weight::Denied).count()
    }

    /// Says how to add to roles that are not rolecall's own without replacing them.
    fn extended(&self) {
        let inventory = self.mended.session.authorizer.inventory();
        let roles = self.mended.plan.objects.iter().filter_map(|object| match object {
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
                "{name} is not rolecall's: annotations of it may be missing here, and be lost when \
                 this is applied"
            ));
            self.ui
                .suggest(Hint::run(command.join(" "), "add the rules and leave all else as it is"));
        }
    }

    fn patches(&self) {
        for patch in &self.mended.patches {
            let workload = &patch.workload;
            let who = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
            match patch.command() {
                Some(command) => {
                    let purpose = format!("let {who} run as `{}`", patch.account);
                    self.ui.suggest(Hint::run(command, purpose));
                }
                None => self.warn(format!(
                    "{who} cannot be changed: make it anew with `serviceAccountName: {}`",
                    patch.account
                )),
            }
        }
    }

    /// Says whether the objects may be applied; returns whether they may.
    fn preflight(&self, found: &Preflight) -> bool {
        if found.is_clear() {
            self.note("preflight: all of it may be applied");
            return true;
        }
        for request in &found.denied {
            self.problem(format!("preflight: may not {}", words::request(request)));
        }
        for escalating in &found.escalations {
            let object = self.mended.plan.objects.get(escalating.object);
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
        for gap in words::gaps(&found.gaps) {
            self.warn(format!("preflight may be wrong, for this was not read: {gap}"));
        }
        false
    }

    /// Says what the server refuses; returns whether it takes everything.
    fn dry_run(&self) -> bool {
        let Some(refused) = &self.mended.dry_run else { return true };
        for found in refused {
            if let Some(object) = self.mended.plan.objects.get(found.object) {
                let name = words::qualified(object.metadata());
                let kind = object.kind();
                self.problem(format!("the server refuses {kind} {name}: {}", found.because));
            }
        }
        if refused.is_empty() {
            self.note("the server takes all of it");
        }
        refused.is_empty()
    }

    fn some(&self, texts: &[String]) -> String {
        let shown: Vec<&str> = texts.iter().take(self.told).map(String::as_str).collect();
        let more = match texts.len().saturating_sub(self.told) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", shown.join("; "))
    }

    fn rules(&self, rules: &[PolicyRule]) -> String {
        let texts: Vec<String> = rules.iter().map(words::rule).collect();
        self.some(&texts)
    }
}

/// Says a note as a sentence, and what to do about it.
pub(crate) fn note_text(note: &Note) -> (String, Option<Hint>) {
    match note {
        Note::NoServiceAccount { namespace, name } => (
            format!("there is no ServiceAccount `{namespace}/{name}` yet"),
            Some(Hint::pass("--create-serviceaccount", "write it, too")),
        ),
        Note::DefaultServiceAccount { namespace } => (
            format!(
                "`default` is the ServiceAccount of every Pod in namespace `{namespace}` that names \
                 none: all of them are granted this"
            ),
            Some(Hint::pass(
                "--dedicated-serviceaccount --for deploy/NAME",
                "grant to one workload alone",
            )),
        ),
        Note::NoNamespace { name } => (format!("there is no namespace `{name}` yet"), None),
        Note::NothingToReuse { namespace } => {
            (format!("no existing role fits {}; a new one grants it", place(namespace)), None)
        }
        Note::NothingToExtend { namespace } => (
            format!(
                "no role is bound to the subject alone {}; a new one grants it",
                place(namespace)
            ),
            None,
        ),
        Note::Aggregated { role } => (
            format!("ClusterRole `{role}` is aggregated: it also grants what others add to it"),
            None,
        ),
        Note::NameTaken { namespace, name } => (
            format!("`{name}` {} belongs to somebody else and is left as it is", place(namespace)),
            None,
        ),
        Note::WiderThanNamed { verb, resource } => (
            format!("`{verb}` of `{resource}` cannot be limited to a name: it is granted for all"),
            None,
        ),
        Note::HalfOfImpersonation { verb } => (
            format!(
                "this is half of what impersonation takes: `{verb}` of the identity that is taken on, \
                 in API group authentication.k8s.io, is the other"
            ),
            None,
        ),
    }
}

fn place(namespace: &str) -> String {
    match namespace {
        "" => "in the cluster".to_owned(),
        namespace => format!("in namespace `{namespace}`"),
    }
}
