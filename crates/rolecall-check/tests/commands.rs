//! What containers run, as rows: a command line, and what its ServiceAccount is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use insta::assert_snapshot;
use rolecall_check::Category;

/// Returns what a container that runs so is refused, one request after the other.
fn refused(container: &serde_json::Value) -> String {
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "tool", "namespace": "shop"},
        "spec": {"serviceAccountName": "tool", "containers": [container]},
    });
    let account = serde_json::json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "tool", "namespace": "shop"},
    });
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [account, pod]});
    let findings = support::findings_of(&list.to_string());
    let denied = findings.into_iter().filter(|finding| finding.rule.category == Category::Denied);
    let requests = denied.filter_map(|finding| finding.denied).flat_map(|denied| denied.requests);
    let said: Vec<String> = requests
        .map(|request| {
            let text = request.to_string();
            text.replace(" in API group \"\"", "").replace(" in the namespace \"shop\"", "")
        })
        .collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}

/// Writes each script, run by a shell, with what it is refused.
fn table(scripts: &[&str]) -> String {
    let rows = scripts.iter().map(|script| {
        let container =
            serde_json::json!({"name": "c", "image": "x", "command": ["/bin/sh", "-ec", script]});
        format!("{script}\n    {}\n", refused(&container))
    });
    rows.collect()
}

#[test]
fn kubectl_needs_what_its_command_line_says() {
    assert_snapshot!(table(&[
        "kubectl annotate node n1 a=b",
        "kubectl annotate pods -l app=web a=b",
        "kubectl label pods --all app=web",
        "kubectl label pod web --list",
        "kubectl label pods app=web",
        "kubectl api-resources",
        "kubectl api-versions",
        "kubectl apply -f https://example.com/a.yaml",
        "kubectl apply --server-side -f a.yaml",
        "kubectl apply --prune -l app=web -f a.yaml",
        "kubectl apply view-last-applied deployment/web",
        "kubectl apply edit-last-applied deployment web",
        "kubectl attach web -c app",
        "kubectl auth can-i list pods",
        "kubectl auth reconcile -f rbac.yaml",
        "kubectl auth whoami",
        "kubectl autoscale deployment web --max=3",
        "kubectl certificate approve web-csr",
        "kubectl certificate deny csr/web-csr other",
        "kubectl cluster-info",
        "kubectl completion bash",
        "kubectl config view",
        "kubectl cordon n1",
        "kubectl uncordon -l pool=a",
        "kubectl cp web:/tmp/a a",
        "kubectl cp ./a kitchen/web:/tmp -c app",
        "kubectl cp a b",
        "kubectl create configmap settings --from-literal=a=b",
        "kubectl create deployment web --image=web:1",
        "kubectl create job now --from=cronjob/nightly",
        "kubectl create priorityclass p --value=1",
        "kubectl create secret generic tls --from-file=a",
        "kubectl create service clusterip web --tcp=80",
        "kubectl create token robot",
        "kubectl create -f a.yaml",
        "kubectl create --raw /api/v1/namespaces/shop/pods -f pod.json",
        "kubectl debug web --image=busybox",
        "kubectl debug -it web --image=busybox --target=app",
        "kubectl debug web --copy-to=web-debug --image=busybox",
        "kubectl debug node/n1 --image=busybox",
        "kubectl delete job --all",
        "kubectl delete pods -l app=web --wait=false",
        "kubectl delete job old",
        "kubectl delete -f a.yaml",
        "kubectl describe pods",
        "kubectl --namespace=kitchen describe secret tls",
        "kubectl diff -f a.yaml",
        "kubectl drain n1 --ignore-daemonsets",
        "kubectl drain n1 --disable-eviction",
        "kubectl edit deployment web",
        "kubectl events",
        "kubectl events --for pod/web --watch -n kitchen",
        "kubectl exec web -- ls",
        "kubectl exec -i deploy/web -c app -- sh",
        "kubectl exec $POD -- ls",
        "kubectl explain pods",
        "kubectl expose deployment web --port=80",
        "kubectl get pods",
        "kubectl get po,svc -n kitchen",
        "kubectl get pod web -o yaml",
        "kubectl get pod $POD",
        "kubectl get pods --all-namespaces --watch",
        "kubectl get pods --field-selector=metadata.name=web",
        "kubectl get pod web --subresource=status",
        "kubectl get nodes",
        "kubectl -n kitchen get deploy/web",
        "kubectl get all",
        "kubectl get --raw /metrics",
        "kubectl get -f a.yaml",
        "kubectl get pods $EXTRA_ARGS",
        "kubectl kustomize .",
        "kubectl logs web",
        "kubectl logs -f deploy/web",
        "kubectl logs -l app=web --prefix",
        "kubectl options",
        "kubectl patch service web -p '{}'",
        "kubectl patch deployment web --subresource=status --type=merge -p '{}'",
        "kubectl plugin list",
        "kubectl port-forward svc/web 8080:80",
        "kubectl proxy --port=8001",
        "kubectl replace --force -f a.yaml",
        "kubectl rollout history deployment/web",
        "kubectl rollout pause deployment/web",
        "kubectl rollout restart deployment web",
        "kubectl rollout restart deployment",
        "kubectl rollout resume deployment/web",
        "kubectl rollout status deployment/web",
        "kubectl rollout undo deployment/web",
        "kubectl rollout undo ds/agent --to-revision=3",
        "kubectl run web --image=web:1",
        "kubectl run web --image=web:1 -it --rm --restart=Never -- sh",
        "kubectl scale deployment/web --replicas=3",
        "kubectl scale deployment web --current-replicas=2 --replicas=3",
        "kubectl scale deployment --all --replicas=0",
        "kubectl set env deployment/web A=B",
        "kubectl set env deployment/web --list",
        "kubectl set image deployment/web web=web:2",
        "kubectl set image deployments web=web:2 --all",
        "kubectl set resources deployment web --limits=cpu=1",
        "kubectl set selector service web app=web",
        "kubectl set serviceaccount deployment web robot",
        "kubectl set subject rolebinding web --user=jane",
        "kubectl taint nodes n1 a=b:NoSchedule",
        "kubectl top pods",
        "kubectl top node n1",
        "kubectl version",
        "kubectl wait --for=condition=ready pod -l app=web",
        "kubectl wait --for=delete pod/web --timeout=60s",
    ]), @r#"
    kubectl annotate node n1 a=b
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope
    kubectl annotate pods -l app=web a=b
        list resource "pods"; patch resource "pods"
    kubectl label pods --all app=web
        list resource "pods"; patch resource "pods"
    kubectl label pod web --list
        get resource "pods"
    kubectl label pods app=web
        -
    kubectl api-resources
        -
    kubectl api-versions
        -
    kubectl apply -f https://example.com/a.yaml
        -
    kubectl apply --server-side -f a.yaml
        -
    kubectl apply --prune -l app=web -f a.yaml
        -
    kubectl apply view-last-applied deployment/web
        get resource "deployments" in API group "apps"
    kubectl apply edit-last-applied deployment web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl attach web -c app
        get resource "pods"; create resource "pods/attach"
    kubectl auth can-i list pods
        -
    kubectl auth reconcile -f rbac.yaml
        -
    kubectl auth whoami
        -
    kubectl autoscale deployment web --max=3
        get resource "deployments" in API group "apps"; create resource "horizontalpodautoscalers" in API group "autoscaling"
    kubectl certificate approve web-csr
        get resource "certificatesigningrequests" in API group "certificates.k8s.io" at the cluster scope; update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope; approve resource "signers" in API group "certificates.k8s.io" at the cluster scope
    kubectl certificate deny csr/web-csr other
        get resource "certificatesigningrequests" in API group "certificates.k8s.io" at the cluster scope; update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope; get resource "certificatesigningrequests" in API group "certificates.k8s.io" at the cluster scope; update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope; approve resource "signers" in API group "certificates.k8s.io" at the cluster scope
    kubectl cluster-info
        list resource "services" in the namespace "kube-system"
    kubectl completion bash
        -
    kubectl config view
        -
    kubectl cordon n1
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope
    kubectl uncordon -l pool=a
        list resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope
    kubectl cp web:/tmp/a a
        get resource "pods"; create resource "pods/exec"
    kubectl cp ./a kitchen/web:/tmp -c app
        get resource "pods" in the namespace "kitchen"; create resource "pods/exec" in the namespace "kitchen"
    kubectl cp a b
        -
    kubectl create configmap settings --from-literal=a=b
        create resource "configmaps"
    kubectl create deployment web --image=web:1
        create resource "deployments" in API group "apps"
    kubectl create job now --from=cronjob/nightly
        get resource "cronjobs" in API group "batch"; create resource "jobs" in API group "batch"
    kubectl create priorityclass p --value=1
        create resource "priorityclasses" in API group "scheduling.k8s.io" at the cluster scope
    kubectl create secret generic tls --from-file=a
        create resource "secrets"
    kubectl create service clusterip web --tcp=80
        create resource "services"
    kubectl create token robot
        create resource "serviceaccounts/token"
    kubectl create -f a.yaml
        -
    kubectl create --raw /api/v1/namespaces/shop/pods -f pod.json
        create resource "pods"
    kubectl debug web --image=busybox
        get resource "pods"; patch resource "pods/ephemeralcontainers"
    kubectl debug -it web --image=busybox --target=app
        get resource "pods"; patch resource "pods/ephemeralcontainers"; list resource "pods"; watch resource "pods"; create resource "pods/attach"
    kubectl debug web --copy-to=web-debug --image=busybox
        get resource "pods"; create resource "pods"
    kubectl debug node/n1 --image=busybox
        get resource "nodes" at the cluster scope; create resource "pods"
    kubectl delete job --all
        list resource "jobs" in API group "batch"; delete resource "jobs" in API group "batch"
    kubectl delete pods -l app=web --wait=false
        list resource "pods"; delete resource "pods"
    kubectl delete job old
        delete resource "jobs" in API group "batch"
    kubectl delete -f a.yaml
        -
    kubectl describe pods
        list resource "pods"
    kubectl --namespace=kitchen describe secret tls
        get resource "secrets" in the namespace "kitchen"
    kubectl diff -f a.yaml
        -
    kubectl drain n1 --ignore-daemonsets
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope; list resource "pods" at the cluster scope; create resource "pods/eviction"; get resource "pods"
    kubectl drain n1 --disable-eviction
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope; list resource "pods" at the cluster scope; delete resource "pods"; get resource "pods"
    kubectl edit deployment web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl events
        list resource "events"
    kubectl events --for pod/web --watch -n kitchen
        list resource "events" in the namespace "kitchen"; watch resource "events" in the namespace "kitchen"
    kubectl exec web -- ls
        get resource "pods"; create resource "pods/exec"
    kubectl exec -i deploy/web -c app -- sh
        get resource "deployments" in API group "apps"; list resource "pods"; create resource "pods/exec"
    kubectl exec $POD -- ls
        create resource "pods/exec"
    kubectl explain pods
        -
    kubectl expose deployment web --port=80
        get resource "deployments" in API group "apps"; create resource "services"
    kubectl get pods
        list resource "pods"
    kubectl get po,svc -n kitchen
        list resource "pods" in the namespace "kitchen"; list resource "services" in the namespace "kitchen"
    kubectl get pod web -o yaml
        get resource "pods"
    kubectl get pod $POD
        get resource "pods"
    kubectl get pods --all-namespaces --watch
        list resource "pods" at the cluster scope; watch resource "pods" at the cluster scope
    kubectl get pods --field-selector=metadata.name=web
        list resource "pods"
    kubectl get pod web --subresource=status
        get resource "pods/status"
    kubectl get nodes
        list resource "nodes" at the cluster scope
    kubectl -n kitchen get deploy/web
        get resource "deployments" in API group "apps" in the namespace "kitchen"
    kubectl get all
        list resource "pods"; list resource "replicationcontrollers"; list resource "services"; list resource "daemonsets" in API group "apps"; list resource "deployments" in API group "apps"; list resource "replicasets" in API group "apps"; list resource "statefulsets" in API group "apps"; list resource "horizontalpodautoscalers" in API group "autoscaling"; list resource "cronjobs" in API group "batch"; list resource "jobs" in API group "batch"
    kubectl get --raw /metrics
        get path "/metrics"
    kubectl get -f a.yaml
        -
    kubectl get pods $EXTRA_ARGS
        -
    kubectl kustomize .
        -
    kubectl logs web
        get resource "pods"; get resource "pods/log"
    kubectl logs -f deploy/web
        get resource "deployments" in API group "apps"; list resource "pods"; get resource "pods/log"
    kubectl logs -l app=web --prefix
        list resource "pods"; get resource "pods/log"
    kubectl options
        -
    kubectl patch service web -p '{}'
        get resource "services"; patch resource "services"
    kubectl patch deployment web --subresource=status --type=merge -p '{}'
        get resource "deployments/status" in API group "apps"; patch resource "deployments/status" in API group "apps"
    kubectl plugin list
        -
    kubectl port-forward svc/web 8080:80
        get resource "services"; list resource "pods"; create resource "pods/portforward"
    kubectl proxy --port=8001
        -
    kubectl replace --force -f a.yaml
        -
    kubectl rollout history deployment/web
        get resource "deployments" in API group "apps"; list resource "replicasets" in API group "apps"
    kubectl rollout pause deployment/web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl rollout restart deployment web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl rollout restart deployment
        list resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl rollout resume deployment/web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl rollout status deployment/web
        get resource "deployments" in API group "apps"; list resource "deployments" in API group "apps"; watch resource "deployments" in API group "apps"
    kubectl rollout undo deployment/web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"; list resource "replicasets" in API group "apps"
    kubectl rollout undo ds/agent --to-revision=3
        get resource "daemonsets" in API group "apps"; patch resource "daemonsets" in API group "apps"; list resource "controllerrevisions" in API group "apps"
    kubectl run web --image=web:1
        create resource "pods"
    kubectl run web --image=web:1 -it --rm --restart=Never -- sh
        create resource "pods"; list resource "pods"; watch resource "pods"; create resource "pods/attach"; delete resource "pods"
    kubectl scale deployment/web --replicas=3
        get resource "deployments" in API group "apps"; patch resource "deployments/scale" in API group "apps"
    kubectl scale deployment web --current-replicas=2 --replicas=3
        get resource "deployments" in API group "apps"; get resource "deployments/scale" in API group "apps"; update resource "deployments/scale" in API group "apps"
    kubectl scale deployment --all --replicas=0
        list resource "deployments" in API group "apps"; patch resource "deployments/scale" in API group "apps"
    kubectl set env deployment/web A=B
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl set env deployment/web --list
        get resource "deployments" in API group "apps"
    kubectl set image deployment/web web=web:2
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl set image deployments web=web:2 --all
        list resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl set resources deployment web --limits=cpu=1
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl set selector service web app=web
        get resource "services"; patch resource "services"
    kubectl set serviceaccount deployment web robot
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl set subject rolebinding web --user=jane
        -
    kubectl taint nodes n1 a=b:NoSchedule
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope
    kubectl top pods
        list resource "pods" in API group "metrics.k8s.io"
    kubectl top node n1
        get resource "nodes" in API group "metrics.k8s.io" at the cluster scope; get resource "nodes" at the cluster scope
    kubectl version
        -
    kubectl wait --for=condition=ready pod -l app=web
        list resource "pods"; watch resource "pods"
    kubectl wait --for=delete pod/web --timeout=60s
        get resource "pods"; list resource "pods"; watch resource "pods"
    "#);
}

#[test]
fn kubectl_that_is_somebody_else_or_somewhere_else_needs_nothing() {
    assert_snapshot!(table(&[
        "kubectl --kubeconfig /etc/k get pods",
        "kubectl --token $TOKEN get pods",
        "kubectl --server https://other get pods",
        "kubectl --context prod get pods",
        "kubectl config view",
        "kubectl kustomize .",
        "kubectl apply --dry-run=client -f a.yaml",
        "echo kubectl get pods",
        "kubectl get $KIND",
        "kubectl get pods -n $NAMESPACE",
        "kubectl frobnicate pods",
        "kubectl get widgets",
        "kubectl",
    ]), @r#"
    kubectl --kubeconfig /etc/k get pods
        -
    kubectl --token $TOKEN get pods
        -
    kubectl --server https://other get pods
        -
    kubectl --context prod get pods
        -
    kubectl config view
        -
    kubectl kustomize .
        -
    kubectl apply --dry-run=client -f a.yaml
        -
    echo kubectl get pods
        -
    kubectl get $KIND
        -
    kubectl get pods -n $NAMESPACE
        list resource "pods"
    kubectl frobnicate pods
        -
    kubectl get widgets
        -
    kubectl
        -
    "#);
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

/// OpenShift's oc has kubectl's commands, but for a few that do something else.
#[test]
fn oc_is_kubectl_where_it_is() {
    assert_snapshot!(table(&[
        "oc get pods",
        "oc login https://other; oc get pods",
        "oc whoami",
        "oc project kitchen",
        "oc new-app web",
        "oc get routes",
        "oc debug deployment/web",
        "oc expose service web",
        "oc rollout latest dc/web",
        "oc adm policy who-can get pods",
    ]), @r#"
    oc get pods
        list resource "pods"
    oc login https://other; oc get pods
        -
    oc whoami
        -
    oc project kitchen
        -
    oc new-app web
        -
    oc get routes
        -
    oc debug deployment/web
        -
    oc expose service web
        -
    oc rollout latest dc/web
        -
    oc adm policy who-can get pods
        -
    "#);
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
    ]), @r#"
    kubectl get pods -o name | xargs kubectl delete
        list resource "pods"
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
    "#);
}

/// Who has a kubeconfig may be somebody else, and then nothing is known.
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
        (serde_json::json!({"volumeMounts": [{"name": "a", "mountPath": "/root/.kube/"}]}), "-"),
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
        "helm uninstall web",
        "helm template ./chart",
        "helm upgrade web ./chart --dry-run",
        "helm --kubeconfig k list",
        "helm repo update",
    ]), @r#"
    helm upgrade --install web ./chart
        list resource "secrets"; create resource "secrets"; update resource "secrets"
    helm upgrade web ./chart -n kitchen
        list resource "secrets" in the namespace "kitchen"; create resource "secrets" in the namespace "kitchen"; update resource "secrets" in the namespace "kitchen"
    helm list -A
        list resource "secrets" at the cluster scope
    helm uninstall web
        list resource "secrets"; delete resource "secrets"
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
    let said: String = rows
        .iter()
        .map(|row| {
            let mut container = serde_json::json!({"name": "c", "image": "x"});
            container.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
            format!("{row}\n    {}\n", refused(&container))
        })
        .collect();
    assert_snapshot!(said, @r#"
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

/// What is wrong in one part of `rolecall.dev/needs` hides nothing that the others say.
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
        let mut codes: Vec<&str> = findings.iter().map(|finding| finding.rule.code).collect();
        codes.sort_unstable();
        assert_eq!(codes.join(" "), expected, "{declared}");
        let requests = findings.iter().filter_map(|finding| finding.denied.as_ref());
        let refused: usize = requests.map(|denied| denied.requests.len()).sum();
        assert_eq!(refused, if expected.starts_with("RC304") { 2 } else { 0 }, "{declared}");
    }
}

/// The commands that a finding suggests grant all that it is about.
#[test]
fn hints_mend_every_refused_request() {
    let rows = [
        (
            "kubectl rollout undo deployment/web",
            "grant it: `rolecall fix get,patch deployments.apps --name web -n shop --for sa/shop:tool --out-dir rbac` and \
             `rolecall fix list replicasets.apps -n shop --for sa/shop:tool --out-dir rbac`",
        ),
        (
            "kubectl exec web -n kitchen -- ls",
            "grant it: `rolecall fix get pods --name web -n kitchen --for sa/shop:tool --out-dir rbac` and \
             `rolecall fix create pods/exec --name web -n kitchen --for sa/shop:tool --out-dir rbac`",
        ),
        (
            "kubectl get nodes -w",
            "grant it: `rolecall fix list,watch nodes -A --for sa/shop:tool --out-dir rbac`",
        ),
        (
            "helm list",
            "grant it: `rolecall fix list secrets -n shop --for sa/shop:tool --out-dir rbac`",
        ),
        (
            "kubectl get --raw /metrics",
            "grant it: `rolecall fix get /metrics -A --for sa/shop:tool --out-dir rbac`",
        ),
    ];
    for (script, expected) in rows {
        let pod = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "tool", "namespace": "shop"},
            "spec": {"serviceAccountName": "tool",
                "containers": [{"name": "c", "image": "x", "command": ["sh", "-c", script]}]},
        });
        let mut findings = support::findings_of(&pod.to_string());
        findings.retain(|finding| finding.rule.category == Category::Denied);
        let fixes: Vec<&str> = findings.iter().map(|finding| &*finding.fix).collect();
        assert_eq!(fixes, [expected], "{script}");
    }
}
