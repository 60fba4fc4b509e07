//! The reports that scenarios open, and the browser that shows them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::driver::Browser;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The size of the window.
const WINDOW: (u32, u32) = (1280, 900);

/// A recorded random cluster, with all kinds of rules and bindings.
const UNIVERSE: &str = "fixtures/golden/v1.36/u1/cluster.json.gz";

/// Each kind of view of the report about [`FIXTURE`], with its heading.
pub(super) const VIEWS: [(&str, &str); 24] = [
    ("#/", "Access in fixtures/ns-1"),
    ("#/subjects", "Subjects"),
    ("#/subject/sa/ns-1/k-sa-1", "sa/ns-1:k-sa-1"),
    ("#/subject/group/system%3Amasters", "group/system:masters"),
    ("#/roles", "Roles"),
    ("#/role/Role/ns-1/pod-lister", "Role ns-1/pod-lister"),
    ("#/role/ClusterRole/view", "ClusterRole view"),
    ("#/bindings", "Bindings"),
    ("#/binding/RoleBinding/ns-1/pod-lister", "RoleBinding ns-1/pod-lister"),
    (
        "#/binding/RoleBinding/kube-public/system%3Acontroller%3Abootstrap-signer",
        "RoleBinding kube-public/system:controller:bootstrap-signer",
    ),
    ("#/namespaces", "Namespaces"),
    ("#/namespace/ns-1", "Namespace ns-1"),
    ("#/workloads", "Workloads"),
    ("#/findings", "Findings"),
    ("#/who-can?verb=list&resource=pods&namespace=ns-1", "Who can…"),
    ("#/matrix?namespace=ns-1", "Matrix"),
    ("#/graph", "Graph"),
    ("#/graph/subject/sa/ns-1/k-sa-1", "Graph of ServiceAccount ns-1/k-sa-1"),
    ("#/graph/secrets/ns-1", "Graph of Secrets of namespace ns-1"),
    ("#/search?q=lister", "Search for lister"),
    ("#/graph/secrets/ns-1/db", "Graph of Secret ns-1/db"),
    ("#/no-such-view", "Not found"),
    ("#/constructor", "Not found"),
    ("#/__proto__", "Not found"),
];

/// A fixture with each kind of object and a finding.
pub(super) const FIXTURE: &str = "fixtures/ns-1";

/// The browser, and the folder with the inputs and reports.
pub(super) struct Pages {
    pub(super) browser: Browser,
    folder: tempfile::TempDir,
    rolecall: PathBuf,
}

impl Pages {
    /// Starts the browser.
    pub(super) fn start(rolecall: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::new(format!("cannot create a folder: {error}")))?;
        let pages = Self { browser: Browser::start()?, folder, rolecall: rolecall.to_owned() };
        pages.reset()?;
        Ok(pages)
    }

    /// Returns the version of the browser.
    pub(super) fn version(&self) -> Result<String> {
        let version = self.browser.devtools("Browser.getVersion", json!({}))?;
        let product = version.get("product").and_then(Value::as_str).unwrap_or_default();
        Ok(product.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Restores the window, and forgets the messages and requests of the last page.
    pub(super) fn reset(&self) -> Result<()> {
        self.browser.resize(WINDOW.0, WINDOW.1)?;
        self.browser.emulate("", "light")?;
        self.browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": false}))?;
        self.browser.load("about:blank")?;
        self.browser.console()?;
        self.browser.requests().map(drop)
    }

    /// Fails if the console has messages, or if a page requested anything except itself.
    pub(super) fn check_quiet(&self) -> Result<()> {
        let messages = self.browser.console()?;
        if let Some(message) = messages.first() {
            return Err(Failure::new(format!("the console contains: {message}")));
        }
        let own = ["file:///", "data:", "blob:", "about:"];
        let requests = self.browser.requests()?;
        match requests.iter().find(|url| !own.iter().any(|scheme| url.starts_with(scheme))) {
            Some(url) => Err(Failure::new(format!("the page requests {url}"))),
            None => Ok(()),
        }
    }

    /// Returns the path of a file in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder, and returns its path.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String> {
        let path = self.path(name);
        files::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Prepares to run rolecall in the workspace.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.rolecall);
        command.args(arguments).current_dir(files::workspace_root());
        command.env("KUBECONFIG", "/nonexistent").env_remove("COLUMNS");
        command
    }

    /// Runs rolecall in the workspace, and returns its output. `codes` are the expected exit codes.
    pub(super) fn rolecall(&self, arguments: &[&str], codes: &[i32]) -> Result<String> {
        let mut command = self.command(arguments);
        let ran = command.output().map_err(|error| process::failure(&command, &error))?;
        if !ran.status.code().is_some_and(|code| codes.contains(&code)) {
            let text = String::from_utf8_lossy(&ran.stderr);
            let line = arguments.join(" ");
            return Err(Failure::new(format!("rolecall {line}: {}\n{text}", ran.status)));
        }
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    }

    /// Writes a report about an input, and returns its URL.
    pub(super) fn report(&self, input: &str, name: &str) -> Result<String> {
        let path = self.path(name).display().to_string();
        self.rolecall(&["report", "-f", input, "--out", &path], &[0, 2, 3])?;
        Ok(format!("file://{path}"))
    }

    /// Returns the path of a cluster with all kinds of rules and bindings.
    pub(super) fn universe(&self) -> Result<String> {
        let path = self.path("universe.json");
        if !path.exists() {
            let source = files::workspace_root().join(UNIVERSE);
            let failed = |error: &std::io::Error| files::failure("read", &source, error);
            let file = std::fs::File::open(&source).map_err(|error| failed(&error))?;
            let mut text = String::new();
            GzDecoder::new(file).read_to_string(&mut text).map_err(|error| failed(&error))?;
            files::write(&path, &text)?;
        }
        Ok(path.display().to_string())
    }

    /// Writes a cluster with thousands of objects or more, and returns its path.
    pub(super) fn generated(&self, preset: &str) -> Result<String> {
        let path = self.path(&format!("{preset}.json"));
        if !path.exists() {
            let mut command = Command::new("cargo");
            command.args(["xtask", "generate", "--preset", preset, "--out"]).arg(&path);
            process::output(command.current_dir(files::workspace_root()))?;
        }
        Ok(path.display().to_string())
    }
}
