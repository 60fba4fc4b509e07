//! The needs of the deployer of a chart, with the real Helm.

use super::targets::{Files, Repository};

const FILES: Files = &[
    ("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    (
        "chart/templates/all.yaml",
        "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [''], resources: [nodes], verbs: [get]}]
---
apiVersion: example.com/v1
kind: Policy
metadata: {name: web, namespace: other}
---
apiVersion: batch/v1
kind: Job
metadata: {name: test, annotations: {helm.sh/hook: test}}
spec: {template: {spec: {serviceAccountName: web, restartPolicy: Never, containers: [{name: a, image: a}]}}}
",
    ),
];

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  serviceAccountName: deployer
  targetNamespace: shop
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: x}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: apps}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: ServiceAccount, name: deployer, namespace: apps}]
";

#[test]
fn a_helm_release_whose_service_account_lacks_access_is_found() {
    let Some(repository) = Repository::of(FILES) else { return };
    repository.write("release.yaml", RELEASE);
    let report = repository.json("check . --only RC302 -o json");
    let findings = report["findings"].as_array().unwrap();
    let [finding] = &**findings else { panic!("{report}") };
    assert_eq!(
        (&finding["file"], &finding["line"]),
        (&"release.yaml".into(), &1.into()),
        "{report}"
    );
    let message = finding["message"].as_str().unwrap();
    for part in [
        "nor create resource \"policies\" in API group \"example.com\" in the namespace \"other\"",
        "and lacks rights that Role shop/web grants, and can grant only rights that it has",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let everything = RELEASE
        .replace("kind: RoleBinding", "kind: ClusterRoleBinding")
        .replace("{name: deployer, namespace: shop}", "{name: deployer}")
        .replace("name: admin", "name: cluster-admin");
    repository.write("release.yaml", &everything);
    let ran = repository.rolecall("check . --only RC302");
    assert_eq!(ran.exit, Some(0), "{ran}");
    // The access can be in a kustomization that is not rendered.
    repository.write("release.yaml", RELEASE);
    repository.write("rbac/kustomization.yaml", "resources: ['https://example.com/rbac.yaml']\n");
    let ran = repository.rolecall("check . --only RC302");
    assert_eq!(ran.exit, Some(3), "{ran}");
}

#[test]
fn fix_grants_what_helm_requests_for_a_chart() {
    let Some(repository) = Repository::of(FILES) else { return };
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ci, namespace: ci}\n";
    repository.write("rbac.yaml", account);
    let fix = "fix --deploy chart --for sa/ci:ci -n shop -f rbac.yaml";
    let ran = repository.rolecall(fix);
    assert_eq!(ran.exit, Some(1), "{ran}");
    assert!(
        ran.stderr
            .contains("not granted: create roles.rbac.authorization.k8s.io in namespace shop"),
        "{ran}"
    );
    assert!(
        ran.stderr.contains(
            "`system:serviceaccount:ci:ci` has the rights that Role shop/web grants, or `escalate` and `bind`"
        ),
        "{ran}"
    );
    let allowed = repository.rolecall(&format!("{fix} --allow-risky"));
    assert_eq!(allowed.exit, Some(0), "{allowed}");
    for part in [
        "# list resource \"secrets\" in API group \"\" in the namespace \"shop\"",
        "# patch resource \"policies\" in API group \"example.com\" in the namespace \"other\", name \"web\"",
        "# watch resource \"jobs\" in API group \"batch\" in the namespace \"shop\"",
    ] {
        assert!(allowed.stdout.contains(part), "{part}\n{allowed}");
    }
    repository.write("granted.yaml", &allowed.stdout);
    let again = repository.rolecall(&format!("{fix} -f granted.yaml"));
    assert_eq!((again.exit, &*again.stdout), (Some(0), ""), "{again}");
    let none = repository.rolecall("fix --deploy rbac.yaml --for sa/ci:ci -f rbac.yaml");
    assert_eq!(none.exit, Some(2), "{none}");
    assert!(none.stderr.contains("`rbac.yaml` contains no chart"), "{none}");
}
