//! Distinct requests as one text, so that a lookup compares and copies as little as possible.
//!
//! Keys sort like the kinds of requests that they describe: the fields have the same order, and separators
//! are less than all characters of fields.

use std::borrow::Cow;

use rolecall_rbac::{Identity, Request, ResourceRequest, ServiceAccountName, Target, Text};

use crate::outcome::{Basis, Effect, Outcome, Via};

/// Separates fields: no name can contain it.
const FIELD: char = '\u{1}';
/// Ends the groups of formats that leave them out.
const UNKNOWN_GROUPS: char = '\u{2}';
/// Separates groups.
const ITEM: char = '\u{3}';
/// A request for a resource.
const OBJECT: char = 'o';
/// A request for a path.
const PATH: char = 'p';

/// One request, borrowed from its event.
#[derive(Clone, Debug)]
pub(crate) struct Shape<'a> {
    pub(crate) user: &'a str,
    pub(crate) groups: Option<&'a [Cow<'a, str>]>,
    /// A group that the reason names, for formats without groups.
    pub(crate) reason_group: &'a str,
    pub(crate) pod: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) target: ShapeTarget<'a>,
    pub(crate) outcome: Outcome,
    pub(crate) via: Via,
    pub(crate) basis: Basis,
    pub(crate) effect: Effect,
    pub(crate) binding: Binding<'a>,
}

/// The binding that a reason names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Binding<'a> {
    /// `ClusterRoleBinding` or `RoleBinding`.
    pub(crate) kind: &'a str,
    /// The name, or `NAME/NAMESPACE`.
    pub(crate) name: &'a str,
}

/// The target of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ShapeTarget<'a> {
    Object {
        group: &'a str,
        resource: &'a str,
        subresource: &'a str,
        namespace: &'a str,
        name: &'a str,
    },
    Path(&'a str),
}

impl<'a> ShapeTarget<'a> {
    /// Returns the part that counts per key: the object's name, or the path.
    pub(crate) fn name(&self) -> &'a str {
        match self {
            Self::Object { name, .. } => name,
            Self::Path(path) => path,
        }
    }
}

/// The distinguishing parts of uses, except names and Pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The user, with the groups that its events show and those that are implied.
    pub identity: Identity,
    /// Whether the format leaves out the groups of users.
    pub lacks_groups: bool,
    /// The request, without the object's name; a path is empty.
    pub request: Request,
    /// The outcome.
    pub outcome: Outcome,
    /// The authorizer that allowed it.
    pub via: Via,
    /// Whether the request follows from another one.
    pub basis: Basis,
    /// Whether it was a dry run.
    pub effect: Effect,
    /// The binding that the reason names, as `RoleBinding NAMESPACE/NAME` or `ClusterRoleBinding NAME`.
    pub binding: Text,
}

/// Writes the key of a shape to a buffer.
pub(crate) fn write(shape: &Shape<'_>, key: &mut String) {
    key.clear();
    push(key, shape.user);
    key.push(FIELD);
    push_groups(key, shape);
    key.push(FIELD);
    push(key, shape.verb);
    key.push(FIELD);
    if let ShapeTarget::Object { group, resource, subresource, namespace, .. } = shape.target {
        key.push(OBJECT);
        for text in [namespace, group, resource, subresource] {
            key.push(FIELD);
            push(key, text);
        }
    } else {
        key.push(PATH);
        key.extend([FIELD; 4]);
    }
    key.push(FIELD);
    key.extend([
        shape.outcome.letter(),
        shape.via.letter(),
        match shape.basis {
            Basis::Request => '-',
            Basis::Implied => 'i',
        },
        match shape.effect {
            Effect::Real => '-',
            Effect::DryRun => 'd',
        },
    ]);
    key.push(FIELD);
    key.push_str(shape.binding.kind);
    if !shape.binding.kind.is_empty() {
        key.push(' ');
        match shape.binding.name.rsplit_once('/') {
            Some((name, namespace)) if shape.binding.kind == "RoleBinding" => {
                push(key, namespace);
                key.push('/');
                push(key, name);
            }
            _ => push(key, shape.binding.name),
        }
    }
}

/// Appends a field; control characters, which separate fields, become blanks.
fn push(key: &mut String, text: &str) {
    match text.bytes().any(|byte| byte <= 3) {
        false => key.push_str(text),
        true => key.extend(text.chars().map(|c| if c <= '\u{3}' { ' ' } else { c })),
    }
}

/// Appends the groups that do not follow from the user's name, sorted.
fn push_groups(key: &mut String, shape: &Shape<'_>) {
    let Some(groups) = shape.groups else {
        let implied = Identity::user(shape.user);
        if !shape.reason_group.is_empty() && !implied.is_in(shape.reason_group) {
            push(key, shape.reason_group);
        }
        key.push(UNKNOWN_GROUPS);
        return;
    };
    let account = ServiceAccountName::parse(shape.user);
    let is_implied = |group: &str| match account {
        _ if group.is_empty() || group == "system:authenticated" => true,
        Some(account) => group.strip_prefix("system:serviceaccounts").is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(':') == Some(account.namespace)
        }),
        None => group == "system:unauthenticated" && shape.user == "system:anonymous",
    };
    let explicit = || groups.iter().map(|group| &**group).filter(|group| !is_implied(group));
    match explicit().count() {
        0 => {}
        1 => explicit().for_each(|group| push(key, group)),
        _ => {
            let mut sorted: Vec<&str> = explicit().collect();
            sorted.sort_unstable();
            sorted.dedup();
            for (position, group) in sorted.into_iter().enumerate() {
                if position > 0 {
                    key.push(ITEM);
                }
                push(key, group);
            }
        }
    }
}

/// Reads a key; `None` for a text that [`write`] did not write.
pub(crate) fn read(key: &str) -> Option<Kind> {
    let mut fields = key.split(FIELD);
    let mut next = || fields.next();
    let (user, groups, verb, target) = (next()?, next()?, next()?, next()?);
    let (namespace, group, resource, subresource) = (next()?, next()?, next()?, next()?);
    let (letters, binding) = (next()?, next()?);
    let mut letters = letters.chars();
    let outcome = Outcome::of_letter(letters.next()?)?;
    let via = Via::of_letter(letters.next()?)?;
    let basis = if letters.next()? == 'i' { Basis::Implied } else { Basis::Request };
    let effect = if letters.next()? == 'd' { Effect::DryRun } else { Effect::Real };
    let request = match target.starts_with(PATH) {
        true => Request::path(verb, ""),
        false => Request::resource(
            verb,
            ResourceRequest {
                namespace: namespace.into(),
                group: group.into(),
                resource: resource.into(),
                subresource: subresource.into(),
                name: "".into(),
            },
        ),
    };
    let lacks_groups = groups.ends_with(UNKNOWN_GROUPS);
    let groups = groups.trim_end_matches(UNKNOWN_GROUPS);
    let named = groups.split(ITEM).filter(|group| !group.is_empty());
    let identity = named.fold(Identity::user(user), Identity::with_group);
    Some(Kind {
        identity,
        lacks_groups,
        request,
        outcome,
        via,
        basis,
        effect,
        binding: binding.into(),
    })
}

/// Returns the user of a key.
pub(crate) fn user_of(key: &str) -> Option<&str> {
    key.split(FIELD).next()
}

impl Kind {
    /// Returns the groups that do not follow from the user's name.
    pub fn explicit_groups(&self) -> Vec<&Text> {
        let implied = Identity::user(&self.identity.user);
        self.identity.groups.iter().filter(|group| !implied.is_in(group)).collect()
    }

    /// Returns the path or the namespaced request with a name filled in.
    pub fn request_for(&self, name: &str) -> Request {
        let mut request = self.request.clone();
        match &mut request.target {
            Target::Resource(target) => target.name = name.into(),
            Target::Path(path) => *path = name.into(),
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Short texts, some of which are prefixes of others or contain separators.
    fn text() -> impl Strategy<Value = String> {
        "[\u{1}-\u{4}ab]{0,2}"
    }

    fn user() -> impl Strategy<Value = String> {
        let special = select(vec!["system:anonymous", "system:serviceaccount:a:b"]);
        prop_oneof![text(), special.prop_map(str::to_owned)]
    }

    fn groups() -> impl Strategy<Value = Option<Vec<String>>> {
        let implied = select(vec!["system:authenticated", "system:serviceaccounts:a"]);
        let group = prop_oneof![3 => text(), 1 => implied.prop_map(str::to_owned)];
        proptest::option::of(proptest::collection::vec(group, 0..3))
    }

    /// Keys of random requests.
    fn key() -> impl Strategy<Value = String> {
        let outcome = select(vec![Outcome::Allowed, Outcome::Refused, Outcome::Unknown]);
        let via = select(vec![Via::Rbac, Via::Masters, Via::Other, Via::Unstated]);
        let basis = select(vec![Basis::Request, Basis::Implied]);
        let effect = select(vec![Effect::Real, Effect::DryRun]);
        let texts = [(); 7].map(|()| text());
        (user(), groups(), outcome, via, basis, effect, any::<bool>(), texts).prop_map(
            |(user, groups, outcome, via, basis, effect, is_path, texts)| {
                let groups = groups.map(|groups| {
                    groups.into_iter().map(Cow::Owned).collect::<Vec<Cow<'_, str>>>()
                });
                let [reason_group, verb, group, resource, subresource, namespace, name] = &texts;
                let mut key = String::new();
                let target = match is_path {
                    true => ShapeTarget::Path(name),
                    false => ShapeTarget::Object { group, resource, subresource, namespace, name },
                };
                let shape = Shape {
                    user: &user,
                    groups: groups.as_deref(),
                    reason_group,
                    pod: "",
                    verb,
                    target,
                    outcome,
                    via,
                    basis,
                    effect,
                    binding: Binding { kind: "RoleBinding", name },
                };
                write(&shape, &mut key);
                key
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn keys_sort_like_their_kinds(one in key(), other in key()) {
            let kinds = (read(&one).unwrap(), read(&other).unwrap());
            prop_assert_eq!(one.cmp(&other), kinds.0.cmp(&kinds.1));
        }
    }

    #[test]
    fn letters_sort_like_outcomes_and_authorizers() {
        assert!(Outcome::ALL.is_sorted_by_key(|(outcome, ..)| *outcome));
        assert!(Outcome::ALL.is_sorted_by_key(|(_, letter, _)| *letter));
        assert!(Via::ALL.is_sorted_by_key(|(via, ..)| *via));
        assert!(Via::ALL.is_sorted_by_key(|(_, letter, _)| *letter));
    }
}
