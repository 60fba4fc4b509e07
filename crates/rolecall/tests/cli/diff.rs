use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::command::{
    Ran, command, rolecall, rolecall_in_columns, rolecall_with, root, run, split,
};

#[test]
fn only_effective_changes_are_shown() {
    assert_snapshot!(
        rolecall("diff fixtures/refactoring/before fixtures/refactoring/after"),
        @r#"
        CHANGE   SUBJECT           ACCESS                                                 THROUGH
        gained   group/shop-team   create pods/exec in namespace shop                     RoleBinding shop/team of Role shop/team (fixtures/refactoring/after/team.yaml:1)
        gained   sa/ci:deployer    list secrets in namespace shop                         RoleBinding shop/deployer-tls of Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
        gained   sa/ci:deployer    get secrets not named shop-tls in namespace shop       RoleBinding shop/deployer-tls of Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
        lost     group/shop-team   get secrets named shop-tls in namespace shop           RoleBinding shop/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
        lost     group/shop-team   get,patch deployments.apps in namespace shop           RoleBinding shop/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
        lost     sa/ci:deployer    get secrets named shop-tls in namespace shop-staging   RoleBinding shop-staging/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)

        RISK    SEVERITY   SUBJECT           WHERE   CAN NOW
        RC518   medium     group/shop-team   shop    run commands in any Pod
        RC511   medium     sa/ci:deployer    shop    read all Secrets at once

        3 gained, 3 lost, 2 risks (2 medium)
        --- exit 0
        "#
    );
}

#[test]
fn wide_shows_every_rule() {
    assert_snapshot!(
        rolecall_in_columns(150, "diff fixtures/refactoring/before fixtures/refactoring/after -o wide"),
        @r#"
        gained
          subject: group/shop-team
          access: create pods/exec in namespace shop
          binding: RoleBinding shop/team (fixtures/refactoring/after/team.yaml:14)
          role: Role shop/team (fixtures/refactoring/after/team.yaml:1)
          rule: rules[1]: create pods/exec

        gained
          subject: sa/ci:deployer
          access: list secrets in namespace shop
          binding: RoleBinding shop/deployer-tls (fixtures/refactoring/after/deployer.yaml:45)
          role: Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
          rule: rules[0]: get,list secrets

        gained
          subject: sa/ci:deployer
          access: get secrets not named shop-tls in namespace shop
          binding: RoleBinding shop/deployer-tls (fixtures/refactoring/after/deployer.yaml:45)
          role: Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
          rule: rules[0]: get,list secrets

        lost
          subject: group/shop-team
          access: get secrets named shop-tls in namespace shop
          binding: RoleBinding shop/operator (fixtures/refactoring/before/rbac.yaml:18)
          role: ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
          rule: rules[2]: get secrets "shop-tls"

        lost
          subject: group/shop-team
          access: get,patch deployments.apps in namespace shop
          binding: RoleBinding shop/operator (fixtures/refactoring/before/rbac.yaml:18)
          role: ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
          rule: rules[1]: get,patch deployments.apps

        lost
          subject: sa/ci:deployer
          access: get secrets named shop-tls in namespace shop-staging
          binding: RoleBinding shop-staging/operator (fixtures/refactoring/before/rbac.yaml:35)
          role: ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
          rule: rules[2]: get secrets "shop-tls"

        RISK    SEVERITY   SUBJECT           WHERE   CAN NOW
        RC518   medium     group/shop-team   shop    run commands in any Pod
        RC511   medium     sa/ci:deployer    shop    read all Secrets at once

        3 gained, 3 lost, 2 risks (2 medium)
        --- exit 0
        "#
    );
}

#[test]
fn a_source_does_not_differ_from_itself() {
    assert_snapshot!(rolecall("diff fixtures/ns-1 fixtures/ns-1 --fail-on any"), @r"
    --- stderr
    note: no subject gains or loses access
    --- exit 0
    ");
}

#[test]
fn a_merge_request_gets_a_table() {
    assert_snapshot!(
        rolecall("diff fixtures/project-swan/before fixtures/project-swan/after -o markdown"),
        @r#"
        | change | subject | access | through |
        |---|---|---|---|
        | gained | sa/project-swan:secret-reader | get,list pods,secrets in namespace project-swan | RoleBinding project-swan/secret-reader of Role project-swan/secret-reader (fixtures/project-swan/after/manifests.yaml:12) |

        | risk | severity | subject | where | can now |
        |---|---|---|---|---|
        | RC511 | medium | sa/project-swan:secret-reader | project-swan | read all Secrets at once |
        --- exit 0
        "#
    );
    assert_snapshot!(rolecall("diff fixtures/ns-1 fixtures/ns-1 -o markdown -q"), @r"
    No subject gains or loses access.
    --- exit 0
    ");
}

#[test]
fn a_workflow_gets_annotations() {
    assert_snapshot!(
        rolecall("diff fixtures/refactoring/before fixtures/refactoring/after -o github --fail-on risk"),
        @r#"
        ::warning file=fixtures/refactoring/after/team.yaml,line=1,title=RC518 exec-into-pods::group/shop-team can now run commands in any Pod, in namespace shop
        ::warning file=fixtures/refactoring/after/deployer.yaml,line=20,title=RC511 secret-listing::sa/ci:deployer can now read all Secrets at once, in namespace shop
        ::warning file=fixtures/refactoring/after/team.yaml,line=1,title=access gained::group/shop-team: create pods/exec in namespace shop, through RoleBinding shop/team of Role shop/team (fixtures/refactoring/after/team.yaml:1)
        ::notice file=fixtures/refactoring/before/rbac.yaml,line=2,title=access lost::group/shop-team: get secrets named shop-tls in namespace shop, through RoleBinding shop/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
        ::notice file=fixtures/refactoring/before/rbac.yaml,line=2,title=access lost::group/shop-team: get,patch deployments.apps in namespace shop, through RoleBinding shop/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
        ::warning file=fixtures/refactoring/after/deployer.yaml,line=20,title=access gained::sa/ci:deployer: list secrets in namespace shop, through RoleBinding shop/deployer-tls of Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
        ::warning file=fixtures/refactoring/after/deployer.yaml,line=20,title=access gained::sa/ci:deployer: get secrets not named shop-tls in namespace shop, through RoleBinding shop/deployer-tls of Role shop/tls (fixtures/refactoring/after/deployer.yaml:20)
        ::notice file=fixtures/refactoring/before/rbac.yaml,line=2,title=access lost::sa/ci:deployer: get secrets named shop-tls in namespace shop-staging, through RoleBinding shop-staging/operator of ClusterRole shop-operator (fixtures/refactoring/before/rbac.yaml:2)
        --- exit 1
        "#
    );
}

#[test]
fn pipelines_choose_what_fails_them() {
    let refactoring = "diff fixtures/refactoring/before fixtures/refactoring/after -q";
    let back = "diff fixtures/project-swan/after fixtures/project-swan/before -q";
    for (arguments, fail_on, expected) in [
        (refactoring, "gained", 1),
        (refactoring, "risk", 1),
        (refactoring, "any", 1),
        (back, "gained", 0),
        (back, "risk", 0),
        (back, "any", 1),
    ] {
        let ran = rolecall(&format!("{arguments} --fail-on {fail_on}"));
        assert_eq!(ran.exit, Some(expected), "{arguments} {fail_on}: {ran}");
    }
    assert_eq!(rolecall(refactoring).exit, Some(0));
}

#[test]
fn unread_access_is_not_lost() {
    assert_snapshot!(
        rolecall("diff fixtures/ns-1 fixtures/unread-document --keep-going --defaults none"),
        @r"
    CHANGE   SUBJECT                  ACCESS                                  THROUGH
    lost?    sa/ns-1:k-sa-1           list pods in namespace ns-1             RoleBinding ns-1/pod-lister of Role ns-1/pod-lister (fixtures/ns-1/manifests.yaml:12)
    gained   sa/unread-document:app   get pods in namespace unread-document   RoleBinding unread-document/app of Role unread-document/app (fixtures/unread-document/manifests.yaml:12)

    1 gained, 1 lost?
    --- stderr
    warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
    warning: NEW might grant more; could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
    --- exit 3
    "
    );
}

#[test]
fn one_side_can_be_stdin() {
    let manifests = std::fs::read_to_string(root().join("fixtures/ns-1/manifests.yaml")).unwrap();
    assert_snapshot!(rolecall_with("diff fixtures/ns-1 -", &manifests), @r#"
    --- stderr
    note: escalation paths were not compared, because Pods were not read; `--paths` compares them
    note: no subject gains or loses access
    --- exit 0
    "#);
    assert_snapshot!(rolecall("diff - -"), @r"
    --- stderr
    error: OLD and NEW cannot both be stdin
    --- exit 2
    ");
}

#[test]
fn invalid_sources_are_errors() {
    assert_snapshot!(rolecall("diff git: fixtures/ns-1"), @r#"
    --- stderr
    error: `git:` is incomplete
    hint: use `git:REV:PATH` instead of `git:`
    --- exit 2
    "#);
    assert_snapshot!(rolecall("diff nowhere fixtures/ns-1"), @r"
    --- stderr
    error: nowhere: no such file or directory
    --- exit 2
    ");
    assert_snapshot!(rolecall("diff fixtures/ns-1 fixtures/ns-1 -f fixtures/ns-1"), @r"
    --- stderr
    error: `diff` takes OLD and NEW, not `--filename`
    hint: run `rolecall help diff` to see the notation of sources
    --- exit 2
    ");
}

/// A repository with a commit of one fixture and another commit on top of it.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (message, fixture) in [("one", "before"), ("two", "after")] {
        git(folder.path(), if message == "one" { "init -q -b main" } else { "rm -rq deploy" });
        copy(
            &root().join("fixtures/refactoring").join(fixture),
            &folder.path().join("deploy/rbac"),
        );
        git(folder.path(), "add .");
        git(folder.path(), &format!("commit -q -m {message}"));
    }
    folder
}

fn git(folder: &Path, arguments: &str) {
    let nobody = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"];
    let mut git = Command::new("git");
    git.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    let status = git.args(nobody).args(split(arguments)).status().unwrap();
    assert!(status.success(), "git {arguments}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Runs `rolecall` in a directory, with git on the PATH.
fn rolecall_in(folder: &Path, arguments: &str) -> Ran {
    let mut command = command();
    command.current_dir(folder).env("PATH", std::env::var_os("PATH").unwrap());
    run(command.args(split(arguments)), "")
}

#[test]
fn commits_are_compared_without_a_checkout() {
    let repository = repository();
    assert_snapshot!(rolecall_in(repository.path(), "diff git:HEAD~1:deploy git:HEAD:deploy/"), @r#"
    CHANGE   SUBJECT           ACCESS                                                 THROUGH
    gained   group/shop-team   create pods/exec in namespace shop                     RoleBinding shop/team of Role shop/team (git:HEAD:deploy/rbac/team.yaml:1)
    gained   sa/ci:deployer    list secrets in namespace shop                         RoleBinding shop/deployer-tls of Role shop/tls (git:HEAD:deploy/rbac/deployer.yaml:20)
    gained   sa/ci:deployer    get secrets not named shop-tls in namespace shop       RoleBinding shop/deployer-tls of Role shop/tls (git:HEAD:deploy/rbac/deployer.yaml:20)
    lost     group/shop-team   get secrets named shop-tls in namespace shop           RoleBinding shop/operator of ClusterRole shop-operator (git:HEAD~1:deploy/rbac/rbac.yaml:2)
    lost     group/shop-team   get,patch deployments.apps in namespace shop           RoleBinding shop/operator of ClusterRole shop-operator (git:HEAD~1:deploy/rbac/rbac.yaml:2)
    lost     sa/ci:deployer    get secrets named shop-tls in namespace shop-staging   RoleBinding shop-staging/operator of ClusterRole shop-operator (git:HEAD~1:deploy/rbac/rbac.yaml:2)

    RISK    SEVERITY   SUBJECT           WHERE   CAN NOW
    RC518   medium     group/shop-team   shop    run commands in any Pod
    RC511   medium     sa/ci:deployer    shop    read all Secrets at once

    3 gained, 3 lost, 2 risks (2 medium)
    --- exit 0
    "#);
    for same in [
        "diff git:HEAD:deploy/rbac deploy/rbac",
        "diff git:main: git:HEAD:deploy",
        "diff git:HEAD~1 git:HEAD~1:deploy/rbac/rbac.yaml",
    ] {
        let ran = rolecall_in(repository.path(), &format!("{same} --fail-on any"));
        assert_eq!(
            ran.to_string(),
            "--- stderr\nnote: no subject gains or loses access\n--- exit 0"
        );
    }
    let below = repository.path().join("deploy");
    let ran = rolecall_in(&below, "diff git:HEAD:./rbac rbac --fail-on any");
    assert_eq!(ran.exit, Some(0), "{ran}");
}

/// All access in an added directory is new.
#[test]
fn a_side_without_manifests_grants_nothing() {
    let repository = repository();
    let ran = rolecall_in(repository.path(), "diff git:main:no-such-folder deploy --defaults none");
    assert_snapshot!(ran, @r#"
    CHANGE   SUBJECT           ACCESS                                                                    THROUGH
    gained   group/shop-team   get,list,watch configmaps,pods,pods/log in namespace shop                 RoleBinding shop/team of Role shop/team (deploy/rbac/team.yaml:1)
    gained   group/shop-team   create pods/exec in namespace shop                                        RoleBinding shop/team of Role shop/team (deploy/rbac/team.yaml:1)
    gained   sa/ci:deployer    get,list secrets in namespace shop                                        RoleBinding shop/deployer-tls of Role shop/tls (deploy/rbac/deployer.yaml:20)
    gained   sa/ci:deployer    get,list,watch configmaps,pods,pods/log in namespaces shop,shop-staging   RoleBinding shop/deployer of ClusterRole shop-deployer (deploy/rbac/deployer.yaml:2), RoleBinding shop-staging/deployer of ClusterRole shop-deployer (deploy/rbac/deployer.yaml:2)
    gained   sa/ci:deployer    get,patch deployments.apps in namespaces shop,shop-staging                RoleBinding shop/deployer of ClusterRole shop-deployer (deploy/rbac/deployer.yaml:2), RoleBinding shop-staging/deployer of ClusterRole shop-deployer (deploy/rbac/deployer.yaml:2)

    RISK    SEVERITY   SUBJECT           WHERE          CAN NOW
    RC518   medium     group/shop-team   shop           run commands in any Pod
    RC511   medium     sa/ci:deployer    shop           read all Secrets at once
    RC516   medium     sa/ci:deployer    shop           run Pods as any ServiceAccount, through the workloads they write
    RC516   medium     sa/ci:deployer    shop-staging   run Pods as any ServiceAccount, through the workloads they write

    5 gained, 4 risks (4 medium)
    --- stderr
    note: `main` does not contain `no-such-folder`, so it grants nothing
    --- exit 0
    "#);
    std::fs::create_dir(repository.path().join("empty")).unwrap();
    let ran = rolecall_in(repository.path(), "diff empty empty");
    assert_snapshot!(ran, @r#"
    --- stderr
    note: empty: no `*.yaml`, `*.yml` or `*.json` file in this directory, so it grants nothing
    note: empty: no `*.yaml`, `*.yml` or `*.json` file in this directory, so it grants nothing
    note: no subject gains or loses access
    --- exit 0
    "#);
    assert_snapshot!(rolecall_in(repository.path(), "diff nowhere deploy"), @"
    --- stderr
    error: nowhere: no such file or directory
    --- exit 2
    ");
}

#[test]
fn commits_that_do_not_exist_are_errors() {
    let repository = repository();
    assert_snapshot!(rolecall_in(repository.path(), "diff git:no-such-branch:deploy deploy"), @r#"
    --- stderr
    error: unknown git revision `no-such-branch`
    hint: run `git fetch --all` to fetch new commits
    --- exit 2
    "#);
    let elsewhere = TempDir::new().unwrap();
    assert_snapshot!(rolecall_in(elsewhere.path(), "diff git:main:deploy deploy"), @r"
    --- stderr
    error: git: not a git repository (or any of the parent directories): .git
    --- exit 2
    ");
    assert_snapshot!(rolecall_in(repository.path(), "diff git:--help:deploy deploy"), @r#"
    --- stderr
    error: unknown git revision `--help`
    hint: run `git fetch --all` to fetch new commits
    --- exit 2
    "#);
}

#[test]
fn errors_in_commits_have_repository_paths() {
    let repository = repository();
    std::fs::write(repository.path().join("deploy/rbac/broken.yaml"), "kind: [\n").unwrap();
    git(repository.path(), "add .");
    git(repository.path(), "commit -q -m three");
    assert_snapshot!(rolecall_in(repository.path(), "diff git:HEAD~1:deploy git:HEAD:deploy"), @r"
    --- stderr
    error: git:HEAD:deploy/rbac/broken.yaml:1:7: expected the bracket that closes `[`
    note: no subject gains or loses access
    warning: NEW might grant more; could not read: a document at git:HEAD:deploy/rbac/broken.yaml:1: expected the bracket that closes `[`
    --- exit 2
    ");
}

/// `get` on `pods/exec` allows running commands on servers that do not check `create`.
#[test]
fn risks_depend_on_the_clusters_version() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.yaml"), EXEC.replace("pods/exec", "pods/log")).unwrap();
    fs::write(folder.path().join("new.yaml"), EXEC).unwrap();
    for (version, exit) in [("1.34", 1), ("1.36", 0)] {
        let arguments = "diff old.yaml new.yaml --fail-on risk --kubernetes-version";
        let ran = rolecall_in(folder.path(), &format!("{arguments} {version}"));
        assert_eq!(ran.exit, Some(exit), "{version}: {ran}");
    }
    let ran = rolecall_in(folder.path(), "diff old.yaml new.yaml --fail-on risk --defaults v1.20");
    assert_eq!(ran.exit, Some(1), "{ran}");
}

const EXEC: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shell, namespace: shop}
rules: [{apiGroups: [''], resources: [pods/exec], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shell, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shell}
subjects: [{kind: User, name: jane}]
";

#[test]
fn paths_that_open_and_close_are_listed() {
    let ran = rolecall("diff fixtures/few-rights fixtures/ci-to-admin --fail-on paths");
    assert_eq!(ran.exit, Some(1), "{ran}");
    let ran = rolecall("diff fixtures/ci-to-admin fixtures/few-rights --fail-on paths");
    assert_eq!(ran.exit, Some(0), "{ran}");
    let path_lines = |arguments: &str| -> Vec<String> {
        let ran = rolecall(arguments);
        let lines =
            ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| line.contains("opened") || line.contains("closed")).collect()
    };
    let mut all = Vec::new();
    for arguments in [
        "diff fixtures/few-rights fixtures/ci-to-admin",
        "diff fixtures/ci-to-admin fixtures/few-rights",
        "diff fixtures/few-rights fixtures/ci-to-admin -o markdown",
        "diff fixtures/few-rights fixtures/ci-to-admin -o github",
        "diff fixtures/few-rights fixtures/ci-to-admin --summary",
    ] {
        all.extend(path_lines(arguments));
    }
    assert_snapshot!(all.join("\n"), @r#"
    opened group/developers cluster-admin X03 create or change a workload -> sa/ci:release, X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    opened sa/ci:release cluster-admin X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    4 gained, 30 lost, 4 risks (1 critical, 2 medium, 1 info), 2 paths opened
    closed group/developers cluster-admin X03 create or change a workload -> sa/ci:release, X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    closed sa/ci:release cluster-admin X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    30 gained, 4 lost, 25 risks (4 high, 4 medium, 8 low, 9 info), 2 paths closed
    | opened | group/developers | cluster-admin | X03 create or change a workload -\> sa/ci:release, X15 create a ClusterRoleBinding -\> the rules of ClusterRole cluster-admin cluster-wide |
    | opened | sa/ci:release | cluster-admin | X15 create a ClusterRoleBinding -\> the rules of ClusterRole cluster-admin cluster-wide |
    ::error file=fixtures/ci-to-admin/manifests.yaml,line=47,title=path opened::group/developers to cluster-admin: X03 create or change a workload -> sa/ci:release, X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    ::error file=fixtures/ci-to-admin/manifests.yaml,line=22,title=path opened::sa/ci:release to cluster-admin: X15 create a ClusterRoleBinding -> the rules of ClusterRole cluster-admin cluster-wide
    path opened 2
    4 gained, 30 lost, 4 risks (1 critical, 2 medium, 1 info), 2 paths opened
    "#);
}
