//! Decides whether a token is mounted into a container, and why
//! (docs/semantics.md#serviceaccounts-and-tokens).

use rolecall_rbac::{PodSpec, TokenVolume, Workload};

use crate::Account;

/// Whether a Pod's containers have a token that the API server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMount<'a> {
    /// Whether any of them has one; `None` if it depends on a ServiceAccount that was not read.
    pub mounted: Option<bool>,
    /// The reason.
    pub reason: TokenReason,
    /// The containers with a token, in order; empty if the containers are unknown, as for most
    /// custom resources.
    pub containers: Vec<&'a str>,
}

/// The reason why a token is or is not mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenReason {
    /// Neither the Pod nor the ServiceAccount sets it, which means yes.
    Default,
    /// The Pod's `automountServiceAccountToken`.
    Pod,
    /// The ServiceAccount's `automountServiceAccountToken`.
    ServiceAccount,
    /// The Pod has a projected token volume.
    Projected,
    /// Every container mounts something else in place of the token.
    Covered,
    /// The server mounted one in the stored Pod, and the cause depends on a ServiceAccount that was
    /// not read.
    Injected,
    /// The server stored the Pod without one, although no known setting disables it now.
    NotInjected,
    /// A mirror Pod, which represents a kubelet's static Pod, cannot have one.
    Mirror,
}

impl TokenReason {
    /// Returns the reason's name in documented output and fixtures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Pod => "pod",
            Self::ServiceAccount => "serviceaccount",
            Self::Projected => "projected",
            Self::Covered => "covered",
            Self::Injected => "injected",
            Self::NotInjected => "not-injected",
            Self::Mirror => "mirror",
        }
    }
}

/// Decides whether the containers of one pod spec of a workload have a token of its ServiceAccount.
pub fn token_mount<'a>(
    workload: &Workload,
    spec: &'a PodSpec,
    account: &Account<'_>,
) -> TokenMount<'a> {
    if workload.mirror {
        let reason = TokenReason::Mirror;
        return TokenMount { mounted: Some(false), reason, containers: Vec::new() };
    }
    let (automount, reason) = automount(spec, account);
    // A stored Pod contains the volume that the server added.
    let visible = workload.metadata.stored && &*workload.kind == "Pod";
    let mut injected = false;
    let mut containers = Vec::new();
    for container in &*spec.containers {
        let volumes = spec.token_volumes.iter().filter(|volume| {
            volume.audience.is_empty() && volume.mounted_by.contains(&container.name)
        });
        let own = volumes.clone().next().is_some();
        injected |= volumes.clone().any(is_injected);
        let automatic = automount == Some(true) && !container.covers_token_path && !visible;
        injected |= automatic;
        if own || automatic {
            containers.push(&*container.name);
        }
    }
    let (mounted, reason) = match automount {
        _ if !containers.is_empty() => {
            let reason = match automount {
                Some(true) if injected => reason,
                None if injected => TokenReason::Injected,
                _ => TokenReason::Projected,
            };
            (Some(true), reason)
        }
        None if visible => (Some(false), TokenReason::NotInjected),
        None => (None, reason),
        Some(true) if spec.containers.is_empty() => (Some(true), reason),
        Some(true) if spec.containers.iter().all(|container| container.covers_token_path) => {
            (Some(false), TokenReason::Covered)
        }
        Some(true) => (Some(false), TokenReason::NotInjected),
        Some(false) => (Some(false), reason),
    };
    TokenMount { mounted, reason, containers }
}

/// Returns whether a token should be mounted, and the setting that decides: the Pod's takes
/// precedence over the ServiceAccount's.
fn automount(spec: &PodSpec, account: &Account<'_>) -> (Option<bool>, TokenReason) {
    match (spec.automount_token, account) {
        (Some(said), _) => (Some(said), TokenReason::Pod),
        (None, Account::Exists(account)) => match account.automount_token {
            Some(said) => (Some(said), TokenReason::ServiceAccount),
            None => (Some(true), TokenReason::Default),
        },
        (None, Account::Unread | Account::MadeByOperator) => (None, TokenReason::ServiceAccount),
        (None, Account::Implied | Account::Template | Account::Missing) => {
            (Some(true), TokenReason::Default)
        }
    }
}

/// Returns whether a server added the volume: `kube-api-access-*`, or before 1.21 the Secret
/// `ACCOUNT-token-*`.
fn is_injected(volume: &TokenVolume) -> bool {
    volume.name.starts_with("kube-api-access-")
        || volume.name.rsplit_once('-').is_some_and(|(head, tail)| {
            head.ends_with("-token")
                && tail.len() == 5
                && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}
