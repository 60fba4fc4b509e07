//! Replays the steps of a path against the evaluator.

use std::collections::BTreeSet;

use rolecall_paths::{Evidence, Extent, Gain, Path, Sink};
use rolecall_rbac::{Authorizer, Identity, Inventory, PolicyRule, covers, rule_allows};

/// Checks that each request of a path is allowed when it is made, and that the path ends at the
/// sink.
pub(crate) fn replay(
    authorizer: &Authorizer,
    start: &Identity,
    path: &Path<'_>,
    sink: &Sink,
) -> Result<(), String> {
    let mut identities: BTreeSet<Identity> = [start.clone()].into();
    let mut borrowed: BTreeSet<Identity> = BTreeSet::new();
    for (position, step) in path.steps.iter().enumerate() {
        if step.requests.is_empty() {
            return Err(format!("step {position} has no requests"));
        }
        for made in &step.requests {
            let is_known = identities.contains(&made.actor) || borrowed.contains(&made.actor);
            if !is_known {
                return Err(format!("step {position} acts as {:?}", made.actor));
            }
            let namespace = made.request.namespace();
            let is_allowed = match &made.by {
                Evidence::Privileged => made.actor.is_privileged(),
                Evidence::Grant(grant) => {
                    rule_allows(grant.rule, &made.request)
                        && authorizer.authorize(&made.actor, &made.request).verdict.is_allowed()
                }
                Evidence::Step(earlier) => {
                    *earlier < position
                        && match &path.steps[*earlier].gains {
                            Gain::ClusterAdmin => true,
                            Gain::Everything(extent) => applies(extent, namespace),
                            Gain::Role { role, extent } => {
                                applies(extent, namespace)
                                    && role.rules.iter().any(|it| rule_allows(it, &made.request))
                            }
                            _ => false,
                        }
                }
                Evidence::Covered(role) => {
                    let mut own: Vec<PolicyRule> = authorizer
                        .rules_for(&made.actor, namespace)
                        .rules
                        .iter()
                        .map(|rule| rule.rule.clone())
                        .collect();
                    for earlier in &path.steps[..position] {
                        if let Gain::Role { role, extent } = &earlier.gains
                            && applies(extent, namespace)
                        {
                            own.extend(role.rules.iter().cloned());
                        }
                    }
                    covers(&own, &role.rules).is_complete()
                }
            };
            if !is_allowed {
                return Err(format!("step {position}: {:?} by {:?}", made.request, made.by));
            }
        }
        match &step.gains {
            Gain::Identity(identity) => {
                identities.insert((**identity).clone());
            }
            Gain::Requests(identity) => {
                borrowed.insert((**identity).clone());
            }
            _ => {}
        }
    }
    let last = &path.steps.last().ok_or("no steps")?.gains;
    let ends = match (last, sink) {
        (Gain::ClusterAdmin, sink) => !matches!(sink, Sink::Node | Sink::User(_)),
        (Gain::Node, sink) => *sink == Sink::Node,
        (Gain::Identity(identity), Sink::User(name)) => identity.user == *name,
        (Gain::Identity(identity), Sink::Group(name)) => identity.is_in(name),
        (Gain::Identity(identity), Sink::ServiceAccount { namespace, name }) => {
            identity.user == Identity::service_account(namespace, name).user
        }
        (Gain::Requests(_), _) => false,
        _ => true,
    };
    if ends { Ok(()) } else { Err(format!("it ends at {last}")) }
}

fn applies(extent: &Extent, namespace: &str) -> bool {
    match extent {
        Extent::Cluster => true,
        Extent::EachNamespace => !namespace.is_empty(),
        Extent::Namespace(there) => **there == *namespace,
    }
}

/// Describes a universe, one line per object.
pub(crate) fn describe(inventory: &Inventory) -> Vec<String> {
    let mut lines = Vec::new();
    for role in inventory.roles() {
        let metadata = &role.metadata;
        lines.push(format!("{} {}/{}", role.kind(), metadata.namespace, metadata.name));
        if let Some(aggregation) = &role.aggregation {
            lines.push(format!("  aggregates {:?}", aggregation.selectors[0].match_labels));
        }
        for rule in &*role.rules {
            lines.push(format!(
                "  {:?} {:?} {:?} {:?}",
                rule.verbs, rule.api_groups, rule.resources, rule.resource_names
            ));
        }
    }
    for binding in inventory.bindings() {
        let subjects: Vec<String> = binding
            .subjects
            .iter()
            .map(|it| format!("{:?} {}/{}", it.kind, it.namespace, it.name))
            .collect();
        lines.push(format!(
            "{} {}/{} -> {} {} {subjects:?}",
            binding.kind(),
            binding.metadata.namespace,
            binding.metadata.name,
            binding.role_ref.kind,
            binding.role_ref.name
        ));
    }
    for account in inventory.service_accounts() {
        let metadata = &account.metadata;
        lines.push(format!(
            "ServiceAccount {}/{} {:?} {:?}",
            metadata.namespace, metadata.name, account.secrets, account.automount_token
        ));
    }
    for workload in inventory.workloads() {
        let pod = &workload.pods[0];
        lines.push(format!(
            "{} {}/{} as {} on {} {:?} mirror={}",
            workload.kind,
            workload.metadata.namespace,
            workload.metadata.name,
            pod.service_account,
            pod.node,
            pod.automount_token,
            workload.mirror
        ));
    }
    for object in inventory.named_objects() {
        lines.push(format!(
            "{} {}/{}",
            object.kind, object.metadata.namespace, object.metadata.name
        ));
    }
    lines
}
