//! Derives requests from URLs of the API server, like the server itself
//! (docs/semantics.md#request-attributes).

use rolecall_rbac::{Request, ResourceRequest, Target, resource_request_of};

use super::fields::{is_group, is_namespace, is_printable, is_resource, is_subresource};

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
    if is_kubelet(url) {
        return of_kubelet(path, method);
    }
    // A proxy can add a path prefix, as Rancher and `kubectl proxy --api-prefix` do.
    let start = ["/api/v1/", "/apis/"].iter().filter_map(|prefix| path.find(prefix)).min();
    let Some(path) = start.and_then(|start| path.get(start..)) else {
        return other_path(path, method);
    };
    let Some(request) = resource_request_of(method.as_str(), path, query) else {
        return other_path(path, method);
    };
    let Target::Resource(target) = &request.target else { return Vec::new() };
    let ResourceRequest { namespace, group, resource, subresource, name } = target;
    let is_valid = is_resource(resource)
        && is_group(group)
        && (namespace.is_empty() || is_namespace(namespace))
        && (subresource.is_empty() || is_subresource(subresource))
        && name.chars().all(is_printable);
    if !is_valid {
        return Vec::new();
    }
    let is_upgrade =
        **resource == *"pods" && matches!(&**subresource, "exec" | "attach" | "portforward");
    match is_upgrade && (is_socket || *request.verb == *"get") {
        // A WebSocket is opened with a GET; servers since 1.35 also check `create`.
        true => {
            ["get", "create"].map(|verb| Request { verb: verb.into(), ..request.clone() }).into()
        }
        false => vec![request],
    }
}

impl<'m> Method<'m> {
    /// Returns the method's name.
    pub(super) fn as_str(self) -> &'m str {
        match self {
            Self::Known(method) => method,
            Self::Unknown => "GET",
        }
    }
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

/// Returns whether a URL is that of a kubelet.
fn is_kubelet(url: &str) -> bool {
    let host = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    host.is_some_and(|host| host.ends_with(":10250"))
}

/// Returns the request that a kubelet has authorized for a path: one for its Node, which the URL
/// does not name.
fn of_kubelet(path: &str, method: Method<'_>) -> Vec<Request> {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let subresource = match first {
        "metrics" | "stats" | "checkpoint" | "healthz" | "configz" | "pods" => first,
        "logs" => "log",
        "runningPods" | "runningpods" => "pods",
        _ => "proxy",
    };
    let verb = match method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "get",
    };
    let target = ResourceRequest {
        resource: "nodes".into(),
        subresource: subresource.into(),
        ..ResourceRequest::default()
    };
    vec![Request::resource(verb, target)]
}

fn other_path(path: &str, method: Method<'_>) -> Vec<Request> {
    let known = PATHS.iter().any(|known| {
        path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let is_valid = known && !path.ends_with('*') && path.chars().all(is_printable);
    let method = method.as_str().to_ascii_lowercase();
    if is_valid { vec![Request::path(method, path)] } else { Vec::new() }
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
                "watch resource \"pods\" in API group \"\" in the namespace \"shop\"",
            ),
            ("https://h/metrics", "GET", "get path \"/metrics\""),
            ("/apis/apps/v1", "GET", "get path \"/apis/apps/v1\""),
            (
                "wss://h/api/v1/namespaces/shop/pods/web-0/exec?x",
                "GET",
                "get resource \"pods/exec\" in API group \"\" in the namespace \"shop\"; create resource \"pods/exec\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                "https://10.0.0.5:10250/metrics/cadvisor",
                "GET",
                "get resource \"nodes/metrics\" in API group \"\" at the cluster scope",
            ),
            (
                "https://n1:10250/run/shop/web-0/app",
                "POST",
                "create resource \"nodes/proxy\" in API group \"\" at the cluster scope",
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
