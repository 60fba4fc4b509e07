//! Findings about rules with risks, with the severity of the scopes in which they are bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rayon::prelude::*;
use rolecall_access::risk::{Engine, Grading, Hit, PodSecurity, Risk};
use rolecall_access::{Holder, Severity};
use rolecall_rbac::{Binding, Role, Text};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::combination::{self, ADMIN_ROLES};
use super::granted::{RiskWords, Words};
use crate::context::Context;
use crate::findings::by_design;
use crate::findings::escalation::OF_PATHS;
use crate::rule_at::RuleAt;
use crate::words::listed;
use crate::{FieldPath, Finding, ObjectRef, RuleCode, documents};

/// The maximum number of holders for which findings are compared.
const MOST_HOLDERS: usize = 8;

/// Every request.
const FULL_CONTROL: RuleCode = RuleCode(501);

/// Reports every risk that is a set of requests.
pub(crate) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let engine = context.risks();
    rules_of_roles(context, engine, findings);
    bindings_to_other_roles(context, engine, findings);
    combination::check(context, engine, findings);
}

/// The number of roles that a task checks in a row, so that it can reuse texts.
const ROLES_PER_TASK: usize = 256;

/// Reports the access that single rules of checked roles allow.
fn rules_of_roles<'a>(context: &Context<'a>, engine: &Engine<'_>, findings: &mut Vec<Finding>) {
    let roles: Vec<&'a Role> = context.roles().filter(|role| role.aggregation.is_none()).collect();
    let chunks = roles.par_chunks(ROLES_PER_TASK);
    let found = chunks.map_init(
        || Words::new(engine),
        |words, roles| {
            let mut findings = Vec::new();
            roles.iter().for_each(|role| about_role(context, engine, role, words, &mut findings));
            findings
        },
    );
    found.collect::<Vec<_>>().into_iter().for_each(|found| findings.extend(found));
}

fn about_role<'a, 'e>(
    context: &Context<'a>,
    engine: &'e Engine<'e>,
    role: &'a Role,
    words: &mut Words<'e>,
    findings: &mut Vec<Finding>,
) {
    let mut scopes = None;
    for (index, rule) in role.rules.iter().enumerate() {
        let hits = engine.hits_of(role, index).unwrap_or_default();
        for hit in hits {
            let scopes = scopes.get_or_insert_with(|| Scopes::of(context, role));
            let Some((severity, held)) = scopes.judge(engine, hit) else { continue };
            let words = words.of(hit.risk, rule, held.namespace());
            let is_graver = severity > Severity::Info;
            let by_design =
                is_graver.then(|| held.reason_by_design(context, hit.risk.code)).flatten();
            let judged = Judged { severity, held: &held, by_design };
            findings.extend(about_rule(
                engine,
                hit.risk,
                RuleAt { role, index, rule },
                &judged,
                &words,
            ));
        }
    }
}

fn about_rule(
    engine: &Engine<'_>,
    risk: &'static Risk,
    at: RuleAt<'_>,
    judged: &Judged<'_, '_>,
    words: &RiskWords,
) -> Option<Finding> {
    let RiskWords { may, granted, advice } = words;
    let held = judged.held;
    let place = &held.place;
    let mut message = match held.bindings.is_empty() {
        true => format!("anyone bound to it could {may}{place}{granted}"),
        false => format!("its holders can {may}{place}{granted}"),
    };
    let severity = match judged.by_design {
        Some(reason) => {
            message.push_str(reason);
            Severity::Info
        }
        None => judged.severity,
    };
    let fix = match held.pod_security(engine, risk) {
        addition if addition.is_empty() => advice.clone(),
        addition => format!("{advice}{addition}").into(),
    };
    let finding = Finding::new(documents::find(risk.code)?, at.role.into(), message)
        .at(at.path())
        .about(risk.name)
        .severity(severity)
        .held_by(held.text.clone())
        .holders(mergeable(risk, &held.holders))
        .fix(fix);
    let bindings = held.bindings.iter().copied().map(ObjectRef::from);
    Some(finding.all_related(bindings, "grants it"))
}

/// Reports the access that roles allow through checked bindings, if the roles are not checked themselves.
fn bindings_to_other_roles(
    context: &Context<'_>,
    engine: &Engine<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut hits_of: HashMap<*const Role, Vec<Hit>, FxBuildHasher> = HashMap::default();
    for binding in context.bindings() {
        let Some(role) = context.role_of(binding) else { continue };
        let reported_elsewhere = (context.is_judged(&role.metadata)
            && !context.is_default_role(role))
            || binding.subjects.is_empty()
            || (role.is_cluster_role() && ADMIN_ROLES.contains(&&*role.metadata.name));
        if reported_elsewhere {
            continue;
        }
        let hits = || role.rules.iter().flat_map(|rule| engine.hits(rule)).collect();
        let mut scopes = Scopes::new(vec![binding], None);
        let mut worst: BTreeMap<RuleCode, (&Hit, Severity, Rc<Held<'_>>)> = BTreeMap::new();
        for hit in hits_of.entry(role).or_insert_with(hits).iter() {
            let Some((severity, held)) = scopes.judge(engine, hit) else { continue };
            let known = worst.get(&hit.risk.code);
            if known.is_none_or(|(_, known, _)| *known < severity) {
                worst.insert(hit.risk.code, (hit, severity, held));
            }
        }
        for (hit, severity, held) in worst.into_values() {
            let Some(meta) = documents::find(hit.risk.code) else { continue };
            let message = format!(
                "its subjects can {}{}, through {} `{}`",
                hit.risk.may,
                held.place,
                role.kind(),
                role.metadata.name
            );
            let finding = Finding::new(meta, binding.into(), message)
                .at(FieldPath::key("roleRef"))
                .about(&*role.metadata.name)
                .severity(severity)
                .holders(mergeable(hit.risk, &held.holders))
                .fix(fix(context, hit.risk, role));
            findings.push(finding);
        }
    }
}

/// Returns the fix for a risk of a role that the user might not be able to change.
fn fix(context: &Context<'_>, risk: &Risk, role: &Role) -> String {
    match context.is_default_role(role) {
        true => {
            format!(
                "bind a role that grants less than `{}`, if that is sufficient",
                role.metadata.name
            )
        }
        false => risk.fix.to_owned(),
    }
}

/// The bindings that grant a role's rules, by scope.
struct Scopes<'a> {
    /// Sorted; the whole cluster is first.
    scopes: Vec<(Option<&'a str>, Vec<&'a Binding>)>,
    /// The namespace of a Role, because it can only be bound there.
    home: Option<&'a str>,
    /// The known parts, by the positions of their scopes: most risks of a role are held in the same ones.
    known: FxHashMap<Vec<usize>, Rc<Held<'a>>>,
}

/// The severity of a risk, and the scopes in which it is held.
struct Judged<'h, 'a> {
    severity: Severity,
    held: &'h Held<'a>,
    /// Why all holders need it, if they are programs of the repository.
    by_design: Option<&'static str>,
}

/// The scopes in which a risk is held.
struct Held<'a> {
    /// In words, after a comma; empty for an unbound ClusterRole.
    place: String,
    /// The namespaces; empty for everywhere.
    namespaces: Vec<&'a str>,
    /// Empty if no subject has it yet.
    bindings: Vec<&'a Binding>,
    /// The subjects of the bindings.
    holders: Vec<Holder>,
    /// The holders and the place, so that findings about the same holders can be merged; empty if there are no
    /// holders, or too many to compare.
    text: Text,
}

impl<'a> Scopes<'a> {
    /// Returns the bindings of a role and of the aggregated ClusterRoles that copy its rules.
    fn of(context: &Context<'a>, role: &'a Role) -> Self {
        let mut bindings = context.bindings_to(role);
        for aggregated in context.aggregated_into(role) {
            bindings.extend(context.bindings_to(aggregated));
        }
        let home = (!role.is_cluster_role()).then_some(&*role.metadata.namespace);
        Self::new(bindings, home)
    }

    fn new(bindings: Vec<&'a Binding>, home: Option<&'a str>) -> Self {
        let mut scopes: BTreeMap<Option<&str>, Vec<&Binding>> = BTreeMap::new();
        for binding in bindings {
            scopes.entry(scope(binding)).or_default().push(binding);
        }
        Self { scopes: scopes.into_iter().collect(), home, known: FxHashMap::default() }
    }

    /// Returns the severity of a risk through these bindings, and where it is held; `None` if they grant no part
    /// of it.
    fn judge(&mut self, engine: &Engine<'_>, hit: &Hit) -> Option<(Severity, Rc<Held<'a>>)> {
        let Self { scopes, home, known } = self;
        if scopes.is_empty() {
            let unbound = || Rc::new(Held::unbound(*home));
            return hit.allowed.counts_in(*home).then(|| {
                (Severity::Info, known.entry(Vec::new()).or_insert_with(unbound).clone())
            });
        }
        let mut severity = None;
        let mut positions = Vec::new();
        for (position, (namespace, bindings)) in scopes.iter().enumerate() {
            if !hit.allowed.counts_in(*namespace) {
                continue;
            }
            let here = engine.severity(hit, *namespace, &|| holders(bindings));
            severity = severity.max(here);
            if here.is_some() {
                positions.push(position);
            }
        }
        let severity = severity?;
        if let Some(held) = known.get(&positions) {
            return Some((severity, held.clone()));
        }
        let held_in = positions.iter().filter_map(|position| scopes.get(*position));
        let held = Rc::new(Held::of(held_in));
        known.insert(positions, held.clone());
        Some((severity, held))
    }
}

impl<'a> Held<'a> {
    /// Describes some scopes in order; next to the whole cluster, no namespace matters.
    fn of<'s>(scopes: impl Iterator<Item = &'s (Option<&'a str>, Vec<&'a Binding>)>) -> Self
    where
        'a: 's,
    {
        let (mut namespaces, mut bindings) = (Vec::new(), Vec::new());
        for (namespace, bound) in scopes {
            bindings.extend(bound.iter().copied());
            match namespace {
                Some(namespace) => namespaces.push(*namespace),
                None => break,
            }
        }
        let place = match &*namespaces {
            [] => ", in the whole cluster".to_owned(),
            [only] => format!(", in namespace `{only}`"),
            several => format!(", in namespaces {}", listed(several)),
        };
        let holders = holders(&bindings);
        let text = match holders.len() {
            1..=MOST_HOLDERS => {
                let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
                format!("{} {place}", holders.join(" ")).into()
            }
            _ => Text::default(),
        };
        Self { place, namespaces, bindings, holders, text }
    }

    /// Describes a role without bindings, which can be bound in a namespace or, for `None`, everywhere.
    fn unbound(home: Option<&'a str>) -> Self {
        Self {
            place: home.map_or_else(String::new, |home| format!(", in namespace `{home}`")),
            namespaces: home.into_iter().collect(),
            bindings: Vec::new(),
            holders: Vec::new(),
            text: Text::default(),
        }
    }
    /// Returns why all holders need a risk.
    fn reason_by_design(&self, context: &Context<'_>, code: RuleCode) -> Option<&'static str> {
        match self.namespaces.is_empty() {
            true => by_design::reason(context, code, &self.holders),
            false => by_design::purpose(context, code, &self.holders),
        }
    }

    /// Returns the namespace, or one of several, in which the risk is held; `None` for everywhere.
    fn namespace(&self) -> Option<&str> {
        // `kube-system` takes precedence.
        let system = self.namespaces.iter().find(|namespace| **namespace == "kube-system");
        system.or(self.namespaces.first()).copied()
    }

    /// Returns the fix for Pods that can take over their node, unless it is already in place.
    fn pod_security(&self, engine: &Engine<'_>, risk: &Risk) -> String {
        let is_enforced =
            |namespace: &&str| engine.pod_security(namespace) == PodSecurity::Enforced;
        if risk.grading != Grading::PodSecurity {
            return String::new();
        }
        let open: Vec<&str> =
            self.namespaces.iter().filter(|namespace| !is_enforced(namespace)).copied().collect();
        match &*open {
            [] if self.namespaces.is_empty() => ", and enforce Pod Security there".to_owned(),
            [] => String::new(),
            open => format!(", and enforce Pod Security in {}", listed(open)),
        }
    }
}

fn scope(binding: &Binding) -> Option<&str> {
    (!binding.is_cluster_role_binding()).then_some(&*binding.metadata.namespace)
}

/// Returns the holders of a risk that paths explain better, or of control over a namespace.
fn mergeable(risk: &Risk, holders: &[Holder]) -> Vec<String> {
    match OF_PATHS.contains(&risk.code) || risk.code == FULL_CONTROL {
        true => holders.iter().map(ToString::to_string).collect(),
        false => Vec::new(),
    }
}

fn holders(bindings: &[&Binding]) -> Vec<Holder> {
    let holders: BTreeSet<Holder> = bindings
        .iter()
        .flat_map(|binding| {
            let subjects = binding.subjects.iter();
            subjects.filter_map(|subject| Holder::of_subject(subject, &binding.metadata))
        })
        .collect();
    holders.into_iter().collect()
}
