//! `doctor`: a step-by-step diagnosis of a Pod's access to the API server.

mod mount;
mod server;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Args;
use rolecall_source::cluster::{Cluster, Credential, MountedServiceAccount, server_of_environment};

use self::mount::{Mount, SERVICE_NAME};
use self::server::Examination;
use crate::answer::diagnosis::{Found, Status, Step};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::live::Live;
use crate::output::{self, Diagnosis, Format};
use crate::render;
use crate::time;
use crate::ui::Ui;

/// Diagnose, from inside a Pod, why the API server does not answer or refuses requests
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/doctor.txt"))]
pub(crate) struct Arguments {
    /// The directory with `token`, `ca.crt` and `namespace` [default: the standard mount of a Pod]
    #[arg(long, value_name = "PATH")]
    serviceaccount_dir: Option<PathBuf>,
    /// The server to use instead of the one in the Pod's environment; over `http://`, as for `kubectl
    /// proxy`, no token is sent, and the identity is that of the proxy
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// The default timeout of a request: a diagnosis should not wait long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of the DNS server.
const DNS_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the diagnosis and prints it.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    refuse_others(options)?;
    let found = examine(ui, options, arguments)?;
    let mut out = ui.stdout();
    match arguments.output {
        Format::Json | Format::Yaml => {
            output::write_versioned(&mut out, arguments.output, &Diagnosis::new(&found))?;
        }
        Format::Table | Format::Wide => write(ui, &mut out, &found.steps)?,
    }
    out.flush()?;
    let any = |status: Status| found.steps.iter().any(|step| step.status == status);
    let failed = Exit::No.when(any(Status::Failed));
    Ok(failed.max(Exit::Inconclusive.when(any(Status::Unknown))))
}

/// Rejects options that do not apply to a Pod.
fn refuse_others(options: &Options) -> Result<(), CommandError> {
    let cluster = &options.cluster;
    let is_elsewhere = cluster.kubeconfig.is_some()
        || cluster.context.is_some()
        || cluster.as_user.is_some()
        || !options.source.filename.is_empty();
    if !is_elsewhere {
        return Ok(());
    }
    Err(CommandError::usage("`doctor` only checks the mounted files and environment of a Pod")
        .with_hint(Hint::run("rolecall whoami", "check the credentials of a kubeconfig")))
}

fn examine(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Found, CommandError> {
    let mut steps = Vec::new();
    let directory = mount::directory(arguments.serviceaccount_dir.as_ref());
    let is_proxied =
        arguments.server.as_ref().is_some_and(|server| !server.starts_with("https://"));
    // A proxy does not need a token.
    let is_mount_due = !is_proxied || arguments.serviceaccount_dir.is_some() || directory.exists();
    let mount = match is_mount_due {
        true => Mount::examine(&directory, &mut steps),
        false => Mount::default(),
    };
    let server = match &arguments.server {
        Some(server) => server.clone(),
        None => {
            let named = mount::examine_environment(server_of_environment(), &mut steps);
            if named.is_none() && arguments.serviceaccount_dir.is_none() && !directory.exists() {
                ui.note("rolecall does not seem to run in a Pod");
                let purpose = "check the credentials of a kubeconfig instead";
                ui.suggest(Hint::run("rolecall whoami", purpose));
            }
            steps.push(mount::examine_dns(mount::look_up, DNS_TIMEOUT));
            named.unwrap_or_else(|| format!("https://{SERVICE_NAME}"))
        }
    };
    let host = std::env::var("HOSTNAME").ok().filter(|_| arguments.serviceaccount_dir.is_none());
    steps.extend(mount.examine_token(host.as_deref(), time::now()));
    let of_token = || mount.claims.as_ref().map(|claims| claims.namespace.clone());
    let namespace = options.namespace.first().map(str::to_owned);
    let namespace = namespace.or_else(|| mount.namespace.clone()).or_else(of_token);
    let namespace = namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".into());
    let timeout = options.cluster.request_timeout.unwrap_or(TIMEOUT);
    let timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
    let account = MountedServiceAccount { directory: directory.clone(), server: server.clone() };
    let mut found = Found {
        server,
        namespace,
        credential: mount.has_token.then(|| Credential::Token(mount.claims.clone().map(Box::new))),
        directory,
        who: None,
        steps,
    };
    // Without a token, requests are anonymous.
    let can_ask = is_proxied || mount.has_authority;
    if !can_ask {
        let why = "not checked without a ca.crt";
        let names = ["connection", "version", "identity", "rights"];
        found.steps.extend(names.map(|name| Step::unknown(name, why)));
        return Ok(found);
    }
    let connected = Live::with(ui, async || match (is_proxied, mount.has_token) {
        (true, _) => Cluster::without_credentials(&account.server, timeout),
        (false, true) => Cluster::as_mounted(&account, timeout),
        (false, false) => Cluster::without_token(&account, timeout),
    });
    let live = match connected {
        Ok(live) => live,
        Err(error) => {
            found.steps.push(Step::failed("connection", error.chain().join(": ")));
            return Ok(found);
        }
    };
    let examination =
        Examination { ui, live: &live, mount: &mount, is_proxied, namespace: &found.namespace };
    found.who = examination.run(&mut found.steps)?;
    if !is_proxied {
        server::bound(&mount, found.who.is_some(), &mut found.steps);
    }
    Ok(found)
}

/// Writes each step on a line, followed by its next steps.
fn write(ui: &Ui, out: &mut impl Write, steps: &[Step]) -> std::io::Result<()> {
    for Step { name, status, says, next } in steps {
        let color = match status {
            Status::Ok => AnsiColor::Green,
            Status::Failed => AnsiColor::Red,
            Status::Unknown => AnsiColor::Yellow,
        };
        let (style, status) = (Style::new().fg_color(Some(color.into())), status.as_str());
        writeln!(out, "{style}{status:<8}{style:#} {name}: {}", render::plain(says))?;
        for hint in next {
            let text = hint.to_string();
            writeln!(out, "         {}", render::plain(&ui.shown(&text)))?;
        }
    }
    Ok(())
}
