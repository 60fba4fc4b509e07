use std::collections::BTreeMap;
use std::sync::Arc;

use rolecall_rbac::{Inventory, Workload};
use serde_json::{Value, json};

use super::double::{Double, Reply};
use crate::cluster::{ForbiddenList, Loaded, Needs, Progress, Reach, RequestError};

/// A server with some lists: `null` is forbidden, and a list that is not given is empty.
async fn server(lists: &[(&str, Value)]) -> Double {
    let lists: BTreeMap<String, Value> =
        lists.iter().map(|(path, items)| ((*path).to_owned(), items.clone())).collect();
    Double::start(move |_, seen| {
        let path = seen.path.split('?').next().unwrap_or_default();
        match lists.get(path) {
            Some(Value::Null) => Reply::failure(403, "Forbidden", &format!("forbidden: {path}")),
            Some(Value::String(reason)) => Reply::failure(404, reason, "not served"),
            items => list(path, items.unwrap_or(&json!([]))),
        }
    })
    .await
}

fn list(path: &str, items: &Value) -> Reply {
    let resource = path.split('?').next().unwrap().rsplit('/').next().unwrap();
    let collections = Needs::everything().collections();
    let kind = collections.iter().find(|it| it.resource == resource).unwrap().kind;
    let kind = format!("{kind}List");
    Reply::json(200, &json!({"kind": kind, "apiVersion": "v1", "metadata": {}, "items": items}))
}

async fn try_load(double: &Double, needs: &Needs) -> Result<Loaded, RequestError> {
    double.cluster().await.load(needs, &Arc::new(Progress::default())).await
}

async fn load(double: &Double, needs: &Needs) -> (Inventory, Vec<String>) {
    let loaded = try_load(double, needs).await.unwrap();
    let forbidden = |list: ForbiddenList| match &*list.namespace {
        "" => list.collection.resource.to_owned(),
        namespace => format!("{namespace}/{}", list.collection.resource),
    };
    (loaded.builder.build(), loaded.forbidden.into_iter().map(forbidden).collect())
}

fn gaps(inventory: &Inventory) -> Vec<String> {
    inventory.gaps().iter().map(ToString::to_string).collect()
}

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/rolebindings";

fn named(name: &str) -> Value {
    json!({"metadata": {"namespace": "shop", "name": name, "uid": "1",
        "managedFields": [{"manager": "kubectl"}]}})
}

#[tokio::test]
async fn objects_of_typed_lists_count_as_stored() {
    let mut role = named("reader");
    role["rules"] = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let mut binding = named("readers");
    binding["roleRef"] = json!({"kind": "Role", "name": "reader"});
    binding["subjects"] = json!([{"kind": "User", "name": "jane"}]);
    let double = server(&[(ROLES, json!([role])), (BINDINGS, json!([binding]))]).await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, _) = load(&double, &needs).await;
    let role = inventory.role("shop", "reader").unwrap();
    assert!(role.metadata.stored && role.rules.len() == 1);
    assert_eq!(inventory.binding("shop", "readers").unwrap().subjects.len(), 1);
    assert!(inventory.gaps().is_empty());
}

#[tokio::test]
async fn a_forbidden_list_is_a_gap_and_does_not_hide_others() {
    let cluster_roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    let double = server(&[
        (cluster_roles, Value::Null),
        (ROLES, json!([named("reader")])),
        (BINDINGS, Value::Null),
    ])
    .await;
    let needs = Needs { cluster_roles: true, roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, forbidden) = load(&double, &needs).await;
    assert!(inventory.role("shop", "reader").is_some());
    assert_eq!(
        gaps(&inventory),
        [
            format!("every ClusterRole: forbidden: {cluster_roles}"),
            format!("every RoleBinding: forbidden: {BINDINGS}"),
        ]
    );
    assert_eq!(forbidden, ["clusterroles", "rolebindings"]);
}

#[tokio::test]
async fn lists_forbidden_cluster_wide_are_read_in_namespaces() {
    let in_shop = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles";
    let in_bank = "/apis/rbac.authorization.k8s.io/v1/namespaces/bank/roles";
    let double = server(&[
        (ROLES, Value::Null),
        (in_shop, json!([named("reader")])),
        (in_bank, Value::Null),
    ])
    .await;
    let needs = Needs {
        roles: Reach::Everywhere,
        fall_back: vec!["shop".into(), "bank".into()],
        ..Needs::default()
    };
    let (inventory, forbidden) = load(&double, &needs).await;
    assert!(inventory.role("shop", "reader").is_some());
    assert_eq!(
        gaps(&inventory),
        [format!("every Role outside namespace `shop`: forbidden: {ROLES}")]
    );
    assert_eq!(forbidden, ["roles"]);
}

#[tokio::test]
async fn only_needed_namespaces_are_listed() {
    let double = server(&[]).await;
    let reach = Reach::Namespaces(vec!["a/../b".into()]);
    load(&double, &Needs { service_accounts: reach, ..Needs::default() }).await;
    assert_eq!(double.paths(), ["/api/v1/namespaces/a%2F..%2Fb/serviceaccounts?limit=500"]);
}

#[tokio::test]
async fn unserved_kinds_are_empty_and_older_versions_are_tried() {
    let not_found = json!("NotFound");
    let mut cron_job = named("nightly");
    cron_job["spec"] = json!({"jobTemplate": {"spec": {"template": {"spec":
        {"serviceAccountName": "backup", "containers": []}}}}});
    let double = server(&[
        ("/apis/batch/v1/cronjobs", not_found.clone()),
        ("/apis/batch/v1beta1/cronjobs", json!([cron_job])),
        ("/apis/apps/v1/daemonsets", not_found.clone()),
        (BINDINGS, not_found),
    ])
    .await;
    let needs =
        Needs { workloads: Reach::Everywhere, roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, forbidden) = load(&double, &needs).await;
    let accounts: Vec<&str> = inventory
        .workloads()
        .iter()
        .flat_map(|workload| workload.pods.iter().map(|pod| pod.service_account_name()))
        .collect();
    assert_eq!(accounts, ["backup"]);
    // A server without the RBAC API uses another authorizer.
    assert_eq!(gaps(&inventory), ["every RoleBinding: not served"]);
    assert!(forbidden.is_empty());
}

#[tokio::test]
async fn a_malformed_object_does_not_affect_others() {
    let mut wrong = named("wrong");
    wrong["rules"] = json!("all of them");
    let double = server(&[(ROLES, json!([named("a"), wrong, named("b")]))]).await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, _) = load(&double, &needs).await;
    let names: Vec<&str> = inventory.roles().iter().map(|role| &*role.metadata.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        gaps(&inventory),
        ["Role `shop/wrong`: rules: expected a list of rules, found a string"]
    );
}

#[tokio::test]
async fn a_list_that_keeps_failing_is_a_gap() {
    let double = Double::start(|_, seen| match seen.path.contains("rolebindings") {
        true => Reply::failure(500, "InternalError", "etcdserver: no leader"),
        false => list(&seen.path, &json!([named("reader")])),
    })
    .await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, forbidden) = load(&double, &needs).await;
    assert_eq!(gaps(&inventory), ["every RoleBinding: etcdserver: no leader"]);
    assert!(inventory.role("shop", "reader").is_some() && forbidden.is_empty());
}

#[tokio::test]
async fn a_404_for_a_core_kind_is_a_gap() {
    let not_found = json!("NotFound");
    let double = server(&[
        ("/api/v1/pods", not_found.clone()),
        ("/api/v1/serviceaccounts", not_found.clone()),
        ("/api/v1/namespaces", not_found),
    ])
    .await;
    let needs = Needs {
        pods: Reach::Everywhere,
        service_accounts: Reach::Everywhere,
        namespaces: true,
        ..Needs::default()
    };
    let (inventory, _) = load(&double, &needs).await;
    assert_eq!(
        gaps(&inventory),
        [
            "every ServiceAccount: not served",
            "every Namespace: not served",
            "every Pod: not served",
        ]
    );
}

#[tokio::test]
async fn an_object_of_another_kind_in_a_list_is_a_gap() {
    let mut foreign = named("admin");
    foreign["kind"] = json!("Role");
    let double = server(&[(BINDINGS, json!([foreign]))]).await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, _) = load(&double, &needs).await;
    assert_eq!(
        gaps(&inventory),
        ["every RoleBinding: the server's list contains an object of kind `Role`"]
    );
    assert!(inventory.role("shop", "admin").is_none());
}

#[tokio::test]
async fn a_list_of_another_kind_is_a_gap() {
    let double = Double::start(|_, _| list(ROLES, &json!([named("reader")]))).await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, _) = load(&double, &needs).await;
    let url = double.url();
    let expected = format!(
        "every RoleBinding: `{url}` answered `{BINDINGS}?limit=500` with something other than \
         Kubernetes JSON"
    );
    assert_eq!(gaps(&inventory), [expected]);
}

#[tokio::test]
async fn lists_refused_to_the_impersonator_are_gaps_but_not_forbidden_lists() {
    let message = r#"roles is forbidden: User "cimp" cannot impersonate-on:serviceaccount:list resource "roles" in API group "rbac.authorization.k8s.io" at the cluster scope"#;
    let double = Double::start(move |_, _| Reply::failure(403, "Forbidden", message)).await;
    let needs = Needs { roles: Reach::Everywhere, ..Needs::default() };
    let (inventory, forbidden) = load(&double, &needs).await;
    assert_eq!((inventory.gaps().len(), forbidden.len()), (2, 0));
}

#[tokio::test]
async fn a_silent_server_is_not_asked_for_each_namespace() {
    let double = Double::start(|count, seen| match count {
        0 => list(&seen.path, &json!([])),
        _ => Reply::silence(),
    })
    .await;
    let mut cluster = double.cluster().await;
    cluster.timeout = Some(std::time::Duration::from_millis(500));
    let needs = Needs {
        roles: Reach::Everywhere,
        fall_back: vec!["a".into(), "b".into()],
        ..Needs::default()
    };
    let cluster_wide = cluster.load(&needs, &Arc::new(Progress::default())).await.unwrap();
    assert_eq!(cluster_wide.builder.build().gaps().len(), 1);
    assert_eq!(double.paths().len(), 2);
}

#[tokio::test]
async fn rejected_credentials_are_a_fatal_error() {
    let double = Double::start(|_, _| Reply::failure(401, "Unauthorized", "Unauthorized")).await;
    let error = try_load(&double, &Needs::everything()).await.unwrap_err();
    assert_eq!((error.to_string(), error.is_fatal()), ("Unauthorized".to_owned(), true));
}

#[tokio::test]
async fn owners_of_pods_are_listed_and_not_fetched_one_by_one() {
    let owned = |name: &str, kind: &str, version: &str, by: &str| {
        let mut object = named(name);
        object["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "v1", "kind": "Other", "name": "x"},
            {"apiVersion": version, "kind": kind, "name": by, "controller": true},
        ]);
        object
    };
    let mut pod = owned("web-1-a", "ReplicaSet", "apps/v1", "web-1");
    pod["spec"] = json!({"serviceAccountName": "web", "containers": [{"name": "c", "image": "i"}]});
    let double = server(&[
        ("/api/v1/pods", json!([pod])),
        ("/apis/apps/v1/replicasets", json!([owned("web-1", "Deployment", "apps/v1", "web")])),
        ("/apis/batch/v1/jobs", json!([owned("nightly-1", "CronJob", "batch/v1", "nightly")])),
    ])
    .await;
    let needs = Needs { pods: Reach::Everywhere, ..Needs::default() };
    let (inventory, _) = load(&double, &needs).await;
    let shown = |workload: &Workload| {
        let owner = workload.owner.as_ref().unwrap();
        let (kind, name) = (&workload.kind, &workload.metadata.name);
        format!("{kind} {name} of {}.{} {}", owner.kind, owner.api_group, owner.name)
    };
    assert_eq!(
        inventory.workloads().iter().map(shown).collect::<Vec<_>>(),
        [
            "Job nightly-1 of CronJob.batch nightly",
            "Pod web-1-a of ReplicaSet.apps web-1",
            "ReplicaSet web-1 of Deployment.apps web",
        ]
    );
    let mut paths = double.paths();
    paths.sort();
    assert_eq!(paths.len(), 3);
    let metadata_only = double
        .seen()
        .iter()
        .filter(|seen| {
            seen.headers
                .iter()
                .any(|(name, value)| name == "accept" && value.contains("PartialObject"))
        })
        .count();
    assert_eq!(metadata_only, 2);
}
