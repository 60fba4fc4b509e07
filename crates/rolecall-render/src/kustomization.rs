//! The references in a `kustomization.yaml`, with their lines.

use std::path::{Path, PathBuf};

use rolecall_yaml::{self as yaml, Node};

use crate::text;

/// The file names that Kustomize looks for.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The API group of kustomizations. Flux also has a kind `Kustomization`, in another group.
const GROUP: &str = "kustomize.config.k8s.io/";

/// The fields that list functions and plugins.
const FUNCTIONS: [&str; 3] = ["generators", "transformers", "validators"];

/// A `kustomization.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The real path of the file.
    pub file: PathBuf,
    /// Whether it is a component, which cannot be built alone.
    pub is_component: bool,
    /// The files, directories and addresses in `resources` and `bases`.
    pub resources: Vec<Entry>,
    /// The directories in `components`.
    pub components: Vec<Entry>,
    /// The files that the other fields name: patches, replacements, generated data and so on.
    pub files: Vec<Entry>,
    /// The entries of `generators`, `transformers` and `validators`: paths, or inline YAML.
    pub functions: Vec<Entry>,
    /// The charts in `helmCharts`.
    pub charts: Vec<HelmChart>,
    /// The selections in `patches` and `patchesJson6902`, except those by labels and annotations.
    pub patches: Vec<Selection>,
    /// The value of `namespace`.
    pub namespace: Option<Entry>,
    /// The value of `namePrefix`.
    pub name_prefix: Option<Entry>,
    /// The value of `nameSuffix`.
    pub name_suffix: Option<Entry>,
}

/// The `target` of a patch: regular expressions; empty for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The line.
    pub line: u32,
    /// The kinds.
    pub kind: String,
    /// The names.
    pub name: String,
    /// The namespaces.
    pub namespace: String,
}

/// A value with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value as written.
    pub text: String,
    /// The one-based line.
    pub line: u32,
}

/// An entry of `helmCharts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmChart {
    /// The name of the chart.
    pub name: String,
    /// The line of the entry.
    pub line: u32,
    /// The directory of the chart, relative to the kustomization.
    pub directory: String,
    /// The address of the repository, if there is one.
    pub repository: Option<String>,
    /// The version, if there is one.
    pub version: Option<String>,
    /// The files with values.
    pub values: Vec<Entry>,
}

/// Returns the kustomization of a directory.
pub(crate) fn in_directory(directory: &Path) -> Option<PathBuf> {
    NAMES.iter().map(|name| directory.join(name)).find(|path| path.is_file())
}

impl Kustomization {
    /// Reads a file. `Ok(None)` means that it is something else, such as a Flux `Kustomization`.
    pub fn read(file: &Path) -> Result<Option<Self>, String> {
        let text = text::read(file)?;
        let documents = yaml::parse(&text, 1).map_err(|error| error.to_string())?;
        let Some(document) = documents.first() else {
            return Ok(Some(Self { file: file.to_owned(), ..Self::default() }));
        };
        let root = document.root();
        let version = root.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
        if !version.is_empty() && !version.starts_with(GROUP) {
            return Ok(None);
        }
        Ok(Some(Self::of(file, root)))
    }

    fn of(file: &Path, root: Node<'_>) -> Self {
        let list = |field: &str| root.get(field).into_iter().flat_map(Node::items);
        let texts = |field: &str| list(field).filter_map(entry).collect::<Vec<_>>();
        let mut resources = texts("resources");
        resources.extend(texts("bases"));
        let mut files: Vec<Entry> = ["patches", "patchesJson6902", "replacements"]
            .into_iter()
            .flat_map(|field| list(field).filter_map(|item| entry(item.get("path")?)))
            .collect();
        // An entry is the name of a file or an inline patch.
        let merged = texts("patchesStrategicMerge").into_iter();
        files.extend(merged.filter(|entry| !entry.text.contains('\n')));
        files.extend(texts("configurations"));
        files.extend(texts("crds"));
        files.extend(root.get("openapi").and_then(|it| it.get("path")).and_then(entry));
        files.extend(
            ["configMapGenerator", "secretGenerator"]
                .into_iter()
                .flat_map(list)
                .flat_map(generated),
        );
        let functions = FUNCTIONS.into_iter().flat_map(texts).collect();
        let home = root.get("helmGlobals").and_then(|it| it.get("chartHome")?.as_str());
        let charts = list("helmCharts")
            .filter_map(|item| HelmChart::of(item, home.unwrap_or("charts")))
            .chain(list("helmChartInflationGenerator").filter_map(HelmChart::of_old));
        Self {
            file: file.to_owned(),
            is_component: root.get("kind").and_then(Node::as_str) == Some("Component"),
            resources,
            components: texts("components"),
            files,
            functions,
            charts: charts.collect(),
            patches: ["patches", "patchesJson6902"]
                .into_iter()
                .flat_map(list)
                .filter_map(|item| Selection::of(item.get("target")?))
                .collect(),
            namespace: filled(root, "namespace"),
            name_prefix: filled(root, "namePrefix"),
            name_suffix: filled(root, "nameSuffix"),
        }
    }
}

impl Selection {
    fn of(target: Node<'_>) -> Option<Self> {
        let field =
            |name: &str| target.get(name).and_then(Node::as_str).unwrap_or_default().to_owned();
        let is_by_labels =
            !field("labelSelector").is_empty() || !field("annotationSelector").is_empty();
        let (kind, name, namespace) = (field("kind"), field("name"), field("namespace"));
        let line = target.position().line;
        (!is_by_labels).then_some(Self { line, kind, name, namespace })
    }
}

impl HelmChart {
    fn of(item: Node<'_>, home: &str) -> Option<Self> {
        let field = |name: &str| item.get(name).and_then(Node::as_str).filter(|it| !it.is_empty());
        let name = field("name")?.to_owned();
        let (repository, version) = (field("repo"), field("version"));
        // Kustomize keeps each version of a downloaded chart apart.
        let directory = match (repository, version) {
            (Some(_), Some(version)) => format!("{home}/{name}-{version}/{name}"),
            _ => format!("{home}/{name}"),
        };
        let more = item.get("additionalValuesFiles").into_iter().flat_map(Node::items);
        let values = item.get("valuesFile").into_iter().chain(more).filter_map(entry);
        Some(Self {
            directory,
            line: item.position().line,
            repository: repository.map(str::to_owned),
            version: version.map(str::to_owned),
            values: values.collect(),
            name,
        })
    }

    fn of_old(item: Node<'_>) -> Option<Self> {
        let field = |name: &str| item.get(name).and_then(Node::as_str).map(str::to_owned);
        let name = field("chartName")?;
        let home = field("chartHome").unwrap_or_else(|| "charts".to_owned());
        Some(Self {
            directory: format!("{home}/{name}"),
            line: item.position().line,
            repository: field("chartRepoUrl"),
            version: field("chartVersion"),
            values: item.get("values").and_then(entry).into_iter().collect(),
            name,
        })
    }
}

/// Returns the line of the field with which a kustomization generates objects.
pub(crate) fn generator_line(file: &Path, generator: &str) -> Option<u32> {
    let field = match generator {
        "ConfigMapGenerator" => "configMapGenerator",
        "SecretGenerator" => "secretGenerator",
        "HelmChartInflationGenerator" => "helmCharts",
        "NamespaceTransformer" => "namespace",
        _ => return None,
    };
    let text = text::read(file).ok()?;
    let documents = yaml::parse(&text, 1).ok()?;
    let root = documents.first()?.root();
    let mut pairs = root.pairs();
    let (key, _) = pairs.find(|(key, _)| key.as_str() == Some(field))?;
    Some(key.position().line)
}

/// Returns the files of a generator. An entry of `files` is a path, or `KEY=PATH`.
fn generated(generator: Node<'_>) -> Vec<Entry> {
    let list = |field: &str| generator.get(field).into_iter().flat_map(Node::items);
    let files = list("files").filter_map(entry).map(|entry| match entry.text.split_once('=') {
        Some((_, path)) => Entry { text: path.to_owned(), ..entry },
        None => entry,
    });
    let env = generator.get("env").and_then(entry);
    files.chain(list("envs").filter_map(entry)).chain(env).collect()
}

fn filled(root: Node<'_>, field: &str) -> Option<Entry> {
    root.get(field).and_then(entry).filter(|entry| !entry.text.is_empty())
}

fn entry(node: Node<'_>) -> Option<Entry> {
    Some(Entry { text: node.as_str()?.to_owned(), line: node.position().line })
}

/// Returns whether an entry that is not a local path is an address, as Kustomize recognizes them.
pub(crate) fn is_remote(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_scp = || {
        let host = lower.split('/').next().unwrap_or_default();
        host.contains('@') && host.contains(':')
    };
    lower.contains("://")
        || lower.starts_with("git::")
        || lower.contains("?ref=")
        || lower.contains(".git//")
        || lower.ends_with(".git")
        || ["github.com", "gitlab.com", "bitbucket.org", "dev.azure.com"]
            .iter()
            .any(|host| lower.starts_with(host))
        || is_scp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Kustomization>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kustomization.yaml");
        std::fs::write(&file, text).unwrap();
        Kustomization::read(&file)
    }

    #[test]
    fn every_reference_is_found_with_its_line() {
        let read = read(
            "\
resources: [a.yaml, ../base]
bases:
- old
components: [c]
patches:
- path: p.yaml
- patch: inline
patchesStrategicMerge:
- s.yaml
- |
  kind: Role
replacements: [{path: r.yaml}]
configMapGenerator:
- name: x
  files: [f.txt, key=g.txt]
  envs: [e.env]
openapi: {path: o.json}
transformers: [t.yaml]
helmGlobals: {chartHome: ../charts}
helmCharts:
- name: web
  valuesFile: v.yaml
- name: far
  repo: https://example.com
  version: 1.2.3
namespace: shop
namePrefix: x-
",
        );
        let read = read.unwrap().unwrap();
        let texts = |entries: &[Entry]| -> Vec<(String, u32)> {
            entries.iter().map(|entry| (entry.text.clone(), entry.line)).collect()
        };
        let owned = |rows: &[(&str, u32)]| -> Vec<(String, u32)> {
            rows.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect()
        };
        assert_eq!(texts(&read.resources), owned(&[("a.yaml", 1), ("../base", 1), ("old", 3)]));
        assert_eq!(texts(&read.components), owned(&[("c", 4)]));
        let files = [
            ("p.yaml", 6),
            ("r.yaml", 12),
            ("s.yaml", 9),
            ("o.json", 17),
            ("f.txt", 15),
            ("g.txt", 15),
            ("e.env", 16),
        ];
        assert_eq!(texts(&read.files), owned(&files));
        assert_eq!(texts(&read.functions), owned(&[("t.yaml", 18)]));
        let charts: Vec<&str> = read.charts.iter().map(|chart| &*chart.directory).collect();
        assert_eq!(charts, ["../charts/web", "../charts/far-1.2.3/far"]);
        assert_eq!(read.namespace, Some(Entry { text: "shop".to_owned(), line: 26 }));
    }

    #[test]
    fn other_kinds_of_kustomizations_are_no_kustomizations() {
        let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n";
        assert_eq!(read(flux), Ok(None));
        assert!(read("").unwrap().is_some());
        assert!(read("a: [").is_err());
        let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
        assert!(read(component).unwrap().unwrap().is_component);
    }

    #[test]
    fn addresses_differ_from_paths() {
        for (text, expected) in [
            ("https://example.com/a.yaml", true),
            ("git@github.com:org/repo", true),
            ("github.com/org/repo//deploy?ref=v1", true),
            ("ssh://git@host/org/repo", true),
            ("example.com/org/repo?ref=main", true),
            ("host/org/repo.git//sub", true),
            ("../base", false),
            ("example.com/org", false),
            ("a@b.yaml", false),
        ] {
            assert_eq!(is_remote(text), expected, "{text}");
        }
    }
}
