//! Extracts denials from logs, and computes the minimal objects that allow them.
//!
//! `cargo bench -p rolecall-bench --bench fix [FILTER]`. The counters are bytes of log and numbers of
//! denials.

mod support;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rolecall_bench::generate::{Preset, logs};
use rolecall_grant::refusal::Scan;
use rolecall_grant::{Config, Denied, plan};
use rolecall_rbac::Verdict;
use support::{authorizer, questions};

fn main() {
    divan::main();
}

/// Ten megabytes of logs in which every fiftieth line is a refusal.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn scan(bencher: Bencher<'_, '_>) {
    let mut text = Vec::new();
    let written = logs::write_refusals(&mut text, 1, 10);
    assert!(written.is_ok(), "writing to memory cannot fail");
    bencher.counter(BytesCount::new(text.len())).bench_local(|| Scan::of(&text).denials.len());
}

/// Fixes this many denials of one cluster together, with the proof.
#[divan::bench(args = [1, 100, 1_000], sample_count = 10, sample_size = 1)]
fn fix(bencher: Bencher<'_, '_>, count: usize) {
    let authorizer = authorizer(Preset::Big);
    let denied: Vec<Denied> = questions(Preset::Big, 10 * count + 100)
        .into_iter()
        .filter(|(identity, request)| {
            matches!(authorizer.authorize(identity, request).verdict, Verdict::NoOpinion)
        })
        .map(|(identity, request)| Denied::new(identity, request))
        .take(count)
        .collect();
    bencher
        .counter(ItemsCount::new(denied.len()))
        .bench_local(|| plan(authorizer, &denied, &Config::default()).objects.len());
}
