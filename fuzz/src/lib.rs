//! Fuzz targets. Each compares two ways to the same result, and panics if they differ.
//!
//! `fuzz_targets/` runs them with libFuzzer, `main.rs` with the stable compiler; `tests/corpus.rs`
//! replays the stored inputs in every test run.

mod commands;
mod configuration;
mod json_segments;
mod mutate;
mod prefilter;
mod refusals;
mod reviews;
mod seeds;
mod yaml_readers;

pub use commands::commands;
pub use configuration::configuration;
pub use json_segments::json_segments;
pub use mutate::{Failed, run};
pub use prefilter::prefilter;
pub use refusals::refusals;
pub use reviews::reviews;
pub use seeds::{corpus, folder};
pub use yaml_readers::yaml_readers;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is also the name of its corpus.
    pub name: &'static str,
    /// The results that it compares.
    pub compares: &'static str,
    /// Runs it on one input; panics if the results differ.
    pub body: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "yaml_readers",
        compares: "the line reader with the event reader, a file with its documents, skipped values with nulls",
        body: yaml_readers,
    },
    Target {
        name: "json_segments",
        compares: "JSON that is read in blocks on all cores with serde_json",
        body: json_segments,
    },
    Target {
        name: "prefilter",
        compares: "the objects of a manifest with those of the same manifest that the prefilter must not skip",
        body: prefilter,
    },
    Target {
        name: "refusals",
        compares: "a log that is scanned at once with the same log in pieces; nothing printed is a control character",
        body: refusals,
    },
    Target {
        name: "commands",
        compares: "the command that a snapshot keeps with what a snapshot of that snapshot keeps",
        body: commands,
    },
    Target {
        name: "configuration",
        compares: "rolecall.yaml read by rolecall with the same file read by serde_yaml",
        body: configuration,
    },
    Target {
        name: "reviews",
        compares: "the statuses written for access reviews with decisions on what the reviews ask",
        body: reviews,
    },
];
