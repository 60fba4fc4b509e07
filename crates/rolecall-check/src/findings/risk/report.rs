//! Findings about the rules that carry risks, with the severity of the widest scope in which they are
//! bound.

use std::collections::{BTreeSet, HashMap};

use rolecall_rbac::{Binding, BoundRole, PolicyRule, Role, Text};
use rustc_hash::FxBuildHasher;

use super::documents::meta;
use super::granted;
use crate::context::{Context, RuleAt, listed};
use crate::{FieldPath, Finding, ObjectRef, Severity};
use rolecall_access::diff::Holder;
use rolecall_access::risk::Risk;
use rolecall_access::risk::{Allowed, Engine, Hit, RiskIndex};

/// The risk of what IAM identities are mapped to, which only EKS has.
const AWS_AUTH: &str = "RC547";

/// Default ClusterRoles whose bindings are told of as such.
const ADMIN_ROLES: [&str; 3] = ["cluster-admin", "admin", "edit"];

/// Reports every risk that is a set of requests.
pub(crate) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let engine = Engine::new(context.input.version);
    rules_of_roles(context, &engine, findings);
    bindings_to_other_roles(context, &engine, findings);
    combinations(context, &engine, findings);
}

/// Reports what single rules of judged roles allow.
fn rules_of_roles(context: &Context<'_>, engine: &Engine, findings: &mut Vec<Finding>) {
    let mut scopes: Option<(&Role, Scopes<'_>)> = None;
    let is_eks = is_eks(context);
    // Many roles have the same rules.
    let mut hits_of: HashMap<&PolicyRule, Vec<Hit>, FxBuildHasher> = HashMap::default();
    for at in context.rules() {
        let mut hits = hits_of.entry(at.rule).or_insert_with(|| engine.hits(at.rule)).clone();
        // Elsewhere nothing reads that ConfigMap; whoever names it is told all the same.
        hits.retain(|hit| {
            hit.risk.code != AWS_AUTH || is_eks || !at.rule.resource_names.is_empty()
        });
        if hits.is_empty() {
            continue;
        }
        let known = scopes.take().filter(|(role, _)| std::ptr::eq(*role, at.role));
        let (role, of_role) = known.unwrap_or_else(|| (at.role, Scopes::of(context, at.role)));
        for hit in hits {
            let Some(judged) = of_role.judge(&hit) else { continue };
            findings.extend(about_rule(engine, hit.risk, at, &judged));
        }
        scopes = Some((role, of_role));
    }
}

/// Returns whether something in the input says that it is for EKS.
fn is_eks(context: &Context<'_>) -> bool {
    let accounts = context.inventory().service_accounts().iter();
    let mut annotations = accounts.flat_map(|account| &*account.metadata.annotations);
    annotations.any(|(key, _)| key.starts_with("eks.amazonaws.com/"))
}

fn about_rule(
    engine: &Engine,
    risk: &'static Risk,
    at: RuleAt<'_>,
    judged: &Judged<'_>,
) -> Option<Finding> {
    let granted = granted::in_words(engine, risk, at.rule);
    let message = match &*judged.place {
        "" => format!("whoever will be bound to it may {}{granted}", risk.may),
        place => format!("its holders may {}, {place}{granted}", risk.may),
    };
    let mut finding = Finding::new(meta(risk)?, at.role.into(), message)
        .at(at.path())
        .about(risk.name)
        .severity(judged.severity)
        .fix(granted::fix(engine, risk, at.rule));
    for binding in &judged.bindings {
        finding = finding.related((*binding).into(), "grants it");
    }
    Some(finding)
}

/// Reports what roles that are not judged themselves allow through judged bindings.
fn bindings_to_other_roles(context: &Context<'_>, engine: &Engine, findings: &mut Vec<Finding>) {
    let mut hits_of: HashMap<*const Role, Vec<Hit>, FxBuildHasher> = HashMap::default();
    for binding in context.bindings() {
        let Some(role) = context.role_of(binding) else { continue };
        let told_elsewhere = (context.is_judged(&role.metadata) && !context.is_default_role(role))
            || binding.subjects.is_empty()
            || (role.is_cluster_role() && ADMIN_ROLES.contains(&&*role.metadata.name));
        if told_elsewhere {
            continue;
        }
        let mut told = BTreeSet::new();
        let hits = || role.rules.iter().flat_map(|rule| engine.hits(rule)).collect();
        for hit in hits_of.entry(role).or_insert_with(hits) {
            let scopes = Scopes { bindings: vec![binding] };
            let (Some(judged), Some(meta)) = (scopes.judge(hit), meta(hit.risk)) else { continue };
            if !told.insert(hit.risk.code) {
                continue;
            }
            let message = format!(
                "its subjects may {}, {}, through {} `{}`",
                hit.risk.may,
                judged.place,
                role.kind(),
                role.metadata.name
            );
            let finding = Finding::new(meta, binding.into(), message)
                .at(FieldPath::key("roleRef"))
                .about(&*role.metadata.name)
                .severity(judged.severity)
                .fix(fix(context, hit.risk, role));
            findings.push(finding);
        }
    }
}

/// Returns what to do about a risk that a role has which may be nobody's to change.
fn fix(context: &Context<'_>, risk: &Risk, role: &Role) -> String {
    match context.is_default_role(role) {
        true => {
            format!("bind a role that grants less than `{}`, if that is enough", role.metadata.name)
        }
        false => risk.fix.to_owned(),
    }
}

/// Reports holders whose rights add up to a risk.
fn combinations(context: &Context<'_>, engine: &Engine, findings: &mut Vec<Finding>) {
    let holders: BTreeSet<Holder> = context
        .bindings()
        .flat_map(|binding| {
            let subjects = binding.subjects.iter();
            subjects.filter_map(|subject| Holder::of_subject(subject, &binding.metadata))
        })
        .collect();
    let mut teller = RiskIndex::new(context.authorizer(), context.input.version);
    let mut told: BTreeSet<(&str, ObjectRef, FieldPath)> = BTreeSet::new();
    for holder in holders {
        let identity = holder.identity();
        let held = teller.risks_of(&identity);
        let bound = context.authorizer().bindings_of(&identity);
        let mut namespaces: BTreeSet<Option<&Text>> = BTreeSet::from([None]);
        namespaces.extend(bound.iter().filter_map(|bound| {
            let binding = bound.binding;
            (!binding.is_cluster_role_binding()).then_some(Some(&binding.metadata.namespace))
        }));
        for (risk, needs) in engine.combined() {
            let is_held = |namespace: &Option<&Text>| {
                held.iter()
                    .any(|held| held.code == risk.code && held.namespace.as_ref() == *namespace)
            };
            for namespace in namespaces.iter().filter(|namespace| is_held(namespace)) {
                let met: Option<Vec<Met<'_>>> = needs
                    .iter()
                    .map(|need| find(context, &bound, *namespace, &|at| need.allowed_by(at.rule)))
                    .collect();
                let Some(met) = met else { continue };
                let Some(finding) = about_holder(context, risk, &holder, *namespace, &met) else {
                    continue;
                };
                let key = (risk.code, finding.object.clone(), finding.field.clone());
                if told.insert(key) {
                    findings.push(finding);
                }
                break;
            }
        }
    }
}

/// A need and the rule that meets it.
struct Met<'a> {
    at: RuleAt<'a>,
    binding: &'a Binding,
}

/// Returns the rule that meets a need in a namespace, or everywhere; one of a judged role before others.
fn find<'a>(
    context: &Context<'a>,
    bound: &[BoundRole<'a>],
    namespace: Option<&Text>,
    allowed_by: &dyn Fn(RuleAt<'a>) -> Allowed,
) -> Option<Met<'a>> {
    let mut found: Option<Met<'a>> = None;
    for bound in bound {
        let (binding, Ok(role)) = (bound.binding, bound.role) else { continue };
        let everywhere = binding.is_cluster_role_binding();
        let counts = |allowed: Allowed| match everywhere {
            true => allowed.everywhere,
            false => {
                namespace == Some(&binding.metadata.namespace)
                    && allowed.counts_in(namespace.map(|namespace| &**namespace))
            }
        };
        for (index, rule) in role.rules.iter().enumerate() {
            let at = RuleAt { role, index, rule };
            if counts(allowed_by(at)) {
                if is_own(context, role) {
                    return Some(Met { at, binding });
                }
                found.get_or_insert(Met { at, binding });
            }
        }
    }
    found
}

fn is_own(context: &Context<'_>, role: &Role) -> bool {
    context.is_judged(&role.metadata)
        && !context.is_default_role(role)
        && role.aggregation.is_none()
}

/// Reports a combination at the last of its rules that is judged, else at a binding that is.
fn about_holder(
    context: &Context<'_>,
    risk: &'static Risk,
    holder: &Holder,
    namespace: Option<&Text>,
    met: &[Met<'_>],
) -> Option<Finding> {
    let place = namespace.map_or_else(
        || "in the whole cluster".to_owned(),
        |namespace| format!("in namespace `{namespace}`"),
    );
    let message = format!("`{holder}` may {}, {place}", risk.may);
    let everywhere = namespace.is_none_or(|namespace| **namespace == *"kube-system");
    let own = met.iter().rev().find(|met| is_own(context, met.at.role));
    let judged = |binding: &Binding| {
        context.is_judged(&binding.metadata) && !context.is_default_binding(binding)
    };
    let finding = match (own, met.iter().rev().find(|met| judged(met.binding))) {
        (Some(met), _) => Finding::new(meta(risk)?, met.at.role.into(), message).at(met.at.path()),
        (None, Some(met)) => {
            let by_role = ADMIN_ROLES.contains(&&*met.binding.role_ref.name);
            if by_role {
                return None;
            }
            Finding::new(meta(risk)?, met.binding.into(), message).at(FieldPath::key("roleRef"))
        }
        (None, None) => return None,
    };
    let severity = if everywhere { risk.severity } else { risk.in_namespace };
    let mut finding =
        finding.about(format!("{} {holder}", risk.name)).severity(severity).fix(risk.fix);
    let bindings: BTreeSet<ObjectRef> = met.iter().map(|met| met.binding.into()).collect();
    for binding in bindings {
        finding = finding.related(binding, "grants a part of it");
    }
    Some(finding)
}

/// The bindings through which a role's rules count.
struct Scopes<'a> {
    bindings: Vec<&'a Binding>,
}

/// Where a risk is held, and how bad that is.
struct Judged<'a> {
    severity: Severity,
    /// Empty when nobody holds it yet.
    place: String,
    bindings: Vec<&'a Binding>,
}

impl<'a> Scopes<'a> {
    /// Returns the bindings of a role and of the aggregated ClusterRoles that copy its rules.
    fn of(context: &Context<'a>, role: &Role) -> Self {
        let mut bindings = context.bindings_to(role);
        for aggregated in context.aggregated_into(role) {
            bindings.extend(context.bindings_to(aggregated));
        }
        Self { bindings }
    }

    /// Returns how bad a risk is through these bindings; `None` if they grant nothing of it.
    fn judge(&self, hit: &Hit) -> Option<Judged<'a>> {
        let allowed = hit.allowed;
        let risks = || std::iter::once(hit.risk).chain(hit.implied.iter().copied());
        let worst =
            |severity: fn(&Risk) -> Severity| risks().map(severity).max().unwrap_or(Severity::Info);
        let (severity_everywhere, severity_in_namespace) =
            (worst(|risk| risk.severity), worst(|risk| risk.in_namespace));
        if self.bindings.is_empty() {
            let place = String::new();
            return Some(Judged { severity: Severity::Info, place, bindings: Vec::new() });
        }
        let counts = |binding: &&&'a Binding| match binding.is_cluster_role_binding() {
            true => allowed.everywhere,
            false => allowed.counts_in(Some(&binding.metadata.namespace)),
        };
        let bindings: Vec<&'a Binding> = self.bindings.iter().filter(counts).copied().collect();
        let everywhere: Vec<&'a Binding> =
            bindings.iter().copied().filter(|binding| binding.is_cluster_role_binding()).collect();
        if !everywhere.is_empty() {
            let place = "in the whole cluster".to_owned();
            return Some(Judged { severity: severity_everywhere, place, bindings: everywhere });
        }
        let namespaces: BTreeSet<&str> =
            bindings.iter().map(|binding| &*binding.metadata.namespace).collect();
        let severity = match namespaces.contains("kube-system") {
            true => severity_everywhere,
            false => severity_in_namespace,
        };
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let place = match &*namespaces {
            [] => return None,
            [only] => format!("in namespace `{only}`"),
            several => format!("in namespaces {}", listed(several)),
        };
        Some(Judged { severity, place, bindings })
    }
}
