//! Plans the smallest objects that allow denied requests.
//!
//! ```text
//! denied -> already allowed? -> can RBAC fix it? -> is it risky? -> by subject and namespace
//!        -> new | reuse | extend -> objects -> proof
//! ```

mod claim;
mod config;
mod existing;
mod need;
mod note;

use std::collections::BTreeMap;

pub use config::{Config, GeneratedNames, MissingAccounts, Risky, Scope, Style};
pub use note::Note;
use rolecall_rbac::{
    Authorizer, Gap, Identity, Metadata, ObjectKind, ServiceAccount, Subject, Target, Text, Texts,
    Unread,
};

use self::need::Need;
use crate::atom::Atom;
use crate::denied::Denied;
use crate::generated::Generated;
use crate::object::{Object, managed};
use crate::outcome::Outcome;
use crate::proof::{self, Gained};
use crate::refused::{self, Cause, Refused, Unfixable};
use crate::risk::{self, Risk, risks};
use crate::subject::subject_of;

/// The objects that fix denials, and the proof.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The objects, in the order to apply them.
    pub objects: Vec<Object>,
    /// Every distinct denial with its result before and after, sorted.
    pub answers: Vec<Answer>,
    /// The other access that is added.
    pub gained: Vec<Gained>,
    /// The denials that are not fixed, with reasons.
    pub refused: Vec<Refused>,
    /// Notes for the person who applies the objects.
    pub notes: Vec<Note>,
    /// The positions of objects that might already exist and that applying would replace.
    pub in_doubt: Vec<usize>,
}

/// A denial and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The denial.
    pub denied: Denied,
    /// The result without the objects.
    pub before: Outcome,
    /// The result with the objects.
    pub after: Outcome,
}

/// Plans the objects that allow every denied request, and proves the result.
pub fn plan(authorizer: &Authorizer, denied: &[Denied], config: &Config) -> Plan {
    let denied = distinct(denied);
    let mut added_up = BTreeMap::new();
    loop {
        let plan = plan_without(authorizer, &denied, config, &added_up);
        if config.risky == Risky::Granted {
            return plan;
        }
        let further = risks_that_add_up(authorizer, &plan);
        if further.is_empty() {
            return plan;
        }
        added_up.extend(further);
    }
}

/// Returns the denials that a plan grants and that carry a risk only in combination, without those
/// that the plan already refuses.
fn risks_that_add_up(authorizer: &Authorizer, plan: &Plan) -> BTreeMap<Denied, Vec<Risk>> {
    let mut granted: BTreeMap<&Identity, Vec<&Denied>> = BTreeMap::new();
    for Answer { denied, before, after } in &plan.answers {
        if !before.is_allowed() && after.is_allowed() && risk::may_add_up(&denied.request) {
            granted.entry(&denied.identity).or_default().push(denied);
        }
    }
    let mut risks: BTreeMap<Denied, Vec<Risk>> = BTreeMap::new();
    if granted.is_empty() {
        return risks;
    }
    let after = proof::overlay(authorizer, &plan.objects);
    for (identity, denied) in granted {
        for held in risk::added_up(authorizer, &after, identity) {
            for denied in denied.iter().filter(|denied| risk::is_part_of(&denied.request, &held)) {
                risks.entry((*denied).clone()).or_default().push(Risk::Catalogued(held.clone()));
            }
        }
    }
    risks
}

/// Plans the objects, without denials that are risky in combination.
fn plan_without(
    authorizer: &Authorizer,
    denied: &[Denied],
    config: &Config,
    added_up: &BTreeMap<Denied, Vec<Risk>>,
) -> Plan {
    let mut refused = Vec::new();
    let mut needs: BTreeMap<(Text, Subject), Need> = BTreeMap::new();
    let mut before = Vec::new();
    let mut notes = Vec::new();
    for denied in denied.iter().cloned() {
        let outcome = Outcome::of(authorizer, &denied);
        if !outcome.is_allowed() {
            let risks = added_up.get(&denied).cloned();
            let subject =
                risks.map_or_else(|| fixable(&denied, config), |it| Err(Cause::Risky(it)));
            match subject {
                Ok(subject) => {
                    let namespace = match config.scope {
                        Scope::AsAsked => denied.request.namespace().into(),
                        Scope::ClusterWide => Text::from(""),
                    };
                    let need = needs
                        .entry((namespace, subject))
                        .or_insert_with_key(|(namespace, subject)| Need::new(namespace, subject));
                    match Generated::of(&denied.request) {
                        None => need.add(denied.clone()),
                        Some(generated) if may_drop_name(generated, &denied, config) => {
                            notes.extend(note_of_name(&denied, |verb, resource, name| {
                                Note::NameDropped { generated, verb, resource, name }
                            }));
                            need.add_unnamed(denied.clone());
                        }
                        Some(generated) => {
                            notes.extend(note_of_name(&denied, |verb, resource, name| {
                                Note::NameKept { generated, verb, resource, name }
                            }));
                            need.add(denied.clone());
                        }
                    }
                }
                Err(cause) => refused.push(Refused { denied: denied.clone(), cause }),
            }
        }
        before.push((denied, outcome));
    }
    need::drop_cluster_wide_grants(&mut needs);
    let mut draft = Draft { authorizer, config, objects: Vec::new(), notes };
    for need in needs.values() {
        draft.fix(need);
    }
    let Draft { mut objects, mut notes, .. } = draft;
    objects.sort_by_cached_key(Object::order);
    notes.sort();
    notes.dedup();
    let after = proof::overlay(authorizer, &objects);
    let gained = proof::gained(authorizer, &after, &before, &refused);
    let answers = before
        .into_iter()
        .map(|(denied, before)| {
            let after = Outcome::of(&after, &denied);
            Answer { denied, before, after }
        })
        .collect();
    let gaps = authorizer.inventory().gaps();
    let in_doubt = (0..objects.len())
        .filter(|position| {
            objects.get(*position).is_some_and(|object| {
                proof::is_new(authorizer.inventory(), object)
                    && gaps.iter().any(|gap| object.may_be_hidden_by(gap))
            })
        })
        .collect();
    Plan { objects, answers, gained, refused, notes, in_doubt }
}

/// Returns whether a gap can hide bindings of a role: those in its namespace, or in any namespace
/// for a ClusterRole.
fn hides_bindings_of(gap: &Gap, role: &Metadata) -> bool {
    match (&gap.unread, &*role.namespace) {
        (_, "") => gap.may_hide_any_binding(),
        // A ClusterRoleBinding cannot refer to a Role.
        (Unread::Kind { kind, .. } | Unread::Object { kind, .. }, _)
            if *kind == ObjectKind::ClusterRoleBinding =>
        {
            false
        }
        (_, namespace) => gap.may_hide_binding(namespace),
    }
}

/// Sorts and deduplicates the denials.
fn distinct(denied: &[Denied]) -> Vec<Denied> {
    let mut sorted: Vec<Denied> = denied.to_vec();
    sorted.sort();
    sorted.dedup_by(|later, earlier| {
        let is_same = later.identity == earlier.identity && later.request == earlier.request;
        if is_same && earlier.found.is_empty() {
            earlier.found = later.found.clone();
        }
        is_same
    });
    sorted
}

/// Returns the subject to grant the request to, or the reason to refuse it.
fn fixable(denied: &Denied, config: &Config) -> Result<Subject, Cause> {
    refused::unfixable(denied).map_or(Ok(()), |unfixable| Err(Cause::Unfixable(unfixable)))?;
    let risks = risks_of(denied, config);
    if config.risky == Risky::Refused && !risks.is_empty() {
        return Err(Cause::Risky(risks));
    }
    subject_of(&denied.identity).ok_or(Cause::Unfixable(Unfixable::Nobody))
}

/// Returns whether a denial can be granted for all objects of its namespace: the name is certainly
/// generated, and access to all objects is not a risk that a report would contain. Helm needs all
/// Secrets of its releases by design.
fn may_drop_name(generated: Generated, denied: &Denied, config: &Config) -> bool {
    if config.generated_names != GeneratedNames::Dropped
        || denied.request.namespace().is_empty()
        || !generated.is_certain(&denied.request)
    {
        return false;
    }
    let request = denied.request.clone().without_name();
    let is_rated = generated != Generated::HelmRelease && risk::is_rated(&request);
    let is_refused = config.risky == Risky::Refused
        && !risks_of(&Denied { request, ..denied.clone() }, config).is_empty();
    !is_rated && !is_refused
}

/// Returns a note about the object name that limits a grant.
fn note_of_name(denied: &Denied, note: impl FnOnce(Text, Text, Text) -> Note) -> Option<Note> {
    let Target::Resource(target) = &denied.request.target else { return None };
    // Requests that create objects are not limited to a name.
    let is_limited = Atom::needed_for(&denied.request) == Atom::asked_by(&denied.request);
    is_limited.then(|| note(denied.request.verb.clone(), target.combined(), target.name.clone()))
}

fn risks_of(denied: &Denied, config: &Config) -> Vec<Risk> {
    match config.scope {
        Scope::AsAsked => risks(&denied.identity, &denied.request),
        Scope::ClusterWide => risks(&denied.identity, &denied.request.clone().in_namespace("")),
    }
}

/// A plan under construction.
struct Draft<'a> {
    authorizer: &'a Authorizer,
    config: &'a Config,
    objects: Vec<Object>,
    notes: Vec<Note>,
}

impl Draft<'_> {
    fn fix(&mut self, need: &Need) {
        self.note_surroundings(need);
        let namespace = need.namespace.clone();
        match self.config.style {
            Style::New => {}
            Style::Reuse { max_excess } => {
                if let Some(role) = existing::to_reuse(self, need, max_excess) {
                    let (binding, note) = claim::reusing_binding(self.authorizer, need, role);
                    self.notes.extend(note);
                    if role.aggregation.is_some() {
                        self.notes.push(Note::Aggregated { role: role.metadata.name.clone() });
                    }
                    self.objects.push(Object::Binding(binding));
                    return;
                }
                self.notes.push(Note::NothingToReuse { namespace });
            }
            Style::Extend => {
                if let Some(role) = existing::to_extend(self.authorizer, need) {
                    let granted = need.extended(role);
                    self.objects.push(Object::Role(granted));
                    return;
                }
                self.notes.push(Note::NothingToExtend { namespace });
            }
        }
        let claim = claim::own_objects(self.authorizer, need);
        self.notes.extend(claim.note);
        self.objects.push(Object::Role(need.granted(claim.role, claim.kept)));
        self.objects.push(Object::Binding(claim.binding));
    }

    /// Adds notes about missing objects, and generates missing ServiceAccounts if requested.
    fn note_surroundings(&mut self, need: &Need) {
        let inventory = self.authorizer.inventory();
        if !need.namespace.is_empty()
            && !inventory.namespaces().is_empty()
            && !BUILT_IN_NAMESPACES.contains(&&*need.namespace)
            && inventory.namespace(&need.namespace).is_none()
            && !inventory
                .gaps()
                .iter()
                .any(|gap| gap.may_hide(&ObjectKind::Namespace, "", &need.namespace))
        {
            self.notes.push(Note::NoNamespace { name: need.namespace.clone() });
        }
        self.notes.extend(need.runs_pods());
        self.notes.extend(need.risks());
        self.notes.extend(need.wider());
        self.notes.extend(need.half_of_impersonation());
        let Some(account) = need.account() else { return };
        let (namespace, name) = (account.namespace.clone(), account.name.clone());
        if *name == *"default" {
            self.notes.push(Note::DefaultServiceAccount { namespace });
        } else if inventory.service_account(&namespace, &name).is_none() {
            let gaps = inventory.gaps();
            let is_unread = || gaps.iter().any(|gap| gap.may_hide_service_account(&namespace));
            match self.config.missing_accounts {
                MissingAccounts::Noted if is_unread() => {}
                MissingAccounts::Noted => {
                    self.notes.push(Note::NoServiceAccount { namespace, name });
                }
                MissingAccounts::Created => {
                    let account = Object::ServiceAccount(ServiceAccount {
                        metadata: managed(&namespace, &name),
                        automount_token: None,
                        secrets: Texts::default(),
                    });
                    if !self.objects.contains(&account) {
                        self.objects.push(account);
                    }
                }
            }
        }
    }
}

/// The namespaces that every server creates by itself.
const BUILT_IN_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
