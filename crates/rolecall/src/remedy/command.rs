//! `rolecall fix` command lines.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Identity, PolicyRule, Request, Target};

use super::Allowance;
use crate::cli::{Options, command_line};
use crate::resolved::label;
use crate::words;

/// The maximum number of commands; `fix --from-errors` handles more.
const MOST: usize = 3;

/// The grant of a command: the verbs, resources and names, in a namespace or, with an empty one, everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The verbs, separated by commas.
    pub(crate) verbs: &'a str,
    /// The resources or paths.
    pub(crate) resources: &'a [&'a str],
    /// The names; none for all objects.
    pub(crate) names: &'a [&'a str],
    /// The namespace.
    pub(crate) namespace: &'a str,
    /// The options without which `fix` refuses.
    pub(crate) allowance: Allowance,
}

/// Where a request is made, and the options of its grant.
type Place = (String, String, Allowance);

/// Returns the commands that grant requests to a subject in the notation of `--for`: as few as possible,
/// and none if there are too many.
pub(super) fn fix_commands(
    who: &str,
    requests: &[(Request, Allowance)],
    options: &Options,
) -> Vec<String> {
    let mut verbs: BTreeMap<(Place, String), BTreeSet<String>> = BTreeMap::new();
    for (request, allowance) in requests {
        let (namespace, name, what) = match &request.target {
            Target::Path(path) => (String::new(), String::new(), path.to_string()),
            Target::Resource(target) => (
                target.namespace.to_string(),
                target.name.to_string(),
                words::with_group(&target.combined(), &target.group),
            ),
        };
        let key = ((namespace, name, *allowance), what);
        verbs.entry(key).or_default().insert(request.verb.to_string());
    }
    let mut resources: BTreeMap<(Place, BTreeSet<String>), Vec<String>> = BTreeMap::new();
    for ((place, what), verbs) in verbs {
        resources.entry((place, verbs)).or_default().push(what);
    }
    let commands = resources.into_iter().map(|(((namespace, name, allowance), verbs), what)| {
        let verbs = verbs.into_iter().collect::<Vec<String>>().join(",");
        let resources: Vec<&str> = what.iter().map(String::as_str).collect();
        let names: Vec<&str> = if name.is_empty() { Vec::new() } else { vec![&name] };
        let wanted = Wanted {
            verbs: &verbs,
            resources: &resources,
            names: &names,
            namespace: &namespace,
            allowance,
        };
        fix_command(wanted, who, options)
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
        let is_risky = rolecall_grant::is_risky(rule, identity, namespace);
        let what = commands.entry((verbs, names, is_risky)).or_default();
        what.extend(groups.chain(rule.non_resource_urls.iter().map(|url| url.to_string())));
    }
    if commands.len() > MOST {
        return Vec::new();
    }
    let commands = commands.into_iter().map(|((verbs, names, is_risky), what)| {
        let resources: Vec<&str> = what.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let wanted = Wanted {
            verbs: &verbs,
            resources: &resources,
            names: &names,
            namespace,
            allowance: if is_risky { Allowance::RISKY } else { Allowance::default() },
        };
        RuleCommand { line: fix_command(wanted, &who, options), is_risky }
    });
    commands.collect()
}

/// Returns one command line.
pub(crate) fn fix_command(wanted: Wanted<'_>, who: &str, options: &Options) -> String {
    let mut words = vec!["rolecall", "fix", wanted.verbs];
    words.extend(wanted.resources);
    for name in wanted.names {
        words.extend(["--name", name]);
    }
    words.extend(["--for", who]);
    for option in wanted.allowance.options() {
        words.push(option);
    }
    let mut options = options.clone();
    options.namespace.namespaces = match wanted.namespace {
        "" => Vec::new(),
        namespace => vec![namespace.to_owned()],
    };
    options.namespace.all_namespaces = wanted.namespace.is_empty();
    command_line(words, &options)
}

fn few(commands: Vec<String>) -> Vec<String> {
    if commands.len() > MOST { Vec::new() } else { commands }
}
