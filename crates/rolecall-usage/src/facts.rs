//! The facts about one request in an event of any format.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::event::{Event, Extra, Groups, ObjectRef, User, unquoted};
use crate::time::{Micros, parse_time};

/// Marks a dry run in a URL.
static DRY_RUN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("dryRun="));
/// Ends the attribute with the name of the Pod.
static POD_NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("/pod-name\""));

/// One request at one stage.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) stage: Stage,
    pub(crate) user: Person<'a>,
    pub(crate) impersonated: Option<Person<'a>>,
    /// The constraint under which impersonation was allowed; empty for the verb `impersonate`.
    pub(crate) constraint: Cow<'a, str>,
    pub(crate) verb: Cow<'a, str>,
    pub(crate) target: FactTarget<'a>,
    pub(crate) code: u16,
    pub(crate) decision: Decided,
    pub(crate) reason: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
    pub(crate) is_dry_run: bool,
    pub(crate) time: Option<Micros>,
}

/// The stage of an event, in which only answers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request has arrived.
    Received,
    /// The answer of a long request begins, or authentication failed.
    Started,
    /// The answer is complete, or the server panicked.
    Complete,
}

/// The decision in the annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    Allow,
    Forbid,
    /// There is none.
    Unstated,
}

/// A user, as authenticated.
#[derive(Debug, Default)]
pub(crate) struct Person<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) uid: Cow<'a, str>,
    /// The groups; `None` if the format leaves them out.
    pub(crate) groups: Option<Vec<Cow<'a, str>>>,
    pub(crate) pod: Cow<'a, str>,
    /// The attributes as JSON.
    pub(crate) extra: Option<&'a str>,
}

/// The target of a request.
#[derive(Debug)]
pub(crate) enum FactTarget<'a> {
    Object(ObjectRef<'a>),
    Path(Cow<'a, str>),
}

impl<'a> Facts<'a> {
    /// Reads a native event.
    pub(crate) fn of_event(event: Event<'a>) -> Self {
        let stage = match &*event.stage {
            "RequestReceived" => Stage::Received,
            "ResponseStarted" => Stage::Started,
            _ => Stage::Complete,
        };
        let query_marks = event.request_uri.map_or("", |raw| raw.get());
        let is_dry_run = DRY_RUN.find(query_marks.as_bytes()).is_some();
        let target = match event.object_ref {
            Some(object) if !object.resource.is_empty() => FactTarget::Object(object),
            _ => target_of_uri(&event.verb, unquoted(event.request_uri)),
        };
        let annotations = event.annotations.unwrap_or_default();
        let decision = Decided::of(&annotations.decision);
        let status = event.response_status;
        let code = status.as_ref().map_or(0, |status| status.code);
        // Only refusals have messages that say more than the code.
        let message = match (code, status) {
            (403, Some(status)) => unquoted(status.message),
            _ => Cow::Borrowed(""),
        };
        let time = parse_time(&event.request_received_timestamp)
            .or_else(|| parse_time(&event.stage_timestamp))
            .or_else(|| parse_time(&event.timestamp));
        Self {
            stage,
            user: event.user.map(Person::of).unwrap_or_default(),
            impersonated: event.impersonated_user.map(Person::of),
            constraint: event
                .authentication_metadata
                .map(|metadata| metadata.impersonation_constraint)
                .unwrap_or_default(),
            verb: event.verb,
            target,
            code,
            decision,
            reason: annotations.reason.0,
            message,
            is_dry_run,
            time,
        }
    }
}

impl Decided {
    pub(crate) fn of(decision: &str) -> Self {
        match decision {
            "allow" => Self::Allow,
            "forbid" => Self::Forbid,
            _ => Self::Unstated,
        }
    }
}

impl<'a> Person<'a> {
    /// Reads the JSON of a user.
    pub(crate) fn of_json(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self::of)
    }

    fn of(user: User<'a>) -> Self {
        let extra = user.extra.map(|raw| raw.get());
        let pod = extra.and_then(pod_in);
        let Groups(groups) = user.groups.unwrap_or_default();
        Self {
            name: user.username,
            uid: user.uid,
            groups: Some(groups.into_iter().map(|group| group.0).collect()),
            pod: pod.unwrap_or_default(),
            extra,
        }
    }
}

/// Returns the Pod in the attributes of a user, without reading the others.
fn pod_in(extra: &str) -> Option<Cow<'_, str>> {
    let at = POD_NAME.find(extra.as_bytes())?;
    let behind = extra.get(at + "/pod-name\"".len()..)?.trim_start();
    let list = behind.strip_prefix(':')?.trim_start().strip_prefix('[')?.trim_start();
    let (name, _) = list.strip_prefix('"')?.split_once('"')?;
    if !name.contains('\\') {
        return Some(Cow::Borrowed(name));
    }
    let extra: Extra<'_> = serde_json::from_str(extra).ok()?;
    extra.pod.into_iter().next().map(|pod| pod.0)
}

/// Reads the target from a URL: an event of a resource request always has an object, but tables of
/// logs can lack it.
pub(crate) fn target_of_uri<'a>(verb: &str, uri: Cow<'a, str>) -> FactTarget<'a> {
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    if let Some(request) = rolecall_rbac::resource_request_of(verb, path, query)
        && let rolecall_rbac::Target::Resource(target) = request.target
    {
        let owned = |text: rolecall_rbac::Text| Cow::Owned(text.to_string());
        return FactTarget::Object(ObjectRef {
            resource: owned(target.resource),
            namespace: owned(target.namespace),
            name: owned(target.name),
            api_group: owned(target.group),
            subresource: owned(target.subresource),
        });
    }
    let length = path.len();
    let path = match uri {
        Cow::Borrowed(uri) => Cow::Borrowed(uri.get(..length).unwrap_or(uri)),
        Cow::Owned(mut uri) => {
            uri.truncate(length);
            Cow::Owned(uri)
        }
    };
    FactTarget::Path(decoded(path))
}

/// Decodes `%XX`, as the server does before it authorizes a path.
fn decoded(path: Cow<'_, str>) -> Cow<'_, str> {
    if !path.contains('%') {
        return path;
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = (*byte == b'%').then(|| (digit(bytes.get(at + 1)), digit(bytes.get(at + 2))));
        match pair {
            Some((Some(high), Some(low))) => {
                decoded.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}
