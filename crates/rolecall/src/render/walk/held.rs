//! Roles as trees: rules, bindings and subjects.

use rolecall_rbac::Binding;
use rolecall_walk::{Account, HeldBinding, HeldRole, Holder, Holders, Recipient, Walk, WalkedPod};

use super::{HEAD, MISSING, TreeDetail, UNSURE, pod_heads, push_rules};
use crate::render::Tree;
use crate::words::{self, absence};

/// Draws roles with their rules and subjects.
pub(crate) fn holder_trees<'h>(
    holders: &'h Holders<'_>,
    detail: TreeDetail<'h>,
) -> impl Iterator<Item = Tree> + use<'h> {
    holders.roles.iter().map(move |held| role_tree(holders, held, detail))
}

fn role_tree(holders: &Holders<'_>, held: &HeldRole<'_>, detail: TreeDetail<'_>) -> Tree {
    let name = held.name;
    let slash = if name.namespace.is_empty() { "" } else { "/" };
    let title = format!("{} {}{slash}{}", name.kind(), name.namespace, name.name);
    let mut tree = match held.role {
        None => Tree::new(format!("{title} {}", absence(detail.missing_from))).styled(MISSING),
        Some(role) => {
            let unbuilt = words::before_building([&role.metadata]);
            let hook = words::of_hook([&role.metadata]);
            let mut tree = Tree::new(format!("{title}{unbuilt}{hook}")).styled(HEAD);
            if let Some(position) = role.metadata.origin.position().filter(|_| detail.wide) {
                tree = tree.detail(format!("at {position}"));
            }
            let mut rules = Tree::new("grants");
            push_rules(&mut rules, None, role, detail);
            tree.push(rules);
            tree
        }
    };
    for other in &held.included_in {
        let name = &other.metadata.name;
        tree.push(Tree::new(format!("also granted by ClusterRole {name}, which aggregates it")));
    }
    for binding in &held.bindings {
        tree.push(held_tree(&holders.walk, binding, detail));
    }
    if held.bindings.is_empty() {
        tree.push(Tree::new("no subjects: no binding refers to it").styled(UNSURE));
    }
    tree
}

fn held_tree(walk: &Walk<'_>, held: &HeldBinding<'_>, detail: TreeDetail<'_>) -> Tree {
    let binding = held.binding;
    let scope = match &*binding.metadata.namespace {
        "" => "everywhere".to_owned(),
        namespace => format!("in {namespace}"),
    };
    let unbuilt = words::before_building([&binding.metadata]);
    let hook = words::of_hook([&binding.metadata]);
    let (kind, name) = (binding.kind(), &binding.metadata.name);
    let mut tree = Tree::new(format!("{scope}: {kind} {name}{unbuilt}{hook}"));
    if let Some(position) = binding.metadata.origin.position().filter(|_| detail.wide) {
        tree = tree.detail(format!("at {position}"));
    }
    for holder in &held.holders {
        tree.push(holder_tree(walk, binding, holder, detail));
    }
    if held.holders.is_empty() {
        tree.push(Tree::new("no subjects").styled(UNSURE));
    }
    tree
}

fn holder_tree(
    walk: &Walk<'_>,
    binding: &Binding,
    holder: &Holder<'_>,
    detail: TreeDetail<'_>,
) -> Tree {
    let subject = words::subject(holder.subject, &binding.metadata);
    match holder.recipient {
        Recipient::User => Tree::new(subject),
        Recipient::Nobody => Tree::new(format!("{subject} matches nothing")).styled(MISSING),
        Recipient::Group { members, pods } if members.is_empty() && pods == 0 => Tree::new(subject),
        Recipient::Group { members, pods } => Tree::new(format!(
            "{subject}, with {} and {}",
            words::count(members.len(), "ServiceAccount"),
            words::count(pods, "Pod")
        )),
        Recipient::ServiceAccount { account, .. } => {
            let mut tree = match account {
                Account::Exists(_) | Account::Implied => Tree::new(subject),
                Account::MadeByOperator => {
                    Tree::new(format!("{subject} (created by its operator)"))
                }
                Account::Template => {
                    Tree::new(format!("{subject}: a variable without a value")).styled(UNSURE)
                }
                Account::Missing => {
                    Tree::new(format!("{subject} {}", absence(detail.missing_from))).styled(MISSING)
                }
                Account::Unread => Tree::new(format!("{subject} (not read)")).styled(UNSURE),
            };
            let pods: Vec<&WalkedPod<'_>> =
                holder.pods.iter().filter_map(|position| walk.pods.get(*position)).collect();
            if let Some(heads) = pod_heads(&pods, Some(account), detail) {
                tree.push(heads);
            }
            tree
        }
    }
}
