//! The facts about a cluster that affect the severity of risks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rolecall_rbac::{Authorizer, Metadata, PolicyRule, Text};

use super::model::Controllers;
use super::program::{Program, repository_of};
use super::{Grading, Risk, controller};
use crate::Severity;
use crate::holder::Holder;

/// The label of a Namespace for the enforced Pod Security level.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Facts about the inventory's cluster, computed on first use.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) authorizer: &'a Authorizer,
    is_eks: OnceLock<bool>,
    /// The programs of ServiceAccounts, by namespace and name.
    programs: OnceLock<BTreeMap<(Text, Text), BTreeSet<Program>>>,
    /// The operators that can take over the cluster.
    powerful: OnceLock<BTreeSet<Program>>,
    /// The ServiceAccounts of controllers of custom resources.
    controllers: OnceLock<BTreeSet<Holder>>,
}

/// Whether Pods of a namespace can take over their node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodSecurity {
    /// The Namespace enforces `baseline` or `restricted`.
    Enforced,
    /// The Namespace enforces neither.
    Open,
    /// The Namespace was not read.
    Unknown,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(authorizer: &'a Authorizer) -> Self {
        Self {
            authorizer,
            is_eks: OnceLock::new(),
            programs: OnceLock::new(),
            powerful: OnceLock::new(),
            controllers: OnceLock::new(),
        }
    }

    /// Returns whether any object in the inventory is specific to EKS.
    pub(super) fn is_eks(&self) -> bool {
        *self.is_eks.get_or_init(|| {
            let accounts = self.authorizer.inventory().service_accounts().iter();
            let mut annotations = accounts.flat_map(|account| &*account.metadata.annotations);
            annotations.any(|(key, _)| key.starts_with("eks.amazonaws.com/"))
        })
    }

    pub(super) fn pod_security(&self, namespace: &str) -> PodSecurity {
        let Some(namespace) = self.authorizer.inventory().namespace(namespace) else {
            return PodSecurity::Unknown;
        };
        let level = namespace.metadata.labels.iter().find(|(key, _)| **key == *ENFORCE);
        match level.map(|(_, level)| &**level) {
            Some("baseline" | "restricted") => PodSecurity::Enforced,
            _ => PodSecurity::Open,
        }
    }

    /// Returns the severity of a risk in a scope, taking the operators into account.
    pub(super) fn severity(
        &self,
        takes_over: &dyn Fn(&PolicyRule) -> bool,
        risk: &Risk,
        operators: &[Program],
        namespace: Option<&str>,
    ) -> Severity {
        if risk.grading == Grading::Operator {
            let powerful = self.powerful(takes_over);
            if operators.iter().any(|program| powerful.contains(program)) {
                return Severity::Critical;
            }
        }
        self.severity_by_scope(risk, namespace)
    }

    /// Returns the severity of a risk in a scope, regardless of operators.
    pub(super) fn severity_by_scope(&self, risk: &Risk, namespace: Option<&str>) -> Severity {
        match namespace {
            None | Some("kube-system") => risk.severity,
            Some(namespace) if risk.grading == Grading::PodSecurity => {
                match self.pod_security(namespace) {
                    PodSecurity::Open => risk.in_namespace.max(Severity::High),
                    PodSecurity::Enforced | PodSecurity::Unknown => risk.in_namespace,
                }
            }
            Some(_) => risk.in_namespace,
        }
    }

    /// Returns whether a risk is inherent in the function of the holder's program.
    pub(super) fn is_purpose(&self, risk: &Risk, holder: &Holder) -> bool {
        !risk.purpose_of.is_empty() && self.runs(holder, risk.purpose_of)
    }

    /// Returns whether a workload that runs as a holder contains one of some programs.
    pub(super) fn runs(&self, holder: &Holder, wanted: &[Program]) -> bool {
        let Holder::ServiceAccount { namespace, name } = holder else { return false };
        let found = self.programs().get(&(namespace.clone(), name.clone()));
        found.is_some_and(|programs| programs.iter().any(|program| wanted.contains(program)))
    }

    /// Returns whether all holders of a risk are controllers that cannot work without it.
    pub(super) fn is_needed(
        &self,
        risk: &Risk,
        namespace: Option<&str>,
        holders: &[Holder],
    ) -> bool {
        let is_home = |holder: &Holder| {
            let Holder::ServiceAccount { namespace: home, .. } = holder else { return false };
            namespace == Some(&**home) && **home != *"kube-system"
        };
        !holders.is_empty()
            && holders.iter().all(|holder| {
                (risk.controllers == Controllers::Anywhere || is_home(holder))
                    && self.is_controller(holder)
            })
    }

    /// Returns whether a holder is the ServiceAccount of a controller of custom resources.
    pub(super) fn is_controller(&self, holder: &Holder) -> bool {
        self.controllers().contains(holder)
    }

    fn controllers(&self) -> &BTreeSet<Holder> {
        self.controllers.get_or_init(|| {
            let roles = self.authorizer.inventory().roles().iter();
            let of_controllers =
                roles.filter(|role| role.rules.iter().any(controller::is_of_controller));
            let mut controllers = BTreeSet::new();
            for role in of_controllers {
                let Metadata { namespace, name, .. } = &role.metadata;
                for binding in self.authorizer.bindings_to(namespace, name) {
                    let subjects = binding.subjects.iter();
                    let holders = subjects
                        .filter_map(|subject| Holder::of_subject(subject, &binding.metadata));
                    let accounts =
                        holders.filter(|holder| matches!(holder, Holder::ServiceAccount { .. }));
                    controllers.extend(accounts);
                }
            }
            controllers
        })
    }

    fn programs(&self) -> &BTreeMap<(Text, Text), BTreeSet<Program>> {
        self.programs.get_or_init(|| {
            let inventory = self.authorizer.inventory();
            let mut programs: BTreeMap<(Text, Text), BTreeSet<Program>> = BTreeMap::new();
            let mut add = |namespace: &Text, name: &str, found: &[Program]| {
                if !found.is_empty() {
                    let key = (namespace.clone(), Text::from(name));
                    programs.entry(key).or_default().extend(found);
                }
            };
            // Images differ more in their tags than in their repositories.
            let mut of_images: BTreeMap<&str, Vec<Program>> = BTreeMap::new();
            for workload in inventory.workloads() {
                for pod in &*workload.pods {
                    for container in &*pod.containers {
                        let found = of_images
                            .entry(repository_of(&container.image))
                            .or_insert_with_key(|repository| Program::of_repository(repository));
                        add(&workload.metadata.namespace, pod.service_account_name(), found);
                    }
                }
            }
            programs
        })
    }

    /// Returns the ServiceAccounts of operators, by the images that they run or by their names.
    fn operators(&self) -> BTreeMap<Holder, BTreeSet<Program>> {
        let inventory = self.authorizer.inventory();
        let mut operators: BTreeMap<Holder, BTreeSet<Program>> = BTreeMap::new();
        for ((namespace, name), programs) in self.programs() {
            let found = programs.iter().copied().filter(|program| program.is_operator());
            let found: Vec<Program> = found.collect();
            if !found.is_empty() {
                let (namespace, name) = (namespace.clone(), name.clone());
                operators
                    .entry(Holder::ServiceAccount { namespace, name })
                    .or_default()
                    .extend(found);
            }
        }
        let subjects = inventory.bindings().iter().flat_map(|binding| {
            let subjects = binding.subjects.iter();
            subjects.filter_map(|subject| Holder::of_subject(subject, &binding.metadata))
        });
        for holder in subjects {
            let Holder::ServiceAccount { namespace, name } = &holder else { continue };
            let found = Program::operators_of_account(namespace, name);
            if !found.is_empty() {
                operators.entry(holder).or_default().extend(found);
            }
        }
        operators
    }

    /// Returns the operators of the inventory that can take over the cluster.
    fn powerful(&self, takes_over: &dyn Fn(&PolicyRule) -> bool) -> &BTreeSet<Program> {
        self.powerful.get_or_init(|| {
            let mut powerful = BTreeSet::new();
            for (holder, operators) in self.operators() {
                let bound = self.authorizer.bindings_in(&holder.identity(), "");
                let mut rules = bound
                    .iter()
                    .filter_map(|bound| bound.role.ok())
                    .flat_map(|role| role.rules.iter());
                if rules.any(takes_over) {
                    powerful.extend(operators);
                }
            }
            powerful
        })
    }
}
