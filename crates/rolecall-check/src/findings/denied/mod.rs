//! RC3: workloads whose requests will be denied.

mod api_request_denied;
mod declared_need_denied;
mod deployer;
mod helm_denied;
mod kubectl_denied;
mod malformed_needs;

use rolecall_command::{Invocation, Need, Tool, masked_line, needs_of};
use rolecall_rbac::{Identity, PodSpec, Request, Workload};

use super::Rule;
use super::workloads;
use crate::context::Context;
use crate::judgement::{Judgement, judge};
use crate::pods::RunsAs;
use crate::{Denied, Finding, RuleMeta};

pub use self::deployer::{Deployer, check_deployer, unheld_grants};

pub(super) const RULES: &[&Rule] = &[
    &kubectl_denied::RULE,
    &helm_denied::RULE,
    &api_request_denied::RULE,
    &declared_need_denied::RULE,
    &malformed_needs::RULE,
];

/// Reports the command lines of tools that will be denied.
fn check_tool(
    context: &Context<'_>,
    tools: &[Tool],
    meta: &'static RuleMeta,
    findings: &mut Vec<Finding>,
) {
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        for invocation in &pod.invocations {
            if !tools.contains(&invocation.tool) {
                continue;
            }
            let catalog = context.catalog();
            let needs = needs_of(invocation, catalog, context.input.version);
            let refused = refused(context, &needs, identity, pod.workload);
            if !refused.is_empty() {
                let field = workloads::invocation_path(pod.spec, invocation);
                let said = describe(pod.workload, pod.spec, &refused);
                let message = format!("`{}` will be refused: {said}", shortened(invocation));
                findings.push(
                    denied(context, meta, pod.workload, message, identity, refused)
                        .at(field)
                        .in_line(invocation.place.line)
                        .about(invocation.text.clone()),
                );
            }
        }
    }
}

/// The requests that will be denied, each once.
#[derive(Default)]
struct Refused {
    requests: Vec<Request>,
    /// The requests whose namespace is only known at run time.
    somewhere: Vec<Request>,
}

impl Refused {
    fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.somewhere.is_empty()
    }
}

/// Evaluates needs one by one.
fn refused(
    context: &Context<'_>,
    needs: &[Need],
    identity: &Identity,
    workload: &Workload,
) -> Refused {
    let namespace = &workload.metadata.namespace;
    let mut refused = Refused::default();
    for need in needs {
        let judged = judge(need, context.authorizer(), context.catalog(), identity, namespace);
        if let Judgement::Refused { request, somewhere } = judged {
            let requests = if somewhere { &mut refused.somewhere } else { &mut refused.requests };
            if !requests.contains(&request) {
                requests.push(request);
            }
        }
    }
    refused
}

fn denied(
    context: &Context<'_>,
    meta: &'static RuleMeta,
    workload: &Workload,
    message: String,
    identity: &Identity,
    refused: Refused,
) -> Finding {
    let Refused { requests, somewhere } = refused;
    let mut finding = Finding::new(meta, workload.into(), message)
        .unless(workloads::unread_grants(context, identity));
    finding.denied =
        Some(Box::new(Denied { identity: identity.clone(), requests, somewhere, access: None }));
    finding
}

/// Describes the denied requests and their subject.
fn describe(workload: &Workload, pod: &PodSpec, refused: &Refused) -> String {
    let somewhere = refused.somewhere.iter().map(|request| {
        let said = request.to_string();
        let said = said.strip_suffix(" at the cluster scope").unwrap_or(&said);
        format!("{said} in any namespace")
    });
    let mut cannot: Vec<String> = Vec::new();
    for said in refused.requests.iter().map(ToString::to_string).chain(somewhere) {
        // Requests that differ in their names read the same.
        if !cannot.contains(&said) {
            cannot.push(said);
        }
    }
    format!(
        "ServiceAccount `{}/{}` cannot {}",
        workload.metadata.namespace,
        pod.service_account_name(),
        cannot.join(", nor ")
    )
}

/// Returns a command line that fits into a message.
fn shortened(invocation: &Invocation) -> String {
    const LONGEST: usize = 80;
    let text: String = masked_line(&invocation.text).replace(['\n', '`'], " ");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 2).chain("..".chars()).collect()
}
