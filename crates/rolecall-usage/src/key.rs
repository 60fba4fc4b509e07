//! Distinct requests as one text, so that a lookup compares and copies as little as possible.

use std::borrow::Cow;

use rolecall_rbac::{Identity, Request, ResourceRequest, ServiceAccountName, Target, Text};

use crate::outcome::{Basis, Effect, Outcome, Via};

/// Separates fields: no name can contain it.
const FIELD: char = '\u{1}';
/// Separates groups.
const ITEM: char = '\u{2}';
/// The groups of formats that leave them out.
const UNKNOWN_GROUPS: &str = "\u{3}";

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
        match shape.target {
            ShapeTarget::Object { .. } => 'o',
            ShapeTarget::Path(_) => 'p',
        },
    ]);
    key.push(FIELD);
    push(key, shape.verb);
    if let ShapeTarget::Object { group, resource, subresource, namespace, .. } = shape.target {
        for text in [group, resource, subresource, namespace] {
            key.push(FIELD);
            push(key, text);
        }
    } else {
        key.extend([FIELD; 4]);
    }
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
        key.push_str(UNKNOWN_GROUPS);
        let implied = Identity::user(shape.user);
        if !shape.reason_group.is_empty() && !implied.is_in(shape.reason_group) {
            key.push(ITEM);
            push(key, shape.reason_group);
        }
        return;
    };
    let account = ServiceAccountName::parse(shape.user);
    let is_implied = |group: &str| match account {
        _ if group == "system:authenticated" => true,
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
    let (user, groups, letters, verb) = (next()?, next()?, next()?, next()?);
    let (group, resource, subresource, namespace) = (next()?, next()?, next()?, next()?);
    let binding = next()?;
    let mut letters = letters.chars();
    let outcome = Outcome::of_letter(letters.next()?)?;
    let via = Via::of_letter(letters.next()?)?;
    let basis = if letters.next()? == 'i' { Basis::Implied } else { Basis::Request };
    let effect = if letters.next()? == 'd' { Effect::DryRun } else { Effect::Real };
    let request = match letters.next()? {
        'p' => Request::path(verb, ""),
        _ => Request::resource(
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
    let lacks_groups = groups.starts_with(UNKNOWN_GROUPS);
    let groups = groups.trim_start_matches(UNKNOWN_GROUPS);
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
