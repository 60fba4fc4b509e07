//! Parts of a server other than RBAC that refuse requests or change its resources: admission,
//! namespaces that are being deleted, extension API servers, custom resources, streams.

use serde_json::json;

use super::Scenario;
use super::invocation::Ran;
use super::world::World;
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "terminating-namespace",
        claim: "a refusal in a namespace that is being deleted is not explained by RBAC",
        run: terminating,
        since: 20,
    },
    Scenario {
        name: "pod-security",
        claim: "a refusal by Pod Security is not explained by RBAC",
        run: pod_security,
        since: 25,
    },
    Scenario {
        name: "admission-policy",
        claim: "a refusal by a ValidatingAdmissionPolicy is not explained by RBAC",
        run: admission_policy,
        since: 30,
    },
    Scenario {
        name: "extension-server-down",
        claim: "an API group whose server is down is reported, and leaves other answers as they are",
        run: extension_server_down,
        since: 20,
    },
    Scenario {
        name: "custom-subresources",
        claim: "subresources of custom resources are granted by `fix` and authorized by the server",
        run: custom_subresources,
        since: 20,
    },
    Scenario {
        name: "streams",
        claim: "the Role for a refused exec or attach is sufficient, over websockets and SPDY",
        run: streams,
        since: 20,
    },
    Scenario {
        name: "selectors",
        claim: "a review with a field or label selector gets the server's verdict",
        run: selectors,
        since: 31,
    },
];

fn namespace(world: &World, name: &str) -> Result<()> {
    world.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"))?;
    world.eventually("the namespace has its default ServiceAccount", || {
        let path = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        world.api.get(&path).map(drop)
    })
}

/// Explains what kubectl printed, and fails unless the cause contains a text and no Role is
/// suggested.
fn is_explained(world: &World, refused: &Ran, cause: &str) -> Result<()> {
    let ran = world.rolecall("why -").stdin(refused.stderr.clone()).run()?;
    if ran.stdout.contains("rolecall fix") || ran.stderr.contains("rolecall fix") {
        return Err(ran.wrong("suggests a Role although RBAC did not refuse"));
    }
    ran.notes(cause).map(drop)
}

fn terminating(world: &World) -> Result<()> {
    namespace(world, "ending")?;
    let held = json!({"metadata": {"name": "held", "finalizers": ["e2e.rolecall.dev/held"]}});
    let path = "/api/v1/namespaces/ending/configmaps";
    world.api.create(path, &held)?;
    world.kubectl("delete namespace ending --wait=false").run()?.exits(0)?;
    let refused = world.kubectl("create configmap late -n ending").run()?.exits(1)?;
    is_explained(world, &refused, "the namespace is being deleted")?;
    let patch = world.kubectl("patch configmap held -n ending --type merge -p");
    patch.arg(r#"{"metadata":{"finalizers":null}}"#).run()?.exits(0).map(drop)
}

fn pod_security(world: &World) -> Result<()> {
    namespace(world, "guarded")?;
    let label = "label namespace guarded pod-security.kubernetes.io/enforce=restricted";
    world.kubectl(label).run()?.exits(0)?;
    world.eventually("the level is enforced", || {
        let refused = world.kubectl("run web --image example.com/web -n guarded").run()?;
        let refused = refused.exits(1)?;
        is_explained(world, &refused, "Pod Security refused this, not RBAC")
    })
}

fn admission_policy(world: &World) -> Result<()> {
    world.apply(
        r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: not-blue}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations: [{expression: "object.metadata.name != 'blue'", message: blue is not allowed}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: not-blue}
spec: {policyName: not-blue, validationActions: [Deny]}
"#,
    )?;
    world.eventually("the policy is enforced", || {
        let refused = world.kubectl("create configmap blue --dry-run=server").run()?.exits(1)?;
        is_explained(world, &refused, "ValidatingAdmissionPolicy `not-blue` refused this, not RBAC")
    })
}

const EXTENSION: &str = r#"
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.down.e2e.rolecall.dev}
spec:
  group: down.e2e.rolecall.dev
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 10
  insecureSkipTLSVerify: true
  service: {name: gone, namespace: default}
"#;

fn extension_server_down(world: &World) -> Result<()> {
    world.apply(EXTENSION)?;
    let unavailable = "cannot discover the resources of `down.e2e.rolecall.dev/v1`";
    world.eventually("the group is listed", || {
        let about = "can-i list things.down.e2e.rolecall.dev -n default";
        world.rolecall(about).run()?.exits(0)?.notes(unavailable).map(drop)
    })?;
    let other = world.rolecall("can-i list pods -n default").run()?.exits(0)?;
    if other.stderr.contains(unavailable) {
        return Err(other.wrong("warns about a group that the question is not about"));
    }
    let question = "list things.down.e2e.rolecall.dev --for user/extended -n default";
    let asked = world.rolecall(&format!("can-i {question}")).run()?.exits(1)?;
    if asked.stderr.contains("unknown API group") {
        return Err(asked.wrong("calls a group unknown whose server does not respond"));
    }
    let written = world.rolecall(&format!("fix {question}")).run()?.exits(0)?;
    world.apply(&written.stdout)?;
    world.rolecall(&format!("can-i {question}")).run()?.exits(0)?;
    world.kubectl("delete apiservice v1.down.e2e.rolecall.dev").run()?.exits(0).map(drop)
}

const WIDGETS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.e2e.rolecall.dev}
spec:
  group: e2e.rolecall.dev
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wi]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
"#;

fn custom_subresources(world: &World) -> Result<()> {
    world.apply(WIDGETS)?;
    world.eventually("the custom resource is served", || {
        world.api.get("/apis/e2e.rolecall.dev/v1").map(drop)
    })?;
    for (verb, resource) in [("update", "wi/scale"), ("patch", "widgets/status"), ("get", "wi")] {
        let question = format!("{verb} {resource} --for user/widget-{verb} -n default");
        world.rolecall(&format!("can-i {question}")).run()?.exits(1)?;
        let written = world.rolecall(&format!("fix {question}")).run()?.exits(0)?;
        world.apply(&written.stdout)?;
        world.rolecall(&format!("can-i {question}")).run()?.exits(0)?;
        let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let plural = if plural == "wi" { "widgets" } else { plural };
        let spec = json!({"user": format!("widget-{verb}"), "resourceAttributes": {
            "namespace": "default", "verb": verb, "group": "e2e.rolecall.dev",
            "resource": plural, "subresource": subresource,
        }});
        if !world.api.allows(&spec)? {
            return Err(Failure::new(format!(
                "the server refuses {spec} with:\n{}",
                written.stdout
            )));
        }
    }
    Ok(())
}

/// The variables that choose kubectl's protocol.
const PROTOCOLS: [&str; 2] =
    ["KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS"];

fn streams(world: &World) -> Result<()> {
    namespace(world, "streams")?;
    world.apply(
        r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: streams}
spec: {nodeName: nowhere, containers: [{name: web, image: example.com/web}]}
"#,
    )?;
    for command in ["exec web -- ls", "attach web"] {
        let name = format!("streams-{}", command.split(' ').next().unwrap_or_default());
        let user = world.user(&name, &[])?;
        world.apply(&reader(&name))?;
        let run = |websockets: &str| {
            let kubectl = world.kubectl(&format!("-n streams {command}")).by(&user);
            PROTOCOLS.iter().fold(kubectl, |kubectl, name| kubectl.env(name, websockets)).run()
        };
        for websockets in ["true", "false"] {
            let refused = run(websockets)?;
            if !refused.stderr.contains("is forbidden: User") {
                return Err(refused.wrong("is not refused without a Role"));
            }
            let written = world
                .rolecall("fix --from-errors - --allow-risky")
                .stdin(refused.stderr)
                .run()?
                .exits(0)?;
            let file = world.write(&format!("{name}-{websockets}.yaml"), &written.stdout)?;
            world.apply(&written.stdout)?;
            let allowed = run(websockets)?;
            world.kubectl(&format!("delete -f {file}")).run()?.exits(0)?;
            world.settle()?;
            // The node does not exist, so that the stream fails after the server has authorized it.
            if allowed.stderr.contains("is forbidden") {
                return Err(allowed.wrong(format!("is refused with:\n{}", written.stdout)));
            }
        }
    }
    Ok(())
}

/// Returns a Role with which kubectl reads Pods before it opens a stream.
fn reader(user: &str) -> String {
    format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {user}, namespace: streams}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {user}, namespace: streams}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {user}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
"#
    )
}

fn selectors(world: &World) -> Result<()> {
    let written =
        world.rolecall("fix list pods --for user/selective -n default").run()?.exits(0)?;
    world.apply(&written.stdout)?;
    let selectors = [
        json!({"fieldSelector": {"rawSelector": "spec.nodeName=a"}}),
        json!({"fieldSelector": {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["a"]}]}}),
        json!({"labelSelector": {"rawSelector": "app=web"}}),
        json!({}),
    ];
    for selector in selectors {
        for (verb, namespace) in [("list", "default"), ("watch", "default"), ("list", "")] {
            let mut attributes = json!({"verb": verb, "resource": "pods", "namespace": namespace});
            if let (Some(fields), Some(more)) = (attributes.as_object_mut(), selector.as_object()) {
                fields.extend(more.clone());
            }
            let spec = json!({"user": "selective", "resourceAttributes": attributes});
            let review = json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
            });
            let expected = world.api.allows(&spec)?;
            let path = world.write("selectors.json", &review.to_string())?;
            let ran = world.rolecall(&format!("can-i --reviews {path}")).run()?;
            let found = ran.json()?.pointer("/status/allowed").and_then(serde_json::Value::as_bool);
            if found != Some(expected) {
                return Err(ran.wrong(format!("contradicts the server's {expected} for {spec}")));
            }
        }
    }
    Ok(())
}
