//! The effects of a `kustomization.yaml` that are known without building it: which files are
//! patches, which namespace the objects get, and whether a build changes the objects before they
//! are applied.

mod unbuilt;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use rolecall_yaml::{self as yaml, Node};

/// The file names that Kustomize looks for.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The size limit of a kustomization.
const LONGEST: u64 = 1 << 20;

/// The fields that change names, namespaces or rules, or that add objects from elsewhere. Names of
/// generated objects also change in `resourceNames`.
const CHANGES: [&str; 15] = [
    "components",
    "configMapGenerator",
    "generators",
    "helmCharts",
    "helmChartInflationGenerator",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "secretGenerator",
    "transformers",
    "vars",
];

/// The fields that change names.
const RENAMES: [&str; 2] = ["namePrefix", "nameSuffix"];

/// The kustomizations of some directories.
#[derive(Debug, Default)]
pub(super) struct Kustomizations {
    /// The normalized paths of files with patches.
    pieces: BTreeSet<PathBuf>,
    /// The layers, by the normalized path of their directory.
    layers: BTreeMap<PathBuf, Layer>,
}

/// The resources of a kustomization and their changes.
#[derive(Debug)]
struct Layer {
    /// The path of the kustomization, as found.
    path: PathBuf,
    namespace: Option<String>,
    /// The changes, such as "sets `namespace`"; empty for none.
    changes: Vec<String>,
    /// Whether the kustomization changes names.
    renames: bool,
    /// The normalized paths of its resources: files, and directories with another kustomization.
    resources: Vec<PathBuf>,
}

/// Returns whether a file name is that of a kustomization.
pub(super) fn is_kustomization(name: &std::ffi::OsStr) -> bool {
    NAMES.iter().any(|known| name == *known)
}

impl Kustomizations {
    /// Returns whether there are no kustomizations.
    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty() && self.pieces.is_empty()
    }

    /// Reads a kustomization. Its errors are reported when it is read as a manifest.
    pub(super) fn read(&mut self, path: &Path) {
        let mut content = String::new();
        let read =
            File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut content));
        let (Ok(_), Ok(documents)) = (read, yaml::parse(&content, 1)) else { return };
        let directory = path.parent().unwrap_or(Path::new(""));
        for document in &documents {
            let root = document.root();
            let pieces = pieces(root).into_iter().map(|piece| normal(&directory.join(piece)));
            self.pieces.extend(pieces);
            let layer = Layer {
                path: path.to_owned(),
                changes: changes(root),
                renames: RENAMES.iter().any(|field| text(root, field).is_some()),
                namespace: text(root, "namespace").map(str::to_owned),
                resources: resources(root).map(|path| normal(&directory.join(path))).collect(),
            };
            self.layers.insert(normal(directory), layer);
        }
    }

    /// Returns whether a file contains a patch.
    pub(super) fn is_piece(&self, path: &Path) -> bool {
        !self.pieces.is_empty() && self.pieces.contains(&normal(path))
    }

    /// Returns whether a file, by its normalized path, is next to a kustomization and therefore
    /// meant to be built.
    pub(super) fn completes(&self, path: &Path) -> bool {
        path.parent().is_some_and(|directory| self.layers.contains_key(directory))
    }

    /// Returns the namespaces that are set for files, by normalized path. The nearest kustomization
    /// with a namespace wins, and of equally near ones the first.
    pub(super) fn namespaces(&self) -> BTreeMap<PathBuf, String> {
        let mut namespaces = BTreeMap::new();
        for layer in self.layers.values() {
            let Some(namespace) = &layer.namespace else { continue };
            let mut taken_in: Vec<&PathBuf> = layer.resources.iter().collect();
            let mut seen = BTreeSet::new();
            while let Some(path) = taken_in.pop() {
                if !seen.insert(path) {
                    continue;
                }
                match self.layers.get(path) {
                    Some(lower) if lower.namespace.is_none() => taken_in.extend(&lower.resources),
                    Some(_) => {}
                    None => {
                        namespaces.entry(path.clone()).or_insert_with(|| namespace.clone());
                    }
                }
            }
        }
        namespaces
    }
}

/// Returns the files with patches and replacements.
fn pieces(root: Node<'_>) -> Vec<&str> {
    let items = |field: &str| root.get(field).into_iter().flat_map(Node::items);
    let mut pieces: Vec<&str> = ["patches", "patchesJson6902", "replacements"]
        .into_iter()
        .flat_map(|field| items(field).filter_map(|item| item.get("path")?.as_str()))
        .collect();
    // An entry is the name of a file or an inline patch.
    let merged = items("patchesStrategicMerge").filter_map(Node::as_str);
    pieces.extend(merged.filter(|text| !text.contains('\n')));
    pieces
}

/// Returns the changes of a kustomization to its resources, as far as they affect access.
fn changes(root: Node<'_>) -> Vec<String> {
    let is_set = |field: &str| {
        root.get(field).is_some_and(|value| {
            !value.is_null()
                && (!value.is_list() || value.items().next().is_some())
                && value.as_str() != Some("")
        })
    };
    let fields = CHANGES.iter().filter(|field| is_set(field));
    let fields: Vec<String> = fields.map(|field| format!("`{field}`")).collect();
    let mut changes = Vec::new();
    if !fields.is_empty() {
        changes.push(format!("sets {}", fields.join(", ")));
    }
    if relabels(root) {
        changes.push("sets labels that aggregation rules select".to_owned());
    }
    changes.extend(resources(root).find(|it| is_remote(it)).map(|it| format!("includes `{it}`")));
    changes
}

/// Returns whether a kustomization sets labels that aggregation rules use.
fn relabels(root: Node<'_>) -> bool {
    let is_selected =
        |(key, _): (Node<'_>, Node<'_>)| key.as_str().is_some_and(|key| key.contains("aggregate"));
    let common = root.get("commonLabels").into_iter();
    let pairs = root.get("labels").into_iter().flat_map(Node::items);
    common.chain(pairs.filter_map(|item| item.get("pairs"))).flat_map(Node::pairs).any(is_selected)
}

/// Returns the resources of a kustomization.
fn resources(root: Node<'_>) -> impl Iterator<Item = &str> {
    let lists = ["resources", "bases", "components"].into_iter();
    lists.filter_map(move |field| root.get(field)).flat_map(Node::items).filter_map(Node::as_str)
}

fn text<'d>(root: Node<'d>, field: &str) -> Option<&'d str> {
    root.get(field)?.as_str().filter(|text| !text.is_empty())
}

fn is_remote(resource: &str) -> bool {
    resource.contains("://") || resource.contains("?ref=") || resource.starts_with("github.com")
}

/// Normalizes a path: removes `.` and, where possible, `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        let leads_back = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if leads_back => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rolecall_rbac::Metadata;
    use tempfile::TempDir;

    use super::super::{Defaults, LoadConfig, Loaded, Selection, load};

    fn role(name: &str) -> String {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}}}\n"
        )
    }

    fn loaded(files: &[(&str, &str)], path: &str) -> (TempDir, Loaded) {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let config = LoadConfig {
            paths: vec![directory.path().join(path)],
            default_namespace: "default".to_owned(),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        let loaded = load(&config, std::io::empty());
        (directory, loaded)
    }

    fn roles(loaded: &Loaded) -> Vec<String> {
        let roles = loaded.inventory.roles().iter().map(|role| &role.metadata);
        roles.map(|Metadata { namespace, name, .. }| format!("{namespace}/{name}")).collect()
    }

    #[test]
    fn patches_are_skipped_and_unbuilt_kustomizations_reported() {
        let (base, whole) = (role("base"), role("whole"));
        let (patched, merged) = (role("patched"), role("merged"));
        let files = [
            ("base/kustomization.yaml", "resources: [role.yaml]\n"),
            ("base/role.yaml", &*base),
            (
                "prod/kustomization.yaml",
                "resources: [../base]
patches:
- path: ./patches/../more.yaml
- patch: '- op: remove'
patchesStrategicMerge:
- merged.yaml
- |
  kind: Role
",
            ),
            ("prod/more.yaml", &*patched),
            ("prod/merged.yaml", &*merged),
            ("prod/whole.yaml", &*whole),
            ("test/Kustomization", "replacements: [{path: ../shared.yaml}]\n"),
            ("shared.yaml", "- source: {kind: Role}\n"),
            ("empty/kustomization.yml", "namePrefix: ''\npatches: []\n"),
            ("remote/kustomization.yml", "resources: ['https://example.com/role.yaml']\n"),
            ("broken/kustomization.yml", "resources: ["),
        ];
        let (directory, mut all) = loaded(&files, "");
        assert_eq!(roles(&all), ["default/base", "default/whole"]);
        all.show_as(&directory.path().to_string_lossy(), "git:x");
        let unbuilt = ["prod/kustomization.yaml", "remote/kustomization.yml", "test/Kustomization"];
        let unbuilt = unbuilt.map(|path| format!("git:x/{path}"));
        assert_eq!(all.unbuilt, unbuilt);
        assert_eq!(all.problems.len(), 1);
        // Explicit files are always read.
        assert_eq!(roles(&loaded(&files, "prod/more.yaml").1), ["default/patched"]);
    }

    #[test]
    fn the_nearest_namespace_wins() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(role);
        let binding = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: a}, {kind: User, name: a}]
";
        let files = [
            ("base/kustomization.yaml", "resources: [a.yaml, binding.yaml, ../base]\n"),
            ("base/a.yaml", &*a),
            ("base/binding.yaml", binding),
            ("own/kustomization.yaml", "namespace: own\nresources: [b.yaml]\n"),
            ("own/b.yaml", &*b),
            ("prod/kustomization.yaml", "namespace: prod\nresources: [../base, ../own, c.yaml]\n"),
            ("prod/c.yaml", &*c),
            ("prod/d.yaml", &*d),
            ("test/kustomization.yaml", "namespace: test\nresources: [../base]\n"),
        ];
        let (_directory, loaded) = loaded(&files, "");
        assert_eq!(roles(&loaded), ["default/d", "own/b", "prod/a", "prod/c"]);
        let [binding] = loaded.inventory.bindings() else { panic!("one binding") };
        let namespaces: Vec<&str> =
            binding.subjects.iter().map(|subject| &*subject.namespace).collect();
        assert_eq!(namespaces, ["prod", ""]);
    }

    #[test]
    fn subjects_next_to_a_kustomization_get_their_namespace_from_the_build() {
        const BINDING: &str = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: x}, \
             roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, \
             subjects: [{kind: ServiceAccount, name: web}]}\n";
        for (kustomization, expected) in
            [(None, false), (Some("resources: []\n"), true), (Some("resources: [b.yaml]\n"), true)]
        {
            let mut files = vec![("base/b.yaml", BINDING)];
            files.extend(kustomization.map(|content| ("base/kustomization.yaml", content)));
            let (_directory, loaded) = loaded(&files, "");
            let [binding] = loaded.inventory.bindings() else { panic!("one binding") };
            assert_eq!(
                (binding.metadata.is_completed_by_build(), binding.metadata.is_unbuilt()),
                (expected, false),
                "{kustomization:?}"
            );
        }
    }

    /// Returns why each kustomization has to be built, and the roles that a build can change.
    fn unbuilt(files: &[(&str, &str)], path: &str) -> (Vec<String>, Vec<String>) {
        let (directory, mut loaded) = loaded(files, path);
        loaded.show_as(&format!("{}/", directory.path().display()), "");
        let gaps = loaded.inventory.gaps().iter().map(ToString::to_string);
        let roles = loaded.inventory.roles().iter().filter(|role| role.metadata.is_unbuilt());
        (gaps.collect(), roles.map(|role| role.metadata.name.to_string()).collect())
    }

    #[test]
    fn objects_that_a_build_changes_are_gaps() {
        let [a, b] = ["a", "b"].map(role);
        let base: [(&str, &str); 3] = [
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", &a),
            ("other/b.yaml", &b),
        ];
        let not_built = "and Kustomize did not build it";
        for (files, path, gaps, roles) in [
            (vec![], "", vec![], vec![]),
            (vec![("top/kustomization.yaml", "resources: [../base]\n")], "", vec![], vec![]),
            (
                vec![(
                    "top/kustomization.yaml",
                    "resources: [../base]\nnamePrefix: x-\nnamespace: y\n",
                )],
                "",
                vec!["`top/kustomization.yaml`: it sets `namePrefix`, `namespace`"],
                vec!["a"],
            ),
            // The changes of an inner kustomization are made when the outer one is built.
            (
                vec![
                    ("top/kustomization.yaml", "resources: [../mid]\nnamespace: y\n"),
                    ("mid/kustomization.yaml", "resources: [../base]\nnameSuffix: -x\n"),
                ],
                "",
                vec!["`top/kustomization.yaml`: it sets `namespace`"],
                vec!["a"],
            ),
            // Two kustomizations with the same resource are alternatives.
            (
                vec![
                    ("one/kustomization.yaml", "resources: [../base]\n"),
                    ("two/kustomization.yaml", "resources: [../base]\n"),
                ],
                "",
                vec![
                    "`one/kustomization.yaml`: it includes `base`, which another kustomization also includes",
                    "`two/kustomization.yaml`: it includes `base`, which another kustomization also includes",
                ],
                vec!["a"],
            ),
            // The base is not part of the input.
            (
                vec![("top/kustomization.yaml", "resources: [../base]\n")],
                "top",
                vec!["`top/kustomization.yaml`: it includes `base`, which was not read"],
                vec![],
            ),
            (
                vec![(
                    "top/kustomization.yaml",
                    "resources: [../base]\ncommonLabels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}\n",
                )],
                "",
                vec!["`top/kustomization.yaml`: it sets labels that aggregation rules select"],
                vec!["a"],
            ),
        ] {
            let mut all = base.to_vec();
            all.extend(files);
            let (found, changed) = unbuilt(&all, path);
            let found: Vec<String> = found
                .iter()
                .map(|gap| match gap.split_once("includes `/") {
                    // The path contains the test's directory because it is not below the given one.
                    Some((head, rest)) => {
                        let (path, tail) = rest.split_once('`').unwrap();
                        format!("{head}includes `{}`{tail}", path.rsplit('/').next().unwrap())
                    }
                    None => gap.clone(),
                })
                .collect();
            let gaps: Vec<String> = gaps.iter().map(|gap| format!("{gap}, {not_built}")).collect();
            assert_eq!(found, gaps, "{all:?}");
            assert_eq!(changed, roles, "{all:?}");
        }
    }
}
