//! The resolution of RESOURCE arguments, with hints for invalid ones.

use std::collections::BTreeSet;

use rolecall_access::known::{is_built_in, subresources_of};
use rolecall_rbac::{Catalog, Glob, ResolveError, Resolved, Text, edit_distance};

use super::Question;
use crate::error::{CommandError, Hint};
use crate::load::Session;

/// A resolved resource and the name of the object; empty for none.
pub(super) struct Named<'a> {
    /// The resource.
    pub(super) resolved: Resolved<'a>,
    /// The object's name.
    pub(super) name: &'a str,
}

/// Resolves the resource of a question. `TYPE/NAME` names an object if TYPE has no such subresource.
pub(super) fn resolve_named<'a>(
    question: Question<'a>,
    session: &'a Session,
) -> Result<Named<'a>, CommandError> {
    let Question { verb, resource, subresource, name, .. } = question;
    let catalog = &session.catalog;
    let hinted = |error| hint_groups(error, session, resource);
    if !subresource.is_empty() {
        // As in kubectl, `deploy/web --subresource scale` names an object.
        if let Some((head, object)) = resource.split_once('/')
            && is_object(catalog, verb, resource, object)
        {
            refuse_two_names(resource, object, name)?;
            let resolved = resolve_subresource(catalog, verb, head, subresource);
            return Ok(Named { resolved: resolved.map_err(hinted)?, name: object });
        }
        let resolved = resolve_subresource(catalog, verb, resource, subresource);
        return Ok(Named { resolved: resolved.map_err(hinted)?, name });
    }
    refuse_pattern_of_subresources(catalog, verb, resource)?;
    let resolved = catalog.resolve_for(verb, resource);
    if let Err(ResolveError::UnknownSubresource { served, .. }) = &resolved
        && let Some((head, object)) = resource.split_once('/')
        && is_name(catalog, object, served)
        && let Ok(resolved) = catalog.resolve_for(verb, head)
    {
        refuse_two_names(resource, object, name)?;
        return Ok(Named { resolved, name: object });
    }
    let resolved = resolved.map_err(|error| hinted(unresolved(resource, error)))?;
    Ok(Named { resolved: with_known_subresource(resource, resolved)?, name })
}

/// Returns whether the text after a slash is the name of an object, as its resource has no such subresource.
fn is_object(catalog: &Catalog, verb: &str, resource: &str, object: &str) -> bool {
    match catalog.resolve_for(verb, resource) {
        Err(ResolveError::UnknownSubresource { .. }) => !object.contains(['/', '*']),
        _ => false,
    }
}

/// Rejects `TYPE/NAME` beside `--name`.
fn refuse_two_names(resource: &str, object: &str, name: &str) -> Result<(), CommandError> {
    if name.is_empty() || name == object {
        return Ok(());
    }
    let error = format!(
        "`{resource}` already names an object, so it cannot be combined with `--name {name}`"
    );
    let (head, _) = resource.split_once('/').unwrap_or((resource, ""));
    Err(CommandError::usage(error).with_hint(Hint::did_you_mean(
        format!("{resource} --name {name}"),
        [resource.to_owned(), format!("{head}/{name}")],
    )))
}

/// Resolves a RESOURCE argument without an object, for a verb.
pub(crate) fn resolve<'a>(
    catalog: &'a Catalog,
    verb: &str,
    argument: &str,
) -> Result<Resolved<'a>, CommandError> {
    refuse_pattern_of_subresources(catalog, verb, argument)?;
    let resolved =
        catalog.resolve_for(verb, argument).map_err(|error| unresolved(argument, error))?;
    with_known_subresource(argument, resolved)
}

/// Resolves a RESOURCE argument with the subresource of `--subresource`.
pub(crate) fn resolve_subresource<'a>(
    catalog: &'a Catalog,
    verb: &str,
    resource: &str,
    subresource: &str,
) -> Result<Resolved<'a>, CommandError> {
    if let Some((head, object)) = resource.split_once('/') {
        if is_object(catalog, verb, resource, object) {
            let error = format!("`{resource}` names one object");
            return Err(CommandError::usage(error).with_hint(Hint::did_you_mean(
                format!("{resource} --subresource {subresource}"),
                [format!("{head}/{subresource} --name {object}")],
            )));
        }
        let error = format!("`{resource}` already contains a subresource");
        return Err(CommandError::usage(error).with_hint(Hint::did_you_mean(
            format!("{resource} --subresource {subresource}"),
            [resource],
        )));
    }
    let written = format!("{resource}/{subresource}");
    refuse_pattern_of_subresources(catalog, verb, &written)?;
    catalog.resolve_for(verb, &written).map_err(|error| unresolved(&written, error))
}

/// Rejects `pods/*` and `*/*`: RBAC compares them literally, so neither a rule nor a request with them has a
/// meaning.
fn refuse_pattern_of_subresources(
    catalog: &Catalog,
    verb: &str,
    argument: &str,
) -> Result<(), CommandError> {
    let Some((resource, subresource)) = argument.split_once('/') else { return Ok(()) };
    if !Glob::is_pattern(subresource) || argument.starts_with('/') {
        return Ok(());
    }
    let error = format!("`{argument}` matches no request: RBAC has no wildcard for subresources");
    if resource == "*" {
        let error = format!("{error}, and `*` already includes them");
        return Err(CommandError::usage(error).with_hint(Hint::did_you_mean(argument, ["*"])));
    }
    let served = catalog.resolve_for(verb, resource).ok().and_then(|resolved| resolved.served);
    let subresources: Vec<String> = served.map(subresources_of).unwrap_or_default();
    let error = match &*subresources {
        [] => error,
        names => format!("{error}; `{resource}` has {}", names.join(", ")),
    };
    let first = subresources.first().map(|first| format!("{resource}/{first}"));
    let alternatives = [resource.to_owned()].into_iter().chain(first);
    Err(CommandError::usage(error).with_hint(Hint::did_you_mean(argument, alternatives)))
}

/// Rejects a pattern as the name of an object: RBAC compares names literally. The names of signers, users,
/// groups and the objects of other software can contain a `*`.
pub(crate) fn refuse_pattern_of_names(
    resolved: &Resolved<'_>,
    name: &str,
) -> Result<(), CommandError> {
    let is_object =
        resolved.served.is_some_and(|served| !served.is_virtual && is_built_in(&served.group));
    if !is_object || !name.contains('*') {
        return Ok(());
    }
    Err(CommandError::usage(format!(
        "no object is named `{name}`: names are compared literally; omit the name for all objects"
    )))
}

/// Returns whether the text after a slash is the name of an object: no subresource has a similar name.
fn is_name(catalog: &Catalog, text: &str, served: &[String]) -> bool {
    let tolerated = 1 + text.chars().count() / 3;
    !text.contains('/')
        && !catalog.has_subresource(text)
        && served.iter().all(|served| edit_distance(served, text) > tolerated)
}

/// Rejects `TYPE/X` for an unknown TYPE: X could be a subresource or a name.
fn with_known_subresource<'a>(
    argument: &str,
    resolved: Resolved<'a>,
) -> Result<Resolved<'a>, CommandError> {
    if resolved.has_known_subresource() {
        return Ok(resolved);
    }
    let subresource = &resolved.subresource;
    let bare = Resolved { subresource: "".into(), ..resolved.clone() }.display();
    let error = format!(
        "`{argument}` is ambiguous: `{bare}` is unknown, so `{subresource}` could be a subresource or a \
         name"
    );
    Err(CommandError::usage(error)
        .with_hint(Hint::pass(
            format!("--name {subresource}"),
            format!("ask about one object of `{bare}`"),
        ))
        .with_hint(Hint::pass(
            format!("--subresource {subresource}"),
            format!("ask about a subresource of `{bare}`"),
        )))
}

/// Returns the error for an invalid RESOURCE argument, with hints.
fn unresolved(argument: &str, error: ResolveError) -> CommandError {
    match &error {
        _ if argument.starts_with("https://") || argument.starts_with("http://") => {
            let path = argument.splitn(4, '/').nth(3).map(|path| format!("/{path}"));
            CommandError::usage(format!("`{argument}` is a URL, not a resource or a path"))
                .with_hint(Hint::did_you_mean(argument, path))
        }
        ResolveError::UnknownResource { resource, .. } if resource == "all" => {
            CommandError::usage("`all` is a category of kubectl, not a resource")
                .with_hint(Hint::did_you_mean(argument, ["*"]))
        }
        ResolveError::UnknownResource { resource, similar } => {
            let custom = (!resource.contains('.')).then(|| format!("{resource}.GROUP"));
            let alternatives: Vec<String> = similar.iter().cloned().chain(custom).collect();
            let hint = Hint::did_you_mean(argument, alternatives);
            CommandError::usage(error).with_hint(hint)
        }
        ResolveError::UnknownSubresource { resource, subresource, served } => {
            let similar = served
                .iter()
                .filter(|served| edit_distance(served, subresource) <= 2)
                .map(|served| format!("{resource}/{served}"));
            let spelled = Hint::did_you_mean(argument, similar);
            // No object has a slash in its name: `pods/web-0/log` is kubectl's URL path.
            if let Some((first, last)) = subresource.split_once('/') {
                let is_served = |part: &str| served.iter().any(|served| served == part);
                let of_name = match (is_served(first), is_served(last)) {
                    (_, true) => Some(format!("{resource}/{last} --name {first}")),
                    (true, false) => Some(format!("{resource}/{first} --name {last}")),
                    (false, false) => None,
                };
                let hint = Hint::did_you_mean(argument, of_name).or(spelled);
                return CommandError::usage(error).with_hint(hint);
            }
            let named = Hint::pass(
                format!("--name {subresource}"),
                format!("ask about one object of `{resource}`"),
            );
            CommandError::usage(error).with_hint(spelled).with_hint(named)
        }
        ResolveError::Malformed { resource } if resource.contains(',') => CommandError::usage(
            format!("`{resource}` contains several resources, but only one is allowed here"),
        )
        .with_hint(Hint::did_you_mean(resource, resource.split(',').filter(|one| !one.is_empty()))),
        _ => CommandError::usage(error)
            .with_hint(Hint::run("rolecall help can-i", "see the notation of resources")),
    }
}

/// Adds the API groups that rules of the input use with an unknown resource, or with its plural.
pub(crate) fn hint_groups(error: CommandError, session: &Session, argument: &str) -> CommandError {
    let (resource, subresource) = argument.split_once('/').unwrap_or((argument, ""));
    if resource.contains(['.', ',']) || session.catalog.named(resource).next().is_some() {
        return error;
    }
    let rules = session.authorizer.inventory().roles().iter().flat_map(|role| &*role.rules);
    let singular = resource.strip_suffix('y').unwrap_or(resource);
    let plurals = ["", "s", "es"].map(|end| format!("{resource}{end}"));
    let plurals: Vec<String> = plurals.into_iter().chain([format!("{singular}ies")]).collect();
    let mut groups: BTreeSet<(&str, &Text)> = BTreeSet::new();
    for rule in rules {
        let heads = rule.resources.iter().filter_map(|entry| entry.split('/').next());
        for head in heads.filter(|head| plurals.iter().any(|plural| plural == head)) {
            let named =
                rule.api_groups.iter().filter(|group| !group.is_empty() && ***group != *"*");
            groups.extend(named.map(|group| (head, group)));
        }
    }
    let separator = if subresource.is_empty() { "" } else { "/" };
    let named: Vec<String> = groups
        .into_iter()
        .map(|(plural, group)| format!("{plural}.{group}{separator}{subresource}"))
        .collect();
    match Hint::did_you_mean(argument, named) {
        Some(hint) => CommandError::usage(format!(
            "`{resource}` is not a served resource, but rules contain it"
        ))
        .with_hint(hint),
        None => error,
    }
}
