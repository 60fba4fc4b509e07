//! The values of arguments: which there are, and where they come from.

use std::collections::BTreeSet;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use rolecall_access::KubernetesVersion;
use rolecall_rbac::{
    Catalog, Glob, Inventory, Metadata, Origin, ServedResource, SubjectKind, checked_subresources,
};
use rolecall_source::cluster::{Needs, Reach};

use super::line::{Line, Read};
use crate::arguments;
use crate::subject::named_by_bindings;

/// The kind of value that an argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A subject, such as `sa/web`.
    Subject,
    /// The start of a walk: a subject, role, binding or namespace.
    Target,
    /// A Pod or workload.
    Workload,
    /// A subject, namespace or context.
    Other,
    Namespace,
    User,
    Group,
    Verb,
    Resource,
    Subresource,
    Code,
    Version,
    Context,
    Cluster,
    KubeconfigUser,
    /// A side of a diff.
    Source,
    Command,
}

/// The arguments with values, by their IDs in the grammar.
const ARGUMENTS: [(&str, Value); 23] = [
    ("as_groups", Value::Group),
    ("as_user", Value::User),
    ("cluster", Value::Cluster),
    ("command", Value::Command),
    ("context", Value::Context),
    ("diff_with", Value::Other),
    ("finding", Value::Code),
    ("ignore", Value::Code),
    ("kubernetes_version", Value::Version),
    ("logs", Value::Workload),
    ("namespaces", Value::Namespace),
    ("new", Value::Source),
    ("old", Value::Source),
    ("only", Value::Code),
    ("resource", Value::Resource),
    ("resources", Value::Resource),
    ("subject", Value::Subject),
    ("subjects", Value::Subject),
    ("subresource", Value::Subresource),
    ("targets", Value::Target),
    ("user", Value::KubeconfigUser),
    ("verb", Value::Verb),
    ("verbs", Value::Verb),
];

/// The kinds in front of a name.
const WORKLOADS: [&str; 8] = ["pod", "deploy", "sts", "ds", "job", "cronjob", "rs", "rc"];
const SUBJECTS: [&str; 3] = ["sa", "user", "group"];
const OBJECTS: [&str; 5] = ["role", "clusterrole", "rolebinding", "clusterrolebinding", "ns"];

/// The verbs of most questions, in the order of the Kubernetes documentation.
const USUAL_VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// Verbs that only authorization checks use.
const SPECIAL_VERBS: [&str; 3] = ["bind", "escalate", "use"];

impl Value {
    /// Returns the kind of value of an argument, if it has candidates.
    pub(super) fn of(argument: &str) -> Option<Self> {
        ARGUMENTS.iter().find(|(id, _)| *id == argument).map(|(_, value)| *value)
    }

    /// Returns the candidates that continue the typed text.
    pub(super) fn candidates(self, line: &Line, typed: &str) -> Vec<CompletionCandidate> {
        let (listed, typed) = match self {
            Self::Verb | Self::Resource => match typed.rsplit_once(',') {
                Some((listed, typed)) => (Some(listed), typed),
                None => (None, typed),
            },
            _ => (None, typed),
        };
        let found = match self {
            Self::Subject => subjects(line, typed, &["me"], &[&SUBJECTS, &WORKLOADS]),
            Self::Target => subjects(line, typed, &["me"], &[&WORKLOADS, &SUBJECTS, &OBJECTS]),
            Self::Workload => subjects(line, typed, &[], &[&WORKLOADS]),
            Self::Other => others(line, typed),
            Self::Namespace => namespaces(line),
            Self::User => users(line),
            Self::Group => named(&bindings(line), &SubjectKind::Group),
            Self::Verb => verbs(line),
            Self::Resource => resources(line, typed),
            Self::Subresource => subresources(line),
            Self::Code => codes(typed),
            Self::Version => {
                let newest = KubernetesVersion::NEWEST.minor;
                plain((20..=newest).rev().map(|minor| format!("1.{minor}")))
            }
            Self::Context => plain(line.kubeconfig().contexts),
            Self::Cluster => plain(line.kubeconfig().clusters),
            Self::KubeconfigUser => plain(line.kubeconfig().users),
            Self::Source => sources(line, typed),
            Self::Command => {
                let grammar = arguments::grammar();
                plain(grammar.get_subcommands().map(|command| command.get_name().to_owned()))
            }
        };
        let is_listed = |value: &str| listed.is_some_and(|it| it.split(',').any(|it| it == value));
        let found = found.into_iter().filter(|candidate| {
            let value = candidate.get_value().to_string_lossy();
            value.starts_with(typed) && !is_listed(&value)
        });
        let positions = 0..;
        let ordered = found.zip(positions).map(|(candidate, position)| {
            let candidate = candidate.display_order(Some(position));
            match listed {
                Some(listed) => candidate.add_prefix(format!("{listed},")),
                None => candidate,
            }
        });
        ordered.collect()
    }
}

/// Returns words, and kinds in front of names; after a kind, the names.
fn subjects(
    line: &Line,
    typed: &str,
    words: &[&str],
    kinds: &[&[&str]],
) -> Vec<CompletionCandidate> {
    let Some((kind, name)) = typed.split_once('/') else {
        let kinds = kinds.iter().copied().flatten().map(|kind| format!("{kind}/"));
        return plain(words.iter().map(|word| (*word).to_owned()).chain(kinds));
    };
    let names = match kind {
        "sa" | "serviceaccount" | "serviceaccounts" => accounts(line, name),
        "user" | "users" => strings(&named(&bindings(line), &SubjectKind::User)),
        "group" | "groups" => strings(&named(&bindings(line), &SubjectKind::Group)),
        "ns" | "namespace" | "namespaces" => strings(&namespaces(line)),
        "role" | "roles" | "clusterrole" | "clusterroles" => {
            let is_wanted = kind.starts_with("cluster");
            let Read { inventory, namespace } = bindings(line);
            let roles = inventory.roles().iter().filter(|it| it.is_cluster_role() == is_wanted);
            let roles = roles.filter(|it| is_wanted || is_read(&it.metadata));
            roles.map(|role| written(&role.metadata, &namespace, '/')).collect()
        }
        "rolebinding" | "rolebindings" | "clusterrolebinding" | "clusterrolebindings" => {
            let is_wanted = kind.starts_with("cluster");
            let Read { inventory, namespace } = bindings(line);
            let bindings = inventory.bindings().iter();
            let bindings = bindings.filter(|it| it.is_cluster_role_binding() == is_wanted);
            let bindings = bindings.filter(|it| is_wanted || is_read(&it.metadata));
            bindings.map(|binding| written(&binding.metadata, &namespace, '/')).collect()
        }
        _ => workloads(line, kind, name),
    };
    let names: BTreeSet<String> = names.into_iter().collect();
    plain(names.into_iter().map(|name| format!("{kind}/{name}")))
}

/// Returns the names of ServiceAccounts: those that exist, and those that bindings of manifests name.
fn accounts(line: &Line, typed: &str) -> Vec<String> {
    let reach = reach(line, typed);
    let needs = |namespace: &str| Needs { service_accounts: reach(namespace), ..Needs::default() };
    let Read { inventory, namespace } = line.read(needs);
    let existing = inventory.service_accounts().iter().map(|account| account.metadata.clone());
    let bindings = inventory.bindings().iter().filter(|binding| is_read(&binding.metadata));
    let bound = bindings.flat_map(|binding| {
        let accounts = binding.subjects.iter().filter(|it| it.kind == SubjectKind::ServiceAccount);
        accounts.filter_map(|subject| {
            let namespace = subject.effective_namespace(&binding.metadata)?;
            Some(Metadata::new(namespace.clone(), subject.name.clone()))
        })
    });
    existing.chain(bound).map(|metadata| written(&metadata, &namespace, ':')).collect()
}

/// Returns the names of the workloads of a kind.
fn workloads(line: &Line, kind: &str, typed: &str) -> Vec<String> {
    let catalog = rolecall_source::facts::catalog(rolecall_source::facts::Version::default());
    let kinds: BTreeSet<&str> = catalog.named(kind).map(|served| &*served.kind).collect();
    let reach = reach(line, typed);
    let needs = |namespace: &str| match kinds.contains("Pod") {
        true => Needs { pods: reach(namespace), ..Needs::default() },
        false => Needs { workloads: reach(namespace), ..Needs::default() },
    };
    let Read { inventory, namespace } = line.read(needs);
    let is_meant = |it: &&rolecall_rbac::Workload| {
        kinds.contains(&*it.kind) || it.kind.eq_ignore_ascii_case(kind)
    };
    let workloads = inventory.workloads().iter().filter(is_meant);
    workloads.map(|workload| written(&workload.metadata, &namespace, ':')).collect()
}

/// Returns where to look for a name that can begin with its namespace.
fn reach(line: &Line, typed: &str) -> impl Fn(&str) -> Reach {
    let named = typed.split_once(':').map(|(namespace, _)| namespace.to_owned());
    let is_everywhere = line.is_everywhere();
    move |namespace: &str| match (&named, is_everywhere) {
        (Some(named), _) => Reach::Namespaces(vec![named.as_str().into()]),
        (None, true) => Reach::Everywhere,
        (None, false) => Reach::Namespaces(vec![namespace.into()]),
    }
}

/// Reads roles and bindings.
fn bindings(line: &Line) -> Read {
    let is_everywhere = line.is_everywhere();
    line.read(|namespace| Needs {
        cluster_roles: true,
        roles: match is_everywhere {
            true => Reach::Everywhere,
            false => Reach::Namespaces(vec![namespace.into()]),
        },
        ..Needs::default()
    })
}

/// Returns the subjects of a kind that bindings name.
fn named(read: &Read, kind: &SubjectKind) -> Vec<CompletionCandidate> {
    let names = named_by_bindings(&read.inventory, kind, &Glob::new("*"));
    plain(names.into_iter().map(str::to_owned))
}

/// Returns the user names that bindings name, ServiceAccounts included.
fn users(line: &Line) -> Vec<CompletionCandidate> {
    let is_everywhere = line.is_everywhere();
    let read = line.read(|namespace| {
        let reach = match is_everywhere {
            true => Reach::Everywhere,
            false => Reach::Namespaces(vec![namespace.into()]),
        };
        let roles = reach.clone();
        Needs { cluster_roles: true, roles, service_accounts: reach, ..Needs::default() }
    });
    let mut users = named(&read, &SubjectKind::User);
    let accounts = read.inventory.service_accounts().iter().map(|account| &account.metadata);
    users.extend(plain(
        accounts.map(|it| format!("system:serviceaccount:{}:{}", it.namespace, it.name)),
    ));
    users
}

fn namespaces(line: &Line) -> Vec<CompletionCandidate> {
    let read = line.read(|_| Needs { namespaces: true, ..Needs::default() });
    plain(read.inventory.namespace_names().iter().map(ToString::to_string))
}

/// Returns subjects, namespaces and contexts.
fn others(line: &Line, typed: &str) -> Vec<CompletionCandidate> {
    if typed.contains('/') {
        return subjects(line, typed, &[], &[]);
    }
    let contexts = line.kubeconfig().contexts.into_iter().map(|name| format!("context:{name}"));
    let mut found = plain(contexts);
    found.extend(namespaces(line));
    found.extend(subjects(line, typed, &["me"], &[&SUBJECTS, &WORKLOADS]));
    found
}

/// Returns the usual verbs, then others that the catalogue or manifests name.
fn verbs(line: &Line) -> Vec<CompletionCandidate> {
    let mut others: BTreeSet<String> = SPECIAL_VERBS.map(str::to_owned).into();
    let mut add = |verbs: &[rolecall_rbac::Text]| {
        let verbs = verbs.iter().map(ToString::to_string).filter(|verb| verb != "*");
        others.extend(verbs.filter(|verb| !USUAL_VERBS.contains(&verb.as_str())));
    };
    // The standard verbs need no cluster.
    let manifests = line.manifests();
    for served in manifests.catalog.resources() {
        add(&served.verbs);
        served.subresources.iter().for_each(|subresource| add(&subresource.verbs));
    }
    let rules = manifests.inventory.roles().iter().flat_map(|role| &*role.rules);
    rules.for_each(|rule| add(&rule.verbs));
    plain(USUAL_VERBS.map(str::to_owned).into_iter().chain(others))
}

/// Returns resources as rules and `kubectl` write them; after `/`, subresources or URL paths.
fn resources(line: &Line, typed: &str) -> Vec<CompletionCandidate> {
    if typed.starts_with('/') {
        return paths(&line.manifests().inventory);
    }
    let catalog = line.catalog();
    if let Some((resource, _)) = typed.split_once('/') {
        let names = catalog.resolve(resource).ok().and_then(|resolved| resolved.served);
        let names = names.map(subresource_names).unwrap_or_default();
        return plain(names.into_iter().map(|name| format!("{resource}/{name}")));
    }
    let mut found = Vec::new();
    for served in catalog.resources() {
        let help = match &*served.group {
            "" => served.kind.to_string(),
            group => format!("{} in {group}", served.kind),
        };
        let candidate =
            |name: String| CompletionCandidate::new(name).help(Some(help.clone().into()));
        if is_first(&catalog, served) {
            found.push(candidate(served.resource.to_string()));
        } else if !typed.contains('.') {
            found.push(candidate(format!("{}.{}", served.resource, served.group)));
        }
        if typed.contains('.') && !served.group.is_empty() {
            found.push(candidate(format!("{}.{}", served.resource, served.group)));
        }
    }
    found.sort_by(|one, other| one.get_value().cmp(other.get_value()));
    found
}

/// Returns whether a resource's name without its group means it.
fn is_first(catalog: &Catalog, served: &ServedResource) -> bool {
    let first = catalog.named(&served.resource).next();
    first.is_some_and(|first| first.group == served.group && first.resource == served.resource)
}

/// Returns the subresources of the resources on the line.
fn subresources(line: &Line) -> Vec<CompletionCandidate> {
    let catalog = line.catalog();
    let resources = line.values("resource").into_iter().chain(line.values("resources"));
    let resources = resources.flat_map(|resources| resources.split(','));
    let served = resources.filter_map(|name| catalog.resolve(name).ok()?.served);
    plain(served.flat_map(subresource_names).collect::<BTreeSet<String>>())
}

fn subresource_names(served: &ServedResource) -> BTreeSet<String> {
    let checked = checked_subresources(&served.group, &served.resource).map(str::to_owned);
    served.subresources.iter().map(|known| known.name.to_string()).chain(checked).collect()
}

/// Returns the URL paths that rules name without a wildcard.
fn paths(inventory: &Inventory) -> Vec<CompletionCandidate> {
    let rules = inventory.roles().iter().flat_map(|role| &*role.rules);
    let paths = rules.flat_map(|rule| rule.non_resource_urls.iter().map(ToString::to_string));
    plain(paths.filter(|path| !path.contains('*')).collect::<BTreeSet<String>>())
}

/// Returns the codes of findings, or their names once one is typed.
fn codes(typed: &str) -> Vec<CompletionCandidate> {
    let is_name = typed.starts_with(|c: char| c.is_ascii_lowercase());
    let rules = rolecall_check::rules().iter().map(|rule| {
        let (value, help) = match is_name {
            true => (rule.name.to_owned(), rule.title),
            false => (rule.code.to_string(), rule.name),
        };
        CompletionCandidate::new(value).help(Some(help.to_owned().into()))
    });
    rules.collect()
}

/// Returns the sides of a diff.
fn sources(line: &Line, typed: &str) -> Vec<CompletionCandidate> {
    let contexts = line.kubeconfig().contexts.into_iter().map(|name| format!("cluster:{name}"));
    let words = ["cluster", "git:", "overlay:"].map(str::to_owned).into_iter();
    let mut found = plain(words.chain(contexts));
    found.extend(PathCompleter::any().complete(typed.as_ref()));
    found
}

/// Returns whether an object was read: manifests do not hold the controllers of a cluster.
fn is_read(metadata: &Metadata) -> bool {
    metadata.origin != Origin::Default
}

/// Writes a name as it is typed in a namespace.
fn written(metadata: &Metadata, namespace: &str, separator: char) -> String {
    match metadata.namespace.is_empty() || *metadata.namespace == *namespace {
        true => metadata.name.to_string(),
        false => format!("{}{separator}{}", metadata.namespace, metadata.name),
    }
}

fn plain(values: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    values.into_iter().map(CompletionCandidate::new).collect()
}

fn strings(candidates: &[CompletionCandidate]) -> Vec<String> {
    candidates.iter().map(|it| it.get_value().to_string_lossy().into_owned()).collect()
}
