//! The server that scenarios share, and operations on it.

use std::cell::Cell;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::invocation::Invocation;
use super::secrets::Secrets;
use crate::api::Api;
use crate::apiserver::{ApiServer, Authorization, Config, User};
use crate::assets::Assets;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

/// The time limit for controllers and informers.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Variables of the developer's terminal, which must not affect the output.
const TERMINAL: [&str; 3] = ["COLUMNS", "NO_COLOR", "RUST_LOG"];

/// A running server with its clients.
pub(super) struct World {
    pub(super) api: Api,
    assets: Assets,
    server: ApiServer,
    admin: PathBuf,
    rolecall: PathBuf,
    /// The secrets of the run. No output must contain one.
    secrets: Secrets,
    markers: Cell<usize>,
}

impl World {
    /// Starts a server with controllers.
    pub(super) fn start(assets: &Assets, rolecall: PathBuf) -> Result<Self> {
        let config = Config {
            authorization: Authorization::mode("Node,RBAC"),
            with_controllers: true,
            token_users: Vec::new(),
            with_audit_log: false,
        };
        Self::with(assets, rolecall, &config)
    }

    /// Starts another server of the same version with other authorizers and without controllers.
    pub(super) fn another(&self, authorization: Authorization) -> Result<Self> {
        let config = Config {
            authorization,
            with_controllers: false,
            token_users: Vec::new(),
            with_audit_log: false,
        };
        Self::with(&self.assets, self.rolecall.clone(), &config)
    }

    fn with(assets: &Assets, rolecall: PathBuf, config: &Config) -> Result<Self> {
        let server = ApiServer::start(assets, config)?;
        let admin = server.admin_kubeconfig()?;
        let api = Api::start(server.kubectl(&admin))?;
        files::make_dir(&server.folder("scratch"))?;
        Ok(Self {
            assets: assets.clone(),
            api,
            server,
            admin,
            rolecall,
            secrets: Secrets::default(),
            markers: Cell::new(0),
        })
    }

    /// Returns the server's minor version, such as `37`.
    pub(super) fn minor(&self) -> Result<u32> {
        self.assets.minor()
    }

    /// Fails if a process of the server has exited.
    pub(super) fn check_alive(&self) -> Result<()> {
        self.server.check_alive()
    }

    /// Returns the path for a file of a scenario.
    pub(super) fn scratch(&self, name: &str) -> PathBuf {
        self.server.folder("scratch").join(name)
    }

    /// Writes a file of a scenario and returns its path.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String> {
        let path = self.scratch(name);
        files::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Prepares `rolecall LINE`, run by an admin by default.
    pub(super) fn rolecall(&self, line: &str) -> Invocation<'_> {
        let mut command = Command::new(&self.rolecall);
        command.current_dir(files::workspace_root()).env("KUBECONFIG", &self.admin);
        for name in TERMINAL {
            command.env_remove(name);
        }
        Invocation::new(&self.secrets, "rolecall", command, line)
    }

    /// Prepares `kubectl LINE`, run by an admin by default. `rolecall` is on its PATH as a plugin.
    pub(super) fn kubectl(&self, line: &str) -> Invocation<'_> {
        let mut command = self.server.kubectl(&self.admin);
        command.current_dir(files::workspace_root());
        for name in TERMINAL {
            command.env_remove(name);
        }
        let own = self.rolecall.parent().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(own.into_iter().chain(env::split_paths(&path)));
        command.env("PATH", path.unwrap_or_default());
        Invocation::new(&self.secrets, "kubectl", command, line)
    }

    /// Applies YAML as an admin, and waits until the server authorizes with it.
    pub(super) fn apply(&self, yaml: &str) -> Result<()> {
        self.kubectl("apply --validate=false -f -").stdin(yaml).run()?.exits(0)?;
        self.settle()
    }

    /// Waits until the server authorizes with all stored roles and bindings.
    ///
    /// It reads the objects of each kind in the order in which they were written. Once it knows the
    /// last one of each kind, it knows all of them.
    pub(super) fn settle(&self) -> Result<()> {
        let name = format!("e2e-marker-{}", self.markers.replace(self.markers.get() + 1));
        let rules = json!([{"apiGroups": ["e2e.rolecall.dev"], "resources": ["markers"], "verbs": ["see"]}]);
        let subjects = json!([{"apiGroup": RBAC, "kind": "User", "name": name}]);
        let kinds = [
            ("ClusterRole", "clusterroles", "ClusterRoleBinding", "clusterrolebindings", ""),
            (
                "Role",
                "namespaces/default/roles",
                "RoleBinding",
                "namespaces/default/rolebindings",
                "default",
            ),
        ];
        for (role, roles, binding, bindings, namespace) in kinds {
            let roles = format!("/apis/{RBAC}/v1/{roles}");
            let bindings = format!("/apis/{RBAC}/v1/{bindings}");
            let metadata = json!({"name": name});
            let object =
                json!({"apiVersion": RBAC_V1, "kind": role, "metadata": metadata, "rules": rules});
            self.api.create(&roles, &object)?;
            let role_ref = json!({"apiGroup": RBAC, "kind": role, "name": name});
            self.api.create(&bindings, &json!({
                "apiVersion": RBAC_V1, "kind": binding, "metadata": metadata, "roleRef": role_ref, "subjects": subjects,
            }))?;
            let spec = json!({"user": name, "resourceAttributes": {
                "namespace": namespace, "verb": "see", "group": "e2e.rolecall.dev", "resource": "markers",
            }});
            self.eventually("the server authorizes with the stored objects", || {
                if self.api.allows(&spec)? { Ok(()) } else { Err(Failure::new("not yet")) }
            })?;
            self.api.delete(&format!("{roles}/{name}"))?;
            self.api.delete(&format!("{bindings}/{name}"))?;
        }
        Ok(())
    }

    /// Retries until it succeeds, for asynchronous work of controllers.
    pub(super) fn eventually(&self, what: &str, hold: impl Fn() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        loop {
            match hold() {
                Ok(()) => return Ok(()),
                Err(failure) if started.elapsed() > TIMEOUT => {
                    let seconds = TIMEOUT.as_secs();
                    return Err(Failure::new(format!(
                        "timed out after {seconds} s: {what}: {failure}"
                    )));
                }
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Creates the kubeconfig of a user with a certificate, whose key no output must contain.
    pub(super) fn user(&self, name: &str, groups: &[&str]) -> Result<PathBuf> {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let user = User { name: name.to_owned(), groups };
        let kubeconfig = self.server.certificate_kubeconfig(&user)?;
        for line in files::read(&kubeconfig.with_extension("key"))?.lines() {
            if !line.starts_with("-----") {
                self.keep_secret(&format!("user {name}"), line);
            }
        }
        Ok(kubeconfig)
    }

    /// Connects to the API as the user of a kubeconfig.
    pub(super) fn api_of(&self, kubeconfig: &Path) -> Result<Api> {
        Api::start(self.server.kubectl(kubeconfig))
    }

    /// Creates a kubeconfig with a token, which no output must contain.
    pub(super) fn bearer(&self, name: &str, token: &str) -> Result<PathBuf> {
        self.keep_secret(name, token);
        self.server.bearer_kubeconfig(name, token)
    }

    /// Creates a kubeconfig without credentials.
    pub(super) fn anonymous(&self) -> Result<PathBuf> {
        self.server.anonymous_kubeconfig()
    }

    /// Returns the server's certificate authority.
    pub(super) fn authority(&self) -> PathBuf {
        self.server.folder("ca.crt")
    }

    /// Returns the port of the server.
    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Returns the key that signs the server's tokens.
    pub(super) fn signing_key(&self) -> PathBuf {
        self.server.folder("service-account.key")
    }

    /// Requests a token for a ServiceAccount; `spec` can bind it to an object.
    pub(super) fn token(&self, namespace: &str, name: &str, spec: &Value) -> Result<String> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request =
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
        let answer = self.api.create(&path, &request)?;
        let token = answer.pointer("/status/token").and_then(Value::as_str);
        let token =
            token.ok_or_else(|| Failure::new("a TokenRequest returned no token"))?.to_owned();
        self.keep_secret(&format!("ServiceAccount {namespace}/{name}"), &token);
        Ok(token)
    }

    /// Registers a secret that no output must contain.
    pub(super) fn keep_secret(&self, whose: &str, secret: &str) {
        self.secrets.keep(whose, secret);
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";

/// Fails unless two values are equal.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::new(format!("{what}: {found:?}, not {expected:?}")))
}
