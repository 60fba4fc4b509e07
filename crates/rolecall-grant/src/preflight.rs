//! May somebody apply the objects? The pure half: what the server checks, and what is missing.

use rolecall_rbac::{
    Authorizer, Gap, Identity, PolicyRule, Request, ResourceRequest, Role, RoleKind, Text, Verdict,
    covers, subtract,
};

use crate::object::Object;
use crate::proof::{is_new, overlay};
use crate::subject::RBAC_GROUP;

/// What the server would say if somebody applied the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Requests that applying the objects makes and that are not allowed.
    pub denied: Vec<Request>,
    /// Roles and bindings that grant more than the applier holds.
    pub escalations: Vec<Escalating>,
    /// Requests of which it is not known whether they are allowed; neither a yes nor a no.
    pub undecided: Vec<Undecided>,
}

/// A role or binding that the server's escalation check refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalating {
    /// Which of the objects.
    pub object: usize,
    /// The request that would be allowed to pass the check by: `escalate` or `bind` on the role.
    pub pass: Request,
    /// The rules that would have to be held instead, merged as the server lists them.
    pub missing: Vec<PolicyRule>,
}

/// A request of which it is not known whether it is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    /// The request.
    pub request: Request,
    /// What was not read or not answered.
    pub because: Vec<Text>,
}

/// Whether the applier may make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum May {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// It is not known, and why.
    Unknown(Vec<Text>),
}

/// The rules that the applier holds somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRules {
    /// Those that are known.
    pub rules: Vec<PolicyRule>,
    /// Why there may be more; empty when these are all.
    pub incomplete: Vec<Text>,
}

/// What the applier may do: read from roles and bindings, or asked of the server.
pub trait Rights {
    /// Returns whether the applier may make a request.
    fn may(&self, request: &Request) -> May;

    /// Returns the rules that the applier holds in a namespace, or with an empty one in the cluster.
    fn rules(&self, namespace: &str) -> HeldRules;
}

/// The rights that roles and bindings give to an identity.
#[derive(Debug)]
pub struct ReadRights<'a> {
    /// The roles and bindings that were read.
    pub authorizer: &'a Authorizer,
    /// The applier.
    pub applier: &'a Identity,
}

impl Rights for ReadRights<'_> {
    fn may(&self, request: &Request) -> May {
        match self.authorizer.authorize(self.applier, request).verdict {
            Verdict::Allowed { .. } => May::Yes,
            Verdict::NoOpinion => May::No,
            Verdict::Unknown { gaps } => May::Unknown(texts(&gaps)),
        }
    }

    fn rules(&self, namespace: &str) -> HeldRules {
        let review = self.authorizer.rules_for(self.applier, namespace);
        HeldRules {
            rules: review.rules.into_iter().map(|held| held.rule.clone()).collect(),
            incomplete: texts(&review.gaps),
        }
    }
}

impl Preflight {
    /// Returns whether everything may certainly be applied.
    pub fn is_clear(&self) -> bool {
        !self.is_refused() && self.undecided.is_empty()
    }

    /// Returns whether something certainly may not be applied.
    pub fn is_refused(&self) -> bool {
        !self.denied.is_empty() || !self.escalations.is_empty()
    }
}

/// Returns the requests that `kubectl apply` makes for objects: `get`, then `create` or `patch`; both
/// where it was not read whether the object exists.
pub fn requests_to_apply(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
) -> Vec<Request> {
    let mut requests: Vec<Request> = objects
        .iter()
        .enumerate()
        .flat_map(|(position, object)| {
            let create = || request("create", object).without_name();
            let writes = match existence(authorizer, object, in_doubt.contains(&position)) {
                Existence::Exists => vec![request("patch", object)],
                // Nothing that is created by POST has a name yet.
                Existence::Missing => vec![create()],
                Existence::Unread => vec![create(), request("patch", object)],
            };
            std::iter::once(request("get", object)).chain(writes)
        })
        .collect();
    requests.sort();
    requests.dedup();
    requests
}

/// Returns the requests that decide whether objects may be applied: those of [`requests_to_apply`],
/// and those that pass the escalation check.
pub fn requests_of_preflight(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
) -> Vec<Request> {
    let after = overlay(authorizer, objects);
    let mut requests = requests_to_apply(authorizer, objects, in_doubt);
    for object in objects {
        requests.extend(granted_by(authorizer, &after, object).map(|granted| granted.pass));
    }
    requests.sort();
    requests.dedup();
    requests
}

/// Returns the requests of applying the objects that an identity is refused
/// (docs/semantics.md#escalation-prevention).
///
/// `in_doubt` are the positions of objects of which it is not known whether they exist.
pub fn preflight(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
    rights: &impl Rights,
) -> Preflight {
    let mut preflight = Preflight::default();
    for request in requests_to_apply(authorizer, objects, in_doubt) {
        match rights.may(&request) {
            May::Yes => {}
            May::No if depends_on_existence(objects, in_doubt, &request) => {
                let because = ["whether the object exists was not read".into()].into();
                preflight.undecided.push(Undecided { request, because });
            }
            May::No => preflight.denied.push(request),
            May::Unknown(because) => preflight.undecided.push(Undecided { request, because }),
        }
    }
    // The role of a binding is read from storage, where the roles before it already are.
    let after = overlay(authorizer, objects);
    for (position, object) in objects.iter().enumerate() {
        let Some(Granted { pass, rules }) = granted_by(authorizer, &after, object) else {
            continue;
        };
        let held = rights.rules(&object.metadata().namespace);
        if covers(&held.rules, rules).is_complete() {
            continue;
        }
        let mut because = match rights.may(&pass) {
            May::Yes => continue,
            May::No => Vec::new(),
            May::Unknown(because) => because,
        };
        because.extend(held.incomplete);
        because.sort();
        because.dedup();
        if because.is_empty() {
            let missing = subtract(rules, &held.rules);
            preflight.escalations.push(Escalating { object: position, pass, missing });
        } else {
            preflight.undecided.push(Undecided { request: pass, because });
        }
    }
    preflight.undecided.sort();
    preflight.undecided.dedup();
    preflight
}

/// Returns whether a request is made only if its object exists, or only if it does not, and that is
/// not known.
fn depends_on_existence(objects: &[Object], in_doubt: &[usize], asked: &Request) -> bool {
    let makes = |object: &Object| {
        *asked == request("create", object).without_name() || *asked == request("patch", object)
    };
    &*asked.verb != "get"
        && objects
            .iter()
            .enumerate()
            .filter(|(_, object)| makes(object))
            .all(|(position, _)| in_doubt.contains(&position))
}

/// What a role or binding grants, as the escalation check sees it.
struct Granted<'a> {
    /// The request that passes the check.
    pass: Request,
    rules: &'a [PolicyRule],
}

fn granted_by<'a>(
    before: &Authorizer,
    after: &'a Authorizer,
    object: &'a Object,
) -> Option<Granted<'a>> {
    match object {
        Object::ServiceAccount(_) => None,
        Object::Role(granted) => {
            let escalate = request("escalate", object);
            // What is not known to exist is created without a name in the URL; that is allowed by less.
            let pass = match is_new(before.inventory(), object) {
                true => escalate.without_name(),
                false => escalate,
            };
            Some(Granted { pass, rules: &granted.role.rules })
        }
        Object::Binding(binding) => {
            let role_ref = &binding.role_ref;
            let namespace = &binding.metadata.namespace;
            let (resource, role_namespace) = match role_ref.kind {
                RoleKind::Role => ("roles", &**namespace),
                RoleKind::ClusterRole | RoleKind::Other(_) => ("clusterroles", ""),
            };
            let bind = Request::resource(
                "bind",
                ResourceRequest {
                    namespace: namespace.clone(),
                    group: RBAC_GROUP.into(),
                    resource: resource.into(),
                    subresource: "".into(),
                    name: role_ref.name.clone(),
                },
            );
            let role: &Role = after.inventory().role(role_namespace, &role_ref.name)?;
            Some(Granted { pass: bind, rules: &role.rules })
        }
    }
}

/// Whether an object of a name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existence {
    Exists,
    Missing,
    Unread,
}

fn existence(authorizer: &Authorizer, object: &Object, in_doubt: bool) -> Existence {
    match (is_new(authorizer.inventory(), object), in_doubt) {
        (false, _) => Existence::Exists,
        (true, true) => Existence::Unread,
        (true, false) => Existence::Missing,
    }
}

fn request(verb: &str, object: &Object) -> Request {
    let (group, resource) = match object.kind() {
        "ServiceAccount" => ("", "serviceaccounts"),
        "Role" => (RBAC_GROUP, "roles"),
        "ClusterRole" => (RBAC_GROUP, "clusterroles"),
        "RoleBinding" => (RBAC_GROUP, "rolebindings"),
        _ => (RBAC_GROUP, "clusterrolebindings"),
    };
    let metadata = object.metadata();
    Request::resource(
        verb,
        ResourceRequest {
            namespace: metadata.namespace.clone(),
            group: group.into(),
            resource: resource.into(),
            subresource: "".into(),
            name: metadata.name.clone(),
        },
    )
}

fn texts(gaps: &[Gap]) -> Vec<Text> {
    gaps.iter().map(|gap| gap.to_string().into()).collect()
}
