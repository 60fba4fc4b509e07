use rolecall_rbac::{Request, Text, rule_allows};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::joined;
use crate::{Finding, documents};
use rolecall_access::risk::ANYTHING;

pub(super) const RULE: Rule = Rule { meta: &documents::RC563, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let asked = ["get", "post"].map(|verb| Request::path(verb, format!("/{ANYTHING}")));
    for at in context.rules() {
        if !at.role.is_cluster_role() || !asked.iter().any(|request| rule_allows(at.rule, request))
        {
            continue;
        }
        // A rule with resources is reported as a wildcard instead.
        let everything = at.role.rules.iter().any(|rule| {
            let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
            star(&rule.verbs) && star(&rule.api_groups) && star(&rule.resources)
        });
        if everything {
            continue;
        }
        let message = "allows requests for every URL".to_owned();
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.path().then_key("nonResourceURLs"))
            .about(joined(&at.rule.verbs))
            .fix("list the required URLs");
        findings.push(finding);
    }
}
