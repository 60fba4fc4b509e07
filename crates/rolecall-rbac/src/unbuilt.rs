//! Objects that a build can still change, so that their grants are uncertain.
//!
//! A gap turns "no" into "unknown". Kustomize can also remove access, because it renames, moves and
//! patches the objects in files. So "yes" also becomes "unknown" if it depends on such an object.

use crate::{
    Authorizer, Binding, Gap, Grant, InventoryBuilder, Metadata, PolicyRule, Role, Subject,
    SubjectKind,
};

/// The annotation of objects that a build of their directory can change. Snapshots keep it.
const UNBUILT: &str = "rolecall.dev/unbuilt";
/// The value if the build renames objects.
const RENAMED: &str = "renamed";

/// The annotation of bindings whose subjects lack namespaces that a build fills in.
const COMPLETED: &str = "rolecall.dev/completed-by-build";

/// The effect of a build that has not been run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Build {
    /// The build includes the objects and fills in missing namespaces.
    Completes,
    /// The build can change the objects.
    Changes,
    /// The build also renames the objects.
    Renames,
}

impl Metadata {
    /// Returns whether a pending build can change the object.
    pub fn is_unbuilt(&self) -> bool {
        !self.annotations.is_empty() && self.annotation(UNBUILT).is_some()
    }

    /// Returns whether a pending build renames the object.
    pub fn is_renamed(&self) -> bool {
        !self.annotations.is_empty()
            && self.annotation(UNBUILT).is_some_and(|value| **value == *RENAMED)
    }

    /// Returns whether a pending build fills in fields that the object leaves out.
    pub fn is_completed_by_build(&self) -> bool {
        !self.annotations.is_empty() && self.annotation(COMPLETED).is_some()
    }

    fn set_unbuilt(&mut self, build: Build) {
        match build {
            Build::Completes => {}
            Build::Changes => self.annotate(UNBUILT, "true"),
            Build::Renames => self.annotate(UNBUILT, RENAMED),
        }
    }

    pub(crate) fn annotate(&mut self, key: &str, value: &str) {
        if let Err(place) = self.annotations.binary_search_by(|(other, _)| (**other).cmp(key)) {
            let mut annotations = std::mem::take(&mut self.annotations).into_vec();
            annotations.insert(place, (key.into(), value.into()));
            self.annotations = annotations.into();
        }
    }
}

impl InventoryBuilder {
    /// Marks all objects added so far as subject to a build.
    pub fn mark_unbuilt(&mut self, build: Build) {
        let inventory = &mut self.inventory;
        for binding in &mut inventory.bindings {
            let is_short = |subject: &Subject| {
                subject.kind == SubjectKind::ServiceAccount && subject.namespace.is_empty()
            };
            if binding.is_cluster_role_binding() && binding.subjects.iter().any(is_short) {
                binding.metadata.annotate(COMPLETED, "true");
            }
        }
        if build == Build::Completes {
            return;
        }
        let accounts = inventory.service_accounts.iter_mut();
        let accounts = accounts.chain(&mut self.implied_service_accounts);
        (inventory.roles.iter_mut().map(|role| &mut role.metadata))
            .chain(inventory.bindings.iter_mut().map(|binding| &mut binding.metadata))
            .chain(accounts.map(|account| &mut account.metadata))
            .chain(inventory.workloads.iter_mut().map(|workload| &mut workload.metadata))
            .for_each(|metadata| metadata.set_unbuilt(build));
    }
}

impl Authorizer {
    /// Returns whether a build can change the binding or the rules of its role.
    pub fn is_unbuilt(&self, binding: &Binding, role: &Role) -> bool {
        !self.inventory.gaps.is_empty()
            && (binding.metadata.is_unbuilt()
                || role.metadata.is_unbuilt()
                || self.aggregates_unbuilt(role, |_| true))
    }

    /// Removes grants that a build can change, and returns whether it removed any.
    pub(crate) fn keep_built(&self, grants: &mut Vec<Grant<'_>>) -> bool {
        let before = grants.len();
        if !self.inventory.gaps.is_empty() {
            grants.retain(|grant| match grant {
                Grant::Privileged => true,
                Grant::Rule(grant) => {
                    !grant.binding.metadata.is_unbuilt()
                        && !self.is_unbuilt_rule(grant.role, grant.rule)
                }
            });
        }
        grants.len() < before
    }

    /// Returns whether a build can change a rule of a role.
    pub(crate) fn is_unbuilt_rule(&self, role: &Role, rule: &PolicyRule) -> bool {
        role.metadata.is_unbuilt()
            || self.aggregates_unbuilt(role, |source| source.rules.contains(rule))
    }

    /// Returns the gaps behind decisions that depend on objects a build can change.
    pub(crate) fn build_gaps(&self) -> Vec<Gap> {
        self.inventory.gaps.iter().filter(|gap| gap.may_hide_cluster_role()).cloned().collect()
    }

    /// Returns whether an aggregated role takes rules from a ClusterRole that a build can change.
    fn aggregates_unbuilt(&self, role: &Role, takes: impl Fn(&Role) -> bool) -> bool {
        let Some(aggregation) = role.aggregation.as_ref().filter(|_| !role.metadata.stored) else {
            return false;
        };
        let cluster_roles = self.inventory.roles.iter().take_while(|role| role.is_cluster_role());
        cluster_roles.filter(|source| source.metadata.is_unbuilt()).any(|source| {
            aggregation.selectors.iter().any(|selector| selector.matches(&source.metadata))
                && takes(source)
        })
    }
}
