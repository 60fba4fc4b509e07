//! Denials out of logs, and the least objects that mend them.
//!
//! `cargo bench -p xtask --bench fix [FILTER]`. Bytes of log, or denials, are counted.

mod support;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rolecall_grant::refusal::Scan;
use rolecall_grant::{Config, Denied, plan};
use rolecall_rbac::Verdict;
use support::{authorizer, questions};
use xtask::generate::{Preset, logs};

fn main() {
    divan::main();
}

/// Ten megabytes of logs, one line in fifty a refusal.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn scan(bencher: Bencher<'_, '_>) {
    let mut text = Vec::new();
    let written = logs::write_refusals(&mut text, 1, 10);
    assert!(written.is_ok(), "writing into memory makes no errors");
    bencher.counter(BytesCount::new(text.len())).bench_local(|| Scan::of(&text).denials.len());
}

/// So many denials of one cluster, mended together and proved.
#[divan::bench(args = [1, 100, 1_000], sample_count = 10, sample_size = 1)]
fn mend(bencher: Bencher<'_, '_>, count: usize) {
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
