//! What stands in the text beside refused requests: other refusals, and what only looks like one.

use std::fmt;

use memchr::memmem;
use rolecall_rbac::Text;

use super::{Seen, Write, quote};

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
    /// A role or binding was not taken for another reason than missing rights.
    Write(Write),
    /// The kubelet refused the API server itself, which asks it for logs and connections.
    KubeletRefusesServer {
        /// The identity of the API server's client certificate.
        user: Text,
    },
    /// The access control of another program refused, such as Argo CD's.
    OtherProgram {
        /// The program.
        name: &'static str,
    },
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
    /// A field is masked.
    Masked {
        /// The field.
        field: Field,
    },
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

/// Makes bytes printable, without what looks like a secret, and at most 200 characters long.
pub(super) fn shown(bytes: &[u8]) -> Text {
    // More is not shown, and a secret that begins in it is masked whole.
    let bytes = bytes.get(..bytes.len().min(4 << 10)).unwrap_or_default();
    let text = rolecall_rbac::masked_line(&String::from_utf8_lossy(bytes));
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
                "the server did not accept the credentials (401), so there is no user to grant anything to: \
                 `rolecall whoami` and, in a Pod, `rolecall doctor` show what is wrong with them",
            ),
            Self::Intermediary => formatter.write_str(
                "the answer did not come from the API server, but from something in front of it: look for \
                 a proxy, gateway or firewall between client and server",
            ),
            Self::UpgradeNeedsCreate { pod } => write!(
                formatter,
                "a WebSocket connection to Pod `{pod}` needs `create` on `pods/exec`, `pods/attach` or `pods/portforward` besides `get`; the text does not say for whom",
            ),
            Self::AggregationRule => formatter.write_str(
                "only a cluster-admin can write a ClusterRole with an `aggregationRule`: have one apply it",
            ),
            Self::Write(write) => write.fmt(formatter),
            Self::KubeletRefusesServer { user } if **user == *"system:anonymous" => formatter.write_str(
                "the kubelet refused the API server, which asked without a client certificate: set \
                 `--kubelet-client-certificate` and `--kubelet-client-key` of kube-apiserver; the caller of \
                 kubectl lacks nothing",
            ),
            Self::KubeletRefusesServer { user } => write!(
                formatter,
                "the kubelet refused the API server, not the caller of kubectl: `{user}` is the identity of the \
                 server's kubelet client certificate, which needs ClusterRole `system:kubelet-api-admin`",
            ),
            Self::OtherProgram { name } => write!(
                formatter,
                "the access control of {name} refused, not the API server's: change its own policy",
            ),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff => formatter.write_str("the refusal is cut off: pass the whole message"),
            Self::Unannounced => {
                formatter.write_str("no `is forbidden:` stands before it, as servers write it")
            }
            Self::HeadDisagrees => {
                formatter.write_str("its first words are about another resource than the rest")
            }
            Self::OtherWording => {
                formatter.write_str("it is not worded as API servers word refusals")
            }
            Self::NoUser => {
                formatter.write_str("it names no user to grant anything to: pass `--for SUBJECT`")
            }
            Self::Invalid { field } => write!(formatter, "its {field} is not a valid {field}"),
            Self::Unprintable { field } => {
                write!(formatter, "the {field} holds control characters or invisible ones")
            }
            Self::Masked { field } => {
                write!(formatter, "its {field} is masked: pass the message with it")
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
            Self::Quota => formatter.write_str("a ResourceQuota refused, not RBAC: ask for less, free what is not used, or have the quota raised"),
            Self::LimitRange => formatter.write_str("a LimitRange refused, not RBAC: set requests and limits within its range"),
            Self::Webhook { name } => {
                write!(formatter, "admission webhook `{name}` refused, not RBAC: no Role overrules it; change the object as its message says, or ask the owner of the webhook")
            }
            Self::Policy { name } => {
                write!(formatter, "ValidatingAdmissionPolicy `{name}` refused, not RBAC: no Role overrules it; change the object as its message says, or ask the owner of the policy")
            }
            Self::NoServiceAccount { namespace, name } => write!(
                formatter,
                "ServiceAccount `{namespace}/{name}` does not exist, so its Pods cannot be created: create it, or correct serviceAccountName",
            ),
            Self::NodeRestriction => formatter
                .write_str("NodeRestriction lets a kubelet change only its own Node and Pods: no Role overrules it; use an identity that is not a node's"),
            Self::NamespaceTerminating => formatter.write_str("the namespace is being deleted: wait until it is gone, then create it again"),
            Self::OwnerFinalizers => formatter.write_str(
                "`blockOwnerDeletion` needs `update` on the owner's `finalizers`; the text does not say whose",
            ),
            Self::Signer { name } => write!(
                formatter,
                "the user lacks `approve`, `sign` or `attest` on signer `{name}`; the text does not say who",
            ),
            Self::Other => formatter.write_str("admission refused, not RBAC: no Role overrules it; change the object as the message says"),
        }
    }
}
