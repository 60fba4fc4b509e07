//! `kubectl create TYPE NAME`.

use super::subcommands::Command;
use super::target::{name_of, targets};
use crate::need::{Need, NeedName, NeedNamespace};

/// The resources that `create TYPE NAME` creates.
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

const RBAC: &str = "rbac.authorization.k8s.io";

/// Returns the group and the resource that `create TYPE` creates.
pub(super) fn created(kind: &str) -> Option<(&'static str, &'static str)> {
    // `svc` is an alias of `service`, which has subtypes.
    let kind = if kind == "svc" { "service" } else { kind };
    let (_, group, resource) = CREATED.iter().find(|(word, ..)| *word == kind)?;
    Some((group, resource))
}

impl Command<'_> {
    /// `kubectl create`.
    pub(super) fn create(&self) -> Option<Vec<Need>> {
        let (kind, operands) = self.operands.split_first()?;
        let kind = kind.known()?;
        if kind == "token" {
            let account = operands.first().map_or(NeedName::Unknown, name_of);
            return Some(vec![self.need("create", "", "serviceaccounts", account).of("token")]);
        }
        let (group, resource) = created(kind)?;
        let mut needs = Vec::new();
        if let Some(from) = self.flags.value("from") {
            let sources = targets(std::slice::from_ref(from), self.catalog)?;
            needs.extend(sources.iter().map(|source| source.named("get", &self.namespace)));
        }
        needs.push(self.need("create", group, resource, NeedName::Collection));
        if matches!(resource, "roles" | "clusterroles") {
            needs.extend(self.granted(resource)?);
        }
        if matches!(resource, "rolebindings" | "clusterrolebindings") {
            needs.extend(self.bound(resource));
        }
        Some(needs)
    }

    /// Returns the access that the author of a binding needs: `bind` on the role that it refers to,
    /// or everything that the role grants.
    fn bound(&self, resource: &str) -> Option<Need> {
        let of_kind = |flag: &str, roles| Some((roles, self.flags.value(flag)?.known()?));
        let (roles, name) =
            of_kind("clusterrole", "clusterroles").or_else(|| of_kind("role", "roles"))?;
        let namespace = match resource {
            "clusterrolebindings" => NeedNamespace::Known("".into()),
            _ => self.namespace.clone(),
        };
        let bind = Need::new("bind", RBAC, roles, NeedName::Known(name.into()));
        Some(bind.in_namespace(&namespace))
    }

    /// Returns the access that the author of a role needs: each right that it grants, or `escalate`.
    fn granted(&self, resource: &str) -> Option<Vec<Need>> {
        let namespace = match resource {
            "clusterroles" => NeedNamespace::Known("".into()),
            _ => self.namespace.clone(),
        };
        // The request to create an object has no name, so `escalate` for a named role does not help.
        let escalate = Need::new("escalate", RBAC, resource, NeedName::Collection);
        let escalate = escalate.in_namespace(&namespace);
        let names: Vec<NeedName> = match &*self.flags.list("resource-name") {
            [] => vec![NeedName::Collection],
            names => names.iter().map(name_of).collect(),
        };
        let mut rights = Vec::new();
        for verb in self.flags.list("verb") {
            let verb = verb.known()?;
            for resource in self.flags.list("resource") {
                let resource = self.catalog.resolve(resource.known()?).ok()?;
                rights.extend(names.iter().map(|name| {
                    Need::new(verb, &resource.group, &resource.resource, name.clone())
                        .of(&resource.subresource)
                        .in_namespace(&namespace)
                }));
            }
            for url in self.flags.list("non-resource-url") {
                rights.push(Need::path(verb, url.known()?));
            }
        }
        if self.flags.has("aggregation-rule") {
            // The server accepts an aggregation rule only with `escalate` or with all rights, which include it.
            return Some(vec![escalate]);
        }
        Some(rights.into_iter().map(|right| right.or_all(vec![escalate.clone()])).collect())
    }
}
