//! The processes of a control plane and their flags.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::credentials::Credentials;
use super::{AUDIT_LOG, Config};
use crate::assets::Assets;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::interrupt::Stop;
use rolecall_task::{files, process};

/// The controllers to run: identities, aggregation, certificates, and those that create Pods from
/// workloads.
const CONTROLLERS: [&str; 10] = [
    "clusterrole-aggregation",
    "cronjob",
    "csrsigning",
    "deployment",
    "job",
    "namespace",
    "replicaset",
    "root-ca-cert-publisher",
    "serviceaccount",
    "serviceaccount-token",
];

/// One event of each request when its response starts, which for a watch is long before it ends.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

/// The processes and their directory. Both are removed when it stops.
pub(super) struct Servers {
    state: Mutex<State>,
    port: AtomicU16,
}

struct State {
    folder: Option<TempDir>,
    processes: Vec<Process>,
}

struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Servers {
    pub(super) fn new(folder: TempDir) -> Self {
        let state = State { folder: Some(folder), processes: Vec::new() };
        Self { state: Mutex::new(state), port: AtomicU16::new(0) }
    }

    /// Returns the port of the API server after it has started.
    pub(super) fn port(&self) -> u16 {
        self.port.load(Ordering::Acquire)
    }

    /// Starts etcd and the API server.
    pub(super) fn start(
        &self,
        assets: &Assets,
        config: &Config,
        credentials: &Credentials,
    ) -> Result<()> {
        let [etcd_port, peer_port, port] = free_ports()?;
        self.port.store(port, Ordering::Release);
        let folder = credentials.folder();
        self.spawn(assets, "etcd", folder, &etcd_flags(folder, etcd_port, peer_port))?;
        let mut flags = apiserver_flags(config, credentials, etcd_port, port);
        if config.with_audit_log {
            let policy = folder.join("audit-policy.yaml");
            files::write(&policy, AUDIT_POLICY)?;
            flags.push(format!("--audit-policy-file={}", policy.display()));
            flags.push(format!("--audit-log-path={}", folder.join(AUDIT_LOG).display()));
            flags.push("--audit-log-mode=blocking".to_owned());
        }
        self.spawn(assets, "kube-apiserver", folder, &flags)
    }

    /// Starts the controllers. The API server must be ready, because they exit after ten seconds
    /// without it.
    pub(super) fn start_controllers(
        &self,
        assets: &Assets,
        credentials: &Credentials,
    ) -> Result<()> {
        let flags = controller_manager_flags(credentials, self.port(), assets.minor()?)?;
        self.spawn(assets, "kube-controller-manager", credentials.folder(), &flags)
    }

    /// Fails with the end of the log if a process has exited.
    pub(super) fn check_alive(&self) -> Result<()> {
        for process in &mut self.state().processes {
            if let Ok(Some(status)) = process.child.try_wait() {
                let (name, log) = (process.name, process::tail(&process.log));
                return Err(Failure::new(format!(
                    "`{name}` exited ({status}); the end of its log:\n{log}"
                )));
            }
        }
        Ok(())
    }

    /// Keeps the processes and the directory, and returns the process ids.
    pub(super) fn leave_running(&self) -> Vec<u32> {
        let mut state = self.state();
        if let Some(folder) = state.folder.take() {
            let _ = folder.keep();
        }
        state.processes.drain(..).map(|process| process.child.id()).collect()
    }

    fn spawn(
        &self,
        assets: &Assets,
        name: &'static str,
        folder: &Path,
        flags: &[String],
    ) -> Result<()> {
        let program = assets.program(name).ok_or_else(|| {
            Failure::new(format!("there is no `{name}` in `{}`", assets.folder().display()))
                .remedy("add it, or unset KUBEBUILDER_ASSETS to build it")
        })?;
        let log = folder.join(format!("{name}.log"));
        let (stdout, stderr) = process::log_writers(&log)?;
        let mut command = Command::new(&program);
        command.args(flags).current_dir(folder).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        // A separate process group: Ctrl-C reaches only this program, which then stops the
        // processes in order.
        command.process_group(0);
        let child = command.spawn().map_err(|error| files::failure("run", &program, &error))?;
        self.state().processes.push(Process { name, child, log });
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stop for Servers {
    fn stop(&self) {
        let mut state = self.state();
        // Stop in reverse order, so that no process reports the loss of another.
        while let Some(mut process) = state.processes.pop() {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
        state.folder = None;
    }
}

fn etcd_flags(folder: &Path, port: u16, peer_port: u16) -> Vec<String> {
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls=http://127.0.0.1:{port}"),
        format!("--advertise-client-urls=http://127.0.0.1:{port}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer_port}"),
        "--log-level=warn".to_owned(),
    ]
}

fn apiserver_flags(
    config: &Config,
    credentials: &Credentials,
    etcd_port: u16,
    port: u16,
) -> Vec<String> {
    let file = |name: &str| credentials.folder().join(name).display().to_string();
    let mut flags = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        "--anonymous-auth=true".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--client-ca-file={}", file("ca.crt")),
        format!("--tls-cert-file={}", file("server.crt")),
        format!("--tls-private-key-file={}", file("server.key")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", file("service-account.pub")),
        format!("--service-account-signing-key-file={}", file("service-account.key")),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--allow-privileged=true".to_owned(),
    ];
    flags.extend(config.authorization.flags());
    if !config.token_users.is_empty() {
        flags.push(format!("--token-auth-file={}", file("tokens.csv")));
    }
    if !config.with_controllers {
        // The admission plugin rejects every Pod until a controller has created the
        // ServiceAccount's token.
        flags.push("--disable-admission-plugins=ServiceAccount".to_owned());
    }
    flags
}

fn controller_manager_flags(
    credentials: &Credentials,
    port: u16,
    minor: u32,
) -> Result<Vec<String>> {
    let file = |name: &str| credentials.folder().join(name).display().to_string();
    let mut flags = vec![
        format!("--kubeconfig={}", credentials.controllers_kubeconfig(port)?.display()),
        format!("--controllers={}", CONTROLLERS.join(",")),
        format!("--root-ca-file={}", file("ca.crt")),
        format!("--cluster-signing-cert-file={}", file("ca.crt")),
        format!("--cluster-signing-key-file={}", file("ca.key")),
        format!("--service-account-private-key-file={}", file("service-account.key")),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ];
    if minor < 24 {
        // Disable the insecure port, which later versions do not have.
        flags.push("--port=0".to_owned());
    }
    Ok(flags)
}

/// Asks the system for free ports, all at once so that they differ.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let listeners = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)));
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener
            .as_ref()
            .ok()
            .and_then(|listener| listener.local_addr().ok())
            .ok_or_else(|| Failure::new("cannot get a free port on 127.0.0.1"))?
            .port();
    }
    Ok(ports)
}
