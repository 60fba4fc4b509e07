//! Refusals in the logs of Pods.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rolecall_grant::refusal::{Scan, Scanner};
use rolecall_rbac::Workload;
use rolecall_source::cluster::{ContainerLog, LogRun, RequestError};

use super::clues::Clues;
use super::workloads::is_made_by;
use crate::error::{CommandError, Hint};
use crate::live::Live;
use crate::load::Session;
use crate::subject::{SubjectArgument, find_workload};
use crate::ui::Ui;

/// The refusals in logs.
pub(crate) struct Logs {
    /// The refusals of each log, with its name in messages.
    pub(crate) scans: Vec<(String, Scan)>,
    /// The kind of client that wrote them.
    pub(crate) clues: Clues,
    /// The number of logs that were not read completely.
    pub(crate) unread: usize,
}

/// Reads the logs of all containers of the targets, including their previous run.
pub(crate) fn read(
    ui: &Ui,
    session: &Session,
    targets: &[String],
    since: Option<Duration>,
) -> Result<Logs, CommandError> {
    let Some(live) = session.live() else {
        return Err(CommandError::usage("manifests have no logs")
            .with_hint(Hint::pass("--from-errors FILE", "read the logs from a file"))
            .with_hint(Hint::pass("--overlay", "also read the cluster")));
    };
    let clues = RefCell::new(Clues::new());
    let mut reader = Reader {
        ui,
        live,
        since,
        scans: Vec::new(),
        bytes: Cell::new(0),
        clues,
        read: 0,
        unread: 0,
    };
    for target in targets {
        for pod in pods(session, target)? {
            reader.read_pod(pod)?;
        }
    }
    if reader.read == 0 {
        return Err(CommandError::cluster("no log could be read"));
    }
    if reader.scans.iter().all(|(_, scan)| scan.is_empty()) {
        let logs = if reader.read == 1 { "log contains" } else { "logs contain" };
        ui.note(format!("{} {logs} no refusal", reader.read));
    }
    Ok(Logs { scans: reader.scans, clues: reader.clues.into_inner(), unread: reader.unread })
}

/// Returns the Pods of a target.
fn pods<'a>(session: &'a Session, target: &str) -> Result<Vec<&'a Workload>, CommandError> {
    let SubjectArgument::Workload { kind, namespace, name } = SubjectArgument::parse(target)?
    else {
        return Err(CommandError::usage(format!("`{target}` has no logs"))
            .with_hint(Hint::did_you_mean(target, ["pod/NAME", "deploy/NAME"])));
    };
    let namespace = namespace.as_deref().unwrap_or(session.namespace());
    let named = find_workload(session, &kind, namespace, &name)?;
    let inventory = session.authorizer.inventory();
    let pods: Vec<&Workload> = inventory
        .workloads_in(namespace)
        .iter()
        .filter(|workload| *workload.kind == *"Pod" && workload.api_group.is_empty())
        .filter(|pod| is_made_by(inventory, pod, named))
        .collect();
    if pods.is_empty() {
        return Err(CommandError::input(format!("`{target}` has no Pods")));
    }
    Ok(pods)
}

/// A reader of logs, one after another.
struct Reader<'a> {
    ui: &'a Ui,
    live: &'a Live,
    since: Option<Duration>,
    scans: Vec<(String, Scan)>,
    bytes: Cell<usize>,
    clues: RefCell<Clues>,
    /// The number of logs that were read, at least in part.
    read: usize,
    /// The number of logs that were not read completely.
    unread: usize,
}

impl Reader<'_> {
    fn read_pod(&mut self, pod: &Workload) -> Result<(), CommandError> {
        let containers = pod.pods.iter().flat_map(|spec| spec.containers.iter());
        for container in containers {
            for run in [LogRun::Latest, LogRun::Previous] {
                self.read_log(&ContainerLog {
                    namespace: &pod.metadata.namespace,
                    pod: &pod.metadata.name,
                    container: &container.name,
                    run,
                    since: self.since,
                })?;
            }
        }
        Ok(())
    }

    fn read_log(&mut self, log: &ContainerLog<'_>) -> Result<(), CommandError> {
        let run = if log.run == LogRun::Previous { " (previous)" } else { "" };
        let name = format!("pod/{}:{}/{}{run}", log.namespace, log.pod, log.container);
        let mut scanner = Scanner::new();
        let (bytes, clues) = (&self.bytes, &self.clues);
        let reading = self.live.cluster().read_log(log, |piece| {
            scanner.push(piece);
            clues.borrow_mut().push(piece);
            bytes.set(bytes.get() + piece.len());
        });
        let label = || format!("{} MB of logs read", bytes.get() >> 20);
        let outcome = self.live.wait_for_any(self.ui, label, reading)?;
        let mut is_whole = true;
        match outcome {
            Ok(()) => {}
            Err(error) if error.is_fatal() => {
                return Err(self.live.error(error));
            }
            // Most containers have no previous run, and some have not started yet.
            Err(RequestError::Refused(refusal)) if refusal.code == 400 => return Ok(()),
            Err(error) => {
                self.ui.problem(format!("cannot read the whole log of {name}: {error}"));
                self.unread += 1;
                is_whole = false;
            }
        }
        let scan = scanner.finish();
        self.read += usize::from(scan.bytes > 0 || (is_whole && log.run == LogRun::Latest));
        self.scans.push((name, scan));
        Ok(())
    }
}
