mod kinds;
mod snapshots;
mod templates;

use std::fmt::Write as _;
use std::fs;

use rolecall_rbac::{Metadata, Subject};
use tempfile::TempDir;

use super::*;
use crate::problem::Severity;

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- {apiGroups: [''], resources: [pods], verbs: [get]}
";

struct Input {
    directory: TempDir,
}

impl Input {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let directory = TempDir::new().unwrap();
        for (path, content) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { directory }
    }

    fn load(&self, paths: &[&str], stdin: &str) -> Loaded {
        let paths = paths
            .iter()
            .map(|path| if *path == "-" { "-".into() } else { self.directory.path().join(path) })
            .collect();
        let config = LoadConfig {
            paths,
            default_namespace: "default".to_owned(),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        load(&config, stdin.as_bytes())
    }

    /// Loads the paths and describes the objects and problems, one per line.
    fn report(&self, paths: &[&str], stdin: &str) -> String {
        let loaded = self.load(paths, stdin);
        let mut report = String::new();
        let inventory = &loaded.inventory;
        let named = |metadata: &Metadata| {
            let place = metadata.origin.position().unwrap_or_default();
            format!("{}/{} {place}", metadata.namespace, metadata.name)
        };
        for role in inventory.roles() {
            let verbs: Vec<_> = role.rules.iter().map(|rule| rule.verbs.join(",")).collect();
            let _ =
                writeln!(report, "{} {} [{}]", role.kind(), named(&role.metadata), verbs.join(" "));
        }
        for binding in inventory.bindings() {
            let subject = |subject: &Subject| {
                format!("{} {}/{}", subject.kind.as_str(), subject.namespace, subject.name)
            };
            let subjects: Vec<_> = binding.subjects.iter().map(subject).collect();
            let (role, metadata) = (&binding.role_ref, named(&binding.metadata));
            let _ = writeln!(
                report,
                "{} {metadata} {} {} <- {}",
                binding.kind(),
                role.kind,
                role.name,
                subjects.join(", ")
            );
        }
        for account in inventory.service_accounts() {
            let _ = writeln!(report, "ServiceAccount {}", named(&account.metadata));
        }
        for workload in inventory.workloads() {
            let pods: Vec<_> = workload
                .pods
                .iter()
                .map(|pod| format!("{}={}", pod.path, pod.service_account_name()))
                .collect();
            let (kind, metadata) = (&workload.kind, named(&workload.metadata));
            let _ = writeln!(report, "{kind} {metadata} {}", pods.join(" "));
        }
        for problem in &loaded.problems {
            let severity = match problem.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let _ = writeln!(report, "{severity} {problem}");
        }
        for gap in inventory.gaps() {
            let _ = writeln!(
                report,
                "gap {:?} {}",
                gap.unread,
                gap.origin.position().unwrap_or_default()
            );
        }
        report.replace(&format!("{}/", self.directory.path().display()), "")
    }
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    let bytes: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    check_paths(&bytes, &["."], "", expected);
}

#[track_caller]
fn check_paths(files: &[(&str, &[u8])], paths: &[&str], stdin: &str, expected: &str) {
    let report = Input::new(files).report(paths, stdin);
    let report: Vec<&str> =
        report.lines().map(|line| line.trim_start_matches("./").trim_end()).collect();
    let report = report.join("\n").replace(" ./", " ").replace("`./", "`");
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(report, expected.join("\n"));
}

#[test]
fn a_broken_document_does_not_affect_others() {
    check(
        &[(
            "a.yaml",
            &format!("{ROLE}---\nkind: Role\n\tname: x\n---\n{}", ROLE.replace("reader", "other")),
        )],
        "Role shop/other a.yaml:10 [get]
         Role shop/reader a.yaml:1 [get]
         error a.yaml:8:1: expected spaces, found a tab: YAML is not indented with tabs
         gap Kind { kind: Role, namespace: None } a.yaml:8",
    );
}

#[test]
fn unreadable_input_is_reported_and_leaves_a_gap() {
    let bomb: String =
        (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |mut text, level| {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
            text
        });
    for (name, content, expected) in [
        (
            "binary.yaml",
            b"\x7FELF\x02\x01\x01\x00\x00".as_slice(),
            "error binary.yaml: expected text, found a binary file
             gap Anything binary.yaml",
        ),
        (
            "utf16.yaml",
            b"\xFF\xFEk\0i\0n\0d\0",
            "error utf16.yaml: expected UTF-8 text, found UTF-16
             gap Anything utf16.yaml",
        ),
        (
            "latin1.yaml",
            b"kind: Role\nmetadata:\n  name: caf\xE9\n",
            "error latin1.yaml:3:12: expected UTF-8 text, found the byte 0xe9
             gap Kind { kind: Role, namespace: None } latin1.yaml:3",
        ),
        (
            "bomb.yaml",
            bomb.as_bytes(),
            "error bomb.yaml:6:9: anchors and aliases expand to more than 1000000 nodes
             gap Anything bomb.yaml:6",
        ),
        (
            "deep.yaml",
            "[".repeat(100_000).as_bytes(),
            "error deep.yaml:1:256: nested deeper than 255 levels
             gap Anything deep.yaml:1",
        ),
        (
            "deep.json",
            "[".repeat(100_000).as_bytes(),
            "error deep.json:1:100000: expected `,` or `]`, found the end of the file
             gap Anything deep.json:1",
        ),
        (
            "types.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules:\n- verbs: get\n",
            "error types.yaml:5:10: Role `r`: rules[0].verbs: expected a list of strings, found a string
             gap Object { kind: Role, namespace: \"default\", name: \"r\" } types.yaml:1",
        ),
        (
            "number.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 123}\n",
            "error number.yaml:3:18: ClusterRole: metadata.name: expected a string, found a number: quote it
             gap Kind { kind: ClusterRole, namespace: None } number.yaml:1",
        ),
        (
            "list.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: x}\nsubjects: {}\nroleRef: []\n",
            "error list.yaml:4:11: RoleBinding `x/b`: subjects: expected a list of subjects, found an object
             gap Object { kind: RoleBinding, namespace: \"x\", name: \"b\" } list.yaml:1",
        ),
        (
            "nameless.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: []\n",
            "error nameless.yaml:1:1: Role: expected `metadata.name`
             gap Kind { kind: Role, namespace: None } nameless.yaml:1",
        ),
        (
            "kindless.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: r}\nrules: []\n",
            "error kindless.yaml:1:1: expected an object with a `kind`
             gap Anything kindless.yaml:1",
        ),
        (
            "kind.yaml",
            b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Rolebinding\nmetadata: {name: b, namespace: x}\n",
            "error kind.yaml:1:1: Rolebinding `x/b`: `Rolebinding` is not a kind: expected `RoleBinding`
             gap Object { kind: RoleBinding, namespace: \"x\", name: \"b\" } kind.yaml:1",
        ),
        (
            "version.yaml",
            b"apiVersion: v1\nkind: ClusterRole\nmetadata: {name: r}\n",
            "error version.yaml:1:1: ClusterRole `r`: `ClusterRole` is not a kind of `v1`: expected `apiVersion: rbac.authorization.k8s.io/v1`
             gap Object { kind: ClusterRole, namespace: \"\", name: \"r\" } version.yaml:1",
        ),
        (
            "truncated.json",
            b"{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{\"kind\": ",
            "error truncated.json:2:9: expected a value, found the end of the file
             gap Anything truncated.json:2",
        ),
        (
            "comma.json",
            b"{\"apiVersion\": \"v1\",\n \"kind\" \"Role\"}",
            "error comma.json:2:9: expected `:`
             gap Anything comma.json:2",
        ),
        (
            "scalar.yaml",
            b"just text\n",
            "warning scalar.yaml:1:1: expected an object, found a string",
        ),
        ("empty.yaml", b"", "error .: it contains no Kubernetes objects"),
        ("values.yaml", b"replicas: 3\n", "error .: it contains no Kubernetes objects"),
    ] {
        check_paths(&[(name, content)], &["."], "", expected);
    }
}

#[test]
fn unusable_paths_are_reported() {
    check_paths(
        &[("a.yaml", ROLE.as_bytes())],
        &["a.yaml", "missing.yaml"],
        "",
        "Role shop/reader a.yaml:1 [get]
         error missing.yaml: no such file or directory
         gap Anything missing.yaml",
    );
    check_paths(
        &[("empty/readme.md", b"# nothing")],
        &["empty"],
        "",
        "error empty: no `*.yaml`, `*.yml` or `*.json` file in this directory",
    );
    check_paths(&[], &["-"], "", "error <stdin>: it contains no Kubernetes objects");
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_loops_reported() {
    use std::os::unix::fs::symlink;
    let input = Input::new(&[("a/role.yaml", ROLE.as_bytes()), ("b/x.txt", b"")]);
    let root = input.directory.path();
    // Links can lead anywhere in the repository.
    std::fs::create_dir(root.join(".git")).unwrap();
    symlink(root.join("a"), root.join("a/again")).unwrap();
    symlink(root.join("b"), root.join("a/b")).unwrap();
    symlink(root.join("a"), root.join("b/a")).unwrap();
    symlink("self.yaml", root.join("a/self.yaml")).unwrap();
    symlink("gone.yaml", root.join("a/dangling.yaml")).unwrap();
    symlink("role.yaml", root.join("a/z.yaml")).unwrap();
    assert_eq!(
        input.report(&["a"], ""),
        "Role shop/reader a/z.yaml:1 [get]
error a/again: a directory loop: this link leads back to a directory that contains it
error a/b/a: a directory loop: this link leads back to a directory that contains it
error a/dangling.yaml: cannot be read: no such file or directory
error a/self.yaml: cannot be read: too many levels of symbolic links
warning a/z.yaml:1: Role `shop/reader` is already defined at a/role.yaml:1; the last one wins
gap Anything a/dangling.yaml
gap Anything a/self.yaml
"
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_repository_are_gaps() {
    use std::os::unix::fs::symlink;
    let input = Input::new(&[("a/role.yaml", ROLE.as_bytes()), ("b/role.yaml", ROLE.as_bytes())]);
    let root = input.directory.path();
    symlink(root.join("b"), root.join("a/directory")).unwrap();
    symlink(root.join("b/role.yaml"), root.join("a/link.yaml")).unwrap();
    symlink(root.join("b/role.yaml"), root.join("a/link.txt")).unwrap();
    assert_eq!(
        input.report(&["a"], ""),
        "Role shop/reader a/role.yaml:1 [get]
error a/directory: a link that leads out of the repository is not followed
error a/link.yaml: a link that leads out of the repository is not followed
gap Anything a/directory
gap Anything a/link.yaml
"
    );
}

#[test]
fn directories_are_searched_and_explicit_files_always_read() {
    let files: &[(&str, &[u8])] = &[
        ("b/role.txt", ROLE.as_bytes()),
        ("b/.git/role.yaml", ROLE.as_bytes()),
        ("b/deep/er/role.YML", ROLE.as_bytes()),
        ("a.yaml", b"apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"),
    ];
    check_paths(files, &["."], "", "Role shop/reader b/deep/er/role.YML:1 [get]");
    check_paths(files, &["b/role.txt"], "", "Role shop/reader b/role.txt:1 [get]");
    check_paths(files, &["-", "a.yaml"], ROLE, "Role shop/reader <stdin>:1 [get]");
}

#[test]
fn test_expectations_are_read_only_if_explicit() {
    let files: &[(&str, &[u8])] = &[
        ("e2e/00-install.yaml", ROLE.as_bytes()),
        ("e2e/01-assert.yaml", ROLE.as_bytes()),
        ("e2e/02-scale-assert.yaml", ROLE.as_bytes()),
        ("e2e/03-errors.yml", ROLE.as_bytes()),
    ];
    check_paths(files, &["."], "", "Role shop/reader e2e/00-install.yaml:1 [get]");
    check_paths(files, &["e2e/01-assert.yaml"], "", "Role shop/reader e2e/01-assert.yaml:1 [get]");
    // Without a step number, or outside a directory of tests, it is an ordinary name.
    for path in ["e2e/assert.yaml", "deploy/01-assert.yaml"] {
        check_paths(
            &[(path, ROLE.as_bytes())],
            &["."],
            "",
            &format!("Role shop/reader {path}:1 [get]"),
        );
    }
}

#[test]
fn the_last_duplicate_wins_with_a_warning() {
    check(
        &[
            ("a.yaml", &format!("{ROLE}---\n{}", ROLE.replace("[get]", "[list]"))),
            ("b.yaml", &format!("{ROLE}kind: Role\n")),
        ],
        "Role shop/reader b.yaml:1 [get]
         warning b.yaml:6:1: duplicate key `kind` (first on line 2); the last one wins
         warning b.yaml:1: Role `shop/reader` is already defined at a.yaml:1 and in 1 other place; the last one wins",
    );
    let other = ROLE.replace("reader", "writer");
    check(
        &[
            ("a.yaml", ROLE),
            ("b.yaml", &other),
            ("c.yaml", ROLE),
            ("d.yaml", &format!("{ROLE}---\n{other}")),
        ],
        "Role shop/reader d.yaml:1 [get]
         Role shop/writer d.yaml:7 [get]
         warning d.yaml:1: Role `shop/reader` and 1 other object are already defined, at a.yaml:1 and in 2 other places; the last ones win",
    );
}

/// A misspelled group must not be treated as a custom resource's.
#[test]
fn rbac_kinds_in_misspelled_groups_are_reported() {
    for (group, reported) in [
        ("rbac.authorization.k8s/v1", true),
        ("rbac.authorisation.k8s.io/v1", true),
        ("rbac.k8s.io/v1", true),
        ("authorization.k8s.io/v1", true),
        ("rbac.authorization.k8s.io", true),
        ("iam.example.com/v1", false),
        ("rbac.authorization.k8s.io/v1", false),
        ("rbac.authorization.k8s.io/v2", false),
    ] {
        let role = ROLE.replace("rbac.authorization.k8s.io/v1", group);
        let loaded = Input::new(&[("a.yaml", role.as_bytes())]).load(&["a.yaml"], "");
        let kinds: Vec<ProblemKind> = loaded.problems.iter().map(|problem| problem.kind).collect();
        let expected = if reported { vec![ProblemKind::UnknownKind] } else { Vec::new() };
        assert_eq!(kinds, expected, "{group}");
    }
}
