//! Rows of command lines in containers, with the requests that are refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod running;
#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use insta::assert_snapshot;
use rolecall_check::Category;
use running::{kept, refused, table};

/// Lists the requests that are refused to a container with each row of fields.
fn refused_to(rows: &[serde_json::Value]) -> String {
    rows.iter()
        .map(|row| {
            let mut container = serde_json::json!({"name": "c", "image": "x"});
            container.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
            format!("{row}\n    {}\n", refused(&container))
        })
        .collect()
}

#[test]
fn kubectl_and_helm_after_a_kubeconfig_need_nothing() {
    let silent = [
        "KUBECONFIG=/x kubectl get nodes",
        "KUBECONFIG=$(mktemp) helm list",
        "export KUBECONFIG=/x; kubectl get pods",
        "KUBECONFIG=/x\nexport KUBECONFIG\nkubectl get pods",
        "env KUBECONFIG=/x kubectl get pods",
        "aws eks update-kubeconfig --name prod && kubectl get pods && helm list",
        "gcloud container clusters get-credentials prod; kubectl get pods",
        "az aks get-credentials -n prod -g prod\nkubectl get pods",
        "doctl kubernetes cluster kubeconfig save prod; kubectl get pods",
        "kubectl config use-context prod; kubectl get pods",
        "kubectl config set-cluster c --server=$S; kubectl get pods",
        "kubectl config set-credentials u --token=$T; helm list",
        "kubectl config set-context c --cluster=c; kubectl config use c; kubectl get pods",
        "oc login https://prod; oc get pods",
        "echo $CONFIG | base64 -d > ~/.kube/config; kubectl get pods",
        "cp /secrets/config \"$HOME/.kube/config\"; kubectl get pods",
        "chmod 600 $KUBECONFIG; kubectl get pods",
        "if test -n \"$PROD\"; then export KUBECONFIG=/x; fi; for i in 1 2; do kubectl get pods; done",
    ];
    for script in silent {
        let container =
            serde_json::json!({"name": "c", "image": "x", "command": ["sh", "-c", script]});
        assert_eq!(refused(&container), "-", "{script}");
    }
    for command in [
        vec!["env", "KUBECONFIG=/x", "kubectl", "get", "pods"],
        vec!["env", "KUBECONFIG=/x", "sh", "-c", "kubectl get pods; helm list"],
    ] {
        let container = serde_json::json!({"name": "c", "image": "x", "command": command});
        assert_eq!(refused(&container), "-", "{command:?}");
    }
    let own = [
        "kubectl get pods; export KUBECONFIG=/x; kubectl get nodes",
        "kubectl get pods && aws eks update-kubeconfig --name prod",
        "kubectl --kubeconfig /x get nodes; kubectl get pods",
        "kubectl config view; kubectl get pods",
        "git config user.name robot; docker login; kubectl get pods",
        "MYKUBECONFIG=/x; kubectl get pods",
    ];
    for script in own {
        let container =
            serde_json::json!({"name": "c", "image": "x", "command": ["sh", "-c", script]});
        assert_eq!(refused(&container), "list resource \"pods\"", "{script}");
    }
}

#[test]
fn commands_that_run_commands_are_seen_through() {
    assert_snapshot!(table(&[
        "kubectl get pods -o name | xargs kubectl delete",
        "kubectl get pods -o name | xargs -r -n 1 kubectl delete pod",
        "cut -f1 | xargs -I{} kubectl annotate pod {} a=b -n kitchen",
        "xargs -I % sh -c 'kubectl delete job %'",
        "watch -n 5 kubectl get nodes",
        "bash -c \"kubectl get secrets\"",
        "sudo -E env A=B timeout 5 kubectl get nodes",
        "timeout -k 5 60s nice -n 5 sudo -u robot kubectl get nodes",
        "nice kubectl get nodes",
        "flock -w 5 /tmp/lock kubectl get nodes",
        "eval \"kubectl get pods\"",
        "trap 'kubectl delete pod lock' EXIT",
        "KUBECTL='kubectl -n kitchen'\n$KUBECTL get pods",
        "kubectl get jobs -n kitchen -o name | grep old | xargs -r kubectl delete -n kitchen",
        "kubectl get deploy -o name | xargs -I{} kubectl rollout restart {}",
    ]), @r#"
    kubectl get pods -o name | xargs kubectl delete
        delete resource "pods"; list resource "pods"
    kubectl get pods -o name | xargs -r -n 1 kubectl delete pod
        delete resource "pods"; list resource "pods"
    cut -f1 | xargs -I{} kubectl annotate pod {} a=b -n kitchen
        get resource "pods" in the namespace "kitchen"; patch resource "pods" in the namespace "kitchen"
    xargs -I % sh -c 'kubectl delete job %'
        delete resource "jobs" in API group "batch"
    watch -n 5 kubectl get nodes
        list resource "nodes" at the cluster scope
    bash -c "kubectl get secrets"
        list resource "secrets"
    sudo -E env A=B timeout 5 kubectl get nodes
        list resource "nodes" at the cluster scope
    timeout -k 5 60s nice -n 5 sudo -u robot kubectl get nodes
        list resource "nodes" at the cluster scope
    nice kubectl get nodes
        list resource "nodes" at the cluster scope
    flock -w 5 /tmp/lock kubectl get nodes
        list resource "nodes" at the cluster scope
    eval "kubectl get pods"
        list resource "pods"
    trap 'kubectl delete pod lock' EXIT
        delete resource "pods"
    KUBECTL='kubectl -n kitchen'
    $KUBECTL get pods
        list resource "pods" in the namespace "kitchen"
    kubectl get jobs -n kitchen -o name | grep old | xargs -r kubectl delete -n kitchen
        delete resource "jobs" in API group "batch" in the namespace "kitchen"; list resource "jobs" in API group "batch" in the namespace "kitchen"
    kubectl get deploy -o name | xargs -I{} kubectl rollout restart {}
        list resource "deployments" in API group "apps"; get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    "#);
}

/// With a kubeconfig, the identity is unknown.
#[test]
fn containers_that_may_be_given_a_kubeconfig_need_nothing() {
    let rows = [
        (serde_json::json!({"env": [{"name": "KUBECONFIG", "value": "/x"}]}), "-"),
        (serde_json::json!({"env": [{"name": "KUBERNETES_SERVICE_HOST", "value": "x"}]}), "-"),
        (
            serde_json::json!({"env": [{"name": "A", "value": "KUBECONFIG"}]}),
            "list resource \"pods\"",
        ),
        (serde_json::json!({"envFrom": [{"secretRef": {"name": "settings"}}]}), "-"),
        (
            serde_json::json!({"envFrom": [{"prefix": "KUBE", "secretRef": {"name": "settings"}}]}),
            "-",
        ),
        (
            serde_json::json!({"envFrom": [{"prefix": "APP_", "configMapRef": {"name": "settings"}}]}),
            "list resource \"pods\"",
        ),
        (
            serde_json::json!({"volumeMounts": [{"name": "a", "mountPath": "/home/app/.kube/"}]}),
            "-",
        ),
        (
            serde_json::json!({"volumeMounts": [{"name": "a", "mountPath": "/scripts"}]}),
            "list resource \"pods\"",
        ),
    ];
    for (fields, expected) in rows {
        let mut container =
            serde_json::json!({"name": "c", "image": "x", "command": ["kubectl", "get", "pods"]});
        container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert_eq!(refused(&container), expected, "{fields}");
    }
}

#[test]
fn scripts_are_read_as_shells_do() {
    assert_snapshot!(table(&[
        "set -e; kubectl get pods | grep web && kubectl delete pod web",
        "if kubectl get secret tls; then echo there; fi",
        "for i in 1 2; do kubectl get pods; done",
        "NAME=$(kubectl get pods -o name); echo $NAME",
        "exec /usr/bin/kubectl get pods",
        "timeout 5 kubectl get pods",
        "K=kubectl; $K get pods",
        "cat <<EOF\nkubectl get pods\nEOF\nkubectl get nodes",
        "# kubectl get pods\ntrue",
        "'kubectl get pods",
    ]), @r#"
    set -e; kubectl get pods | grep web && kubectl delete pod web
        delete resource "pods"; list resource "pods"
    if kubectl get secret tls; then echo there; fi
        get resource "secrets"
    for i in 1 2; do kubectl get pods; done
        list resource "pods"
    NAME=$(kubectl get pods -o name); echo $NAME
        list resource "pods"
    exec /usr/bin/kubectl get pods
        list resource "pods"
    timeout 5 kubectl get pods
        list resource "pods"
    K=kubectl; $K get pods
        list resource "pods"
    cat <<EOF
    kubectl get pods
    EOF
    kubectl get nodes
        list resource "nodes" at the cluster scope
    # kubectl get pods
    true
        -
    'kubectl get pods
        -
    "#);
}

#[test]
fn helm_needs_the_secrets_of_its_releases() {
    assert_snapshot!(table(&[
        "helm upgrade --install web ./chart",
        "helm upgrade web ./chart -n kitchen",
        "helm list -A",
        "helm upgrade web ./chart --history-max 0",
        "helm install web ./chart",
        "helm rollback web 1",
        "helm uninstall web",
        "helm template ./chart",
        "helm upgrade web ./chart --dry-run",
        "helm --kubeconfig k list",
        "helm repo update",
    ]), @r#"
    helm upgrade --install web ./chart
        list resource "secrets"; get resource "secrets"; create resource "secrets"; update resource "secrets"; delete resource "secrets"
    helm upgrade web ./chart -n kitchen
        list resource "secrets" in the namespace "kitchen"; get resource "secrets" in the namespace "kitchen"; create resource "secrets" in the namespace "kitchen"; update resource "secrets" in the namespace "kitchen"; delete resource "secrets" in the namespace "kitchen"
    helm list -A
        list resource "secrets" at the cluster scope
    helm upgrade web ./chart --history-max 0
        list resource "secrets"; create resource "secrets"; update resource "secrets"
    helm install web ./chart
        list resource "secrets"; create resource "secrets"; update resource "secrets"
    helm rollback web 1
        list resource "secrets"; get resource "secrets"; create resource "secrets"; update resource "secrets"
    helm uninstall web
        list resource "secrets"; get resource "secrets"; delete resource "secrets"
    helm template ./chart
        -
    helm upgrade web ./chart --dry-run
        -
    helm --kubeconfig k list
        -
    helm repo update
        -
    "#);
}

#[test]
fn requests_to_the_servers_url_need_what_they_ask() {
    let api = "https://kubernetes.default.svc";
    let bearer = "-H \"Authorization: Bearer $TOKEN\"";
    let scripts = [
        format!("curl {bearer} {api}/api/v1/namespaces/shop/pods"),
        format!("curl {bearer} '{api}/api/v1/namespaces/shop/pods?watch=1'"),
        format!("curl {bearer} {api}/api/v1/namespaces/shop/pods/web/log"),
        format!("curl -X DELETE {bearer} {api}/apis/apps/v1/namespaces/shop/deployments/web"),
        format!("curl -d @a.json {bearer} {api}/apis/batch/v1/namespaces/shop/jobs"),
        format!("curl {bearer} {api}/api/v1/nodes"),
        format!("curl {bearer} {api}/metrics"),
        format!(
            "curl {bearer} https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/nodes"
        ),
        format!("wget --header=\"Authorization: Bearer x\" -O- {api}:443/api/v1/nodes"),
        format!("curl {api}/api/v1/nodes"),
        format!("curl {bearer} https://example.com/api/v1/nodes"),
        format!("curl -X $METHOD {bearer} {api}/api/v1/nodes"),
    ];
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    assert_snapshot!(table(&scripts), @r#"
    curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/namespaces/shop/pods
        list resource "pods"
    curl -H "Authorization: Bearer $TOKEN" 'https://kubernetes.default.svc/api/v1/namespaces/shop/pods?watch=1'
        watch resource "pods"
    curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/namespaces/shop/pods/web/log
        get resource "pods/log"
    curl -X DELETE -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/apis/apps/v1/namespaces/shop/deployments/web
        delete resource "deployments" in API group "apps"
    curl -d @a.json -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/apis/batch/v1/namespaces/shop/jobs
        create resource "jobs" in API group "batch"
    curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/nodes
        list resource "nodes" at the cluster scope
    curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/metrics
        get path "/metrics"
    curl -H "Authorization: Bearer $TOKEN" https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/nodes
        list resource "nodes" at the cluster scope
    wget --header="Authorization: Bearer x" -O- https://kubernetes.default.svc:443/api/v1/nodes
        list resource "nodes" at the cluster scope
    curl https://kubernetes.default.svc/api/v1/nodes
        -
    curl -H "Authorization: Bearer $TOKEN" https://example.com/api/v1/nodes
        -
    curl -X $METHOD -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/nodes
        -
    "#);
}

/// Without a shell, words are as they stand, and the kubelet fills in variables.
#[test]
fn arguments_without_a_shell_are_words() {
    let rows = [
        serde_json::json!({"command": ["kubectl", "get", "pods"]}),
        serde_json::json!({"image": "bitnami/kubectl:1.30", "args": ["get", "pods"]}),
        serde_json::json!({"image": "alpine/helm:3", "args": ["list"]}),
        serde_json::json!({"image": "nginx", "args": ["get", "pods"]}),
        serde_json::json!({"command": ["kubectl"], "args": ["delete", "pod", "a b"]}),
        serde_json::json!({"command": ["kubectl", "get", "$(KIND)"]}),
        serde_json::json!({"command": ["kubectl", "get", "pods", "-n", "$(NS)"], "env": [
            {"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]}),
        serde_json::json!({"command": ["bash", "-c"], "args": ["kubectl get pods"]}),
    ];
    assert_snapshot!(refused_to(&rows), @r#"
    {"command":["kubectl","get","pods"]}
        list resource "pods"
    {"args":["get","pods"],"image":"bitnami/kubectl:1.30"}
        list resource "pods"
    {"args":["list"],"image":"alpine/helm:3"}
        list resource "secrets"
    {"args":["get","pods"],"image":"nginx"}
        -
    {"args":["delete","pod","a b"],"command":["kubectl"]}
        delete resource "pods"
    {"command":["kubectl","get","$(KIND)"]}
        -
    {"command":["kubectl","get","pods","-n","$(NS)"],"env":[{"name":"NS","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}}]}
        list resource "pods"
    {"args":["kubectl get pods"],"command":["bash","-c"]}
        list resource "pods"
    "#);
}

/// The manifest says what some variables are: a literal, or a field of the Pod that is known.
#[test]
fn variables_of_the_container_are_known_where_the_manifest_sets_them() {
    const ASK: &str = "kubectl get configmap endpoints -n ${NS}";
    let shell =
        |env: serde_json::Value| serde_json::json!({"command": ["sh", "-c", ASK], "env": env});
    let field = |path: &str| serde_json::json!({"fieldRef": {"fieldPath": path}});
    let rows = [
        shell(serde_json::json!([{"name": "NS", "value": "data"}])),
        serde_json::json!({"env": [{"name": "NS", "value": "data"}], "command": ["sh", "-c"], "args": [ASK]}),
        serde_json::json!({"command": ["kubectl", "get", "configmap", "$(NAME)", "-n$(NS)"],
            "env": [{"name": "NS", "value": "data"}, {"name": "NAME", "value": "endpoints"}]}),
        serde_json::json!({"command": ["sh", "-c", "NS=own; kubectl get configmap endpoints -n $NS"],
            "env": [{"name": "NS", "value": "data"}]}),
        shell(serde_json::json!([{"name": "NS", "value": "old"}, {"name": "NS", "value": "data"}])),
        shell(serde_json::json!([{"name": "NS", "valueFrom": field("metadata.namespace")}])),
        serde_json::json!({"command": ["sh", "-c", "kubectl get sa $ME"],
            "env": [{"name": "ME", "valueFrom": field("spec.serviceAccountName")}]}),
        // Known at run time only.
        shell(serde_json::json!([{"name": "NS", "valueFrom": field("metadata.name")}])),
        shell(serde_json::json!([{"name": "NS", "value": "data"},
            {"name": "NS", "valueFrom": {"secretKeyRef": {"name": "x", "key": "ns"}}}])),
        shell(serde_json::json!([{"name": "NS", "value": "$(OTHER)"}])),
        shell(serde_json::json!([{"name": "NSX", "value": "data"}])),
    ];
    assert_snapshot!(refused_to(&rows), @r#"
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","value":"data"}]}
        get resource "configmaps" in the namespace "data"
    {"args":["kubectl get configmap endpoints -n ${NS}"],"command":["sh","-c"],"env":[{"name":"NS","value":"data"}]}
        get resource "configmaps" in the namespace "data"
    {"command":["kubectl","get","configmap","$(NAME)","-n$(NS)"],"env":[{"name":"NS","value":"data"},{"name":"NAME","value":"endpoints"}]}
        get resource "configmaps" in the namespace "data"
    {"command":["sh","-c","NS=own; kubectl get configmap endpoints -n $NS"],"env":[{"name":"NS","value":"data"}]}
        get resource "configmaps" in the namespace "own"
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","value":"old"},{"name":"NS","value":"data"}]}
        get resource "configmaps" in the namespace "data"
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}}]}
        get resource "configmaps"
    {"command":["sh","-c","kubectl get sa $ME"],"env":[{"name":"ME","valueFrom":{"fieldRef":{"fieldPath":"spec.serviceAccountName"}}}]}
        get resource "serviceaccounts"
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}
        get resource "configmaps" in any namespace
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","value":"data"},{"name":"NS","valueFrom":{"secretKeyRef":{"key":"ns","name":"x"}}}]}
        get resource "configmaps" in any namespace
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NS","value":"$(OTHER)"}]}
        get resource "configmaps" in any namespace
    {"command":["sh","-c","kubectl get configmap endpoints -n ${NS}"],"env":[{"name":"NSX","value":"data"}]}
        get resource "configmaps" in any namespace
    "#);
}

/// An error in one part of `rolecall.dev/needs` does not hide the other parts.
#[test]
fn declared_needs_are_judged_one_by_one() {
    let rows = [
        ("get,list pods", "RC304"),
        ("frob; get,list pods", "RC304 RC305"),
        ("get,list pods; get podz; get pods a in b c", "RC304 RC305 RC305"),
        ("frob; frob", "RC305"),
        ("frob; create selfsubjectaccessreviews.authorization.k8s.io", "RC305"),
    ];
    for (declared, expected) in rows {
        let pod = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "tool", "namespace": "shop",
                "annotations": {"rolecall.dev/needs": declared}},
            "spec": {"containers": [{"name": "c", "image": "x"}]},
        });
        let mut findings = support::findings_of(&pod.to_string());
        findings.retain(|finding| finding.rule.category == Category::Denied);
        let mut codes: Vec<String> =
            findings.iter().map(|finding| finding.rule.code.to_string()).collect();
        codes.sort_unstable();
        assert_eq!(codes.join(" "), expected, "{declared}");
        let requests = findings.iter().filter_map(|finding| finding.denied.as_ref());
        let refused: usize = requests.map(|denied| denied.requests.len()).sum();
        assert_eq!(refused, if expected.starts_with("RC304") { 2 } else { 0 }, "{declared}");
    }
}

/// Whatever may be secret is not written, whether it looks so or not.
#[test]
fn a_snapshot_keeps_only_what_decides_access() {
    let secret = "S3cret";
    let nothing = [
        vec!["app", "-pS3cret"],
        vec!["mysql", "-pS3cret"],
        vec!["redis-cli", "-a", "S3cret", "ping"],
        vec!["sshpass", "-p", "S3cret", "ssh", "x"],
        vec!["app", "-a", "S3cret"],
        vec!["app", "--basic-auth=me:S3cret"],
        vec!["app", "ghp_S3cret"],
        vec!["sh", "-c", "echo S3cret | docker login --password-stdin"],
        vec!["sh", "-c", "cat > /x <<EOF\npassword: S3cret\nEOF\nrun"],
        vec!["sh", "-c", "curl https://me:S3cret@example.com/x"],
        vec!["sh", "-c", "curl -H 'X-Key: S3cret' https://kubernetes.default/api"],
    ];
    for command in nothing {
        assert_eq!(kept(&command), Vec::<String>::new(), "{command:?}");
    }
    let lines = [
        ("kubectl get pods -n shop; redis-cli -a S3cret", "kubectl get pods --namespace=shop"),
        ("PASSWORD=S3cret kubectl get pod $POD", "kubectl get pod ${POD}"),
        ("kubectl --token=S3cret get pods", "kubectl get pods --token=REDACTED"),
        ("kubectl -s https://me:S3cret@x get pods", "kubectl get pods --server=REDACTED"),
        ("kubectl apply -f https://me:S3cret@x/a.yaml", "kubectl apply --filename=REDACTED"),
        (
            "kubectl create secret generic db --from-literal=password=S3cret",
            "kubectl create secret generic db",
        ),
        (
            "kubectl create secret docker-registry db --docker-password S3cret",
            "kubectl create secret docker-registry db",
        ),
        ("kubectl set env deploy/web KEY=S3cret", "kubectl set env deploy/web KEY=REDACTED"),
        ("kubectl annotate pod web note=S3cret", "kubectl annotate pod web note=REDACTED"),
        (
            "kubectl patch secret db -p '{\"stringData\":{\"a\":\"S3cret\"}}'",
            "kubectl patch secret db",
        ),
        ("kubectl exec web -- redis-cli -a S3cret", "kubectl exec web"),
        ("kubectl run web --image=x --env=A=S3cret -- app S3cret", "kubectl run web"),
        ("kubectl config set-credentials me --token=S3cret", "kubectl"),
        ("kubectl config set users.me.token S3cret", "kubectl"),
        ("oc login -u me -p S3cret https://x", "oc"),
        (
            "kubectl get --raw '/api/v1/pods?watch=1&token=S3cret'",
            "kubectl get '--raw=/api/v1/pods?watch=1'",
        ),
        (
            "kubectl proxy --address 0.0.0.0 --accept-hosts S3cret",
            "kubectl proxy --address=0.0.0.0",
        ),
        ("kubectl get pods -l pass=S3cret", "kubectl get pods --selector=REDACTED"),
        ("helm upgrade -n shop web ./chart --set password=S3cret", "helm upgrade -n shop"),
        ("helm --kube-token S3cret list", "helm list --kube-token=REDACTED"),
        (
            "curl -d S3cret -H \"Authorization: Bearer S3cret\" 'https://kubernetes.default.svc/api/v1/pods?x=S3cret'",
            "curl -X POST -H 'Authorization: Bearer REDACTED' https://kubernetes.default.svc/api/v1/pods",
        ),
        (
            "kubectl apply -f - <<EOF\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: S3cret}\nEOF",
            "kubectl apply --filename=- <<EOF\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n---\nEOF",
        ),
        ("KUBECONFIG=S3cret kubectl get pods", "env KUBECONFIG=REDACTED kubectl get pods"),
    ];
    for (script, expected) in lines {
        let found = kept(&["sh", "-c", script]);
        assert_eq!(found, ["sh", "-c", expected], "{script}");
        assert!(!found.concat().contains(secret), "{script}");
    }
}

#[test]
fn helm_as_somebody_else_needs_impersonation() {
    assert_snapshot!(table(&[
        "helm --kube-as-user jane list",
        "helm list --kube-as-user=jane --kube-as-group=dev",
        "helm list --kube-as-group=dev",
        "helm --kube-as-user system:serviceaccount:shop:web status web",
    ]), @r#"
    helm --kube-as-user jane list
        impersonate resource "users" at the cluster scope
    helm list --kube-as-user=jane --kube-as-group=dev
        impersonate resource "users" at the cluster scope; impersonate resource "groups" at the cluster scope
    helm list --kube-as-group=dev
        -
    helm --kube-as-user system:serviceaccount:shop:web status web
        impersonate resource "serviceaccounts"
    "#);
}
