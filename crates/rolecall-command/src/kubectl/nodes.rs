//! Commands about Nodes and the cluster as a whole.

use super::subcommands::Command;
use super::target::{Target, name_of, objects, targets};
use crate::Word;
use crate::need::{Need, NeedName, NeedNamespace};

/// The resources that `kubectl cluster-info dump` lists in each namespace.
const DUMPED: [(&str, &str); 7] = [
    ("", "events"),
    ("", "replicationcontrollers"),
    ("", "services"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("", "pods"),
];

impl Command<'_> {
    /// `kubectl cordon` and `uncordon`.
    pub(super) fn cordon(&self) -> Option<Vec<Need>> {
        let nodes = self.nodes(self.operands)?;
        Some(nodes.iter().flat_map(|node| self.read_and(node, &["patch"])).collect())
    }

    /// `kubectl drain`: in addition to cordoning, it evicts the Pods of the node. It gets the DaemonSet of each Pod
    /// that has one, and nearly every Node has such a Pod.
    pub(super) fn drain(&self) -> Option<Vec<Need>> {
        let mut needs = self.cordon()?;
        let everywhere = NeedNamespace::Known("".into());
        needs.push(Need::new("list", "", "pods", NeedName::Collection).in_namespace(&everywhere));
        let pod = |verb| Need::new(verb, "", "pods", NeedName::Unknown);
        let pods = match self.flags.has("disable-eviction") {
            true => [pod("delete"), pod("get")],
            false => [pod("create").of("eviction"), pod("get")],
        };
        let daemon_set = Need::new("get", "apps", "daemonsets", NeedName::Unknown);
        let each = [daemon_set].into_iter().chain(pods);
        needs.extend(each.map(|need| need.in_namespace(&NeedNamespace::Each)));
        Some(needs)
    }

    /// `kubectl taint nodes NODE KEY=VALUE:EFFECT`.
    pub(super) fn taint(&self) -> Option<Vec<Need>> {
        let nodes = targets(objects(self.operands), self.catalog)?;
        Some(nodes.iter().flat_map(|node| self.read_and(node, &["patch"])).collect())
    }

    /// `kubectl top`, which also reads the capacity of Nodes.
    pub(super) fn top(&self) -> Option<Vec<Need>> {
        let (what, operands) = self.operands.split_first()?;
        let name = operands.first().map_or(NeedName::Collection, name_of);
        let verb = if name == NeedName::Collection { "list" } else { "get" };
        match what.known()? {
            "pod" | "pods" | "po" => Some(vec![self.need(verb, "metrics.k8s.io", "pods", name)]),
            "node" | "nodes" | "no" => {
                let at_cluster_scope = NeedNamespace::Known("".into());
                let of_group = |group| {
                    Need::new(verb, group, "nodes", name.clone()).in_namespace(&at_cluster_scope)
                };
                Some(["metrics.k8s.io", ""].map(of_group).to_vec())
            }
            _ => None,
        }
    }

    /// `kubectl cluster-info`, for kube-system unless it names another namespace.
    pub(super) fn cluster_info(&self) -> Option<Vec<Need>> {
        let system = NeedNamespace::Known("kube-system".into());
        let is_named = self.flags.value("namespace").is_some();
        match self.operands.first().map(Word::known) {
            None => {
                let namespace = if is_named { &self.namespace } else { &system };
                let services = Need::new("list", "", "services", NeedName::Collection);
                Some(vec![services.in_namespace(namespace)])
            }
            Some(Some("dump")) => {
                let mut needs = vec![Need::new("list", "", "nodes", NeedName::Collection)];
                let elsewhere = self.flags.has("namespaces") || self.flags.has("all-namespaces");
                if !elsewhere {
                    for namespace in [&system, &self.namespace] {
                        needs.extend(DUMPED.map(|(group, resource)| {
                            Need::new("list", group, resource, NeedName::Collection)
                                .in_namespace(namespace)
                        }));
                    }
                }
                Some(needs)
            }
            Some(_) => None,
        }
    }

    /// Reads the Nodes of `NODE...`, or those that a selector matches.
    fn nodes(&self, operands: &[Word]) -> Option<Vec<Target>> {
        let mut words = vec![Word::text("nodes")];
        words.extend(operands.iter().map(|word| match word.split_once('/') {
            Some((_, name)) => name,
            None => word.clone(),
        }));
        match operands.is_empty() && !self.flags.has("selector") {
            true => None,
            false => targets(&words, self.catalog),
        }
    }
}
