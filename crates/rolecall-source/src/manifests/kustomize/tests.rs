use std::fs;

use rolecall_rbac::Metadata;
use tempfile::TempDir;

use super::super::{Defaults, LoadConfig, Loaded, Selection, load};

fn role(name: &str) -> String {
    format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}}}\n")
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
                "resources: [../base]\nnamePrefix: x-\nnamespace: z\n",
            )],
            "",
            vec!["`top/kustomization.yaml`: it sets `namePrefix`, `namespace`"],
            vec!["a"],
        ),
        // The changes of an inner kustomization are made when the outer one is built.
        (
            vec![
                ("top/kustomization.yaml", "resources: [../mid]\nnamespace: z\n"),
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

#[test]
fn nothing_is_known_about_a_folder_that_kustomize_refuses_to_build() {
    let [a, b, c] = ["a", "b", "c"].map(role);
    let files = |fault: &'static str| {
        vec![
            ("top/kustomization.yaml", "resources: [../x, ../y]\n"),
            ("x/kustomization.yaml", fault),
            ("x/a.yaml", &*a),
            ("x/deep/b.yaml", &*b),
            ("y/kustomization.yaml", "resources: [c.yaml]\n"),
            ("y/c.yaml", &*c),
        ]
    };
    for (content, problem) in [
        (
            "resource: [a.yaml]\n",
            "x/kustomization.yaml:1:1: Kustomize cannot build it: unknown field `resource`; did you mean `resources`?",
        ),
        ("", "x/kustomization.yaml: Kustomize cannot build it: it is empty"),
        ("# nothing\n", "x/kustomization.yaml: Kustomize cannot build it: it is empty"),
        (
            "resources: [a.yaml]\nkind: List\n",
            "x/kustomization.yaml:2:7: Kustomize cannot build it: `kind`: expected `Kustomization` or `Component`, not `List`",
        ),
        ("resources: [a.yaml\n", "x/kustomization.yaml:1:12: "),
    ] {
        let (directory, mut loaded) = loaded(&files(content), "");
        loaded.show_as(&format!("{}/", directory.path().display()), "");
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        let [found] = &*problems else { panic!("{content}: {problems:?}") };
        assert!(found.starts_with(problem), "{found}");
        let changed = loaded.inventory.roles().iter().filter(|role| role.metadata.is_unbuilt());
        let changed: Vec<&str> = changed.map(|role| &*role.metadata.name).collect();
        assert_eq!(changed, ["a", "b", "c"], "{content}");
        assert!(!loaded.inventory.gaps().is_empty(), "{content}");
        assert!(loaded.unbuilt.is_empty(), "{content}");
    }
}

#[test]
fn only_the_first_document_of_one_kustomization_counts() {
    let a = role("a");
    let two =
        [("kustomization.yaml", "Resources: [a.yaml]\n---\nnamePrefix: x-\n"), ("a.yaml", &*a)];
    let (_directory, read) = loaded(&two, "");
    assert!(read.inventory.gaps().is_empty() && read.problems.is_empty());
    // A Kustomization of Flux is an ordinary object.
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                metadata: {name: x}\nspec: {path: ./}\n";
    let (_directory, read) = loaded(&[("kustomization.yaml", flux), ("a.yaml", &*a)], "");
    assert!(read.inventory.gaps().is_empty() && read.problems.is_empty());
    let twice = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("kustomization.yml", "resources: [a.yaml]\n"),
        ("a.yaml", &*a),
    ];
    let (_directory, read) = loaded(&twice, "");
    let messages: Vec<&str> = read.problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(
        messages,
        ["Kustomize cannot build it: another kustomization is in the same folder"]
    );
}
