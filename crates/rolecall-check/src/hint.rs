//! What to run to grant what is missing.

use crate::words::listed;

/// The folder that fixes are written to. Those that it holds already are kept, so that the fixes of
/// one report do not replace each other.
const FOLDER: &str = "rbac";

/// Returns the advice to run commands of `rolecall fix`, each of which reads the sources again.
pub(crate) fn grant(fixes: &[String], sources: &str) -> String {
    let separator = if sources.is_empty() { "" } else { " " };
    let commands: Vec<String> =
        fixes.iter().map(|fix| format!("{fix}{separator}{sources} --out-dir {FOLDER}")).collect();
    let reads_stdin = sources.split(' ').any(|word| word == "-");
    let input = if reads_stdin { ", with the same input on stdin" } else { "" };
    format!("grant it{input}: {}", listed(&commands))
}
