//! What a `kustomization.yaml` says of the files around it, as far as it goes without building it:
//! which of them are no objects but pieces of some, in which namespace the objects are, and whether they
//! are what is applied.

mod unbuilt;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use rolecall_yaml::{self as yaml, Node};

/// The names of the file, as Kustomize looks for them.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// No such file is longer than that.
const LONGEST: u64 = 1 << 20;

/// The fields that change names, namespaces or rules, or add objects that stand elsewhere. Names of
/// generated objects are changed in `resourceNames` as well.
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

/// Those that change names.
const RENAMES: [&str; 2] = ["namePrefix", "nameSuffix"];

/// What the kustomizations of some directories say.
#[derive(Debug, Default)]
pub(super) struct Kustomizations {
    /// Files that are pieces of objects, by their normal path.
    pieces: BTreeSet<PathBuf>,
    /// What is taken in where, by the normal path of the directory.
    layers: BTreeMap<PathBuf, Layer>,
}

/// What a kustomization takes in, and where it puts that.
#[derive(Debug)]
struct Layer {
    /// The kustomization, as it was found.
    path: PathBuf,
    namespace: Option<String>,
    /// What it does beyond taking files in, such as "sets `namespace`"; empty for nothing.
    changes: Vec<String>,
    /// Whether it gives objects other names.
    renames: bool,
    /// Files and directories with kustomizations of their own, by their normal path.
    resources: Vec<PathBuf>,
}

/// Returns whether a file of that name is a kustomization.
pub(super) fn is_kustomization(name: &std::ffi::OsStr) -> bool {
    NAMES.iter().any(|known| name == *known)
}

impl Kustomizations {
    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty() && self.pieces.is_empty()
    }

    /// Reads one; what is wrong with it is told when it is read as a manifest.
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

    /// Returns whether a file holds a piece of an object.
    pub(super) fn is_piece(&self, path: &Path) -> bool {
        !self.pieces.is_empty() && self.pieces.contains(&normal(path))
    }

    /// Returns whether a file, by its normal path, stands beside a kustomization: it is written to be built.
    pub(super) fn completes(&self, path: &Path) -> bool {
        path.parent().is_some_and(|directory| self.layers.contains_key(directory))
    }

    /// Returns the namespaces that are set for files, by their normal path: that of the nearest
    /// kustomization that sets one, and of several equally near ones the first.
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

/// Returns the files that hold patches and replacements.
fn pieces(root: Node<'_>) -> Vec<&str> {
    let items = |field: &str| root.get(field).into_iter().flat_map(Node::items);
    let mut pieces: Vec<&str> = ["patches", "patchesJson6902", "replacements"]
        .into_iter()
        .flat_map(|field| items(field).filter_map(|item| item.get("path")?.as_str()))
        .collect();
    // Such a patch stands in a file or in the list itself.
    let merged = items("patchesStrategicMerge").filter_map(Node::as_str);
    pieces.extend(merged.filter(|text| !text.contains('\n')));
    pieces
}

/// Returns what a kustomization does to the files that it takes in, as far as it matters to access.
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
        changes.push("sets labels that aggregation selects".to_owned());
    }
    changes.extend(resources(root).find(|it| is_remote(it)).map(|it| format!("takes in `{it}`")));
    changes
}

/// Returns whether labels are set by which ClusterRoles are aggregated.
fn relabels(root: Node<'_>) -> bool {
    let is_selected =
        |(key, _): (Node<'_>, Node<'_>)| key.as_str().is_some_and(|key| key.contains("aggregate"));
    let common = root.get("commonLabels").into_iter();
    let pairs = root.get("labels").into_iter().flat_map(Node::items);
    common.chain(pairs.filter_map(|item| item.get("pairs"))).flat_map(Node::pairs).any(is_selected)
}

/// Returns what a kustomization takes in.
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

/// Returns a path without `.` and, as far as they lead back along it, `..`.
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
        };
        let loaded = load(&config, std::io::empty());
        (directory, loaded)
    }

    fn roles(loaded: &Loaded) -> Vec<String> {
        let roles = loaded.inventory.roles().iter().map(|role| &role.metadata);
        roles.map(|Metadata { namespace, name, .. }| format!("{namespace}/{name}")).collect()
    }

    #[test]
    fn pieces_are_passed_over_and_what_is_not_built_is_named() {
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
        // What is named is meant.
        assert_eq!(roles(&loaded(&files, "prod/more.yaml").1), ["default/patched"]);
    }

    #[test]
    fn the_nearest_namespace_that_is_set_counts() {
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
    fn a_binding_beside_a_kustomization_gets_its_subjects_namespaces_from_the_build() {
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

    /// Returns why each kustomization has to be built, and which roles that can change.
    fn unbuilt(files: &[(&str, &str)], path: &str) -> (Vec<String>, Vec<String>) {
        let (directory, mut loaded) = loaded(files, path);
        loaded.show_as(&format!("{}/", directory.path().display()), "");
        let gaps = loaded.inventory.gaps().iter().map(ToString::to_string);
        let roles = loaded.inventory.roles().iter().filter(|role| role.metadata.is_unbuilt());
        (gaps.collect(), roles.map(|role| role.metadata.name.to_string()).collect())
    }

    #[test]
    fn a_build_that_changes_something_leaves_what_it_takes_in_open() {
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
            // What an inner one changes is changed when the outer one is built.
            (
                vec![
                    ("top/kustomization.yaml", "resources: [../mid]\nnamespace: y\n"),
                    ("mid/kustomization.yaml", "resources: [../base]\nnameSuffix: -x\n"),
                ],
                "",
                vec!["`top/kustomization.yaml`: it sets `namespace`"],
                vec!["a"],
            ),
            // Two that take in the same are alternatives.
            (
                vec![
                    ("one/kustomization.yaml", "resources: [../base]\n"),
                    ("two/kustomization.yaml", "resources: [../base]\n"),
                ],
                "",
                vec![
                    "`one/kustomization.yaml`: it takes in `base`, as another kustomization does",
                    "`two/kustomization.yaml`: it takes in `base`, as another kustomization does",
                ],
                vec!["a"],
            ),
            // Where the base is not read.
            (
                vec![("top/kustomization.yaml", "resources: [../base]\n")],
                "top",
                vec!["`top/kustomization.yaml`: it takes in `base`, which was not read"],
                vec![],
            ),
            (
                vec![(
                    "top/kustomization.yaml",
                    "resources: [../base]\ncommonLabels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}\n",
                )],
                "",
                vec!["`top/kustomization.yaml`: it sets labels that aggregation selects"],
                vec!["a"],
            ),
        ] {
            let mut all = base.to_vec();
            all.extend(files);
            let (found, changed) = unbuilt(&all, path);
            let found: Vec<String> = found
                .iter()
                .map(|gap| match gap.split_once("takes in `/") {
                    // The directory of the test is part of a path that is not below the one given.
                    Some((head, rest)) => {
                        let (path, tail) = rest.split_once('`').unwrap();
                        format!("{head}takes in `{}`{tail}", path.rsplit('/').next().unwrap())
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
