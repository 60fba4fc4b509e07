//! Questions to the server besides lists: whether requests are denied, which objects already exist, and
//! what the applying user can do.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::{
    Answer, Config, Denied, HeldRules, Object, Outcome, Permission, Plan, Preflight, ReadRights,
    Rights, plan, preflight, requests_of_preflight,
};
use rolecall_rbac::{Authorizer, Identity, Request, Text, VerdictKind, resolve_aggregation};
use rolecall_review::Question;
use rolecall_review::live::{Means, RulesAnswer};
use rolecall_source::cluster::NamespaceState;

use super::dry_run::path_of;
use crate::answer::fix::{Gathered, Unresolved, Weight};
use crate::cli::Options;
use crate::error::CommandError;
use crate::live::{self, Live};
use crate::load::Session;
use crate::place::ALWAYS_THERE;
use crate::ui::Ui;
use crate::words;

/// The maximum number of denials to ask the server about.
const ASKED: usize = 200;

/// The maximum number of namespaces to read by name.
const NAMESPACES: usize = 20;

/// The maximum number of rounds of reading objects by name and planning again.
const ROUNDS: usize = 8;

/// The server's answers about denials.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// The requests that the server allows, with its reasons.
    allowed: BTreeMap<(Identity, Request), Text>,
    /// The requests that it denies.
    denied: BTreeSet<(Identity, Request)>,
}

/// Asks the server about the denials, and removes those that no Role can change.
pub(super) fn settle(
    ui: &Ui,
    options: &Options,
    session: &Session,
    gathered: &mut Gathered,
) -> Result<Settled, CommandError> {
    let mut settled = Settled::default();
    // The server does not know the manifests of an overlay.
    let live = session.live().filter(|_| !options.source.overlay);
    let Some(live) = live.filter(|_| !gathered.denied.is_empty()) else { return Ok(settled) };
    let asked: BTreeSet<(Identity, Request)> = gathered
        .denied
        .iter()
        .map(|denied| (denied.identity.clone(), denied.request.clone()))
        .take(ASKED)
        .collect();
    let questions: Vec<Question> = asked.iter().map(question).collect();
    let me = session.me(ui, options).ok();
    let mut forbidden: BTreeMap<(Identity, Request), String> = BTreeMap::new();
    for (asked, answer) in live::settle(ui, live, me, &questions, Means::Reviews)? {
        match answer.verdict {
            VerdictKind::Allowed => {
                settled.allowed.insert(asked, answer.reason.into());
            }
            VerdictKind::NoOpinion => {
                settled.denied.insert(asked);
            }
            VerdictKind::Denied => {
                forbidden.insert(asked, answer.reason);
            }
            VerdictKind::Unknown => {}
        }
    }
    gathered.denied.retain(|denied| {
        let key = (denied.identity.clone(), denied.request.clone());
        let Some(reason) = forbidden.get(&key) else { return true };
        let place = match &*denied.found {
            "" => String::new(),
            found => format!("{found}: "),
        };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        gathered.unresolved.push(Unresolved {
            text: format!("{place}{} cannot {}", denied.identity.user, denied.request),
            because: format!(
                "an authorizer before RBAC denies it explicitly, which no Role can overrule{reason}"
            ),
            missing: Vec::new(),
            weight: Weight::Denied,
            next: Vec::new(),
        });
        false
    });
    Ok(settled)
}

fn question((identity, request): &(Identity, Request)) -> Question {
    Question { identity: identity.clone().into(), request: request.clone() }
}

impl Settled {
    /// Removes the denials that the server allows, and returns them as answers.
    pub(super) fn take_allowed(&self, session: &Session, denied: &mut Vec<Denied>) -> Vec<Answer> {
        let mut allowed = Vec::new();
        denied.retain(|denied| {
            let key = (denied.identity.clone(), denied.request.clone());
            let Some(reason) = self.allowed.get(&key) else { return true };
            let local = session.authorizer.authorize(&denied.identity, &denied.request);
            // Requests that roles and bindings allow are reported with these.
            if local.verdict.is_allowed() {
                return true;
            }
            let reason = match &**reason {
                "" => "according to the server".to_owned(),
                reason => format!("according to the server: {reason}"),
            };
            let outcome = Outcome::Allowed { reason };
            allowed.push(Answer {
                denied: denied.clone(),
                before: outcome.clone(),
                after: outcome,
            });
            false
        });
        allowed
    }

    /// Replaces unknown answers: requests that the server does not allow are denied.
    pub(super) fn settle(&self, answers: &mut [Answer]) {
        for answer in answers {
            let key = (answer.denied.identity.clone(), answer.denied.request.clone());
            if matches!(answer.before, Outcome::Unknown { .. }) && self.denied.contains(&key) {
                answer.before = Outcome::Denied;
            }
        }
    }

    /// Returns whether the server denies a request that roles and bindings allow.
    pub(super) fn contradicts(&self, answer: &Answer) -> bool {
        answer.before.is_allowed()
            && self
                .denied
                .contains(&(answer.denied.identity.clone(), answer.denied.request.clone()))
    }
}

/// A plan for which the existing objects are known.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The evaluator with the objects that were read for the plan, if any.
    pub(super) authorizer: Option<Authorizer>,
}

/// Makes a plan. Objects that it could replace, and that no list shows, are read by name.
pub(super) fn plan_with_existing(
    ui: &Ui,
    session: &Session,
    authorizer: &Authorizer,
    denied: &[Denied],
    config: &Config,
) -> Result<Planned, CommandError> {
    let mut known: Option<Authorizer> = None;
    let mut missing = BTreeSet::new();
    let mut asked = BTreeSet::new();
    let mut made = plan(authorizer, denied, config);
    for _ in 0..ROUNDS {
        let Some(live) = session.live() else { break };
        let mut further = None;
        for object in made.in_doubt.iter().filter_map(|position| made.objects.get(*position)) {
            if !asked.insert(key(object)) {
                continue;
            }
            match read(ui, live, object)? {
                Existing::Missing => {
                    missing.insert(key(object));
                }
                Existing::Read(builder) => further
                    .get_or_insert_with(rolecall_rbac::InventoryBuilder::new)
                    .append(*builder),
                Existing::Unread => {}
            }
        }
        let Some(further) = further else { break };
        let before = known.as_ref().unwrap_or(authorizer);
        let mut builder = before.inventory().clone().into_builder();
        builder.append(further);
        let mut inventory = builder.build();
        resolve_aggregation(&mut inventory);
        let after = known.insert(Authorizer::new(inventory));
        made = plan(after, denied, config);
    }
    let objects = &made.objects;
    made.in_doubt.retain(|position| {
        objects.get(*position).is_some_and(|object| !missing.contains(&key(object)))
    });
    Ok(Planned { plan: made, authorizer: known })
}

/// Returns the namespaces of a plan in which the server would reject objects, as far as the caller can read
/// them.
pub(super) fn refusing_namespaces(
    ui: &Ui,
    session: &Session,
    plan: &Plan,
) -> Result<BTreeMap<Text, NamespaceState>, CommandError> {
    let mut states = BTreeMap::new();
    let Some(live) = session.live() else { return Ok(states) };
    let names: BTreeSet<&Text> =
        plan.objects.iter().map(|object| &object.metadata().namespace).collect();
    let is_asked = |name: &&Text| !name.is_empty() && !ALWAYS_THERE.contains(&&***name);
    for name in names.into_iter().filter(is_asked).take(NAMESPACES) {
        let asking = live.cluster().namespace_state(name);
        let label = || "reading the namespaces".to_owned();
        match live.wait_for_any(ui, label, asking)? {
            Ok(NamespaceState::Active) => {}
            Ok(state) => {
                states.insert(name.clone(), state);
            }
            Err(error) if error.is_fatal() => return Err(live.error(error)),
            Err(_) => {}
        }
    }
    Ok(states)
}

/// The result of reading an object by name.
enum Existing {
    Missing,
    Read(Box<rolecall_rbac::InventoryBuilder>),
    Unread,
}

fn read(ui: &Ui, live: &Live, object: &Object) -> Result<Existing, CommandError> {
    let path = path_of(object);
    let reading = live.cluster().object(&path, object.kind());
    let label = || "reading existing objects".to_owned();
    match live.wait_for_any(ui, label, reading)? {
        Ok(None) => Ok(Existing::Missing),
        Ok(Some(builder)) => Ok(Existing::Read(Box::new(builder))),
        Err(error) if error.is_fatal() => Err(live.error(error)),
        Err(_) => Ok(Existing::Unread),
    }
}

fn key(object: &Object) -> (&'static str, Text, Text) {
    let metadata = object.metadata();
    (object.kind(), metadata.namespace.clone(), metadata.name.clone())
}

/// Checks whether a user can apply a plan. The server answers questions that the evaluator cannot.
pub(super) fn preflight_of(
    ui: &Ui,
    session: &Session,
    authorizer: &Authorizer,
    plan: &Plan,
    applier: &Identity,
) -> Result<Preflight, CommandError> {
    let read = ReadRights { authorizer, applier };
    let Some(live) = session.live() else {
        return Ok(preflight(authorizer, &plan.objects, &plan.in_doubt, &read));
    };
    let requests = requests_of_preflight(authorizer, &plan.objects, &plan.in_doubt);
    let asked: Vec<(Identity, Request)> = requests
        .into_iter()
        .filter(|request| read.may(request) != Permission::Yes)
        .map(|request| (applier.clone(), request))
        .collect();
    let questions: Vec<Question> = asked.iter().map(question).collect();
    let me = Some(applier.clone());
    let settled = live::settle(ui, live, me, &questions, Means::Reviews)?;
    let may = settled.into_iter().map(|((_, request), answer)| {
        let may = match answer.verdict {
            VerdictKind::Allowed => Permission::Yes,
            VerdictKind::NoOpinion | VerdictKind::Denied => Permission::No,
            VerdictKind::Unknown => {
                Permission::Unknown(vec![words::refusals(&answer.reason).into()])
            }
        };
        (request, may)
    });
    let may: BTreeMap<Request, Permission> = may.collect();
    let mut rules = BTreeMap::new();
    for object in &plan.objects {
        let namespace = &object.metadata().namespace;
        if !rules.contains_key(namespace) {
            rules.insert(namespace.clone(), held(ui, live, &read, namespace)?);
        }
    }
    let rights = AskedRights { read, may, rules };
    Ok(preflight(authorizer, &plan.objects, &plan.in_doubt, &rights))
}

/// Returns the rules of the applying user: from the input if they are complete, or from the server.
fn held(
    ui: &Ui,
    live: &Live,
    read: &ReadRights<'_>,
    namespace: &str,
) -> Result<HeldRules, CommandError> {
    let local = read.rules(namespace);
    if local.incomplete.is_empty() {
        return Ok(local);
    }
    Ok(match live::rules(ui, live, read.applier, namespace)? {
        RulesAnswer::Complete(rules) => {
            HeldRules { rules: rules.rules().to_vec(), incomplete: Vec::new() }
        }
        RulesAnswer::Partial(rules, why) => {
            let mut known = local;
            known.rules.extend(rules.rules().iter().cloned());
            if !why.is_empty() {
                known.incomplete.push(why.into());
            }
            known
        }
        RulesAnswer::Useless => local,
    })
}

/// Permissions from the input and from the server.
struct AskedRights<'a> {
    read: ReadRights<'a>,
    may: BTreeMap<Request, Permission>,
    rules: BTreeMap<Text, HeldRules>,
}

impl Rights for AskedRights<'_> {
    fn may(&self, request: &Request) -> Permission {
        match self.may.get(request) {
            Some(may) => may.clone(),
            None => self.read.may(request),
        }
    }

    fn rules(&self, namespace: &str) -> HeldRules {
        self.rules.get(namespace).cloned().unwrap_or_else(|| self.read.rules(namespace))
    }
}
