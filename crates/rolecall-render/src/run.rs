//! Runs a program without a shell, with a clean environment, a time limit and an output limit.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::obstacle::Obstacle;

/// The limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest duration.
    pub time: Duration,
    /// The most bytes of output.
    pub output: u64,
    /// The most bytes of memory, where the system can limit them.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), output: 128 << 20, memory: 2 << 30 }
    }
}

/// The most bytes of error messages to keep.
const ERRORS: u64 = 64 << 10;

/// Runs a program and returns its output. A program that fails returns the text of its errors.
pub(crate) fn run(
    program: &Path,
    arguments: &[OsString],
    environment: &[(&str, OsString)],
    directory: &Path,
    limits: Limits,
) -> Result<Vec<u8>, Obstacle> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env_clear();
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    in_own_group(&mut command);
    let cannot_run = |error: io::Error| Obstacle::Failed {
        message: format!("cannot run `{}`: {error}", program.display()),
    };
    let mut child = command.spawn().map_err(cannot_run)?;
    limit_memory(&child, limits.memory);
    let deadline = Instant::now() + limits.time;
    let output = read(child.stdout.take(), limits.output);
    let errors = read(child.stderr.take(), ERRORS);
    let output = match wait(&output, deadline) {
        Some(output) => output,
        None => return Err(stop(child, Obstacle::TimedOut(limits.time))),
    };
    if output.len() as u64 > limits.output {
        return Err(stop(child, Obstacle::TooLarge(limits.output)));
    }
    let Some(errors) = wait(&errors, deadline) else {
        return Err(stop(child, Obstacle::TimedOut(limits.time)));
    };
    // Both pipes are closed, so the program has ended or is about to.
    let status = loop {
        match child.try_wait().map_err(cannot_run)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                return Err(stop(child, Obstacle::TimedOut(limits.time)));
            }
            None => thread::sleep(Duration::from_micros(200)),
        }
    };
    if status.success() {
        return Ok(output);
    }
    let errors = String::from_utf8_lossy(&errors);
    Err(Obstacle::Failed { message: errors.trim().to_owned() })
}

/// Reads a pipe in another thread, one byte beyond the limit.
fn read(pipe: Option<impl Read + Send + 'static>, limit: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver): (Sender<Vec<u8>>, _) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // The bytes before an error are still useful.
            let _ = pipe.take(limit + 1).read_to_end(&mut bytes);
        }
        // Nobody receives it after a timeout.
        let _ = sender.send(bytes);
    });
    receiver
}

fn wait(receiver: &Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(bytes) => Some(bytes),
        Err(RecvTimeoutError::Disconnected) => Some(Vec::new()),
        Err(RecvTimeoutError::Timeout) => None,
    }
}

/// Ends the program with everything that it started.
fn stop(mut child: Child, because: Obstacle) -> Obstacle {
    end_group(&child);
    // It might have ended already.
    let _ = child.kill();
    let _ = child.wait();
    because
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn in_own_group(_: &mut Command) {}

#[cfg(unix)]
fn end_group(child: &Child) {
    if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_: &Child) {}

/// Limits the memory, so that an endless template ends instead of the machine.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_memory(child: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    let _ = prlimit(Pid::from_raw(child.id().cast_signed()), Resource::Data, limit);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit_memory(_: &Child, _: u64) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limits: Limits) -> Result<Vec<u8>, Obstacle> {
        let arguments = ["-c", script].map(OsString::from);
        run(
            Path::new("/bin/sh"),
            &arguments,
            &[("PATH", "/usr/bin:/bin".into())],
            Path::new("/"),
            limits,
        )
    }

    #[test]
    fn programs_cannot_hang_flood_or_leave_children() {
        let limits = Limits { time: Duration::from_millis(300), output: 1000, ..Limits::default() };
        assert_eq!(shell("printf a", limits), Ok(b"a".to_vec()));
        assert_eq!(
            shell("echo why >&2; exit 3", limits),
            Err(Obstacle::Failed { message: "why".to_owned() })
        );
        let start = Instant::now();
        for script in ["sleep 30", "sleep 30 & exec >&- 2>&-; wait", "sleep 30 &"] {
            assert_eq!(shell(script, limits), Err(Obstacle::TimedOut(limits.time)), "{script}");
        }
        assert_eq!(shell("yes", limits), Err(Obstacle::TooLarge(1000)));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn programs_get_no_environment_but_the_given_one() {
        let seen =
            shell("/usr/bin/env", Limits { time: Duration::from_secs(10), ..Limits::default() });
        let seen = String::from_utf8(seen.unwrap()).unwrap();
        assert!(!seen.contains("HOME="), "{seen}");
    }
}
