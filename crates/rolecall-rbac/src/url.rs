//! URL paths that are resource requests (docs/semantics.md#request-attributes).
//!
//! Mirrors `S/apiserver/pkg/endpoints/request/requestinfo.go`.

use crate::{Request, ResourceRequest, Text};

/// Returns the resource request that a server makes of a path and its query; `None` if the request
/// is a non-resource request.
///
/// The verb is an HTTP method in any case, for which a missing one is the empty text, or the verb of
/// a resource, which stays unchanged.
pub fn resource_request_of(verb: &str, path: &str, query: &str) -> Option<Request> {
    let path = decoded(path);
    let (group, rest) = group_and_rest(&path)?;
    let (special, rest) = match &*rest {
        // These prefixes are the verb.
        [special @ ("watch" | "proxy"), rest @ ..] => (Some(*special), rest),
        rest => (None, rest),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..]
            if !matches!(rest, [] | ["status" | "finalize", ..]) =>
        {
            (*namespace, rest)
        }
        ["namespaces", namespace, ..] => (*namespace, rest),
        rest => ("", rest),
    };
    let (resource, name, subresource) = match rest {
        [] => return None,
        [resource] => (*resource, "", ""),
        [resource, name] => (*resource, *name, ""),
        [resource, name, ..] if special == Some("proxy") => (*resource, *name, ""),
        [resource, name, subresource, ..] => (*resource, *name, *subresource),
    };
    let verb = special.unwrap_or_else(|| verb_of_method(verb, name, query));
    let is_read = matches!(verb, "list" | "watch") && special.is_none();
    let selected = if name.is_empty() && is_read { selected_name(query) } else { String::new() };
    let name = if name.is_empty() { Text::from(selected) } else { name.into() };
    let target = ResourceRequest {
        namespace: namespace.into(),
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name,
    };
    Some(Request::resource(verb, target))
}

/// Returns whether all requests for a path and the paths below it are resource requests.
pub fn is_resource_path(path: &str) -> bool {
    group_and_rest(path).is_some()
}

/// Returns the verb of the resource request for an HTTP method; other verbs stay unchanged.
pub fn verb_of_method<'v>(method: &'v str, name: &str, query: &str) -> &'v str {
    let is = |known: &str| method.eq_ignore_ascii_case(known);
    if is("post") {
        "create"
    } else if is("put") {
        "update"
    } else if is("patch") {
        "patch"
    } else if is("delete") {
        if name.is_empty() { "deletecollection" } else { "delete" }
    } else if is("get") || is("head") {
        match name.is_empty() {
            true if is_watch(query) => "watch",
            true => "list",
            false => "get",
        }
    } else {
        method
    }
}

/// Returns the API group and the parts after the version.
fn group_and_rest(path: &str) -> Option<(&str, Vec<&str>)> {
    let mut parts = path.strip_prefix('/')?.trim_matches('/').split('/');
    let group = match parts.next()? {
        "api" => "",
        "apis" => parts.next()?,
        _ => return None,
    };
    parts.next()?;
    let rest: Vec<&str> = parts.collect();
    (!rest.is_empty()).then_some((group, rest))
}

fn is_watch(query: &str) -> bool {
    let watches = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        // The server takes any other value as true, even an empty one.
        (key == "watch").then(|| value != "0" && !value.eq_ignore_ascii_case("false"))
    };
    query.split('&').find_map(watches).unwrap_or_default()
}

/// Returns the name that a field selector selects.
fn selected_name(query: &str) -> String {
    let selector = query.split('&').find_map(|part| part.strip_prefix("fieldSelector="));
    let selector = selector.map(decoded).unwrap_or_default();
    let name = selector.split(',').find_map(|term| term.strip_prefix("metadata.name="));
    name.map(|name| name.trim_start_matches('=').to_owned()).unwrap_or_default()
}

fn decoded(text: &str) -> String {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let value = match after {
            [high, low, ..] if *first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match value.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_interpreted_like_the_server_does() {
        for (verb, url, expected) in [
            ("get", "/api/v1/pods", "list pods. in  named "),
            ("get", "/api/v1/pods/", "list pods. in  named "),
            ("get", "/api/v1/pods?watchers=1&watch", "watch pods. in  named "),
            ("HEAD", "/api/v1/namespaces/shop/pods", "list pods. in shop named "),
            ("get", "/api/v1/namespaces/shop/pods?watch=true", "watch pods. in shop named "),
            ("get", "/api/v1/namespaces/shop/pods?watch=false", "list pods. in shop named "),
            ("get", "/api/v1/pods?fieldSelector=metadata.name%3Dweb", "list pods. in  named web"),
            ("get", "/api/v1/watch/namespaces/shop/pods", "watch pods. in shop named "),
            ("get", "/api/v1/watch/namespaces/shop/pods/web", "watch pods. in shop named web"),
            ("get", "/api/v1/proxy/nodes/n/metrics", "proxy nodes. in  named n"),
            ("post", "/api/v1/namespaces/shop/pods", "create pods. in shop named "),
            (
                "post",
                "/api/v1/namespaces/shop/pods/web/exec",
                "create pods/exec. in shop named web",
            ),
            ("delete", "/api/v1/namespaces/shop/pods", "deletecollection pods. in shop named "),
            ("delete", "/api/v1/namespaces/shop/pods/web", "delete pods. in shop named web"),
            ("get", "/api/v1/namespaces", "list namespaces. in  named "),
            ("get", "/api/v1/namespaces/shop", "get namespaces. in shop named shop"),
            (
                "put",
                "/api/v1/namespaces/shop/finalize",
                "update namespaces/finalize. in shop named shop",
            ),
            (
                "get",
                "/apis/apps/v1/namespaces/shop/deployments/x/scale",
                "get deployments/scale.apps in shop named x",
            ),
            ("list", "/apis/apps/v1/deployments", "list deployments.apps in  named "),
            ("*", "/apis/apps/v1/deployments", "* deployments.apps in  named "),
            (
                "get",
                "/api/v1/namespaces/shop/services/web:80/proxy/a",
                "get services/proxy. in shop named web:80",
            ),
            ("get", "/api", "-"),
            ("get", "/api/v1", "-"),
            ("get", "/api/v1/", "-"),
            ("get", "/api/v1/watch", "-"),
            ("get", "/apis/apps/v1", "-"),
            ("get", "/apis/apps", "-"),
            ("get", "/healthz/a/b/c", "-"),
            ("get", "/", "-"),
            ("get", "", "-"),
        ] {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let shown = match resource_request_of(verb, path, query) {
                None => "-".to_owned(),
                Some(request) => {
                    let crate::Target::Resource(target) = &request.target else { panic!("{url}") };
                    let (resource, group) = (target.combined(), &target.group);
                    let (namespace, name) = (&target.namespace, &target.name);
                    format!("{} {resource}.{group} in {namespace} named {name}", request.verb)
                }
            };
            assert_eq!(shown, expected, "{verb} {url}");
        }
    }
}
