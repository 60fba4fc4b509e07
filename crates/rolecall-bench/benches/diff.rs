//! Compares two clusters with thousands of bindings.
//!
//! `cargo bench -p rolecall-bench --bench diff [FILTER]`. The counter is the number of bindings of the
//! larger cluster.

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use rolecall_access::Scopes;
use rolecall_access::diff::diff;
use rolecall_bench::generate::Preset;
use rolecall_rbac::{Authorizer, Inventory, InventoryBuilder, PolicyRule, Role};
use rolecall_source::facts::{Version, catalog};
use support::{authorizer, inventory};

fn main() {
    divan::main();
}

/// Two equal clusters.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn same(bencher: Bencher<'_, '_>) {
    compare(bencher, inventory(Preset::Big));
}

/// Every fiftieth role has an additional verb in each rule.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn some_roles_changed(bencher: Bencher<'_, '_>) {
    compare(
        bencher,
        with_roles(|position, role| if position % 50 == 0 { widen(role) } else { role }),
    );
}

/// Every role has an additional verb in each rule, so the access of every subject differs.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn all_roles_changed(bencher: Bencher<'_, '_>) {
    compare(bencher, with_roles(|_, role| widen(role)));
}

/// An empty cluster as the old one, so that all access is new.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn from_nothing(bencher: Bencher<'_, '_>) {
    let new = authorizer(Preset::Big);
    let old = Authorizer::new(Inventory::default());
    let scopes = Scopes::of([&catalog(Version::V1_36)]);
    bencher
        .counter(ItemsCount::new(new.inventory().bindings().len()))
        .bench_local(|| diff(&old, new, &scopes).len());
}

fn compare(bencher: Bencher<'_, '_>, old: Inventory) {
    let new = authorizer(Preset::Big);
    let old = Authorizer::new(old);
    let scopes = Scopes::of([&catalog(Version::V1_36)]);
    bencher
        .counter(ItemsCount::new(new.inventory().bindings().len()))
        .bench_local(|| diff(&old, new, &scopes).len());
}

fn with_roles(change: impl Fn(usize, Role) -> Role) -> Inventory {
    let inventory = inventory(Preset::Big);
    let mut builder = InventoryBuilder::new();
    for (position, role) in inventory.roles().iter().enumerate() {
        builder.role(change(position, role.clone()));
    }
    inventory.bindings().iter().for_each(|binding| builder.binding(binding.clone()));
    builder.build()
}

fn widen(role: Role) -> Role {
    let widen = |rule: &PolicyRule| {
        let verbs = rule.verbs.iter().cloned().chain(["approve".into()]);
        PolicyRule { verbs: verbs.collect(), ..rule.clone() }
    };
    Role { rules: role.rules.iter().map(widen).collect(), ..role }
}
