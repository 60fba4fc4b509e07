//! The web server on loopback.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::address::{Address, LINKS, ServerIdentity};
use super::data::Served;
use super::headers;
use super::questions::Questions;

/// The time for which a request for changes waits.
const WAIT: Duration = Duration::from_secs(25);

/// The time limit of a request, which is longer than that of an answer.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The time limit of the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The number of connections at once.
const MOST_CONNECTIONS: usize = 100;

/// The pause after a connection could not be accepted, for example because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// The maximum length of a question.
const MOST_BYTES: usize = 1 << 16;

/// The state that handlers share.
struct Shared {
    server: ServerIdentity,
    served: Arc<Served>,
    questions: Questions,
}

/// Answers requests until it is dropped.
pub(super) async fn serve(
    address: Address,
    served: Arc<Served>,
    questions: Questions,
) -> io::Result<Infallible> {
    let Address { listener, identity } = address;
    let shared = Arc::new(Shared { server: identity, served, questions });
    // The token in the path was checked before.
    let router = Router::new()
        .route("/{token}/", get(page))
        .route("/{token}/changes", get(changes))
        .route("/{token}/refresh", post(refresh))
        .route("/{token}/answer", post(answer))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared);
    let listener = TcpListener::from_std(listener)?;
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut server = Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            // A client that breaks off is not an error of the server.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
            drop(permit);
        });
    }
}

/// Refuses the requests of others before anything of them is read, and limits the time of all.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (server, method, path) = (&shared.server, request.method(), request.uri().path());
    let is_admitted = headers::admit_sender(server, method, request.headers());
    let mut response = match (is_admitted, path.strip_prefix(LINKS)) {
        (Err(status), _) => status.into_response(),
        (Ok(()), Some(code)) => match server.follow(code) {
            Some(page) => Redirect::to(&page).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        (Ok(()), None) => match headers::admit(server, method, path, request.headers()) {
            Ok(()) => match tokio::time::timeout(TIMEOUT, next.run(request)).await {
                Ok(response) => response,
                Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
            },
            Err(status) => status.into_response(),
        },
    };
    headers::protect(response.headers_mut());
    response
}

async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, Body::from(shared.served.page())).into_response()
}

/// The state that the page knows.
#[derive(Deserialize)]
struct Since {
    since: u64,
}

/// Waits for another state than the one that the page knows. A page that knows none, 0, gets it at once.
async fn changes(State(shared): State<Arc<Shared>>, Query(since): Query<Since>) -> Response {
    let changed = tokio::time::timeout(WAIT, shared.served.changed(since.since)).await;
    let status = changed.ok().flatten().unwrap_or_else(|| shared.served.status());
    Json(status).into_response()
}

async fn refresh(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.served.refresh();
    StatusCode::NO_CONTENT
}

async fn answer(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match shared.questions.answer(Arc::clone(&shared.served), &body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
