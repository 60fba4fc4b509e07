//! Random universes over few names, so that grants often complete each other.

use rolecall_rbac::{
    AggregationRule, Binding, Inventory, InventoryBuilder, LabelSelector, Labels, Metadata,
    NamedObject, Namespace, PodLines, PodSpec, PolicyRule, Role, RoleKind, RoleRef, ServiceAccount,
    Subject, SubjectKind, Text, Texts, Workload, resolve_aggregation,
};

/// A small generator of random numbers (SplitMix64).
pub(crate) struct Random(u64);

const SPACES: [&str; 3] = ["blue", "red", "kube-system"];
const ACCOUNTS: [&str; 3] = ["app", "web", "default"];
const ROLES: [&str; 4] = ["r", "s", "t", "x"];
const NAMES: [&str; 10] = ["r", "s", "x", "app", "web", "pod", "b", "blue", "n1", "jane"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// The rights that rows ask about: verbs, API group, resource, and whether it is cluster-scoped.
const RIGHTS: [(&[&str], &str, &str); 38] = [
    (&["create"], "", "serviceaccounts/token"),
    (&["create", "patch", "update"], "", "pods"),
    (&["create", "patch", "update"], "apps", "deployments"),
    (&["create", "patch"], "batch", "jobs"),
    (&["create", "get"], "", "pods/exec"),
    (&["create", "get"], "", "pods/attach"),
    (&["update", "patch"], "", "pods/ephemeralcontainers"),
    (&["create", "patch", "get", "list", "watch"], "", "secrets"),
    (&["create", "get"], "", "secrets"),
    (&["impersonate"], "", "serviceaccounts"),
    (&["impersonate"], "", "users"),
    (&["impersonate"], "", "groups"),
    (&["create", "update", "patch"], RBAC, "rolebindings"),
    (&["create", "update", "patch"], RBAC, "rolebindings"),
    (&["create", "update", "patch"], RBAC, "clusterrolebindings"),
    (&["bind", "escalate"], RBAC, "roles"),
    (&["create", "update", "patch", "escalate", "bind"], RBAC, "roles"),
    (&["create", "update", "patch", "escalate", "bind"], RBAC, "clusterroles"),
    (&["bind"], RBAC, "clusterroles"),
    (&["escalate", "update"], RBAC, "clusterroles"),
    (&["update", "patch"], "", "namespaces"),
    (&["update", "patch"], "", "configmaps"),
    (&["create", "patch"], "certificates.k8s.io", "certificatesigningrequests"),
    (&["update", "patch"], "certificates.k8s.io", "certificatesigningrequests/approval"),
    (&["approve"], "certificates.k8s.io", "signers"),
    (&["get", "create"], "", "nodes/proxy"),
    (
        &["create", "update", "patch"],
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
    ),
    (&["create", "patch"], "admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    (&["create", "patch"], "admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
    (&["impersonate:serviceaccount"], "authentication.k8s.io", "serviceaccounts"),
    (&["impersonate:user-info"], "authentication.k8s.io", "users"),
    (&["impersonate:user-info"], "authentication.k8s.io", "groups"),
    (&["impersonate:arbitrary-node"], "authentication.k8s.io", "nodes"),
    (&["get"], "", "configmaps"),
    (&["create", "patch"], "apiregistration.k8s.io", "apiservices"),
    (&["create", "patch"], "", "persistentvolumes"),
    (&["create", "update", "patch"], "argoproj.io", "rollouts"),
    (&["create", "patch", "get"], "", "secrets"),
];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.below(options.len())]
    }

    fn some(&mut self, options: &[&str]) -> Vec<Text> {
        let chosen: Vec<Text> =
            options.iter().filter(|_| self.one_in(2)).map(|it| Text::from(*it)).collect();
        if chosen.is_empty() { vec![self.pick(options).into()] } else { chosen }
    }
}

/// Generates a universe.
pub(crate) fn universe(random: &mut Random) -> Inventory {
    let mut builder = InventoryBuilder::new();
    // Few rights that fit together make long paths likely.
    let theme: Vec<usize> = (0..3 + random.below(5)).map(|_| random.below(RIGHTS.len())).collect();
    for namespace in SPACES {
        if random.one_in(2) {
            let level = random.pick(&["baseline", "restricted", "privileged"]);
            let label = ("pod-security.kubernetes.io/enforce".into(), level.into());
            let labels: Labels = if random.one_in(3) { [].into() } else { [label].into() };
            builder.namespace(Namespace {
                metadata: Metadata { labels, ..Metadata::new("", namespace) },
            });
        }
        for account in ACCOUNTS {
            if !random.one_in(3) {
                let secret = random.one_in(6).then(|| Text::from("x"));
                builder.service_account(ServiceAccount {
                    metadata: Metadata::new(namespace, account),
                    automount_token: random.one_in(6).then_some(false),
                    secrets: secret.into_iter().collect(),
                });
            }
        }
        for (kind, group) in [
            ("Pod", ""),
            ("Pod", ""),
            ("Deployment", "apps"),
            ("Job", "batch"),
            ("Rollout", "argoproj.io"),
        ] {
            if random.one_in(3) {
                builder.workload(workload(random, namespace, kind, group));
            }
        }
        for role in ROLES {
            if random.one_in(3) {
                builder.role(Role {
                    metadata: Metadata::new(namespace, role),
                    rules: rules(random, &theme).into(),
                    aggregation: None,
                });
            }
        }
    }
    for role in ROLES {
        if random.one_in(2) {
            builder.role(cluster_role(random, &theme, role));
        }
    }
    builder.role(Role {
        metadata: Metadata::new("", "admin"),
        rules: [everything()].into(),
        aggregation: None,
    });
    for index in 0..3 + random.below(6) {
        builder.binding(binding(random, index));
    }
    for (group, kind, namespace, name) in [
        ("", "Secret", "blue", "x"),
        ("", "ConfigMap", "kube-system", "aws-auth"),
        ("certificates.k8s.io", "CertificateSigningRequest", "", "x"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "", "x"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy", "", "r"),
    ] {
        if random.one_in(3) {
            builder.named_object(NamedObject {
                metadata: Metadata::new(namespace, name),
                kind: kind.into(),
                api_group: group.into(),
            });
        }
    }
    let mut inventory = builder.build();
    resolve_aggregation(&mut inventory);
    inventory
}

fn workload(random: &mut Random, namespace: &str, kind: &str, group: &str) -> Workload {
    let account = random.pick(&["app", "web", "default", ""]);
    let node = if kind == "Pod" { random.pick(&["", "n1", "n2"]) } else { "" };
    Workload {
        metadata: Metadata::new(namespace, random.pick(&["pod", "web", "x"])),
        kind: kind.into(),
        api_group: group.into(),
        owner: None,
        pods: [PodSpec {
            path: ".spec".into(),
            annotations: Labels::default(),
            service_account: account.into(),
            account_is_derived: false,
            automount_token: random.one_in(6).then(|| random.one_in(2)),
            token_volumes: Box::default(),
            containers: Box::default(),
            node: node.into(),
            lines: PodLines::default(),
        }]
        .into(),
        mirror: kind == "Pod" && random.one_in(8),
    }
}

fn cluster_role(random: &mut Random, theme: &[usize], name: &str) -> Role {
    let label = |value: &str| -> Labels { [("aggregate".into(), value.into())].into() };
    let labels = if random.one_in(3) { label(random.pick(&["a", "b"])) } else { [].into() };
    let selector = LabelSelector {
        match_labels: label(random.pick(&["a", "b", "c"])),
        ..LabelSelector::default()
    };
    Role {
        metadata: Metadata { labels, ..Metadata::new("", name) },
        rules: rules(random, theme).into(),
        aggregation: random.one_in(4).then(|| AggregationRule { selectors: [selector].into() }),
    }
}

fn rules(random: &mut Random, theme: &[usize]) -> Vec<PolicyRule> {
    (0..random.below(4)).map(|_| rule(random, theme)).collect()
}

fn rule(random: &mut Random, theme: &[usize]) -> PolicyRule {
    if random.one_in(40) {
        return everything();
    }
    let right = match random.one_in(5) {
        true => random.below(RIGHTS.len()),
        false => theme[random.below(theme.len())],
    };
    let (verbs, group, resource) = RIGHTS[right];
    let mut verbs = if random.one_in(8) { vec!["*".into()] } else { random.some(verbs) };
    if random.one_in(12) {
        let mode = random.pick(&["serviceaccount", "user-info", "arbitrary-node"]);
        let on: Vec<Text> =
            verbs.iter().map(|verb| format!("impersonate-on:{mode}:{verb}").into()).collect();
        verbs.extend(on);
    }
    let mut names: Vec<Text> = match random.below(5) {
        0 => vec![random.pick(&NAMES).into()],
        1 => random.some(&NAMES),
        _ => Vec::new(),
    };
    if !names.is_empty() && random.one_in(4) {
        names.push(
            random
                .pick(&["", "system:masters", "aws-auth", "dev", "bootstrap-token-abcdef"])
                .into(),
        );
    }
    if resource == "signers" && random.one_in(2) {
        names =
            vec![random.pick(&["kubernetes.io/*", "kubernetes.io/kube-apiserver-client"]).into()];
    }
    let resource = match resource.split_once('/') {
        Some((_, subresource)) if random.one_in(8) => format!("*/{subresource}"),
        _ if random.one_in(15) => "*".to_owned(),
        _ => resource.to_owned(),
    };
    let group = if random.one_in(10) { "*" } else { group };
    PolicyRule {
        verbs: verbs.into(),
        api_groups: [group.into()].into(),
        resources: [resource.into()].into(),
        resource_names: names.into(),
        non_resource_urls: Texts::default(),
    }
}

fn everything() -> PolicyRule {
    PolicyRule {
        verbs: ["*".into()].into(),
        api_groups: ["*".into()].into(),
        resources: ["*".into()].into(),
        ..PolicyRule::default()
    }
}

fn binding(random: &mut Random, index: usize) -> Binding {
    let namespace = random.pick(&["", "blue", "red", "kube-system", "blue"]);
    let is_role = !namespace.is_empty() && random.one_in(2);
    let role = if random.one_in(8) { "admin" } else { random.pick(&ROLES) };
    let name = if random.one_in(3) { random.pick(&NAMES).to_owned() } else { format!("b{index}") };
    Binding {
        metadata: Metadata::new(namespace, name),
        role_ref: RoleRef {
            api_group: RBAC.into(),
            kind: if is_role { RoleKind::Role } else { RoleKind::ClusterRole },
            name: role.into(),
        },
        subjects: (0..1 + random.below(2)).map(|_| subject(random)).collect(),
    }
}

fn subject(random: &mut Random) -> Subject {
    let (kind, name, namespace) = match random.below(10) {
        0..=5 => (SubjectKind::ServiceAccount, random.pick(&ACCOUNTS), random.pick(&SPACES)),
        6 | 7 => {
            let names = [
                "jane",
                "joe",
                "x",
                "system:serviceaccount:blue:app",
                "system:node:n1",
                "system:bootstrap:abcdef",
            ];
            (SubjectKind::User, random.pick(&names), "")
        }
        _ => {
            let names = [
                "dev",
                "ops",
                "system:authenticated",
                "system:unauthenticated",
                "system:serviceaccounts",
                "system:serviceaccounts:blue",
                "system:nodes",
                "system:bootstrappers",
                "system:bootstrappers:new",
            ];
            (SubjectKind::Group, random.pick(&names), "")
        }
    };
    Subject { kind, name: name.into(), namespace: namespace.into(), api_group: "".into() }
}
