//! Lists and pod specs of every kind.

use super::check;

#[test]
fn objects_in_every_kind_of_list_are_found() {
    let items = "items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: a}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: inner}}
";
    let json = r#"{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{},"items":[
{"metadata":{"name":"b","namespace":"x"},"roleRef":{"kind":"Role","name":"r"},"subjects":null},
{"metadata":{"name":"c","namespace":"x"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"u"}]}]}"#;
    let late = r#"{"items":[{"metadata":{"name":"late"},"rules":[{"verbs":["get"]}]}],"kind":"ClusterRoleList","apiVersion":"rbac.authorization.k8s.io/v1beta1"}"#;
    check(
        &[
            ("list.yaml", &format!("apiVersion: v1\nkind: List\n{items}")),
            (
                "roles.yaml",
                "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: RoleList\nitems:\n- metadata: {name: typed}\n  rules: null\n",
            ),
            ("typed.json", json),
            ("late.json", late),
            (
                "lines.json",
                "{\"kind\":\"ServiceAccount\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"one\"}}\n{\"rules\":[],\"metadata\":{\"name\":\"two\"},\"kind\":\"Role\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\"}\n",
            ),
            (
                "array.json",
                "[{\"kind\":\"ServiceAccount\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"array\"}}]",
            ),
            (
                "json.yaml",
                "{\"kind\":\"ServiceAccount\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"json\"}}\n",
            ),
            ("flow.yaml", "{kind: ServiceAccount, apiVersion: v1, metadata: {name: flow}}\n"),
        ],
        "ClusterRole /late late.json:1 [get]
         Role default/a list.yaml:4 []
         Role default/two lines.json:2 []
         Role default/typed roles.yaml:4 []
         RoleBinding x/b typed.json:2 Role r <-
         RoleBinding x/c typed.json:3 Role r <- User /u
         ServiceAccount default/array array.json:1
         ServiceAccount default/flow flow.yaml:1
         ServiceAccount default/inner list.yaml:10
         ServiceAccount default/json json.yaml:1
         ServiceAccount default/one lines.json:1",
    );
}

#[test]
fn pod_specs_of_every_kind_are_found() {
    check(
        &[(
            "a.yaml",
            "apiVersion: v1
kind: Pod
metadata: {generateName: p-}
spec: {serviceAccount: alias, containers: [{name: c, image: i}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {template: {metadata: {annotations: {rolecall.dev/needs: x}}, spec: {serviceAccountName: web, serviceAccount: old}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec: {templates: [{name: a}, {serviceAccountName: step}]}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: cw}
spec: {workflowSpec: {}}
---
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: t}
spec: {pytorchReplicaSpecs: {Master: {template: {spec: {serviceAccountName: m}}}, Worker: {template: {spec: {}}}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: custom}
spec: {pods: [{podTemplate: {serviceAccountName: z, containers: [{name: c, image: i}]}}]}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: none}
spec: {containers: [{name: c}]}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: k}
spec: {}
",
        )],
        "CronJob default/c a.yaml:11 .spec.jobTemplate.spec.template.spec=default
         CronWorkflow default/cw a.yaml:21 .spec=default
         Deployment default/d a.yaml:6 .spec.template.spec=web
         Kafka default/k a.yaml:41 .spec=k-kafka
         Pod default/p- a.yaml:1 .spec=alias
         PyTorchJob default/t a.yaml:26 .spec.pytorchReplicaSpecs.Master.template.spec=m .spec.pytorchReplicaSpecs.Worker.template.spec=default
         Widget default/custom a.yaml:31 .spec.pods[0].podTemplate=z
         Workflow default/w a.yaml:16 .spec.templates[1]=step",
    );
}
