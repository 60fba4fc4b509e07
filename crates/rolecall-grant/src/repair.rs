//! Corrects a single wrong word in an existing object, instead of granting around it.
//!
//! ```text
//! denial -> near misses -> words without effect -> corrected object -> proof
//! ```

use rolecall_access::known;
use rolecall_rbac::{
    Authorizer, Binding, Catalog, Identity, NearMiss, NearMissKind, Origin, PolicyRule, Request,
    Resemblance, Role, RoleKind, Subject, SubjectKind, Target, Text, edit_distance,
};

use crate::denied::Denied;
use crate::object::{GrantedRole, Object};
use crate::outcome::Outcome;
use crate::plan::{Answer, Risky};
use crate::proof::{self, Gained, overlay};
use crate::risk;
use crate::subject::subject_of;

/// The correction of one word in an object, and its effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The corrected object, with the origin of the original.
    pub object: Object,
    /// The correction.
    pub word: Correction,
    /// The denials that it answers, with the verdict before and after.
    pub answers: Vec<Answer>,
    /// The other access that it adds: the rest of the object's intended effect.
    pub gained: Vec<Gained>,
}

/// The replacement of a word in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The path from the object to the word.
    pub field: Vec<Step>,
    /// The current word; empty if the field is missing.
    pub from: Text,
    /// The corrected word.
    pub to: Text,
}

/// A step from an object or array to one of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(&'static str),
    /// The element at a zero-based index.
    Index(usize),
}

/// Corrections, and the remaining denials.
#[derive(Debug, Default)]
pub struct Repairs {
    /// The corrections, in the order to apply them.
    pub repairs: Vec<Repair>,
    /// The denials that no correction answers.
    pub left: Vec<Denied>,
    /// The roles and bindings with the corrections; `None` if there are none.
    pub authorizer: Option<Authorizer>,
}

/// Limits for the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The number of denials to examine in each round; the same word is often wrong for many.
    pub denials: usize,
    /// The number of corrections to try.
    pub corrections: usize,
}

/// Finds words without effect whose correction allows denied requests.
///
/// A word that something else depends on is not a mistake: the old subject must not exist, and the
/// old verb or resource must match nothing.
pub fn repair(
    authorizer: &Authorizer,
    denied: &[Denied],
    catalog: &Catalog,
    risky: Risky,
    effort: Effort,
) -> Repairs {
    let mut effort = effort;
    let mut repairs = Repairs { left: denied.to_vec(), ..Repairs::default() };
    while effort.corrections > 0 {
        let current = repairs.authorizer.as_ref().unwrap_or(authorizer);
        let Some((repair, after)) = best(current, &repairs.left, catalog, risky, &mut effort)
        else {
            break;
        };
        repairs.left.retain(|denied| repair.answers.iter().all(|answer| answer.denied != *denied));
        repairs.repairs.push(repair);
        repairs.authorizer = Some(after);
    }
    repairs
}

/// Returns the correction that answers the most denials and adds the least other access.
fn best(
    authorizer: &Authorizer,
    left: &[Denied],
    catalog: &Catalog,
    risky: Risky,
    effort: &mut Effort,
) -> Option<(Repair, Authorizer)> {
    let mut best: Option<(Repair, Authorizer)> = None;
    let mut tried: Vec<Object> = Vec::new();
    for denied in left.iter().take(effort.denials) {
        if Outcome::of(authorizer, denied).is_allowed() {
            continue;
        }
        for miss in authorizer.near_misses(&denied.identity, &denied.request, catalog) {
            for (object, word) in corrections(authorizer, &miss, denied, catalog) {
                if tried.contains(&object) || effort.corrections == 0 {
                    continue;
                }
                effort.corrections -= 1;
                tried.push(object.clone());
                let Some((repair, after)) = prove(authorizer, object, word, left) else { continue };
                let is_risky = risky == Risky::Refused && is_risky(&repair);
                let rank = |repair: &Repair| {
                    (std::cmp::Reverse(repair.answers.len()), rules_of(&repair.gained))
                };
                if !is_risky && best.as_ref().is_none_or(|(known, _)| rank(&repair) < rank(known)) {
                    best = Some((repair, after));
                }
            }
        }
    }
    best
}

fn rules_of(gained: &[Gained]) -> usize {
    gained.iter().map(|gained| gained.rules.len()).sum()
}

/// Adds a corrected object to the inventory; `None` if that allows none of the denied requests.
fn prove(
    authorizer: &Authorizer,
    object: Object,
    word: Correction,
    left: &[Denied],
) -> Option<(Repair, Authorizer)> {
    let after = overlay(authorizer, std::slice::from_ref(&object));
    let mut answers = Vec::new();
    let mut asked = Vec::new();
    for denied in left {
        let outcome = Outcome::of(authorizer, denied);
        let then = Outcome::of(&after, denied);
        if !outcome.is_allowed() && then.is_allowed() {
            answers.push(Answer { denied: denied.clone(), before: outcome.clone(), after: then });
        }
        asked.push((denied.clone(), outcome));
    }
    if answers.is_empty() {
        return None;
    }
    let gained = proof::gained(authorizer, &after, &asked, &[]);
    Some((Repair { object, word, answers, gained }, after))
}

/// Returns whether a correction grants access that requires `Risky::Granted`.
fn is_risky(repair: &Repair) -> bool {
    let asked = repair.answers.iter().map(|answer| &answer.denied);
    asked.clone().any(|denied| !risk::risks(&denied.identity, &denied.request).is_empty())
        || repair.gained.iter().any(|gained| {
            let binding = rolecall_rbac::Metadata::new(&*gained.namespace, "");
            let Some(identity) = Identity::of_subject(&gained.subject, &binding) else {
                return true;
            };
            gained.rules.iter().any(|rule| risk::is_risky(rule, &identity, &gained.namespace))
        })
}

fn corrections(
    authorizer: &Authorizer,
    miss: &NearMiss<'_>,
    denied: &Denied,
    catalog: &Catalog,
) -> Vec<(Object, Correction)> {
    let of_role = || miss.role.zip(miss.rule).filter(|(role, _)| is_changeable(role));
    match (&miss.kind, miss.binding) {
        (NearMissKind::Subject(resemblance), Some(binding)) => miss
            .subject
            .and_then(|subject| {
                of_subject(authorizer, binding, subject, *resemblance, &denied.identity)
            })
            .into_iter()
            .collect(),
        (NearMissKind::RoleNotFound { similar }, Some(binding)) => {
            similar.iter().filter_map(|similar| of_role_ref(binding, similar)).collect()
        }
        (NearMissKind::UnsupportedRoleKind, Some(binding)) => of_role_kind(binding),
        (NearMissKind::Verb { .. }, _) => {
            of_role().map_or_else(Vec::new, |(role, rule)| of_verb(role, rule, &denied.request))
        }
        (NearMissKind::Group { .. }, _) => of_role()
            .map_or_else(Vec::new, |(role, rule)| of_group(role, rule, &denied.request, catalog)),
        (NearMissKind::ResourceSpelling { written, groups: None }, _) => of_role()
            .map_or_else(Vec::new, |(role, rule)| {
                of_resource(role, rule, written, &denied.request)
            }),
        _ => Vec::new(),
    }
}

/// Returns whether a person maintains the rules of a role, rather than a controller or the server.
fn is_changeable(role: &Role) -> bool {
    role.aggregation.is_none()
        && role.metadata.origin != Origin::Default
        && !role.metadata.name.starts_with("system:")
}

fn of_subject(
    authorizer: &Authorizer,
    binding: &Binding,
    subject: &Subject,
    resemblance: Resemblance,
    identity: &Identity,
) -> Option<(Object, Correction)> {
    let index = binding.subjects.iter().position(|known| known == subject)?;
    let wanted = subject_of(identity)?;
    let exists = || exists(authorizer, subject, binding);
    let (field, from, to) = match (resemblance, &wanted.kind) {
        (Resemblance::NamespaceMissing, SubjectKind::ServiceAccount) => {
            ("namespace", "".into(), wanted.namespace)
        }
        (Resemblance::OtherNamespace, SubjectKind::ServiceAccount) if !exists() => {
            ("namespace", subject.namespace.clone(), wanted.namespace)
        }
        (Resemblance::LetterCase | Resemblance::Spelling, SubjectKind::ServiceAccount)
            if !exists() =>
        {
            ("name", subject.name.clone(), wanted.name)
        }
        // It is unknown which users exist; two users whose names differ only by case are unlikely.
        (Resemblance::LetterCase, SubjectKind::User | SubjectKind::Group) => {
            ("name", subject.name.clone(), wanted.name)
        }
        // The namespace is only meaningful for ServiceAccounts.
        (Resemblance::OtherKind, SubjectKind::ServiceAccount)
            if subject.name == wanted.name && subject.namespace == wanted.namespace =>
        {
            ("kind", subject.kind.as_str().into(), "ServiceAccount".into())
        }
        _ => return None,
    };
    let mut corrected = subject.clone();
    match field {
        "namespace" => corrected.namespace = Text::clone(&to),
        "name" => corrected.name = Text::clone(&to),
        _ => {
            corrected =
                Subject { kind: SubjectKind::ServiceAccount, api_group: "".into(), ..corrected }
        }
    }
    let mut subjects = binding.subjects.to_vec();
    *subjects.get_mut(index)? = corrected;
    let object = Object::Binding(Binding { subjects: subjects.into(), ..binding.clone() });
    let field = vec![Step::Key("subjects"), Step::Index(index), Step::Key(field)];
    Some((object, Correction { field, from, to }))
}

/// Returns whether the ServiceAccount of a subject exists or might exist.
fn exists(authorizer: &Authorizer, subject: &Subject, binding: &Binding) -> bool {
    let inventory = authorizer.inventory();
    let Some(namespace) = subject.effective_namespace(&binding.metadata) else { return false };
    let has_default = &*subject.name == "default"
        && (inventory.namespaces().is_empty() || inventory.namespace(namespace).is_some());
    has_default
        || inventory.service_account(namespace, &subject.name).is_some()
        || inventory.gaps().iter().any(|gap| gap.may_hide_service_account(namespace))
}

/// Changes a roleRef to a similar role, given as `ClusterRole/NAME` or `Role/NAMESPACE/NAME`.
fn of_role_ref(binding: &Binding, similar: &str) -> Option<(Object, Correction)> {
    let (kind, name) = match similar.split_once('/')? {
        ("ClusterRole", name) => (RoleKind::ClusterRole, name),
        (_, rest) => {
            let (namespace, name) = rest.split_once('/')?;
            if *namespace != *binding.metadata.namespace {
                return None;
            }
            (RoleKind::Role, name)
        }
    };
    let role_ref = &binding.role_ref;
    let mut corrected = binding.clone();
    let word = if role_ref.kind == kind {
        corrected.role_ref.name = name.into();
        Correction {
            field: vec![Step::Key("roleRef"), Step::Key("name")],
            from: role_ref.name.clone(),
            to: name.into(),
        }
    } else if *role_ref.name == *name {
        let word = Correction {
            field: vec![Step::Key("roleRef"), Step::Key("kind")],
            from: role_ref.kind.as_str().into(),
            to: kind.as_str().into(),
        };
        corrected.role_ref.kind = kind;
        word
    } else {
        return None;
    };
    Some((Object::Binding(corrected), word))
}

fn of_role_kind(binding: &Binding) -> Vec<(Object, Correction)> {
    let written = binding.role_ref.kind.as_str();
    let kinds = [("Role", RoleKind::Role), ("ClusterRole", RoleKind::ClusterRole)];
    let alike = kinds.into_iter().filter(|(name, _)| {
        edit_distance(&written.to_ascii_lowercase(), &name.to_ascii_lowercase()) <= 1
    });
    alike
        .map(|(name, kind)| {
            let mut corrected = binding.clone();
            corrected.role_ref.kind = kind;
            let word = Correction {
                field: vec![Step::Key("roleRef"), Step::Key("kind")],
                from: written.into(),
                to: name.into(),
            };
            (Object::Binding(corrected), word)
        })
        .collect()
}

type RuleAt<'a> = (usize, &'a PolicyRule);

/// Corrects unknown verbs with a spelling similar to the denied verb.
fn of_verb(role: &Role, (index, rule): RuleAt<'_>, request: &Request) -> Vec<(Object, Correction)> {
    let is_meant = |verb: &Text| {
        let lower = verb.to_ascii_lowercase();
        !known::is_verb(verb)
            && (*lower == *request.verb
                || edit_distance(&lower, &request.verb) <= 1 + verb.len() / 5)
    };
    let verbs = rule.verbs.iter().enumerate().filter(|(_, verb)| is_meant(verb));
    verbs
        .map(|(position, verb)| {
            let mut rule = rule.clone();
            rule.verbs = replaced(&rule.verbs, position, &request.verb);
            with_rule(role, index, rule, "verbs", position, verb, &request.verb)
        })
        .collect()
}

/// Corrects API groups that serve none of a rule's resources.
fn of_group(
    role: &Role,
    (index, rule): RuleAt<'_>,
    request: &Request,
    catalog: &Catalog,
) -> Vec<(Object, Correction)> {
    let Target::Resource(target) = &request.target else { return Vec::new() };
    let is_dead = |group: &Text| {
        let serves = |entry: &Text| {
            let name = entry.split('/').next().unwrap_or_default();
            name == "*"
                || catalog.get(group, name).is_some()
                || known::is_not_always_served(group, name)
        };
        let is_known = known::is_built_in(group)
            || edit_distance(group, &target.group) <= 2
            || !group.contains('.')
            || is_spelling(group, &target.group);
        &**group != "*" && is_known && !rule.resources.iter().any(serves)
    };
    let groups = rule.api_groups.iter().enumerate().filter(|(_, group)| is_dead(group));
    groups
        .map(|(position, group)| {
            let mut rule = rule.clone();
            rule.api_groups = replaced(&rule.api_groups, position, &target.group);
            with_rule(role, index, rule, "apiGroups", position, group, &target.group)
        })
        .collect()
}

/// Returns whether a text is a notation of an API group that RBAC does not have: with a version, or
/// `core` for the group without a name.
fn is_spelling(text: &str, group: &str) -> bool {
    let name = text.split('/').next().unwrap_or_default();
    match name {
        "core" | "v1" => group.is_empty(),
        name => name != text && name.eq_ignore_ascii_case(group),
    }
}

/// Corrects a resource with a spelling that matches nothing.
fn of_resource(
    role: &Role,
    (index, rule): RuleAt<'_>,
    written: &Text,
    request: &Request,
) -> Vec<(Object, Correction)> {
    let Target::Resource(target) = &request.target else { return Vec::new() };
    let meant = target.combined();
    let resources = rule.resources.iter().enumerate().filter(|(_, entry)| *entry == written);
    resources
        .map(|(position, entry)| {
            let mut rule = rule.clone();
            rule.resources = replaced(&rule.resources, position, &meant);
            with_rule(role, index, rule, "resources", position, entry, &meant)
        })
        .collect()
}

fn replaced(texts: &[Text], position: usize, to: &Text) -> rolecall_rbac::Texts {
    let of = |(at, text): (usize, &Text)| if at == position { to.clone() } else { text.clone() };
    texts.iter().enumerate().map(of).collect()
}

fn with_rule(
    role: &Role,
    index: usize,
    corrected: PolicyRule,
    list: &'static str,
    position: usize,
    from: &Text,
    to: &Text,
) -> (Object, Correction) {
    let of = |(at, rule): (usize, &PolicyRule)| match at == index {
        true => corrected.clone(),
        false => rule.clone(),
    };
    let rules = role.rules.iter().enumerate().map(of).collect();
    let mut role = Role { rules, ..role.clone() };
    // The corrected role is not stored yet, so aggregated roles include its new rules.
    role.metadata.stored = false;
    let field =
        vec![Step::Key("rules"), Step::Index(index), Step::Key(list), Step::Index(position)];
    let word = Correction { field, from: from.clone(), to: to.clone() };
    (Object::Role(GrantedRole { role, answers: Vec::new() }), word)
}
