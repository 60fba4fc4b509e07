//! What is asked: VERB and RESOURCE arguments made into one request, with what is odd about them.

mod oddity;
mod resource;

use rolecall_rbac::{Catalog, Request, RequestScope, Target};

use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::ui::Ui;
use oddity::{PATH_VERBS, RESOURCE_VERBS, odd_verb};
pub(crate) use oddity::{Reach, caveats_of_name, odd_resource, unknown_verb};
use resource::{Named, resolve_named};
pub(crate) use resource::{resolve, resolve_subresource};

/// How RESOURCE is written, for the help of the commands that take one.
pub(crate) const GRAMMAR: &str = "\
RESOURCE is one of:
  pods, po, Pod               a resource; its singular, kind and short names mean it too
  deployments.apps            a resource of an API group; needed for custom resources
  pods/log, */scale           a subresource; also --subresource
  pods/web-0                  one object, where no subresource has the name; also --name
  users, groups, signers ...  the virtual resources of impersonate, approve and sign
  /metrics, /healthz/*        a URL path";

/// A question before it is asked of anybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The verb as written.
    pub(crate) verb: &'a str,
    /// The resource or path as written.
    pub(crate) resource: &'a str,
    /// The subresource, where the resource does not name one; empty for none.
    pub(crate) subresource: &'a str,
    /// The object's name; empty for none.
    pub(crate) name: &'a str,
    /// The namespace; empty for all at once.
    pub(crate) namespace: &'a str,
    /// Whether the reader named that namespace, who may be told that it does not count.
    pub(crate) namespace_is_explicit: bool,
}

/// What an answer covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// The namespace that is asked about; without one, all at once.
    Asked,
    /// Each namespace by itself, and all at once.
    Each,
}

impl Question<'_> {
    /// Makes the request, and says on stderr what the reader may not expect about it.
    pub(crate) fn to_request(self, ui: &Ui, session: &Session) -> Result<Request, CommandError> {
        self.to_request_in(ui, session, Span::Asked)
    }

    /// Does so for an answer that covers the cluster scope and every namespace by itself.
    pub(crate) fn to_request_in_each(
        self,
        ui: &Ui,
        session: &Session,
    ) -> Result<Request, CommandError> {
        self.to_request_in(ui, session, Span::Each)
    }

    fn to_request_in(
        self,
        ui: &Ui,
        session: &Session,
        span: Span,
    ) -> Result<Request, CommandError> {
        if self.verb.trim().is_empty() {
            return Err(CommandError::usage("the verb is empty"));
        }
        if self.resource.starts_with('/') {
            return self.to_path_request(ui);
        }
        let Named { resolved, name } = resolve_named(self, session)
            .map_err(|error| self.swapped(&session.catalog).unwrap_or(error))?;
        if name != self.name {
            ui.note(format!("asked about `{}` with the name `{name}`", resolved.display()));
        }
        let oddities =
            [odd_verb(self.verb, Some(&resolved)), odd_resource(&session.catalog, &resolved)];
        oddities.into_iter().flatten().for_each(|oddity| ui.warn(oddity));
        caveats_of_name(&[self.verb], name, &resolved.subresource)
            .into_iter()
            .for_each(|caveat| ui.note(caveat));
        let request = session.catalog.request(self.verb, &resolved, self.namespace, name);
        if !request.namespace().is_empty() {
            session.place.explain(ui);
        }
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
                    ("bind", "") if span == Span::Each => {
                        "ClusterRoleBindings, and RoleBindings in each namespace".to_owned()
                    }
                    ("bind", "") => "ClusterRoleBindings".to_owned(),
                    ("bind", namespace) => format!("RoleBindings in namespace `{namespace}`"),
                    (_, "") if span == Span::Each => {
                        "the whole cluster, and Pods in each namespace".to_owned()
                    }
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
        if !self.subresource.is_empty() {
            return Err(CommandError::usage("a URL path has no subresources"));
        }
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
