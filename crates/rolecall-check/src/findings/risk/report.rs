//! Findings about rules with risks, with the severity of the scopes in which they are bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_access::risk::{Engine, Grading, Hit, PodSecurity, Risk};
use rolecall_access::{Holder, Severity};
use rolecall_rbac::{Binding, PolicyRule, Role};
use rustc_hash::FxBuildHasher;

use super::combination::{self, ADMIN_ROLES};
use super::granted;
use crate::context::Context;
use crate::findings::escalation::OF_PATHS;
use crate::rule_at::RuleAt;
use crate::words::listed;
use crate::{FieldPath, Finding, RuleCode, documents};

/// The maximum number of holders by which findings are compared.
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

/// Reports what single rules of judged roles allow.
fn rules_of_roles(context: &Context<'_>, engine: &Engine<'_>, findings: &mut Vec<Finding>) {
    let mut scopes: Option<(&Role, Scopes<'_>)> = None;
    // Many roles have the same rules.
    let mut hits_of: HashMap<&PolicyRule, Vec<Hit>, FxBuildHasher> = HashMap::default();
    findings.reserve(context.rules().count());
    for at in context.rules() {
        let hits = hits_of.entry(at.rule).or_insert_with(|| engine.hits(at.rule));
        if hits.is_empty() {
            continue;
        }
        let known = scopes.take().filter(|(role, _)| std::ptr::eq(*role, at.role));
        let (role, of_role) = known.unwrap_or_else(|| (at.role, Scopes::of(context, at.role)));
        for hit in hits {
            let Some(judged) = of_role.judge(engine, hit) else { continue };
            findings.extend(about_rule(engine, hit.risk, at, &judged));
        }
        scopes = Some((role, of_role));
    }
}

fn about_rule(
    engine: &Engine<'_>,
    risk: &'static Risk,
    at: RuleAt<'_>,
    judged: &Judged<'_>,
) -> Option<Finding> {
    let namespace = judged.namespace();
    let granted = granted::in_words(engine, risk, at.rule, namespace);
    let may = risk.may_with(&granted::verbs(engine, risk, at.rule, namespace));
    let place = &judged.place;
    let message = match judged.bindings.is_empty() {
        true => format!("anyone bound to it could {may}{place}{granted}"),
        false => format!("its holders can {may}{place}{granted}"),
    };
    let advice = granted::fix(engine, risk, at.rule, namespace);
    let mut finding = Finding::new(documents::find(risk.code)?, at.role.into(), message)
        .at(at.path())
        .about(risk.name)
        .severity(judged.severity)
        .held_by(judged.held_by())
        .holders(mergeable(risk, &judged.bindings))
        .fix(format!("{advice}{}", judged.pod_security(engine, risk)));
    for binding in &judged.bindings {
        finding = finding.related((*binding).into(), "grants it");
    }
    Some(finding)
}

/// Reports what roles that are not judged themselves allow through judged bindings.
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
        let scopes = Scopes { bindings: vec![binding], home: None };
        let mut worst: BTreeMap<RuleCode, (&Hit, Judged<'_>)> = BTreeMap::new();
        for hit in hits_of.entry(role).or_insert_with(hits).iter() {
            let Some(judged) = scopes.judge(engine, hit) else { continue };
            let known = worst.get(&hit.risk.code);
            if known.is_none_or(|(_, known)| known.severity < judged.severity) {
                worst.insert(hit.risk.code, (hit, judged));
            }
        }
        for (hit, judged) in worst.into_values() {
            let Some(meta) = documents::find(hit.risk.code) else { continue };
            let message = format!(
                "its subjects can {}{}, through {} `{}`",
                hit.risk.may,
                judged.place,
                role.kind(),
                role.metadata.name
            );
            let finding = Finding::new(meta, binding.into(), message)
                .at(FieldPath::key("roleRef"))
                .about(&*role.metadata.name)
                .severity(judged.severity)
                .holders(mergeable(hit.risk, &[binding]))
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

/// The bindings that grant a role's rules.
struct Scopes<'a> {
    bindings: Vec<&'a Binding>,
    /// The namespace of a Role, which is the only one in which it can be bound.
    home: Option<&'a str>,
}

/// The scope of a risk, and its severity.
struct Judged<'a> {
    severity: Severity,
    /// In words, after a comma; empty for a ClusterRole that is not bound.
    place: String,
    /// The namespaces; empty for everywhere.
    namespaces: Vec<&'a str>,
    /// Empty if nobody holds it yet.
    bindings: Vec<&'a Binding>,
}

impl<'a> Scopes<'a> {
    /// Returns the bindings of a role and of the aggregated ClusterRoles that copy its rules.
    fn of(context: &Context<'a>, role: &'a Role) -> Self {
        let mut bindings = context.bindings_to(role);
        for aggregated in context.aggregated_into(role) {
            bindings.extend(context.bindings_to(aggregated));
        }
        let home = (!role.is_cluster_role()).then_some(&*role.metadata.namespace);
        Self { bindings, home }
    }

    /// Returns the severity of a risk through these bindings; `None` if they grant no part of it.
    fn judge(&self, engine: &Engine<'_>, hit: &Hit) -> Option<Judged<'a>> {
        if self.bindings.is_empty() {
            return self.judge_unbound(hit);
        }
        let counts = |binding: &&&'a Binding| hit.allowed.counts_in(scope(binding));
        let mut by_scope: BTreeMap<Option<&'a str>, Vec<&'a Binding>> = BTreeMap::new();
        for binding in self.bindings.iter().filter(counts) {
            by_scope.entry(scope(binding)).or_default().push(binding);
        }
        let mut severity = None;
        by_scope.retain(|namespace, bindings| {
            let here = engine.severity(hit, *namespace, &|| holders(bindings));
            severity = severity.max(here);
            here.is_some()
        });
        let severity = severity?;
        if let Some(bindings) = by_scope.remove(&None) {
            let place = ", in the whole cluster".to_owned();
            return Some(Judged { severity, place, namespaces: Vec::new(), bindings });
        }
        let namespaces: Vec<&'a str> = by_scope.keys().copied().flatten().collect();
        let place = match &*namespaces {
            [only] => format!(", in namespace `{only}`"),
            several => format!(", in namespaces {}", listed(several)),
        };
        let bindings = by_scope.into_values().flatten().collect();
        Some(Judged { severity, place, namespaces, bindings })
    }

    fn judge_unbound(&self, hit: &Hit) -> Option<Judged<'a>> {
        let place = self.home.map_or_else(String::new, |home| format!(", in namespace `{home}`"));
        hit.allowed.counts_in(self.home).then(|| Judged {
            severity: Severity::Info,
            place,
            namespaces: self.home.into_iter().collect(),
            bindings: Vec::new(),
        })
    }
}

impl Judged<'_> {
    /// Returns the namespace, or one of several, in which the risk is held; `None` for everywhere.
    fn namespace(&self) -> Option<&str> {
        // `kube-system` counts for more than others.
        let system = self.namespaces.iter().find(|namespace| **namespace == "kube-system");
        system.or(self.namespaces.first()).copied()
    }

    /// Names the holders and the scope, so that findings about the same holders can be merged;
    /// empty if there are no holders, or too many to compare.
    fn held_by(&self) -> String {
        let holders = holders(&self.bindings);
        if holders.is_empty() || holders.len() > MOST_HOLDERS {
            return String::new();
        }
        let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
        format!("{} {}", holders.join(" "), self.place)
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
fn mergeable(risk: &Risk, bindings: &[&Binding]) -> Vec<String> {
    match OF_PATHS.contains(&risk.code) || risk.code == FULL_CONTROL {
        true => holders(bindings).iter().map(ToString::to_string).collect(),
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
