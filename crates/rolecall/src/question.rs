//! What is asked: VERB and RESOURCE arguments made into one request, with what is odd about them.

use rolecall_rbac::{
    Catalog, Meant, Request, RequestScope, ResolveError, Resolved, Target, edit_distance,
};

use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::ui::Ui;

/// How RESOURCE is written, for the help of the commands that take one.
pub(crate) const GRAMMAR: &str = "\
RESOURCE is one of:
  pods, po, Pod               a resource; its singular, kind and short names mean it too
  deployments.apps            a resource of an API group; needed for custom resources
  pods/log, */scale           a subresource; one object is asked about with --name
  users, groups, signers ...  the virtual resources of impersonate, approve and sign
  /metrics, /healthz/*        a URL path";

/// The verbs that API servers check for resources.
const RESOURCE_VERBS: [&str; 15] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "attest",
];

/// The verbs of URL paths: HTTP methods in lower case.
const PATH_VERBS: [&str; 7] = ["get", "post", "put", "head", "options", "delete", "patch"];

/// Verbs that are checked for resources although no request with them is served.
const CHECKED_VERBS: [(&str, &[&str]); 4] = [
    ("bind", &["roles", "clusterroles"]),
    ("escalate", &["roles", "clusterroles"]),
    ("impersonate", &["serviceaccounts"]),
    ("use", &["podsecuritypolicies", "securitycontextconstraints"]),
];

/// A question before it is asked of anybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The verb as written.
    pub(crate) verb: &'a str,
    /// The resource or path as written.
    pub(crate) resource: &'a str,
    /// The object's name; empty for none.
    pub(crate) name: &'a str,
    /// The namespace; empty for all at once.
    pub(crate) namespace: &'a str,
    /// Whether the reader named that namespace, who may be told that it does not count.
    pub(crate) namespace_is_explicit: bool,
}

impl Question<'_> {
    /// Makes the request, and says on stderr what the reader may not expect about it.
    pub(crate) fn to_request(self, ui: &Ui, session: &Session) -> Result<Request, CommandError> {
        if self.verb.trim().is_empty() {
            return Err(CommandError::usage("the verb is empty"));
        }
        if self.resource.starts_with('/') {
            return self.to_path_request(ui);
        }
        let resolved = resolve(&session.catalog, self.resource)
            .map_err(|error| self.swapped(&session.catalog).unwrap_or(error))?;
        if let Some(oddity) = odd_verb(self.verb, Some(&resolved)) {
            ui.warn(oddity);
        }
        let request = session.catalog.request(self.verb, &resolved, self.namespace, self.name);
        match session.catalog.scope_of(&resolved, self.verb) {
            Some(RequestScope::Cluster | RequestScope::Itself)
                if self.namespace_is_explicit && request.namespace() != self.namespace =>
            {
                let place = match request.namespace() {
                    "" => "without a namespace".to_owned(),
                    itself => format!("in namespace `{itself}`"),
                };
                ui.note(format!("`{}` is cluster-scoped: asked {place}", resolved.display()));
            }
            Some(RequestScope::WhereUsed) => {
                let where_used = match (self.verb, self.namespace) {
                    ("bind", "") => "ClusterRoleBindings".to_owned(),
                    ("bind", namespace) => format!("RoleBindings in namespace `{namespace}`"),
                    (_, "") => "the whole cluster".to_owned(),
                    (_, namespace) => format!("Pods in namespace `{namespace}`"),
                };
                ui.note(format!("asked about `{}` for {where_used}", self.verb));
            }
            _ => {}
        }
        Ok(request)
    }

    /// Returns whether a request is about a namespaced resource in all namespaces at once.
    pub(crate) fn is_about_all_namespaces(&self, session: &Session, request: &Request) -> bool {
        let is_namespaced = || {
            matches!(
                session.catalog.scope_of_request(request),
                Some(RequestScope::Namespaced) | None
            )
        };
        self.namespace.is_empty()
            && matches!(request.target, Target::Resource(_))
            && is_namespaced()
    }

    /// Returns the error of verb and resource in the wrong order, if they are.
    fn swapped(self, catalog: &Catalog) -> Option<CommandError> {
        let is_swapped =
            RESOURCE_VERBS.contains(&self.resource) && catalog.resolve(self.verb).is_ok();
        let hint = Hint::did_you_mean(
            format!("{} {}", self.verb, self.resource),
            [format!("{} {}", self.resource, self.verb)],
        );
        let error = format!("`{}` is a verb, which comes before the resource", self.resource);
        is_swapped.then(|| CommandError::usage(error).with_hint(hint))
    }

    fn to_path_request(self, ui: &Ui) -> Result<Request, CommandError> {
        if !self.name.is_empty() {
            return Err(CommandError::usage("`--name` asks about an object, a path is none")
                .with_hint(Hint::did_you_mean(
                    format!("{} --name {}", self.resource, self.name),
                    [self.resource],
                )));
        }
        let is_method = self.verb == "*" || PATH_VERBS.contains(&self.verb);
        let unasked = RESOURCE_VERBS.contains(&self.verb) && !is_method;
        if let Some(oddity) = odd_verb(self.verb, None) {
            ui.warn(oddity);
        } else if unasked {
            ui.warn(format!(
                "`{}` is never asked of a path: its verbs are {}",
                self.verb,
                PATH_VERBS.join(", ")
            ));
        }
        // Servers ask their authorizers about the path alone.
        let (path, query) = self.resource.split_once('?').unwrap_or((self.resource, ""));
        if !query.is_empty() {
            ui.warn(format!("a query is no part of a path: asked about `{path}`"));
        }
        Ok(Request::path(self.verb, path))
    }
}

/// Resolves a RESOURCE argument, with hints when it means nothing.
pub(crate) fn resolve<'a>(
    catalog: &'a Catalog,
    argument: &str,
) -> Result<Resolved<'a>, CommandError> {
    catalog.resolve(argument).map_err(|error| match &error {
        ResolveError::UnknownResource { resource, similar } => {
            let custom = (!resource.contains('.')).then(|| format!("{resource}.GROUP"));
            let alternatives: Vec<String> = similar.iter().cloned().chain(custom).collect();
            let hint = Hint::did_you_mean(argument, alternatives);
            CommandError::usage(error).with_hint(hint)
        }
        ResolveError::UnknownSubresource { resource, subresource, served } => {
            let similar = served
                .iter()
                .filter(|served| edit_distance(served, subresource) <= 2)
                .map(|served| format!("{resource}/{served}"));
            let spelled = Hint::did_you_mean(argument, similar);
            let named = Hint::pass(
                format!("--name {subresource}"),
                format!("ask about one object of `{resource}`"),
            );
            CommandError::usage(error).with_hint(spelled).with_hint(named)
        }
        ResolveError::Malformed { .. } => CommandError::usage(error)
            .with_hint(Hint::run("rolecall help can-i", "see how resources are written")),
    })
}

/// Says what is odd about a verb for a resource, or for a path when there is none. It is asked as
/// written all the same, as the server would.
fn odd_verb(verb: &str, resolved: Option<&Resolved<'_>>) -> Option<String> {
    let unknown = unknown_verb(verb, resolved.is_none());
    if let (Some(_), Some(meant), Some(resolved)) = (&unknown, Meant::by(verb), resolved) {
        return Some(format!(
            "unknown verb `{verb}`; servers are asked for {} on `{}`",
            meant.verbs_in_words(),
            meant.on(&resolved.display())
        ));
    }
    if verb == "*" || unknown.is_some() {
        return unknown;
    }
    let resolved = resolved?;
    let served = resolved.served?;
    let subresource =
        served.subresources.iter().find(|subresource| subresource.name == resolved.subresource);
    let verbs = match subresource {
        Some(subresource) => &subresource.verbs,
        None if resolved.subresource.is_empty() => &served.verbs,
        None => return None,
    };
    let checked = CHECKED_VERBS
        .iter()
        .any(|(checked, resources)| *checked == verb && resources.contains(&&*served.resource));
    (!checked && !verbs.iter().any(|served| **served == *verb)).then(|| {
        format!("no server serves `{verb}` for `{}`; asked all the same", resolved.display())
    })
}

/// Says that servers know no such verb, for resources or for paths too, and which one is like it.
pub(crate) fn unknown_verb(verb: &str, for_paths: bool) -> Option<String> {
    let paths: &[&str] = if for_paths { &PATH_VERBS } else { &[] };
    let known = || RESOURCE_VERBS.iter().chain(paths);
    let constrained = verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:");
    if verb == "*" || constrained || known().any(|known| *known == verb) {
        return None;
    }
    let lower = verb.to_lowercase();
    let guess = known()
        .map(|known| (edit_distance(known, &lower), known))
        .filter(|(distance, _)| *distance <= 1 + lower.len() / 4)
        .min()
        .map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"));
    Some(format!("unknown verb `{verb}`{guess}"))
}
