//! `rolecall fix` commands that grant refused requests.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::risks;
use rolecall_rbac::{Identity, PolicyRule, Request, ResourceRequest, Target};

use crate::cli::{Options, command_line};
use crate::resolved::label;
use crate::words;

/// The maximum number of commands; `fix --from-errors` handles more.
const MOST: usize = 3;

/// Returns the `rolecall fix` commands that grant requests to a subject in the notation of `--for`: as few
/// as possible, and none if there are too many.
pub(crate) fn fix_commands<'a>(
    who: &str,
    requests: impl IntoIterator<Item = &'a Request>,
    options: &Options,
) -> Vec<String> {
    let mut verbs: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for request in requests {
        let (namespace, name, what) = match &request.target {
            Target::Path(path) => (String::new(), String::new(), path.to_string()),
            Target::Resource(target) => (
                target.namespace.to_string(),
                target.name.to_string(),
                words::with_group(&target.combined(), &target.group),
            ),
        };
        verbs.entry((namespace, name, what)).or_default().insert(request.verb.to_string());
    }
    let mut resources: BTreeMap<(String, String, BTreeSet<String>), Vec<String>> = BTreeMap::new();
    for ((namespace, name, what), verbs) in verbs {
        resources.entry((namespace, name, verbs)).or_default().push(what);
    }
    let commands = resources.into_iter().map(|((namespace, name, verbs), what)| {
        let verbs = verbs.into_iter().collect::<Vec<String>>().join(",");
        let what: Vec<&str> = what.iter().map(String::as_str).collect();
        let names: Vec<&str> = if name.is_empty() { Vec::new() } else { vec![&name] };
        fix_command(&verbs, &what, &names, who, &namespace, options)
    });
    few(commands.collect())
}

/// A command that grants rules.
pub(crate) struct RuleCommand {
    /// The command line.
    pub(crate) line: String,
    /// Whether `fix` grants the rules only with `--allow-risky`, which the command contains then.
    pub(crate) is_risky: bool,
}

/// Returns the commands that grant rules to an identity, in a namespace or everywhere; none if there are
/// too many, or if the notation has only a wider form of a rule: `*` means all API groups.
pub(crate) fn rule_commands(
    identity: &Identity,
    rules: &[PolicyRule],
    namespace: &str,
    options: &Options,
) -> Vec<RuleCommand> {
    let who = label(identity);
    let mut commands: BTreeMap<(String, Vec<String>, bool), Vec<String>> = BTreeMap::new();
    for rule in rules {
        let is_core = rule.api_groups.iter().any(|group| group.is_empty());
        if is_core && rule.resources.iter().any(|resource| resource.starts_with('*')) {
            return Vec::new();
        }
        let groups = rule.api_groups.iter().flat_map(|group| {
            rule.resources.iter().map(move |resource| words::with_group(resource, group))
        });
        let names = rule.resource_names.iter().map(|name| name.to_string()).collect();
        let verbs = rule.verbs.iter().map(|verb| &**verb).collect::<Vec<&str>>().join(",");
        let is_risky = is_risky(identity, rule, namespace);
        let what = commands.entry((verbs, names, is_risky)).or_default();
        what.extend(groups.chain(rule.non_resource_urls.iter().map(|url| url.to_string())));
    }
    if commands.len() > MOST {
        return Vec::new();
    }
    let commands = commands.into_iter().map(|((verbs, names, is_risky), what)| {
        let what: Vec<&str> = what.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut line = fix_command(&verbs, &what, &names, &who, namespace, options);
        if is_risky {
            line.push_str(" --allow-risky");
        }
        RuleCommand { line, is_risky }
    });
    commands.collect()
}

/// Returns whether `fix` refuses to grant a rule without `--allow-risky`.
fn is_risky(identity: &Identity, rule: &PolicyRule, namespace: &str) -> bool {
    let is_refused = |request: Request| !risks(identity, &request).is_empty();
    rule.verbs.iter().any(|verb| {
        let is_url = rule.non_resource_urls.iter().any(|path| {
            is_refused(Request { verb: verb.clone(), target: Target::Path(path.clone()) })
        });
        is_url
            || rule.api_groups.iter().any(|group| {
                rule.resources.iter().any(|entry| {
                    let (resource, subresource) = entry.split_once('/').unwrap_or((entry, ""));
                    let target = ResourceRequest {
                        namespace: namespace.into(),
                        group: group.clone(),
                        resource: resource.into(),
                        subresource: subresource.into(),
                        name: rule.resource_names.first().cloned().unwrap_or_else(|| "".into()),
                    };
                    is_refused(Request::resource(verb.clone(), target))
                })
            })
    })
}

/// Returns one command line; an empty namespace means everywhere.
pub(crate) fn fix_command(
    verbs: &str,
    resources: &[&str],
    names: &[&str],
    who: &str,
    namespace: &str,
    options: &Options,
) -> String {
    let mut words = vec!["rolecall", "fix", verbs];
    words.extend(resources);
    for name in names {
        words.extend(["--name", name]);
    }
    words.extend(["--for", who]);
    let mut options = options.clone();
    options.namespace.namespaces = match namespace {
        "" => Vec::new(),
        namespace => vec![namespace.to_owned()],
    };
    options.namespace.all_namespaces = namespace.is_empty();
    command_line(words, &options)
}

fn few(commands: Vec<String>) -> Vec<String> {
    if commands.len() > MOST { Vec::new() } else { commands }
}
