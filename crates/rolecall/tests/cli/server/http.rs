//! A minimal HTTP/1.1 server on loopback: one thread per connection, with or without TLS.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// The path without its query.
    pub(crate) path: String,
    pub(crate) query: String,
    /// The headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Received {
    /// Returns the values of a header.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self { status: 200, body: body.to_string() }
    }

    /// A Status as sent by an API server.
    pub(crate) fn failure(status: u16, reason: &str, message: &str) -> Self {
        let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status});
        Self { status, ..Self::json(&body) }
    }

    pub(crate) fn not_found() -> Self {
        Self::failure(404, "NotFound", "the server could not find the requested resource")
    }
}

/// Serves until the process exits; returns the port.
pub(super) fn listen(
    answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, tls) = (answer.clone(), tls.clone());
            std::thread::spawn(move || match tls {
                None => serve(stream, &*answer),
                Some(config) => {
                    let connection = rustls::ServerConnection::new(config).unwrap();
                    serve(rustls::StreamOwned::new(connection, stream), &*answer);
                }
            });
        }
    });
    port
}

/// Returns a port without a listener.
pub(crate) fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(mut stream: impl Read + Write, answer: &(impl Fn(&Received) -> Reply + ?Sized)) {
    let mut input = Vec::new();
    while let Some(received) = receive(&mut stream, &mut input) {
        let Reply { status, body } = answer(&received);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        if stream.write_all(head.as_bytes()).is_err()
            || stream.write_all(body.as_bytes()).is_err()
            || stream.flush().is_err()
        {
            return;
        }
    }
}

fn receive(stream: &mut impl Read, input: &mut Vec<u8>) -> Option<Received> {
    let head = loop {
        if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
            break input.drain(..end + 4).collect::<Vec<u8>>();
        }
        more(stream, input)?;
    };
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    while input.len() < length {
        more(stream, input)?;
    }
    let body = String::from_utf8(input.drain(..length).collect()).ok()?;
    Some(Received { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

fn more(stream: &mut impl Read, input: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
    input.extend_from_slice(&buffer[..count]);
    Some(())
}
