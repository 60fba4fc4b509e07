//! The API without rolecall, to compare results with.
//!
//! `kubectl proxy` terminates TLS and authenticates as an admin, so plain HTTP is sufficient.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

use rolecall_task::failure::{Failure, Result};
use rolecall_task::interrupt::{self, Stop};
use rolecall_task::process;

/// The number of concurrent reviews.
const AT_ONCE: usize = 4;

/// The header of a merge patch.
pub(crate) const MERGE_PATCH: [(&str, &str); 1] =
    [("Content-Type", "application/merge-patch+json")];

/// An admin's connection to the API.
pub(crate) struct Api {
    address: String,
    proxy: Arc<dyn Stop>,
}

/// A response of the server.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Api {
    /// Starts a proxy from a kubectl command that acts as an admin.
    pub(crate) fn start(mut kubectl: Command) -> Result<Self> {
        kubectl.args(["proxy", "--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        kubectl.stderr(Stdio::null());
        let mut child = kubectl.spawn().map_err(|error| process::failure(&kubectl, &error))?;
        let mut greeting = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut greeting));
        let proxy: Arc<dyn Stop> = Arc::new(Proxy(Mutex::new(child)));
        interrupt::watch(&proxy);
        match greeting.trim().rsplit_once(' ') {
            Some((_, address)) if matches!(read, Some(Ok(_))) => {
                Ok(Self { address: address.to_owned(), proxy })
            }
            _ => Err(Failure::new("`kubectl proxy` does not print its address")),
        }
    }

    /// Returns the URL that serves the API without credentials.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        succeeded("get", path, self.request("GET", path, &[], None)?)
    }

    pub(crate) fn create(&self, path: &str, object: &Value) -> Result<Value> {
        succeeded("create", path, self.request("POST", path, &[], Some(object))?)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value> {
        succeeded("delete", path, self.request("DELETE", path, &[], None)?)
    }

    /// Sends a SubjectAccessReview and returns its status.
    pub(crate) fn review(&self, spec: &Value) -> Result<Value> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let mut answer = self.create(path, &review)?;
        Ok(answer.get_mut("status").map(Value::take).unwrap_or_default())
    }

    /// Returns whether a SubjectAccessReview is allowed.
    pub(crate) fn allows(&self, spec: &Value) -> Result<bool> {
        Ok(is_allowed(&self.review(spec)?))
    }

    /// Returns for each SubjectAccessReview whether it is allowed.
    pub(crate) fn allows_each(&self, specs: &[Value]) -> Result<Vec<bool>> {
        let share = specs.len().div_ceil(AT_ONCE).max(1);
        thread::scope(|scope| {
            let threads: Vec<_> = specs
                .chunks(share)
                .map(|specs| scope.spawn(|| specs.iter().map(|spec| self.allows(spec)).collect()))
                .collect();
            let mut answers = Vec::new();
            for thread in threads {
                let answered: Result<Vec<bool>> = thread
                    .join()
                    .map_err(|_| Failure::new("a thread that sent reviews panicked"))?;
                answers.extend(answered?);
            }
            Ok(answers)
        })
    }

    /// Sends one request on a separate connection.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        let failure = |error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot {method} {path}: {error}"))
        };
        let body = body.map(Value::to_string).unwrap_or_default();
        // With HTTP/1.0 the response is not chunked and ends with the connection.
        let mut request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "Content-Type") {
            request.push_str("Content-Type: application/json\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(&body);

        let mut answer = Vec::new();
        let mut connection = TcpStream::connect(&self.address).map_err(|error| failure(&error))?;
        connection
            .write_all(request.as_bytes())
            .and_then(|()| connection.read_to_end(&mut answer))
            .map_err(|error| failure(&error))?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or_else(|| failure(&"the response has no end of headers"))?;
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| failure(&"the response has no status code"))?;
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        Ok(Answer { code, body })
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.proxy.stop();
    }
}

struct Proxy(Mutex<Child>);

impl Stop for Proxy {
    fn stop(&self) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Returns whether the status of a review allows the request.
pub(crate) fn is_allowed(status: &Value) -> bool {
    status.get("allowed") == Some(&Value::Bool(true))
}

fn succeeded(verb: &str, path: &str, answer: Answer) -> Result<Value> {
    if (200..300).contains(&answer.code) {
        return Ok(answer.body);
    }
    let message = answer.body.get("message").and_then(Value::as_str).map(str::to_owned);
    let message = message.unwrap_or_else(|| answer.body.to_string());
    Err(Failure::new(format!("cannot {verb} {path}: {} {message}", answer.code)))
}
