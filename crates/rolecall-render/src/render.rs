//! Renders targets with Kustomize and Helm, outside the repository and without a network.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::boundary::relative;
use crate::copy::copy;
use crate::message;
use crate::names::Names;
use crate::obstacle::Obstacle;
use crate::run::{Limits, run};
use crate::target::{Changes, Release, Target, TargetKind};
use crate::tool::{Tool, ToolKind, Tools};

/// Whether tools can use the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Remote references are obstacles, and tools run without proxies, Git and SSH.
    #[default]
    Denied,
    /// Tools run with the user's proxies and programs.
    Allowed,
}

/// Renders targets in a temporary directory, which is deleted when this is dropped.
#[derive(Debug)]
pub struct Renderer<'a> {
    tools: &'a Tools,
    names: &'a Names,
    network: Network,
    limits: Limits,
    /// The namespace of releases that name none.
    namespace: String,
    _folder: TempDir,
    folder: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

/// The objects of a target, as its tool wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The YAML documents.
    pub text: Vec<u8>,
    /// The real directory that the paths of Kustomize's origin annotations start from.
    pub directory: PathBuf,
}

impl<'a> Renderer<'a> {
    /// Creates a temporary directory for the tools.
    pub fn new(
        tools: &'a Tools,
        names: &'a Names,
        network: Network,
        limits: Limits,
        namespace: &str,
    ) -> io::Result<Self> {
        let directory = TempDir::with_prefix("rolecall-render-")?;
        let folder = directory.path().canonicalize()?;
        for name in ["home", "programs", "tmp"] {
            fs::create_dir(folder.join(name))?;
        }
        let environment = environment(&folder, network);
        let namespace = namespace.to_owned();
        Ok(Self {
            tools,
            names,
            network,
            limits,
            namespace,
            _folder: directory,
            folder,
            environment,
        })
    }

    /// Renders a target. `number` is different for each call.
    pub fn render(&self, target: &Target, number: usize) -> Result<Output, Obstacle> {
        if let Some(obstacle) = &target.obstacle
            && !(self.network == Network::Allowed && is_lifted(obstacle))
        {
            return Err(obstacle.clone());
        }
        let directory = self.folder.join(number.to_string());
        let output = match &target.kind {
            TargetKind::Kustomize { inflates_charts, changes, .. } => {
                self.kustomize(target, *inflates_charts, changes, &directory)
            }
            TargetKind::Helm(release) => self.helm(target, release, &directory),
        };
        let text = output.map_err(|obstacle| match obstacle {
            Obstacle::Failed { message } => {
                let replaced = [
                    (relative(&directory, &target.directory), target.shown.clone()),
                    (directory.clone(), target.shown.clone()),
                ];
                Obstacle::Failed { message: message::shorten(&message, &replaced, self.names) }
            }
            other => other,
        })?;
        Ok(Output { text, directory })
    }

    fn kustomize(
        &self,
        target: &Target,
        inflates_charts: bool,
        changes: &Changes,
        directory: &Path,
    ) -> Result<Vec<u8>, Obstacle> {
        let tool = self.tool(ToolKind::Kustomize)?;
        // The outermost kustomization decides whether objects carry their origins, and a base can
        // be anywhere.
        let base = relative(directory, &target.directory).to_string_lossy().replace('\\', "/");
        let mut wrapper = format!("resources:\n- {}\n", quoted(&base));
        wrapper.push_str("buildMetadata: [originAnnotations]\n");
        for (field, value) in [
            ("namespace", &changes.namespace),
            ("namePrefix", &changes.name_prefix),
            ("nameSuffix", &changes.name_suffix),
        ] {
            if let Some(value) = value {
                wrapper.push_str(&format!("{field}: {}\n", quoted(value)));
            }
        }
        fs::create_dir(directory).map_err(cannot_write)?;
        fs::write(directory.join("kustomization.yaml"), wrapper).map_err(cannot_write)?;
        let mut arguments: Vec<OsString> = vec![tool.command.into(), directory.into()];
        if inflates_charts {
            let helm = self.tool(ToolKind::Helm)?;
            arguments.extend(["--enable-helm".into(), "--helm-command".into()]);
            arguments.push(helm.program.clone().into());
        }
        self.run(tool, &arguments)
    }

    fn helm(
        &self,
        target: &Target,
        release: &Release,
        directory: &Path,
    ) -> Result<Vec<u8>, Obstacle> {
        let tool = self.tool(ToolKind::Helm)?;
        let mut arguments: Vec<OsString> = vec![tool.command.into()];
        let fetches = self.network == Network::Allowed && target.obstacle.is_some();
        if fetches || !release.local_charts.is_empty() {
            // Dependencies are written into the chart, so Helm gets a copy.
            copy(&target.directory, directory).map_err(cannot_copy)?;
            for chart in &release.local_charts {
                copy(&chart.directory, &directory.join(&chart.path)).map_err(cannot_copy)?;
            }
            arguments.extend([(&*release.name).into(), directory.into()]);
            arguments.extend(fetches.then(|| "--dependency-update".into()));
        } else {
            arguments.extend([(&*release.name).into(), target.directory.clone().into()]);
        }
        let namespace = release.namespace.as_deref().unwrap_or(&self.namespace);
        arguments.extend(["--namespace".into(), namespace.into(), "--include-crds".into()]);
        for values in &release.values {
            if values.is_dir() {
                let shown = self.names.shown(values);
                return Err(Obstacle::Setting(format!(
                    "`{shown}` is a directory, not a values file"
                )));
            }
            arguments.extend(["--values".into(), values.into()]);
        }
        for (position, values) in release.inline_values.iter().enumerate() {
            let file = directory.with_extension(format!("values-{position}.yaml"));
            fs::write(&file, values).map_err(cannot_write)?;
            arguments.extend(["--values".into(), file.into()]);
        }
        arguments.extend(release.arguments.iter().map(OsString::from));
        let output = self.run(tool, &arguments)?;
        Ok(if fetches { without_progress(output) } else { output })
    }

    fn run(&self, tool: &Tool, arguments: &[OsString]) -> Result<Vec<u8>, Obstacle> {
        run(&tool.program, arguments, &self.environment, &self.folder, self.limits)
    }

    fn tool(&self, kind: ToolKind) -> Result<&Tool, Obstacle> {
        let tool = match kind {
            ToolKind::Kustomize => &self.tools.kustomize,
            ToolKind::Helm => &self.tools.helm,
        };
        tool.as_ref().ok_or(Obstacle::NoTool(kind))
    }
}

/// Returns the command that renders a target by hand.
pub fn command(target: &Target, tools: &Tools, names: &Names, namespace: &str) -> String {
    let quote = |text: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
        match !text.is_empty() && text.chars().all(is_plain) {
            true => text.to_owned(),
            false => format!("'{}'", text.replace('\'', r"'\''")),
        }
    };
    match &target.kind {
        TargetKind::Kustomize { inflates_charts, .. } => {
            let is_kubectl = tools.kustomize.as_ref().is_some_and(|it| it.command == "kustomize");
            let program = if is_kubectl { "kubectl kustomize" } else { "kustomize build" };
            let helm = if *inflates_charts { " --enable-helm" } else { "" };
            format!("{program} {}{helm}", quote(&target.shown))
        }
        TargetKind::Helm(release) => {
            let namespace = release.namespace.as_deref().unwrap_or(namespace);
            let mut command = format!(
                "helm template {} {} --namespace {} --include-crds",
                quote(&release.name),
                quote(&target.shown),
                quote(namespace)
            );
            for values in &release.values {
                command.push_str(&format!(" --values {}", quote(&names.shown(values))));
            }
            if !release.inline_values.is_empty() {
                command.push_str(" --values -");
            }
            for argument in &release.arguments {
                command.push_str(&format!(" {}", quote(argument)));
            }
            command
        }
    }
}

/// Returns whether the network removes an obstacle.
fn is_lifted(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::Remote { .. } => true,
        // Kustomize would write a chart into the repository.
        Obstacle::MissingChart { fetch, .. } => fetch.starts_with("helm dependency"),
        _ => false,
    }
}

/// Returns the environment of the tools.
fn environment(folder: &Path, network: Network) -> Vec<(&'static str, OsString)> {
    const HOMES: [&str; 9] = [
        "HOME",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "HELM_CACHE_HOME",
        "HELM_CONFIG_HOME",
        "HELM_DATA_HOME",
        "HELM_PLUGINS",
        "KUBECACHEDIR",
    ];
    const PROXIES: [&str; 8] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ];
    let home = folder.join("home");
    let mut environment: Vec<(&'static str, OsString)> =
        HOMES.iter().map(|name| (*name, home.clone().into())).collect();
    environment.push(("TMPDIR", folder.join("tmp").into()));
    environment.push(("KUBECONFIG", home.join("no-kubeconfig").into()));
    environment.push(("HELM_NO_PLUGINS", "1".into()));
    environment.push(("LC_ALL", "C".into()));
    // A build is short, so collecting garbage is not worth its time.
    environment.push(("GOGC", "off".into()));
    environment.push(("GOMEMLIMIT", "512MiB".into()));
    let inherited: &[&str] = match network {
        Network::Denied => {
            environment.push(("PATH", folder.join("programs").into()));
            for name in PROXIES {
                let value =
                    if name.eq_ignore_ascii_case("NO_PROXY") { "" } else { "http://127.0.0.1:9" };
                environment.push((name, value.into()));
            }
            &[]
        }
        Network::Allowed => {
            environment.extend(PROXIES.iter().filter_map(|name| Some((*name, env::var_os(name)?))));
            &["PATH", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"]
        }
    };
    let inherited = inherited.iter().chain(&["SystemRoot"]);
    environment.extend(inherited.filter_map(|name| Some((*name, env::var_os(name)?))));
    environment
}

/// Returns an output from its first document: Helm reports downloads before it.
fn without_progress(output: Vec<u8>) -> Vec<u8> {
    if output.starts_with(b"---") {
        return output;
    }
    let start = memchr::memmem::find(&output, b"\n---\n").map_or(output.len(), |at| at + 1);
    output.get(start..).unwrap_or_default().to_vec()
}

/// Quotes a text for YAML.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn cannot_copy(error: io::Error) -> Obstacle {
    Obstacle::Failed { message: format!("cannot copy the chart: {error}") }
}

fn cannot_write(error: io::Error) -> Obstacle {
    Obstacle::Failed { message: format!("cannot write to a temporary directory: {error}") }
}
