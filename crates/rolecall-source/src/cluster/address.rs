//! The address of a server and its token, from kubeconfig files and mounted files.

use http::Uri;
use kube::config::AuthInfo;
use secrecy::ExposeSecret;

use super::error::ConfigError;

/// Parses a server's address. Without a scheme it means `https` when a certificate authority is
/// given, else `http`, as for kubectl. A user name and password are left out: servers ignore them, and
/// libraries would log them.
pub(super) fn server_url(server: &str, has_authority: bool) -> Result<Uri, ConfigError> {
    let scheme = if has_authority { "https" } else { "http" };
    let url =
        if server.contains("://") { server.to_owned() } else { format!("{scheme}://{server}") };
    url.parse::<Uri>()
        .ok()
        .filter(|url| {
            url.host().is_some_and(|host| !host.is_empty())
                && matches!(url.scheme_str(), Some("http" | "https"))
        })
        .map(anonymous)
        .ok_or_else(|| ConfigError::MalformedServer { server: without_userinfo(server) })
}

fn anonymous(url: Uri) -> Uri {
    let host = url.authority().and_then(|authority| authority.as_str().rsplit_once('@'));
    let Some(Ok(authority)) = host.map(|(_, host)| host.parse()) else { return url };
    let mut parts = url.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or(url)
}

/// Removes the user name and password from a server's address, which can be malformed.
pub fn without_userinfo(server: &str) -> String {
    let (scheme, rest) = match server.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), server),
    };
    // A password can contain a `/` that should have been encoded.
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}{host}")
}

/// Returns whether a server runs on the local machine.
pub(super) fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Formats the scheme, host and port of a URL, without user name and password.
pub(super) fn without_credentials(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("http");
    let host = url.host().unwrap_or_default();
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// Reads the token file and trims white space, as kubectl does. kube panics when the token is not a
/// valid header value.
pub(super) fn read_token(user: &mut AuthInfo) -> Result<(), ConfigError> {
    let file = user.token_file.take();
    let token = match (&user.token, &file) {
        (Some(token), _) => token.expose_secret().to_owned(),
        (None, Some(file)) => std::fs::read_to_string(file)
            .map_err(|source| ConfigError::UnreadableMount { path: file.into(), source })?,
        (None, None) => return Ok(()),
    };
    let token = token.trim();
    if http::HeaderValue::from_str(token).is_err() {
        let source = "it contains characters that are not allowed in a token".into();
        return Err(ConfigError::Credential { what: "token", source });
    }
    user.token = Some(token.into());
    Ok(())
}
