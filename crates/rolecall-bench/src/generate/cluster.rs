//! Generates a cluster in the form of `kubectl get -o json`: RBAC, ServiceAccounts, Namespaces,
//! Pods.

#![expect(
    clippy::indexing_slicing,
    reason = "setting a key of a JSON object made here cannot fail"
)]

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Preset, Random};

/// The resources in the rules of applications, with their groups.
pub const RESOURCES: [(&str, &[&str]); 7] = [
    (
        "",
        &[
            "pods",
            "pods/log",
            "pods/status",
            "services",
            "endpoints",
            "configmaps",
            "secrets",
            "events",
            "persistentvolumeclaims",
            "serviceaccounts",
        ],
    ),
    ("apps", &["deployments", "deployments/scale", "statefulsets", "daemonsets", "replicasets"]),
    ("batch", &["jobs", "cronjobs"]),
    ("networking.k8s.io", &["ingresses", "ingresses/status", "networkpolicies"]),
    ("coordination.k8s.io", &["leases"]),
    ("monitoring.coreos.com", &["servicemonitors", "podmonitors", "prometheusrules"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
];

/// The verbs in those rules.
pub const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

const TEAMS: [&str; 16] = [
    "payments",
    "catalog",
    "search",
    "checkout",
    "identity",
    "shipping",
    "billing",
    "ingest",
    "analytics",
    "frontend",
    "mobile",
    "platform",
    "observability",
    "data",
    "ml",
    "support",
];

const APPS: [&str; 12] = [
    "api", "worker", "web", "cron", "deployer", "builder", "operator", "exporter", "gateway",
    "migrator", "cache", "proxy",
];

/// The number of objects by kind.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// RoleBindings.
    pub role_bindings: usize,
    /// ClusterRoleBindings.
    pub cluster_role_bindings: usize,
    /// Roles.
    pub roles: usize,
    /// ClusterRoles.
    pub cluster_roles: usize,
    /// Namespaces.
    pub namespaces: usize,
    /// ServiceAccounts.
    pub service_accounts: usize,
    /// Pods.
    pub pods: usize,
}

impl Shape {
    /// Returns the shape of a preset.
    pub fn of(preset: Preset) -> Self {
        let big = Self {
            role_bindings: 4_491,
            cluster_role_bindings: 676,
            roles: 1_374,
            cluster_roles: 721,
            namespaces: 250,
            service_accounts: 1_000,
            pods: 10_000,
        };
        match preset {
            Preset::Small => Self {
                role_bindings: 1_504,
                cluster_role_bindings: 196,
                roles: 127,
                cluster_roles: 219,
                namespaces: 60,
                service_accounts: 240,
                pods: 1_000,
            },
            Preset::Big => big,
            Preset::Huge => Self {
                role_bindings: 10 * big.role_bindings,
                cluster_role_bindings: 10 * big.cluster_role_bindings,
                roles: 10 * big.roles,
                cluster_roles: 10 * big.cluster_roles,
                namespaces: 10 * big.namespaces,
                service_accounts: 10 * big.service_accounts,
                pods: 100_000,
            },
        }
    }
}

/// Returns the name of a namespace.
pub fn namespace(index: usize) -> String {
    let team = TEAMS.get(index % TEAMS.len()).copied().unwrap_or_default();
    format!("{team}-{index:04}")
}

/// Returns the namespace and name of a ServiceAccount. The accounts are distributed evenly over the
/// namespaces.
pub fn service_account(shape: &Shape, index: usize) -> (String, String) {
    let app = APPS.get((index / shape.namespaces.max(1)) % APPS.len()).copied().unwrap_or_default();
    (namespace(index % shape.namespaces.max(1)), format!("{app}-{index:05}"))
}

/// Writes a `List` of all objects, one item per line.
pub fn write(writer: &mut dyn Write, preset: Preset, seed: u64) -> io::Result<()> {
    write_list(writer, preset, seed, &mut Some)
}

/// Writes the same cluster as it could be a week later: without one in a hundred bindings, and with
/// a further rule in one of fifty roles.
pub fn write_later(writer: &mut dyn Write, preset: Preset, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed.wrapping_add(7));
    write_list(writer, preset, seed, &mut |mut object| {
        let kind = object["kind"].as_str().unwrap_or_default();
        if kind.ends_with("Binding") {
            return (!random.one_in(100)).then_some(object);
        }
        if kind.ends_with("Role")
            && random.one_in(50)
            && let Some(rules) = object["rules"].as_array_mut()
        {
            let verbs = ["create", "delete"];
            rules.push(json!({"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs}));
        }
        Some(object)
    })
}

fn write_list(
    writer: &mut dyn Write,
    preset: Preset,
    seed: u64,
    changed: &mut dyn FnMut(Value) -> Option<Value>,
) -> io::Result<()> {
    writer.write_all(b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n")?;
    let mut first = true;
    each(Shape::of(preset), seed, &mut |object| {
        let Some(object) = changed(object) else { return Ok(()) };
        if !std::mem::take(&mut first) {
            writer.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *writer, &object).map_err(io::Error::from)
    })?;
    writer.write_all(b"\n]}\n")
}

/// Calls `visit` with each object of a cluster.
pub fn each(
    shape: Shape,
    seed: u64,
    visit: &mut dyn FnMut(Value) -> io::Result<()>,
) -> io::Result<()> {
    let mut random = Random::new(seed);
    for index in 0..shape.namespaces {
        let name = namespace(index);
        let labels = json!({"kubernetes.io/metadata.name": name});
        let mut object = stored(&mut random, "v1", "Namespace", "", &name);
        set(&mut object, "metadata", "labels", labels);
        visit(object)?;
    }
    for index in 0..shape.service_accounts {
        let (namespace, name) = service_account(&shape, index);
        visit(stored(&mut random, "v1", "ServiceAccount", &namespace, &name))?;
    }
    const RBAC: &str = "rbac.authorization.k8s.io/v1";
    for index in 0..shape.cluster_roles {
        let mut object =
            stored(&mut random, RBAC, "ClusterRole", "", &format!("cluster-role-{index:05}"));
        object["rules"] = rules(&mut random, true);
        visit(object)?;
    }
    for index in 0..shape.roles {
        let namespace = namespace(index % shape.namespaces);
        let mut object = stored(&mut random, RBAC, "Role", &namespace, &format!("role-{index:05}"));
        object["rules"] = rules(&mut random, false);
        visit(object)?;
    }
    for index in 0..shape.cluster_role_bindings {
        let name = format!("cluster-binding-{index:05}");
        let mut object = stored(&mut random, RBAC, "ClusterRoleBinding", "", &name);
        let role = format!("cluster-role-{:05}", random.below(shape.cluster_roles));
        object["roleRef"] = role_ref("ClusterRole", &role);
        object["subjects"] = subjects(&mut random, &shape, None);
        visit(object)?;
    }
    for index in 0..shape.role_bindings {
        let namespace_index = random.below(shape.namespaces);
        let namespace = namespace(namespace_index);
        let name = format!("binding-{index:05}");
        let mut object = stored(&mut random, RBAC, "RoleBinding", &namespace, &name);
        object["roleRef"] = if random.one_in(2) {
            let of_namespace = shape.roles / shape.namespaces.max(1);
            let role = namespace_index + shape.namespaces * random.below(of_namespace);
            role_ref("Role", &format!("role-{role:05}"))
        } else {
            let role = random.below(shape.cluster_roles.min(40));
            role_ref("ClusterRole", &format!("cluster-role-{role:05}"))
        };
        object["subjects"] = subjects(&mut random, &shape, Some(namespace_index));
        visit(object)?;
    }
    for index in 0..shape.pods {
        visit(pod(&mut random, &shape, index))?;
    }
    Ok(())
}

fn stored(
    random: &mut Random,
    api_version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Value {
    let mut metadata = json!({
        "creationTimestamp": "2026-01-15T08:30:00Z",
        "name": name,
        "resourceVersion": (100_000 + random.below(9_000_000)).to_string(),
        "uid": uid(random),
    });
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

fn uid(random: &mut Random) -> String {
    let (high, low) = (random.bits(), random.bits());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

fn set(object: &mut Value, outer: &str, inner: &str, value: Value) {
    if let Some(outer) = object.get_mut(outer) {
        outer[inner] = value;
    }
}

fn role_ref(kind: &str, name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name})
}

/// One to eight rules. A ClusterRole sometimes has URLs or wildcards.
fn rules(random: &mut Random, cluster: bool) -> Value {
    let count = 1 + random.below(8);
    let rule = |random: &mut Random| {
        if cluster && random.one_in(25) {
            return json!({"nonResourceURLs": ["/metrics", "/healthz/*"], "verbs": ["get"]});
        }
        if random.one_in(60) {
            return json!({"apiGroups": ["*"], "resources": ["*/scale"], "verbs": ["update"]});
        }
        let (group, resources) =
            RESOURCES.get(random.below(RESOURCES.len())).copied().unwrap_or_default();
        let most = resources.len().min(4);
        let mut rule = json!({
            "apiGroups": [group],
            "resources": random.some(resources, 1, most),
            "verbs": random.some(&VERBS, 1, 5),
        });
        if random.one_in(8) {
            let name = random.pick(&APPS);
            rule["resourceNames"] = json!([format!("{name}-config")]);
        }
        rule
    };
    (0..count).map(|_| rule(random)).collect()
}

/// One to three subjects, mostly ServiceAccounts in the namespace of the binding.
fn subjects(random: &mut Random, shape: &Shape, home: Option<usize>) -> Value {
    let count = 1 + random.below(3);
    let subject = |random: &mut Random| match random.below(10) {
        0 => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User",
            "name": format!("user-{:04}@example.com", random.below(2_000))}),
        1 | 2 => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
            "name": format!("team:{}", random.pick(&TEAMS))}),
        _ => {
            let per_namespace = (shape.service_accounts / shape.namespaces.max(1)).max(1);
            let index = match home {
                Some(home) => home + shape.namespaces * random.below(per_namespace),
                None => random.below(shape.service_accounts),
            };
            let (namespace, name) = service_account(shape, index);
            json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
        }
    };
    (0..count).map(|_| subject(random)).collect()
}

/// A running Pod of a Deployment, including the status, which is the largest part.
fn pod(random: &mut Random, shape: &Shape, index: usize) -> Value {
    let (namespace, account) = service_account(shape, random.below(shape.service_accounts));
    let app = account.clone();
    let hash = format!("{:09x}", random.bits() & 0xf_ffff_ffff);
    let name = format!("{app}-{hash}-{index:05}");
    let mut object = stored(random, "v1", "Pod", &namespace, &name);
    set(&mut object, "metadata", "labels", json!({"app": app, "pod-template-hash": hash}));
    set(
        &mut object,
        "metadata",
        "ownerReferences",
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
            "blockOwnerDeletion": true, "name": format!("{app}-{hash}"), "uid": uid(random)}]),
    );
    let mount = "/var/run/secrets/kubernetes.io/serviceaccount";
    object["spec"] = json!({
        "containers": [{
            "name": "main", "image": format!("registry.example.com/{app}:1.{}", random.below(40)),
            "args": ["--port=8080"], "imagePullPolicy": "IfNotPresent",
            "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "50m"}},
            "volumeMounts": [{"mountPath": mount, "name": "kube-api-access-x2x4q", "readOnly": true}],
        }],
        "nodeName": format!("node-{:03}", random.below(200)),
        "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "serviceAccount": account, "serviceAccountName": account,
        "volumes": [{"name": "kube-api-access-x2x4q", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        ]}}],
    });
    let condition = |kind: &str| {
        json!({"lastProbeTime": null, "type": kind, "status": "True",
        "lastTransitionTime": "2026-01-15T08:30:05Z"})
    };
    let conditions: Vec<Value> =
        ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition).into();
    object["status"] = json!({
        "phase": "Running", "qosClass": "Burstable", "startTime": "2026-01-15T08:30:00Z",
        "podIP": format!("10.{}.{}.{}", random.below(256), random.below(256), random.below(256)),
        "conditions": conditions,
        "containerStatuses": [{"name": "main", "ready": true, "restartCount": random.below(5),
            "containerID": format!("containerd://{:016x}{:016x}", random.bits(), random.bits()),
            "started": true, "state": {"running": {"startedAt": "2026-01-15T08:30:04Z"}}}],
    });
    object
}
