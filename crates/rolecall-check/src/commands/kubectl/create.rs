//! `kubectl create TYPE NAME`.

use super::subcommands::Command;
use super::target::{name_of, targets};
use crate::needs::{Need, NeedName};

/// The resources that `create TYPE NAME` makes.
const CREATED: [(&str, &str, &str); 24] = [
    ("cj", "batch", "cronjobs"),
    ("clusterrole", "rbac.authorization.k8s.io", "clusterroles"),
    ("clusterrolebinding", "rbac.authorization.k8s.io", "clusterrolebindings"),
    ("cm", "", "configmaps"),
    ("configmap", "", "configmaps"),
    ("cronjob", "batch", "cronjobs"),
    ("deploy", "apps", "deployments"),
    ("deployment", "apps", "deployments"),
    ("ing", "networking.k8s.io", "ingresses"),
    ("ingress", "networking.k8s.io", "ingresses"),
    ("job", "batch", "jobs"),
    ("namespace", "", "namespaces"),
    ("ns", "", "namespaces"),
    ("pc", "scheduling.k8s.io", "priorityclasses"),
    ("pdb", "policy", "poddisruptionbudgets"),
    ("poddisruptionbudget", "policy", "poddisruptionbudgets"),
    ("priorityclass", "scheduling.k8s.io", "priorityclasses"),
    ("quota", "", "resourcequotas"),
    ("role", "rbac.authorization.k8s.io", "roles"),
    ("rolebinding", "rbac.authorization.k8s.io", "rolebindings"),
    ("sa", "", "serviceaccounts"),
    ("secret", "", "secrets"),
    ("service", "", "services"),
    ("serviceaccount", "", "serviceaccounts"),
];

impl Command<'_> {
    /// `kubectl create`.
    pub(super) fn create(&self) -> Option<Vec<Need>> {
        let (kind, operands) = self.operands.split_first()?;
        let kind = kind.known()?;
        if kind == "token" {
            let account = operands.first().map_or(NeedName::Unknown, name_of);
            return Some(vec![self.need("create", "", "serviceaccounts", account).of("token")]);
        }
        // `svc` is an alias of `service`, which has types of its own.
        let kind = if kind == "svc" { "service" } else { kind };
        let (_, group, resource) = CREATED.iter().find(|(word, ..)| *word == kind)?;
        let mut needs = Vec::new();
        if let Some(from) = self.flags.value("from") {
            let sources = targets(std::slice::from_ref(from), self.catalog)?;
            needs.extend(sources.iter().map(|source| source.named("get", &self.namespace)));
        }
        needs.push(self.need("create", group, resource, NeedName::Collection));
        Some(needs)
    }
}
