//! What stands in the text beside refused requests: other refusals, and what only looks like one.

use std::fmt;

use memchr::memmem;
use rolecall_rbac::Text;

use super::{Seen, quote};

/// Something in the text that no Role answers, or that is not certain enough to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// An excerpt, safe to print.
    pub text: Text,
    /// Where and how often.
    pub seen: Seen,
}

/// What a [`Remark`] is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemarkKind {
    /// It looks like a refused request, but is not exactly one.
    Doubtful(Doubt),
    /// Admission refused: RBAC had allowed the request.
    Admission(Admission),
    /// The server did not know the user at all: 401, not 403.
    Unauthorized,
    /// Something before the API server answered 403.
    Intermediary,
    /// A WebSocket connection lacks `create` on a subresource of Pods; the text names neither user
    /// nor subresource.
    UpgradeNeedsCreate {
        /// The Pod.
        pod: Text,
    },
    /// Only cluster-admins may write an `aggregationRule`.
    AggregationRule,
}

/// Why something that looks like a refusal is not taken for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It ends in the middle.
    CutOff,
    /// No `is forbidden:` stands before it.
    Unannounced,
    /// It is about another resource than its first words.
    HeadDisagrees,
    /// It uses other words than a server does.
    OtherWording,
    /// It names no user.
    NoUser,
    /// A field holds what no server accepts there.
    Invalid {
        /// The field.
        field: Field,
    },
    /// A field holds control characters or invisible ones.
    Unprintable {
        /// The field.
        field: Field,
    },
    /// The path ends in `*`, which a rule would take for a pattern.
    PatternPath,
}

/// A field of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The user.
    User,
    /// The verb.
    Verb,
    /// The resource or subresource.
    Resource,
    /// The API group.
    Group,
    /// The namespace.
    Namespace,
    /// The object's name.
    Name,
    /// The URL path.
    Path,
}

/// What in admission refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admission {
    /// Pod Security: the Pod asks for more than its namespace's level allows.
    PodSecurity {
        /// The violated level, such as `restricted:latest`.
        level: Text,
    },
    /// A PodSecurityPolicy or SecurityContextConstraints that the Pod's ServiceAccount may `use`.
    PodPolicy,
    /// A ResourceQuota.
    Quota,
    /// A LimitRange.
    LimitRange,
    /// A webhook.
    Webhook {
        /// Its name.
        name: Text,
    },
    /// A ValidatingAdmissionPolicy.
    Policy {
        /// Its name.
        name: Text,
    },
    /// The Pod's ServiceAccount does not exist.
    NoServiceAccount {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// NodeRestriction: a kubelet touched what is not its own.
    NodeRestriction,
    /// The namespace is being deleted.
    NamespaceTerminating,
    /// `blockOwnerDeletion` needs `update` on the owner's `finalizers`.
    OwnerFinalizers,
    /// The user lacks `approve`, `sign` or `attest` on a signer.
    Signer {
        /// The signer's name.
        name: Text,
    },
    /// Anything else.
    Other,
}

impl Admission {
    /// Tells who refused from what follows `is forbidden: `.
    pub(super) fn classify(text: &[u8]) -> Self {
        let has = |words: &str| memmem::find(text, words.as_bytes()).is_some();
        let starts = |words: &str| text.starts_with(words.as_bytes());
        if let Some(rest) = after(text, b"violates PodSecurity ") {
            return Self::PodSecurity { level: quoted(rest) };
        }
        if let Some(rest) = after(text, b"admission webhook ") {
            return Self::Webhook { name: quoted(rest) };
        }
        if starts("ValidatingAdmissionPolicy ") {
            return Self::Policy { name: quoted(text.get(26..).unwrap_or_default()) };
        }
        if let Some(rest) = after(text, b"error looking up service account ") {
            let account = rest.split(|byte| matches!(byte, b':' | b' ')).next().unwrap_or_default();
            if let Some((namespace, name)) = shown(account).split_once('/') {
                return Self::NoServiceAccount { namespace: namespace.into(), name: name.into() };
            }
        }
        if let Some(rest) = after(text, b"signerName ") {
            return Self::Signer { name: quoted(rest) };
        }
        if starts("exceeded quota: ") || starts("failed quota: ") {
            Self::Quota
        } else if has(" usage per ") || has(" limit to request ratio per ") {
            Self::LimitRange
        } else if has("security context constraint") || has("pod security policy") {
            Self::PodPolicy
        } else if starts("node ") && (has("not allowed to") || has("can only")) {
            Self::NodeRestriction
        } else if has("because it is being terminated") {
            Self::NamespaceTerminating
        } else if has("blockOwnerDeletion") {
            Self::OwnerFinalizers
        } else {
            Self::Other
        }
    }
}

/// Returns what follows some words.
fn after<'t>(text: &'t [u8], words: &[u8]) -> Option<&'t [u8]> {
    memmem::find(text, words).and_then(|start| text.get(start + words.len()..))
}

/// Returns the content of the quotes at the start of a text, made printable.
fn quoted(text: &[u8]) -> Text {
    let content = match text {
        [b'"', ..] => quote::split(text).map(|(raw, _)| raw),
        [b'\'', rest @ ..] => rest.split(|byte| *byte == b'\'').next(),
        _ => None,
    };
    shown(content.unwrap_or_default())
}

/// Makes bytes printable, and at most 200 characters long.
pub(super) fn shown(bytes: &[u8]) -> Text {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::with_capacity(text.len().min(200));
    for (character, count) in text.chars().zip(0..) {
        if count == 200 {
            shown.push_str("...");
            break;
        }
        shown.push(character);
    }
    crate::text::printable(&shown).into()
}

impl fmt::Display for RemarkKind {
    /// Writes a fragment that says what it is and what would help.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubtful(doubt) => doubt.fmt(formatter),
            Self::Admission(admission) => admission.fmt(formatter),
            Self::Unauthorized => formatter.write_str(
                "the server did not accept the credentials (401), so it knows no user to grant anything to",
            ),
            Self::Intermediary => formatter.write_str(
                "the answer did not come from the API server, but from something in front of it",
            ),
            Self::UpgradeNeedsCreate { pod } => write!(
                formatter,
                "a WebSocket connection to Pod `{pod}` needs `create` on `pods/exec`, `pods/attach` or `pods/portforward` besides `get`; the text does not say for whom",
            ),
            Self::AggregationRule => formatter.write_str(
                "only who may do everything may write a ClusterRole with an `aggregationRule`",
            ),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff => formatter.write_str("the refusal is cut off"),
            Self::Unannounced => {
                formatter.write_str("no `is forbidden:` stands before it, as servers write it")
            }
            Self::HeadDisagrees => {
                formatter.write_str("its first words are about another resource than the rest")
            }
            Self::OtherWording => formatter.write_str("it is not worded as servers do"),
            Self::NoUser => formatter.write_str("it names no user to grant anything to"),
            Self::Invalid { field } => write!(formatter, "the {field} is not one"),
            Self::Unprintable { field } => {
                write!(formatter, "the {field} holds control characters or invisible ones")
            }
            Self::PatternPath => formatter.write_str(
                "the path ends in `*`, which a rule would take for a pattern and so grant more",
            ),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::User => "user",
            Self::Verb => "verb",
            Self::Resource => "resource",
            Self::Group => "API group",
            Self::Namespace => "namespace",
            Self::Name => "name",
            Self::Path => "path",
        })
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PodSecurity { level } => write!(
                formatter,
                "Pod Security refused, not RBAC: the Pod violates level `{level}`; change its securityContext or the namespace's label",
            ),
            Self::PodPolicy => formatter.write_str(
                "the Pod fits no security policy that its ServiceAccount may `use`; change its securityContext",
            ),
            Self::Quota => formatter.write_str("a ResourceQuota refused, not RBAC"),
            Self::LimitRange => formatter.write_str("a LimitRange refused, not RBAC"),
            Self::Webhook { name } => {
                write!(formatter, "admission webhook `{name}` refused, not RBAC")
            }
            Self::Policy { name } => {
                write!(formatter, "ValidatingAdmissionPolicy `{name}` refused, not RBAC")
            }
            Self::NoServiceAccount { namespace, name } => write!(
                formatter,
                "ServiceAccount `{namespace}/{name}` does not exist, so its Pods cannot be created",
            ),
            Self::NodeRestriction => formatter
                .write_str("NodeRestriction lets a kubelet touch only its own Node and Pods"),
            Self::NamespaceTerminating => formatter.write_str("the namespace is being deleted"),
            Self::OwnerFinalizers => formatter.write_str(
                "`blockOwnerDeletion` needs `update` on the owner's `finalizers`; the text does not say whose",
            ),
            Self::Signer { name } => write!(
                formatter,
                "the user lacks `approve`, `sign` or `attest` on signer `{name}`; the text does not say who",
            ),
            Self::Other => formatter.write_str("admission refused, not RBAC"),
        }
    }
}
