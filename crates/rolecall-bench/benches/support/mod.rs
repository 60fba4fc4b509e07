//! Clusters for benchmarks, each generated once per run, and questions about them.

#![allow(dead_code, reason = "each bench uses a part")]

mod question;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::LazyLock;

use rolecall_bench::generate::cluster::{self, RESOURCES, Shape};
use rolecall_bench::generate::{Preset, reviews};
use rolecall_rbac::{Authorizer, Column, Identity, Inventory, Request, ResourceRequest, Text};
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};
use serde_json::{Value, json};

const SEED: u64 = 1;

/// The namespace of the probe, a subject with the same bindings in every cluster.
const PROBE: &str = "probe";

/// The number of roles of the probe.
const PROBE_ROLES: usize = 8;
const PROBE_RULES: usize = 6;

static BIG: LazyLock<Authorizer> = LazyLock::new(|| Authorizer::new(inventory(Preset::Big)));
static HUGE: LazyLock<Authorizer> = LazyLock::new(|| Authorizer::new(inventory(Preset::Huge)));

/// Returns the authorizer of a preset.
pub(crate) fn authorizer(preset: Preset) -> &'static Authorizer {
    match preset {
        Preset::Small | Preset::Big => &BIG,
        Preset::Huge => &HUGE,
    }
}

/// Reads a preset's inventory without Pods, and adds the probe.
pub(crate) fn inventory(preset: Preset) -> Inventory {
    let mut lines = Vec::new();
    let mut add = |object: Value| Ok(writeln!(lines, "{object}")?);
    let shape = Shape { pods: 0, ..Shape::of(preset) };
    let written = cluster::each(shape, SEED, &mut add).and_then(|()| each_of_probe(&mut add));
    assert!(written.is_ok(), "writing to memory cannot fail");
    let config = LoadConfig {
        paths: vec![PathBuf::from("-")],
        default_namespace: "default".into(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    manifests::load(&config, &*lines).inventory
}

/// Calls `visit` with the objects of the probe. Half of its roles have ClusterRoleBindings, half
/// RoleBindings.
fn each_of_probe(visit: &mut dyn FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    for index in 0..PROBE_ROLES {
        let (kind, namespace) = if index % 2 == 0 { ("ClusterRole", "") } else { ("Role", PROBE) };
        let name = format!("probe-{index}");
        let metadata = json!({"name": name, "namespace": namespace});
        let rules: Vec<Value> = (0..PROBE_RULES)
            .map(|rule| {
                json!({"apiGroups": ["probe.example.com"], "verbs": ["get", "list"],
                    "resources": [probe_resource(index, rule)]})
            })
            .collect();
        let version = "rbac.authorization.k8s.io/v1";
        visit(json!({"apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules}))?;
        visit(
            json!({"apiVersion": version, "kind": format!("{kind}Binding"), "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "namespace": PROBE, "name": PROBE}]}),
        )?;
    }
    Ok(())
}

fn probe_resource(role: usize, rule: usize) -> String {
    format!("widgets{role}x{rule}")
}

/// The questions about the probe, by the rule that decides them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Probe {
    /// The first rule of the first binding allows it.
    First,
    /// The last rule of the last binding allows it.
    Last,
    /// No rule allows it.
    Denied,
}

/// Returns the probe's identity and a request in its namespace.
pub(crate) fn probe(which: Probe) -> (Identity, Request) {
    let resource = match which {
        Probe::First => probe_resource(0, 0),
        Probe::Last => probe_resource(PROBE_ROLES - 1, PROBE_RULES - 1),
        Probe::Denied => probe_resource(PROBE_ROLES, 0),
    };
    let target = ResourceRequest {
        namespace: PROBE.into(),
        group: "probe.example.com".into(),
        resource: resource.into(),
        ..ResourceRequest::default()
    };
    (Identity::service_account(PROBE, PROBE), Request::resource("list", target))
}

/// Returns the questions of generated reviews.
pub(crate) fn questions(preset: Preset, count: usize) -> Vec<(Identity, Request)> {
    let mut lines = Vec::new();
    let written = reviews::write(&mut lines, preset, SEED, count);
    assert!(written.is_ok(), "writing to memory cannot fail");
    lines
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .map(|review| question::of(&review))
        .collect()
}

/// Returns this many columns of a matrix: resources from generated rules, and resources without any
/// rule.
pub(crate) fn columns(count: usize) -> Vec<Column> {
    let named = RESOURCES.iter().flat_map(|(group, resources)| {
        resources.iter().map(|resource| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            column(group, resource, subresource)
        })
    });
    let other = (0..).map(|index| column("example.com", &format!("resources{index}"), ""));
    named.chain(other).take(count).collect()
}

fn column(group: &str, resource: &str, subresource: &str) -> Column {
    Column {
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name: Text::default(),
        namespaced: true,
    }
}
