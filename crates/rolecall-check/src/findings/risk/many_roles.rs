use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Identity;

use crate::context::Context;
use crate::findings::Rule;
use crate::words::listed;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC561, check };

/// The minimum number of roles for which a ServiceAccount is reported.
const MANY: usize = 4;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let names = context.names();
    for account in context.service_accounts().filter(|account| names.is_bound(account)) {
        let metadata = &account.metadata;
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let mut roles: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for bound in context.authorizer().bindings_of(&identity) {
            let Ok(role) = bound.role else { continue };
            let is_own = bound.subject.name == metadata.name && context.is_judged(&role.metadata);
            if is_own && !context.is_default_role(role) {
                let place = &*bound.binding.metadata.namespace;
                let name = format!("{} {}", role.kind(), role.metadata.name);
                roles.entry(place).or_default().insert(name);
            }
        }
        for (place, roles) in roles.into_iter().filter(|(_, roles)| roles.len() >= MANY) {
            let at = match place {
                "" => "cluster-wide".to_owned(),
                namespace => format!("in namespace `{namespace}`"),
            };
            let names: Vec<String> = roles.into_iter().collect();
            let message = format!("has {} roles {at}: {}", names.len(), listed(&names));
            let finding = Finding::new(RULE.meta, account.into(), message)
                .about(place)
                .fix("merge their rules into one role");
            findings.push(finding);
        }
    }
}
