//! Derives requests from URLs of the API server, like the server itself
//! (docs/semantics.md#request-attributes).

use rolecall_rbac::{Request, ResourceRequest};

use super::fields::{is_group, is_namespace, is_printable, is_resource, is_subresource};
use super::quote;

/// The HTTP method of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method<'m> {
    /// A known method.
    Known(&'m str),
    /// Unknown, so treated like the most common one, GET.
    Unknown,
}

/// Returns the requests for a URL, the certain one first; empty if it is not an API server's.
pub(super) fn requests(url: &str, method: Method<'_>) -> Vec<Request> {
    let (rest, is_socket) = match url.split_once("://") {
        Some((scheme, rest)) => (
            rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default(),
            scheme.starts_with("ws"),
        ),
        None => (url, false),
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.trim_end_matches(['.', ',', ';']);
    // A proxy can add a path prefix, as Rancher and `kubectl proxy --api-prefix` do.
    let start = ["/api/v1/", "/apis/"].iter().filter_map(|prefix| path.find(prefix)).min();
    let Some(path) = start.and_then(|start| path.get(start..)) else {
        return other_path(path, method);
    };
    let segments: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (group, rest) = match &*segments {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return other_path(path, method),
    };
    if rest.is_empty() {
        return other_path(path, method);
    }
    let rest = rest.strip_prefix(&["watch"]).unwrap_or(rest);
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !matches!(rest, [] | ["status" | "finalize"]) => {
            (*namespace, rest)
        }
        ["namespaces", namespace, ..] => (*namespace, rest),
        rest => ("", rest),
    };
    let [resource, rest @ ..] = rest else { return Vec::new() };
    let (name, subresource) = match rest {
        [] => ("", ""),
        [name] => (*name, ""),
        [name, subresource, ..] => (*name, *subresource),
    };
    let selected = if name.is_empty() { selected_name(query) } else { String::new() };
    let is_valid = is_resource(resource)
        && is_group(group)
        && (namespace.is_empty() || is_namespace(namespace))
        && (subresource.is_empty() || is_subresource(subresource))
        && name.chars().all(is_printable);
    if !is_valid {
        return Vec::new();
    }
    let verb = verb(method, name, query);
    let request = |verb: &str| {
        Request::resource(
            verb,
            ResourceRequest {
                namespace: namespace.into(),
                group: group.into(),
                resource: (*resource).into(),
                subresource: subresource.into(),
                name: if name.is_empty() { selected.as_str().into() } else { name.into() },
            },
        )
    };
    let is_upgrade =
        *resource == "pods" && matches!(subresource, "exec" | "attach" | "portforward");
    match is_upgrade && (is_socket || verb == "get") {
        // A WebSocket is opened with a GET; servers since 1.35 also check `create`.
        true => vec![request("get"), request("create")],
        false => vec![request(verb)],
    }
}

/// Returns the verb that a server derives from a method.
pub(super) fn verb<'v>(method: Method<'v>, name: &str, query: &str) -> &'v str {
    let is_watch = query
        .split('&')
        .any(|part| matches!(part, "watch" | "watch=true" | "watch=1" | "watch=True"));
    let method = match method {
        Method::Known(method) => method,
        Method::Unknown => "GET",
    };
    match (method.to_ascii_uppercase().as_str(), name.is_empty()) {
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        (_, true) if is_watch => "watch",
        (_, true) => "list",
        _ => "get",
    }
}

/// Returns the name that a field selector selects.
fn selected_name(query: &str) -> String {
    let selector = query.split('&').find_map(|part| part.strip_prefix("fieldSelector="));
    let selector = selector.map(decoded).unwrap_or_default();
    let name = selector.split(',').find_map(|term| term.strip_prefix("metadata.name="));
    name.map(|name| name.trim_start_matches('=').to_owned()).unwrap_or_default()
}

/// Non-resource paths of API servers.
const PATHS: [&str; 12] = [
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/logs",
    "/metrics",
    "/openapi",
    "/openid",
    "/readyz",
    "/version",
    "/.well-known",
    "/debug",
];

fn other_path(path: &str, method: Method<'_>) -> Vec<Request> {
    let known = PATHS.iter().any(|known| {
        path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let is_valid = known && !path.ends_with('*') && path.chars().all(is_printable);
    let method = match method {
        Method::Known(method) => method.to_ascii_lowercase(),
        Method::Unknown => "get".to_owned(),
    };
    if is_valid { vec![Request::path(method, path)] } else { Vec::new() }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let value = (*first == b'%').then(|| after.get(..2).and_then(quote::hexadecimal)).flatten();
        match value.and_then(|value| u8::try_from(value).ok()) {
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
    fn urls_are_interpreted_like_the_server_does() {
        let rows = [
            (
                "https://h:443/api/v1/namespaces/shop/pods",
                "GET",
                "list resource \"pods\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                "https://h/api/v1/namespaces/shop/pods?timeoutSeconds=2&watch=true",
                "GET",
                "watch resource \"pods\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                "/apis/apps/v1/namespaces/shop/deployments/web/scale",
                "PATCH",
                "patch resource \"deployments/scale\" in API group \"apps\" in the namespace \"shop\"",
            ),
            (
                "https://r/k8s/clusters/c-1/api/v1/nodes",
                "GET",
                "list resource \"nodes\" in API group \"\" at the cluster scope",
            ),
            (
                "/api/v1/namespaces/shop",
                "GET",
                "get resource \"namespaces\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                "/api/v1/namespaces/shop/status",
                "PUT",
                "update resource \"namespaces/status\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                "/api/v1/watch/namespaces/shop/pods",
                "GET",
                "list resource \"pods\" in API group \"\" in the namespace \"shop\"",
            ),
            ("https://h/metrics", "GET", "get path \"/metrics\""),
            ("/apis/apps/v1", "GET", "get path \"/apis/apps/v1\""),
            (
                "wss://h/api/v1/namespaces/shop/pods/web-0/exec?x",
                "GET",
                "get resource \"pods/exec\" in API group \"\" in the namespace \"shop\"; create resource \"pods/exec\" in API group \"\" in the namespace \"shop\"",
            ),
            ("https://example.com/orders/4", "GET", ""),
            ("https://h/api/v1/namespaces/Bad_/pods", "GET", ""),
        ];
        for (url, method, expected) in rows {
            let requests = requests(url, Method::Known(method));
            let shown: Vec<String> = requests.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join("; "), expected, "{url}");
        }
    }
}
