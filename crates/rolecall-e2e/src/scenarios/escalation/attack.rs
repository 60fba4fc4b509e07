//! The requests of each row.

use std::cell::Cell;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rolecall_testing::rows::{RowCase, USER};
use serde_json::{Value, json};

use crate::api::{Api, MERGE_PATCH};
use crate::scenarios::json::{items, set, text};
use crate::scenarios::world::World;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The label of the objects that attacks create.
pub(super) const MADE: &str = "escalation.example.com/made";

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";
const NAMESPACE: &str = "escalation";
const POWER: &str = "system:serviceaccount:escalation:power";
/// A request that only an administrator can make.
const ADMINISTRATION: &str = "/api/v1/namespaces/kube-system/secrets";
const APPLY: [(&str, &str); 1] = [("Content-Type", "application/apply-patch+yaml")];

/// The time for which a server remembers its decisions about constrained impersonation.
const IMPERSONATION_MEMORY: Duration = Duration::from_secs(12);

/// The attacker.
pub(super) struct Attack<'w> {
    world: &'w World,
    api: Api,
    number: Cell<usize>,
}

impl<'w> Attack<'w> {
    pub(super) fn new(world: &'w World, api: Api) -> Self {
        Self { world, api, number: Cell::new(0) }
    }

    /// Makes the requests of a row, and returns whether they reach the sink.
    pub(super) fn attempt(&self, case: &RowCase) -> Result<bool> {
        match &*case.row {
            "X01" => self.request_token(case),
            "X07" => self.store_token(),
            "X09" | "X10" | "X11" => self.impersonate(case),
            "X12" => self.impersonate_for_a_request(),
            "X13" => self.bind("rolebindings", NAMESPACE, everything(), case),
            "X14" => self.rebind(&in_namespace("rolebindings/team"), "RoleBinding", case),
            "X15" => self.bind("clusterrolebindings", "", everything(), case),
            "X16" => {
                let path = format!("{RBAC}/clusterrolebindings/escalation-power");
                self.rebind(&path, "ClusterRoleBinding", case)
            }
            "X17" => self.rewrite(case),
            "X18" => self.create_role(case),
            "X19" => self.aggregate(case),
            "X20" => self.certify(case),
            "X22" => self.register(),
            "X24" => self.lift_pod_security(),
            "X25" => self.map_users(),
            row => Err(Failure::new(format!("no requests for {row}"))),
        }
    }

    fn request_token(&self, case: &RowCase) -> Result<bool> {
        let name = case.to.strip_prefix("sa/escalation:").unwrap_or("power");
        let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{name}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {},
        });
        self.may("POST", &path, &[], Some(&request))
    }

    fn store_token(&self) -> Result<bool> {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets");
        let name = self.name();
        let mut metadata = metadata(&name);
        let account = json!({"kubernetes.io/service-account.name": "power"});
        set(&mut metadata, "annotations", account);
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata,
            "type": "kubernetes.io/service-account-token",
        });
        if !self.may("POST", &path, &[], Some(&secret))? {
            return Ok(false);
        }
        self.soon(|| {
            let one = self.api.request("GET", &format!("{path}/{name}"), &[], None)?.body;
            let all = self.api.request("GET", &path, &[], None)?.body;
            let listed = items(&all, "/items").find(|it| text(it, "/metadata/name") == name);
            let token = |secret: &Value| !text(secret, "/data/token").is_empty();
            Ok(token(&one) || listed.is_some_and(token))
        })
    }

    fn impersonate(&self, case: &RowCase) -> Result<bool> {
        if let Some(name) = case.to.strip_prefix("sa/escalation:") {
            let user = format!("system:serviceaccount:escalation:{name}");
            return self.may("GET", "/version", &[("Impersonate-User", &user)], None);
        }
        let users = match &*case.row {
            "X09" => vec![POWER],
            "X10" => vec!["escalation-admin", POWER],
            _ => vec!["", "nobody", "system:serviceaccount:escalation-open:anybody"],
        };
        let groups = match &*case.row {
            "X11" => vec!["escalation-admins", "system:masters"],
            _ => vec![""],
        };
        for user in users {
            for group in &groups {
                let all = [("Impersonate-User", user), ("Impersonate-Group", group)];
                let given: Vec<(&str, &str)> =
                    all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
                if self.may("GET", ADMINISTRATION, &given, None)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn impersonate_for_a_request(&self) -> Result<bool> {
        thread::sleep(IMPERSONATION_MEMORY);
        let binding = binding("ClusterRoleBinding", &self.name(), &everything());
        let path = format!("{RBAC}/clusterrolebindings");
        Ok(self.may("POST", &path, &[("Impersonate-User", POWER)], Some(&binding))?
            && self.holds("")?)
    }

    /// Creates a binding by POST or server-side apply.
    fn bind(&self, plural: &str, namespace: &str, role: Value, case: &RowCase) -> Result<bool> {
        let kind = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
        let path = match namespace {
            "" => format!("{RBAC}/{plural}"),
            _ => in_namespace(plural),
        };
        Ok(self.create(&path, &binding(kind, "mine", &role))? && self.holds(sink_of(case))?)
    }

    fn rebind(&self, path: &str, kind: &str, case: &RowCase) -> Result<bool> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let binding = binding(kind, name, &everything());
        Ok(self.change(path, &binding, "subjects")? && self.holds(sink_of(case))?)
    }

    fn rewrite(&self, case: &RowCase) -> Result<bool> {
        let mut changed = false;
        for name in ["worker", "other"] {
            let path = in_namespace(&format!("roles/{name}"));
            changed |= self.change(&path, &role("Role", name), "rules")?;
        }
        Ok(changed && self.holds(sink_of(case))?)
    }

    fn create_role(&self, case: &RowCase) -> Result<bool> {
        let sink = sink_of(case);
        let (kind, name, path) = match sink {
            "" => ("ClusterRole", "escalation-mine", format!("{RBAC}/clusterroles")),
            _ => ("Role", "mine", in_namespace("roles")),
        };
        if !self.create(&path, &role(kind, name))? {
            return Ok(false);
        }
        self.world.settle()?;
        let reference =
            json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
        let plural = if sink.is_empty() { "clusterrolebindings" } else { "rolebindings" };
        self.bind(plural, sink, reference, case)
    }

    fn aggregate(&self, case: &RowCase) -> Result<bool> {
        let mut role = role("ClusterRole", &self.name());
        let labels = json!({MADE: "true", "escalation.example.com/view": "true"});
        if let Some(metadata) = role.get_mut("metadata") {
            set(metadata, "labels", labels);
        }
        let path = format!("{RBAC}/clusterroles");
        if !self.may("POST", &path, &[], Some(&role))? {
            return Ok(false);
        }
        self.soon(|| self.holds(sink_of(case)))
    }

    fn certify(&self, case: &RowCase) -> Result<bool> {
        const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        let name = self.name();
        let subject = match case.to.strip_prefix("group/") {
            Some(group) => format!("/CN=escalation-admin/O={group}"),
            None => "/CN=escalation-admin".to_owned(),
        };
        let request = json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
            "metadata": metadata(&name),
            "spec": {
                "request": self.certificate_request(&subject)?,
                "signerName": "kubernetes.io/kube-apiserver-client",
                "usages": ["client auth"],
            },
        });
        let created = self.api.request("POST", PATH, &[], Some(&request))?;
        if created.code != 201 {
            return Ok(false);
        }
        let mut approved = created.body;
        let condition =
            json!({"type": "Approved", "status": "True", "reason": "e2e", "message": "e2e"});
        set(&mut approved, "status", json!({"conditions": [condition]}));
        let path = format!("{PATH}/{name}");
        if !self.may("PUT", &format!("{path}/approval"), &[], Some(&approved))? {
            return Ok(false);
        }
        self.soon(|| {
            let signed = self.world.api.get(&path)?;
            Ok(!text(&signed, "/status/certificate").is_empty())
        })
    }

    /// Returns a request for a certificate, in base64.
    fn certificate_request(&self, subject: &str) -> Result<String> {
        let (key, pem) = (self.world.scratch("csr.key"), self.world.scratch("csr.pem"));
        let mut request = Command::new("openssl");
        request.args(["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject]);
        process::output(request.arg("-keyout").arg(&key).arg("-out").arg(&pem))?;
        files::read(&pem)?;
        let mut encode = Command::new("openssl");
        let encoded = process::output(encode.args(["base64", "-A", "-in"]).arg(&pem))?;
        Ok(encoded.trim().to_owned())
    }

    fn register(&self) -> Result<bool> {
        const PATH: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
        let hook = |name: &str| {
            json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
                "metadata": metadata(name), "webhooks": [],
            })
        };
        Ok(self.may("POST", PATH, &[], Some(&hook(&self.name())))?
            || self.change(
                &format!("{PATH}/escalation-hook"),
                &hook("escalation-hook"),
                "webhooks",
            )?)
    }

    /// Creates a privileged Pod, which Pod Security refuses until the label is changed.
    fn lift_pod_security(&self) -> Result<bool> {
        const NAMESPACE: &str = "/api/v1/namespaces/escalation-closed";
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata(&self.name()),
            "spec": {
                "hostPID": true,
                "containers": [{
                    "name": "node", "image": "example.com/node", "securityContext": {"privileged": true},
                }],
            },
        });
        let path = format!("{NAMESPACE}/pods");
        if self.may("POST", &path, &[], Some(&pod))? {
            return Err(Failure::new("Pod Security does not refuse the Pod"));
        }
        let label = json!({
            "metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
        });
        if !self.may("PATCH", NAMESPACE, &MERGE_PATCH, Some(&label))? {
            return Ok(false);
        }
        self.soon(|| self.may("POST", &path, &[], Some(&pod)))
    }

    fn map_users(&self) -> Result<bool> {
        let path = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth"},
            "data": {"mapUsers": "- {username: mallory, groups: ['system:masters']}"},
        });
        self.change(path, &map, "data")
    }

    /// Creates an object by POST or server-side apply.
    fn create(&self, path: &str, object: &Value) -> Result<bool> {
        let name = text(object, "/metadata/name");
        let applied = format!("{path}/{name}?fieldManager=e2e");
        Ok(self.may("POST", path, &[], Some(object))?
            || self.may("PATCH", &applied, &APPLY, Some(object))?)
    }

    /// Replaces an object, or patches a field of it.
    fn change(&self, path: &str, object: &Value, field: &str) -> Result<bool> {
        let patch = json!({field: object.get(field)});
        let mut new = object.clone();
        let current = self.world.api.get(path)?;
        if let Some(metadata) = new.get_mut("metadata") {
            let version = text(&current, "/metadata/resourceVersion");
            set(metadata, "resourceVersion", version.into());
        }
        Ok(self.may("PUT", path, &[], Some(&new))?
            || self.may("PATCH", path, &MERGE_PATCH, Some(&patch))?)
    }

    /// Returns whether the attacker can do everything, in a namespace or everywhere.
    fn holds(&self, namespace: &str) -> Result<bool> {
        self.world.settle()?;
        let asked = json!({"namespace": namespace, "verb": "*", "group": "*", "resource": "*"});
        let groups = json!(["system:authenticated"]);
        let spec = json!({"user": USER, "groups": groups, "resourceAttributes": asked});
        self.world.api.allows(&spec)
    }

    /// Returns whether a request succeeds.
    fn may(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<bool> {
        let answer = self.api.request(method, path, headers, body)?;
        Ok((200..300).contains(&answer.code))
    }

    /// Waits for controllers, and returns whether something becomes true.
    fn soon(&self, holds: impl Fn() -> Result<bool>) -> Result<bool> {
        for _ in 0..20 {
            if holds()? {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }

    fn name(&self) -> String {
        self.number.set(self.number.get() + 1);
        format!("escalation-made-{}", self.number.get())
    }
}

fn in_namespace(rest: &str) -> String {
    format!("{RBAC}/namespaces/{NAMESPACE}/{rest}")
}

/// Returns the namespace of a sink; empty for all.
fn sink_of(case: &RowCase) -> &str {
    case.to.strip_prefix("namespace/").unwrap_or_default()
}

fn metadata(name: &str) -> Value {
    json!({"name": name, "labels": {MADE: "true"}})
}

fn everything() -> Value {
    json!({
        "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "escalation-everything",
    })
}

fn binding(kind: &str, name: &str, role: &Value) -> Value {
    let subject = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER});
    json!({
        "apiVersion": RBAC_V1, "kind": kind, "metadata": metadata_of(name), "roleRef": role,
        "subjects": [subject],
    })
}

fn role(kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": kind, "metadata": metadata_of(name),
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    })
}

/// Returns metadata, with the label of created objects unless an object of the manifests is changed.
fn metadata_of(name: &str) -> Value {
    match name {
        "team" | "worker" | "other" | "escalation-power" => json!({"name": name}),
        _ => metadata(name),
    }
}
