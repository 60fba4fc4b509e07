use rolecall_rbac::{is_resource_path, is_template};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::quote;
use crate::{Finding, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC214, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        for (index, url) in at.rule.non_resource_urls.iter().enumerate() {
            let Some((what, fix)) = dead_url(url) else { continue };
            let message = format!("{} matches no request: {what}", quote(url));
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("nonResourceURLs", index))
                .about(&**url)
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Returns the reason why a URL does not match, and the correction.
pub(super) fn dead_url(url: &str) -> Option<(&'static str, String)> {
    let path = url.trim_end_matches('*');
    if path.is_empty() || is_template(path) {
        return None;
    }
    if let Some((_, rest)) = path.split_once("://") {
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        return Some(("only the path is compared, without the host", format!("use `/{path}`")));
    }
    if !path.starts_with('/') {
        return Some(("paths start with `/`", format!("use `/{url}`")));
    }
    if let Some(position) = path.find('*') {
        let prefix = path.get(..position).unwrap_or_default();
        return Some(("only a trailing `*` is a wildcard", format!("use `{prefix}*`")));
    }
    (is_resource_path(path) && !known::is_of_other_server(path)).then(|| {
        ("it is the path of a resource", "grant the resource instead of its URL".to_owned())
    })
}
