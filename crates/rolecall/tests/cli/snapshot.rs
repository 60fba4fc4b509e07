use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{rolecall, rolecall_with};
use crate::server::{Reply, Server, TOKEN};

/// A Pod full of private data, with annotations that repeat it.
const PRIVATE: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: shop
  labels: {app: p}
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"spec":"SECRET-1"}'
    rolecall.dev/needs: get pods
spec:
  serviceAccountName: web
  containers:
  - name: c
    image: app
    env: [{name: PASSWORD, value: SECRET-2}]
    command: [app, --password, SECRET-3, --token=SECRET-4]
    args: ["curl -H 'Authorization: Bearer SECRET-5'", --keep]
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
stringData: {key: SECRET-6}
"#;

#[test]
fn only_data_about_access_is_written() {
    let ran = rolecall_with("snapshot -f - --defaults none", PRIVATE);
    let objects = ran.stdout.split_once("items:\n").unwrap().1;
    assert_snapshot!(objects, @"
    - apiVersion: v1
      kind: Pod
      metadata:
        annotations:
          rolecall.dev/needs: get pods
        labels:
          app: p
        name: p
        namespace: shop
      spec:
        containers:
        - image: app
          name: c
        serviceAccount: web
        serviceAccountName: web
    ");
    assert!(!ran.stdout.contains("SECRET"), "{ran}");
}

/// Questions whose answers depend on all of a snapshot.
const QUESTIONS: [&str; 8] = [
    "can-i --for 'sa/*' --for user/jane -A --subresources -o json",
    "who-can get secrets -A -o json",
    "who-can list pods -n ns-1 -o json",
    "rules --for sa/k-sa-1 -n ns-1 -o json",
    "why list pods --for deploy/lister -n ns-1 -o json",
    "can-i list pods --for sa/k-sa-1 -n default -o json",
    "walk -n ns-1 -o json",
    "walk clusterrole/view -o json",
];

#[test]
fn a_snapshot_answers_like_the_cluster() {
    let server = Server::of(&["ns-1", "nightly-report"]);
    let ran = server.rolecall("admin", "snapshot");
    let file = server.folder.path().join("cluster.yaml");
    fs::write(&file, &ran.stdout).unwrap();
    for question in QUESTIONS {
        let live = server.rolecall("admin", question);
        let saved = rolecall(&format!("{question} -f {}", file.display()));
        assert_eq!(saved.exit, live.exit, "{question}");
        let (live, saved) = (answer(&live.stdout), answer(&saved.stdout));
        assert!(live == saved, "{question}\n{}", first_difference(&live, &saved));
    }
}

/// Parses an answer, without the positions of objects and the workloads of `who-can`, which only files
/// have.
fn answer(json: &str) -> Value {
    let mut answer = serde_json::from_str(json).unwrap();
    forget_places(&mut answer);
    answer
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("ruleIndex") {
                fields.remove("workloads");
            }
            fields.retain(|key, _| !["file", "line"].contains(&&**key));
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

fn first_difference(live: &Value, saved: &Value) -> String {
    let (live, saved) = (format!("{live:#}"), format!("{saved:#}"));
    let lines = live.lines().zip(saved.lines()).find(|(live, saved)| live != saved);
    format!("{lines:?}")
}

#[test]
fn refused_lists_are_recorded() {
    let server = Server::of(&["ns-1"]);
    let ran = server.rolecall("system:serviceaccount:ns-1:k-sa-1", "snapshot -n ns-1");
    let file = server.folder.path().join("ns-1.yaml");
    fs::write(&file, &ran.stdout).unwrap();
    assert_eq!(ran.exit, Some(3));
    assert_snapshot!(ran.stderr, @r#"
    warning: the snapshot is incomplete; could not read: every ClusterRole, ClusterRoleBinding and Namespace: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
    warning: the snapshot is incomplete; could not read: every Role, RoleBinding, ServiceAccount, CronJob, DaemonSet, Deployment, Job, ReplicaSet, ReplicationController and StatefulSet in namespace `ns-1`: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
    hint: have an administrator run `rolecall fix list clusterrolebindings.rbac.authorization.k8s.io,clusterroles.rbac.authorization.k8s.io,namespaces --for sa/ns-1:k-sa-1 -A | kubectl apply -f -` to let rolecall read the forbidden lists
    hint: have an administrator run `rolecall fix list cronjobs.batch,daemonsets.apps,deployments.apps,jobs.batch,replicasets.apps,replicationcontrollers,rolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io,serviceaccounts,statefulsets.apps --for sa/ns-1:k-sa-1 -n ns-1 | kubectl apply -f -` to let rolecall read the forbidden lists
    "#);
    let question = format!("can-i get pods --for user/jane -n ns-1 -f {}", file.display());
    assert_snapshot!(server.tidy(rolecall(&question)), @r#"
    unknown: as far as can be determined, User "jane" cannot get resource "pods" in API group "" in the namespace "ns-1"
      could not read: every ClusterRoleBinding: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
      could not read: every RoleBinding in namespace `ns-1`: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
    --- exit 3
    "#);
}

#[test]
fn a_snapshot_of_one_namespace_leaves_others_unknown() {
    let server = Server::of(&["ns-1"]);
    let ran = server.rolecall("admin", "snapshot -n ns-1");
    let file = server.folder.path().join("ns-1.yaml");
    fs::write(&file, &ran.stdout).unwrap();
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""));
    let ask = |question: &str| rolecall(&format!("{question} -f {}", file.display())).exit;
    assert_eq!(ask("can-i list pods --for sa/ns-1:k-sa-1 -n ns-1"), Some(0));
    assert_eq!(ask("can-i get pods --for sa/ns-1:k-sa-1 -n ns-1"), Some(1));
    assert_eq!(ask("can-i get pods --for sa/ns-1:k-sa-1 -n default"), Some(3));
    assert!(!server.seen().iter().any(|seen| seen == "GET /api/v1/pods"), "{:?}", server.seen());
}

#[test]
fn a_snapshot_keeps_the_servers_resources() {
    let discovery = r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"example.com"},
        "versions":[{"version":"v1","resources":[{"resource":"widgets","singularResource":"widget",
        "responseKind":{"kind":"Widget"},"scope":"Cluster","verbs":["get"],"shortNames":["wd"]}]}]}]}"#;
    let server = Server::with(&["ns-1"], move |seen| {
        (seen.path == "/apis").then(|| Reply { status: 200, body: discovery.to_owned() })
    });
    let ran = server.rolecall("admin", "snapshot");
    let question = "can-i get wd --for group/system:masters -f - -o json";
    let saved = rolecall_with(question, &ran.stdout);
    assert!(saved.stdout.contains("\"resource\": \"widgets\""), "{saved}");
    assert!(!ran.stdout.contains(TOKEN));
}
