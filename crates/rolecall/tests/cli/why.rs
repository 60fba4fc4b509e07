use insta::assert_snapshot;

use crate::command::rolecall;

#[test]
fn every_grant_is_named() {
    assert_snapshot!(rolecall("why get /version --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    yes: sa/ns-1:k-sa-1 may get /version
      by ClusterRoleBinding system:discovery to Group system:authenticated (default), ClusterRole system:discovery, rule 1: get /version and 10 more
      by ClusterRoleBinding system:public-info-viewer to Group system:authenticated (default), ClusterRole system:public-info-viewer, rule 1: get /version and 4 more
    --- exit 0
    "#);
}

#[test]
fn a_role_that_nothing_binds() {
    assert_snapshot!(
        rolecall("why get pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before"),
        @r#"
        no: User "system:serviceaccount:project-swan:default" cannot get resource "pods" in API group "" in the namespace "project-swan"
          roles that would allow it are not bound to sa/project-swan:default: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
            to change that, bind ClusterRole view to sa/project-swan:default with a RoleBinding in namespace project-swan
          no binding that counts here names it, but for those that servers start with
        --- stderr
        hint: run `rolecall fix get pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before` to print the least YAML that allows it
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
          nearly by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rule 1: list pods
            but it holds in namespace ns-1 only
            to change that, ask with `-n ns-1`, or grant Role ns-1/pod-lister in namespace default too
          no binding that counts here names it, but for those that servers start with
        --- stderr
        hint: run `rolecall fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --defaults none` to print the least YAML that allows it
        --- exit 1
        "#
    );
}

/// One question for each kind of near miss, with the nearest miss that `why` tells.
#[test]
fn each_near_miss_says_what_would_change_it() {
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
    let mut told = String::new();
    for question in questions {
        let ran = rolecall(&format!("why {question}"));
        let question = question.split(" -f ").next().unwrap();
        let nearest: Vec<&str> = ran.stdout.lines().skip(1).take(3).collect();
        told.push_str(&format!("{question}\n{}\n", nearest.join("\n")));
        assert_eq!(ran.exit, Some(1), "{question}");
    }
    assert_snapshot!(told, @r#"
    list pods --for sa/reporter -n nightly-report
      nearly by RoleBinding nightly-report/reporter (fixtures/nightly-report/manifests.yaml:25), Role nightly-report/reporter, rule 2: list pods.metrics.k8s.io
        but the rule has the API group "metrics.k8s.io", not ""
        to change that, add `""` to its apiGroups in Role nightly-report/reporter (fixtures/nightly-report/manifests.yaml:12)
    list pods --for sa/ns-1:k-sa-1 -n default
      nearly by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rule 1: list pods
        but it holds in namespace ns-1 only
        to change that, ask with `-n ns-1`, or grant Role ns-1/pod-lister in namespace default too
    list pods --for sa/ns-1:k-sa-1 -A
      nearly by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rule 1: list pods
        but it holds in namespace ns-1 only, not in all namespaces at once
        to change that, ask with `-n ns-1`, or grant it with a ClusterRoleBinding
    get pods --for sa/k-sa-1 -n ns-1
      nearly by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rule 1: list pods
        but the rule has the verb list, not get
        to change that, add `get` to its verbs in Role ns-1/pod-lister (fixtures/ns-1/manifests.yaml:12)
    get pods/log --name p --for sa/prueba-sa -n prueba-rbac
      nearly by RoleBinding prueba-rbac/prueba-rolebinding (fixtures/prueba-rbac/manifests.yaml:22), Role prueba-rbac/prueba-role, rule 1: get,list,delete pods
        but `pods` does not include `pods/log`
        to change that, add `pods/log` to its resources in Role prueba-rbac/prueba-role (fixtures/prueba-rbac/manifests.yaml:12)
    list pods --for sa/deployer -n v02-ci
      nearly by RoleBinding v02-ci/deployer-misspelt (fixtures/v02-user-names-serviceaccount/manifests.yaml:38), ClusterRole view, rule 1: get,list,watch pods and 9 more
        but its subject is User v02-ci:deployer, which is somebody else
        to change that, add the subject kind ServiceAccount, name deployer, namespace v02-ci to RoleBinding v02-ci/deployer-misspelt (fixtures/v02-user-names-serviceaccount/manifests.yaml:38)
    delete nodes --name n --for sa/robot -n v03-app
      nearly by ClusterRoleBinding v03-robot-admin (fixtures/v03-subject-without-namespace/invalid.yaml:1), ClusterRole cluster-admin, rule 1: * *.*
        but its subject has no namespace, and so is nobody in a ClusterRoleBinding
        to change that, add the subject kind ServiceAccount, name robot, namespace v03-app to ClusterRoleBinding v03-robot-admin (fixtures/v03-subject-without-namespace/invalid.yaml:1)
    create jobs --for group/V04-dev -n v04-app
      nearly by RoleBinding v04-app/job-runner (fixtures/v04-mixed-subjects/manifests.yaml:22), Role v04-app/job-runner, rule 1: create,get,list jobs.batch
        but its subject is Group v04-dev: upper and lower case count
        to change that, add the subject kind Group, name V04-dev to RoleBinding v04-app/job-runner (fixtures/v04-mixed-subjects/manifests.yaml:22)
    list endpoints --for sa/v05-a:scraper -n v05-a
      nearly by RoleBinding v05-a/scraper (fixtures/v05-foreign-namespace/manifests.yaml:28), Role v05-a/endpoints-reader, rule 1: get,list,watch endpoints,services
        but its subject is ServiceAccount v05-b/scraper, of another namespace
        to change that, add the subject kind ServiceAccount, name scraper, namespace v05-a to RoleBinding v05-a/scraper (fixtures/v05-foreign-namespace/manifests.yaml:28)
    list pv --for sa/operator -n v06-team
      nearly by RoleBinding v06-team/operator-leases (fixtures/v06-clusterrole-in-a-namespace/manifests.yaml:26), ClusterRole v06-lease-holder, rule 2: list persistentvolumes
        but persistentvolumes is cluster-scoped, which no RoleBinding can grant
        to change that, grant it with a ClusterRole and a ClusterRoleBinding
    get /metrics --for sa/operator -n v06-team
      nearly by RoleBinding v06-team/operator-leases (fixtures/v06-clusterrole-in-a-namespace/manifests.yaml:26), ClusterRole v06-lease-holder, rule 3: get /metrics
        but no RoleBinding can grant a URL
        to change that, grant it with a ClusterRole and a ClusterRoleBinding
    list pods --for sa/app -n v09-app
      ClusterRoleBinding v09-app-metrics (fixtures/v09-dangling-role-ref/manifests.yaml:13): clusterrole.rbac.authorization.k8s.io "v09-metrics-reader" not found
      RoleBinding v09-app/app-view (fixtures/v09-dangling-role-ref/manifests.yaml:27): role.rbac.authorization.k8s.io "view" not found
      nearly by ClusterRoleBinding v09-app-metrics (fixtures/v09-dangling-role-ref/manifests.yaml:13)
    get pods --name p --for sa/hopeful -n v12-app
      nearly by RoleBinding v12-app/hopeful (fixtures/v12-stars-that-match-nothing/manifests.yaml:32), Role v12-app/hopeful, rule 2: * *.apps/*
        but the rule says `*/*`, which is not `pods`
        to change that, add `pods` to its resources and "" to its apiGroups in Role v12-app/hopeful (fixtures/v12-stars-that-match-nothing/manifests.yaml:13)
    get configmaps --name x --for sa/config-agent -n v15-app
      nearly by RoleBinding v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:28), Role v15-app/config-agent, rule 1: get,list,watch,create,update,delete,deletecollection configmaps "settings"
        but the rule is limited to the name "settings", not "x"
        to change that, add `x` to its resourceNames in Role v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:13)
    list configmaps --for sa/config-agent -n v15-app
      nearly by RoleBinding v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:28), Role v15-app/config-agent, rule 1: get,list,watch,create,update,delete,deletecollection configmaps "settings"
        but the rule is limited to the name "settings", and `list` without a name is about all of them
        to change that, ask about one object with `--name settings`, or add a rule without resourceNames to Role v15-app/config-agent (fixtures/v15-resource-names/manifests.yaml:13)
    get /v19/ --for sa/prober -n v19-app
      nearly by ClusterRoleBinding v19-urls (fixtures/v19-urls/manifests.yaml:26), ClusterRole v19-urls, rule 1: get /v19,/v19-health/*,/v19-debug*
        but the URL `/v19` of the rule does not match `/v19/`
        to change that, add `/v19/` to its nonResourceURLs in ClusterRole v19-urls (fixtures/v19-urls/manifests.yaml:18)
    get pods --name p --for sa/viewer -n v25-app
      nearly by RoleBinding v25-app/viewer (fixtures/v25-exec-and-node-proxy/manifests.yaml:29), Role v25-app/viewer, rule 1: get pods/exec,pods/attach,pods/portforward
        but `pods/exec` does not include `pods`
        to change that, add `pods` to its resources in Role v25-app/viewer (fixtures/v25-exec-and-node-proxy/manifests.yaml:19)
    "#);
}
