//! A software bill of materials in CycloneDX format, from Cargo's metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use rolecall_task::failure::{Failure, Result};
use rolecall_task::process;

/// The workspace according to `cargo metadata`.
pub(super) struct Metadata {
    /// The version of rolecall.
    pub(super) version: String,
}

#[derive(Deserialize)]
struct Output {
    packages: Vec<Package>,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Metadata {
    /// Reads the version without resolving dependencies.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = cargo_metadata(root, &["--no-deps"])?;
        let package = output.packages.into_iter().find(|package| package.name == "rolecall");
        let package = package.ok_or_else(|| Failure::new("the workspace has no `rolecall`"))?;
        Ok(Self { version: package.version })
    }
}

/// Returns the SBOM of a target: all packages in the binary and those that run during the build.
pub(super) fn bill(root: &Path, metadata: &Metadata, target: &str) -> Result<String> {
    let output = cargo_metadata(root, &["--locked", "--filter-platform", target])?;
    let bill = bill_of(&output, &metadata.version);
    let mut text = serde_json::to_string_pretty(&bill)
        .map_err(|error| Failure::new(format!("cannot write the bill of materials: {error}")))?;
    text.push('\n');
    Ok(text)
}

fn cargo_metadata(root: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["metadata", "--format-version", "1"]).args(arguments);
    let printed = process::output(&mut command)?;
    serde_json::from_str(&printed).map_err(|error| {
        Failure::new(format!("`cargo metadata` printed unexpected output: {error}"))
    })
}

fn bill_of(output: &Output, version: &str) -> Value {
    let packages: BTreeMap<&str, &Package> =
        output.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let uses = dependencies(output);
    let root = output.packages.iter().find(|package| package.name == "rolecall");
    let root = root.map(|package| package.id.as_str()).unwrap_or_default();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            waiting.extend(uses.get(id).into_iter().flatten());
        }
    }
    let listed = || reached.iter().filter_map(|id| packages.get(id).map(|package| (*id, *package)));
    let mut components: Vec<&Package> =
        listed().filter(|(id, _)| *id != root).map(|(_, package)| package).collect();
    components.sort_by_key(|package| (&package.name, &package.version));
    let mut edges: Vec<(String, BTreeSet<String>)> = listed()
        .map(|(id, package)| {
            let used = uses.get(id).into_iter().flatten();
            (purl(package), used.filter_map(|id| packages.get(id).map(|p| purl(p))).collect())
        })
        .collect();
    edges.sort();
    let own = packages.get(root).map(|package| purl(package)).unwrap_or_default();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "rolecall",
                "version": version,
                "purl": own,
            },
        },
        "components": components.iter().map(|package| component(package)).collect::<Vec<_>>(),
        "dependencies": edges
            .iter()
            .map(|(from, to)| json!({"ref": from, "dependsOn": to}))
            .collect::<Vec<_>>(),
    })
}

/// Returns the dependencies of each package, without those for tests.
fn dependencies(output: &Output) -> BTreeMap<&str, Vec<&str>> {
    let nodes = output.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let needed = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
            });
            (node.id.as_str(), needed.map(|dependency| dependency.pkg.as_str()).collect())
        })
        .collect()
}

fn component(package: &Package) -> Value {
    let purl = purl(package);
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    });
    if let (Some(license), Some(fields)) = (&package.license, component.as_object_mut()) {
        // Older manifests have a slash instead of `OR`.
        let expression = license.replace(" / ", " OR ").replace('/', " OR ");
        fields.insert("licenses".to_owned(), json!([{"expression": expression}]));
    }
    component
}

/// Returns the URL of a package; the name alone for packages of the workspace.
fn purl(package: &Package) -> String {
    let own =
        if package.source.is_none() { "?repository_url=github.com/rolecall/rolecall" } else { "" };
    format!("pkg:cargo/{}@{}{own}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sbom_lists_build_dependencies_but_not_test_dependencies() {
        let output: Output = serde_json::from_value(json!({
            "packages": [
                {"id": "r", "name": "rolecall", "version": "0.1.0", "license": "Apache-2.0", "source": null},
                {"id": "a", "name": "a", "version": "1.0.0", "license": "MIT/Apache-2.0", "source": "registry"},
                {"id": "b", "name": "b", "version": "2.0.0", "license": null, "source": "registry"},
                {"id": "t", "name": "t", "version": "3.0.0", "license": "MIT", "source": "registry"},
            ],
            "resolve": {"nodes": [
                {"id": "r", "deps": [
                    {"pkg": "a", "dep_kinds": [{"kind": null}]},
                    {"pkg": "t", "dep_kinds": [{"kind": "dev"}]},
                ]},
                {"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": "build"}]}]},
                {"id": "b", "deps": []},
                {"id": "t", "deps": []},
            ]},
        }))
        .unwrap();
        let own = "pkg:cargo/rolecall@0.1.0?repository_url=github.com/rolecall/rolecall";
        assert_eq!(
            bill_of(&output, "0.1.0"),
            json!({
                "bomFormat": "CycloneDX",
                "specVersion": "1.5",
                "version": 1,
                "metadata": {"component": {
                    "type": "application", "bom-ref": own, "name": "rolecall", "version": "0.1.0", "purl": own,
                }},
                "components": [
                    {"type": "library", "bom-ref": "pkg:cargo/a@1.0.0", "name": "a", "version": "1.0.0",
                     "purl": "pkg:cargo/a@1.0.0", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
                    {"type": "library", "bom-ref": "pkg:cargo/b@2.0.0", "name": "b", "version": "2.0.0",
                     "purl": "pkg:cargo/b@2.0.0"},
                ],
                "dependencies": [
                    {"ref": "pkg:cargo/a@1.0.0", "dependsOn": ["pkg:cargo/b@2.0.0"]},
                    {"ref": "pkg:cargo/b@2.0.0", "dependsOn": []},
                    {"ref": own, "dependsOn": ["pkg:cargo/a@1.0.0"]},
                ],
            })
        );
    }
}
