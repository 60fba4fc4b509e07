//! Whether a container finds a token, and why (docs/semantics.md#serviceaccounts-and-tokens).

use rolecall_rbac::{PodSpec, TokenVolume, Workload};

use crate::Account;

/// Whether a Pod's containers find a token that the API server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMount<'a> {
    /// Whether any of them does; `None` when that depends on a ServiceAccount that was not read.
    pub mounted: Option<bool>,
    /// What decides it.
    pub because: TokenBecause,
    /// The containers that find one, in their order; empty for a Pod whose containers are not
    /// known, as those of most custom resources.
    pub containers: Vec<&'a str>,
}

/// What decides whether a token is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenBecause {
    /// Neither the Pod nor the ServiceAccount says anything, which means yes.
    Default,
    /// The Pod's `automountServiceAccountToken`.
    Pod,
    /// The ServiceAccount's `automountServiceAccountToken`.
    ServiceAccount,
    /// A projected token volume of the Pod's own.
    Projected,
    /// Every container mounts something of its own where the token would be.
    Covered,
    /// The server mounted one in the Pod that it stored; why, depends on a ServiceAccount that was
    /// not read.
    Injected,
    /// The server stored the Pod without one, though nothing that was read refuses it today.
    NotInjected,
    /// A mirror Pod, which shows what a kubelet runs by itself, can have none.
    Mirror,
}

impl TokenBecause {
    /// Returns the reason's name in documented output and in fixtures.
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

/// Decides for one pod spec of a workload that runs as `account`.
pub(crate) fn token_mount<'a>(
    workload: &Workload,
    spec: &'a PodSpec,
    account: &Account<'_>,
) -> TokenMount<'a> {
    if workload.mirror {
        let because = TokenBecause::Mirror;
        return TokenMount { mounted: Some(false), because, containers: Vec::new() };
    }
    let (automount, because) = automount(spec, account);
    // A server writes the volume into the Pods that it stores: there it can be seen.
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
    let (mounted, because) = match automount {
        _ if !containers.is_empty() => {
            let because = match automount {
                Some(true) if injected => because,
                None if injected => TokenBecause::Injected,
                _ => TokenBecause::Projected,
            };
            (Some(true), because)
        }
        None if visible => (Some(false), TokenBecause::NotInjected),
        None => (None, because),
        Some(true) if spec.containers.is_empty() => (Some(true), because),
        Some(true) if spec.containers.iter().all(|container| container.covers_token_path) => {
            (Some(false), TokenBecause::Covered)
        }
        Some(true) => (Some(false), TokenBecause::NotInjected),
        Some(false) => (Some(false), because),
    };
    TokenMount { mounted, because, containers }
}

/// Returns whether a token is to be mounted, and who says so: the Pod before the ServiceAccount.
fn automount(spec: &PodSpec, account: &Account<'_>) -> (Option<bool>, TokenBecause) {
    match (spec.automount_token, account) {
        (Some(said), _) => (Some(said), TokenBecause::Pod),
        (None, Account::Exists(account)) => match account.automount_token {
            Some(said) => (Some(said), TokenBecause::ServiceAccount),
            None => (Some(true), TokenBecause::Default),
        },
        (None, Account::Unread | Account::MadeByOperator) => (None, TokenBecause::ServiceAccount),
        (None, Account::Implied | Account::Template | Account::Missing) => {
            (Some(true), TokenBecause::Default)
        }
    }
}

/// Returns whether a volume is the one that servers add: `kube-api-access-*`, or before 1.21 the
/// Secret `ACCOUNT-token-*`.
fn is_injected(volume: &TokenVolume) -> bool {
    volume.name.starts_with("kube-api-access-")
        || volume.name.rsplit_once('-').is_some_and(|(head, tail)| {
            head.ends_with("-token")
                && tail.len() == 5
                && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}
