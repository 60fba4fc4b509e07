//! URL paths that servers handle as requests for resources.

use rolecall_rbac::{Catalog, Request, Resolved, ResourceRequest, Target, resource_request_of};

use super::oddity::{caveats_of_name, odd_resource, odd_verb};
use super::refuse_pattern_of_names;
use crate::error::CommandError;
use crate::ui::Ui;
use crate::words;

/// Returns the request that a server derives from a verb and a path with an optional query.
pub(crate) fn of_path(verb: &str, argument: &str) -> Request {
    let (path, query) = parts(argument);
    resource_request_of(verb, path, query).unwrap_or_else(|| Request::path(verb, path))
}

/// Returns the resource request that a path stands for, and reports it; `None` for other paths.
pub(super) fn resource_request(
    ui: &Ui,
    catalog: &Catalog,
    verb: &str,
    argument: &str,
) -> Result<Option<Request>, CommandError> {
    let request = of_path(verb, argument);
    let Target::Resource(target) = &request.target else { return Ok(None) };
    let resolved = resolved(catalog, target);
    refuse_pattern_of_names(&resolved, &target.name)?;
    ui.note(format!(
        "`{}` is the path of a resource: checking `{}`",
        parts(argument).0,
        words::request(&request)
    ));
    let oddities = [odd_verb(&request.verb, Some(&resolved)), odd_resource(catalog, &resolved)];
    oddities.into_iter().flatten().for_each(|oddity| ui.warn(oddity));
    caveats_of_name(&[verb], &target.name, &target.subresource)
        .into_iter()
        .for_each(|caveat| ui.note(caveat));
    Ok(Some(request))
}

fn resolved<'c>(catalog: &'c Catalog, target: &ResourceRequest) -> Resolved<'c> {
    Resolved {
        group: target.group.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        served: catalog.get(&target.group, &target.resource),
    }
}

fn parts(argument: &str) -> (&str, &str) {
    argument.split_once('?').unwrap_or((argument, ""))
}
