//! Entries of Cloud Logging, from which GKE leaves out groups, stages and most codes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Fields, Reader, string};
use crate::coverage::Source;
use crate::event::{ObjectRef, unquoted};
use crate::facts::{Decided, FactTarget, Facts, Person, Stage, target_of_uri};
use crate::time::parse_time;

/// The audit log of an entry. Exports to BigQuery have the same fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow, default)]
    service_name: Cow<'a, str>,
    #[serde(borrow, default)]
    method_name: Cow<'a, str>,
    #[serde(borrow, default)]
    resource_name: Cow<'a, str>,
    #[serde(borrow, default)]
    authentication_info: Option<AuthenticationInfo<'a>>,
    #[serde(default)]
    authorization_info: Option<Vec<AuthorizationInfo>>,
    #[serde(borrow, default)]
    status: Option<Status<'a>>,
    #[serde(borrow, default)]
    request: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationInfo<'a> {
    #[serde(borrow, default)]
    principal_email: Cow<'a, str>,
}

#[derive(Deserialize)]
struct AuthorizationInfo {
    #[serde(default)]
    granted: Option<bool>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(default)]
    code: Option<u16>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Labels<'a> {
    #[serde(borrow, default, rename = "authorization.k8s.io/decision")]
    decision: Cow<'a, str>,
    #[serde(borrow, default, rename = "authorization.k8s.io/reason")]
    reason: Cow<'a, str>,
}

impl Reader {
    /// Reads an entry with an audit log.
    pub(super) fn gke_entry(&mut self, fields: &Fields<'_>, payload: &str) {
        let Ok(payload) = serde_json::from_str::<Payload<'_>>(payload) else {
            return self.unreadable();
        };
        if payload.service_name != "k8s.io" {
            self.tally.coverage_mut().other += 1;
            return;
        }
        let log = string(fields, "logName");
        let source = match log.ends_with("data_access") {
            true => Source::GkeDataAccess,
            false => Source::GkeActivity,
        };
        let labels = fields.get("labels").and_then(|raw| serde_json::from_str(raw.get()).ok());
        let labels: Labels<'_> = labels.unwrap_or_default();
        let (verb, target) = request_of(&payload.method_name, &payload.resource_name);
        let status = payload.status;
        let code = http_code(status.as_ref().and_then(|status| status.code).unwrap_or(0));
        let grants = payload.authorization_info.unwrap_or_default();
        let decision = match (Decided::of(&labels.decision), grants.as_slice()) {
            (Decided::Unstated, []) => Decided::Unstated,
            (Decided::Unstated, grants) if grants.iter().any(|it| it.granted == Some(true)) => {
                Decided::Allow
            }
            // The field is absent where it is false.
            (Decided::Unstated, _) if code == 403 => Decided::Forbid,
            (decided, _) => decided,
        };
        let email = payload.authentication_info.map(|info| info.principal_email);
        let dry_run = payload.request.is_some_and(|request| {
            memchr::memmem::find(request.get().as_bytes(), b"\"dryRun\"").is_some()
        });
        let facts = Facts {
            stage: Stage::Complete,
            user: Person { name: email.unwrap_or_default(), ..Person::default() },
            impersonated: None,
            constraint: Cow::Borrowed(""),
            verb: Cow::Borrowed(verb),
            target,
            code,
            decision,
            reason: labels.reason,
            message: unquoted(status.and_then(|status| status.message)),
            is_dry_run: dry_run,
            time: parse_time(&string(fields, "timestamp")),
        };
        self.facts(&facts, source, "");
    }
}

/// Reads `io.k8s.core.v1.pods.exec.create` and `core/v1/namespaces/shop/pods/web-0/exec`: the verb from the
/// method, everything else from the resource, in which groups are not shortened and turned around.
fn request_of<'a>(method: &'a str, resource: &'a str) -> (&'a str, FactTarget<'a>) {
    let (before, verb) = method.rsplit_once('.').unwrap_or(("", method));
    let resource = resource.trim_start_matches('/');
    let path = match resource.strip_prefix("core/") {
        _ if before == "io.k8s" => {
            return (verb, FactTarget::Path(Cow::Owned(format!("/{resource}"))));
        }
        Some(rest) => format!("/api/{rest}"),
        None => format!("/apis/{resource}"),
    };
    match target_of_uri(verb, Cow::Owned(path)) {
        FactTarget::Object(object) => {
            // A client that watches one object uses a field selector, which no entry contains.
            let name = if verb == "deletecollection" { Cow::Borrowed("") } else { object.name };
            (verb, FactTarget::Object(ObjectRef { name, ..object }))
        }
        path => (verb, path),
    }
}

/// Returns the HTTP code of a gRPC code.
fn http_code(code: u16) -> u16 {
    match code {
        0 => 200,
        3 | 9 | 11 => 400,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        16 => 401,
        // Some entries contain the HTTP code.
        100.. => code,
        _ => 500,
    }
}
