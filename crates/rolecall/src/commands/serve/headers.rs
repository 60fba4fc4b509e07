//! Which requests the server answers, and the headers of its answers.
//!
//! A page of another site, another user of the machine, and a name that resolves to loopback must not get an
//! answer: each request needs the token in its path, the server's own address as its host and, if it has an
//! origin, the server's own origin.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::address::ServerIdentity;

/// The header in which browsers name the sender of a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The headers of each response: no cache stores it, and no other site can embed it.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Checks that a request does not come from another site.
pub(super) fn admit_sender(
    server: &ServerIdentity,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), StatusCode> {
    let only = |name| only(headers, name);
    let host = only(header::HOST).unwrap_or_default();
    let origin = only(header::ORIGIN);
    let is_own_origin =
        origin.is_none_or(|origin| origin.strip_prefix("http://").is_some_and(|it| it == host));
    let is_own_site = match only(FETCH_SITE) {
        None | Some("same-origin") => true,
        // An address that the user has typed; a page always sends questions as `same-origin`.
        Some("none") => method == Method::GET,
        Some(_) => false,
    };
    match server.is_host(host) && is_own_origin && is_own_site {
        true => Ok(()),
        false => Err(StatusCode::FORBIDDEN),
    }
}

/// Checks that a request contains the token and, if it asks something, JSON.
pub(super) fn admit(
    server: &ServerIdentity,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<(), StatusCode> {
    let token = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if !server.is_token(token) {
        return Err(StatusCode::NOT_FOUND);
    }
    // A form of another site cannot send this type.
    let is_json =
        only(headers, header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match method == Method::POST && !is_json {
        true => Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        false => Ok(()),
    }
}

/// Returns the value of a header; it is empty if there are several.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().unwrap_or_default());
    if values.next().is_some() { Some("") } else { first }
}

/// Adds the headers of each response.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
