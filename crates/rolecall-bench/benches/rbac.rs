//! The evaluator: index, decisions, matrices and who-can.
//!
//! `cargo bench -p rolecall-bench --bench rbac [FILTER]`. Compare throughputs between machines. Each
//! benchmark that depends on the size of the cluster runs on two sizes.

mod support;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rayon::prelude::*;
use rolecall_bench::generate::Preset;
use rolecall_bench::generate::cluster::VERBS;
use rolecall_rbac::{
    Authorizer, Identity, Inventory, NamespaceSelection, PolicyRule, Request, ResourceRequest,
    Text, covers,
};
use support::{Probe, authorizer, columns, inventory, probe, questions};

fn main() {
    divan::main();
}

const SIZES: [Preset; 2] = [Preset::Big, Preset::Huge];

/// Building the index; the counter is the number of rules.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn index(bencher: Bencher<'_, '_>, preset: Preset) {
    let inventory = inventory(preset);
    let rules: usize = inventory.roles().iter().map(|role| role.rules.len()).sum();
    bencher
        .counter(ItemsCount::new(rules))
        .with_inputs(|| inventory.clone())
        .bench_local_values(Authorizer::new);
}

/// One decision about a subject with the same bindings in both clusters.
mod decision {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn allowed_by_first(bencher: Bencher<'_, '_>, preset: Preset) {
        decide(bencher, preset, Probe::First);
    }

    #[divan::bench(args = SIZES)]
    fn allowed_by_last(bencher: Bencher<'_, '_>, preset: Preset) {
        decide(bencher, preset, Probe::Last);
    }

    #[divan::bench(args = SIZES)]
    fn denied(bencher: Bencher<'_, '_>, preset: Preset) {
        decide(bencher, preset, Probe::Denied);
    }

    fn decide(bencher: Bencher<'_, '_>, preset: Preset, which: Probe) {
        let authorizer = authorizer(preset);
        let (identity, request) = probe(which);
        bencher.bench_local(|| {
            authorizer.authorize(black_box(&identity), black_box(&request)).verdict.is_allowed()
        });
    }

    /// Each sample is a decision about another subject with cold caches. The median is the cost of
    /// a user's question.
    #[divan::bench(args = SIZES, sample_count = 20_000, sample_size = 1)]
    fn of_any_subject(bencher: Bencher<'_, '_>, preset: Preset) {
        let authorizer = authorizer(preset);
        let questions = questions(preset, 20_000);
        let mut next = questions.iter().cycle();
        bencher.with_inputs(|| next.next()).bench_local_values(|question| {
            let (identity, request) = question?;
            Some(authorizer.authorize(identity, request).verdict.is_allowed())
        });
    }
}

/// All ServiceAccounts, each in its own namespace, with eight verbs and seventy resources. The
/// counter is the number of cells.
mod matrix {
    use super::*;

    #[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
    fn one_thread(bencher: Bencher<'_, '_>, preset: Preset) {
        let authorizer = authorizer(preset);
        let rows = rows(authorizer.inventory());
        bencher.counter(cells(&rows)).bench_local(|| {
            let axes = authorizer.axes(verbs(), columns(COLUMNS));
            rows.iter().map(|row| allowed(authorizer, &axes, row)).sum::<usize>()
        });
    }

    #[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
    fn all_cores(bencher: Bencher<'_, '_>, preset: Preset) {
        let authorizer = authorizer(preset);
        let rows = rows(authorizer.inventory());
        bencher.counter(cells(&rows)).bench_local(|| {
            let axes = authorizer.axes(verbs(), columns(COLUMNS));
            rows.par_iter().map(|row| allowed(authorizer, &axes, row)).sum::<usize>()
        });
    }

    const COLUMNS: usize = 70;

    type Row = (Identity, [Text; 1]);

    fn rows(inventory: &Inventory) -> Vec<Row> {
        let row = |account: &rolecall_rbac::ServiceAccount| {
            let metadata = &account.metadata;
            let identity = Identity::service_account(&metadata.namespace, &metadata.name);
            (identity, [metadata.namespace.clone()])
        };
        inventory.service_accounts().iter().map(row).collect()
    }

    fn cells(rows: &[Row]) -> ItemsCount {
        ItemsCount::new(rows.len() * VERBS.len() * COLUMNS)
    }

    fn verbs() -> Vec<Text> {
        VERBS.map(Text::from).into()
    }

    /// Counts the allowed cells, so that none is optimized away.
    fn allowed(
        authorizer: &Authorizer,
        axes: &rolecall_rbac::Axes,
        (identity, namespaces): &Row,
    ) -> usize {
        let grid = authorizer.grid(axes, identity, namespaces);
        let masks = grid.rows.iter().flat_map(|row| &*row.allowed);
        masks.map(|mask| mask.count_ones() as usize).sum()
    }
}

/// who-can in one namespace, in all namespaces, and for a request that no subject can make.
mod who_can {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn in_one_namespace(bencher: Bencher<'_, '_>, preset: Preset) {
        let namespace = rolecall_bench::generate::cluster::namespace(0);
        ask(bencher, preset, &namespace, "secrets", &NamespaceSelection::OfRequest);
    }

    #[divan::bench(args = SIZES)]
    fn in_each_namespace(bencher: Bencher<'_, '_>, preset: Preset) {
        ask(bencher, preset, "", "secrets", &NamespaceSelection::Each);
    }

    #[divan::bench(args = SIZES)]
    fn nobody(bencher: Bencher<'_, '_>, preset: Preset) {
        ask(bencher, preset, "", "unheard-of", &NamespaceSelection::Each);
    }

    fn ask(
        bencher: Bencher<'_, '_>,
        preset: Preset,
        namespace: &str,
        resource: &str,
        namespaces: &NamespaceSelection,
    ) {
        let authorizer = authorizer(preset);
        let target = ResourceRequest {
            namespace: namespace.into(),
            resource: resource.into(),
            ..ResourceRequest::default()
        };
        let request = Request::resource("get", target);
        bencher.bench_local(|| authorizer.who_can(black_box(&request), namespaces).holders.len());
    }
}

/// The rules of one subject in its namespace.
#[divan::bench(args = SIZES)]
fn rules(bencher: Bencher<'_, '_>, preset: Preset) {
    let authorizer = authorizer(preset);
    let (identity, request) = probe(Probe::First);
    bencher.bench_local(|| {
        authorizer.rules_for(black_box(&identity), request.namespace()).rules.len()
    });
}

/// Whether the rules of one role cover those of another.
#[divan::bench]
fn coverage(bencher: Bencher<'_, '_>) {
    let roles = authorizer(Preset::Big).inventory().roles();
    let longest = |skip: usize| -> &[PolicyRule] {
        let role = roles.iter().skip(skip).take(100).max_by_key(|role| role.rules.len());
        role.map_or(&[], |role| &role.rules)
    };
    let (owner, servant) = (longest(0), longest(100));
    bencher.bench_local(|| covers(black_box(owner), black_box(servant)).uncovered.len());
}
