//! Merges findings with the same cause.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash};

use rayon::prelude::*;
use rolecall_paths::Sink;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::findings::escalation::OF_PATHS;
use crate::merged_words::{OF_WORKLOADS, others, rule_of};
use crate::{
    Also, Category, Change, Finding, FindingBody, ObjectRef, Related, RuleCode, Severity, Step,
};

/// The findings about subjects with the same cause: the access of a `default` ServiceAccount.
const OF_DEFAULT_ACCOUNTS: [RuleCode; 2] = [RuleCode(401), RuleCode(509)];

/// The finding that workloads run as a `default` ServiceAccount with access.
const DEFAULT_ACCOUNT: RuleCode = RuleCode(401);

/// The finding that a subject can become a stronger ServiceAccount.
const ESCALATION: RuleCode = RuleCode(513);

/// The finding about cluster-scoped resources in a role that cannot grant them.
const CLUSTER_SCOPED: RuleCode = RuleCode(208);

/// The number of changes that are added to the fix of a finding.
const MOST_CHANGES: usize = 3;

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
    /// The kind of a role, which cannot grant cluster-scoped resources.
    Scope(&'f ObjectRef),
}

/// Merges the findings about the risks of a role, or of a binding's role, and those about the same
/// subjects: the most severe one stays and lists the codes of the others. All critical risks stay.
/// Workloads that run with reported access are listed in its finding.
///
/// The findings must be graded and not suppressed, so that a suppressed finding does not hide
/// others.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut targets = Targets { of: (0..findings.len()).collect(), advice: BTreeMap::new() };
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
    for mut group in groups(&findings, default_account) {
        group.retain(|index| targets.root(*index) == *index);
        join_group(&findings, group, &mut targets);
    }
    escalations(&findings, &mut targets);
    paths(&findings, &mut targets);
    paths_into_rules(&findings, &mut targets);
    workloads_into_bindings(&findings, &mut targets);
    join(findings, &targets)
}

/// The target of each finding: itself, or the finding that it is merged into.
struct Targets {
    of: Vec<usize>,
    /// Changes besides the fix of a finding, because of those that are merged into it.
    advice: BTreeMap<usize, BTreeSet<String>>,
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

/// Returns the groups of findings with a common key, without single findings.
fn groups<'f, K: Eq + Hash>(
    findings: &'f [Finding],
    key: impl Fn(&'f Finding) -> Option<K> + Sync,
) -> Vec<Vec<usize>> {
    let hash = |(index, finding)| Some((FxBuildHasher.hash_one(key(finding)?), index));
    let mut hashes: Vec<(u64, usize)> = findings.par_iter().enumerate().filter_map(hash).collect();
    hashes.par_sort_unstable();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for alike in hashes.chunk_by(|(one, _), (other, _)| one == other) {
        let mut left: Vec<usize> = match alike {
            [_] => continue,
            alike => alike.iter().map(|(_, index)| *index).collect(),
        };
        // Different keys hardly ever have the same hash.
        while let Some(first) = left.first().and_then(|first| findings.get(*first)) {
            let is_other = |index: &mut usize| {
                findings.get(*index).is_some_and(|finding| key(finding) != key(first))
            };
            let others: Vec<usize> = left.extract_if(.., is_other).collect();
            groups.push(std::mem::replace(&mut left, others));
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
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

/// Merges findings about paths into those about the risky rules that open them, because the fix of these
/// stops the paths. Where it does not stop all of them, the fix of the path is added.
fn paths_into_rules(findings: &[Finding], targets: &mut Targets) {
    if findings.iter().all(|finding| finding.changes.is_empty()) {
        return;
    }
    let mut of_rules: HashMap<(&ObjectRef, usize), usize, FxBuildHasher> = HashMap::default();
    for (index, finding) in findings.iter().enumerate() {
        let is_cause = finding.rule.category == Category::Risk
            && finding.severity >= Severity::High
            && !OF_PATHS.contains(&finding.rule.code)
            && targets.root(index) == index;
        if let Some(rule) = rule(finding).filter(|_| is_cause) {
            of_rules.entry((&finding.object, rule)).or_insert(index);
        }
    }
    for (index, finding) in findings.iter().enumerate() {
        if finding.changes.is_empty() || targets.root(index) != index {
            continue;
        }
        let own = finding.changes.iter().filter(|change| change.is_own);
        let causes: Vec<usize> =
            own.filter_map(|it| of_rules.get(&(&it.role, it.rule?)).copied()).collect();
        let severity = |cause: &usize| findings.get(*cause).map(|cause| cause.severity);
        let is_as_grave = |cause: &usize| severity(cause) >= Some(finding.severity);
        let Some(cause) = causes.iter().copied().find(is_as_grave) else {
            // Its own fix names the rules of minor risks.
            causes.into_iter().for_each(|cause| targets.send(cause, index));
            continue;
        };
        let is_open = |change: &&Change| {
            change.rule.is_none_or(|rule| !of_rules.contains_key(&(&change.role, rule)))
        };
        let open: Vec<&str> =
            finding.changes.iter().filter(is_open).map(|change| &*change.advice).collect();
        let advice = match &*open {
            [] => None,
            few if few.len() <= MOST_CHANGES => Some(few.join(", and ")),
            _ => Some(finding.fix.to_string()),
        };
        if let Some(advice) = advice {
            targets.advice.entry(cause).or_default().insert(advice);
        }
        targets.send(index, cause);
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
    // Keep only the displayed parts of the merged findings.
    let moved: Vec<(bool, Also)> = moves
        .map(|finding| {
            let of_workload = is_of_workload(&finding);
            let FindingBody { rule, severity, object, field, message, .. } = finding.into_body();
            (of_workload, Also { rule, severity, object, field, message })
        })
        .collect();
    let merged = roots.iter().enumerate().filter(|(index, root)| index != *root);
    // The objects of findings with merged workloads, which can be all workloads of a cluster.
    let mut related_of: FxHashMap<usize, FxHashSet<ObjectRef>> = FxHashMap::default();
    for ((_, target), (of_workload, also)) in merged.zip(moved) {
        let position = positions.get(*target);
        let Some(main) = position.and_then(|position| findings.get_mut(*position)) else {
            continue;
        };
        if of_workload {
            let related = related_of.entry(*target).or_insert_with(|| {
                main.related.iter().map(|related| related.object.clone()).collect()
            });
            if related.insert(also.object.clone()) {
                let note = "runs with this access".into();
                main.related.push(Related { object: also.object.clone(), note });
            }
            if main.also.iter().any(|known| known.rule.code == also.rule.code) {
                continue;
            }
        }
        main.also.push(also);
    }
    for (target, advice) in &targets.advice {
        let position = positions.get(*target);
        if let Some(main) = position.and_then(|position| findings.get_mut(*position)) {
            let advice: Vec<&str> = advice.iter().map(String::as_str).collect();
            main.fix = format!("{}; {}", main.fix, advice.join("; ")).into();
        }
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

/// Returns the ServiceAccount `default` that workloads run as.
fn default_account(finding: &Finding) -> Option<&str> {
    let is_about_account = finding.rule.code == DEFAULT_ACCOUNT;
    let is_binding = finding.object.kind.ends_with("Binding");
    (is_about_account && is_binding).then_some(&*finding.about)
}

fn rule(finding: &Finding) -> Option<usize> {
    rule_of(&finding.field.steps)
}

fn is_of_workload(finding: &Finding) -> bool {
    OF_WORKLOADS.contains(&finding.rule.code)
}
