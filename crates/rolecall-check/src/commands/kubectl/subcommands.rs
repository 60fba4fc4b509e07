use rolecall_rbac::{Catalog, Text};

use super::flags::Flags;
use crate::KubernetesVersion;
use crate::commands::{Word, http};
use crate::needs::{Need, NeedName, NeedNamespace};

/// The resources that `create TYPE NAME` makes.
const CREATED: [(&str, &str, &str); 22] = [
    ("clusterrole", "rbac.authorization.k8s.io", "clusterroles"),
    ("clusterrolebinding", "rbac.authorization.k8s.io", "clusterrolebindings"),
    ("cm", "", "configmaps"),
    ("configmap", "", "configmaps"),
    ("cj", "batch", "cronjobs"),
    ("cronjob", "batch", "cronjobs"),
    ("deploy", "apps", "deployments"),
    ("deployment", "apps", "deployments"),
    ("ing", "networking.k8s.io", "ingresses"),
    ("ingress", "networking.k8s.io", "ingresses"),
    ("job", "batch", "jobs"),
    ("namespace", "", "namespaces"),
    ("ns", "", "namespaces"),
    ("pdb", "policy", "poddisruptionbudgets"),
    ("poddisruptionbudget", "policy", "poddisruptionbudgets"),
    ("quota", "", "resourcequotas"),
    ("role", "rbac.authorization.k8s.io", "roles"),
    ("rolebinding", "rbac.authorization.k8s.io", "rolebindings"),
    ("sa", "", "serviceaccounts"),
    ("secret", "", "secrets"),
    ("service", "", "services"),
    ("serviceaccount", "", "serviceaccounts"),
];

/// An object or a collection that a command line names.
struct Target {
    group: Text,
    resource: Text,
    name: NeedName,
}

impl Target {
    fn need(&self, verb: &'static str, namespace: &NeedNamespace) -> Need {
        Need::new(verb, &self.group, &self.resource, self.name.clone()).in_namespace(namespace)
    }
}

/// Returns what a subcommand needs; `None` when it cannot be told.
pub(super) fn needs(
    flags: &Flags,
    catalog: &Catalog,
    version: KubernetesVersion,
) -> Option<Vec<Need>> {
    let (subcommand, operands) = flags.operands.split_first()?;
    let namespace = flags.namespace();
    let targets = || targets(operands, catalog);
    let on_each = |verbs: &[&'static str]| -> Option<Vec<Need>> {
        let targets = targets()?;
        Some(
            targets
                .iter()
                .flat_map(|target| verbs.iter().map(|verb| target.need(verb, &namespace)))
                .collect(),
        )
    };
    let reads = |watches: bool| -> Option<Vec<Need>> {
        let targets = targets()?;
        Some(
            targets
                .iter()
                .flat_map(|target| {
                    let verb = if target.name == NeedName::Collection { "list" } else { "get" };
                    [verb]
                        .into_iter()
                        .chain(watches.then_some("watch"))
                        .map(|verb| target.need(verb, &namespace))
                })
                .collect(),
        )
    };
    match subcommand.known()? {
        "get" => match flags.value("raw") {
            Some(path) => http::need_of_path("get", path).map(|need| vec![need]),
            None if flags.has("filename") => None,
            None => reads(flags.has("watch") || flags.has("watch-only")),
        },
        "describe" => reads(false),
        "wait" if !flags.has("filename") => reads(true),
        "delete" => match flags.value("raw") {
            Some(path) => http::need_of_path("delete", path).map(|need| vec![need]),
            None if flags.has("filename") => None,
            None if flags.has("selector") || flags.has("all") => on_each(&["list", "delete"]),
            None => on_each(&["delete"]),
        },
        "label" | "annotate" | "patch" | "edit" if !flags.has("filename") => {
            // Labels and patches are no objects, so only the first ones are.
            let operands = match subcommand.known() {
                Some("patch" | "edit") => operands,
                _ => objects(operands),
            };
            let selected = flags.has("selector") || flags.has("all");
            let read = if selected { "list" } else { "get" };
            let targets = self::targets(operands, catalog)?;
            Some(
                targets
                    .iter()
                    .flat_map(|target| {
                        let patched = match (selected, &target.name) {
                            (true, _) => NeedName::Unknown,
                            (false, name) => name.clone(),
                        };
                        let patched = Target {
                            group: target.group.clone(),
                            resource: target.resource.clone(),
                            name: patched,
                        };
                        [target.need(read, &namespace), patched.need("patch", &namespace)]
                    })
                    .collect(),
            )
        }
        "scale" if !flags.has("filename") => {
            let targets = targets()?;
            Some(
                targets
                    .iter()
                    .flat_map(|target| {
                        [
                            target.need("get", &namespace),
                            target.need("patch", &namespace).or("update").of("scale"),
                        ]
                    })
                    .collect(),
            )
        }
        "rollout" => rollout(flags, operands, catalog),
        "set" => {
            let (what, operands) = operands.split_first()?;
            if !matches!(what.known()?, "image" | "env" | "resources" | "serviceaccount" | "sa") {
                return None;
            }
            let targets = self::targets(objects(operands), catalog)?;
            Some(
                targets
                    .iter()
                    .flat_map(|target| ["get", "patch"].map(|verb| target.need(verb, &namespace)))
                    .collect(),
            )
        }
        "create" => create(flags, operands, catalog),
        "run" => Some(vec![
            Need::new("create", "", "pods", NeedName::Collection).in_namespace(&namespace),
        ]),
        "expose" if !flags.has("filename") => {
            let mut needs = on_each(&["get"])?;
            let service = Need::new("create", "", "services", NeedName::Collection);
            needs.push(service.in_namespace(&namespace));
            Some(needs)
        }
        "autoscale" if !flags.has("filename") => {
            let mut needs = on_each(&["get"])?;
            let scaler = Need::new(
                "create",
                "autoscaling",
                "horizontalpodautoscalers",
                NeedName::Collection,
            );
            needs.push(scaler.in_namespace(&namespace));
            Some(needs)
        }
        "logs" => logs(flags, operands, catalog),
        "exec" => in_pod(flags, operands, catalog, "exec", version),
        "attach" => in_pod(flags, operands, catalog, "attach", version),
        "port-forward" => in_pod(flags, operands, catalog, "portforward", version),
        "top" => {
            let (what, operands) = operands.split_first()?;
            let resource = match what.known()? {
                "pod" | "pods" | "po" => "pods",
                "node" | "nodes" | "no" => "nodes",
                _ => return None,
            };
            let name = match operands.first() {
                Some(word) => name_of(word),
                None => NeedName::Collection,
            };
            let verb = if name == NeedName::Collection { "list" } else { "get" };
            let namespace = match resource {
                "nodes" => NeedNamespace::Known("".into()),
                _ => namespace,
            };
            Some(vec![Need::new(verb, "metrics.k8s.io", resource, name).in_namespace(&namespace)])
        }
        "cordon" | "uncordon" | "drain" => {
            let node = operands.first().map_or(NeedName::Unknown, name_of);
            let mut needs = vec![
                Need::new("get", "", "nodes", node.clone()).or("list"),
                Need::new("patch", "", "nodes", node),
            ];
            if subcommand.known() == Some("drain") {
                let everywhere = NeedNamespace::Known("".into());
                needs.push(
                    Need::new("list", "", "pods", NeedName::Collection).in_namespace(&everywhere),
                );
            }
            Some(needs)
        }
        "taint" => {
            let node = operands.get(1).map_or(NeedName::Unknown, name_of);
            Some(vec![
                Need::new("get", "", "nodes", node.clone()).or("list"),
                Need::new("patch", "", "nodes", node),
            ])
        }
        _ => None,
    }
}

fn rollout(flags: &Flags, operands: &[Word], catalog: &Catalog) -> Option<Vec<Need>> {
    if flags.has("filename") || flags.has("selector") {
        return None;
    }
    let (action, operands) = operands.split_first()?;
    let action = action.known()?;
    let verbs: &[&'static str] = match action {
        "restart" | "pause" | "resume" | "undo" => &["get", "patch"],
        // Besides reading the object, kubectl lists and watches the one of its name.
        "status" => &["get", "list", "watch"],
        "history" => &["get"],
        _ => return None,
    };
    let namespace = flags.namespace();
    let mut needs = Vec::new();
    for target in targets(operands, catalog)? {
        needs.extend(verbs.iter().map(|verb| target.need(verb, &namespace)));
        let revisions = match &*target.resource {
            "deployments" => "replicasets",
            _ => "controllerrevisions",
        };
        if matches!(action, "undo" | "history") {
            let listed = Need::new("list", "apps", revisions, NeedName::Collection);
            needs.push(listed.in_namespace(&namespace));
        }
    }
    Some(needs)
}

fn create(flags: &Flags, operands: &[Word], catalog: &Catalog) -> Option<Vec<Need>> {
    let (kind, operands) = operands.split_first()?;
    let namespace = flags.namespace();
    let kind = kind.known()?;
    if kind == "token" {
        let account = operands.first().map_or(NeedName::Unknown, name_of);
        let need = Need::new("create", "", "serviceaccounts", account).of("token");
        return Some(vec![need.in_namespace(&namespace)]);
    }
    let (_, group, resource) = CREATED.iter().find(|(word, ..)| *word == kind)?;
    let create =
        Need::new("create", group, resource, NeedName::Collection).in_namespace(&namespace);
    let mut needs = vec![create];
    if let Some(from) = flags.value("from") {
        let sources = targets(std::slice::from_ref(from), catalog)?;
        needs.extend(sources.iter().map(|source| source.need("get", &namespace)));
    }
    Some(needs)
}

fn logs(flags: &Flags, operands: &[Word], catalog: &Catalog) -> Option<Vec<Need>> {
    let namespace = flags.namespace();
    if flags.has("selector") {
        return Some(vec![
            Need::new("list", "", "pods", NeedName::Collection).in_namespace(&namespace),
            Need::new("get", "", "pods", NeedName::Unknown).of("log").in_namespace(&namespace),
        ]);
    }
    let pod = pod_of(operands.first()?, catalog, &namespace)?;
    let mut needs = pod.needs;
    needs.push(Need::new("get", "", "pods", pod.name).of("log").in_namespace(&namespace));
    Some(needs)
}

fn in_pod(
    flags: &Flags,
    operands: &[Word],
    catalog: &Catalog,
    subresource: &str,
    version: KubernetesVersion,
) -> Option<Vec<Need>> {
    if flags.has("filename") {
        return None;
    }
    let namespace = flags.namespace();
    let pod = pod_of(operands.first()?, catalog, &namespace)?;
    let mut needs = pod.needs;
    let mut connect = Need::new("create", "", "pods", pod.name).of(subresource);
    if version.minor < 35 {
        // A WebSocket upgrade is a GET, and was checked as nothing else.
        connect = connect.or("get");
    }
    needs.push(connect.in_namespace(&namespace));
    Some(needs)
}

struct PodTarget {
    name: NeedName,
    needs: Vec<Need>,
}

/// Reads `POD`, `pod/POD` or `deploy/NAME`, of which kubectl takes the first Pod.
fn pod_of(word: &Word, catalog: &Catalog, namespace: &NeedNamespace) -> Option<PodTarget> {
    let Some((kind, name)) = word.split_once('/') else {
        let name = name_of(word);
        let needs = vec![Need::new("get", "", "pods", name.clone()).in_namespace(namespace)];
        return Some(PodTarget { name, needs });
    };
    let resolved = catalog.resolve(kind.known()?).ok()?;
    let name = name_of(&name);
    let get = Need::new("get", &resolved.group, &resolved.resource, name.clone());
    let get = get.in_namespace(namespace);
    if resolved.group.is_empty() && *resolved.resource == *"pods" {
        return Some(PodTarget { name, needs: vec![get] });
    }
    let list = Need::new("list", "", "pods", NeedName::Collection).in_namespace(namespace);
    Some(PodTarget { name: NeedName::Unknown, needs: vec![get, list] })
}

/// Reads `TYPE`, `TYPE NAME...`, `TYPE/NAME...` or `TYPE,TYPE`.
fn targets(operands: &[Word], catalog: &Catalog) -> Option<Vec<Target>> {
    let (first, rest) = operands.split_first()?;
    let resolve = |word: &Word| -> Option<(Text, Text)> {
        let resolved = catalog.resolve(word.known()?).ok()?;
        let is_kind = resolved.served.is_some() && resolved.subresource.is_empty();
        is_kind.then_some((resolved.group, resolved.resource))
    };
    let mut targets = Vec::new();
    if first.split_once('/').is_some() {
        for word in operands {
            let (kind, name) = word.split_once('/')?;
            let (group, resource) = resolve(&kind)?;
            targets.push(Target { group, resource, name: name_of(&name) });
        }
        return Some(targets);
    }
    for kind in first.split(',') {
        let (group, resource) = resolve(&kind)?;
        let names: Vec<NeedName> = match rest {
            [] => vec![NeedName::Collection],
            names => names.iter().map(name_of).collect(),
        };
        targets.extend(names.into_iter().map(|name| Target {
            group: group.clone(),
            resource: resource.clone(),
            name,
        }));
    }
    Some(targets)
}

/// Leaves out what follows the objects: `KEY=VALUE` and `KEY-`.
fn objects(operands: &[Word]) -> &[Word] {
    let end = operands
        .iter()
        .position(|word| word.split_once('=').is_some() || word.to_string().ends_with('-'))
        .unwrap_or(operands.len());
    operands.get(..end).unwrap_or_default()
}

fn name_of(word: &Word) -> NeedName {
    match word.known() {
        Some(name) => NeedName::Known(name.into()),
        None => NeedName::Unknown,
    }
}
