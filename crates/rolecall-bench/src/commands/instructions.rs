//! Instruction counts of fixed runs, compared with the stored ones.
//!
//! The count does not depend on the load of the machine, so a growth is caused by the code. It
//! depends on the compiler and on the instruction set of the processor; counts are compared only if
//! both are unchanged.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generate::Preset;

use super::command_line::{CommandLine, Programs};
use super::inputs::{Input, Inputs};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The fixed runs, by name.
const RUNS: [(&str, CommandLine); 5] = [
    ("check", CommandLine("rolecall check {manifests}")),
    ("check-cluster", CommandLine("rolecall check {cluster}")),
    ("diff", CommandLine("rolecall diff {cluster} {other}")),
    ("reviews", CommandLine("rolecall can-i --reviews {reviews} -f {cluster}")),
    ("who-can", CommandLine("rolecall who-can get secrets -A -f {cluster}")),
];

/// The inputs of the runs.
const INPUTS: [Input; 4] = [Input::Cluster, Input::Other, Input::Manifests, Input::Reviews];

/// The Cargo profile of the counts: optimized, and fast enough to build in CI.
pub(super) const PROFILE: &str = "quick";

const UPDATE: &str = "cargo xtask bench --instructions --update";

/// Counts by run, and the compiler of the binary.
#[derive(Debug, PartialEq)]
struct Counts {
    compiler: String,
    runs: BTreeMap<String, u64>,
}

/// Counts, and compares or stores the results.
pub(super) fn run(programs: &Programs, update: bool) -> Result<()> {
    let Some(valgrind) = programs.find("valgrind") else {
        return Err(Failure::new("`valgrind` is not installed")
            .remedy("apt-get install valgrind, or set BENCH_VALGRIND to its path"));
    };
    if lacks_vectors() {
        println!(
            "notice: not counted: the stored counts require AVX2, which this processor does not have"
        );
        return Ok(());
    }
    let inputs = Inputs::write(Preset::Small, &INPUTS)?;
    let compiler = process::output(Command::new("rustc").arg("--version"))?;
    let mut counts = Counts { compiler: compiler.trim().to_owned(), runs: BTreeMap::new() };
    for (name, line) in RUNS {
        let Some(program) = programs.find(line.program()) else { continue };
        let Some(count) = count(&valgrind, &line.command(&program, &inputs))? else {
            println!("notice: not counted: this version of valgrind cannot run `{name}`");
            return Ok(());
        };
        counts.runs.insert(name.to_owned(), count);
    }
    let stored = stored();
    if update {
        return files::write(&stored, &render(&counts));
    }
    if !stored.exists() {
        println!("notice: not compared: no counts are stored for {ARCH}; store them with {UPDATE}");
        return Ok(());
    }
    compare(&parse(&files::read(&stored)?), &counts)
}

/// Returns the file with the stored counts for this architecture.
fn stored() -> PathBuf {
    files::workspace_root().join(format!("crates/rolecall-bench/benches/instructions-{ARCH}.txt"))
}

/// Returns whether byte searches take more instructions here than on the machines with stored
/// counts. Vectors newer than AVX2 make no difference, because valgrind hides them.
fn lacks_vectors() -> bool {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    ARCH == "x86_64" && !processor.split_whitespace().any(|flag| flag == "avx2")
}

/// Counts the instructions of a command on one thread; `None` if valgrind cannot complete it.
fn count(valgrind: &Path, command: &Command) -> Result<Option<u64>> {
    let folder = tempfile::tempdir().map_err(|error| process::failure(command, &error))?;
    let out = folder.path().join("callgrind.out");
    let mut run = Command::new(valgrind);
    run.arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .env("RAYON_NUM_THREADS", "1");
    let output = run.output().map_err(|error| process::failure(&run, &error))?;
    match output.status.code() {
        Some(0 | 1) => {
            let text = fs::read_to_string(&out).unwrap_or_default();
            let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
            Ok(total.and_then(|total| total.trim().parse().ok()))
        }
        Some(2..) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
            Err(Failure::new(format!("`rolecall {}` failed:\n{stderr}", words.join(" "))))
        }
        _ => Ok(None),
    }
}

/// Prints each count relative to the stored one, and fails on growth.
fn compare(stored: &Counts, counts: &Counts) -> Result<()> {
    let mut grown = Vec::new();
    for (name, count) in &counts.runs {
        let Some(known) = stored.runs.get(name) else {
            println!("{name}: {count} instructions; none are stored, store them with {UPDATE}");
            continue;
        };
        let growth = (*count as f64 / *known as f64 - 1.0) * 100.0;
        println!("{name}: {count} instructions, {growth:+.1} % from {known}");
        if *count > known + known / 10 {
            grown.push(name.as_str());
        }
    }
    if stored.compiler != counts.compiler {
        println!(
            "notice: growth is not checked: the stored counts are for {}, this is {}; store new ones with {UPDATE}",
            stored.compiler, counts.compiler
        );
        return Ok(());
    }
    if grown.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("more than a tenth more instructions: {}", grown.join(", ")))
        .remedy(format!("find the cause with callgrind; if the growth is intended, run {UPDATE}")))
}

fn parse(text: &str) -> Counts {
    let mut lines = text.lines();
    let compiler = lines.next().unwrap_or_default().to_owned();
    let count = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.trim().parse().ok()?))
    };
    Counts { compiler, runs: lines.filter_map(count).collect() }
}

fn render(counts: &Counts) -> String {
    let runs: String =
        counts.runs.iter().map(|(name, count)| format!("{name} {count}\n")).collect();
    format!("{}\n{runs}", counts.compiler)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(compiler: &str, check: u64, who_can: u64) -> Counts {
        let runs = [("check".to_owned(), check), ("who-can".to_owned(), who_can)];
        Counts { compiler: compiler.to_owned(), runs: runs.into() }
    }

    #[test]
    fn growth_by_a_tenth_is_allowed_and_more_is_not() {
        for (check, who_can, passes) in [(1_000, 1_000, true), (1_100, 1, true), (1_101, 1, false)]
        {
            let compared = compare(&counts("a", 1_000, 1_000), &counts("a", check, who_can));
            assert_eq!(compared.is_ok(), passes, "{check} {who_can}");
        }
    }

    #[test]
    fn counts_of_another_compiler_are_not_compared() {
        assert!(compare(&counts("a", 1_000, 1_000), &counts("b", 2_000, 2_000)).is_ok());
    }

    #[test]
    fn stored_counts_round_trip() {
        let counts = counts("rustc 1.2.3", 1, 2);
        assert_eq!(parse(&render(&counts)), counts);
    }
}
