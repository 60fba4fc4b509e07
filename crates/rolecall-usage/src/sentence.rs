//! The server's sentence about a refused request.

use std::borrow::Cow;

use crate::event::ObjectRef;
use crate::facts::FactTarget;

/// The request that a sentence is about, and the user.
#[derive(Debug)]
pub(crate) struct Sentence<'a> {
    pub(crate) user: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) target: FactTarget<'a>,
}

/// Reads `pods "web-0" is forbidden: User "jane" cannot get resource "pods" in API group "" in the
/// namespace "shop"`, or the form for a path.
pub(crate) fn read(message: &str) -> Option<Sentence<'_>> {
    let (before, rest) = message.split_once("orbidden: User \"")?;
    let (user, rest) = rest.split_once("\" cannot ")?;
    let (verb, rest) = rest.split_once(' ')?;
    if let Some(rest) = rest.strip_prefix("path \"") {
        let (path, _) = rest.split_once('"')?;
        return Some(Sentence { user, verb, target: FactTarget::Path(Cow::Borrowed(path)) });
    }
    let rest = rest.strip_prefix("resource \"")?;
    let (combined, rest) = rest.split_once("\" in API group \"")?;
    let (group, rest) = rest.split_once('"')?;
    let namespace = match rest.strip_prefix(" in the namespace \"") {
        Some(rest) => rest.split_once('"')?.0,
        None => "",
    };
    let (resource, subresource) = combined.split_once('/').unwrap_or((combined, ""));
    // `pods "web-0" is f`
    let name = before.split_once(" \"").and_then(|(_, rest)| rest.rsplit_once("\" is f"));
    let name = name.map_or("", |(name, _)| name);
    let object = ObjectRef {
        resource: Cow::Borrowed(resource),
        namespace: Cow::Borrowed(namespace),
        name: Cow::Borrowed(name),
        api_group: Cow::Borrowed(group),
        subresource: Cow::Borrowed(subresource),
    };
    Some(Sentence { user, verb, target: FactTarget::Object(object) })
}
