//! Walks as trees. Pods with the same owner, token and ServiceAccount share a line, and each ServiceAccount
//! is drawn once.

mod held;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{Binding, Catalog, Gap, PolicyRule, Role, RoleKind};
use rolecall_walk::{
    Account, RoleState, TokenReason, Via, Walk, WalkedBinding, WalkedIdentity, WalkedPod,
};

use super::Tree;
use crate::words::{self, MissingFrom, absence};
pub(crate) use held::holder_trees;

const HEAD: Style = Style::new().bold();
const MISSING: Style = AnsiColor::Red.on_default();
const UNSURE: Style = AnsiColor::Yellow.on_default();

/// The maximum number of Pods, of rules per role, and of resources and names per rule, without `-o wide`.
const SOME_PODS: usize = 3;
const SOME_RULES: usize = 8;
const SOME_TARGETS: usize = 6;

/// The level of detail of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeDetail<'a> {
    /// Whether to show everything: all names, rules, default bindings and locations.
    pub(crate) wide: bool,
    /// Whether to show the default bindings of every user.
    pub(crate) defaults: bool,
    /// The catalog, to detect cluster-scoped resources, which RoleBindings cannot grant.
    pub(crate) catalog: &'a Catalog,
    /// The place that lacks missing objects.
    pub(crate) missing_from: MissingFrom,
}

/// Draws a walk: one tree per identity, with its Pods at the root.
pub(crate) fn walk_trees<'w>(
    walk: &'w Walk<'_>,
    detail: TreeDetail<'w>,
) -> impl Iterator<Item = Tree> + use<'w> {
    let mut pods_of: BTreeMap<Option<usize>, Vec<&WalkedPod<'_>>> = BTreeMap::new();
    for pod in &walk.pods {
        pods_of.entry(pod.identity).or_default().push(pod);
    }
    let nobody = pods_of.remove(&None).map(|pods| {
        let mut tree = pod_heads(&pods, None, detail).unwrap_or_default();
        tree.push(Tree::new("no identity: a kubelet runs it without a ServiceAccount"));
        tree
    });
    let trees = walk.identities.iter().enumerate().map(move |(position, walked)| {
        let pods = pods_of.remove(&Some(position)).unwrap_or_default();
        identity_tree(walked, &pods, &walk.gaps, detail)
    });
    trees.chain(nobody)
}

fn identity_tree(
    walked: &WalkedIdentity<'_>,
    pods: &[&WalkedPod<'_>],
    gaps: &[Gap],
    detail: TreeDetail<'_>,
) -> Tree {
    let mut account = identity_line(walked, !pods.is_empty(), detail.missing_from);
    if walked.identity.is_privileged() {
        account.push(Tree::new("everything: members of system:masters bypass authorization"));
    }
    for bound in &walked.bindings {
        if detail.defaults || !bound.is_default_for_everyone() {
            account.push(binding_tree(bound, detail));
        }
    }
    let everybodys = walked.bindings.iter().filter(|bound| bound.is_default_for_everyone()).count();
    if walked.bindings.is_empty() {
        account.push(if walked.gaps.is_empty() {
            Tree::new("no bindings")
        } else {
            Tree::new("no bindings in the objects that could be read").styled(UNSURE)
        });
    } else if everybodys > 0 && !detail.defaults {
        let only = everybodys == walked.bindings.len();
        let start = match (only, walked.gaps.is_empty()) {
            (true, true) => "only",
            (true, false) => "as far as can be determined, only",
            (false, _) => "everywhere:",
        };
        let who = if walked.account.is_some() { "ServiceAccount" } else { "user" };
        account.push(Tree::new(format!(
            "{start} the default rules of every {who} ({}; see -o wide)",
            words::count(everybodys, "binding")
        )));
    }
    let namespace = walked.identity.as_service_account().map(|account| account.namespace);
    let hides_pods = |gap: &Gap| namespace.is_some_and(|at| gap.may_hide_workload(at));
    match pod_heads(pods, walked.account, detail) {
        Some(mut heads) => {
            heads.push(account);
            heads
        }
        None if gaps.iter().any(hides_pods) => {
            account.detail("no Pod that could be read uses it").styled(UNSURE)
        }
        None if walked.account.is_some() => account.detail("no Pod uses it"),
        None => account,
    }
}

fn identity_line(walked: &WalkedIdentity<'_>, has_pods: bool, missing_from: MissingFrom) -> Tree {
    let identity = &walked.identity;
    match (identity.as_service_account(), &walked.account) {
        (Some(name), Some(account)) => {
            let name = format!("ServiceAccount {}/{}", name.namespace, name.name);
            match account {
                Account::Exists(_) | Account::Implied => Tree::new(name).styled(HEAD),
                Account::MadeByOperator => {
                    Tree::new(name).styled(HEAD).detail("created by its operator")
                }
                Account::Template => {
                    Tree::new(format!("{name}: a variable without a value")).styled(UNSURE)
                }
                Account::Missing if has_pods => {
                    let text = match missing_from {
                        MissingFrom::Cluster => ", so its Pods cannot be created",
                        MissingFrom::Input => ": without it, its Pods cannot be created",
                    };
                    let text = format!("{name} {}{text}", absence(missing_from));
                    Tree::new(text).styled(MISSING)
                }
                Account::Missing => {
                    Tree::new(format!("{name} {}", absence(missing_from))).styled(MISSING)
                }
                Account::Unread => Tree::new(format!("{name} (not read)")).styled(UNSURE),
            }
        }
        _ if identity.user.is_empty() => {
            let name = identity.groups.first().map_or("", |group| group);
            Tree::new(format!("Group {name}")).styled(HEAD)
        }
        _ => Tree::new(format!("User {}", identity.user))
            .styled(HEAD)
            .detail(format!("in {}", identity.groups.join(", "))),
    }
}

/// The key of Pods that share a line: namespace, creator and token.
type Fold<'a> = (&'a str, String, Option<String>);

/// Draws the Pods of one identity at the same level, without a token for those that cannot be created.
fn pod_heads(
    pods: &[&WalkedPod<'_>],
    account: Option<Account<'_>>,
    detail: TreeDetail<'_>,
) -> Option<Tree> {
    let is_created = account != Some(Account::Missing);
    let mut folds: BTreeMap<Fold<'_>, Vec<&WalkedPod<'_>>> = BTreeMap::new();
    for pod in pods {
        let namespace = &*pod.workload.metadata.namespace;
        let token = is_created.then(|| token_line(pod));
        folds.entry((namespace, maker(pod), token)).or_default().push(pod);
    }
    let mut heads: Option<Tree> = None;
    for ((namespace, maker, token), pods) in folds {
        let unbuilt = words::before_building(pods.iter().map(|pod| &pod.workload.metadata));
        let line = format!("{}{unbuilt}", head_line(namespace, &maker, &pods));
        let mut tree = match heads.take() {
            Some(tree) => tree.and(line),
            None => Tree::new(line),
        }
        .styled(HEAD);
        if let Some(names) = names(&pods, detail) {
            tree = tree.detail(names);
        }
        if let Some(through) = through(&pods, detail) {
            tree = tree.detail(through);
        }
        if let Some(token) = token {
            let unsure = pods.first().is_some_and(|pod| pod.token().mounted != Some(true));
            tree = tree.detail(token).styled(if unsure { UNSURE } else { Style::new() });
        }
        heads = Some(tree);
    }
    heads
}

/// Names the creator of a Pod: its outermost owner, or the object with its template; empty for a Pod
/// without an owner.
fn maker(pod: &WalkedPod<'_>) -> String {
    let metadata = &pod.workload.metadata;
    if !pod.is_pod() {
        let place = if pod.workload.pods.len() > 1 {
            format!(" at {}", pod.spec.path)
        } else {
            String::new()
        };
        return format!("{} {}{place}", pod.workload.kind, words::qualified(metadata));
    }
    pod.owners().last().map_or_else(String::new, |link| {
        let unread = if link.workload.is_some() { "" } else { " (not read)" };
        format!("{} {}/{}{unread}", link.owner.kind, metadata.namespace, link.owner.name)
    })
}

fn head_line(namespace: &str, maker: &str, pods: &[&WalkedPod<'_>]) -> String {
    match pods {
        [pod] if !pod.is_pod() => format!("Pods of {maker}"),
        [pod] if maker.is_empty() => format!("Pod {}", words::qualified(&pod.workload.metadata)),
        [pod] => format!("Pod {} of {maker}", words::qualified(&pod.workload.metadata)),
        several if maker.is_empty() => format!("{} Pods of namespace {namespace}", several.len()),
        several => format!("{} Pods of {maker}", several.len()),
    }
}

fn names(pods: &[&WalkedPod<'_>], detail: TreeDetail<'_>) -> Option<String> {
    let names: Vec<&str> = pods.iter().map(|pod| &*pod.workload.metadata.name).collect();
    (names.len() > 1).then(|| some_of(&names, SOME_PODS, detail))
}

/// Names the owners between Pods and their creator.
fn through(pods: &[&WalkedPod<'_>], detail: TreeDetail<'_>) -> Option<String> {
    let mut between: Vec<String> = pods
        .iter()
        .flat_map(|pod| {
            let mut owners = pod.owners();
            owners.pop();
            owners
        })
        .map(|link| format!("{} {}", link.owner.kind, link.owner.name))
        .collect();
    between.sort();
    between.dedup();
    (!between.is_empty()).then(|| format!("through {}", some_of(&between, SOME_PODS, detail)))
}

fn some_of(names: &[impl AsRef<str>], some: usize, detail: TreeDetail<'_>) -> String {
    let shown = if detail.wide { names.len() } else { some };
    let mut text = names.iter().take(shown).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > shown {
        let _ = write!(text, " and {} more", names.len() - shown);
    }
    text
}

/// Describes whether a token is mounted, and why.
fn token_line(pod: &WalkedPod<'_>) -> String {
    let token = pod.token();
    let mounted = match token.mounted {
        Some(true) => "mounted",
        Some(false) => "not mounted",
        None => "perhaps mounted",
    };
    let because = match (token.reason, token.mounted) {
        (TokenReason::Default, _) => "by default",
        (TokenReason::Pod, Some(true)) => "the Pod sets automountServiceAccountToken: true",
        (TokenReason::Pod, _) => "the Pod sets automountServiceAccountToken: false",
        (TokenReason::ServiceAccount, Some(true)) => {
            "the ServiceAccount sets automountServiceAccountToken: true"
        }
        (TokenReason::ServiceAccount, Some(false)) => {
            "the ServiceAccount sets automountServiceAccountToken: false"
        }
        (TokenReason::ServiceAccount, None) => {
            "it depends on the ServiceAccount, which could not be read"
        }
        (TokenReason::Projected, _) => "the Pod mounts a projected token",
        (TokenReason::Covered, _) => "every container mounts another volume at its path",
        (TokenReason::Injected, _) => "the server added it",
        (TokenReason::NotInjected, _) => "the server stored the Pod without one",
        (TokenReason::Mirror, _) => "a static Pod has none",
    };
    let containers = &token.containers;
    let place = if containers.is_empty() || containers.len() == pod.spec.containers.len() {
        String::new()
    } else {
        format!(" in {}", containers.join(", "))
    };
    format!("token {mounted}{place}: {because}")
}

fn binding_tree(bound: &WalkedBinding<'_>, detail: TreeDetail<'_>) -> Tree {
    let WalkedBinding { binding, via, role, .. } = bound;
    let to = match via {
        Via::ServiceAccount => String::new(),
        Via::User => format!(", to User {}", bound.subject.name),
        Via::Group(group) => format!(", to Group {group}"),
    };
    let of_role = match role {
        RoleState::Found(role) => Some(&role.metadata),
        _ => None,
    };
    let both = || [Some(&binding.metadata), of_role].into_iter().flatten();
    let (unbuilt, hook) = (words::before_building(both()), words::of_hook(both()));
    let mut tree = Tree::new(format!("{}{to}{unbuilt}{hook}", binding_line(binding)));
    if let Some(origins) = origins(binding, role).filter(|_| detail.wide) {
        tree = tree.detail(origins);
    }
    let role_ref = &binding.role_ref;
    match role {
        RoleState::Found(role) => push_rules(&mut tree, Some(binding), role, detail),
        RoleState::NotFound
            if binding.is_cluster_role_binding() && role_ref.kind == RoleKind::Role =>
        {
            tree.push(
                Tree::new("nothing: a ClusterRoleBinding cannot refer to a Role").styled(MISSING),
            );
        }
        RoleState::NotFound => {
            let role = format!("{} {}", role_ref.kind, role_ref.name);
            tree.push(
                Tree::new(format!("nothing: {role} {}", absence(detail.missing_from)))
                    .styled(MISSING),
            );
        }
        RoleState::Unsupported => {
            let text = format!("nothing: {} is not a kind of role", role_ref.kind);
            tree.push(Tree::new(text).styled(MISSING));
        }
        RoleState::Unread => {
            let text = format!("unknown: {} {} was not read", role_ref.kind, role_ref.name);
            tree.push(Tree::new(text).styled(UNSURE));
        }
    }
    tree
}

/// Names the scope, binding and role of a grant.
fn binding_line(binding: &Binding) -> String {
    let scope = match &*binding.metadata.namespace {
        "" => "everywhere".to_owned(),
        namespace => format!("in {namespace}"),
    };
    let role_ref = &binding.role_ref;
    format!(
        "{scope}: {} {} of {} {}",
        binding.kind(),
        binding.metadata.name,
        role_ref.kind,
        role_ref.name
    )
}

/// Returns the locations of binding and role in files.
fn origins(binding: &Binding, role: &RoleState<'_>) -> Option<String> {
    let binding = binding.metadata.origin.position();
    let role = match role {
        RoleState::Found(role) => role.metadata.origin.position(),
        _ => None,
    };
    match (binding, role) {
        (Some(binding), Some(role)) => Some(format!("at {binding}, the role at {role}")),
        (Some(binding), None) => Some(format!("at {binding}")),
        (None, Some(role)) => Some(format!("the role at {role}")),
        (None, None) => None,
    }
}

/// Adds the rules of a role, and marks those without an effect in this binding.
fn push_rules(tree: &mut Tree, binding: Option<&Binding>, role: &Role, detail: TreeDetail<'_>) {
    if role.rules.is_empty() {
        tree.push(Tree::new("nothing: the role has no rules").styled(UNSURE));
    }
    let shown = if detail.wide { role.rules.len() } else { SOME_RULES };
    let local = binding.is_some_and(|binding| !binding.is_cluster_role_binding());
    for rule in role.rules.iter().take(shown) {
        let inert = if local { inert(rule, detail.catalog) } else { String::new() };
        tree.push(Tree::new(format!("{}{inert}", rule_line(rule, detail))));
    }
    let hidden = role.rules.len().saturating_sub(shown);
    if hidden > 0 {
        let rules = words::count(hidden, "more rule");
        tree.push(Tree::new(format!("and {rules} (see -o wide)")));
    }
}

/// Describes a rule so that it can be wrapped: `get,list pods, services`.
fn rule_line(rule: &PolicyRule, detail: TreeDetail<'_>) -> String {
    let mut targets: Vec<String> = Vec::new();
    for group in &*rule.api_groups {
        targets.extend(rule.resources.iter().map(|resource| words::with_group(resource, group)));
    }
    targets.extend(rule.non_resource_urls.iter().map(|url| url.to_string()));
    let mut text = format!("{} {}", rule.verbs.join(","), some_of(&targets, SOME_TARGETS, detail));
    if !rule.resource_names.is_empty() {
        let names: Vec<String> =
            rule.resource_names.iter().map(|name| format!("{name:?}")).collect();
        let _ = write!(text, " named {}", some_of(&names, SOME_TARGETS, detail));
    }
    text
}

/// Describes the part of a rule that a RoleBinding cannot grant.
fn inert(rule: &PolicyRule, catalog: &Catalog) -> String {
    if !rule.non_resource_urls.is_empty() {
        return " (no effect: a RoleBinding cannot grant URLs)".to_owned();
    }
    let mut inert: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for resource in &*rule.resources {
        let mut of_groups = rule
            .api_groups
            .iter()
            .map(|group| catalog.verbs_beyond_role_bindings(group, resource, &rule.verbs));
        let mut verbs = of_groups.next().unwrap_or_default();
        of_groups.for_each(|of_group| verbs.retain(|verb| of_group.contains(verb)));
        if !verbs.is_empty() {
            inert.entry(verbs).or_default().push(resource);
        }
    }
    let parts: Vec<String> = inert
        .into_iter()
        .map(|(verbs, resources)| {
            let every_verb = verbs.len() == rule.verbs.len();
            let every_resource = resources.len() == rule.resources.len();
            let resources = resources.join(", ");
            match (every_verb, every_resource) {
                (true, true) => String::new(),
                (true, false) => format!(" on {resources}"),
                (false, true) => format!(" for {}", verbs.join(",")),
                (false, false) => format!(" for {} on {resources}", verbs.join(",")),
            }
        })
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!(" (no effect{}: cluster-scoped)", parts.join(" and"))
}
