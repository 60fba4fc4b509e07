use std::collections::{BTreeSet, HashMap};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rolecall_rbac::{Binding, Inventory, Role, RoleKind, edit_distance_within};
use rustc_hash::FxBuildHasher;

use crate::context::Context;
use crate::findings::ownership::Owner;
use crate::findings::{Rule, roles};
use crate::names::family;
use crate::words::listed;
use crate::{FieldPath, Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC101, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut lookalikes = Lookalikes::new(context.inventory());
    let foreign = foreign_families(context);
    for binding in roles::without_role(context) {
        let reference = &binding.role_ref;
        let (kind, namespace) = roles::kind_and_namespace(binding);
        if context.is_external(kind, namespace, &reference.name) {
            continue;
        }
        let similar = lookalikes.of(binding);
        let is_renamed = roles::may_be_renamed(context, binding);
        // A name that differs from an existing one by a letter is a misspelling, and not the name of other
        // software's role.
        let owner = match Owner::of_role(context, binding) {
            _ if is_renamed => Owner::Unknown,
            _ if !similar.is_empty() => Owner::Input,
            Owner::Input if is_foreign(context, binding, &foreign) => Owner::Unknown,
            owner => owner,
        };
        let (name, role) = (&reference.name, &reference.kind);
        let message = match (owner, namespace) {
            (_, "") if is_renamed => format!("{role} `{name}` is not in the input"),
            _ if is_renamed => format!("{role} `{namespace}/{name}` is not in the input"),
            (Owner::Input, "") => format!("{role} `{name}` does not exist: nothing is granted"),
            (Owner::Input, _) => format!(
                "{role} `{name}` does not exist in namespace `{namespace}`: nothing is granted"
            ),
            (_, "") => format!(
                "{role} `{name}` is not in the input: nothing is granted, unless other software \
                 installs it"
            ),
            _ => format!(
                "{role} `{namespace}/{name}` is not in the input: nothing is granted, unless other \
                 software installs it"
            ),
        };
        let severity = match is_renamed {
            true => Severity::Low,
            false => owner.severity(RULE.meta.severity),
        };
        let fix = match &*similar {
            _ if is_renamed => "create it, or correct the roleRef".to_owned(),
            [] => related(context, binding),
            similar => format!("refer to {} if you meant that one", listed(similar)),
        };
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("roleRef").then_key("name"))
            .about(format!("{}/{}", reference.kind, reference.name))
            .severity(severity)
            .unless(roles::unread_files(context, binding))
            .fix(owner.fix(&fix, kind, namespace, &reference.name));
        findings.push(finding);
    }
}

/// Returns the names, without their last words, of missing ClusterRoles that other software might
/// install.
fn foreign_families<'a>(context: &'a Context<'_>) -> BTreeSet<&'a str> {
    roles::without_role(context)
        .filter(|binding| binding.role_ref.kind == RoleKind::ClusterRole)
        .filter(|binding| Owner::of_role(context, binding) == Owner::Unknown)
        .filter_map(|binding| family(&binding.role_ref.name))
        .collect()
}

/// Returns whether the names of a missing Role and a missing ClusterRole differ only in the last
/// word, such as `external-attacher-cfg` and `external-attacher-runner`: the same software installs
/// both.
fn is_foreign(context: &Context<'_>, binding: &Binding, foreign: &BTreeSet<&str>) -> bool {
    !context.input.complete
        && binding.role_ref.kind == RoleKind::Role
        && family(&binding.role_ref.name).is_some_and(|family| foreign.contains(family))
}

/// Returns the fix for a missing role without a similar name.
fn related(context: &Context<'_>, binding: &Binding) -> String {
    let name = &*binding.role_ref.name;
    if binding.role_ref.kind == RoleKind::Role {
        let elsewhere = context.names().roles(name).first();
        if let Some(role) = elsewhere {
            return format!(
                "create it, or move the binding to namespace `{}`, which has a Role with that name",
                role.metadata.namespace
            );
        }
        let is_word = |longer: &str, shorter: &str| {
            let rest = longer.strip_suffix(shorter).and_then(|rest| rest.chars().next_back());
            let start = longer.strip_prefix(shorter).and_then(|rest| rest.chars().next());
            [rest, start].into_iter().flatten().any(|c| matches!(c, '-' | '.' | ':' | '_'))
        };
        let roles = context.inventory().roles_in(&binding.metadata.namespace).iter();
        let mut alike = roles
            .map(|role| &*role.metadata.name)
            .filter(|other| is_word(other, name) || is_word(name, other));
        if let Some(other) = alike.next() {
            return format!("create it, or refer to `Role {other}` if you meant that one");
        }
    }
    "create it, or correct the roleRef".to_owned()
}

/// Finds roles with names similar to the missing ones.
struct Lookalikes<'a> {
    inventory: &'a Inventory,
    /// The ClusterRoles similar to each requested name, with their distances: many bindings often
    /// refer to the same missing role.
    cluster_roles: HashMap<&'a str, Vec<(usize, &'a Role)>, FxBuildHasher>,
}

impl<'a> Lookalikes<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, cluster_roles: HashMap::default() }
    }

    /// Returns valid references to the roles that a reference might have intended.
    fn of(&mut self, binding: &'a Binding) -> Vec<String> {
        let (inventory, name) = (self.inventory, &*binding.role_ref.name);
        let like_it = |namespace: &str| near(inventory.roles_in(namespace), name);
        let mut similar = self.cluster_roles.entry(name).or_insert_with(|| like_it("")).clone();
        if !binding.is_cluster_role_binding() {
            similar.extend(like_it(&binding.metadata.namespace));
        }
        let mut similar: Vec<(usize, String)> = similar
            .into_iter()
            .map(|(distance, role)| (distance, format!("{} {}", role.kind(), role.metadata.name)))
            .collect();
        similar.sort();
        similar.into_iter().map(|(_, role)| role).take(3).collect()
    }
}

/// Returns the roles with similar names, with their distances.
fn near<'a>(roles: &'a [Role], name: &str) -> Vec<(usize, &'a Role)> {
    let tolerated = 1 + name.chars().count() / 8;
    let distance = |role: &Role| edit_distance_within(&role.metadata.name, name, tolerated);
    roles.par_iter().filter_map(|role| Some((distance(role)?, role))).collect()
}
