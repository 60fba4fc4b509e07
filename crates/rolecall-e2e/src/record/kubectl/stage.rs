//! The server on which commands run, and the objects that they find.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::audit::{Event, Request};
use crate::api::{Api, MERGE_PATCH};
use crate::apiserver::{ApiServer, User};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The seconds after which a command that waits is stopped.
const SECONDS: &str = "6";

const ROLE: &str = "recorder";
const ADMIN: &str = "recorder-admin";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A server with an audit log, two users, and the objects of the current namespace.
pub(super) struct Stage {
    server: ApiServer,
    api: Api,
    admin: PathBuf,
    restricted: PathBuf,
    objects: String,
    cluster_objects: PathBuf,
    chart: PathBuf,
    cluster_scoped: BTreeSet<String>,
    namespace: RefCell<String>,
    number: Cell<usize>,
    read: Cell<u64>,
    is_changed: Cell<bool>,
}

/// A line of the commands.
pub(super) struct Line<'a> {
    /// The line that an admin runs before.
    setup: Option<&'a str>,
    pub(super) command: &'a str,
}

impl<'a> Line<'a> {
    /// Reads `[SETUP] COMMAND` or `COMMAND`.
    pub(super) fn read(line: &'a str) -> Self {
        match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((setup, command)) => Self { setup: Some(setup), command },
            None => Self { setup: None, command: line },
        }
    }
}

/// A command that has ended.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    /// Its output.
    pub(super) text: String,
    events: Vec<Event>,
}

impl Ran {
    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.events.iter().map(|event| &event.request)
    }

    pub(super) fn refused(&self) -> impl Iterator<Item = &Request> {
        self.events.iter().filter(|event| !event.is_allowed).map(|event| &event.request)
    }
}

impl Stage {
    /// Takes a server, and the folder with the objects.
    pub(super) fn new(server: ApiServer, folder: &Path) -> Result<Self> {
        let user = |name: &str, groups: &[&str]| {
            let groups = groups.iter().map(|&group| group.to_owned()).collect();
            server.certificate_kubeconfig(&User { name: name.to_owned(), groups })
        };
        let admin = user(ADMIN, &["system:masters"])?;
        let restricted = user(ROLE, &[])?;
        let api = Api::start(server.kubectl(&server.admin_kubeconfig()?))?;
        let mut stage = Self {
            server,
            api,
            admin,
            restricted,
            objects: files::read(&folder.join("objects.yaml"))?,
            cluster_objects: folder.join("cluster-objects.yaml"),
            chart: folder.join("chart"),
            cluster_scoped: BTreeSet::new(),
            namespace: RefCell::default(),
            number: Cell::new(0),
            read: Cell::new(0),
            is_changed: Cell::new(true),
        };
        let create = ["create", "-f", &*stage.cluster_objects.display().to_string()];
        process::output(stage.kubectl().args(create))?;
        let listed = ["api-resources", "--namespaced=false", "-o", "name"];
        let listed = process::output(stage.kubectl().args(listed))?;
        stage.cluster_scoped = listed.lines().map(str::to_owned).collect();
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": ROLE},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ROLE}],
        });
        stage.api.create(&format!("{RBAC}/clusterroles"), &role(&[]))?;
        stage.api.create(&format!("{RBAC}/clusterrolebindings"), &binding)?;
        Ok(stage)
    }

    /// Runs a command as an admin.
    pub(super) fn run_as_admin(&self, line: &Line<'_>) -> Result<Ran> {
        self.prepare(line)?;
        self.run(ADMIN, &self.admin, line)
    }

    /// Runs a command as a user who holds these rights alone.
    pub(super) fn run_with(&self, rights: &BTreeSet<Request>, line: &Line<'_>) -> Result<Ran> {
        self.prepare(line)?;
        self.grant(rights)?;
        self.run(ROLE, &self.restricted, line)
    }

    fn run(&self, user: &str, kubeconfig: &Path, line: &Line<'_>) -> Result<Ran> {
        let namespace = self.namespace.borrow().clone();
        self.events(user, &namespace)?;
        let output = self.shell(kubeconfig, line.command)?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        let events = self.events(user, &namespace)?;
        for path in events.iter().filter_map(|event| event.created.as_ref()) {
            // An object of the namespace goes with it, and a review is not stored.
            let is_elsewhere = !path.contains(&format!("/namespaces/{namespace}/"));
            if is_elsewhere && self.code_of(path)? == 200 {
                self.api.delete(path)?;
                self.until(|| Ok(self.code_of(path)? == 404))?;
            }
        }
        let changes = |event: &Event| event.is_allowed && event.request.is_change();
        self.is_changed.set(line.setup.is_some() || events.iter().any(changes));
        Ok(Ran { code: output.status.code(), text, events })
    }

    /// Creates the objects in a new namespace if the last command changed any, and sets up a line.
    fn prepare(&self, line: &Line<'_>) -> Result<()> {
        if self.is_changed.replace(false) || line.setup.is_some() {
            self.create_objects()?;
        }
        let Some(setup) = line.setup else { return Ok(()) };
        let output = self.shell(&self.admin, setup)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{setup}` failed: {}", text.trim())))
    }

    /// Runs a command line with the `kubectl` of the server first on the PATH.
    fn shell(&self, kubeconfig: &Path, line: &str) -> Result<Output> {
        self.use_namespace(kubeconfig)?;
        let tools = self.server.tools().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(tools.into_iter().chain(env::split_paths(&path)));
        let mut command = Command::new("timeout");
        command.args(["--kill-after=1", SECONDS, "sh", "-c", line]).stdin(Stdio::null());
        command.env("KUBECONFIG", kubeconfig).env("HOME", self.server.folder(""));
        command.env("PATH", path.unwrap_or_default()).current_dir(self.server.folder(""));
        command.env("KUBE_EDITOR", "sed -i 's/tier: front/tier: back/'");
        command.env("CHART", &self.chart);
        let output = command.output().map_err(|error| process::failure(&command, &error))?;
        match output.status.code() {
            // The shell did not find the program.
            Some(126 | 127) => {
                let text = String::from_utf8_lossy(&output.stderr);
                Err(Failure::new(format!("`{line}` does not run: {}", text.trim()))
                    .remedy("add the program to PATH"))
            }
            _ => Ok(output),
        }
    }

    fn use_namespace(&self, kubeconfig: &Path) -> Result<()> {
        let namespace = self.namespace.borrow().clone();
        let context = ["config", "set-context", "--current", "--namespace", &namespace];
        process::output(self.server.kubectl(kubeconfig).args(context)).map(drop)
    }

    fn create_objects(&self) -> Result<()> {
        let old = self.namespace.borrow().clone();
        if !old.is_empty() {
            // A command about all namespaces must not find these Pods, which end long before the namespace.
            let kinds = "deployments,replicasets,pods";
            let pods = ["delete", kinds, "--all", "--force", "--grace-period=0", "--wait=false"];
            process::output(self.kubectl().args(pods).args(["-n", &*old]))?;
            self.api.delete(&format!("/api/v1/namespaces/{old}"))?;
        }
        let cluster = self.cluster_objects.display().to_string();
        process::output(self.kubectl().args(["replace", "-f", &*cluster]))?;
        let number = self.number.get() + 1;
        self.number.set(number);
        let namespace = format!("record-{number}");
        *self.namespace.borrow_mut() = namespace.clone();
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        self.api.create("/api/v1/namespaces", &object)?;
        let core = format!("/api/v1/namespaces/{namespace}");
        self.until(|| {
            Ok(self.api.request("GET", &format!("{core}/serviceaccounts/default"), &[], None)?.code
                == 200)
        })?;
        let written = self.server.folder("objects.yaml");
        files::write(&written, &self.objects)?;
        let create = ["create", "-n", &*namespace, "-f", &*written.display().to_string()];
        process::output(self.kubectl().args(create))?;
        let agent =
            self.api.get(&format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/agent"))?;
        let uid = agent.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        self.api.create(&format!("{core}/pods"), &pod("agent-0", Some(uid)))?;
        self.api.create(&format!("{core}/pods"), &pod("web-0", None))?;
        for name in ["agent-0", "web-0"] {
            self.api.request(
                "PATCH",
                &format!("{core}/pods/{name}/status"),
                &MERGE_PATCH,
                Some(&running()),
            )?;
        }
        let selected = format!("{core}/pods?labelSelector=app%3Dweb");
        self.until(|| {
            let pods = self.api.get(&selected)?;
            Ok(pods
                .pointer("/items")
                .and_then(Value::as_array)
                .is_some_and(|pods| !pods.is_empty()))
        })
    }

    /// Gives the restricted user these rights alone, and waits until the server knows.
    fn grant(&self, rights: &BTreeSet<Request>) -> Result<()> {
        let number = self.number.get() + 1;
        self.number.set(number);
        let marker = format!("/marker/{number}");
        let mut rules = vec![json!({"nonResourceURLs": [marker], "verbs": ["get"]})];
        rules.extend(rights.iter().map(|right| {
            if right.target.starts_with('/') {
                return json!({"nonResourceURLs": [right.target], "verbs": [right.verb]});
            }
            let (resource, group) = right.parts();
            json!({"apiGroups": [group], "resources": [resource], "verbs": [right.verb]})
        }));
        let path = format!("{RBAC}/clusterroles/{ROLE}");
        self.api.request("PUT", &path, &[], Some(&role(&rules)))?;
        let spec = json!({"user": ROLE, "nonResourceAttributes": {"path": marker, "verb": "get"}});
        self.until(|| self.api.allows(&spec))
    }

    /// Returns the events of a user since the last call.
    fn events(&self, user: &str, namespace: &str) -> Result<Vec<Event>> {
        let log = self.server.audit_log();
        let failure = |error| files::failure("read", &log, &error);
        let mut file = File::open(&log).map_err(failure)?;
        file.seek(SeekFrom::Start(self.read.get())).map_err(failure)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failure)?;
        self.read.set(self.read.get() + u64::try_from(text.len()).unwrap_or(u64::MAX));
        Ok(text
            .lines()
            .filter_map(|line| Event::read(line, user, namespace, &self.cluster_scoped))
            .collect())
    }

    fn code_of(&self, path: &str) -> Result<u16> {
        Ok(self.api.request("GET", path, &[], None)?.code)
    }

    fn kubectl(&self) -> Command {
        self.server.kubectl(&self.admin)
    }

    fn until(&self, holds: impl Fn() -> Result<bool>) -> Result<()> {
        for _ in 0..600 {
            if holds()? {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Failure::new("the server is not ready for a command after 30 s"))
    }
}

fn role(rules: &[Value]) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": ROLE}, "rules": rules,
    })
}

/// Returns a Pod on the Node, of the DaemonSet with a UID or alone.
fn pod(name: &str, daemon_set: Option<&str>) -> Value {
    let owners: Vec<Value> = daemon_set
        .map(|uid| {
            json!({
                "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": uid, "controller": true,
            })
        })
        .into_iter()
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"run": name, "tier": "front"}, "ownerReferences": owners},
        "spec": {
            "nodeName": "n1", "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "app", "image": "example.com/app:1", "ports": [{"containerPort": 80}]}],
        },
    })
}

/// Returns the status of a Pod that runs, as its kubelet would write it.
fn running() -> Value {
    json!({"status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{
            "name": "app", "image": "example.com/app:1", "imageID": "app", "ready": true,
            "restartCount": 0, "started": true, "state": {"running": {}},
        }],
    }})
}
