use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads;
use crate::{Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC406, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        for invocation in &pod.invocations {
            let Some(address) = rolecall_command::proxy_address(invocation) else { continue };
            let local = address.starts_with("127.") || matches!(&*address, "localhost" | "::1");
            let (who, severity) = match local {
                true => ("the Pod's other containers", Severity::Medium),
                false => ("anyone who can reach the Pod", Severity::High),
            };
            let message = format!(
                "`kubectl proxy` on `{address}` gives the access of ServiceAccount `{}` to {who}",
                pod.spec.service_account_name()
            );
            let finding = Finding::new(RULE.meta, pod.workload.into(), message)
                .at(workloads::invocation_path(pod.spec, invocation))
                .in_line(invocation.place.line)
                .about(invocation.text.clone())
                .severity(severity)
                .fix(match local {
                    true => "let the program use the mounted token directly",
                    false => "listen on 127.0.0.1, or create a token for each program",
                });
            findings.push(finding);
        }
    }
}
