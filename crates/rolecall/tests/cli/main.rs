//! The command from its users' perspective: whole outputs of stdout and stderr, and the exit code.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod advice;
mod authorizers;
mod can_i;
mod check;
mod command;
mod completion;
mod config;
mod connect;
mod conventions;
mod delegation;
mod deployer;
mod diff;
mod difference;
mod docs;
mod doctor;
mod few_rights;
mod fix;
mod fix_audit;
mod fix_effect;
mod fix_files;
mod fix_live;
mod fix_refusals;
mod fix_sense;
mod fix_workload;
mod foreign;
mod hints;
mod hostile;
mod input;
mod listing;
mod live;
mod manifests;
mod matrix;
mod meaning;
mod namespaces;
mod packaging;
mod pager;
mod paths;
mod paths_rows;
mod placeholders;
mod places;
mod questions;
mod render_chart_traps;
mod render_hostile;
mod render_tools;
mod render_traps;
mod report;
mod reviews;
mod risks;
mod rules;
mod sarif;
mod schemas;
mod scripts;
mod serve;
mod server;
mod settle;
mod snapshot;
mod streams;
mod subjects;
mod suggested;
mod target_commands;
mod target_expectations;
mod targets;
mod targets_unread;
mod unread;
mod usage;
mod usage_logs;
mod walk;
mod who_can;
mod why;

/// Every test file in this directory is compiled. A file without a `mod` item would test nothing.
#[test]
fn no_test_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else { continue };
        assert!(
            module == "main" || main.contains(&format!("mod {module};")),
            "add `mod {module};` to {folder}/main.rs"
        );
    }
}
