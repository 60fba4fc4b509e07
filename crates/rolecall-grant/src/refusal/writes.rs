//! Roles and bindings that the server rejected for a reason other than missing permissions: 404 for
//! the role of a binding, 422 for invalid objects.

use std::fmt;

use memchr::memmem;
use rolecall_rbac::Text;

use super::remark::shown;

/// The reason why the server rejected a role or binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Write {
    /// A binding refers to a missing role, and its writer lacks `bind`.
    NoRole {
        /// The role.
        name: Text,
    },
    /// An object was written to a missing namespace.
    NoNamespace {
        /// The namespace.
        name: Text,
    },
    /// A role or binding was not found; it is unclear whether the request was a write.
    NotFound {
        /// The object.
        name: Text,
    },
    /// The `roleRef` of a binding was changed.
    RoleRef,
    /// A field is invalid.
    Invalid {
        /// The field, such as `subjects[0].namespace`.
        field: Text,
        /// The problem, in the server's words.
        what: Text,
    },
}

/// The text after the name of a missing object.
pub(super) const NOT_FOUND: &[u8] = b"\" not found";
/// The text after the name of an invalid object.
pub(super) const INVALID: &[u8] = b"\" is invalid: ";

/// Reads `roles.rbac.authorization.k8s.io "team" not found` around its last quote.
pub(super) fn at_not_found(before: &[u8]) -> Option<Write> {
    let line = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
    let line = before.get(line..)?;
    let (head, name) = last_name(line)?;
    let head = head.trim_ascii_end();
    let kinds: [&[u8]; 2] =
        [b"roles.rbac.authorization.k8s.io", b"rolebindings.rbac.authorization.k8s.io"];
    let is_namespace = head.ends_with(b"namespaces");
    if !is_namespace && !kinds.iter().any(|kind| head.ends_with(kind)) {
        return None;
    }
    let name = shown(name);
    let is_binding = head.ends_with(b"bindings.rbac.authorization.k8s.io");
    let has = |words: &[u8]| memmem::find(line, words).is_some();
    let is_write = has(b"rror when creating")
        || has(b"rror when applying")
        || has(b"rror when replacing")
        || has(b"rror when patching")
        || has(b"ailed to create")
        || has(b"ailed to update")
        || has(b"rror creating")
        || has(b"ailed creating")
        || has(b"annot create")
        || has(b"dry-run")
        || has(b"rror validating");
    if is_namespace {
        return is_write.then_some(Write::NoNamespace { name });
    }
    Some(match is_write || is_binding && has(b"create") {
        true => Write::NoRole { name },
        false => Write::NotFound { name },
    })
}

/// Reads `The RoleBinding "x" is invalid: roleRef: ...` around the quote after the name.
pub(super) fn at_invalid(before: &[u8], after: &[u8]) -> Option<Write> {
    let line = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
    let (head, _) = last_name(before.get(line..)?)?;
    let head = head.trim_ascii_end();
    let head = head.strip_suffix(b".rbac.authorization.k8s.io").unwrap_or(head);
    let kinds: [&[u8]; 2] = [b"Role", b"RoleBinding"];
    if !kinds.iter().any(|kind| head.ends_with(kind)) {
        return None;
    }
    let rest = after.strip_prefix(INVALID)?;
    let rest = rest.get(..rest.len().min(600)).unwrap_or_default();
    let ends = |pair: &[u8]| matches!(pair, [b'\n', next] if !next.is_ascii_whitespace());
    let end = rest.windows(2).position(ends);
    let rest = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    if memmem::find(rest, b"cannot change roleRef").is_some() {
        return Some(Write::RoleRef);
    }
    let text = String::from_utf8_lossy(rest);
    let text = text.trim_start_matches(['[', '*', ' ', '\n']);
    let (field, what) = text.split_once(": ").unwrap_or(("", text));
    Some(Write::Invalid { field: shown(field.as_bytes()), what: shown(what.trim().as_bytes()) })
}

/// Splits the name off a text that ends before the name's closing quote.
fn last_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let escapes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    let text = text.get(..text.len() - escapes)?;
    let open = memchr::memrchr(b'"', text)?;
    let head = text.get(..open.checked_sub(escapes)?)?;
    Some((head, text.get(open + 1..)?))
}

impl fmt::Display for Write {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole { name } => write!(
                formatter,
                "the binding refers to role `{name}`, which does not exist: a writer without `bind` on it can \
                 create a binding only once the role exists; apply the role first, then the binding",
            ),
            Self::NoNamespace { name } => write!(
                formatter,
                "namespace `{name}` does not exist: create it first, or correct `metadata.namespace` or `-n`",
            ),
            Self::NotFound { name } => write!(
                formatter,
                "`{name}` does not exist; if a binding was being written, its writer lacks `bind` on that role, \
                 so the role must exist first: apply the role before the binding",
            ),
            Self::RoleRef => formatter.write_str(
                "the roleRef of a binding cannot be changed: delete the binding and create it again, for example \
                 with `kubectl replace --force` and a file that contains all its subjects (`kubectl auth reconcile` \
                 also removes those that are not in the file)",
            ),
            Self::Invalid { field, what } => {
                match &**field {
                    "" => write!(formatter, "the server does not accept the object: {what}")?,
                    field => write!(formatter, "`{field}` is invalid: {what}")?,
                }
                formatter.write_str(advice(field, what))
            }
        }
    }
}

/// Returns advice about an invalid field, starting with a semicolon.
fn advice(field: &str, what: &str) -> &'static str {
    let is_required = what.starts_with("Required");
    let ends = |name: &str| field.ends_with(name);
    match field {
        _ if field.starts_with("subjects") && ends("namespace") => {
            "; a ServiceAccount subject needs `namespace`, a User or Group has none"
        }
        _ if field.starts_with("subjects") && ends("apiGroup") => {
            "; use `apiGroup: rbac.authorization.k8s.io` for a User or Group, and no apiGroup for a ServiceAccount"
        }
        _ if field.starts_with("subjects") && ends("kind") => {
            "; the kind of a subject is ServiceAccount, User or Group"
        }
        _ if field.starts_with("subjects") && ends("name") => "; a subject needs a name",
        _ if field.starts_with("roleRef") && ends("kind") => {
            "; a RoleBinding refers to a Role or ClusterRole, a ClusterRoleBinding to a ClusterRole"
        }
        _ if field.starts_with("roleRef") && ends("apiGroup") => {
            "; use `apiGroup: rbac.authorization.k8s.io`"
        }
        _ if field.starts_with("roleRef") && is_required => {
            "; set the role that the binding grants"
        }
        _ if ends("verbs") => "; a rule needs at least one verb",
        _ if ends("apiGroups") => "; use `apiGroups: [\"\"]` for the core group",
        _ if ends("resources") => {
            "; a rule contains resources or, in a ClusterRole, nonResourceURLs"
        }
        _ if ends("nonResourceURLs") => {
            "; only a ClusterRole can grant URLs, in a rule without resources"
        }
        _ => "; fix the field and apply the object again",
    }
}
