//! Checks that a grant has an effect: rules that match no request are rejected.

use rolecall_access::known;
use rolecall_check::dead_grant;
use rolecall_rbac::{Catalog, PolicyRule, Request, Resolved, ResourceRequest, Target, VerbAlias};

use crate::cli::quote;
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::question::{Reach, unknown_verb};
use crate::ui::Ui;

/// A rule without an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Useless {
    /// The reason.
    pub(super) because: String,
    /// A hint at an effective rule.
    pub(super) hints: Vec<Hint>,
}

/// The rules to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// Only rules that match a known request.
    Known,
    /// All requested rules.
    Anything,
}

/// Returns why a rule for a request would have no effect; `None` if it can have one.
pub(super) fn useless(request: &Request, catalog: &Catalog) -> Option<Useless> {
    let (rule, reach) = rule_for(request);
    if let Some(dead) = dead_grant(&rule, catalog) {
        let unknown = VerbAlias::of(&request.verb).is_none();
        let unknown = unknown.then(|| unknown_verb(&request.verb, reach));
        let because =
            unknown.flatten().unwrap_or_else(|| format!("{}; {}", dead.message, dead.fix));
        return Some(Useless { because, hints: meant(request).into_iter().collect() });
    }
    let Target::Resource(target) = &request.target else { return None };
    removed(target, catalog)
        .or_else(|| unnamed(&request.verb, target))
        .or_else(|| unknown(target, catalog))
}

/// Returns why a resource is rejected that servers no longer serve in its API group.
fn removed(target: &ResourceRequest, catalog: &Catalog) -> Option<Useless> {
    let ResourceRequest { group, resource, .. } = target;
    let release = known::removed_in(group, resource)?;
    if catalog.get(group, resource).is_some() || catalog.is_unread(group) {
        return None;
    }
    let because =
        format!("`{resource}` of API group `{group}` was removed in Kubernetes 1.{release}");
    let today = catalog.named(resource).filter(|served| *served.resource == **resource);
    let today = today.map(|served| {
        displayed(&ResourceRequest { group: served.group.clone(), ..target.clone() })
    });
    let today = Hint::did_you_mean(displayed(target), today.collect::<Vec<String>>());
    let forced = Hint::pass("--force", "write the rule anyway, for an older server");
    Some(Useless { because, hints: today.into_iter().chain([forced]).collect() })
}

/// Returns why a rule with a name is rejected for a verb whose requests have none.
fn unnamed(verb: &str, target: &ResourceRequest) -> Option<Useless> {
    if verb != "deletecollection" || target.name.is_empty() {
        return None;
    }
    let because = format!("requests with the verb `{verb}` have no name");
    let what = displayed(target);
    let hints = Hint::did_you_mean(
        format!("{verb} {what} --name {}", quote(&target.name)),
        [format!("delete {what} --name {}", quote(&target.name)), quote_both(verb, &what)],
    );
    Some(Useless { because, hints: hints.into_iter().collect() })
}

/// Returns the rule that grants only a request.
fn rule_for(request: &Request) -> (PolicyRule, Reach) {
    let verbs = [request.verb.clone()].into();
    match &request.target {
        Target::Path(path) => {
            let non_resource_urls = [path.clone()].into();
            let rule = PolicyRule { verbs, non_resource_urls, ..PolicyRule::default() };
            (rule, Reach::ResourcesAndPaths)
        }
        Target::Resource(target) => {
            let name = (!target.name.is_empty()).then(|| target.name.clone());
            let rule = PolicyRule {
                verbs,
                api_groups: [target.group.clone()].into(),
                resources: [target.combined()].into(),
                resource_names: name.into_iter().collect(),
                ..PolicyRule::default()
            };
            (rule, Reach::Resources)
        }
    }
}

/// Returns a hint at the requests that were probably meant.
fn meant(request: &Request) -> Option<Hint> {
    let verb = &*request.verb;
    let target = match &request.target {
        Target::Path(path) => {
            let method = known::url_verb_for(verb).filter(|method| *method != verb)?;
            return Hint::did_you_mean(format!("{verb} {path}"), [quote_both(method, path)]);
        }
        Target::Resource(target) => target,
    };
    let written = displayed(target);
    let alternatives: Vec<String> = match (VerbAlias::of(verb), known::asked_about(verb)) {
        (Some(meant), _) => vec![quote_both(&meant.verbs.join(","), &meant.on(&written))],
        (None, Some(asked)) if !asked.contains(&(&*target.group, &*target.resource)) => {
            let mut asked = asked.to_vec();
            // Retired groups come after the current ones.
            asked.dedup_by_key(|(_, resource)| *resource);
            asked.iter().map(|(group, resource)| asked_about(verb, group, resource)).collect()
        }
        (None, _) => Vec::new(),
    };
    Hint::did_you_mean(format!("{verb} {written}"), alternatives)
}

/// Returns the arguments for a verb of authorization checks on one of its resources.
fn asked_about(verb: &str, group: &str, resource: &str) -> String {
    let group = match group {
        "" => String::new(),
        group => format!(".{group}"),
    };
    quote_both(verb, &format!("{resource}{group}"))
}

fn quote_both(verb: &str, resource: &str) -> String {
    format!("{} {}", quote(verb), quote(resource))
}

/// Returns why a resource is rejected that no known server serves.
fn unknown(target: &ResourceRequest, catalog: &Catalog) -> Option<Useless> {
    let ResourceRequest { group, resource, .. } = target;
    // Metrics adapters serve configurable resources.
    let is_open = &**group == "*" || &**resource == "*" || group.ends_with("metrics.k8s.io");
    // Resources of Kubernetes, in any version, were already checked.
    if is_open || !group.contains('.') || is_kubernetes(group) {
        return None;
    }
    if catalog.get(group, resource).is_some() || catalog.is_unread(group) {
        return None;
    }
    let serves_group = catalog.resources().iter().any(|served| served.group == *group);
    let because = match serves_group {
        true => format!("API group `{group}` has no known resource `{resource}`"),
        false => format!("API group `{group}` is not served"),
    };
    let hints = vec![
        Hint::pass("-f CRDS", "read the CustomResourceDefinition that defines it"),
        Hint::pass("--force", "write the rule anyway"),
    ];
    Some(Useless { because, hints })
}

/// Returns whether an API group is part of Kubernetes.
fn is_kubernetes(group: &str) -> bool {
    group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")
}

/// Returns a resource in the notation of the command line: `deployments.apps/scale`.
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
    /// Returns the error for a request of such a rule.
    pub(super) fn into_error(self, request: &Request) -> CommandError {
        let what = match &request.target {
            Target::Resource(target) => displayed(target),
            Target::Path(path) => path.to_string(),
        };
        let text =
            format!("a rule for `{} {what}` would have no effect: {}", request.verb, self.because);
        self.hints.into_iter().fold(CommandError::usage(text), CommandError::with_hint)
    }
}

/// Returns a request in the form that clients use: cluster-scoped resources have no namespace, and a grant
/// in a namespace would have no effect. A grant at cluster scope also allows the original request.
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
            "`{}` is cluster-scoped: ignoring namespace `{}`",
            target.resource, target.namespace
        ));
    }
    asked
}
