//! The subjects that deploy charts: they need the access that Helm needs, and the rights that the chart grants.

use rolecall_rbac::{
    Authorizer, Identity, Inventory, Origin, PolicyRule, Request, ResourceRequest, Role, Verdict,
    covers,
};

use crate::words::listed;
use crate::{FieldPath, Finding, ObjectRef, documents};

/// The maximum number of requests in a message.
const SHOWN: usize = 3;

/// A subject that deploys a chart.
#[derive(Clone, Debug)]
pub struct Deployer<'a> {
    /// The object that names it, such as a HelmRelease.
    pub object: ObjectRef,
    /// The field with its name.
    pub field: &'a str,
    /// The line of the field.
    pub line: u32,
    /// The subject in SUBJECT notation.
    pub subject: &'a str,
    /// The identity of the subject.
    pub identity: &'a Identity,
    /// The chart.
    pub chart: &'a str,
    /// The command that grants the missing access.
    pub command: &'a str,
    /// The requests of Helm.
    pub requests: &'a [Request],
    /// The objects of the chart.
    pub result: &'a Inventory,
    /// The access that the whole input grants.
    pub access: &'a Authorizer,
}

/// Returns a finding about requests that will be denied.
pub fn check_deployer(deployer: &Deployer<'_>) -> Option<Finding> {
    let is_refused = |request: &Request| {
        let decision = deployer.access.authorize(deployer.identity, request);
        matches!(decision.verdict, Verdict::NoOpinion)
    };
    let refused: Vec<String> = deployer
        .requests
        .iter()
        .filter(|request| is_refused(request))
        .map(ToString::to_string)
        .collect();
    let unheld = unheld_grants(deployer.identity, deployer.result, deployer.access);
    let mut lacks = Vec::new();
    if let Some(first) = refused.get(..refused.len().min(SHOWN)).filter(|it| !it.is_empty()) {
        let more = match refused.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(", nor make {more} more requests"),
        };
        lacks.push(format!("cannot {}{more}", first.join(", nor ")));
    }
    if !unheld.is_empty() {
        lacks.push(format!(
            "lacks rights that {}, and can grant only rights that it has",
            match &*unheld {
                [one] => format!("{one} grants"),
                several => format!("{} grant", listed(several)),
            }
        ));
    }
    if lacks.is_empty() {
        return None;
    }
    let Deployer { object, chart, subject, field, line, .. } = deployer;
    let message =
        format!("Helm will be refused for chart `{chart}`: `{subject}` {}", lacks.join(", and "));
    let fix = format!("grant what is missing, for example with `{}`", deployer.command);
    let field = field
        .split('.')
        .skip(1)
        .fold(FieldPath::key(field.split('.').next().unwrap_or_default()), FieldPath::then_key);
    let finding = Finding::new(&documents::RC302, object.clone(), message)
        .at_line(field, *line)
        .about(format!("{chart} {subject}"))
        .fix(fix);
    Some(finding)
}

/// Returns the roles and bindings of a chart that the server refuses, because the identity neither has their
/// rights, nor `escalate` or `bind`.
pub fn unheld_grants(identity: &Identity, result: &Inventory, access: &Authorizer) -> Vec<String> {
    let roles = result.roles().iter().filter(|role| is_read(&role.metadata.origin));
    let roles = roles
        .filter(|role| {
            role.aggregation.is_none()
                && lacks(access, identity, role, "escalate", &role.metadata.namespace)
        })
        .map(|role| ObjectRef::from(role).to_string());
    let bindings = result.bindings().iter().filter(|it| is_read(&it.metadata.origin));
    let bindings = bindings
        .filter(|binding| {
            let namespace = match binding.role_ref.kind.as_str() {
                "ClusterRole" => "",
                _ => &*binding.metadata.namespace,
            };
            let name = &binding.role_ref.name;
            let known = || access.inventory().role(namespace, name);
            let role = result.role(namespace, name).or_else(known);
            role.is_some_and(|role| {
                lacks(access, identity, role, "bind", &binding.metadata.namespace)
            })
        })
        .map(|binding| ObjectRef::from(binding).to_string());
    roles.chain(bindings).collect()
}

/// Returns whether an identity certainly has neither the rights of a role in a namespace, nor the verb that
/// replaces them.
fn lacks(
    access: &Authorizer,
    identity: &Identity,
    role: &Role,
    verb: &str,
    namespace: &str,
) -> bool {
    let review = access.rules_for(identity, namespace);
    let held: Vec<PolicyRule> = review.rules.iter().map(|held| held.rule.clone()).collect();
    if !review.gaps.is_empty() || covers(&held, &role.rules).is_complete() {
        return false;
    }
    let request = Request::resource(
        verb,
        ResourceRequest {
            namespace: match verb {
                // The server checks this in the namespace of the binding.
                "bind" => namespace.into(),
                _ => role.metadata.namespace.clone(),
            },
            group: "rbac.authorization.k8s.io".into(),
            resource: if role.is_cluster_role() { "clusterroles" } else { "roles" }.into(),
            name: role.metadata.name.clone(),
            ..ResourceRequest::default()
        },
    );
    matches!(access.authorize(identity, &request).verdict, Verdict::NoOpinion)
}

fn is_read(origin: &Origin) -> bool {
    matches!(origin, Origin::File { .. })
}
