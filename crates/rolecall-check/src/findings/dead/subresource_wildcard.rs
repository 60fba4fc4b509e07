use crate::context::Context;
use crate::fate::Dead;
use crate::findings::Rule;
use crate::words::quote;
use crate::{Finding, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC201, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for dead in super::dead_entries(context) {
        if dead.why != Dead::SubresourceWildcard {
            continue;
        }
        let parent = dead.entry.trim_end_matches("/*");
        let fix = if parent == "*" {
            "use `*` for all resources and their subresources, or list the required ones".to_owned()
        } else {
            let subresources: Vec<String> = context
                .catalog()
                .named(parent)
                .filter(|served| *served.resource == *parent)
                .flat_map(known::subresources_of)
                .map(|subresource| format!("`{parent}/{subresource}`"))
                .collect();
            match &*subresources {
                [] => format!("list each subresource, such as `{parent}/status`"),
                several => format!("list each required subresource: {}", several.join(", ")),
            }
        };
        let message = format!("{} is compared literally and matches nothing", quote(dead.entry));
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(finding);
    }
}
