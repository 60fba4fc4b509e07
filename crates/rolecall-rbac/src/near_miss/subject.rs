//! Subjects that resemble an identity without matching it.

use crate::edit_distance;
use crate::matching::subject_matches;
use crate::{Binding, Identity, Subject, SubjectKind};

/// The way in which a subject resembles an identity without matching it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resemblance {
    /// A ServiceAccount subject without namespace in a ClusterRoleBinding, which matches nobody.
    NamespaceMissing,
    /// A ServiceAccount of the same name in another namespace.
    OtherNamespace,
    /// The right name with the wrong kind, such as a `User` with a ServiceAccount's short name.
    OtherKind,
    /// The same name in different letter case.
    LetterCase,
    /// A name that differs in one or two characters.
    Spelling,
}

/// Returns how a subject that does not match an identity resembles it.
pub(super) fn resembles(
    subject: &Subject,
    binding: &Binding,
    identity: &Identity,
) -> Option<Resemblance> {
    if subject_matches(subject, &binding.metadata, identity) {
        return None;
    }
    match (identity.as_service_account(), &subject.kind) {
        (Some(account), SubjectKind::ServiceAccount) => {
            let namespace = subject.effective_namespace(&binding.metadata);
            match namespace {
                None => (*subject.name == *account.name).then_some(Resemblance::NamespaceMissing),
                Some(namespace) if **namespace == *account.namespace => {
                    alike(&subject.name, account.name)
                }
                Some(_) => (*subject.name == *account.name).then_some(Resemblance::OtherNamespace),
            }
        }
        (Some(account), kind) => {
            let name = &*subject.name;
            let short = format!("{}:{}", account.namespace, account.name);
            let names_account = name == account.name
                || name == short
                || name == format!("system:serviceaccount:{}", account.name)
                || name == format!("system:serviceaccounts:{short}")
                || name == &*identity.user;
            let is_other_kind = match kind {
                SubjectKind::User => name != &*identity.user,
                _ => true,
            };
            if names_account && is_other_kind {
                return Some(Resemblance::OtherKind);
            }
            let same_case = name.eq_ignore_ascii_case(&identity.user);
            (*kind == SubjectKind::User && same_case).then_some(Resemblance::LetterCase)
        }
        (None, SubjectKind::User) => match alike(&subject.name, &identity.user) {
            Some(resemblance) => Some(resemblance),
            None => identity.groups.contains(&subject.name).then_some(Resemblance::OtherKind),
        },
        (None, SubjectKind::Group) => {
            if subject.name == identity.user {
                return Some(Resemblance::OtherKind);
            }
            identity
                .groups
                .iter()
                .find(|group| group.eq_ignore_ascii_case(&subject.name))
                .map(|_| Resemblance::LetterCase)
        }
        (None, SubjectKind::ServiceAccount | SubjectKind::Other(_)) => {
            (subject.name == identity.user).then_some(Resemblance::OtherKind)
        }
    }
}

fn alike(written: &str, wanted: &str) -> Option<Resemblance> {
    if written.eq_ignore_ascii_case(wanted) {
        return Some(Resemblance::LetterCase);
    }
    let tolerated = if wanted.chars().count() >= 8 { 2 } else { 1 };
    // Short names are often similar by chance.
    (wanted.chars().count() >= 4
        && written.len().abs_diff(wanted.len()) <= 2
        && edit_distance(written, wanted) <= tolerated)
        .then_some(Resemblance::Spelling)
}
