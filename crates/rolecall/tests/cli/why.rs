use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_args, rolecall_with};

#[test]
fn every_grant_is_listed() {
    assert_snapshot!(rolecall("why get /version --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    yes: sa/ns-1:k-sa-1 can get /version
      by ClusterRoleBinding system:discovery to Group system:authenticated (default), ClusterRole system:discovery, rules[0]: get /version and 10 more
      by ClusterRoleBinding system:public-info-viewer to Group system:authenticated (default), ClusterRole system:public-info-viewer, rules[0]: get /version and 4 more
    --- exit 0
    "#);
}

#[test]
fn an_unbound_role_is_a_near_miss() {
    assert_snapshot!(
        rolecall("why get pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before"),
        @r#"
        no: User "system:serviceaccount:project-swan:default" cannot get resource "pods" in API group "" in the namespace "project-swan"
          to allow exactly this, run `rolecall fix get pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before`
          roles that would allow it are not bound to sa/project-swan:default: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
            to change that, grant only this request: binding ClusterRole view would also allow 179 other things, such as `get configmaps`, for every Pod in its namespace that sets no ServiceAccount
          only Kubernetes' default bindings apply here
        --- exit 1
        "#
    );
}

#[test]
fn another_namespace() {
    assert_snapshot!(
        rolecall("why list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --defaults none"),
        @r#"
        no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "default"
          to allow exactly this, run `rolecall fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --defaults none`
          near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
            but it only applies in namespace ns-1
            to change that, use `-n ns-1` if you meant that namespace, or grant only this request in namespace default
          no bindings apply here
        --- exit 1
        "#
    );
}

/// One question for each kind of near miss, with the nearest one that `why` shows.
#[test]
fn every_near_miss_has_a_fix() {
    let questions = [
        "list pods --for sa/reporter -n nightly-report -f fixtures/nightly-report",
        "list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1",
        "list pods --for sa/ns-1:k-sa-1 -A -f fixtures/ns-1",
        "get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "get pods/log --name p --for sa/prueba-sa -n prueba-rbac -f fixtures/prueba-rbac",
        "list pods --for sa/deployer -n v02-ci -f fixtures/v02-user-names-serviceaccount",
        "delete nodes --name n --for sa/robot -n v03-app -f fixtures/v03-subject-without-namespace",
        "create jobs --for group/V04-dev -n v04-app -f fixtures/v04-mixed-subjects",
        "list endpoints --for sa/v05-a:scraper -n v05-a -f fixtures/v05-foreign-namespace",
        "list pv --for sa/operator -n v06-team -f fixtures/v06-clusterrole-in-a-namespace",
        "get /metrics --for sa/operator -n v06-team -f fixtures/v06-clusterrole-in-a-namespace",
        "list pods --for sa/app -n v09-app -f fixtures/v09-dangling-role-ref",
        "get pods --name p --for sa/hopeful -n v12-app -f fixtures/v12-stars-that-match-nothing",
        "get configmaps --name x --for sa/config-agent -n v15-app -f fixtures/v15-resource-names",
        "list configmaps --for sa/config-agent -n v15-app -f fixtures/v15-resource-names",
        "get /v19/ --for sa/prober -n v19-app -f fixtures/v19-urls",
        "get pods --name p --for sa/viewer -n v25-app -f fixtures/v25-exec-and-node-proxy",
    ];
    let mut shown = String::new();
    for question in questions {
        let ran = rolecall(&format!("why {question}"));
        let question = question.split(" -f ").next().unwrap();
        let nearest: Vec<&str> = ran.stdout.lines().skip(2).take(3).collect();
        shown.push_str(&format!("{question}\n{}\n", nearest.join("\n")));
        assert_eq!(ran.exit, Some(1), "{question}");
    }
    assert_snapshot!(shown, @r#"
    list pods --for sa/reporter -n nightly-report
      near miss: RoleBinding nightly-report/reporter (fixtures/nightly-report/manifests.yaml:25), Role nightly-report/reporter, rules[1]: list pods.metrics.k8s.io
        but the rule has the API group "metrics.k8s.io", not ""
        to change that, add `""` to its apiGroups in Role nightly-report/reporter (fixtures/nightly-report/manifests.yaml:12)
    list pods --for sa/ns-1:k-sa-1 -n default
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but it only applies in namespace ns-1
        to change that, use `-n ns-1` if you meant that namespace, or grant only this request in namespace default
    list pods --for sa/ns-1:k-sa-1 -A
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but it only applies in namespace ns-1, not across all namespaces
        to change that, use `-n ns-1` if that is sufficient, or grant only this request in all namespaces
    get pods --for sa/k-sa-1 -n ns-1
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but the rule has the verb list, not get
        to change that, add `get` to its verbs in Role ns-1/pod-lister (fixtures/ns-1/manifests.yaml:12)
    get pods/log --name p --for sa/prueba-sa -n prueba-rbac
      near miss: RoleBinding prueba-rbac/prueba-rolebinding (fixtures/prueba-rbac/manifests.yaml:22), Role prueba-rbac/prueba-role, rules[0]: get,list,delete pods
        but `pods` does not include `pods/log`
        to change that, add `pods/log` to its resources in Role prueba-rbac/prueba-role (fixtures/prueba-rbac/manifests.yaml:12)
    list pods --for sa/deployer -n v02-ci
      near miss: RoleBinding v02-ci/deployer-misspelt (fixtures/v02-user-names-serviceaccount/manifests.yaml:38), ClusterRole view, rules[0]: get,list,watch pods and 9 more
        but its subject is User v02-ci:deployer, which is of another kind
        to change that, if that is a mistake, change the subject to kind ServiceAccount, name deployer, namespace v02-ci in RoleBinding v02-ci/deployer-misspelt (fixtures/v02-user-names-serviceaccount/manifests.yaml:38), which also allows 179 other things, such as `get configmaps`; or grant only this request
    delete nodes --name n --for sa/robot -n v03-app
      near miss: ClusterRoleBinding v03-robot-admin (fixtures/v03-subject-without-namespace/invalid.yaml:1), ClusterRole cluster-admin, rules[0]: * *.*
        but its subject has no namespace, so it matches nothing in a ClusterRoleBinding
        to change that, if that is a mistake, change the subject to kind ServiceAccount, name robot, namespace v03-app in ClusterRoleBinding v03-robot-admin (fixtures/v03-subject-without-namespace/invalid.yaml:1), which also allows far more: * *.*; or grant only this request
    create jobs --for group/V04-dev -n v04-app
      near miss: RoleBinding v04-app/job-runner (fixtures/v04-mixed-subjects/manifests.yaml:22), Role v04-app/job-runner, rules[0]: create,get,list jobs.batch
        but its subject is Group v04-dev: names are case-sensitive
        to change that, if that is a mistake, change the subject to kind Group, name V04-dev in RoleBinding v04-app/job-runner (fixtures/v04-mixed-subjects/manifests.yaml:22), which also allows `get jobs.batch`, `list jobs.batch`; or grant only this request
    list endpoints --for sa/v05-a:scraper -n v05-a
      near miss: RoleBinding v05-a/scraper (fixtures/v05-foreign-namespace/manifests.yaml:28), Role v05-a/endpoints-reader, rules[0]: get,list,watch endpoints,services
        but its subject is ServiceAccount v05-b/scraper, in another namespace
        to change that, if that is a mistake, change the subject to kind ServiceAccount, name scraper, namespace v05-a in RoleBinding v05-a/scraper (fixtures/v05-foreign-namespace/manifests.yaml:28), which also allows 5 other things, such as `get endpoints`; or grant only this request
    list pv --for sa/operator -n v06-team
      near miss: RoleBinding v06-team/operator-leases (fixtures/v06-clusterrole-in-a-namespace/manifests.yaml:26), ClusterRole v06-lease-holder, rules[1]: list persistentvolumes
        but persistentvolumes is cluster-scoped, which no RoleBinding can grant
        to change that, grant it with a ClusterRole and a ClusterRoleBinding
    get /metrics --for sa/operator -n v06-team
      near miss: RoleBinding v06-team/operator-leases (fixtures/v06-clusterrole-in-a-namespace/manifests.yaml:26), ClusterRole v06-lease-holder, rules[2]: get /metrics
        but no RoleBinding can grant a URL
        to change that, grant it with a ClusterRole and a ClusterRoleBinding
    list pods --for sa/app -n v09-app
      possible grant: ClusterRoleBinding v09-app-metrics (fixtures/v09-dangling-role-ref/manifests.yaml:13)
        but its ClusterRole v09-metrics-reader is not in the input
        to change that, create ClusterRole v09-metrics-reader
    get pods --name p --for sa/hopeful -n v12-app
      near miss: RoleBinding v12-app/hopeful (fixtures/v12-stars-that-match-nothing/manifests.yaml:32), Role v12-app/hopeful, rules[1]: * *.apps/*
        but the rule contains `*/*`, not `pods`
        to change that, add `pods` to its resources and "" to its apiGroups in Role v12-app/hopeful (fixtures/v12-stars-that-match-nothing/manifests.yaml:13)
    get configmaps --name x --for sa/config-agent -n v15-app
      near miss: RoleBinding v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:28), Role v15-app/config-agent, rules[0]: get,list,watch,create,update,delete,deletecollection configmaps "settings"
        but the rule is limited to the name "settings", not "x"
        to change that, add `x` to its resourceNames in Role v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:13)
    list configmaps --for sa/config-agent -n v15-app
      near miss: RoleBinding v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:28), Role v15-app/config-agent, rules[0]: get,list,watch,create,update,delete,deletecollection configmaps "settings"
        but the rule is limited to the name "settings", and `list` without a name needs access to all objects
        to change that, ask about one object with `--name settings`, or add a rule without resourceNames to Role v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:13)
    get /v19/ --for sa/prober -n v19-app
      near miss: ClusterRoleBinding v19-urls (fixtures/v19-urls/manifests.yaml:26), ClusterRole v19-urls, rules[0]: get /v19,/v19-health/*,/v19-debug*
        but the URL `/v19` of the rule does not match `/v19/`
        to change that, add `/v19/` to its nonResourceURLs in ClusterRole v19-urls (fixtures/v19-urls/manifests.yaml:18), which affects all its subjects; or grant only this request
    get pods --name p --for sa/viewer -n v25-app
      near miss: RoleBinding v25-app/viewer (fixtures/v25-exec-and-node-proxy/manifests.yaml:29), Role v25-app/viewer, rules[0]: get pods/exec,pods/attach,pods/portforward
        but `pods/exec` does not include `pods`
        to change that, add `pods` to its resources in Role v25-app/viewer (fixtures/v25-exec-and-node-proxy/manifests.yaml:19)
    "#);
}

const LIST: &str = r#"Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "default""#;

#[test]
fn a_pasted_refusal_is_explained_with_the_command_that_fixes_it() {
    assert_snapshot!(rolecall_args(&["why", LIST, "-f", "fixtures/ns-1"]), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "default"
      to allow exactly this, run `rolecall fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1`
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but it only applies in namespace ns-1
        to change that, use `-n ns-1` if you meant that namespace, or grant only this request in namespace default
      roles that would allow it are not bound to sa/ns-1:k-sa-1: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
        to change that, grant only this request: binding ClusterRole view would also allow 179 other things, such as `get configmaps`
      only Kubernetes' default bindings apply here
    --- exit 1
    "#);
}

#[test]
fn refusals_are_grouped_by_cause_and_others_get_advice() {
    let text = format!(
        "{LIST}\n{}\n{}\npods \"p\" is forbidden: exceeded quota: q, requested: pods=1\n\
         requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://h/api/v1/namespaces/ns-1/secrets\n",
        LIST.replace("list", "watch"),
        LIST.replace("pods", "services"),
    );
    assert_snapshot!(rolecall_with("why - -f fixtures/ns-1", &text), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "default"
      to allow exactly this, run `rolecall fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1`
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but it only applies in namespace ns-1
        to change that, use `-n ns-1` if you meant that namespace, or grant only this request in namespace default
      roles that would allow it are not bound to sa/ns-1:k-sa-1: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
        to change that, grant only this request: binding ClusterRole view would also allow 179 other things, such as `get configmaps`
      only Kubernetes' default bindings apply here
      read from stdin:1

    no: User "system:serviceaccount:ns-1:k-sa-1" cannot watch resource "pods" in API group "" in the namespace "default"
      to allow exactly this, run `rolecall fix list services --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1` and `rolecall fix watch pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1`
      roles that would allow it are not bound to sa/ns-1:k-sa-1: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
        to change that, grant only this request: binding ClusterRole view would also allow 179 other things, such as `get configmaps`
      only Kubernetes' default bindings apply here
      also refused: list services in namespace default
      read from stdin:2; stdin:3
    --- stderr
    error: stdin:5: requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://h/api/v1/namespaces/ns-1/secrets: the client shows a 403 with its URL, but neither its method nor the server's message with the user; for a GET: list secrets in namespace ns-1
    hint: run `rolecall fix list secrets --for SUBJECT -n ns-1 -f fixtures/ns-1` to grant it, with the refused user as SUBJECT
    hint: pass `--for SUBJECT` to name the refused subject
    warning: stdin:4: pods "p" is forbidden: exceeded quota: q, requested: pods=1: a ResourceQuota refused this, not RBAC: request less, delete unused objects, or ask for a higher quota
    --- exit 1
    "#);
}

#[test]
fn a_refusal_without_a_user_applies_to_the_given_subject() {
    let text = "403 Client Error: Forbidden for url: https://h/api/v1/namespaces/ns-1/pods";
    let without = rolecall_args(&["why", text, "-f", "fixtures/ns-1"]);
    assert_eq!(without.exit, Some(1), "{without}");
    assert!(without.stderr.contains("rolecall fix list pods --for SUBJECT -n ns-1"), "{without}");
    let with = rolecall_args(&["why", text, "--for", "sa/ns-1:k-sa-1", "-f", "fixtures/ns-1"]);
    assert!(with.stdout.starts_with("yes: sa/ns-1:k-sa-1 can list pods"), "{with}");
}

#[test]
fn a_text_without_a_refusal_is_an_error() {
    assert_snapshot!(rolecall_args(&["why", "list pods", "-f", "fixtures/ns-1"]), @r#"
    --- stderr
    error: no refusal found in the text: expected `... is forbidden: User "..." cannot ...`
    hint: run `rolecall why list pods -f fixtures/ns-1` to ask a question
    --- exit 2
    "#);
}

#[test]
fn advice_never_extends_the_access_of_others() {
    let manifests = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: app, namespace: other}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: team-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: app, namespace: team-a}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: rolecall:sa:team-a:other
  namespace: team-a
  labels: {app.kubernetes.io/managed-by: rolecall}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
"#;
    assert_snapshot!(rolecall_with("why create pods --for sa/team-a:app -n team-a -f -", manifests), @r#"
    no: User "system:serviceaccount:team-a:app" cannot create resource "pods" in API group "" in the namespace "team-a"
      to allow exactly this, run `rolecall fix create pods --for sa/team-a:app -n team-a -f -`
      near miss: RoleBinding team-a/own (<stdin>:8), ClusterRole view, rules[0]: get,list,watch pods and 9 more
        but the rule has the verbs get,list,watch, not create
        to change that, grant only this request; leave ClusterRole view as it is: its rules are aggregated from other roles, and a controller would revert a change
      near miss: ClusterRoleBinding crb (<stdin>:2), ClusterRole edit, rules[2]: create,delete,deletecollection,patch,update pods and 4 more
        but its subject is ServiceAccount other/app, in another namespace
        to change that, grant only this request in namespace team-a: this binding grants ClusterRole edit in every namespace
      roles that would allow it are not bound to sa/team-a:app: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)
        to change that, grant only this request: binding ClusterRole edit would also allow 408 other things, such as `get pods/attach`
    --- stderr
    warning: there is no ServiceAccount `app` in namespace `team-a`
    --- exit 1
    "#);
}

/// `fix` would correct that word first.
#[test]
fn the_one_wrong_word_is_named() {
    let ask = "list pods --for sa/widget-operator -n widget-system -f fixtures/one-wrong-word";
    let ran = rolecall(&format!("why {ask}"));
    let says = format!(
        "note: nearer: use `namespace: widget-system` at fixtures/one-wrong-word/manifests.yaml:31\n\
         hint: run `rolecall fix {ask} --style repair` to print that correction\n"
    );
    assert!(ran.stderr.ends_with(&says), "{ran}");
}
