//! A test server that serves a fixture's objects and authorizes with the fixture's own RBAC.

mod api;
pub(crate) mod http;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rolecall_rbac::Authorizer;
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};
use rolecall_testing::cases::is_manifest;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::api::Api;
pub(crate) use self::http::{Received, Reply};
use crate::command::{Ran, command, root, run, split};

/// The end of every token, by which leaks are found.
pub(crate) const TOKEN: &str = "SECRET-SIGNATURE";

/// A running server with a directory for kubeconfigs.
pub(crate) struct Server {
    port: u16,
    scheme: &'static str,
    /// The requests so far, with the status of their responses.
    seen: Arc<Mutex<Vec<(Received, u16)>>>,
    pub(crate) folder: TempDir,
}

type Override = dyn Fn(&Received) -> Option<Reply> + Send + Sync;

impl Server {
    /// Serves the objects of fixtures.
    pub(crate) fn of(fixtures: &[&str]) -> Self {
        Self::start(fixtures, false, Box::new(|_| None))
    }

    /// Serves the objects of fixtures, with other responses for some requests.
    pub(crate) fn with(
        fixtures: &[&str],
        answer: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::start(fixtures, false, Box::new(answer))
    }

    /// Serves over TLS; the certificate authority is `ca.crt` in the directory.
    pub(crate) fn with_tls(
        fixtures: &[&str],
        answer: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::start(fixtures, true, Box::new(answer))
    }

    fn start(fixtures: &[&str], is_secure: bool, otherwise: Box<Override>) -> Self {
        let folder = TempDir::new().unwrap();
        let tls = is_secure.then(|| tls(folder.path()));
        let seen: Arc<Mutex<Vec<(Received, u16)>>> = Arc::default();
        let api = api_of(fixtures);
        let port = http::listen(
            {
                let seen = seen.clone();
                move |received| {
                    let reply = otherwise(received).unwrap_or_else(|| api.answer(received));
                    seen.lock().unwrap().push((received.clone(), reply.status));
                    reply
                }
            },
            tls,
        );
        Self { port, scheme: if is_secure { "https" } else { "http" }, seen, folder }
    }

    /// Returns its URL.
    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Returns the requests so far as `METHOD PATH`, sorted.
    pub(crate) fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let mut lines: Vec<String> =
            seen.iter().map(|(seen, _)| format!("{} {}", seen.method, seen.path)).collect();
        lines.sort();
        lines
    }

    /// Returns the requests so far, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.seen.lock().unwrap().iter().map(|(seen, _)| seen.clone()).collect()
    }

    /// Returns the requests that were allowed.
    pub(crate) fn allowed(&self) -> Vec<Received> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(_, status)| *status == 200).map(|(seen, _)| seen.clone()).collect()
    }

    /// Runs `rolecall` as a user of this cluster, in namespace `default`.
    pub(crate) fn rolecall(&self, user: &str, arguments: &str) -> Ran {
        self.tidy(run(&mut self.command(user, arguments), ""))
    }

    /// Prepares to run `rolecall` as a user of this cluster.
    pub(crate) fn command(&self, user: &str, arguments: &str) -> Command {
        self.command_with(&json!({"token": token(user, &json!({}))}), arguments)
    }

    /// Prepares to run `rolecall` with the credentials of a kubeconfig user.
    pub(crate) fn command_with(&self, user: &Value, arguments: &str) -> Command {
        let config = self.folder.path().join("config");
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": {"server": self.url()}}],
            "users": [{"name": "test", "user": user}],
        });
        std::fs::write(&config, kubeconfig.to_string()).unwrap();
        let mut command = command();
        command.args(split(arguments)).env("KUBECONFIG", &config);
        command
    }

    /// Replaces values that differ between runs by placeholders.
    pub(crate) fn tidy(&self, ran: Ran) -> Ran {
        let tidy = |text: String| {
            let folder = self.folder.path().to_string_lossy().into_owned();
            text.replace(&self.url(), "SERVER")
                .replace(&format!("127.0.0.1:{}", self.port), "HOST:PORT")
                .replace(&folder, "FOLDER")
        };
        Ran { exit: ran.exit, stdout: tidy(ran.stdout), stderr: tidy(ran.stderr) }
    }
}

/// Creates a token of a user with further claims and a secret signature.
pub(crate) fn token(user: &str, claims: &Value) -> String {
    let mut all = json!({"iss": "https://kubernetes.default.svc", "sub": user});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{TOKEN}", encode(&json!({"alg": "none"})), encode(&all))
}

/// Returns the user of a token if it is one of this server's.
fn user_of(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (signature == TOKEN).then(|| claims["sub"].as_str().unwrap().to_owned())
}

fn api_of(fixtures: &[&str]) -> Api {
    let paths: Vec<_> =
        fixtures.iter().map(|fixture| root().join("fixtures").join(fixture)).collect();
    let config = LoadConfig {
        paths: paths.clone(),
        default_namespace: "default".to_owned(),
        defaults: Defaults::Auto,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let loaded = manifests::load(&config, std::io::empty());
    let mut objects = Vec::new();
    for path in paths {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if !is_manifest(&path) {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for document in serde_yaml::Deserializer::from_str(&text) {
                objects.extend(stored(Value::deserialize(document).unwrap()));
            }
        }
    }
    let catalog = loaded.catalog.clone();
    let text = rolecall_source::facts::default_objects(Default::default());
    let defaults: Value = serde_json::from_str(text).unwrap();
    objects.extend(stored(defaults));
    Api { objects, authorizer: Authorizer::new(loaded.inventory), catalog }
}

/// Returns a document's objects as a server stores them.
fn stored(document: Value) -> Vec<Value> {
    if document["kind"] == "List" || document["items"].is_array() {
        return document["items"].as_array().unwrap().iter().cloned().flat_map(stored).collect();
    }
    let mut object = document;
    if object["kind"].is_null() {
        return Vec::new();
    }
    object["metadata"]["uid"] = json!("uid");
    if object["kind"] != "Namespace" && object["kind"].as_str().is_some_and(is_namespaced) {
        object["metadata"].as_object_mut().unwrap().entry("namespace").or_insert("default".into());
    }
    vec![object]
}

fn is_namespaced(kind: &str) -> bool {
    !kind.starts_with("Cluster")
}

/// Creates a certificate authority and a certificate for 127.0.0.1.
fn tls(folder: &Path) -> Arc<rustls::ServerConfig> {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    std::fs::write(folder.join("ca.crt"), pem).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Arc::new(config)
}
