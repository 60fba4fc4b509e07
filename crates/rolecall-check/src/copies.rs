//! Copies of the manifests that well-known programs publish.
//!
//! A repository that installs a program often contains its manifests, such as those of a network plugin. They are
//! recognized by a release of the program in the images of their workloads. The next copy replaces every change to
//! them, so findings about their rules are informational: whether to install the program is a decision of each
//! cluster. Findings about clusters keep their severity, as do references that lead nowhere, which are often the
//! result of an incomplete copy, and bindings of default roles, which are rarely part of one.

use rolecall_access::Holder;
use rolecall_access::risk::is_published_release;
use rolecall_rbac::{Binding, Origin};
use rustc_hash::FxHashMap;

use crate::context::Context;
use crate::{Category, Finding, ObjectRef, RuleCode, Severity};

/// Added to the messages of findings about copies.
const NOTE: &str = "; its manifests are a copy of those that a well-known program publishes";

/// The risks of bindings that a copy rarely contains.
const OF_BINDINGS: [RuleCode; 7] = [
    RuleCode(401),
    RuleCode(505),
    RuleCode(506),
    RuleCode(507),
    RuleCode(508),
    RuleCode(509),
    RuleCode(556),
];

/// The risks that depend on what other ServiceAccounts can do.
const OF_OTHERS: [RuleCode; 4] = [RuleCode(513), RuleCode(572), RuleCode(573), RuleCode(574)];

/// The files and ServiceAccounts whose workloads all run releases of well-known programs.
#[derive(Debug, Default)]
pub(crate) struct Copies<'a> {
    files: FxHashMap<&'a str, bool>,
    /// By namespace and name.
    accounts: FxHashMap<(&'a str, &'a str), bool>,
}

impl<'a> Copies<'a> {
    /// Finds the copies in manifests; a cluster has none.
    pub(crate) fn of(context: &Context<'a>) -> Self {
        let mut copies = Self::default();
        if context.input.complete {
            return copies;
        }
        let mut published: FxHashMap<&str, bool> = FxHashMap::default();
        for workload in context.inventory().workloads() {
            let namespace = &*workload.metadata.namespace;
            for pod in &*workload.pods {
                let is_copy = !pod.containers.is_empty()
                    && pod.containers.iter().all(|container| {
                        let image = &*container.image;
                        *published.entry(image).or_insert_with(|| is_published_release(image))
                    });
                if let Origin::File { path, .. } = &workload.metadata.origin {
                    *copies.files.entry(path).or_insert(true) &= is_copy;
                }
                let account = (namespace, pod.service_account_name());
                *copies.accounts.entry(account).or_insert(true) &= is_copy;
            }
        }
        copies
    }

    /// Makes findings informational that are about copies.
    pub(crate) fn soften(&self, context: &Context<'_>, findings: &mut [Finding]) {
        if !self.files.values().chain(self.accounts.values()).any(|is_copy| *is_copy) {
            return;
        }
        for finding in findings {
            if finding.severity > Severity::Info && self.is_about_copy(context, finding) {
                finding.severity = Severity::Info;
                finding.message.push_str(NOTE);
            }
        }
    }

    fn is_about_copy(&self, context: &Context<'_>, finding: &Finding) -> bool {
        let code = finding.rule.code;
        let can_be_copied =
            matches!(finding.rule.category, Category::Risk | Category::Dead | Category::Hygiene);
        can_be_copied
            && !OF_BINDINGS.contains(&code)
            && self.contains(context, &finding.object)
            && (!OF_OTHERS.contains(&code) || self.is_all_of_others(context, finding))
    }

    /// Returns whether everything on which a path depends is part of copies, or of Kubernetes.
    fn is_all_of_others(&self, context: &Context<'_>, finding: &Finding) -> bool {
        let is_built_in = |namespace: &str, name: &str| {
            let account = context.inventory().service_account(namespace, name);
            namespace == "kube-system"
                && account.is_none_or(|account| account.metadata.origin == Origin::Default)
        };
        finding.related.iter().all(|related| self.contains(context, &related.object))
            && finding.gains.iter().all(|gained| match gained {
                Holder::ServiceAccount { namespace, name } => {
                    self.is_account(namespace, name) || is_built_in(namespace, name)
                }
                _ => false,
            })
    }

    /// Returns whether an object is part of a copy: its file is one, or all its subjects are of one. A copied role
    /// with other subjects is not.
    fn contains(&self, context: &Context<'_>, object: &ObjectRef) -> bool {
        if object.origin == Origin::Default {
            return true;
        }
        let ObjectRef { kind, namespace, name, origin } = object;
        let is_copied = self.is_copied_file(origin);
        match &**kind {
            "Role" | "ClusterRole" => {
                let bindings = context.authorizer().bindings_to(namespace, name);
                (is_copied || !bindings.is_empty())
                    && bindings.iter().all(|binding| self.is_binding(binding))
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let binding = context.inventory().binding(namespace, name);
                binding.is_some_and(|binding| self.is_binding(binding))
            }
            "ServiceAccount" => is_copied || self.is_account(namespace, name),
            _ => is_copied,
        }
    }

    fn is_copied_file(&self, origin: &Origin) -> bool {
        match origin {
            Origin::File { path, .. } => self.files.get(&**path).copied().unwrap_or(false),
            _ => false,
        }
    }

    /// Returns whether all subjects are ServiceAccounts of copies. Those without a workload, such as one for a
    /// program on the nodes, are part of the copy that binds them.
    fn is_binding(&self, binding: &Binding) -> bool {
        let is_copied = self.is_copied_file(&binding.metadata.origin);
        !binding.subjects.is_empty()
            && binding.subjects.iter().all(|subject| {
                match Holder::of_subject(subject, &binding.metadata) {
                    Some(Holder::ServiceAccount { namespace, name }) => {
                        let runs_copies = self.accounts.get(&(&*namespace, &*name));
                        runs_copies.copied().unwrap_or(is_copied)
                    }
                    _ => false,
                }
            })
    }

    fn is_account(&self, namespace: &str, name: &str) -> bool {
        self.accounts.get(&(namespace, name)).copied().unwrap_or(false)
    }
}
