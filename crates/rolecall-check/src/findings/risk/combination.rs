//! Findings about subjects whose combined access is a risk.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_access::risk::{Allowed, Engine, Need, Risk, RiskIndex};
use rolecall_access::{Holder, Severity};
use rolecall_rbac::{Binding, BoundRole, Role, Text, sentence_list};

use crate::context::Context;
use crate::findings::by_design;
use crate::rule_at::RuleAt;
use crate::words::listed;
use crate::{FieldPath, Finding, ObjectRef, RuleCode, documents};

/// Default ClusterRoles whose bindings have a dedicated finding.
pub(super) const ADMIN_ROLES: [&str; 3] = ["cluster-admin", "admin", "edit"];

/// Risks without an effect if different subjects hold the parts.
const APART: [RuleCode; 2] = [RuleCode(524), RuleCode(567)];

/// The report of one location.
struct Combination {
    risk: &'static Risk,
    severity: Severity,
    holders: BTreeSet<Holder>,
    /// The namespace in which they hold it; `None` for everywhere.
    scopes: BTreeSet<Option<Text>>,
    bindings: BTreeSet<ObjectRef>,
    /// The rules that allow the needs.
    rules: BTreeSet<(ObjectRef, usize)>,
}

/// Reports holders whose combined access is a risk, together if they have the same location.
pub(super) fn check(context: &Context<'_>, engine: &Engine<'_>, findings: &mut Vec<Finding>) {
    let holders: BTreeSet<Holder> = context
        .bindings()
        .flat_map(|binding| {
            let subjects = binding.subjects.iter();
            subjects.filter_map(|subject| Holder::of_subject(subject, &binding.metadata))
        })
        .collect();
    let mut index = RiskIndex::new(engine);
    let risks: Vec<(&'static Risk, Vec<Need<'_>>)> = engine.combined().collect();
    let mut found: BTreeMap<(RuleCode, ObjectRef, FieldPath), Combination> = BTreeMap::new();
    for holder in holders {
        let identity = holder.identity();
        if !index.can_combine(&identity) {
            continue;
        }
        let held = index.risks_of(&identity);
        let bound = context.authorizer().bindings_of(&identity);
        for (risk, needs) in &risks {
            for held in held.iter().filter(|held| held.code == risk.code) {
                let namespace = held.namespace.as_ref();
                let met: Option<Vec<Met<'_>>> = needs
                    .iter()
                    .map(|need| find(context, &bound, namespace, &|at| need.allowed_by(at.rule)))
                    .collect();
                let Some(met) = met else { continue };
                let Some((object, field)) = place(context, &met) else { continue };
                let severity =
                    engine.severity_of_combined(risk, namespace.map(|name| &**name), &holder);
                let combination =
                    found.entry((risk.code, object, field)).or_insert_with(|| Combination {
                        risk,
                        severity,
                        holders: BTreeSet::new(),
                        scopes: BTreeSet::new(),
                        bindings: BTreeSet::new(),
                        rules: BTreeSet::new(),
                    });
                if severity > combination.severity {
                    (combination.risk, combination.severity) = (risk, severity);
                }
                combination.holders.insert(holder.clone());
                combination.scopes.insert(namespace.cloned());
                combination.rules.extend(met.iter().map(|it| (it.at.role.into(), it.at.index)));
                combination.bindings.extend(met.iter().map(|met| ObjectRef::from(met.binding)));
            }
        }
    }
    findings.extend(found.into_iter().filter_map(|((_, object, field), combination)| {
        combination.into_finding(context, object, field)
    }));
}

impl Combination {
    fn into_finding(
        self,
        context: &Context<'_>,
        object: ObjectRef,
        field: FieldPath,
    ) -> Option<Finding> {
        let fix = self.fix();
        let all: Vec<Holder> = self.holders.iter().cloned().collect();
        let is_graver = self.severity > Severity::Info;
        let reason = is_graver.then(|| by_design::reason(context, self.risk.code, &all)).flatten();
        let Self { risk, severity, holders, scopes, bindings, .. } = self;
        let namespaces: Vec<&str> = scopes.iter().flatten().map(|namespace| &**namespace).collect();
        let place = match &*namespaces {
            _ if scopes.contains(&None) => "in the whole cluster".to_owned(),
            [only] => format!("in namespace `{only}`"),
            several => format!("in namespaces {}", listed(several)),
        };
        let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
        let mut message = format!("{} can {}, {place}", some_of(&holders), risk.may);
        let severity = match reason {
            Some(reason) => {
                message.push_str(reason);
                Severity::Info
            }
            None => severity,
        };
        let mut finding = Finding::new(documents::find(risk.code)?, object, message)
            .at(field)
            .about(risk.name)
            .severity(severity)
            .fix(fix)
            .subjects(holders);
        for binding in bindings {
            finding = finding.related(binding, "grants part of it");
        }
        Some(finding)
    }

    /// Returns the fix, with the rules that can be granted to different subjects.
    fn fix(&self) -> String {
        let rules: Vec<String> = self
            .rules
            .iter()
            .map(|(role, index)| format!("`rules[{index}]` of {} `{}`", role.kind, role.name))
            .collect();
        let fix = self.risk.fix;
        match APART.contains(&self.risk.code) && rules.len() > 1 {
            true => format!("{fix}, or grant {} to different subjects", sentence_list(&rules)),
            false => fix.to_owned(),
        }
    }
}

/// Names the first subject, and counts the others.
pub(super) fn some_of(holders: &[String]) -> String {
    match holders {
        [first, _, _, ..] => format!("`{first}` and {} others", holders.len() - 1),
        few => listed(few),
    }
}

/// A need and the rule that allows it.
struct Met<'a> {
    at: RuleAt<'a>,
    binding: &'a Binding,
}

/// Returns the rule that allows a need in a namespace, or everywhere; rules of checked roles are preferred.
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

/// Returns the location of the report: the last checked rule of a combination, or else a judged
/// binding.
fn place(context: &Context<'_>, met: &[Met<'_>]) -> Option<(ObjectRef, FieldPath)> {
    let judged = |binding: &Binding| {
        context.is_judged(&binding.metadata) && !context.is_default_binding(binding)
    };
    if let Some(met) = met.iter().rev().find(|met| is_own(context, met.at.role)) {
        return Some((met.at.role.into(), met.at.path()));
    }
    let met = met.iter().rev().find(|met| judged(met.binding))?;
    let has_finding = ADMIN_ROLES.contains(&&*met.binding.role_ref.name);
    (!has_finding).then(|| (met.binding.into(), FieldPath::key("roleRef")))
}
