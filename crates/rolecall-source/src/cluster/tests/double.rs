//! A test double of an API server: real TCP on loopback with hand-written HTTP/1.1, so that it can
//! reproduce every network and server fault.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A received request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) method: String,
    /// The path and query.
    pub(super) path: String,
    /// The headers, with names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// A scripted response.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    ending: Ending,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    /// Sends the whole body.
    Whole,
    /// Cuts the connection after this many bytes of the body.
    Cut(usize),
    /// Never sends anything.
    Silence,
    /// Closes the connection immediately.
    HangUp,
    /// Sends the head and this many bytes of the body, and then nothing.
    Stall(usize),
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(super) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.as_bytes().to_vec(),
            ending: Ending::Whole,
        }
    }

    /// A Status as sent by an API server.
    pub(super) fn failure(code: u16, reason: &str, message: &str) -> Self {
        let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": message, "reason": reason, "code": code});
        Self::json(code, &status)
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn cut_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::Cut(bytes);
        self
    }

    pub(super) fn stall_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::Stall(bytes);
        self
    }

    pub(super) fn silence() -> Self {
        Self { ending: Ending::Silence, ..Self::text(200, "", "") }
    }

    /// A connection that closes without a response.
    pub(super) fn hang_up() -> Self {
        Self { ending: Ending::HangUp, ..Self::text(200, "", "") }
    }

    /// A compressed body.
    pub(super) fn gzip(body: &[u8]) -> Self {
        let reply = Self { body: body.to_vec(), ..Self::text(200, "application/json", "") };
        reply.header("content-encoding", "gzip")
    }
}

/// A running server, which stops when dropped.
pub(super) struct Double {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
    folder: TempDir,
    scheme: &'static str,
}

type Script = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

impl Double {
    /// Starts a server that responds with the result of a script, which receives the number of
    /// earlier requests and the request.
    pub(super) async fn start(
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(script), None).await
    }

    /// Starts a TLS server with a certificate for a name. Its dedicated certificate authority is
    /// `ca.crt` in its directory.
    pub(super) async fn start_tls(
        name: &str,
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_certificate = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let double = Self::listen(Arc::new(script), Some(Arc::new(config))).await;
        std::fs::write(double.folder().join("ca.crt"), authority_certificate.pem()).unwrap();
        double
    }

    async fn listen(script: Arc<Script>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let task = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (script, seen, tls) = (script.clone(), seen.clone(), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, &*script, &seen).await,
                            Some(config) => {
                                let acceptor = tokio_rustls::TlsAcceptor::from(config);
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    serve(stream, &*script, &seen).await;
                                }
                            }
                        }
                    });
                }
            }
        });
        Self { port, seen, task, folder: TempDir::new().unwrap(), scheme }
    }

    /// Returns the requests received so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns the requested paths in order.
    pub(super) fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }

    pub(super) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Returns the server's directory.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: &Script,
    seen: &Mutex<Vec<Seen>>,
) {
    let mut input = Vec::new();
    if stream.read_buf(&mut input).await.is_ok() && input.first() == Some(&0x16) {
        // Answer a TLS handshake like a plain HTTP server.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        return;
    }
    while let Some(request) = receive(&mut stream, &mut input).await {
        let reply = {
            let mut seen = seen.lock().unwrap();
            let reply = script(seen.len(), &request);
            seen.push(request);
            reply
        };
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", reply.body.len()));
        let sent = match reply.ending {
            Ending::Silence => std::future::pending().await,
            Ending::HangUp => {
                let _ = stream.shutdown().await;
                return;
            }
            Ending::Whole => &reply.body,
            Ending::Cut(bytes) | Ending::Stall(bytes) => &reply.body[..bytes],
        };
        if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(sent).await.is_err()
        {
            return;
        }
        match reply.ending {
            Ending::Whole => {}
            Ending::Stall(_) => std::future::pending().await,
            _ => {
                let _ = stream.shutdown().await;
                return;
            }
        }
    }
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> Option<Seen> {
    let head = loop {
        if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
            break input.drain(..end + 4).collect::<Vec<u8>>();
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    while input.len() < length {
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(input.drain(..length).collect()).unwrap();
    Some(Seen { method, path, headers, body })
}
