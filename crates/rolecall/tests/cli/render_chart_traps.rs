//! Faults that only the result of Helm or the order of Argo CD shows, with the real tools.

use super::render_traps::{Row, verify};
use super::targets::Repository;
use crate::command::run;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

const APPLICATION: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  destination: {namespace: shop}
  source: {path: chart, repoURL: https://example.com/repo}
";

const HOOKS: &str = "\
apiVersion: batch/v1
kind: Job
metadata:
  name: rel-job
  annotations: {helm.sh/hook: pre-install}
spec:
  template:
    spec: {serviceAccountName: rel-sa, restartPolicy: Never, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: rel-sa
  annotations: {helm.sh/hook: pre-install}
";

const TEST_HOOK: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: test
  annotations: {helm.sh/hook: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: test, namespace: default}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: test}
";

const WAVES: &str = "\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  namespace: shop
  annotations: {argocd.argoproj.io/hook: PreSync}
spec:
  template:
    spec: {serviceAccountName: migrate, restartPolicy: Never, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: migrate, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: early
  namespace: shop
  annotations: {argocd.argoproj.io/sync-wave: '-1'}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {serviceAccountName: migrate, containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: on-time, namespace: shop}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {serviceAccountName: migrate, containers: [{name: a, image: a}]}
";

const OF_CHART: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
";

const UNKNOWN_HOOK: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: migrate
  annotations: {helm.sh/hook: \"pre-install,pre-update\"}
";

const SWITCHED: &str = "\
{{- if .Values.rbac.create }}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web}]
{{- end }}
{{- if .Capabilities.APIVersions.Has \"route.openshift.io/v1\" }}
{{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {serviceAccountName: web, containers: [{name: a, image: a}]}
";

/// A hook that runs before its ServiceAccount in each order.
const EARLY_HOOK: &str = "\
apiVersion: batch/v1
kind: Job
metadata:
  name: early
  annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: '-5'}
spec:
  template:
    spec: {serviceAccountName: rel-sa, restartPolicy: Never, containers: [{name: a, image: a}]}
";

const SUBCHART: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sub}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: {{ .Release.Namespace }}}]
";

const VIEW: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules: [{apiGroups: [example.com], resources: [foos], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
";

const ROWS: &[Row] = &[
    Row {
        what: "a hook of the same weight with a later name",
        files: &[("Chart.yaml", CHART), ("templates/hooks.yaml", HOOKS)],
        codes: "RC7*",
        expected: &[(
            "RC708",
            "high",
            "templates/hooks.yaml:5",
            "ServiceAccount default/rel-sa is a hook that Helm creates later",
        )],
    },
    Row {
        what: "a binding of a test hook",
        files: &[("Chart.yaml", CHART), ("templates/tests/rbac.yaml", TEST_HOOK)],
        codes: "RC7*",
        expected: &[(
            "RC709",
            "low",
            "templates/tests/rbac.yaml:5",
            "exists only once the hook has run",
        )],
    },
    Row {
        what: "an object with an unknown hook",
        files: &[("Chart.yaml", CHART), ("templates/account.yaml", UNKNOWN_HOOK)],
        codes: "RC7*",
        expected: &[(
            "RC713",
            "high",
            "templates/account.yaml:5",
            "Helm does not know the hook `pre-update`, so it never creates the ServiceAccount",
        )],
    },
    Row {
        what: "phases and waves of Argo CD, also in plain manifests",
        files: &[("app.yaml", WAVES)],
        codes: "RC7*",
        expected: &[
            (
                "RC708",
                "high",
                "app.yaml:6",
                "PreSync wave 0: Argo CD applies ServiceAccount shop/migrate in Sync wave 0",
            ),
            (
                "RC708",
                "high",
                "app.yaml:20",
                "Sync wave -1: Argo CD applies ServiceAccount shop/migrate in Sync wave 0",
            ),
        ],
    },
    Row {
        what: "values that turn RBAC off",
        files: &[
            ("Chart.yaml", CHART),
            ("values.yaml", "rbac: {create: true}\n"),
            ("values-small.yaml", "rbac:\n  create: false\n"),
            ("templates/all.yaml", SWITCHED),
        ],
        codes: "RC7*",
        expected: &[
            (
                "RC711",
                "medium",
                "templates/all.yaml:15",
                "because of `rbac.create: false` (values-small.yaml:2)",
            ),
            ("RC712", "info", "templates/all.yaml:8", "queries the cluster"),
        ],
    },
    Row {
        what: "objects of an inflated chart",
        files: &[
            (
                "kustomization.yaml",
                "namespace: shop\nhelmCharts: [{name: web, releaseName: web}]\n",
            ),
            ("charts/web/Chart.yaml", CHART),
            ("charts/web/values.yaml", "{}\n"),
            ("charts/web/templates/rbac.yaml", OF_CHART),
        ],
        codes: "RC710",
        expected: &[(
            "RC710",
            "medium",
            "kustomization.yaml:2",
            "RoleBinding of an inflated chart has no namespace",
        )],
    },
    Row {
        what: "a chart that Argo CD deploys has its order: ServiceAccounts come first in a wave",
        files: &[
            ("app.yaml", APPLICATION),
            ("chart/Chart.yaml", CHART),
            ("chart/templates/hooks.yaml", HOOKS),
            ("chart/templates/early.yaml", EARLY_HOOK),
            ("chart/templates/tests/rbac.yaml", TEST_HOOK),
        ],
        codes: "RC7*",
        expected: &[(
            "RC708",
            "high",
            "chart/templates/early.yaml:5",
            "PreSync wave -5: Argo CD applies ServiceAccount default/rel-sa in PreSync wave 0",
        )],
    },
    Row {
        what: "a subchart that is not a dependency is always on",
        files: &[
            ("Chart.yaml", CHART),
            ("values.yaml", "sub: {enabled: false}\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/templates/rbac.yaml", SUBCHART),
        ],
        codes: "RC505",
        expected: &[(
            "RC505",
            "critical",
            "charts/sub/templates/rbac.yaml:4",
            "grants `cluster-admin` in the whole cluster",
        )],
    },
];

#[test]
fn faults_of_charts_are_found_at_their_sources() {
    verify(ROWS);
}

#[test]
fn grants_of_hooks_say_when_they_exist() {
    let during = TEST_HOOK.replace(
        "{helm.sh/hook: test}",
        "{helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded}",
    );
    for (hook, expected) in [
        (TEST_HOOK, "Helm hook `test`: does not exist before it has run"),
        (&during, "Helm hook `pre-install`: deleted when it has succeeded"),
        (&TEST_HOOK.replace("hook: test", "hook: pre-install"), ""),
    ] {
        let files = [("Chart.yaml", CHART), ("templates/rbac.yaml", hook)];
        let Some(repository) = Repository::of(&files) else { return };
        for command in [
            "can-i get pods --for sa/default:test -f .",
            "why get pods --for sa/default:test -f .",
            "who-can get pods -n default -f .",
            "walk sa/default:test -f .",
            "walk clusterrole/view -f .",
        ] {
            let ran = repository.rolecall(command);
            assert_eq!(ran.exit, Some(0), "{command}: {ran}");
            let is_marked = ran.stdout.contains("Helm hook");
            assert_eq!(is_marked, !expected.is_empty(), "{command}: {ran}");
            assert!(ran.stdout.contains(expected), "{command}: {ran}");
        }
        let json = repository.json("can-i get pods --for sa/default:test -f . -o json");
        let binding = &json["cell"]["by"][0]["binding"];
        assert_eq!(binding.get("hook").is_some(), !expected.is_empty(), "{json}");
    }
}

#[test]
fn kustomize_makes_ordinary_objects_of_hooks() {
    let Some(repository) = Repository::of(&[
        ("kustomization.yaml", "helmCharts: [{name: web, releaseName: web}]\n"),
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/values.yaml", "{}\n"),
        ("charts/web/templates/hooks.yaml", HOOKS),
        ("charts/web/templates/tests/rbac.yaml", TEST_HOOK),
    ]) else {
        return;
    };
    let codes = |target: &str| {
        let report = repository.json(&format!("check . --target {target} --only RC70* -o json"));
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!((codes("."), codes("charts/web")), (0, 2));
}

#[test]
fn a_stream_without_namespaces_names_the_one_that_helm_used() {
    let files = [("Chart.yaml", CHART), ("templates/rbac.yaml", OF_CHART)];
    let Some(repository) = Repository::of(&files) else { return };
    let rendered = repository.tool("helm", &["template", "web", ".", "--namespace", "shop"]);
    let check = |arguments: &str| run(&mut repository.command(arguments), &rendered);
    let ran = check("check -");
    assert!(
        ran.stderr.contains("ServiceAccount `web` names no namespace and is read in `default`, but subjects are in `shop`"),
        "{ran}"
    );
    assert!(ran.stderr.contains("hint: pass `-n shop`"), "{ran}");
    let ran = check("can-i get pods --for sa/shop:web -f -");
    assert!(ran.stderr.contains("subjects are in `shop`"), "{ran}");
    let ran = check("check - -n shop");
    assert!(!ran.stderr.contains("names no namespace"), "{ran}");
}

#[test]
fn helm_refuses_a_boolean_verb_and_takes_the_last_of_two_keys() {
    let role = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: a}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
";
    let boolean = role.replace("[get]", "[get, no]");
    let files = [("Chart.yaml", CHART), ("templates/a.yaml", &boolean)];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("check .");
    assert_eq!(ran.exit, Some(2), "{ran}");
    let expected =
        "templates/a.yaml:1: Role `a`: rules[0].verbs[1]: expected a string, found a boolean";
    assert!(ran.stderr.contains(expected), "{ran}");
    let twice = format!("{role}rules: [{{apiGroups: [''], resources: [podz], verbs: [get]}}]\n");
    let files = [("Chart.yaml", CHART), ("templates/a.yaml", &twice)];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("check .");
    assert!(ran.stderr.contains("duplicate key `rules`"), "{ran}");
    assert!(ran.stdout.contains("no resource `podz`"), "{ran}");
    let files = [("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", &twice)];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("check .");
    assert!(ran.stderr.contains("`.` is not rendered: map[string]interface"), "{ran}");
}

#[test]
fn an_own_role_named_view_keeps_the_rules_of_the_default_one() {
    let files = [("kustomization.yaml", "resources: [view.yaml]\n"), ("view.yaml", VIEW)];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("can-i get configmaps --for user/jane -n shop -f .");
    assert_eq!(ran.exit, Some(0), "{ran}");
    let report = repository.json("check . --only RC211 -o json");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
}

#[test]
fn cluster_scoped_objects_stay_so_with_a_namespace() {
    let files = [
        ("kustomization.yaml", "namespace: shop\nresources: [all.yaml]\n"),
        (
            "all.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: old}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: old}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: web}\n\
             roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n\
             subjects: [{kind: ServiceAccount, name: web, namespace: old}]\n---\n\
             apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: p}\n",
        ),
    ];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("can-i get pods -A --for sa/shop:web -f .");
    assert_eq!(ran.exit, Some(0), "{ran}");
    let ran = repository.rolecall("check .");
    assert!(!ran.stdout.contains("old"), "{ran}");
}

#[test]
fn a_role_ref_without_a_group_is_noted_before_the_build() {
    let files = [
        ("kustomization.yaml", "namePrefix: x-\nresources: [rbac.yaml]\n"),
        (
            "rbac.yaml",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: admin}\n\
             rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: admins}\n\
             roleRef: {kind: ClusterRole, name: admin}\n\
             subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n",
        ),
    ];
    let Some(repository) = Repository::of(&files) else { return };
    let ran = repository.rolecall("check . --render never");
    assert!(
        ran.stderr.contains("rbac.yaml:6: the roleRef of RoleBinding `admins` has no `apiGroup`"),
        "{ran}"
    );
    let rbac = files[1].1.replace("roleRef: {", "roleRef: {apiGroup: rbac.authorization.k8s.io, ");
    repository.write("rbac.yaml", &rbac);
    let ran = repository.rolecall("check . --render never");
    assert!(!ran.stderr.contains("has no `apiGroup`"), "{ran}");
}
