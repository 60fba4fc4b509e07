//! The address of the server: a port on loopback and a token.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::error::{CommandError, Hint};

/// The number of random bytes of a token.
const TOKEN_BYTES: usize = 24;

/// The start of the path of a link to the page.
pub(super) const LINKS: &str = "/open/";

/// The time for which a link to the page can be used.
const LINK_TIME: Duration = Duration::from_secs(60);

/// An open port, and the token that requests must contain.
pub(super) struct Address {
    /// The open port.
    pub(super) listener: TcpListener,
    /// The token and the port that requests must contain.
    pub(super) identity: ServerIdentity,
}

/// The token and the port that requests to a server must contain.
#[derive(Clone)]
pub(super) struct ServerIdentity {
    port: u16,
    token: String,
    link: Arc<Mutex<Option<Link>>>,
}

/// A code that leads to the page once. Other users can see the arguments of the program that opens a browser, so
/// these must not contain the token.
struct Link {
    code: String,
    expires: Instant,
}

impl Address {
    /// Listens on loopback, on a free port for 0.
    pub(super) fn bind(port: u16) -> Result<Self, CommandError> {
        let failed = |error: io::Error| {
            let text = format!("cannot listen on 127.0.0.1:{port}: {error}");
            let is_taken =
                matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied);
            let hint = Hint::pass("--port 0", "let the system choose a free port");
            CommandError::input(text).with_hint(is_taken.then_some(hint))
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let listener = listener.map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let identity = ServerIdentity { port, token: random()?, link: Arc::default() };
        Ok(Self { listener, identity })
    }

    /// Returns the URL of the page.
    pub(super) fn url(&self) -> String {
        let ServerIdentity { port, token, .. } = &self.identity;
        format!("http://127.0.0.1:{port}/{token}/")
    }

    /// Returns a URL that leads to the page once, within a minute.
    pub(super) fn link(&self) -> Result<String, CommandError> {
        let ServerIdentity { port, link, .. } = &self.identity;
        let code = random()?;
        let url = format!("http://127.0.0.1:{port}{LINKS}{code}");
        let new = Link { code, expires: Instant::now() + LINK_TIME };
        *link.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
        Ok(url)
    }
}

/// Returns a random text.
fn random() -> Result<String, CommandError> {
    let mut bytes = [0; TOKEN_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CommandError::input("the system has no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl ServerIdentity {
    /// Returns whether a `Host` header names this server. A name that only resolves to loopback could belong to
    /// another site.
    pub(super) fn is_host(&self, host: &str) -> bool {
        let port = self.port;
        ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{port}"))
    }

    /// Returns whether a token is that of this server, in a time that does not depend on equal characters.
    pub(super) fn is_token(&self, token: &str) -> bool {
        self.token.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// Returns the path of the page for the code of a link, which then no longer works.
    pub(super) fn follow(&self, code: &str) -> Option<String> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let is_link = link.as_ref().is_some_and(|link| {
            let is_code: bool = link.code.as_bytes().ct_eq(code.as_bytes()).into();
            is_code && Instant::now() < link.expires
        });
        is_link.then(|| {
            *link = None;
            format!("/{}/", self.token)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_token_and_loopback_names_with_the_port_are_accepted() {
        let server = ServerIdentity { port: 8080, token: "a1b2".into(), link: Arc::default() };
        for (token, expected) in
            [("a1b2", true), ("a1b3", false), ("a1b", false), ("a1b2c", false), ("", false)]
        {
            assert_eq!(server.is_token(token), expected, "{token}");
        }
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("127.0.0.1", false),
            ("127.0.0.1:8081", false),
            ("localhost.example.com:8080", false),
            ("example.com:8080", false),
            ("[::1]:8080", false),
            ("", false),
        ] {
            assert_eq!(server.is_host(host), expected, "{host}");
        }
    }

    #[test]
    fn a_link_leads_to_the_page_once_and_only_for_a_minute() {
        let address = Address::bind(0).ok().unwrap();
        let server = &address.identity;
        let code = |url: String| url.split_once(LINKS).unwrap().1.to_owned();
        assert_eq!(server.follow(""), None);
        let first = code(address.link().ok().unwrap());
        assert_eq!(server.follow("other"), None);
        assert_eq!(server.follow(&first), Some(format!("/{}/", server.token)));
        assert_eq!(server.follow(&first), None);
        let late = code(address.link().ok().unwrap());
        server.link.lock().unwrap().as_mut().unwrap().expires = Instant::now();
        assert_eq!(server.follow(&late), None);
    }

    #[test]
    fn each_server_has_its_own_port_and_token() {
        let [one, other] = [Address::bind(0), Address::bind(0)].map(|bound| bound.ok().unwrap());
        assert_ne!(one.identity.token, other.identity.token);
        assert_eq!(one.identity.token.len(), 2 * TOKEN_BYTES);
        let error = Address::bind(one.identity.port).err().unwrap();
        let text = error.chain().join(": ");
        assert!(
            text.contains(&format!("cannot listen on 127.0.0.1:{}", one.identity.port)),
            "{text}"
        );
        assert_eq!(error.hints().len(), 1);
    }
}
