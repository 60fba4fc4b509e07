//! The time, peak memory and exit code of one command.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rolecall_task::failure::Result;
use rolecall_task::process;

/// The interval for sampling the memory of a running command.
const PERIOD: Duration = Duration::from_millis(1);

/// One run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    time: Duration,
    /// The peak memory in KiB, if the system reports it.
    peak: Option<u64>,
    exit: Option<i32>,
}

/// Runs of one command.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    runs: Vec<Run>,
}

/// Runs a command to completion and discards its output.
pub(super) fn run(command: &mut Command) -> Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| process::failure(command, &error))?;
    let watcher = watch(&child);
    let status = child.wait().map_err(|error| process::failure(command, &error))?;
    let time = started.elapsed();
    Ok(Run { time, peak: watcher.join().ok().flatten(), exit: status.code() })
}

/// Samples the high-water mark of a process until it exits.
fn watch(child: &Child) -> thread::JoinHandle<Option<u64>> {
    let status = format!("/proc/{}/status", child.id());
    thread::spawn(move || {
        let mut peak = None;
        while let Some(now) = fs::read_to_string(&status).ok().as_deref().and_then(high_water) {
            peak = Some(now);
            thread::sleep(PERIOD);
        }
        peak
    })
}

/// Reads `VmHWM` in KiB; a process that has exited has none.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

impl Measured {
    pub(super) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Returns the shortest time, because interference only adds time.
    pub(super) fn best(&self) -> Duration {
        self.runs.iter().map(|run| run.time).min().unwrap_or_default()
    }

    /// Returns the median time.
    pub(super) fn median(&self) -> Duration {
        let mut times: Vec<Duration> = self.runs.iter().map(|run| run.time).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// Returns the peak memory over all runs, in KiB.
    pub(super) fn peak(&self) -> Option<u64> {
        self.runs.iter().filter_map(|run| run.peak).max()
    }

    /// Returns the exit code if it is neither 0 nor 1.
    pub(super) fn failure(&self) -> Option<String> {
        self.runs.iter().find_map(|run| match run.exit {
            Some(0 | 1) => None,
            Some(code) => Some(format!("exit {code}")),
            None => Some("killed".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_from_a_status() {
        let rows = [
            ("Name:\tcat\nVmHWM:\t    1234 kB\nVmRSS:\t 12 kB\n", Some(1234)),
            ("Name:\tcat\nState:\tZ (zombie)\n", None),
        ];
        for (status, expected) in rows {
            assert_eq!(high_water(status), expected, "{status}");
        }
    }

    #[test]
    fn the_best_run_counts_and_the_worst_exit() {
        let mut measured = Measured::default();
        for (time, peak, exit) in [(30, None, 0), (10, Some(5), 1), (20, Some(7), 2)] {
            measured.add(Run { time: Duration::from_millis(time), peak, exit: Some(exit) });
        }
        assert_eq!(measured.best(), Duration::from_millis(10));
        assert_eq!(measured.median(), Duration::from_millis(20));
        assert_eq!(measured.peak(), Some(7));
        assert_eq!(measured.failure().as_deref(), Some("exit 2"));
    }
}
