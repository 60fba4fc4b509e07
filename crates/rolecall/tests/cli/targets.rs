//! Kustomizations and charts, rendered with the real tools.
//!
//! `cargo xtask assets --tools` fetches them once. Without them, these tests are skipped with a notice, except in CI.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, command, run, split};
use crate::schemas::validator;

pub(crate) const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// Paths and contents.
pub(crate) type Files = &'static [(&'static str, &'static str)];

/// A repository of overlays, a chart and a plain file.
pub(crate) const REPOSITORY: Files = &[
    ("base/kustomization.yaml", "resources: [rbac.yaml]\n"),
    (
        "base/rbac.yaml",
        "\
# The web reads its configuration.
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules:
- {apiGroups: [''], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}
subjects:
- {kind: ServiceAccount, name: web}
",
    ),
    (
        "overlays/dev/kustomization.yaml",
        "namespace: dev\nnamePrefix: dev-\nresources: [../../base]\n",
    ),
    (
        "overlays/prod/kustomization.yaml",
        "\
namespace: prod
resources: [../../base]
patches:
- target: {kind: Role}
  patch: |
    - op: add
      path: /rules/-
      value: {apiGroups: [''], resources: [secrets], verbs: [list]}
",
    ),
    ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
    ("chart/values.yaml", "rules: []\n"),
    ("chart/values-admin.yaml", "admin: true\n"),
    (
        "chart/templates/rbac.yaml",
        "\
{{- if .Values.admin }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .Release.Name }}-admin
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
- kind: ServiceAccount
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
---
{{- end }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}
",
    ),
    (
        "plain.yaml",
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: plain, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: shop, namespace: default}]
",
    ),
];

/// Returns the directory of the tools; `None` if they are not there, except in CI.
fn tools() -> Option<PathBuf> {
    let given = env::var_os("ROLECALL_TEST_TOOLS").map(PathBuf::from);
    let found = given.or_else(|| {
        let cache = PathBuf::from(env::var_os("HOME")?).join(".cache/rolecall/assets");
        let entries = fs::read_dir(cache).ok()?.flatten().map(|entry| entry.path());
        let is_tools = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("tools-") && path.join("helm").is_file()
        };
        entries.filter(is_tools).max()
    });
    if found.is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "ROLECALL_TEST_TOOLS is not set: run `cargo xtask assets --tools`"
        );
        eprintln!("notice: skipped: `cargo xtask assets --tools` fetches Kustomize and Helm");
    }
    found
}

/// A repository with the tools on PATH.
pub(crate) struct Repository {
    folder: TempDir,
    tools: PathBuf,
}

impl Repository {
    pub(crate) fn of(files: &[(&str, &str)]) -> Option<Self> {
        let repository = Self { folder: tempfile::tempdir().unwrap(), tools: tools()? };
        fs::create_dir(repository.path().join(".git")).unwrap();
        for (path, text) in files {
            repository.write(path, text);
        }
        Some(repository)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn tools(&self) -> &Path {
        &self.tools
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = command();
        command.args(split(arguments)).current_dir(self.path()).env("PATH", &self.tools);
        command
    }

    pub(crate) fn rolecall(&self, arguments: &str) -> Ran {
        run(&mut self.command(arguments), "")
    }

    pub(crate) fn json(&self, arguments: &str) -> Value {
        let ran = self.rolecall(arguments);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{arguments}\n{ran}"))
    }

    /// Runs a tool.
    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> String {
        let program = self.tools.join(name);
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path().join(".home"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn each_target_is_judged_as_applied_and_located_in_its_source() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    assert_snapshot!(repository.rolecall("check ."), @r#"
    CODE    SEVERITY   WHERE                         OBJECT                          FINDING
    RC505   critical   chart/templates/rbac.yaml:9   ClusterRoleBinding shop-admin   roleRef.name: grants `cluster-admin` in the whole cluster to `ServiceAccount shop`; grant a role with only the required rules (in chart:values-admin.yaml)
    RC101   high       base/rbac.yaml:15             RoleBinding dev/dev-web         roleRef.name: Role `gone` does not exist in namespace `dev`: nothing is granted; create it, or correct the roleRef (in overlays/dev, overlays/prod)
    RC408   info       base/rbac.yaml:6              Role dev/dev-web                no binding refers to it; bind it, or remove it (in overlays/dev, overlays/prod)
    RC511   info       base/rbac.yaml:6 (object)     Role prod/web                   rules[1]: anyone bound to it could read all Secrets at once, in namespace `prod`; grant `get` on the required Secrets, limited by `resourceNames` (in overlays/prod)
    RC562   info       plain.yaml:3                  RoleBinding default/plain       metadata.namespace: is in namespace `default`; move the application to a dedicated namespace

    5 findings: 1 critical, 1 high, 3 info
    checked 10 objects in 3 files, 4 targets
    --- stderr
    hint: run `rolecall explain RC505` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn targets_are_listed_with_the_commands_that_render_them() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let listed = repository.rolecall("targets .");
    assert_snapshot!(listed.to_string().replace("kubectl kustomize", "kustomize build"), @r#"
    TARGET                    TOOL        COMMAND                                                                                        NOTES
    chart                     helm        helm template shop chart --namespace default --include-crds
    chart:values-admin.yaml   helm        helm template shop chart --namespace default --include-crds --values chart/values-admin.yaml
    overlays/dev              kustomize   kustomize build overlays/dev
    overlays/prod             kustomize   kustomize build overlays/prod
    --- exit 0
    "#);
    for target in repository.json("targets . -o json")["targets"].as_array().unwrap() {
        let words = split(target["command"].as_str().unwrap());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let by_hand = repository.tool(words[0], &words[1..]);
        let piped = run(&mut repository.command("check - -o json"), &by_hand);
        let piped: Value = serde_json::from_str(&piped.stdout).unwrap();
        let name = target["name"].as_str().unwrap();
        let mut found = repository.command("check . -o json --target");
        let found = run(found.arg(name), "");
        let found: Value = serde_json::from_str(&found.stdout).unwrap();
        let of = |report: &Value| -> Vec<(Value, Value, Value)> {
            let findings = report["findings"].as_array().unwrap().iter();
            let mut all: Vec<_> = findings
                .filter(|finding| finding["file"] != "plain.yaml")
                .map(|it| (it["code"].clone(), it["object"].clone(), it["field"].clone()))
                .collect();
            all.sort_by_key(|row| format!("{row:?}"));
            all
        };
        assert_eq!(of(&found), of(&piped), "{name}");
    }
}

#[test]
fn alternatives_are_answered_one_by_one() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let ask = "can-i list secrets --for sa/prod:web -n prod -f .";
    assert_snapshot!(repository.rolecall(ask), @r#"
    target chart:
    no: User "system:serviceaccount:prod:web" cannot list resource "secrets" in API group "" in the namespace "prod"
      roles that would allow it are not bound to sa/prod:web: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)

    target chart:values-admin.yaml:
    no: User "system:serviceaccount:prod:web" cannot list resource "secrets" in API group "" in the namespace "prod"
      roles that would allow it are not bound to sa/prod:web: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)

    target overlays/dev:
    no: User "system:serviceaccount:prod:web" cannot list resource "secrets" in API group "" in the namespace "prod"
      roles that would allow it are not bound to sa/prod:web: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)

    target overlays/prod:
    no: User "system:serviceaccount:prod:web" cannot list resource "secrets" in API group "" in the namespace "prod"
      possible grant: RoleBinding prod/web (base/rbac.yaml:12)
        but its Role gone is not in the input
    --- stderr
    warning: there is no ServiceAccount `web` in namespace `prod`
    hint: run `rolecall why list secrets --for sa/prod:web -n prod -f . --target chart` to see what would change the answer
    hint: run `rolecall why list secrets --for sa/prod:web -n prod -f . --target chart:values-admin.yaml` to see what would change the answer
    note: the input has no roles, bindings or ServiceAccounts in namespace `prod`
    hint: run `rolecall why list secrets --for sa/prod:web -n prod -f . --target overlays/dev` to see what would change the answer
    hint: run `rolecall why list secrets --for sa/prod:web -n prod -f . --target overlays/prod` to see what would change the answer
    --- exit 1
    "#);
    let chosen = repository.rolecall(&format!("{ask} --target overlays/prod"));
    assert_eq!(chosen.exit, Some(1), "{chosen}");
    let structured = repository.rolecall(&format!("{ask} -o json"));
    assert_eq!(structured.exit, Some(2), "{structured}");
    let unknown = repository.rolecall(&format!("{ask} --target nowhere"));
    assert!(unknown.stderr.contains("no target is named `nowhere`"), "{unknown}");
}

#[test]
fn diff_compares_the_targets_of_the_same_name() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    fs::remove_dir(repository.path().join(".git")).unwrap();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments);
        assert!(git.current_dir(repository.path()).output().unwrap().status.success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "a"]);
    let base = fs::read_to_string(repository.path().join("base/rbac.yaml")).unwrap();
    repository.write("base/rbac.yaml", &base.replace("name: gone", "name: web"));
    let with_git = |arguments: &str| {
        let path = format!("{}:/usr/bin:/bin", repository.tools.display());
        run(repository.command(arguments).env("PATH", path), "")
    };
    let ran = with_git("diff git:HEAD .");
    assert_snapshot!(ran, @r#"
    target overlays/dev:
    CHANGE   SUBJECT          ACCESS                            THROUGH
    gained   sa/dev:dev-web   get configmaps in namespace dev   RoleBinding dev/dev-web of Role dev/dev-web (base/rbac.yaml:6)

    1 gained

    target overlays/prod:
    CHANGE   SUBJECT       ACCESS                             THROUGH
    gained   sa/prod:web   get configmaps in namespace prod   RoleBinding prod/web of Role prod/web (base/rbac.yaml:6)
    gained   sa/prod:web   list secrets in namespace prod     RoleBinding prod/web of Role prod/web (base/rbac.yaml:6)

    RISK    SEVERITY   SUBJECT       WHERE   CAN NOW
    RC511   medium     sa/prod:web   prod    read all Secrets at once

    2 gained, 1 risk (1 medium)
    --- stderr
    note: no subject gains or loses access in 2 targets
    --- exit 0
    "#);
    let ran = with_git("diff git:HEAD . -o json");
    let diffs: Value = serde_json::from_str(&ran.stdout).unwrap();
    let errors: Vec<String> =
        validator("access-diffs").iter_errors(&diffs).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    // A path of a commit can include bases outside it.
    let ran = with_git("diff git:HEAD:overlays/prod overlays/prod");
    assert_snapshot!(ran, @r#"
    CHANGE   SUBJECT       ACCESS                             THROUGH
    gained   sa/prod:web   get configmaps in namespace prod   RoleBinding prod/web of Role prod/web (base/rbac.yaml:6)
    gained   sa/prod:web   list secrets in namespace prod     RoleBinding prod/web of Role prod/web (base/rbac.yaml:6)

    RISK    SEVERITY   SUBJECT       WHERE   CAN NOW
    RC511   medium     sa/prod:web   prod    read all Secrets at once

    2 gained, 1 risk (1 medium)
    --- exit 0
    "#);
}

#[test]
fn streams_of_the_tools_are_traced_to_their_sources() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let places = |stdin: &str| -> Vec<String> {
        let ran = run(&mut repository.command("check - -o json"), stdin);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let place = findings.map(|it| format!("{} {}:{}", it["code"], it["file"], it["line"]));
        place.collect()
    };
    repository.write(
        "overlays/prod/kustomization.yaml",
        "resources: [../../base]\nbuildMetadata: [originAnnotations]\n",
    );
    let built = repository.tool("kubectl", &["kustomize", "overlays/prod"]);
    assert_eq!(places(&built), [r#""RC101" "base/rbac.yaml":12"#, r#""RC408" "base/rbac.yaml":6"#]);
    let rendered = repository.tool("helm", &["template", "x", "chart", "--set", "admin=true"]);
    assert_eq!(places(&rendered), [r#""RC505" "chart/templates/rbac.yaml":2"#]);
    let unmarked = format!("\n\n{RBAC}kind: Role\nmetadata: {{name: a}}\nrules: []\n");
    let ran = run(&mut repository.command("check -"), &unmarked);
    assert!(ran.stdout.contains("<stdin>:"), "{ran}");
}

#[test]
fn settings_and_deployments_decide_how_targets_are_rendered() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    repository.write(
        "rolecall.yaml",
        "\
apiVersion: rolecall.dev/v1
kind: CheckConfig
render:
- target: chart
  namespace: kitchen
  releaseName: cook
- target: chart
  name: mighty
  set: {admin: 'true'}
",
    );
    repository.write(
        "apps/web.yaml",
        "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: till, namespace: argocd}
spec:
  destination: {namespace: tills}
  source:
    repoURL: https://example.com/repo
    path: chart
    helm:
      releaseName: till
      valueFiles: [values-admin.yaml]
      valuesObject: {extra: 1}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: prod, namespace: flux-system}
spec:
  path: ./overlays/prod
  targetNamespace: live
",
    );
    let listed = repository.rolecall("targets .");
    assert_snapshot!(listed.to_string().replace("kubectl kustomize", "kustomize build"), @r#"
    TARGET                    TOOL        COMMAND                                                                                                 NOTES
    chart                     helm        helm template cook chart --namespace kitchen --include-crds
    chart:mighty              helm        helm template cook chart --namespace kitchen --include-crds --set admin=true
    chart:till                helm        helm template till chart --namespace tills --include-crds --values chart/values-admin.yaml --values -   deployed by Application argocd/till
    chart:values-admin.yaml   helm        helm template shop chart --namespace default --include-crds --values chart/values-admin.yaml
    overlays/dev              kustomize   kustomize build overlays/dev
    overlays/prod             kustomize   kustomize build overlays/prod
    overlays/prod:prod        kustomize   kustomize build overlays/prod                                                                           deployed by Kustomization flux-system/prod
    --- exit 0
    "#);
    let asked = repository.rolecall("walk sa/till -n tills -f . --target chart:till");
    assert_snapshot!(asked, @r#"
    ServiceAccount tills/till
    |   no Pod uses it
    |-- everywhere: ClusterRoleBinding till-admin of ClusterRole cluster-admin
    |   |-- * *.*
    |   `-- * *
    `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
    let moved = repository.json("check . -o json --target overlays/prod:prod");
    assert_eq!(moved["findings"][0]["object"]["namespace"], "live");
    for (setting, expected) in [
        ("args: [--post-renderer, x]", "`args` cannot contain `--post-renderer`"),
        ("values: [../../../../../etc/passwd]", "is outside the repository"),
        ("name: a\n- target: chart\n  name: a", "there are two variants with the name `chart:a`"),
    ] {
        repository.write(
            "rolecall.yaml",
            &format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\nrender:\n- target: chart\n  {setting}\n"),
        );
        let ran = repository.rolecall("check .");
        assert_eq!(ran.exit, Some(2), "{ran}");
        assert!(ran.stderr.contains(expected), "{ran}");
    }
}

#[test]
fn settings_are_about_the_directory_of_their_file() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let settings = |targets: [&str; 2]| {
        let entries = targets.map(|target| format!("- target: {target}\n  namespace: kitchen\n"));
        format!("apiVersion: rolecall.dev/v1\nkind: CheckConfig\nrender:\n{}", entries.concat())
    };
    repository.write("rolecall.yaml", &settings(["chart", "overlays/dev"]));
    for ask in ["targets chart", "targets . --exclude overlays"] {
        let ran = repository.rolecall(ask);
        assert_eq!(ran.exit, Some(0), "{ran}");
        assert!(ran.stdout.contains("--namespace kitchen"), "{ran}");
    }
    repository.write("rolecall.yaml", &settings(["chart", "overlays/dve"]));
    assert_eq!(repository.rolecall("targets .").exit, Some(2));
    // The names begin with the path on the command line.
    repository.write("overlays/rolecall.yaml", &settings(["dev", "prod"]));
    let ran =
        repository.rolecall("can-i list pods --for sa/nobody -n shop -f overlays --target dev");
    assert!(!ran.stderr.contains("no target has this name"), "{ran}");
}
