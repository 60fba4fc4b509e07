//! Merges the findings about the same cause.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use rolecall_paths::Sink;
use rustc_hash::FxBuildHasher;

use crate::findings::escalation::OF_PATHS;
use crate::words::listed;
use crate::{Also, Category, Finding, ObjectRef, Related, RuleCode, Severity, Step};

/// The findings about workloads that run with access that is reported itself.
const OF_WORKLOADS: [RuleCode; 2] = [RuleCode(557), RuleCode(558)];

/// The findings about subjects with the same cause: the access of a `default` ServiceAccount.
const OF_DEFAULT_ACCOUNTS: [RuleCode; 2] = [RuleCode(401), RuleCode(509)];

/// The finding that a subject can become a stronger ServiceAccount.
const ESCALATION: RuleCode = RuleCode(513);

/// The finding about cluster-scoped resources in a role that cannot grant them.
const CLUSTER_SCOPED: RuleCode = RuleCode(208);

/// Risks, and the risks that they imply.
const COVERED: [(RuleCode, &[RuleCode]); 3] = [
    (RuleCode(515), &[RuleCode(516), RuleCode(517)]),
    (RuleCode(528), &[RuleCode(527), RuleCode(529), RuleCode(530)]),
    (RuleCode(501), &[RuleCode(503)]),
];

/// A cause that findings can share.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Cause<'f> {
    /// The rules of a role.
    Rules(&'f ObjectRef),
    /// The roleRef of a binding.
    RoleRef(&'f ObjectRef),
    /// A subject of a binding.
    Subject(&'f ObjectRef, usize),
    /// The kind of a role, which cannot grant what is cluster-scoped.
    Scope(&'f ObjectRef),
}

/// Merges the findings about the risks of a role, or of a binding's role, and those about the same
/// subjects: the most severe one stays and lists the codes of the others. All critical risks stay.
/// Workloads that run with reported access are listed in its finding.
///
/// The findings must be graded and not suppressed, so that a suppressed finding does not hide
/// others.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut targets = Targets { of: (0..findings.len()).collect() };
    for group in groups(&findings, cause) {
        join_group(&findings, group, &mut targets);
    }
    let stays = |index: usize| targets.root(index) == index;
    let by_holders: Vec<Vec<usize>> = groups(&findings, held_by)
        .into_iter()
        .map(|group| group.into_iter().filter(|index| stays(*index)).collect())
        .collect();
    for group in by_holders {
        join_roles(&findings, group, &mut targets);
    }
    escalations(&findings, &mut targets);
    paths(&findings, &mut targets);
    workloads_into_bindings(&findings, &mut targets);
    join(findings, &targets)
}

/// The target of each finding: itself, or the finding that it is merged into.
struct Targets {
    of: Vec<usize>,
}

impl Targets {
    fn root(&self, mut index: usize) -> usize {
        while let Some(next) = self.of.get(index).copied().filter(|next| *next != index) {
            index = next;
        }
        index
    }

    fn send(&mut self, index: usize, target: usize) {
        if let Some(slot) = self.of.get_mut(index) {
            *slot = target;
        }
    }
}

/// Returns the groups of findings with something in common, in order, without single findings.
fn groups<'f, K: Eq + Hash>(
    findings: &'f [Finding],
    key: impl Fn(&'f Finding) -> Option<K>,
) -> Vec<Vec<usize>> {
    let mut groups: HashMap<K, Vec<usize>, FxBuildHasher> = HashMap::default();
    for (index, finding) in findings.iter().enumerate() {
        if let Some(key) = key(finding) {
            groups.entry(key).or_default().push(index);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Merges the findings of a cause into the most severe one; critical ones with other codes stay.
fn join_group(findings: &[Finding], mut group: Vec<usize>, targets: &mut Targets) {
    group.sort_by_key(|index| gravity(findings, *index));
    let mut kept: Vec<(usize, RuleCode)> = Vec::new();
    for index in group {
        let Some(finding) = findings.get(index) else { continue };
        let code = finding.rule.code;
        let is_of_same_rule = |other: usize| {
            findings
                .get(other)
                .is_some_and(|other| rule(other).is_some() && rule(other) == rule(finding))
        };
        let same = kept
            .iter()
            .find(|(at, other)| *other == code || covers(*other, code) || is_of_same_rule(*at));
        match (same, kept.first()) {
            (Some((target, _)), _) => targets.send(index, *target),
            (None, Some((gravest, _))) if finding.severity < Severity::Critical => {
                targets.send(index, *gravest);
            }
            _ => kept.push((index, code)),
        }
    }
}

/// Merges the findings about several roles of the same holders: each risk is reported once, and a
/// severe finding lists the minor ones.
fn join_roles(findings: &[Finding], mut group: Vec<usize>, targets: &mut Targets) {
    group.sort_by_key(|index| gravity(findings, *index));
    let mut kept: Vec<(usize, RuleCode)> = Vec::new();
    let severity = |index: usize| findings.get(index).map(|finding| finding.severity);
    let gravest = group.first().copied();
    let is_grave = gravest.and_then(severity) >= Some(Severity::High);
    for index in group {
        let Some(finding) = findings.get(index) else { continue };
        let code = finding.rule.code;
        let same = kept.iter().find(|(_, other)| *other == code).map(|(index, _)| *index);
        let minor = gravest.filter(|_| is_grave && finding.severity <= Severity::Medium);
        match same.or(minor) {
            Some(target) if target != index => targets.send(index, target),
            _ => kept.push((index, code)),
        }
    }
}

/// Sorts findings, the most severe first.
fn gravity(findings: &[Finding], index: usize) -> Option<(Reverse<Severity>, RuleCode, usize)> {
    findings.get(index).map(|finding| (Reverse(finding.severity), finding.rule.code, index))
}

fn covers(broad: RuleCode, code: RuleCode) -> bool {
    COVERED.iter().any(|(candidate, covered)| *candidate == broad && covered.contains(&code))
}

/// Merges the findings about ServiceAccounts that a binding's subjects can act as and the finding
/// about the role that allows it: the more severe one stays.
fn escalations(findings: &[Finding], targets: &mut Targets) {
    // The roles of ClusterRoleBindings have risks that are not about the accounts of a namespace.
    let is_escalation = |(_, finding): &(usize, &Finding)| {
        finding.rule.code == ESCALATION && *finding.object.kind != *"ClusterRoleBinding"
    };
    let of_bindings: HashMap<&ObjectRef, usize, FxBuildHasher> = findings
        .iter()
        .enumerate()
        .filter(is_escalation)
        .map(|(index, finding)| (&finding.object, index))
        .collect();
    if of_bindings.is_empty() {
        return;
    }
    for (index, finding) in findings.iter().enumerate() {
        let [only] = &*finding.related else { continue };
        let Some(escalation) = of_bindings.get(&only.object).copied() else { continue };
        let Some(severity) = findings.get(escalation).map(|escalation| escalation.severity) else {
            continue;
        };
        let of_role = matches!(cause(finding), Some(Cause::Rules(_)));
        let is_free = targets.root(index) == index && targets.root(escalation) == escalation;
        match finding.severity > severity {
            _ if !of_role || !is_free => {}
            true => targets.send(escalation, index),
            false => targets.send(index, escalation),
        }
    }
}

/// Merges findings about risks that only matter because of the paths of their holders into the
/// findings about these paths, if all holders have one. A path that is less severe is merged into the
/// risk instead, and so is the path to a node of holders that control a namespace anyway.
fn paths(findings: &[Finding], targets: &mut Targets) {
    let is_path = |(_, finding): &&(usize, &Finding)| {
        finding.reaches.is_some() && finding.rule.category == Category::Risk
    };
    let numbered: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
    let of_subjects: HashMap<&str, (usize, Severity), FxBuildHasher> = numbered
        .iter()
        .filter(is_path)
        .filter_map(|(index, it)| Some((it.subjects.first()?.as_str(), (*index, it.severity))))
        .collect();
    if of_subjects.is_empty() {
        return;
    }
    for (index, finding) in numbered {
        if finding.holders.is_empty() || targets.root(index) != index {
            continue;
        }
        let paths = finding.holders.iter().map(|holder| of_subjects.get(&**holder).copied());
        let Some(paths) = paths.collect::<Option<Vec<(usize, Severity)>>>() else { continue };
        let Some((worst, severity)) =
            paths.iter().copied().max_by_key(|(at, severity)| (*severity, Reverse(*at)))
        else {
            continue;
        };
        let is_risk_of_paths = OF_PATHS.contains(&finding.rule.code);
        if is_risk_of_paths && severity > Severity::Info && severity >= finding.severity {
            targets.send(index, worst);
            continue;
        }
        // Full control of a namespace includes its labels, and so the way to a node.
        let is_minor = |(path, severity): &(usize, Severity)| {
            let sink = findings.get(*path).and_then(|it| it.reaches.as_ref());
            (is_risk_of_paths || sink == Some(&Sink::Node))
                && *severity <= finding.severity
                && targets.root(*path) == *path
        };
        for (path, _) in paths.into_iter().filter(is_minor).collect::<Vec<_>>() {
            targets.send(path, index);
        }
    }
}

/// Merges findings about workloads into those about the bindings that grant their access.
fn workloads_into_bindings(findings: &[Finding], targets: &mut Targets) {
    if !findings.iter().any(is_of_workload) {
        return;
    }
    let severity = |index: usize| findings.get(index).map(|finding| finding.severity);
    let mut by_binding: HashMap<&ObjectRef, usize, FxBuildHasher> = HashMap::default();
    for (index, finding) in findings.iter().enumerate() {
        let is_about_access = cause(finding).is_some_and(|cause| !matches!(cause, Cause::Scope(_)));
        if finding.severity < Severity::High || !is_about_access {
            continue;
        }
        let target = targets.root(index);
        let bindings = finding.related.iter().map(|related| &related.object);
        for binding in bindings.chain([&finding.object]) {
            let known = by_binding.entry(binding).or_insert(target);
            if severity(*known) < severity(target) {
                *known = target;
            }
        }
    }
    for (index, finding) in
        findings.iter().enumerate().filter(|(_, finding)| is_of_workload(finding))
    {
        let mut bindings = finding.related.iter().map(|related| &related.object);
        if let Some(reported) = bindings.find_map(|binding| by_binding.get(binding)) {
            targets.send(index, *reported);
        }
    }
}

/// Merges findings into their targets.
fn join(mut findings: Vec<Finding>, targets: &Targets) -> Vec<Finding> {
    let roots: Vec<usize> = (0..findings.len()).map(|index| targets.root(index)).collect();
    let stays = |index: usize| roots.get(index) == Some(&index);
    // The position of each finding among those that stay.
    let positions: Vec<usize> = (0..findings.len())
        .scan(0, |next, index| Some(std::mem::replace(next, *next + usize::from(stays(index)))))
        .collect();
    let mut index = 0;
    let moves = findings.extract_if(.., |_| {
        index += 1;
        !stays(index - 1)
    });
    // Only what is shown of the merged findings is kept.
    let moved: Vec<(bool, Also)> = moves
        .map(|finding| {
            let of_workload = is_of_workload(&finding);
            let Finding { rule, severity, object, field, message, .. } = finding;
            (of_workload, Also { rule, severity, object, field, message })
        })
        .collect();
    let targets = roots.iter().enumerate().filter(|(index, root)| index != *root);
    for ((_, target), (of_workload, also)) in targets.zip(moved) {
        let position = positions.get(*target);
        let Some(main) = position.and_then(|position| findings.get_mut(*position)) else {
            continue;
        };
        if of_workload {
            let note = "runs with this access".to_owned();
            if !main.related.iter().any(|related| related.object == also.object) {
                main.related.push(Related { object: also.object.clone(), note });
            }
            if main.also.iter().any(|known| known.rule.code == also.rule.code) {
                continue;
            }
        }
        main.also.push(also);
    }
    for finding in findings.iter_mut().filter(|finding| !finding.also.is_empty()) {
        finding.also.sort_by(|one, other| {
            let by_object = || one.object.cmp(&other.object);
            let by_code = one.rule.code.cmp(&other.rule.code);
            by_code.then_with(by_object).then_with(|| one.field.cmp(&other.field))
        });
        let others = others(finding);
        if !others.is_empty() {
            finding.message = format!("{} (also {others})", finding.message);
        }
    }
    findings
}

/// Lists the codes of the merged findings, with their rules if these differ: `RC511 in rules[3],
/// RC549`.
fn others(finding: &Finding) -> String {
    let own = (&finding.object, rule_of(finding.field.steps.as_slice()));
    let mut codes: BTreeMap<RuleCode, Option<Vec<String>>> = BTreeMap::new();
    let is_worth_naming =
        |also: &&Also| also.severity > Severity::Info || finding.severity == Severity::Info;
    for also in finding.also.iter().filter(is_worth_naming) {
        let rule = rule_of(&also.field.steps);
        let places = codes.entry(also.rule.code).or_insert_with(|| Some(Vec::new()));
        let place = match rule {
            _ if (&also.object, rule) == own || OF_WORKLOADS.contains(&also.rule.code) => None,
            Some(index) if also.object == finding.object => Some(format!("rules[{index}]")),
            _ if also.object == finding.object => None,
            _ => Some(also.object.to_string()),
        };
        match (place, places) {
            (None, places) => *places = None,
            (Some(place), Some(known)) if !known.contains(&place) => known.push(place),
            _ => {}
        }
    }
    let named = codes.into_iter().map(|(code, places)| match places.as_deref() {
        None | Some([]) => code.to_string(),
        Some([first, second, third, _, ..]) => {
            let more = places.as_deref().map_or(0, <[String]>::len) - 3;
            format!("{code} in `{first}`, `{second}`, `{third}` and {more} more")
        }
        Some(few) => format!("{code} in {}", listed(few)),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// Returns the part that a finding shares with others of its cause.
fn cause(finding: &Finding) -> Option<Cause<'_>> {
    let object = &finding.object;
    match &*finding.field.steps {
        [Step::Key(key), Step::Index(index)]
            if **key == *"subjects" && OF_DEFAULT_ACCOUNTS.contains(&finding.rule.code) =>
        {
            Some(Cause::Subject(object, *index))
        }
        _ if finding.rule.code == CLUSTER_SCOPED => Some(Cause::Scope(object)),
        _ if finding.rule.category != Category::Risk => None,
        steps if rule_of(steps).is_some() => Some(Cause::Rules(object)),
        [Step::Key(key), ..] if **key == *"roleRef" => Some(Cause::RoleRef(object)),
        _ => None,
    }
}

fn held_by(finding: &Finding) -> Option<&str> {
    Some(&*finding.held_by).filter(|held| !held.is_empty())
}

fn rule(finding: &Finding) -> Option<usize> {
    rule_of(&finding.field.steps)
}

/// Returns the index of the rule that a field belongs to.
fn rule_of(steps: &[Step]) -> Option<usize> {
    match steps {
        [Step::Key(key), Step::Index(index), ..] if **key == *"rules" => Some(*index),
        _ => None,
    }
}

fn is_of_workload(finding: &Finding) -> bool {
    OF_WORKLOADS.contains(&finding.rule.code)
}
