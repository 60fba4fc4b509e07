//! The requests in an audit log.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// A request of a command, without the name of its object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) verb: String,
    /// `RESOURCE[.GROUP][/SUBRESOURCE]`, or a URL path.
    pub(super) target: String,
    pub(super) scope: Scope,
}

/// Where a request is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// In the namespace of the command, or about an object without a namespace.
    Own,
    /// In all namespaces at once.
    All,
    /// In another namespace.
    Other(String),
}

/// An event of the log.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) request: Request,
    pub(super) is_allowed: bool,
    /// The path of a created object.
    pub(super) created: Option<String>,
}

/// Paths that every authenticated user can get.
const DISCOVERY: [&str; 8] =
    ["/api", "/apis", "/healthz", "/livez", "/openapi", "/readyz", "/version", "/favicon.ico"];

impl Event {
    /// Reads a line of the log: an event of a user, apart from discovery. `cluster_scoped` are the resources without a
    /// namespace, as `RESOURCE[.GROUP]`.
    pub(super) fn read(
        line: &str,
        user: &str,
        namespace: &str,
        cluster_scoped: &BTreeSet<String>,
    ) -> Option<Self> {
        let event: Value = serde_json::from_str(line).ok()?;
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        if text("/user/username") != user {
            return None;
        }
        let verb = text("/verb").to_owned();
        let is_allowed = text("/annotations/authorization.k8s.io~1decision") == "allow";
        let resource = text("/objectRef/resource");
        if resource.is_empty() {
            let path = text("/requestURI").split('?').next().unwrap_or_default().to_owned();
            let first = path.split('/').nth(1).unwrap_or_default();
            if DISCOVERY.contains(&format!("/{first}").as_str()) {
                return None;
            }
            let request = Request { verb, target: path, scope: Scope::Own };
            return Some(Self { request, is_allowed, created: None });
        }
        let (group, subresource) = (text("/objectRef/apiGroup"), text("/objectRef/subresource"));
        let target = target(resource, group, subresource);
        let is_cluster_scoped = cluster_scoped.contains(&self::target(resource, group, ""));
        let scope = match text("/objectRef/namespace") {
            _ if is_cluster_scoped => Scope::Own,
            "" => Scope::All,
            own if own == namespace => Scope::Own,
            other => Scope::Other(other.to_owned()),
        };
        let is_created = verb == "create" && is_allowed && subresource.is_empty();
        let path = text("/requestURI").split('?').next().unwrap_or_default();
        let created = is_created.then(|| format!("{path}/{}", text("/objectRef/name")));
        Some(Self { request: Request { verb, target, scope }, is_allowed, created })
    }
}

impl Request {
    /// Returns the requests in refusals: `cannot VERB resource "RESOURCE" in API group "GROUP"`.
    pub(super) fn refused_in(text: &str) -> Vec<Self> {
        let read = |rest: &str| {
            let mut quoted = rest.split('"');
            let verb = quoted.next()?.strip_suffix(" resource ")?.to_owned();
            let resource = quoted.next()?;
            let group = (quoted.next()? == " in API group ").then(|| quoted.next())??;
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let target = target(resource, group, subresource);
            Some(Self { verb, target, scope: Scope::Own })
        };
        text.split("cannot ").skip(1).filter_map(read).collect()
    }

    /// Returns the request as a right, which is bound in all namespaces.
    pub(super) fn right(&self) -> Self {
        Self { scope: Scope::Own, ..self.clone() }
    }

    /// Returns whether the request changes objects.
    pub(super) fn is_change(&self) -> bool {
        let reads = matches!(&*self.verb, "get" | "list" | "watch");
        let streams = ["/exec", "/attach", "/portforward", "/log", "/proxy", "/token"];
        !reads && !streams.iter().any(|stream| self.target.ends_with(stream))
    }

    /// Returns the resource or its subresource, and the group.
    pub(super) fn parts(&self) -> (String, String) {
        let (resource, subresource) =
            self.target.split_once('/').unwrap_or((self.target.as_str(), ""));
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let resource = match subresource {
            "" => resource.to_owned(),
            _ => format!("{resource}/{subresource}"),
        };
        (resource, group.to_owned())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.target)?;
        match &self.scope {
            Scope::Own => Ok(()),
            Scope::All => f.write_str(" -A"),
            Scope::Other(namespace) => write!(f, " -n {namespace}"),
        }
    }
}

fn target(resource: &str, group: &str, subresource: &str) -> String {
    let mut target = resource.to_owned();
    for (mark, part) in [('.', group), ('/', subresource)] {
        if !part.is_empty() {
            target.push(mark);
            target.push_str(part);
        }
    }
    target
}
