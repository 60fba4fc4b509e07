//! Commands that act on the processes in Pods.

use super::subcommands::Command;
use super::target::name_of;
use crate::Word;
use crate::need::{Need, NeedName, NeedNamespace};

/// The version from which connecting to a Pod requires `create`, regardless of the protocol.
const CREATE_ALONE: u16 = 35;

/// A Pod that a command line names, and the requests to find it.
struct Pod {
    name: NeedName,
    needs: Vec<Need>,
    /// Whether it is the first Pod of another object.
    is_found: bool,
}

impl Command<'_> {
    /// `kubectl logs`.
    pub(super) fn logs(&self) -> Option<Vec<Need>> {
        if self.flags.has("selector") {
            return Some(vec![
                self.pods("list", NeedName::Collection),
                self.pods("get", NeedName::Unknown).of("log"),
            ]);
        }
        let pod = self.pod(self.operands.first()?)?;
        let mut needs = pod.needs;
        needs.push(self.pods("get", pod.name).of("log"));
        Some(needs)
    }

    /// `kubectl exec`, `attach` and `port-forward`.
    pub(super) fn connect(&self, subresource: &str) -> Option<Vec<Need>> {
        let pod = self.pod(self.operands.first()?)?;
        let mut needs = pod.needs;
        // `port-forward` gets the Pod again; other subcommands use the list.
        let reads_again = subresource == "portforward" && pod.is_found;
        needs.extend(reads_again.then(|| self.pods("get", NeedName::Unknown)));
        needs.push(self.connection(subresource, pod.name));
        Some(needs)
    }

    /// `kubectl cp`, which runs tar in the container.
    pub(super) fn copy(&self) -> Option<Vec<Need>> {
        let (pod, _) = self.operands.iter().find_map(|word| word.split_once(':'))?;
        let (namespace, pod) = match pod.split_once('/') {
            Some((namespace, pod)) => (namespace_of(&namespace), pod),
            // A variable can contain both.
            None if pod.start().is_empty() => (NeedNamespace::Unknown, pod),
            None => (self.namespace.clone(), pod),
        };
        let name = name_of(&pod);
        Some(vec![
            Need::new("get", "", "pods", name.clone()).in_namespace(&namespace),
            self.connection("exec", name).in_namespace(&namespace),
        ])
    }

    /// `kubectl debug`: another container in the Pod, a copy of the Pod, or a Pod on a Node.
    pub(super) fn debug(&self) -> Option<Vec<Need>> {
        let word = self.operands.first()?;
        let (kind, name) = match word.split_once('/') {
            Some((kind, name)) => (self.catalog.resolve(kind.known()?).ok()?.resource, name),
            None => ("pods".into(), word.clone()),
        };
        let name = name_of(&name);
        let mut needs = Vec::new();
        let debugged = match (&*kind, self.flags.value("copy-to")) {
            ("nodes", _) => {
                needs.push(Need::new("get", "", "nodes", name));
                needs.push(self.pods("create", NeedName::Collection));
                NeedName::Unknown
            }
            ("pods", Some(copy)) => {
                needs.push(self.pods("get", name.clone()));
                needs.push(self.pods("create", NeedName::Collection));
                if self.flags.has("replace") {
                    needs.push(self.pods("delete", name));
                }
                name_of(copy)
            }
            ("pods", None) => {
                needs.push(self.pods("get", name.clone()));
                let added = self.pods("patch", name.clone()).of("ephemeralcontainers");
                // Early servers required PUT.
                needs.push(if self.version.minor < 22 { added.or("update") } else { added });
                name
            }
            _ => return None,
        };
        self.add_attaching(&mut needs, debugged);
        Some(needs)
    }

    /// `kubectl run`.
    pub(super) fn run(&self) -> Vec<Need> {
        let name = self.operands.first().map_or(NeedName::Unknown, name_of);
        let mut needs = vec![self.pods("create", NeedName::Collection)];
        if self.flags.has("expose") {
            needs.push(self.need("create", "", "services", NeedName::Collection));
        }
        self.add_attaching(&mut needs, name.clone());
        if self.flags.has("rm") {
            needs.push(self.pods("delete", name));
        }
        needs
    }

    /// Adds the requests to wait for a Pod and to attach to it, if the command line does so.
    fn add_attaching(&self, needs: &mut Vec<Need>, name: NeedName) {
        if self.flags.has("attach") || self.flags.has("stdin") {
            needs.extend(["list", "watch"].map(|verb| self.pods(verb, name.clone())));
            needs.push(self.connection("attach", name));
        }
    }

    fn connection(&self, subresource: &str, name: NeedName) -> Need {
        let create = self.pods("create", name).of(subresource);
        // A WebSocket upgrade is a GET, and earlier servers checked nothing else.
        if self.version.minor < CREATE_ALONE { create.or("get") } else { create }
    }

    /// Reads `POD`, `pod/POD` or `deploy/NAME`; kubectl takes the first Pod of a workload.
    fn pod(&self, word: &Word) -> Option<Pod> {
        let Some((kind, name)) = word.split_once('/') else {
            let name = name_of(word);
            // A variable can contain the kind as well, so the object might not be a Pod.
            let needs = match word.start() {
                "" => Vec::new(),
                _ => vec![self.pods("get", name.clone())],
            };
            return Some(Pod { name, needs, is_found: false });
        };
        let resolved = self.catalog.resolve(kind.known()?).ok()?;
        let name = name_of(&name);
        let get = self.need("get", &resolved.group, &resolved.resource, name.clone());
        if resolved.group.is_empty() && *resolved.resource == *"pods" {
            return Some(Pod { name, needs: vec![get], is_found: false });
        }
        let list = self.pods("list", NeedName::Collection);
        Some(Pod { name: NeedName::Unknown, needs: vec![get, list], is_found: true })
    }

    fn pods(&self, verb: &str, name: NeedName) -> Need {
        self.need(verb, "", "pods", name)
    }
}

fn namespace_of(word: &Word) -> NeedNamespace {
    word.known().map_or(NeedNamespace::Unknown, |namespace| NeedNamespace::Known(namespace.into()))
}
