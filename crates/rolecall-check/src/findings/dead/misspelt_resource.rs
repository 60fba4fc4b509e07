use rolecall_rbac::ServedResource;

use crate::context::Context;
use crate::fate::Dead;
use crate::findings::Rule;
use crate::words::{group_names, quote};
use crate::{Finding, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC202, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for dead in super::dead_entries(context) {
        let Dead::Spelling { meant, subresource, in_other_group } = &dead.why else { continue };
        let (subresource, in_other_group) = (*subresource, *in_other_group);
        let has_subresource = subresource.is_empty()
            || meant.is_virtual
            || !known::is_built_in(&meant.group)
            || known::has_subresource(
                context.catalog(),
                &meant.group,
                &meant.resource,
                subresource,
            );
        let plural = match subresource {
            "" => meant.resource.to_string(),
            _ if !has_subresource => meant.resource.to_string(),
            subresource => format!("{}/{subresource}", meant.resource),
        };
        let written = dead.entry.split('/').next().unwrap_or_default();
        let message = format!(
            "{} matches nothing: it is {} `{}`",
            quote(dead.entry),
            what_is(written, meant),
            meant.resource
        );
        let fix = match in_other_group {
            true => {
                format!("use `{plural}` in a rule for {}", group_names(&[&meant.group]))
            }
            false => format!("use `{plural}`"),
        };
        let fix = match has_subresource {
            true => fix,
            false => format!("{fix}: there is no subresource `{subresource}`"),
        };
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(finding);
    }
}

/// Describes the relation of a spelling to a resource.
fn what_is(written: &str, meant: &ServedResource) -> &'static str {
    if written == &*meant.kind {
        "the kind of"
    } else if written == &*meant.singular {
        "the singular of"
    } else if meant.short_names.iter().any(|name| **name == *written) {
        "a short name of"
    } else {
        "another spelling of"
    }
}
