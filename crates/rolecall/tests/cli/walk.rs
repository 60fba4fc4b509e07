use insta::assert_snapshot;

use crate::command::{command, rolecall, rolecall_in_columns, rolecall_with, run, split};

#[test]
fn from_pods_to_rules() {
    assert_snapshot!(rolecall("walk -f fixtures/ns-1"), @r#"
    2 Pods of Deployment ns-1/lister
    |   lister-6c9d7f8b54-4xkqp, lister-6c9d7f8b54-zn2vd
    |   through ReplicaSet lister-6c9d7f8b54
    |   token mounted: by default
    `-- ServiceAccount ns-1/k-sa-1
        |-- in ns-1: RoleBinding pod-lister of Role pod-lister
        |   `-- list pods
        `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
    assert_snapshot!(rolecall("walk pod/report-29382135-q8zvw -n nightly-report -f fixtures/nightly-report"), @r#"
    Pod nightly-report/report-29382135-q8zvw of CronJob nightly-report/report
    |   through Job report-29382135
    |   token mounted: by default
    `-- ServiceAccount nightly-report/reporter
        |-- in nightly-report: RoleBinding reporter of Role reporter
        |   |-- create,get,update configmaps
        |   `-- list pods.metrics.k8s.io
        `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn branches_are_drawn_where_the_locale_can() {
    let arguments = split("walk -f fixtures/prueba-rbac");
    assert_snapshot!(run(command().args(arguments).env("LANG", "C.UTF-8"), ""), @r#"
    Pod prueba-rbac/prueba-pod
    │   token mounted: by default
    Pod prueba-rbac/prueba-pod-no-token
    │   token not mounted: the Pod sets automountServiceAccountToken: false
    └── ServiceAccount prueba-rbac/prueba-sa
        ├── in prueba-rbac: RoleBinding prueba-rolebinding of Role prueba-role
        │   └── get,list,delete pods
        └── everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn lines_are_folded_on_a_terminal() {
    assert_snapshot!(rolecall_in_columns(60, "walk deploy/plain -f fixtures/tokens"), @r#"
    Pods of Deployment tokens/plain
    |   token mounted: by default
    `-- ServiceAccount tokens/willing
        |-- in tokens: RoleBinding view of ClusterRole view
        |   |-- get,list,watch configmaps, endpoints,
        |   |     persistentvolumeclaims,
        |   |     persistentvolumeclaims/status, pods,
        |   |     replicationcontrollers and 4 more
        |   |-- get,list,watch bindings, limitranges,
        |   |     namespaces/status, pods/log, pods/status,
        |   |     replicationcontrollers/status and 2 more
        |   |-- get,list,watch namespaces (no effect for
        |   |     list,watch: cluster-scoped)
        |   |-- get,list,watch events, events.events.k8s.io
        |   |-- get,list,watch endpointslices.discovery.k8s.io
        |   |-- get,list,watch controllerrevisions.apps,
        |   |     daemonsets.apps, daemonsets.apps/status,
        |   |     deployments.apps, deployments.apps/scale,
        |   |     deployments.apps/status and 6 more
        |   |-- get,list,watch
        |   |     horizontalpodautoscalers.autoscaling,
        |   |     horizontalpodautoscalers.autoscaling/status
        |   |-- get,list,watch cronjobs.batch,
        |   |     cronjobs.batch/status, jobs.batch,
        |   |     jobs.batch/status
        |   `-- and 4 more rules (see -o wide)
        `-- everywhere: the default rules of every
              ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn every_reason_for_a_token_is_shown() {
    let ran = rolecall("walk -f fixtures/tokens -o table");
    let tokens: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("Pods of") || line.contains("token "))
        .collect();
    assert_snapshot!(tokens.join("\n"), @r#"
    Pods of Deployment tokens/nobody
    |   token mounted: by default
    Pods of Deployment tokens/no-such-account
    Pods of Deployment tokens/account-refuses
    |   token not mounted: the ServiceAccount sets automountServiceAccountToken: false
    Pods of Deployment tokens/for-somebody-else
    |   token not mounted: the ServiceAccount sets automountServiceAccountToken: false
    Pods of Deployment tokens/pod-overrules
    |   token mounted: the Pod sets automountServiceAccountToken: true
    Pods of Deployment tokens/projected
    |   token mounted: the Pod mounts a projected token
    Pods of Deployment tokens/covered
    |   token not mounted: every container mounts another volume at its path
    Pods of Deployment tokens/plain
    |   token mounted: by default
    Pods of Deployment tokens/pod-refuses
    |   token not mounted: the Pod sets automountServiceAccountToken: false
    "#);
}

#[test]
fn a_service_account_that_does_not_exist() {
    assert_snapshot!(rolecall("walk deploy/no-such-account -f fixtures/tokens"), @r#"
    Pods of Deployment tokens/no-such-account
    `-- ServiceAccount tokens/ghost is not in the input: without it, its Pods cannot be created
        `-- only the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn a_static_pod_has_no_identity() {
    assert_snapshot!(rolecall("walk -f fixtures/static-pod"), @r#"
    Pod static-pod/log-shipper-node-1
    |   token not mounted: a static Pod has none
    `-- no identity: a kubelet runs it without a ServiceAccount
    --- exit 0
    "#);
}

#[test]
fn dangling_references_are_marked() {
    assert_snapshot!(rolecall("walk sa/app -f fixtures/v09-dangling-role-ref"), @r#"
    ServiceAccount v09-app/app
    |   no Pod uses it
    |-- everywhere: ClusterRoleBinding v09-app-metrics of ClusterRole v09-metrics-reader
    |   `-- nothing: ClusterRole v09-metrics-reader is not in the input
    |-- in v09-app: RoleBinding app-view of Role view
    |   `-- nothing: Role view is not in the input
    |-- in v09-app: RoleBinding config-reader of Role config-reader
    |   `-- get configmaps
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
    assert_snapshot!(rolecall("walk sa/app -f fixtures/v07-invalid-role-refs"), @r#"
    ServiceAccount v07-app/app
    |   no Pod uses it
    |-- everywhere: ClusterRoleBinding v07-role-cluster-wide of Role secret-reader
    |   `-- nothing: a ClusterRoleBinding cannot refer to a Role
    |-- in v07-app: RoleBinding unknown-kind of SuperRole secret-reader
    |   `-- nothing: SuperRole is not a kind of role
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn rules_without_effect_are_marked() {
    assert_snapshot!(rolecall("walk sa/operator -f fixtures/v06-clusterrole-in-a-namespace"), @r#"
    ServiceAccount v06-team/operator
    |   no Pod uses it
    |-- in v06-team: RoleBinding operator-leases of ClusterRole v06-lease-holder
    |   |-- get,create,update leases.coordination.k8s.io
    |   |-- list persistentvolumes (no effect: cluster-scoped)
    |   `-- get /metrics (no effect: a RoleBinding cannot grant URLs)
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn verbs_without_effect_are_marked() {
    let manifest = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind, escalate, get]}
- {apiGroups: [''], resources: [pods, namespaces, nodes], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: r, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: web}]
";
    let ran = rolecall_with("walk sa/web -n shop -f - --defaults none", manifest);
    for expected in [
        "clusterroles.rbac.authorization.k8s.io (no effect for escalate,get: cluster-scoped)",
        "namespaces, nodes (no effect on nodes and for list on namespaces: cluster-scoped)",
    ] {
        assert!(ran.stdout.contains(expected), "{ran}");
    }
}

#[test]
fn groups_users_and_masters() {
    assert_snapshot!(rolecall("walk sa/worker -n v01-blue -f fixtures/v01-implied-groups"), @r#"
    ServiceAccount v01-blue/worker
    |   no Pod uses it
    |-- everywhere: ClusterRoleBinding v01-storage-reader of ClusterRole v01-storage-reader, to Group system:serviceaccounts
    |   `-- get,list storageclasses.storage.k8s.io
    |-- in v01-blue: RoleBinding config-reader-of-blue of Role config-reader, to Group system:serviceaccounts:v01-blue
    |   `-- get,list,watch configmaps
    |-- in v01-blue: RoleBinding welcome-for-everyone of Role welcome-reader, to Group system:authenticated
    |   `-- get configmaps named "welcome"
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
    assert_snapshot!(rolecall("walk user/jane group/system:masters -f fixtures/ns-1"), @r#"
    Group system:masters
    |-- everything: members of system:masters bypass authorization
    |-- everywhere: ClusterRoleBinding cluster-admin of ClusterRole cluster-admin, to Group system:masters
    |   |-- * *.*
    |   `-- * *
    `-- everywhere: the default rules of every user (3 bindings; see -o wide)

    User jane
    |   in system:authenticated
    `-- only the default rules of every user (3 bindings; see -o wide)

    2 subjects, 4 bindings
    --- exit 0
    "#);
}

#[test]
fn from_a_role_to_its_holders() {
    assert_snapshot!(rolecall("walk role/pod-lister -f fixtures/ns-1"), @r"
    Role ns-1/pod-lister
    |-- grants
    |   `-- list pods
    `-- in ns-1: RoleBinding pod-lister
        `-- ServiceAccount ns-1/k-sa-1
            `-- 2 Pods of Deployment ns-1/lister
                  lister-6c9d7f8b54-4xkqp, lister-6c9d7f8b54-zn2vd
                  through ReplicaSet lister-6c9d7f8b54
                  token mounted: by default
    --- exit 0
    ");
    assert_snapshot!(rolecall("walk clusterrole/v01-storage-reader -f fixtures/v01-implied-groups"), @r"
    ClusterRole v01-storage-reader
    |-- grants
    |   `-- get,list storageclasses.storage.k8s.io
    `-- everywhere: ClusterRoleBinding v01-storage-reader
        `-- Group system:serviceaccounts, with 2 ServiceAccounts and 0 Pods
    --- exit 0
    ");
    assert_snapshot!(rolecall("walk clusterrole/v09-metrics-reader -f fixtures/v09-dangling-role-ref"), @r#"
    ClusterRole v09-metrics-reader is not in the input
    `-- everywhere: ClusterRoleBinding v09-app-metrics
        `-- ServiceAccount v09-app/app
    --- exit 0
    "#);
}

#[test]
fn names_can_have_wildcards() {
    let found = |target: &str| {
        let ran = rolecall(&format!("walk '{target}' -f fixtures/tokens -o json"));
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let names = |list: &str, key: &str| {
            let items = value[list].as_array().unwrap().iter();
            items.map(|item| item[key].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        format!("{}; {}", names("pods", "name"), names("subjects", "subject"))
    };
    assert_snapshot!(found("sa/*willing"), @"account-refuses covered for-somebody-else plain pod-overrules pod-refuses projected; sa/tokens:unwilling sa/tokens:willing");
    assert_snapshot!(found("deploy/p*"), @"plain pod-overrules pod-refuses projected; sa/tokens:unwilling sa/tokens:willing");
    assert_snapshot!(found("sa/toke?s:gho*"), @"no-such-account; sa/tokens:ghost");
}

#[test]
fn wide_shows_everything() {
    assert_snapshot!(rolecall("walk -f fixtures/ns-1 -o wide"), @r"
    2 Pods of Deployment ns-1/lister
    |   lister-6c9d7f8b54-4xkqp, lister-6c9d7f8b54-zn2vd
    |   through ReplicaSet lister-6c9d7f8b54
    |   token mounted: by default
    `-- ServiceAccount ns-1/k-sa-1
        |-- everywhere: ClusterRoleBinding system:basic-user of ClusterRole system:basic-user, to Group system:authenticated
        |   |-- create selfsubjectaccessreviews.authorization.k8s.io, selfsubjectrulesreviews.authorization.k8s.io
        |   `-- create selfsubjectreviews.authentication.k8s.io
        |-- everywhere: ClusterRoleBinding system:discovery of ClusterRole system:discovery, to Group system:authenticated
        |   `-- get /api, /api/*, /apis, /apis/*, /healthz, /livez, /openapi, /openapi/*, /readyz, /version, /version/
        |-- everywhere: ClusterRoleBinding system:public-info-viewer of ClusterRole system:public-info-viewer, to Group system:authenticated
        |   `-- get /healthz, /livez, /readyz, /version, /version/
        |-- everywhere: ClusterRoleBinding system:service-account-issuer-discovery of ClusterRole system:service-account-issuer-discovery, to Group system:serviceaccounts
        |   `-- get /.well-known/openid-configuration, /.well-known/openid-configuration/, /openid/v1/jwks, /openid/v1/jwks/
        `-- in ns-1: RoleBinding pod-lister of Role pod-lister
            |   at fixtures/ns-1/manifests.yaml:22, the role at fixtures/ns-1/manifests.yaml:12
            `-- list pods
    --- exit 0
    ");
}

#[test]
fn missing_targets_are_errors() {
    for arguments in [
        "walk pod/lister -n ns-1 -f fixtures/ns-1",
        "walk deploy/listr -f fixtures/ns-1",
        "walk depoy/lister -f fixtures/ns-1",
        "walk sa/k-sa -n ns-1 -f fixtures/ns-1",
        "walk sa/k-sa-1 -n default -f fixtures/ns-1",
        "walk role/view -f fixtures/ns-1",
        "walk clusterrole/veiw -f fixtures/ns-1",
        "walk 'deploy/x*' -n ns-1 -f fixtures/ns-1",
        "walk lister -f fixtures/ns-1",
    ] {
        let ran = rolecall(arguments);
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{arguments}: {ran}");
        assert!(ran.stderr.starts_with("error: "), "{ran}");
    }
    assert_snapshot!(rolecall("walk deploy/listr -f fixtures/ns-1"), @r#"
    --- stderr
    error: there is no `deploy/listr` in the input
    hint: use `deploy/lister` instead of `deploy/listr`
    --- exit 2
    "#);
    assert_snapshot!(rolecall("walk sa/k-sa-1 -n default -f fixtures/ns-1"), @r"
    --- stderr
    error: there is no `sa/k-sa-1` in namespace `default`
    hint: use `sa/ns-1:k-sa-1` instead of `sa/k-sa-1`
    --- exit 2
    ");
    assert_snapshot!(rolecall("walk role/view -f fixtures/ns-1"), @r#"
    --- stderr
    error: there is no `role/view` in the input
    hint: use `clusterrole/view` instead of `role/view`
    --- exit 2
    "#);
    assert_snapshot!(rolecall("walk 'deploy/x*' -n ns-1 -f fixtures/ns-1"), @r"
    --- stderr
    error: nothing matches `deploy/x*` in namespace `ns-1`
    hint: pass `-A` to search all namespaces
    --- exit 2
    ");
}

#[test]
fn an_input_without_workloads() {
    assert_snapshot!(rolecall("walk -f fixtures/v06-clusterrole-in-a-namespace"), @r#"
    --- stderr
    note: no Pods or workloads found in the input
    hint: run `rolecall walk 'sa/*' -f fixtures/v06-clusterrole-in-a-namespace` to walk from the ServiceAccounts
    --- exit 0
    "#);
}

#[test]
fn unread_input_is_reported() {
    assert_snapshot!(rolecall("walk sa/app -f fixtures/unread-document --keep-going"), @r#"
    ServiceAccount unread-document/app
    |   no Pod that could be read uses it
    |-- in unread-document: RoleBinding app of Role app
    |   `-- get pods
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- stderr
    warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
    warning: there might be more; could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
    --- exit 3
    "#);
    assert_eq!(rolecall("walk sa/app -f fixtures/unread-document").exit, Some(2));
}
