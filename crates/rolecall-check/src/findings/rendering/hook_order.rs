use rolecall_rbac::{Binding, Identity, Metadata, Workload};

use super::hooks::{ArgoStep, HelmHook, Phase};
use crate::context::Context;
use crate::findings::Rule;
use crate::pods::PodOf;
use crate::{AppliedBy, FieldPath, Finding, ObjectRef, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC708, check };

/// The kinds in the order in which Helm creates hooks with the same weight and name.
const HELM_KINDS: [&str; 11] = [
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let metadata = &pod.workload.metadata;
        let hook = HelmHook::of(metadata);
        if context.input.applied_by == AppliedBy::ArgoCd {
            of_argo(context, pod, ArgoStep::of_release, findings);
        } else if let Some(hook) = hook {
            if hook.has("pre-install") {
                of_helm(context, pod, &hook, findings);
            }
        } else {
            of_argo(context, pod, ArgoStep::of, findings);
        }
    }
}

/// Reports the objects that a `pre-install` hook needs and that Helm creates after it.
fn of_helm<'a>(
    context: &Context<'a>,
    pod: &PodOf<'a>,
    hook: &HelmHook<'_>,
    findings: &mut Vec<Finding>,
) {
    let own = place(hook, &pod.workload.kind, &pod.workload.metadata);
    let is_late = |kind: &str, metadata: &Metadata| match HelmHook::of(metadata) {
        Some(other) => !other.has("pre-install") || place(&other, kind, metadata) > own,
        None => true,
    };
    let Some(needed) = Needed::of(context, pod, is_late) else { return };
    let because = match needed.is_hook {
        true => "a hook that Helm creates later",
        false => "an ordinary object, which Helm creates later",
    };
    let weight = hook.weight.saturating_sub(1);
    let message = format!(
        "{} hook: {} is {because}; {}",
        hook.events.join(","),
        needed.object,
        needed.effect("`helm install` hangs until its timeout")
    );
    let fix = format!(
        "add the annotations `helm.sh/hook: pre-install,pre-upgrade` and `helm.sh/hook-weight: \"{weight}\"` to {}",
        needed.object
    );
    findings.push(needed.finding(pod.workload, message, fix));
}

/// Returns the place of a hook in the order of execution.
fn place<'a>(hook: &HelmHook<'_>, kind: &str, metadata: &'a Metadata) -> (i64, &'a str, usize) {
    let rank = HELM_KINDS.iter().position(|known| *known == kind).unwrap_or(HELM_KINDS.len());
    (hook.weight, &metadata.name, rank)
}

/// Reports the objects that a workload needs and that Argo CD applies after it is complete.
fn of_argo<'a>(
    context: &Context<'a>,
    pod: &PodOf<'a>,
    step_of: impl Fn(&Metadata) -> Option<ArgoStep>,
    findings: &mut Vec<Finding>,
) {
    let Some(own) = step_of(&pod.workload.metadata) else { return };
    let is_late = |_: &str, metadata: &Metadata| step_of(metadata).is_none_or(|other| other > own);
    // Only Jobs have to complete before the next wave; other workloads only have to start.
    let must_complete = own.phase != Phase::Sync || *pod.workload.kind == *"Job";
    let needed = match must_complete {
        true => Needed::of(context, pod, is_late),
        false => Needed::account(context, pod, &is_late),
    };
    let Some(needed) = needed else { return };
    let shown = |step: ArgoStep| format!("{} wave {}", step.phase.as_str(), step.wave);
    let later = match needed.metadata.and_then(&step_of) {
        Some(step) => format!("in {}", shown(step)),
        None => "never in a successful sync".to_owned(),
    };
    let message = format!(
        "{}: Argo CD applies {} {later}; {}",
        shown(own),
        needed.object,
        needed.effect("the first sync does not get past it")
    );
    let mut annotations = Vec::new();
    if own.phase != Phase::Sync {
        annotations.push(format!("`argocd.argoproj.io/hook: {}`", own.phase.as_str()));
    }
    let wave = if own.phase == Phase::Sync { own.wave } else { own.wave.saturating_sub(1) };
    annotations.push(format!("`argocd.argoproj.io/sync-wave: \"{wave}\"`"));
    let fix = format!("add {} to {}", annotations.join(" and "), needed.object);
    findings.push(needed.finding(pod.workload, message, fix));
}

/// An object that a workload needs, and that does not exist when the workload runs.
struct Needed<'a> {
    object: ObjectRef,
    metadata: Option<&'a Metadata>,
    is_account: bool,
    is_hook: bool,
}

impl<'a> Needed<'a> {
    /// Returns the first late object: the ServiceAccount, or all objects that grant access to it.
    fn of(
        context: &Context<'a>,
        pod: &PodOf<'a>,
        is_late: impl Fn(&str, &Metadata) -> bool,
    ) -> Option<Self> {
        if let Some(account) = Self::account(context, pod, &is_late) {
            return Some(account);
        }
        let namespace = &pod.workload.metadata.namespace;
        let identity = Identity::service_account(namespace, pod.spec.service_account_name());
        let bound = context.authorizer().bindings_of(&identity);
        let own: Vec<&'a Binding> = bound
            .into_iter()
            .map(|it| it.binding)
            .filter(|it| context.is_judged(&it.metadata))
            .collect();
        let late = own.iter().find(|it| is_late(it.kind(), &it.metadata));
        if let (Some(binding), true) = (late, own.iter().all(|it| is_late(it.kind(), &it.metadata)))
        {
            return Some(Self::new((*binding).into(), &binding.metadata, false));
        }
        let roles = own.iter().filter_map(|binding| context.role_of(binding));
        let mut roles = roles.filter(|role| context.is_judged(&role.metadata));
        let late = roles.find(|role| is_late(role.kind(), &role.metadata))?;
        Some(Self::new(late.into(), &late.metadata, false))
    }

    /// Returns the ServiceAccount, if it is late.
    fn account(
        context: &Context<'a>,
        pod: &PodOf<'a>,
        is_late: &impl Fn(&str, &Metadata) -> bool,
    ) -> Option<Self> {
        let account = pod.account.filter(|it| context.is_judged(&it.metadata))?;
        let is_account_late = is_late("ServiceAccount", &account.metadata);
        is_account_late.then(|| Self::new(account.into(), &account.metadata, true))
    }

    fn new(object: ObjectRef, metadata: &'a Metadata, is_account: bool) -> Self {
        let is_hook = HelmHook::of(metadata).is_some();
        Self { object, metadata: Some(metadata), is_account, is_hook }
    }

    /// Returns the effect on the workload, followed by the consequence.
    fn effect(&self, then: &str) -> String {
        match self.is_account {
            true => format!("its Pods cannot be created, and {then}"),
            false => "its requests are denied".to_owned(),
        }
    }

    fn finding(&self, workload: &Workload, message: String, fix: String) -> Finding {
        let key = ["helm.sh/hook", "argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"]
            .into_iter()
            .find(|key| workload.metadata.annotation(key).is_some())
            .unwrap_or_default();
        let annotations = FieldPath::key("metadata").then_key("annotations");
        Finding::new(RULE.meta, workload.into(), message)
            .at(if key.is_empty() { FieldPath::key("metadata") } else { annotations.then_key(key) })
            .about(self.object.to_string())
            .fix(fix)
            .related(self.object.clone(), "is created later")
    }
}
