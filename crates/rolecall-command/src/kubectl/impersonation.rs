//! `kubectl --as`: the access that impersonation requires.

use super::flags::Flags;
use super::target::name_of;
use crate::Word;
use crate::need::{Need, NeedName, NeedNamespace};
use rolecall_rbac::KubernetesVersion;

/// The version from which impersonation can be constrained to requests.
const CONSTRAINED: u16 = 36;

const GROUP: &str = "authentication.k8s.io";

/// The group that constrained impersonation never grants.
const MASTERS: &str = "system:masters";

/// Returns the needs of impersonation: `impersonate` on each part of the other identity or, on servers that know
/// them, the constrained verbs for the kind of identity and for the requests of the command.
pub(super) fn needs(flags: &Flags, requests: &[Need], version: KubernetesVersion) -> Vec<Need> {
    of_parts(&parts(flags), requests, version)
}

/// Returns the needs of requests as a user in some groups.
pub(crate) fn needs_of_user(
    user: &Word,
    groups: &[Word],
    requests: &[Need],
    version: KubernetesVersion,
) -> Vec<Need> {
    let groups = groups.iter().map(|group| Part::new("groups", group));
    let parts: Vec<Part> = std::iter::once(Part::user(user)).chain(groups).collect();
    of_parts(&parts, requests, version)
}

fn of_parts(parts: &[Part], requests: &[Need], version: KubernetesVersion) -> Vec<Need> {
    let whole = || parts.iter().map(|part| part.need("impersonate", "")).collect::<Vec<_>>();
    let Some(mode) = Mode::of(parts).filter(|_| version.minor >= CONSTRAINED) else {
        return whole();
    };
    let named = format!("impersonate:{}", mode.name());
    let constrained = parts.iter().filter(|part| mode.asks_about(part));
    let mut instead: Vec<Need> = constrained.map(|part| part.need(&named, GROUP)).collect();
    instead.extend(requests.iter().map(|request| on(request, mode)));
    whole().into_iter().map(|need| need.or_all(instead.clone())).collect()
}

/// A part of an identity that the server checks separately.
struct Part {
    resource: &'static str,
    subresource: String,
    name: NeedName,
    namespace: NeedNamespace,
}

impl Part {
    fn new(resource: &'static str, value: &Word) -> Self {
        Self {
            resource,
            subresource: String::new(),
            name: name_of(value),
            namespace: NeedNamespace::Known("".into()),
        }
    }

    /// Reads the user: a ServiceAccount by its name, or any other user.
    fn user(value: &Word) -> Self {
        let account = value.strip_prefix("system:serviceaccount:");
        match account.and_then(|account| account.split_once(':')) {
            None => Self::new("users", value),
            Some((namespace, name)) => Self {
                namespace: match namespace.known() {
                    Some(namespace) => NeedNamespace::Known(namespace.into()),
                    None => NeedNamespace::Unknown,
                },
                ..Self::new("serviceaccounts", &name)
            },
        }
    }

    fn need(&self, verb: &str, constrained: &str) -> Need {
        // Without constraints, users and groups are in the core group, and newer attributes are not.
        let group = match self.resource {
            "uids" | "userextras" => GROUP,
            _ => constrained,
        };
        Need::new(verb, group, self.resource, self.name.clone())
            .of(&self.subresource)
            .in_namespace(&self.namespace)
    }
}

/// Splits the impersonated identity into parts, as the server does.
fn parts(flags: &Flags) -> Vec<Part> {
    let mut parts: Vec<Part> = flags.value("as").map(Part::user).into_iter().collect();
    parts.extend(flags.all("as-group").iter().map(|group| Part::new("groups", group)));
    parts.extend(flags.value("as-uid").map(|uid| Part::new("uids", uid)));
    for extra in flags.all("as-user-extra") {
        let Some((key, value)) = extra.split_once('=') else { continue };
        let Some(key) = key.known() else { continue };
        parts.push(Part {
            subresource: key.to_ascii_lowercase(),
            ..Part::new("userextras", &value)
        });
    }
    parts
}

/// A kind of identity with verbs of constrained impersonation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    ServiceAccount,
    UserInfo,
}

impl Mode {
    /// Returns the mode of an identity; `None` if only the unconstrained verb applies, or the mode is not
    /// known.
    fn of(parts: &[Part]) -> Option<Self> {
        let user = parts.first()?;
        let known = |part: &Part| match &part.name {
            NeedName::Known(name) => Some(name.to_string()),
            NeedName::Collection | NeedName::Unknown => None,
        };
        let gives_masters = parts
            .iter()
            .filter(|part| part.resource == "groups")
            .any(|part| known(part).is_some_and(|name| name == MASTERS));
        match user.resource {
            // Other rules apply to identities with more than a name, and to nodes.
            "serviceaccounts" if parts.len() == 1 => Some(Self::ServiceAccount),
            "users" if !known(user)?.starts_with("system:node:") && !gives_masters => {
                Some(Self::UserInfo)
            }
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ServiceAccount => "serviceaccount",
            Self::UserInfo => "user-info",
        }
    }

    fn asks_about(self, part: &Part) -> bool {
        self == Self::UserInfo || part.resource == "serviceaccounts"
    }
}

/// Returns the request that constrained impersonation checks for a request of the command.
fn on(request: &Need, mode: Mode) -> Need {
    let mut need = request.clone();
    for verb in &mut need.verbs {
        *verb = format!("impersonate-on:{}:{verb}", mode.name()).into();
    }
    need.instead.clear();
    need
}
