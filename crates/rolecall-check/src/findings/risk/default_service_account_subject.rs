use rolecall_access::risk::DEFAULT_ACCOUNT;

use super::subjects;
use crate::context::Context;
use crate::findings::{Rule, accounts};
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC509, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, binding| {
        let account = accounts::account_of(subject, binding);
        let default = account.is_some_and(|(_, name)| name == "default");
        default.then_some(subjects::Report {
            message: "grants access to every Pod that does not set a ServiceAccount",
            scoped: &DEFAULT_ACCOUNT,
            fix: "bind the role to the ServiceAccount of the workload that needs it",
        })
    });
}
