//! Every command of kubectl, with what its ServiceAccount is refused: seen in the requests that kubectl
//! 1.32 sends.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod running;
#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use insta::assert_snapshot;
use running::table;

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
        "kubectl create clusterrole all --aggregation-rule=tier=front",
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
        "kubectl set env deployment/web --from=secret/tls",
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
    kubectl create clusterrole all --aggregation-rule=tier=front
        create resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope; escalate resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope
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
        list resource "pods"; get resource "pods"
    kubectl --namespace=kitchen describe secret tls
        get resource "secrets" in the namespace "kitchen"
    kubectl diff -f a.yaml
        -
    kubectl drain n1 --ignore-daemonsets
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope; list resource "pods" at the cluster scope; get resource "daemonsets" in API group "apps" at the cluster scope; create resource "pods/eviction" at the cluster scope; get resource "pods" at the cluster scope
    kubectl drain n1 --disable-eviction
        get resource "nodes" at the cluster scope; patch resource "nodes" at the cluster scope; list resource "pods" at the cluster scope; get resource "daemonsets" in API group "apps" at the cluster scope; delete resource "pods" at the cluster scope; get resource "pods" at the cluster scope
    kubectl edit deployment web
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"
    kubectl events
        list resource "events"
    kubectl events --for pod/web --watch -n kitchen
        watch resource "events" in the namespace "kitchen"
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
        get resource "services"; list resource "pods"; get resource "pods"; create resource "pods/portforward"
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
    kubectl set env deployment/web --from=secret/tls
        get resource "deployments" in API group "apps"; patch resource "deployments" in API group "apps"; get resource "secrets"
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
        get resource "rolebindings" in API group "rbac.authorization.k8s.io"; patch resource "rolebindings" in API group "rbac.authorization.k8s.io"
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
        list resource "pods" in any namespace
    kubectl frobnicate pods
        -
    kubectl get widgets
        -
    kubectl
        -
    "#);
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
fn connecting_to_the_pod_of_something_else_reads_that_pod_only_to_forward_a_port() {
    assert_snapshot!(table(&[
        "kubectl port-forward svc/web 80",
        "kubectl port-forward deploy/web 80 -n kitchen",
        "kubectl port-forward pod/web 80",
        "kubectl port-forward web 80",
        "kubectl attach deploy/web",
    ]), @r#"
    kubectl port-forward svc/web 80
        get resource "services"; list resource "pods"; get resource "pods"; create resource "pods/portforward"
    kubectl port-forward deploy/web 80 -n kitchen
        get resource "deployments" in API group "apps" in the namespace "kitchen"; list resource "pods" in the namespace "kitchen"; get resource "pods" in the namespace "kitchen"; create resource "pods/portforward" in the namespace "kitchen"
    kubectl port-forward pod/web 80
        get resource "pods"; create resource "pods/portforward"
    kubectl port-forward web 80
        get resource "pods"; create resource "pods/portforward"
    kubectl attach deploy/web
        get resource "deployments" in API group "apps"; list resource "pods"; create resource "pods/attach"
    "#);
}

#[test]
fn waiting_for_an_object_to_be_created_takes_one_get() {
    assert_snapshot!(table(&[
        "kubectl wait --for=create pod/web",
        "kubectl wait --for create deploy web --timeout=10s",
        "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web",
    ]), @r#"
    kubectl wait --for=create pod/web
        get resource "pods"
    kubectl wait --for create deploy web --timeout=10s
        get resource "deployments" in API group "apps"
    kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web
        get resource "pods"; list resource "pods"; watch resource "pods"
    "#);
}

#[test]
fn impersonation_is_a_need_in_either_form() {
    assert_snapshot!(table(&[
        "kubectl get pods --as jane",
        "kubectl get pods --as=jane --as-group=devs --as-group=ops",
        "kubectl get pods --as system:serviceaccount:kitchen:cook",
        "kubectl get pods --as jane --as-uid 7 --as-user-extra scopes=a",
        "kubectl --as $WHO get pods",
        "kubectl apply -f a.yaml --as jane",
    ]), @r#"
    kubectl get pods --as jane
        impersonate resource "users" at the cluster scope
    kubectl get pods --as=jane --as-group=devs --as-group=ops
        impersonate resource "users" at the cluster scope; impersonate resource "groups" at the cluster scope; impersonate resource "groups" at the cluster scope
    kubectl get pods --as system:serviceaccount:kitchen:cook
        impersonate resource "serviceaccounts" in the namespace "kitchen"
    kubectl get pods --as jane --as-uid 7 --as-user-extra scopes=a
        impersonate resource "users" at the cluster scope; impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope; impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope
    kubectl --as $WHO get pods
        impersonate resource "users" at the cluster scope
    kubectl apply -f a.yaml --as jane
        impersonate resource "users" at the cluster scope
    "#);
}
