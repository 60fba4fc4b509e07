//! The conversion of VERB and RESOURCE arguments to a request, with warnings about unusual ones.

mod oddity;
mod path;
mod resource;

use rolecall_access::known::URL_VERBS;
use rolecall_rbac::{Catalog, Request, RequestScope, Target};

use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::ui::Ui;
pub(crate) use oddity::{
    Reach, ambiguous_resource, caveats_of_name, odd_resource, similar_verb, unknown_verb,
};
use oddity::{is_resource_verb, odd_resource_for, odd_verb};
pub(crate) use path::of_path;
use resource::{Named, resolve_named};
pub(crate) use resource::{hint_groups, refuse_pattern_of_names, resolve, resolve_subresource};

/// The notation of RESOURCE, for the help of the commands that take one.
pub(crate) const GRAMMAR: &str = include_str!("../help/resource.txt");

/// A question, before it is resolved to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The verb as written.
    pub(crate) verb: &'a str,
    /// The resource or path as written.
    pub(crate) resource: &'a str,
    /// The subresource, if not part of the resource; empty for none.
    pub(crate) subresource: &'a str,
    /// The object's name; empty for none.
    pub(crate) name: &'a str,
    /// The namespace; empty for all namespaces.
    pub(crate) namespace: &'a str,
    /// Whether the namespace was given explicitly, and deserves a note if it has no effect.
    pub(crate) namespace_is_explicit: bool,
}

/// The coverage of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// The namespace of the question, or all namespaces without one.
    Asked,
    /// Each namespace by itself, and all at once.
    Each,
}

/// Rejects a list of verbs where only one is possible.
pub(crate) fn refuse_several_verbs(verb: &str) -> Result<(), CommandError> {
    if !verb.contains(',') {
        return Ok(());
    }
    let error = format!("`{verb}` contains several verbs, but only one is allowed here");
    let verbs = verb.split(',').map(str::trim).filter(|verb| !verb.is_empty());
    Err(CommandError::usage(error).with_hint(Hint::did_you_mean(verb, verbs)))
}

impl Question<'_> {
    /// Resolves the request, and reports anything unexpected on stderr.
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
        refuse_several_verbs(self.verb)?;
        if self.resource.starts_with('/') {
            return self.to_path_request(ui, &session.catalog);
        }
        let Named { resolved, name } = resolve_named(self, session)
            .map_err(|error| self.swapped(&session.catalog).unwrap_or(error))?;
        refuse_pattern_of_names(&resolved, name)?;
        if name != self.name {
            ui.note(format!("assuming the object `{name}` of `{}`", resolved.display()));
        }
        let oddities = [
            ambiguous_resource(&session.catalog, self.resource),
            odd_verb(self.verb, Some(&resolved)),
            odd_resource_for(self.verb, &session.catalog, &resolved),
        ];
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
                    "" => "at cluster scope".to_owned(),
                    itself => format!("in namespace `{itself}`"),
                };
                ui.note(format!("`{}` is cluster-scoped: checking {place}", resolved.display()));
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
                ui.note(format!("checking `{}` for {where_used}", self.verb));
            }
            _ => {}
        }
        Ok(request)
    }

    /// Returns whether a request is about a namespaced resource across all namespaces.
    pub(crate) fn is_about_all_namespaces(&self, session: &Session, request: &Request) -> bool {
        let is_namespaced = || {
            matches!(
                session.catalog.scope_of_request(request),
                Some(RequestScope::Namespaced) | None
            )
        };
        self.namespace.is_empty()
            && request.namespace().is_empty()
            && matches!(request.target, Target::Resource(_))
            && is_namespaced()
    }

    /// Returns the error for verb and resource in the wrong order.
    fn swapped(self, catalog: &Catalog) -> Option<CommandError> {
        let is_swapped = is_resource_verb(self.resource) && catalog.resolve(self.verb).is_ok();
        let hint = Hint::did_you_mean(
            format!("{} {}", self.verb, self.resource),
            [format!("{} {}", self.resource, self.verb)],
        );
        let error = format!("the verb `{}` must come before the resource", self.resource);
        is_swapped.then(|| CommandError::usage(error).with_hint(hint))
    }

    fn to_path_request(self, ui: &Ui, catalog: &Catalog) -> Result<Request, CommandError> {
        if !self.subresource.is_empty() {
            return Err(CommandError::usage("a URL path has no subresources"));
        }
        if !self.name.is_empty() {
            return Err(CommandError::usage("a URL path has no `--name`").with_hint(
                Hint::did_you_mean(
                    format!("{} --name {}", self.resource, self.name),
                    [self.resource],
                ),
            ));
        }
        if let Some(request) = path::resource_request(ui, catalog, self.verb, self.resource)? {
            return Ok(request);
        }
        let is_method = self.verb == "*" || URL_VERBS.contains(&self.verb);
        let unasked = is_resource_verb(self.verb) && !is_method;
        if let Some(oddity) = odd_verb(self.verb, None) {
            ui.warn(oddity);
        } else if unasked {
            ui.warn(format!(
                "`{}` is not a verb of URL paths; their verbs are {}",
                self.verb,
                URL_VERBS.join(", ")
            ));
        }
        // Servers authorize the path without the query.
        let (path, query) = self.resource.split_once('?').unwrap_or((self.resource, ""));
        if !query.is_empty() {
            ui.warn(format!("ignoring the query: checking `{path}`"));
        }
        Ok(Request::path(self.verb, path))
    }
}
