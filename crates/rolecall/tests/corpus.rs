//! Runs every fixture's cases on the evaluator and the walk. `fixtures/README.md` describes the
//! format of the cases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_rbac::{
    Authorizer, Binding, Decision, Grant, Identity, Inventory, Request, ResourceRequest, Verdict,
    Workload,
};
use rolecall_source::manifests::{self, Defaults, LoadConfig, Loaded, Selection};
use rolecall_testing::cases::{Ask, Case, Cases, Token, Walk};
use rolecall_walk::{Account, Target, walk};

/// A fixture with its inventory and cases.
struct Stage {
    fixture: Cases,
    loaded: Loaded,
    authorizer: Authorizer,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Returns the directories below `folder` that contain files, sorted.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (inner, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let mut found: Vec<PathBuf> = inner.iter().flat_map(|folder| folders(folder)).collect();
    if !files.is_empty() {
        found.push(folder.to_owned());
    }
    found
}

fn stages() -> Vec<(String, Stage)> {
    let root = root();
    folders(&root)
        .into_iter()
        .filter(|folder| *folder != root && !folder.starts_with(root.join("golden")))
        .map(|folder| {
            let name = folder.strip_prefix(&root).unwrap().display().to_string();
            let fixture = Cases::read(&folder).unwrap_or_else(|error| panic!("{error}"));
            let config = LoadConfig {
                paths: vec![folder],
                default_namespace: "default".into(),
                defaults: Defaults::Auto,
                selection: Selection::Everything,
                exclude: Vec::new(),
            };
            let loaded = manifests::load(&config, std::io::empty());
            let authorizer = Authorizer::new(loaded.inventory.clone());
            (name, Stage { fixture, loaded, authorizer })
        })
        .collect()
}

#[test]
fn every_case_has_the_expected_verdict() {
    let mut wrong = Vec::new();
    for (name, stage) in stages() {
        assert!(!stage.fixture.cases.is_empty(), "fixtures/{name} has no cases");
        for case in &stage.fixture.cases {
            if let Err(difference) = check_case(&stage, case) {
                wrong.push(format!("fixtures/{name}: {:?}\n    {difference}", case.ask));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The traps V1 to V26 each have a directory. V27, incomplete rules reviews, requires a server
/// (`tests/cli/live.rs`).
#[test]
fn every_trap_has_a_case() {
    let stages = stages();
    for trap in 1..=26 {
        let prefix = format!("v{trap:02}-");
        let mut cases = stages.iter().filter(|(name, _)| name.starts_with(&prefix)).peekable();
        assert!(cases.peek().is_some(), "fixtures/{prefix}*");
    }
}

#[test]
fn every_walk_has_the_expected_result() {
    let mut wrong = Vec::new();
    for (name, stage) in stages() {
        for expected in &stage.fixture.walks {
            if let Err(difference) = check_walk(&stage, expected) {
                wrong.push(format!("fixtures/{name}: {}\n    {difference}", expected.target));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn manifests_that_servers_accept_have_no_problems() {
    for (name, stage) in stages() {
        for problem in &stage.loaded.problems {
            let file = Path::new(&problem.file).file_name().unwrap().to_str().unwrap();
            assert!(stage.fixture.refused.contains_key(file), "fixtures/{name}: {problem:?}");
        }
        for file in stage.fixture.refused.keys() {
            assert!(root().join(&name).join(file).is_file(), "fixtures/{name} has no {file}");
        }
    }
}

fn check_case(stage: &Stage, case: &Case) -> Result<(), String> {
    let identity = identity(&stage.fixture, &case.ask);
    let request = request(&stage.fixture, &case.ask);
    let decision = stage.authorizer.authorize(&identity, &request);
    let (verdict, by) = verdict(&decision);
    differ("verdict", &verdict, &case.verdict)?;
    let mut expected = case.by.clone();
    expected.sort();
    differ("by", &by, &expected)?;
    if verdict != "unknown" {
        let mut expected = case.problems.clone();
        expected.sort();
        differ("problems", &decision.problem_texts(), &expected)?;
    }
    if let Some(near) = &case.near {
        let misses = stage.authorizer.near_misses(&identity, &request, &stage.loaded.catalog);
        let nearest = misses.first().map_or("nothing", |miss| miss.kind.as_str());
        differ("near", &nearest, &near.as_str())?;
    }
    Ok(())
}

fn check_walk(stage: &Stage, expected: &Walk) -> Result<(), String> {
    let targets = [target(stage, &expected.target)];
    let walk = walk(&stage.authorizer, &targets);
    let started_at_a_pod = matches!(targets, [Target::Workload(_)]);
    if let (true, Some(pod)) = (started_at_a_pod, walk.pods.first()) {
        if let Some(owners) = &expected.owners {
            let found: Vec<String> = pod
                .owners()
                .iter()
                .map(|link| format!("{} {}", link.owner.kind, link.owner.name))
                .collect();
            differ("owners", &found, owners)?;
        }
        if let Some(token) = &expected.token {
            let because = pod.token().reason.as_str().to_owned();
            differ("token", &Token { mounted: pod.token().mounted, because }, token)?;
        }
    }
    if let Some(pods) = &expected.pods {
        let name = |w: &Workload| format!("{} {}", w.kind, w.metadata.name);
        differ("pods", &walk.pods.iter().map(|pod| name(pod.workload)).collect(), pods)?;
    }
    let Some(walked) = walk.identities.first() else {
        return differ("runsAs", &"", &expected.runs_as.as_str());
    };
    let account = walked.identity.as_service_account().unwrap();
    let (namespace, name) = in_namespace(&stage.fixture, &expected.runs_as);
    differ("runsAs", &(account.namespace, account.name), &(namespace, name))?;
    if let Some(exists) = expected.exists {
        let found = matches!(walked.account, Some(Account::Exists(_) | Account::Implied));
        differ("exists", &found, &exists)?;
    }
    let bindings: Vec<String> = walked
        .bindings
        .iter()
        .filter(|bound| !bound.is_default_for_everyone())
        .map(|bound| binding(bound.binding))
        .collect();
    differ("bindings", &bindings, &expected.bindings)
}

fn differ<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, not {expected:?}")) }
}

fn verdict(decision: &Decision<'_>) -> (String, Vec<String>) {
    match &decision.verdict {
        Verdict::NoOpinion => ("denied".into(), Vec::new()),
        Verdict::Unknown { .. } => ("unknown".into(), Vec::new()),
        Verdict::Allowed { by } => {
            let mut by: Vec<String> = by
                .iter()
                .map(|grant| match grant {
                    Grant::Privileged => "system:masters".into(),
                    Grant::Rule(grant) => binding(grant.binding),
                })
                .collect();
            by.sort();
            by.dedup();
            ("allowed".into(), by)
        }
    }
}

fn binding(binding: &Binding) -> String {
    let metadata = &binding.metadata;
    match &*metadata.namespace {
        "" => format!("ClusterRoleBinding {}", metadata.name),
        namespace => format!("RoleBinding {namespace}/{}", metadata.name),
    }
}

fn identity(fixture: &Cases, ask: &Ask) -> Identity {
    let Some(subject) = &ask.subject else {
        let groups = ask.groups.iter().map(|group| group.as_str().into()).collect();
        let user = ask.user.as_deref().expect("a case has a subject, or user and groups");
        return Identity { user: user.into(), groups, ..Identity::default() };
    };
    match subject.split_once('/') {
        Some(("sa", name)) => {
            let (namespace, name) = in_namespace(fixture, name);
            Identity::service_account(namespace, name)
        }
        Some(("user", name)) => Identity::user(name),
        Some(("group", name)) => Identity::group(name),
        _ => panic!("{subject} is not a subject of a case"),
    }
}

fn request(fixture: &Cases, ask: &Ask) -> Request {
    if let Some(path) = &ask.path {
        return Request::path(ask.verb.as_str(), path.as_str());
    }
    let resource = ask.resource.as_deref().expect("a case has a resource or a path");
    let (head, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = head.split_once('.').unwrap_or((head, ""));
    let namespace = ask.namespace.as_deref().unwrap_or(&fixture.namespace);
    Request::resource(
        ask.verb.as_str(),
        ResourceRequest {
            namespace: namespace.into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: ask.name.as_str().into(),
        },
    )
}

fn target<'a>(stage: &'a Stage, text: &str) -> Target<'a> {
    let (kind, name) = text.split_once('/').expect("a target is KIND/NAME");
    let (namespace, name) = in_namespace(&stage.fixture, name);
    let (kind, group) = match kind {
        "sa" => return Target::Identity(Box::new(Identity::service_account(namespace, name))),
        "pod" => ("Pod", ""),
        "deploy" => ("Deployment", "apps"),
        _ => panic!("{text} is not a target of a walk"),
    };
    let inventory: &Inventory = stage.authorizer.inventory();
    let workload = inventory.workload(namespace, kind, name, group);
    Target::Workload(workload.unwrap_or_else(|| panic!("there is no {text}")))
}

/// Splits `NAMESPACE:NAME` or `NAMESPACE/NAME`; the namespace defaults to the fixture's.
fn in_namespace<'a>(fixture: &'a Cases, text: &'a str) -> (&'a str, &'a str) {
    text.split_once([':', '/']).unwrap_or((&fixture.namespace, text))
}
