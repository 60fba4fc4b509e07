//! The annotations with which Helm and Argo CD order objects.

use rolecall_rbac::Metadata;

/// The time at which Helm creates an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HelmHook<'a> {
    /// The events, such as `pre-install`.
    pub(super) events: Vec<&'a str>,
    /// The weight: hooks with lower ones come first.
    pub(super) weight: i64,
}

impl<'a> HelmHook<'a> {
    /// Reads the annotations of a hook; `None` for an ordinary object.
    pub(super) fn of(metadata: &'a Metadata) -> Option<Self> {
        let events = metadata.annotation("helm.sh/hook")?;
        let weight = number(metadata, "helm.sh/hook-weight").unwrap_or_default();
        Some(Self { events: list(events), weight })
    }

    /// Returns whether it runs for an event. Helm ignores the case.
    pub(super) fn has(&self, event: &str) -> bool {
        self.events.iter().any(|own| own.eq_ignore_ascii_case(event))
    }
}

/// The time at which Argo CD applies an object: the phase and the wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ArgoStep {
    pub(super) phase: Phase,
    pub(super) wave: i64,
}

/// The phases of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Before the ordinary objects.
    PreSync,
    /// With the ordinary objects.
    Sync,
    /// After them.
    PostSync,
}

impl Phase {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
        }
    }
}

impl ArgoStep {
    /// Reads the annotations; `None` for an object that no successful sync applies.
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        let wave = number(metadata, WAVE).unwrap_or_default();
        let Some(hooks) = metadata.annotation("argocd.argoproj.io/hook") else {
            return Some(Self { phase: Phase::Sync, wave });
        };
        let phases = list(hooks).into_iter().filter_map(|hook| match hook {
            "PreSync" => Some(Phase::PreSync),
            "Sync" => Some(Phase::Sync),
            "PostSync" => Some(Phase::PostSync),
            _ => None,
        });
        Some(Self { phase: phases.min()?, wave })
    }

    /// Reads the annotations as Argo CD does when it deploys a chart: Helm hooks count unless the object has
    /// a hook of Argo CD, and weights are waves (`pkg/sync/hook/helm` of gitops-engine).
    pub(super) fn of_release(metadata: &Metadata) -> Option<Self> {
        let own = Self::of(metadata);
        let has_own = own.is_none_or(|own| own.phase != Phase::Sync)
            || metadata.annotation("argocd.argoproj.io/hook").is_some();
        let Some(hook) = HelmHook::of(metadata).filter(|_| !has_own) else { return own };
        let wave = number(metadata, WAVE).unwrap_or(hook.weight);
        let phases = hook.events.iter().filter_map(|event| match *event {
            "pre-install" | "pre-upgrade" => Some(Phase::PreSync),
            "crd-install" => Some(Phase::Sync),
            "post-install" | "post-upgrade" => Some(Phase::PostSync),
            // No sync creates the others.
            _ => None,
        });
        Some(Self { phase: phases.min()?, wave })
    }
}

/// The annotation with the wave of an object.
const WAVE: &str = "argocd.argoproj.io/sync-wave";

fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

fn number(metadata: &Metadata, key: &str) -> Option<i64> {
    metadata.annotation(key)?.trim().parse().ok()
}
