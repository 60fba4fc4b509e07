//! Functions about workloads that several rules use.

use rolecall_command::{Invocation, annotation, masked_line, needs_of, proxy_address};
use rolecall_rbac::{Binding, BoundRole, Gap, Identity, ObjectKind, PodSpec, Text, Unread};

use super::accounts;
use crate::context::Context;
use crate::pods::PodOf;
use crate::{FieldPath, Finding, unread};

/// Returns the bindings that grant an identity more than the default access of every user.
pub(super) fn own_bindings<'a>(context: &Context<'a>, identity: &Identity) -> Vec<BoundRole<'a>> {
    let mut bindings = context.authorizer().bindings_of(identity);
    bindings.retain(|bound| {
        !is_everybodys(context, bound.binding)
            && bound.role.is_ok_and(|role| !role.rules.is_empty())
    });
    bindings
}

/// Returns whether a binding is one of the default bindings of every server.
fn is_everybodys(context: &Context<'_>, binding: &Binding) -> bool {
    context.is_default_binding(binding)
}

/// Returns whether a Pod might have rights that could not be read.
pub(super) fn may_hold_more(context: &Context<'_>, identity: &Identity) -> bool {
    let is_list = |gap: &Gap| unread::file_of(gap).is_none();
    context.authorizer().rules_for(identity, "").gaps.iter().any(is_list)
        || context.is_unlisted(Gap::may_hide_cluster_role)
}

/// Returns the unread files that might grant an identity more access.
pub(super) fn unread_grants(context: &Context<'_>, identity: &Identity) -> Vec<Text> {
    let gaps = context.authorizer().gaps_of(identity);
    context.unread_files(|gap| gap.may_hide_cluster_role() || gaps.contains(gap))
}

/// Returns whether a token for the API server is mounted into a container of a Pod.
pub(super) fn mounts_token(pod: &PodOf<'_>) -> bool {
    pod.automounts || mounts_explicitly(pod.spec)
}

fn mounts_explicitly(spec: &PodSpec) -> bool {
    spec.token_volumes
        .iter()
        .any(|volume| volume.audience.is_empty() && !volume.mounted_by.is_empty())
}

/// Returns a command line of a Pod that makes requests to the API server, or its declared needs.
pub(super) fn evidence_of_need(context: &Context<'_>, pod: &PodOf<'_>) -> Option<String> {
    let catalog = context.catalog();
    let invocation = pod.invocations.iter().find(|invocation| {
        !needs_of(invocation, catalog, context.input.version).is_empty()
            || proxy_address(invocation).is_some()
    });
    match invocation {
        Some(invocation) => {
            let line = masked_line(&invocation.text);
            let words = line.split_whitespace().take(3);
            Some(format!("it runs `{}`", words.collect::<Vec<_>>().join(" ")))
        }
        None => annotation::of(pod.workload, pod.spec)
            .map(|_| format!("it declares `{}`", annotation::KEY)),
    }
}

/// Locates a finding at the field that names a Pod's ServiceAccount.
pub(super) fn at_account(finding: Finding, spec: &PodSpec) -> Finding {
    let path = FieldPath::default().then_dotted(&spec.path);
    match &*spec.service_account {
        "" => finding.at_line(path, spec.lines.spec),
        _ => finding.at_line(path.then_key("serviceAccountName"), spec.lines.service_account),
    }
}

/// Locates a finding at the field that decides whether a token is mounted into a Pod.
pub(super) fn at_token(finding: Finding, spec: &PodSpec) -> Finding {
    let path = FieldPath::default().then_dotted(&spec.path);
    match spec.automount_token {
        None => finding.at_line(path, spec.lines.spec),
        Some(_) => finding
            .at_line(path.then_key("automountServiceAccountToken"), spec.lines.automount_token),
    }
}

/// Returns the path of a container's command line: the script that contains it, or else the list of its
/// words.
pub(super) fn invocation_path(spec: &PodSpec, invocation: &Invocation) -> FieldPath {
    let path = FieldPath::default().then_dotted(&spec.path);
    let Some(container) = spec.containers.get(invocation.container) else { return path };
    let before = spec.containers.iter().take(invocation.container);
    let index = before.filter(|other| other.init == container.init).count();
    let list = if container.init { "initContainers" } else { "containers" };
    let path = path.then_key(list).then_index(index).then_key(invocation.place.list);
    invocation.place.item.into_iter().fold(path, FieldPath::then_index)
}

/// Returns whether all workloads were listed, so that a workload that is not in the input does not exist or
/// is in an unread file.
pub(super) fn are_all_known(context: &Context<'_>) -> bool {
    !context.inventory().workloads().is_empty() && !context.is_unlisted(may_hide_any_workload)
}

/// Returns whether a gap might hide a workload in any namespace.
pub(super) fn may_hide_any_workload(gap: &Gap) -> bool {
    match &gap.unread {
        Unread::Anything => true,
        Unread::Kind { kind, .. }
        | Unread::KindOutside { kind, .. }
        | Unread::Object { kind, .. } => {
            matches!(kind, ObjectKind::Other(_))
        }
        Unread::Authorizer { .. } => false,
    }
}

/// Returns whether a Pod's ServiceAccount exists, or might exist.
pub(super) fn account_exists(context: &Context<'_>, pod: &PodOf<'_>) -> bool {
    let namespace = &pod.workload.metadata.namespace;
    let name = pod.spec.service_account_name();
    pod.account.is_some()
        || pod.spec.account_is_derived
        || accounts::exists(context, namespace, name)
        || (context.is_guess(&pod.workload.metadata) && !context.names().accounts(name).is_empty())
}
