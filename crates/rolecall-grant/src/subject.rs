//! The subjects of bindings, and the names of their generated objects.

use std::fmt::Write as _;

use rolecall_rbac::{Identity, Metadata, Subject, SubjectKind, Text};

/// The API group of roles, bindings, and of users and groups as subjects.
pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The prefix of generated objects.
const PREFIX: &str = "rolecall:";

/// Returns the subject for an identity: its ServiceAccount, its user, or its first group; `None`
/// for an empty identity.
pub fn subject_of(identity: &Identity) -> Option<Subject> {
    if let Some(account) = identity.as_service_account() {
        return Some(Subject {
            kind: SubjectKind::ServiceAccount,
            name: account.name.into(),
            namespace: account.namespace.into(),
            api_group: "".into(),
        });
    }
    let (kind, name) = if identity.user.is_empty() {
        (SubjectKind::Group, identity.groups.iter().find(|group| !group.is_empty())?)
    } else {
        (SubjectKind::User, &identity.user)
    };
    Some(Subject { kind, name: name.clone(), namespace: "".into(), api_group: RBAC_GROUP.into() })
}

/// Returns whether two subjects, each in its binding, refer to the same user or group.
pub(crate) fn is_same(subject: &Subject, binding: &Metadata, other: &Subject) -> bool {
    match (holder(subject, Some(binding)), holder(other, None)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// Whether a name is a group's, and the name.
pub(crate) type Holder = (bool, Text);

/// Returns the group or user of a subject.
pub(crate) fn holder(subject: &Subject, binding: Option<&Metadata>) -> Option<Holder> {
    match subject.kind {
        SubjectKind::Group => Some((true, subject.name.clone())),
        SubjectKind::User => Some((false, subject.name.clone())),
        SubjectKind::ServiceAccount => {
            let own = Some(&subject.namespace).filter(|namespace| !namespace.is_empty());
            let namespace = own.or_else(|| subject.effective_namespace(binding?))?;
            Some((false, format!("system:serviceaccount:{namespace}:{}", subject.name).into()))
        }
        SubjectKind::Other(_) => None,
    }
}

/// Returns the name of a subject's objects: valid, and unique for each subject.
///
/// Names of RBAC objects can contain anything except `/` and `%`; special characters are encoded as
/// `~HH`.
pub(crate) fn object_name(subject: &Subject) -> String {
    let mut name = PREFIX.to_owned();
    match subject.kind {
        SubjectKind::ServiceAccount => {
            name.push_str("sa:");
            spell(&subject.namespace, &mut name);
            name.push(':');
        }
        SubjectKind::Group => name.push_str("group:"),
        SubjectKind::User | SubjectKind::Other(_) => name.push_str("user:"),
    }
    spell(&subject.name, &mut name);
    name
}

/// Returns the name of a binding to an existing role; a subject can have several.
pub(crate) fn reusing_name(subject: &Subject, kind: &str, role: &str) -> String {
    let mut name = object_name(subject);
    name.push('+');
    name.push_str(kind);
    name.push(':');
    spell(role, &mut name);
    name
}

/// Appends text with an injective encoding: plain bytes verbatim, others in hexadecimal.
fn spell(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".:@_-".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "~{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn name_of(identity: &Identity) -> String {
        object_name(&subject_of(identity).unwrap())
    }

    #[test]
    fn names_identify_their_subject() {
        for (identity, name) in [
            (Identity::service_account("shop", "api"), "rolecall:sa:shop:api"),
            (Identity::user("system:serviceaccount:shop:api"), "rolecall:sa:shop:api"),
            (Identity::user("jane@example.com"), "rolecall:user:jane@example.com"),
            (Identity::user("https://idp/x y"), "rolecall:user:https:~2F~2Fidp~2Fx~20y"),
            (Identity::user("a~2F\n"), "rolecall:user:a~7E2F~0A"),
            (Identity::user("é+%"), "rolecall:user:~C3~A9~2B~25"),
            (Identity::group("dev"), "rolecall:group:dev"),
            // Not a ServiceAccount's user name, because the name is invalid.
            (
                Identity::user("system:serviceaccount:a:B"),
                "rolecall:user:system:serviceaccount:a:B",
            ),
        ] {
            assert_eq!(name_of(&identity), name);
        }
    }

    #[test]
    fn an_empty_identity_has_no_subject() {
        assert_eq!(subject_of(&Identity::default()), None);
    }

    proptest! {
        #[test]
        fn names_are_valid_and_differ_when_subjects_do(
            users in proptest::collection::vec("[ab:~+/%\n.]{0,4}", 1..40),
        ) {
            let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
            for user in users {
                for identity in [Identity::user(&user), Identity::group(&user)] {
                    let Some(subject) = subject_of(&identity) else { continue };
                    for name in [object_name(&subject), reusing_name(&subject, "Role", &user)] {
                        prop_assert!(!name.contains(['/', '%']) && name.is_ascii());
                        let first = subjects.entry(name).or_insert_with(|| subject.clone());
                        prop_assert_eq!(&*first, &subject);
                    }
                }
            }
        }
    }
}
