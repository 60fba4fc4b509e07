//! Other refusals, and text that only resembles one.

use std::fmt;

use memchr::memmem;
use rolecall_rbac::Text;

use super::{Seen, Write, quote};

/// Text about a problem that no Role solves, or that is too uncertain for a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The kind.
    pub kind: RemarkKind,
    /// An excerpt, safe to print.
    pub text: Text,
    /// The position and count.
    pub seen: Seen,
}

/// The kind of a [`Remark`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RemarkKind {
    /// It resembles a refused request, but not exactly.
    Doubtful(Doubt),
    /// Admission refused it, so RBAC had allowed the request.
    Admission(Admission),
    /// The server did not recognize the user: 401, not 403.
    Unauthorized,
    /// Something in front of the API server responded with 403.
    Intermediary,
    /// A WebSocket connection requires `create` on a subresource of Pods; the text names neither
    /// the user nor the subresource.
    UpgradeNeedsCreate {
        /// The Pod.
        pod: Text,
    },
    /// Only cluster-admins can write an `aggregationRule`.
    AggregationRule,
    /// A role or binding was rejected for a reason other than missing permissions.
    Write(Write),
    /// The kubelet refused the API server, which connects to it for logs and streams.
    KubeletRefusesServer {
        /// The identity of the API server's client certificate.
        user: Text,
    },
    /// The access control of another program, such as Argo CD, refused it.
    OtherProgram {
        /// The program.
        name: &'static str,
    },
}

/// The reason why text that resembles a refusal is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Doubt {
    /// The text is truncated.
    CutOff,
    /// There is no `is forbidden:` before it.
    Unannounced,
    /// It is about a different resource than its first words.
    HeadDisagrees,
    /// Its wording differs from a server's.
    OtherWording,
    /// It does not name a user.
    NoUser,
    /// A field has a value that no server accepts.
    Invalid {
        /// The field.
        field: Field,
    },
    /// A field contains control characters or invisible characters.
    Unprintable {
        /// The field.
        field: Field,
    },
    /// The path ends in `*`, which is a pattern in a rule.
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

/// The admission controller that refused a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Admission {
    /// Pod Security: the Pod violates the namespace's level.
    PodSecurity {
        /// The violated level, such as `restricted:latest`.
        level: Text,
    },
    /// No PodSecurityPolicy or SecurityContextConstraints that the Pod's ServiceAccount can `use`
    /// fits.
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
    /// NodeRestriction: a kubelet accessed an object of another node.
    NodeRestriction,
    /// The namespace is being deleted.
    NamespaceTerminating,
    /// `blockOwnerDeletion` requires `update` on the owner's `finalizers`.
    OwnerFinalizers,
    /// A change of owner references requires `delete` on the object.
    OwnerReference,
    /// The user lacks `approve`, `sign` or `attest` on a signer.
    Signer {
        /// The signer's name.
        name: Text,
    },
    /// Anything else.
    Other,
}

impl Admission {
    /// Identifies the admission controller from the text after `is forbidden: `.
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
        } else if has("security context constraint")
            || has("pod security policy")
            || has("PodSecurityPolicy: unable to admit pod")
        {
            Self::PodPolicy
        } else if starts("node ") && (has("not allowed to") || has("can only")) {
            Self::NodeRestriction
        } else if has("because it is being terminated") {
            Self::NamespaceTerminating
        } else if has("blockOwnerDeletion") {
            Self::OwnerFinalizers
        } else if starts("cannot set an ownerRef on a resource you can't delete") {
            Self::OwnerReference
        } else {
            Self::Other
        }
    }
}

/// Returns the text after some words.
fn after<'t>(text: &'t [u8], words: &[u8]) -> Option<&'t [u8]> {
    memmem::find(text, words).and_then(|start| text.get(start + words.len()..))
}

/// Returns the quoted string at the start of a text, made printable.
fn quoted(text: &[u8]) -> Text {
    let content = match text {
        [b'"', ..] => quote::split(text).map(|(raw, _)| raw),
        [b'\'', rest @ ..] => rest.split(|byte| *byte == b'\'').next(),
        _ => None,
    };
    shown(content.unwrap_or_default())
}

/// Makes bytes printable, masks secrets, and truncates to 200 characters.
pub(super) fn shown(bytes: &[u8]) -> Text {
    // Enough to mask a secret that starts within the first 200 characters.
    let bytes = bytes.get(..bytes.len().min(4 << 10)).unwrap_or_default();
    let text = rolecall_command::masked_line(&String::from_utf8_lossy(bytes));
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
    /// Writes the problem and a remedy as a sentence fragment.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubtful(doubt) => doubt.fmt(formatter),
            Self::Admission(admission) => admission.fmt(formatter),
            Self::Unauthorized => formatter.write_str(
                "the server did not accept the credentials (401), so there is no user to grant access to: \
                 `rolecall whoami` and, in a Pod, `rolecall doctor` show what is wrong with them",
            ),
            Self::Intermediary => formatter.write_str(
                "the answer did not come from the API server, but from something in front of it: look for \
                 a proxy, gateway or firewall between client and server",
            ),
            Self::UpgradeNeedsCreate { pod } => write!(
                formatter,
                "a WebSocket connection to Pod `{pod}` needs `create` on `pods/exec`, `pods/attach` or `pods/portforward` in addition to `get`; the text does not name the user",
            ),
            Self::AggregationRule => formatter.write_str(
                "only a cluster-admin can write a ClusterRole with an `aggregationRule`: ask one to apply it",
            ),
            Self::Write(write) => write.fmt(formatter),
            Self::KubeletRefusesServer { user } if **user == *"system:anonymous" => formatter.write_str(
                "the kubelet refused the API server, which asked without a client certificate: set \
                 `--kubelet-client-certificate` and `--kubelet-client-key` of kube-apiserver; the kubectl user does not need more access",
            ),
            Self::KubeletRefusesServer { user } => write!(
                formatter,
                "the kubelet refused the API server, not the kubectl user: `{user}` is the identity of the \
                 server's kubelet client certificate, which needs ClusterRole `system:kubelet-api-admin`",
            ),
            Self::OtherProgram { name } => write!(
                formatter,
                "the access control of {name} refused this, not the API server: change the policy of {name}",
            ),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff => formatter.write_str("the refusal is cut off: pass the whole message"),
            Self::Unannounced => {
                formatter.write_str("it lacks the `is forbidden:` that servers write before it")
            }
            Self::HeadDisagrees => {
                formatter.write_str("its first words are about a different resource than the rest")
            }
            Self::OtherWording => {
                formatter.write_str("its wording differs from an API server's refusal")
            }
            Self::NoUser => formatter.write_str("it does not name a user: pass `--for SUBJECT`"),
            Self::Invalid { field } => write!(formatter, "its {field} is not a valid {field}"),
            Self::Unprintable { field } => {
                write!(formatter, "the {field} contains control or invisible characters")
            }
            Self::Masked { field } => {
                write!(formatter, "its {field} is masked: pass the unmasked message")
            }
            Self::PatternPath => formatter.write_str(
                "the path ends in `*`, which is a pattern in a rule and would grant more",
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
                "Pod Security refused this, not RBAC: the Pod violates level `{level}`; change its securityContext or the namespace's label",
            ),
            Self::PodPolicy => formatter.write_str(
                "the Pod does not fit any security policy that its ServiceAccount can `use`; change its securityContext",
            ),
            Self::Quota => formatter.write_str("a ResourceQuota refused this, not RBAC: request less, delete unused objects, or ask for a higher quota"),
            Self::LimitRange => formatter.write_str("a LimitRange refused this, not RBAC: set requests and limits within its range"),
            Self::Webhook { name } => {
                write!(formatter, "admission webhook `{name}` refused this, not RBAC: no Role can override this; change the object as its message says, or contact the owner of the webhook")
            }
            Self::Policy { name } => {
                write!(formatter, "ValidatingAdmissionPolicy `{name}` refused this, not RBAC: no Role can override this; change the object as its message says, or contact the owner of the policy")
            }
            Self::NoServiceAccount { namespace, name } => write!(
                formatter,
                "ServiceAccount `{namespace}/{name}` does not exist, so its Pods cannot be created: create it, or fix serviceAccountName",
            ),
            Self::NodeRestriction => formatter
                .write_str("NodeRestriction allows a kubelet to change only its own Node and Pods: no Role can override this; use an identity that is not a node's"),
            Self::NamespaceTerminating => formatter.write_str("the namespace is being deleted: wait until it is gone, then create it again"),
            Self::OwnerFinalizers => formatter.write_str(
                "`blockOwnerDeletion` needs `update` on the owner's `finalizers`; the text does not name the user",
            ),
            Self::OwnerReference => formatter.write_str(
                "a change of `ownerReferences` needs `delete` on the object itself; the text does not name the user",
            ),
            Self::Signer { name } => write!(
                formatter,
                "the user lacks `approve`, `sign` or `attest` on signer `{name}`; the text does not name the user",
            ),
            Self::Other => formatter.write_str("admission refused this, not RBAC: no Role can override this; change the object as the message says"),
        }
    }
}
