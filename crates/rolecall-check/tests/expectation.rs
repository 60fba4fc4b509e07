//! Expectations, as rows: a cluster, a file, and what does not hold.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use insta::assert_snapshot;
use rolecall_check::expectation::{Failure, Unmet, evaluate};
use rolecall_check::{CheckConfig, KubernetesVersion};
use rolecall_rbac::{Authorizer, Grant};
use rolecall_source::facts::{self, Version};
use rolecall_testing::cluster::cluster;
use rolecall_yaml as yaml;
use serde::Deserialize as _;

fn read(expectations: &str) -> Result<CheckConfig, String> {
    let text =
        format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexpectations:\n{expectations}");
    let documents = yaml::parse(&text, 1).map_err(|error| error.to_string())?;
    CheckConfig::deserialize(documents[0].root()).map_err(|error| {
        let yaml::Position { line, column } = error.position;
        format!("{line}:{column}: {error}")
    })
}

/// Writes failures as lines: what, and the evidence.
#[track_caller]
fn failures(objects: &str, expectations: &str) -> String {
    let authorizer = Authorizer::new(cluster(objects));
    let catalog = facts::catalog(Version::V1_36);
    let expectations = read(expectations).unwrap();
    let mut lines = String::new();
    for failure in
        evaluate(&authorizer, &catalog, &expectations.expectations, KubernetesVersion::NEWEST)
    {
        writeln!(lines, "{failure}").unwrap();
        evidence(&mut lines, &failure);
    }
    lines
}

fn evidence(lines: &mut String, failure: &Failure<'_>) {
    match &failure.unmet {
        Unmet::Allowed { by, .. } | Unmet::Beyond { by, .. } => {
            for grant in by {
                let Grant::Rule(grant) = grant else {
                    writeln!(lines, "    by system:masters").unwrap();
                    continue;
                };
                let (binding, role) = (&grant.binding.metadata, &grant.role.metadata);
                writeln!(
                    lines,
                    "    by {} {}, rule {} at {}",
                    grant.binding.kind(),
                    binding.name,
                    grant.rule_index,
                    role.origin.position().unwrap()
                )
                .unwrap();
            }
        }
        Unmet::Denied { near, .. } => {
            for miss in near {
                let role = miss.role.map_or("?", |role| &role.metadata.name);
                writeln!(lines, "    nearly: {} ({role})", miss.kind.as_str()).unwrap();
            }
        }
        _ => {}
    }
}

const SHOP: &str = "ClusterRole reader: get,list,watch pods,pods/log; get configmaps
    ClusterRole settings: get,update configmaps named settings
    ClusterRole nodes: get,list nodes; get pods
    read: reader -> sa/shop:web in shop
    set: settings -> sa/shop:web, user/jane in shop
    nodes: nodes -> sa/shop:agent in shop
    account: shop/web tier=web
    account: shop/agent tier=agent
    namespace: shop tier=shop
    namespace: kitchen tier=shop";

#[test]
fn what_holds_is_silent() {
    let expectations = "
- name: the web reads Pods
  subjects: [sa/shop:web, 'system:serviceaccount:shop:web']
  namespaces: [shop]
  can:
  - get,list pods,pods/log
  - {verbs: [update], resources: [configmaps], resourceNames: [settings]}
  cannot:
  - create pods in shop
  - {verbs: ['*'], resources: [secrets], namespaces: ['*']}
  - get /metrics
  only:
  - get,list,watch pods,po/log,cm
  - update configmaps
";
    assert_snapshot!(failures(SHOP, expectations), @"");
}

#[test]
fn bind_is_expected_in_namespaces() {
    let granter = "Role granter in shop: bind clusterroles.rbac.authorization.k8s.io
        grant: granter -> user/lead in shop
        namespace: shop";
    let expectations = "
- name: nobody delegates
  subjects: [user/lead]
  namespaces: [shop]
  cannot:
  - bind clusterroles.rbac.authorization.k8s.io
  - escalate clusterroles.rbac.authorization.k8s.io
";
    assert_snapshot!(failures(granter, expectations), @"");
}

#[test]
fn what_is_missing_names_the_near_miss_and_the_fix() {
    let expectations = "
- name: the web manages its settings
  subjects: [sa/shop:web]
  can:
  - update configmaps in shop
  - list pods in kitchen
";
    assert_snapshot!(failures(SHOP, expectations), @r"
    `sa/shop:web` cannot update configmaps not named settings in namespace shop, which violates `the web manages its settings`
        nearly: verb (reader)
        nearly: name-needed (settings)
    `sa/shop:web` cannot list pods in namespace kitchen, which violates `the web manages its settings`
        nearly: other-namespace (reader)
        nearly: unbound (reader)
    ");
}

#[test]
fn cannot_is_broken_by_a_rule_for_one_name() {
    let expectations = "
- subjects: [user/jane]
  cannot: ['* configmaps']
";
    assert_snapshot!(failures(SHOP, expectations), @r"
    `user/jane` can get,update configmaps named settings in namespace shop
        by RoleBinding set, rule 0 at cluster.yaml:2
    ");
}

#[test]
fn only_leaves_out_what_no_request_can_use() {
    let expectations = "
- name: the agent reads Pods
  subjects: [sa/shop:agent]
  only: [get pods in shop]
- name: the web does nothing
  subjects: [sa/shop:web]
  only: []
";
    assert_snapshot!(failures(SHOP, expectations), @"
    `sa/shop:web` can update configmaps named settings in namespace shop; get configmaps in namespace shop; get,list,watch pods,pods/log in namespace shop, which `only` does not include, which violates `the web does nothing`
        by RoleBinding read, rule 0 at cluster.yaml:1
        by RoleBinding read, rule 1 at cluster.yaml:1
        by RoleBinding set, rule 0 at cluster.yaml:2
    ");
}

#[test]
fn a_wildcard_breaks_only_though_no_verb_is_named() {
    let objects = "ClusterRole all: * pods
        all: all -> sa/shop:web in shop";
    let expectations = "
- subjects: [sa/shop:web]
  only:
  - 'get,list,watch,create,update,patch,delete,deletecollection pods in shop'
";
    assert_snapshot!(failures(objects, expectations), @r"
    `sa/shop:web` can use every verb but create,delete,deletecollection,get,list,patch,update,watch on pods in namespace shop, which `only` does not include
        by RoleBinding all, rule 0 at cluster.yaml:1
    ");
}

#[test]
fn patterns_and_selectors_find_subjects() {
    let objects = "ClusterRole all: * *.*
        all: all -> sa/a:one, sa/b:two, user/jane, user/system:kube, group/dev, group/system:masters
        account: a/one tier=web
        account: c/three tier=web
        deployment: d/web of runner tier=web
        run: all -> sa/d:runner in d";
    let expectations = "
- name: patterns
  subjects: [sa/?:*, 'user/*', 'group/*']
  except: [sa/b:*]
  cannot: [get secrets in b]
- name: Kubernetes' own
  subjects: ['group/system:*', 'user/system:*']
  cannot: [get secrets in b]
- name: labels
  subjects:
  - serviceAccounts: {selector: {matchLabels: {tier: web}}, namespaces: [a, c]}
  - workloads: {kinds: [Deployment], selector: {matchExpressions: [{key: tier, operator: In, values: [web]}]}}
  cannot: [get secrets in <own>]
- name: nobody
  subjects: [sa/z-*:*]
  cannot: [get secrets]
- name: perhaps nobody
  subjects: [sa/z-*:*]
  optional: true
  cannot: [get secrets]
";
    assert_snapshot!(failures(objects, expectations), @r"
    `group/dev` can get secrets in namespace b, which violates `patterns`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `sa/a:one` can get secrets in namespace b, which violates `patterns`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `user/jane` can get secrets in namespace b, which violates `patterns`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `group/system:masters` can get secrets in namespace b, which violates `Kubernetes' own`
        by system:masters
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `user/system:kube` can get secrets in namespace b, which violates `Kubernetes' own`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `sa/a:one` can get secrets in namespace a, which violates `labels`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `sa/d:runner` can get secrets in namespace d, which violates `labels`
        by RoleBinding run, rule 0 at cluster.yaml:1
    the subjects of `nobody` match nobody
    ");
}

#[test]
fn namespaces_are_named_matched_or_selected() {
    let objects = "ClusterRole read: get pods
        some: read -> sa/shop:web in team-a, team-b
        all: read -> user/jane
        namespace: team-a tier=team
        namespace: team-b tier=team
        namespace: team-c tier=other";
    let expectations = "
- name: in each that exists
  subjects: [sa/shop:web]
  can:
  - verbs: [get]
    resources: [pods]
    namespaces: [{matchLabels: {tier: team}}]
  - get pods in team-*
  - get pods in area-*
- name: in those to come
  subjects: [user/jane]
  cannot: [get pods in area-*]
- name: dedicated
  subjects: [user/jane]
  can: [get pods in <own>]
";
    assert_snapshot!(failures(objects, expectations), @r"
    `area-*` matches no namespace, in `in each that exists`
    `sa/shop:web` cannot get pods in namespace team-c, which violates `in each that exists`
        nearly: other-namespace (read)
        nearly: other-namespace (read)
        nearly: unbound (read)
    `user/jane` can get pods in namespace area-other0, which violates `in those to come`
        by ClusterRoleBinding all, rule 0 at cluster.yaml:1
    `<own>` does not apply to users and groups, which have no namespace, in `dedicated`
    ");
}

#[test]
fn namespaces_themselves_are_asked_for_in_themselves() {
    let objects = "ClusterRole patch: patch namespaces
        patch: patch -> user/jane in shop
        namespace: shop tier=shop";
    let expectations = "
- subjects: [user/jane]
  can:
  - {verbs: [patch], resources: [ns], resourceNames: [shop]}
  cannot: [patch namespaces, list nodes]
  only: [{verbs: [patch], resources: [namespaces], resourceNames: [other]}]
";
    assert_snapshot!(failures(objects, expectations), @r"
    `user/jane` can patch namespaces named shop in namespace shop
        by RoleBinding patch, rule 0 at cluster.yaml:1
    ");
}

#[test]
fn what_was_not_read_leaves_it_open() {
    let objects = "ClusterRole read: get pods
        read: read -> user/jane in shop
        unread: RoleBinding in kitchen";
    let expectations = "
- subjects: [user/jane]
  can: [get pods in shop, get pods in kitchen]
  cannot: [list secrets in kitchen, list secrets in shop]
  only: [get pods]
";
    assert_snapshot!(failures(objects, expectations), @r"
    unknown whether `can` holds for `user/jane`, unread: every RoleBinding in namespace `kitchen`: forbidden
    unknown whether `cannot` holds for `user/jane`, unread: every RoleBinding in namespace `kitchen`: forbidden
    unknown whether `only` holds for `user/jane`, unread: every RoleBinding in namespace `kitchen`: forbidden
    ");
}

#[test]
fn members_of_masters_can_do_everything() {
    let expectations = "
- subjects: [group/system:masters]
  can: ['* *', get /x]
  cannot: [get secrets in shop]
";
    assert_snapshot!(failures("", expectations), @r"
    `group/system:masters` can get secrets in namespace shop
        by system:masters
    ");
}

#[test]
fn resources_that_mean_nothing_are_reported_once() {
    let expectations = "
- name: typos
  subjects: [user/a, user/b]
  can: [get widget, get pods/exce, get widgets.example.com]
  cannot:
  - {verbs: [get], apiGroups: [example.com], resources: [widgets/status]}
  - gett pods/exec
  - sync applications.example.com
";
    assert_snapshot!(failures("", expectations), @r"
    no served resource is named `widget`, in `typos`
    `pods` has no subresource `exce`, in `typos`
    no request uses the verb `gett`, in `typos`
    `user/a` cannot get widgets.example.com everywhere, which violates `typos`
    `user/b` cannot get widgets.example.com everywhere, which violates `typos`
    ");
}

#[test]
fn a_file_that_means_nothing_says_where_and_why() {
    let files = [
        "- subjects: []\n  can: [get pods]",
        "- subjects: [user/a]",
        "- subjects: [user/a]\n  cann: [get pods]",
        "- subjects: [web]\n  can: [get pods]",
        "- subjects: [sa/web]\n  can: [get pods]",
        "- subjects: [7]\n  can: [get pods]",
        "- subjects: [{}]\n  can: [get pods]",
        "- subjects: [{serviceAccounts: {namespaces: [<own>]}}]\n  can: [get pods]",
        "- subjects: [user/a]\n  can: [pods]",
        "- subjects: [user/a]\n  can:\n  - get pods in\n",
        "- subjects: [user/a]\n  can: ['get,,list pods']",
        "- subjects: [user/a]\n  can:\n  - {resources: [pods]}",
        "- subjects: [user/a]\n  can:\n  - {verbs: [], resources: [pods]}",
        "- subjects: [user/a]\n  can:\n  - {verbs: [get]}",
        "- subjects: [user/a]\n  can:\n  - {verbs: [get], resources: [a], nonResourceURLs: [/b]}",
        "- subjects: [user/a]\n  can:\n  - {verbs: [get], nonResourceURLs: [/b], namespaces: [c]}",
        "- subjects: [user/a]\n  can: [get pods]\n  namespaces: ['']",
        "- subjects: [user/a]\n  can: [get pods]\n  namespaces: [{matchLabels: {a: b}, x: y}]",
        "- subjects: [user/a]\n  can: [get pods]\n  namespaces: shop",
    ];
    let errors: Vec<String> = files.iter().map(|file| read(file).unwrap_err()).collect();
    assert_snapshot!(errors.join("\n"), @r#"
    4:3: expectations[0]: `subjects` is empty: add at least one subject
    4:3: expectations[0]: the expectation is empty: add `can`, `cannot`, `cannotBecome` or `only`
    5:3: expectations[0]: the field `cann` is not one of `name`, `reason`, `targets`, `subjects`, `except`, `optional`, `namespaces`, `can`, `cannot`, `only`, `cannotBecome`
    4:14: expectations[0].subjects[0]: `web` is not `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`
    4:14: expectations[0].subjects[0]: `sa/web` is not `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`
    4:14: expectations[0].subjects[0]: expected `sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`, or an object with `serviceAccounts` or `workloads`, found a number
    4:14: expectations[0].subjects[0]: a subject has either `serviceAccounts` or `workloads`
    4:14: expectations[0].subjects[0]: `<own>` cannot be used to select subjects
    5:9: expectations[0].can[0]: `pods` is not `VERBS RESOURCES`, `VERBS RESOURCES in NAMESPACES` or `VERBS PATHS`
    6:5: expectations[0].can[0]: `get pods in` is not `VERBS RESOURCES`, `VERBS RESOURCES in NAMESPACES` or `VERBS PATHS`
    5:9: expectations[0].can[0]: `get,,list pods` is not `VERBS RESOURCES`, `VERBS RESOURCES in NAMESPACES` or `VERBS PATHS`
    6:5: expectations[0].can[0]: the field `verbs` is missing
    6:5: expectations[0].can[0]: `verbs` is empty: add at least one verb, or `*` for every verb
    6:5: expectations[0].can[0]: add `resources` or `nonResourceURLs`
    6:5: expectations[0].can[0]: `resources` and `nonResourceURLs` cannot be combined: use two entries
    6:5: expectations[0].can[0]: URLs have no `apiGroups`, `resourceNames` or `namespaces`: omit them
    6:16: expectations[0].namespaces[0]: a namespace is an empty string: omit `namespaces` for every namespace
    6:38: expectations[0].namespaces[0]: the field `x` is not one of `matchLabels`, `matchExpressions`
    6:15: expectations[0].namespaces: expected a sequence, found a string
    "#);
}

#[test]
fn cannot_become_is_broken_by_a_path_and_by_own_bindings() {
    let objects = "
        Role shop/tokens: create serviceaccounts/token
        tokens: tokens -> sa/shop:web in shop
        account: shop/op
        ClusterRole all: * *.*
        all: all -> sa/shop:op, user/root
    ";
    let expectations = "
- name: nobody becomes admin
  subjects: [sa/shop:web, user/root, user/jane]
  cannotBecome: [cluster-admin, sa/shop:op, node]
";
    assert_snapshot!(failures(objects, expectations), @r#"
    `sa/shop:web` can become cluster-admin: request a token (X01) to gain `sa/shop:op`, which violates `nobody becomes admin`
    `user/root` can become cluster-admin by its own bindings, which violates `nobody becomes admin`
    `sa/shop:web` can become `sa/shop:op`: request a token (X01) to gain `sa/shop:op`, which violates `nobody becomes admin`
    `user/root` can become `sa/shop:op`: request a token (X01) to gain `sa/shop:op`, which violates `nobody becomes admin`
    `sa/shop:web` can take over a node: request a token (X01) to gain `sa/shop:op`, then lift Pod Security and take over a node (X24), which violates `nobody becomes admin`
    `user/root` can take over a node: lift Pod Security and take over a node (X24), which violates `nobody becomes admin`
    "#);
}

#[test]
fn cannot_become_is_undecided_where_something_was_not_read() {
    let expectations = "
- subjects: [user/jane]
  cannotBecome: [cluster-admin]
";
    assert_snapshot!(failures("unread: RoleBinding in kitchen", expectations), @r#"unknown whether `cannotBecome` holds for `user/jane`, unread: every RoleBinding in namespace `kitchen`: forbidden"#);
}
