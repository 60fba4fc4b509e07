//! Whether a grant would be of any use: no rule is written that no request matches.

use rolecall_check::dead_grant;
use rolecall_rbac::{Catalog, PolicyRule, Request, Resolved, ResourceRequest, Target, VerbAlias};

use crate::cli::quote;
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::question::{Reach, unknown_verb};
use crate::ui::Ui;

/// Why a rule for a request would be of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Useless {
    /// What is wrong.
    pub(super) because: String,
    /// What would be of use.
    pub(super) hints: Vec<Hint>,
}

/// Which rules are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// Those that some request is known to match.
    Known,
    /// Those that are asked for.
    Anything,
}

/// Returns why a rule for a request would be of no use; `None` where it may be of some.
pub(super) fn useless(request: &Request, catalog: &Catalog) -> Option<Useless> {
    let Target::Resource(target) = &request.target else { return None };
    let rule = PolicyRule {
        verbs: [request.verb.clone()].into(),
        api_groups: [target.group.clone()].into(),
        resources: [target.combined()].into(),
        ..PolicyRule::default()
    };
    if let Some(dead) = dead_grant(&rule, catalog) {
        let unknown = VerbAlias::of(&request.verb)
            .is_none()
            .then(|| unknown_verb(&request.verb, Reach::Resources));
        let because =
            unknown.flatten().unwrap_or_else(|| format!("{}; {}", dead.message, dead.fix));
        return Some(Useless { because, hints: meant(request, target).into_iter().collect() });
    }
    unknown(target, catalog)
}

/// Returns a hint at the requests that a word for a verb stands for.
fn meant(request: &Request, target: &ResourceRequest) -> Option<Hint> {
    let meant = VerbAlias::of(&request.verb)?;
    let written = displayed(target);
    let verbs = meant.verbs.join(",");
    Hint::did_you_mean(
        format!("{} {written}", request.verb),
        [quote_both(&verbs, &meant.on(&written))],
    )
}

fn quote_both(verb: &str, resource: &str) -> String {
    format!("{} {}", quote(verb), quote(resource))
}

/// Returns why a resource that no known server serves is left out.
fn unknown(target: &ResourceRequest, catalog: &Catalog) -> Option<Useless> {
    let ResourceRequest { group, resource, .. } = target;
    // Adapters serve whatever metrics they are set up for.
    let is_open = &**group == "*" || &**resource == "*" || group.ends_with("metrics.k8s.io");
    // What Kubernetes serves itself, now or in another version, has been judged.
    if is_open || !group.contains('.') || is_kubernetes(group) {
        return None;
    }
    if catalog.get(group, resource).is_some() {
        return None;
    }
    let serves_group = catalog.resources().iter().any(|served| served.group == *group);
    let because = match serves_group {
        true => format!("API group `{group}` has no resource `{resource}` as far as is known"),
        false => format!("no server is known to serve API group `{group}`"),
    };
    let hints = vec![
        Hint::pass("-f CRDS", "read the CustomResourceDefinition that defines it"),
        Hint::pass("--force", "write the rule all the same"),
    ];
    Some(Useless { because, hints })
}

/// Returns whether an API group is one of Kubernetes' own.
fn is_kubernetes(group: &str) -> bool {
    group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")
}

/// Returns a resource as people write it: `deployments.apps/scale`.
fn displayed(target: &ResourceRequest) -> String {
    let group = match &*target.group {
        "" => String::new(),
        group => format!(".{group}"),
    };
    let subresource = match &*target.subresource {
        "" => String::new(),
        subresource => format!("/{subresource}"),
    };
    format!("{}{group}{subresource}", target.resource)
}

impl Useless {
    /// Returns the error with which a question ends that asks for such a rule.
    pub(super) fn into_error(self, request: &Request) -> CommandError {
        let what = match &request.target {
            Target::Resource(target) => displayed(target),
            Target::Path(path) => path.to_string(),
        };
        let text = format!("no rule for `{} {what}` is written: {}", request.verb, self.because);
        self.hints.into_iter().fold(CommandError::usage(text), CommandError::with_hint)
    }
}

/// Returns a request as a client makes it where that asks for more: cluster-scoped resources have no
/// namespace, and a grant in one would be of no use to anybody. What is granted without a namespace
/// also allows the request as it was written.
pub(super) fn as_clients_ask(ui: &Ui, session: &Session, request: &Request) -> Request {
    let Target::Resource(target) = &request.target else { return request.clone() };
    let resolved = Resolved {
        group: target.group.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        served: session.catalog.get(&target.group, &target.resource),
    };
    let asked = session.catalog.request(&request.verb, &resolved, &target.namespace, &target.name);
    if !asked.namespace().is_empty() {
        return request.clone();
    }
    if !request.namespace().is_empty() {
        ui.note(format!(
            "`{}` is cluster-scoped: granted without regard to namespace `{}`",
            target.resource, target.namespace
        ));
    }
    asked
}
