use rolecall_rbac::Identity;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};
use rolecall_access::risk::{self, RiskIndex};

pub(super) const RULE: Rule = Rule { meta: &documents::RC556, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut index = RiskIndex::new(context.risks());
    for account in context.service_accounts() {
        let metadata = &account.metadata;
        if !metadata.name.contains("dashboard") {
            continue;
        }
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let worst = index
            .risks_of(&identity)
            .into_iter()
            .find(|risk| risk.namespace.is_none() && risk::takes_over(risk.code));
        let Some(may) = worst.map(|risk| risk.may()) else { continue };
        let message = format!("anyone who can reach this dashboard can {may}, in every namespace");
        let finding = Finding::new(RULE.meta, account.into(), message)
            .fix("let the dashboard act with the token of its user");
        findings.push(finding);
    }
}
