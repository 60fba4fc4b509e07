//! A real API server on loopback ports, which runs as long as its value exists.
//!
//! ```text
//! temporary directory: certificates, kubeconfigs, logs, etcd's data
//! etcd <- kube-apiserver <- kube-controller-manager (optional)
//! ```

mod command;
mod credentials;
mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::command::{ApiserverArguments, run};
use self::credentials::Credentials;
use self::servers::Servers;
use crate::assets::Assets;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::interrupt::{self, Stop};
use rolecall_task::process;

/// The time until the server is ready, on a slow machine.
const READY_TIMEOUT: Duration = Duration::from_secs(180);

/// The name of the audit log in the server's directory.
const AUDIT_LOG: &str = "audit.log";

/// The configuration of a server.
pub(crate) struct Config {
    /// The authorizers.
    pub(crate) authorization: Authorization,
    /// Whether to run kube-controller-manager too, for default ServiceAccounts, tokens, aggregation
    /// and workloads.
    pub(crate) with_controllers: bool,
    /// Users who authenticate with a bearer token. Users with a certificate can be added later.
    pub(crate) token_users: Vec<User>,
    /// Whether to write an audit log, with the metadata of each request.
    pub(crate) with_audit_log: bool,
}

/// The authorizers of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// The value of `--authorization-mode`, with a policy file for ABAC.
    Mode {
        /// The modes, such as `Node,RBAC`.
        mode: String,
        /// The path of the ABAC policy.
        abac_policy: Option<PathBuf>,
    },
    /// An `AuthorizationConfiguration` file, which servers since 1.30 support.
    Config(PathBuf),
}

impl Authorization {
    /// Uses authorizers that need no file.
    pub(crate) fn mode(mode: &str) -> Self {
        Self::Mode { mode: mode.to_owned(), abac_policy: None }
    }

    fn flags(&self) -> Vec<String> {
        match self {
            Self::Config(path) => vec![format!("--authorization-config={}", path.display())],
            Self::Mode { mode, abac_policy } => {
                let policy = abac_policy
                    .iter()
                    .map(|path| format!("--authorization-policy-file={}", path.display()));
                std::iter::once(format!("--authorization-mode={mode}")).chain(policy).collect()
            }
        }
    }
}

/// The identity of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// A running API server. Dropping it stops the processes and removes the directory.
pub(crate) struct ApiServer {
    credentials: Credentials,
    kubectl: PathBuf,
    running: Arc<dyn Stop>,
    servers: Arc<Servers>,
}

impl ApiServer {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(assets: &Assets, config: &Config) -> Result<Self> {
        let kubectl =
            assets.program("kubectl").or_else(|| process::find("kubectl")).ok_or_else(|| {
                Failure::new("there is no `kubectl`, neither in KUBEBUILDER_ASSETS nor on PATH")
                    .remedy("add it, or unset KUBEBUILDER_ASSETS to build it")
            })?;
        let folder = TempDir::with_prefix("rolecall-apiserver-").map_err(|error| {
            Failure::new(format!("cannot create a temporary directory: {error}"))
        })?;
        let folder_path = folder.path().to_path_buf();
        let servers = Arc::new(Servers::new(folder));
        let running: Arc<dyn Stop> = servers.clone();
        interrupt::watch(&running);

        let credentials = Credentials::make(&folder_path, &config.token_users)?;
        let server = Self { credentials, kubectl, running, servers };
        server.servers.start(assets, config, &server.credentials)?;
        let admin = server.admin_kubeconfig()?;
        server.wait_for(&admin, &["get", "--raw", "/readyz"])?;
        if config.with_controllers {
            server.servers.start_controllers(assets, &server.credentials)?;
            server.wait_for(
                &admin,
                &["--namespace", "default", "get", "serviceaccount", "default"],
            )?;
        }
        Ok(server)
    }

    /// Returns the kubeconfig of a member of `system:masters`.
    pub(crate) fn admin_kubeconfig(&self) -> Result<PathBuf> {
        let masters = User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()] };
        self.certificate_kubeconfig(&masters)
    }

    /// Creates a kubeconfig with a client certificate for a user.
    pub(crate) fn certificate_kubeconfig(&self, user: &User) -> Result<PathBuf> {
        self.credentials.certificate_kubeconfig(user, self.servers.port())
    }

    /// Creates a kubeconfig with the token of one of the configured token users.
    pub(crate) fn token_kubeconfig(&self, user: &User) -> Result<PathBuf> {
        self.credentials.token_kubeconfig(user, self.servers.port())
    }

    /// Creates a kubeconfig with a token that the server does not know.
    pub(crate) fn unknown_token_kubeconfig(&self) -> Result<PathBuf> {
        self.credentials.unknown_token_kubeconfig(self.servers.port())
    }

    /// Creates a kubeconfig without credentials, whose user is `system:anonymous`.
    pub(crate) fn anonymous_kubeconfig(&self) -> Result<PathBuf> {
        self.credentials.anonymous_kubeconfig(self.servers.port())
    }

    /// Creates a kubeconfig with any bearer token; `name` determines the file name.
    pub(crate) fn bearer_kubeconfig(&self, name: &str, token: &str) -> Result<PathBuf> {
        self.credentials.bearer_kubeconfig(name, token, self.servers.port())
    }

    /// Returns the port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.servers.port()
    }

    /// Returns a kubectl command that uses a kubeconfig.
    pub(crate) fn kubectl(&self, kubeconfig: &Path) -> Command {
        let mut command = Command::new(&self.kubectl);
        // kubectl caches in the home directory. A cache flag would have to come before the name of
        // a plugin.
        command.env("KUBECONFIG", kubeconfig).env("HOME", self.folder(""));
        command
    }

    /// Returns the path of the audit log.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder(AUDIT_LOG)
    }

    /// Returns the directory of the server's `kubectl`.
    pub(crate) fn tools(&self) -> Option<&Path> {
        self.kubectl.parent()
    }

    /// Returns a path in the server's directory.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.credentials.folder().join(name)
    }

    /// Fails if one of the server's processes has exited.
    pub(crate) fn check_alive(&self) -> Result<()> {
        self.servers.check_alive()
    }

    /// Leaves the processes running and returns their ids.
    pub(crate) fn leave_running(self) -> Vec<u32> {
        self.servers.leave_running()
    }

    fn wait_for(&self, kubeconfig: &Path, arguments: &[&str]) -> Result<()> {
        let started = Instant::now();
        loop {
            self.check_alive()?;
            match process::output(self.kubectl(kubeconfig).args(arguments)) {
                Ok(_) => return Ok(()),
                Err(failure) if started.elapsed() > READY_TIMEOUT => return Err(failure),
                Err(_) => thread::sleep(Duration::from_millis(200)),
            }
        }
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.running.stop();
    }
}
