//! `rolecall fix` commands that grant refused requests.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, Request, Target};

use crate::cli::{Options, command_line};
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

/// Returns the commands that grant rules to a subject, in a namespace or everywhere; none if a rule has a
/// wildcard, which would grant too much.
pub(crate) fn rule_commands(
    who: &str,
    rules: &[PolicyRule],
    namespace: &str,
    options: &Options,
) -> Vec<String> {
    let mut commands: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for rule in rules {
        let texts = [&rule.verbs, &rule.api_groups, &rule.resources, &rule.non_resource_urls];
        if texts.into_iter().flat_map(|texts| texts.iter()).any(|text| **text == *"*") {
            return Vec::new();
        }
        let groups = rule.api_groups.iter().flat_map(|group| {
            rule.resources.iter().map(move |resource| words::with_group(resource, group))
        });
        let names = rule.resource_names.iter().map(|name| name.to_string()).collect();
        let verbs = rule.verbs.iter().map(|verb| &**verb).collect::<Vec<&str>>().join(",");
        let what = commands.entry((verbs, names)).or_default();
        what.extend(groups.chain(rule.non_resource_urls.iter().map(|url| url.to_string())));
    }
    let commands = commands.into_iter().map(|((verbs, names), what)| {
        let what: Vec<&str> = what.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        fix_command(&verbs, &what, &names, who, namespace, options)
    });
    few(commands.collect())
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
