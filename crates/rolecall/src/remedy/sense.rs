//! Checks that a grant has an effect: rules that match no request are rejected.

use rolecall_access::known;
use rolecall_check::dead_grant;
use rolecall_rbac::{Catalog, PolicyRule, Request, ResourceRequest, Target, VerbAlias};

use crate::cli::quote;
use crate::error::{CommandError, Hint};
use crate::question::{Reach, unknown_verb};

/// A rule without an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Useless {
    /// The reason.
    pub(crate) because: String,
    /// Hints at an effective rule.
    pub(crate) hints: Vec<Hint>,
    /// The requests that were probably meant; none if that is unclear.
    pub(crate) instead: Vec<Request>,
    /// Whether the only reason is that the input does not define a resource that another cluster can have.
    pub(crate) is_only_unknown: bool,
}

/// Returns whether a rule for a request would have no effect.
pub(super) fn is_useless(request: &Request, catalog: &Catalog) -> bool {
    reason(request, catalog).is_some()
}

/// Returns why a rule for a request would have no effect, without a correction.
pub(super) fn reason(request: &Request, catalog: &Catalog) -> Option<Useless> {
    let (rule, reach) = rule_for(request);
    if let Some(dead) = dead_grant(&rule, catalog) {
        let unknown = VerbAlias::of(&request.verb).is_none();
        let unknown = unknown.then(|| unknown_verb(&request.verb, reach));
        let because = unknown.flatten().unwrap_or_else(|| {
            // There is no rule yet.
            let fix = dead.fix.strip_prefix("remove the rule: ").unwrap_or(&dead.fix);
            format!("{}; {fix}", dead.message)
        });
        return Some(Useless::because(because));
    }
    let Target::Resource(target) = &request.target else { return None };
    removed(target, catalog)
        .or_else(|| unnamed(&request.verb, target))
        .or_else(|| unknown(&request.verb, target, catalog))
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
    let hints = today.into_iter().chain([forced]).collect();
    Some(Useless { hints, ..Useless::because(because) })
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
    Some(Useless { hints: hints.into_iter().collect(), ..Useless::because(because) })
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

/// Returns a hint at the resources that a verb of authorization checks applies to.
pub(super) fn hinted(request: &Request) -> Option<Hint> {
    let verb = &*request.verb;
    let Target::Resource(target) = &request.target else { return None };
    let asked = known::asked_about(verb)?;
    if asked.contains(&(&*target.group, &*target.resource)) {
        return None;
    }
    let mut asked = asked.to_vec();
    // Retired groups come after the current ones.
    asked.dedup_by_key(|(_, resource)| *resource);
    let alternatives = asked.iter().map(|(group, resource)| asked_about(verb, group, resource));
    Hint::did_you_mean(format!("{verb} {}", displayed(target)), alternatives)
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
fn unknown(verb: &str, target: &ResourceRequest, catalog: &Catalog) -> Option<Useless> {
    let ResourceRequest { group, resource, .. } = target;
    // The resource is the audience of a token.
    if verb == known::TOKEN_AUDIENCE_VERB {
        return None;
    }
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
    Some(Useless { hints, is_only_unknown: true, ..Useless::because(because) })
}

/// Returns whether an API group is part of Kubernetes.
pub(super) fn is_kubernetes(group: &str) -> bool {
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

/// Returns a request as the arguments of a command, without its scope.
pub(crate) fn written(request: &Request) -> String {
    written_together(std::slice::from_ref(request))
}

/// Returns requests as the arguments of a command: `update,patch deployments.apps/scale`.
pub(super) fn written_together(requests: &[Request]) -> String {
    let Some(first) = requests.first() else { return String::new() };
    let verbs: Vec<&str> = requests.iter().map(|request| &*request.verb).collect();
    match &first.target {
        Target::Path(path) => quote_both(&verbs.join(","), path),
        Target::Resource(target) => {
            let name = match &*target.name {
                "" => String::new(),
                name => format!(" --name {}", quote(name)),
            };
            format!("{}{name}", quote_both(&verbs.join(","), &displayed(target)))
        }
    }
}

impl Useless {
    fn because(because: String) -> Self {
        Self { because, hints: Vec::new(), instead: Vec::new(), is_only_unknown: false }
    }

    /// Returns the reason, and what to write instead if that is not obvious.
    pub(super) fn in_words(&self, request: &Request) -> String {
        let text = self.of(request);
        let is_obvious = !self.instead.is_empty();
        let hint = self.hints.iter().find(|hint| matches!(hint, Hint::Write { .. }));
        match hint.filter(|_| !is_obvious) {
            Some(hint) => format!("{text}; {hint}"),
            None => text,
        }
    }

    /// Returns the error for a request of such a rule.
    pub(crate) fn into_error(self, request: &Request) -> CommandError {
        let text = self.of(request);
        self.hints.into_iter().fold(CommandError::usage(text), CommandError::with_hint)
    }

    fn of(&self, request: &Request) -> String {
        let what = match &request.target {
            Target::Resource(target) => displayed(target),
            Target::Path(path) => path.to_string(),
        };
        format!("a rule for `{} {what}` would have no effect: {}", request.verb, self.because)
    }
}
