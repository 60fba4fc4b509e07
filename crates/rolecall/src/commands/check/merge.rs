//! Joins the findings of several targets.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rolecall_check::{Category, FindingBody, ObjectRef, Related, RuleCode};
use rolecall_rbac::Origin;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::located::{FoundIn, LocatedFinding};

/// The source of a finding: its code, file, line, field, the kind of its object, and for expectations the
/// failure.
type Source = (RuleCode, String, u32, String, String, String);

/// Joins the findings of different targets that come from one source: they are one fault. The most severe
/// one stands for all.
pub(super) fn targets(findings: Vec<LocatedFinding>) -> Vec<LocatedFinding> {
    let mut joined: Vec<LocatedFinding> = Vec::with_capacity(findings.len());
    let mut known: HashMap<Source, Vec<usize>> = HashMap::new();
    for found in findings {
        let Some(source) = source(&found) else {
            joined.push(found);
            continue;
        };
        let same = known.entry(source).or_default();
        // Several findings of one target at one place are different ones.
        let other = same.iter().copied().find(|index| {
            joined.get(*index).is_some_and(|joined| {
                joined
                    .targets
                    .iter()
                    .all(|it| found.targets.iter().all(|own| own.target != it.target))
            })
        });
        match other.and_then(|index| joined.get_mut(index)) {
            Some(first) => join(first, found),
            None => {
                same.push(joined.len());
                joined.push(found);
            }
        }
    }
    joined
}

fn join(first: &mut LocatedFinding, mut found: LocatedFinding) {
    if found.finding.severity > first.finding.severity {
        std::mem::swap(first, &mut found);
    }
    first.targets.append(&mut found.targets);
    first.targets.sort_by(|left, right| left.target.cmp(&right.target));
}

fn source(found: &LocatedFinding) -> Option<Source> {
    let finding = &found.finding;
    // Unmet expectations are not about the objects of a target, and can fail for several subjects.
    let is_expectation = finding.rule.category == Category::Expectation;
    if found.targets.is_empty() && !is_expectation {
        return None;
    }
    let (file, line) = found.place()?;
    let about = if is_expectation { finding.about.clone() } else { String::new() };
    let (field, kind) = (finding.field.to_string(), finding.object.kind.to_string());
    Some((finding.rule.code, file.to_owned(), line, field, kind, about))
}

/// A finding, and the places of equal ones.
type WithCopies = (LocatedFinding, Vec<String>);

/// Joins equal findings about copies of one object in different files, such as a generated installation next
/// to the kustomization that it was generated from, and about equal rules of roles that only differ in a
/// prefix or release number of their name. The gravest one of the latest release stands for all.
pub(super) fn copies(findings: Vec<LocatedFinding>) -> Vec<LocatedFinding> {
    let hashes: Vec<Option<u64>> = findings.par_iter().map(hash_of_fault).collect();
    let findings = findings.into_iter().map(|found| (found, Vec::new())).zip(hashes).collect();
    let joined = join_copies(findings, |first, found| {
        fault(first) == fault(found) && first.finding.object.origin != found.finding.object.origin
    });
    let hashes: Vec<Option<u64>> = joined.iter().map(|(found, _)| hash_of_rules(found)).collect();
    let joined = join_copies(joined.into_iter().zip(hashes).collect(), are_alike);
    let said = |(mut found, places): WithCopies| {
        let others = match &*places {
            [] => return found,
            [one] => one.clone(),
            [one, more @ ..] => {
                let plural = if more.len() == 1 { "" } else { "s" };
                format!("{one} and {} other place{plural}", more.len())
            }
        };
        found.finding.message.push_str(&format!("; the same in {others}"));
        found
    };
    joined.into_iter().map(said).collect()
}

/// Joins each finding with the first one of the same hash that it is a copy of.
fn join_copies(
    findings: Vec<(WithCopies, Option<u64>)>,
    is_copy: impl Fn(&LocatedFinding, &LocatedFinding) -> bool,
) -> Vec<WithCopies> {
    let mut joined: Vec<WithCopies> = Vec::with_capacity(findings.len());
    let mut known: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for ((mut found, mut places), hash) in findings {
        let Some((hash, mut place)) = hash.zip(position(&found)) else {
            joined.push((found, places));
            continue;
        };
        let alike = known.entry(hash).or_default();
        let is_same =
            |index: &usize| joined.get(*index).is_some_and(|(first, _)| is_copy(first, &found));
        let same = alike.iter().copied().find(is_same);
        let Some((first, known_places)) = same.and_then(|index| joined.get_mut(index)) else {
            alike.push(joined.len());
            joined.push((found, places));
            continue;
        };
        if stands_for(&found, first) {
            std::mem::swap(first, &mut found);
            place = position(&found).unwrap_or(place);
        }
        let note = "has the same problem".into();
        let object = found.finding.object.clone();
        first.finding.related.push(Related { object, note });
        known_places.push(place);
        known_places.append(&mut places);
    }
    joined
}

/// Returns whether a finding stands for a copy before it: a graver one, or one in a later release.
fn stands_for(found: &LocatedFinding, first: &LocatedFinding) -> bool {
    let file = |found: &LocatedFinding| found.place().map(|(file, _)| file.to_owned());
    let by_release = || {
        let files = file(found).zip(file(first));
        files.is_some_and(|(found, first)| rolecall_check::is_of_later_release(&found, &first))
    };
    match found.finding.severity.cmp(&first.finding.severity) {
        Ordering::Equal => by_release(),
        order => order.is_gt(),
    }
}

/// Returns whether findings of the same hash are about copies of a role: not in one installation, and with
/// similar names.
fn are_alike(first: &LocatedFinding, found: &LocatedFinding) -> bool {
    let (one, other) = (&first.finding, &found.finding);
    let is_shared = |it: &FoundIn| found.targets.iter().any(|target| target.target == it.target);
    let is_apart = match (&*first.targets, &*found.targets) {
        ([], []) => file_of(&one.object) != file_of(&other.object),
        (first, _) => !first.iter().any(is_shared),
    };
    is_apart
        && one.rule.code == other.rule.code
        && one.likeness == other.likeness
        && one.severity == other.severity
        && one.object.kind == other.object.kind
        && have_similar_names(&one.object.name, &other.object.name)
}

/// Returns whether one name is the other with a prefix, apart from release numbers and words for roles.
fn have_similar_names(one: &str, other: &str) -> bool {
    const OF_ROLES: [&str; 9] = [
        "binding",
        "clusterrole",
        "clusterrolebinding",
        "manager",
        "permissions",
        "rbac",
        "role",
        "rolebinding",
        "roles",
    ];
    fn words(name: &str) -> Vec<&str> {
        let is_number = |word: &&str| {
            let digits = word.strip_prefix('v').unwrap_or(word);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .filter(|word| !word.is_empty() && !is_number(word) && !OF_ROLES.contains(word))
            .collect()
    }
    let (one, other) = (words(one), words(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && long.ends_with(&short)
}

fn file_of(object: &ObjectRef) -> Option<&str> {
    match &object.origin {
        Origin::File { path, .. } => Some(path),
        _ => None,
    }
}

/// Returns a finding apart from its place: the code, the kind, namespace and name of its object, the field and
/// the message.
fn fault(found: &LocatedFinding) -> impl Eq + Hash {
    let FindingBody { rule, object, field, message, .. } = &*found.finding;
    let ObjectRef { kind, namespace, name, .. } = object;
    (rule.code, kind, namespace, name, field, message)
}

/// Returns the hash of the rules that a finding is about.
fn hash_of_rules(found: &LocatedFinding) -> Option<u64> {
    let FindingBody { rule, likeness, .. } = &*found.finding;
    (*likeness != 0).then(|| FxBuildHasher.hash_one((rule.code, likeness)))
}

/// Returns the hash of the fault of a finding that can be in several copies.
fn hash_of_fault(found: &LocatedFinding) -> Option<u64> {
    let is_about_object =
        !matches!(found.finding.rule.category, Category::Expectation | Category::Suppression);
    is_about_object.then(|| FxBuildHasher.hash_one(fault(found)))
}

fn position(found: &LocatedFinding) -> Option<String> {
    let (file, line) = found.place()?;
    Some(format!("{file}:{line}"))
}
