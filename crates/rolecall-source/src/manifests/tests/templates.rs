//! Placeholders, templates and charts that must be rendered first.

use super::{Input, ROLE, check, check_paths};

#[test]
fn a_variable_in_a_name_is_a_gap() {
    let variable = ROLE.replace("namespace: shop", "namespace: '${NS}'");
    let stored = variable.replace("name: reader", "name: reader, uid: abc");
    check(
        &[("a.yaml", &variable), ("b.yaml", &stored.replace("reader", "stored"))],
        "Role ${NS}/reader a.yaml:1 [get]\nRole ${NS}/stored b.yaml:1 [get]\ngap Kind { kind: Role, namespace: None } a.yaml:1",
    );
}

#[test]
fn placeholders_that_can_change_access_are_gaps() {
    const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1";
    let rule = |rule: &str| {
        format!("{{{RBAC}, kind: Role, metadata: {{name: r, namespace: shop}}, rules: [{rule}]}}")
    };
    let role = "Object { kind: Role, namespace: \"shop\", name: \"r\" }";
    let bound = |role_ref: &str, subject: &str| {
        format!(
            "{{{RBAC}, kind: RoleBinding, metadata: {{name: b, namespace: shop}}, roleRef: {{apiGroup: \
             rbac.authorization.k8s.io, kind: Role, name: {role_ref}}}, subjects: [{subject}]}}"
        )
    };
    let binding = "Object { kind: RoleBinding, namespace: \"shop\", name: \"b\" }";
    let cluster_role = |labels: &str, more: &str| {
        format!("{{{RBAC}, kind: ClusterRole, metadata: {{name: c, labels: {{{labels}}}}}{more}}}")
    };
    let aggregated = "Object { kind: ClusterRole, namespace: \"\", name: \"c\" }";
    let core = |kind: &str, metadata: &str, more: &str| {
        format!("{{apiVersion: v1, kind: {kind}, metadata: {{{metadata}}}{more}}}")
    };
    for (manifest, expected) in [
        (rule("{apiGroups: [''], resources: ['${R}'], verbs: [get]}"), vec![role]),
        (rule("{apiGroups: ['<group>'], resources: [pods], verbs: [get]}"), vec![role]),
        (rule("{apiGroups: [''], resources: [pods], verbs: ['$(VERB)']}"), vec![role]),
        (
            rule("{apiGroups: [''], resources: [pods], verbs: [get], resourceNames: ['%N%']}"),
            vec![role],
        ),
        (rule("{apiGroups: [''], resources: [pods], verbs: [get]}"), vec![]),
        (bound("'${R}'", ""), vec![binding]),
        (bound("r", "{kind: ServiceAccount, name: '$SA', namespace: shop}"), vec![binding]),
        (bound("r", "{kind: ServiceAccount, name: web, namespace: '{{ns}}'}"), vec![binding]),
        (bound("r", "{kind: User, name: 'ENC[AES256_GCM,data:x]'}"), vec![binding]),
        (cluster_role("version: '${V}'", ""), vec![]),
        (cluster_role("rbac.authorization.k8s.io/aggregate-to-view: '${V}'", ""), vec![aggregated]),
        (
            cluster_role(
                "",
                ", aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: '${V}'}}]}",
            ),
            vec![aggregated],
        ),
        (
            core("ServiceAccount", "name: '${SA}', namespace: shop", ""),
            vec!["Kind { kind: ServiceAccount, namespace: Some(\"shop\") }"],
        ),
        (
            core("ServiceAccount", "name: web, namespace: '${NS}'", ""),
            vec!["Kind { kind: ServiceAccount, namespace: None }"],
        ),
        (core("Namespace", "name: '${NS}'", ""), vec!["Kind { kind: Namespace, namespace: None }"]),
        (
            core(
                "Namespace",
                "name: shop, labels: {pod-security.kubernetes.io/enforce: '${L}'}",
                "",
            ),
            vec!["Object { kind: Namespace, namespace: \"\", name: \"shop\" }"],
        ),
        (
            core("Pod", "name: web, namespace: shop", ", spec: {serviceAccountName: '${SA}'}"),
            vec!["Object { kind: Other(\"Pod\"), namespace: \"shop\", name: \"web\" }"],
        ),
        (
            core("Pod", "name: web, namespace: '${NS}'", ", spec: {}"),
            vec!["Kind { kind: Other(\"Pod\"), namespace: None }"],
        ),
    ] {
        let report = Input::new(&[("a.yaml", manifest.as_bytes())]).report(&["a.yaml"], "");
        let gaps: Vec<&str> = report
            .lines()
            .filter_map(|line| line.strip_prefix("gap ")?.strip_suffix(" a.yaml:1"))
            .collect();
        assert_eq!(gaps, expected, "{manifest}\n{report}");
    }
}

#[test]
fn a_helm_chart_is_one_problem() {
    let template = b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: {{ .Values.name }}\n";
    check_paths(
        &[
            ("chart/Chart.yaml", b"apiVersion: v2\nname: x\n"),
            ("chart/values.yaml", b"name: x\n"),
            ("chart/templates/role.yaml", template),
            ("chart/templates/more/role.yaml", template),
            ("chart/templates/plain.yaml", ROLE.as_bytes()),
            ("chart/crds/crd.yaml", b"apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n"),
        ],
        &["."],
        "",
        "Role shop/reader chart/templates/plain.yaml:1 [get]
         error chart: an unrendered Helm chart (2 templates)
         gap Anything chart",
    );
    check_paths(
        &[("chart/Chart.yaml", b""), ("chart/templates/role.yaml", template)],
        &["chart/templates/role.yaml"],
        "",
        "error chart: an unrendered Helm chart (1 template)
         gap Anything chart",
    );
    check_paths(
        &[("t/a.yaml", template), ("t/b.yaml", template), ("t/c.yaml", b"name: '{{ .x }}'\n")],
        &["t"],
        "",
        "error t/a.yaml:4: an unrendered template: it contains `{{`, like 1 other file in this directory
         gap Kind { kind: Role, namespace: None } t/a.yaml:4
         gap Kind { kind: Role, namespace: None } t/b.yaml:4",
    );
    check_paths(
        &[("a.yaml", ROLE.replace("reader", "\"{{ .Release.Name }}\"").as_bytes())],
        &["a.yaml"],
        "",
        "error a.yaml:1:1: Role `shop/{{ .Release.Name }}`: an unrendered template: its name contains `{{`
         gap Kind { kind: Role, namespace: None } a.yaml:1",
    );
}

#[test]
fn templates_with_rbac_objects_are_a_gap() {
    let template = b"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n";
    check_paths(
        &[
            ("a/role.yaml", ROLE.as_bytes()),
            ("a/role.yaml.j2", template),
            ("b/values.yaml.gotmpl", b"replicas: 1\n"),
            ("b/main.jsonnet", b"local k = import 'k.libsonnet'; k.rbac.v1.clusterRole.new('a')"),
            ("b/roles.cue", template),
            ("b/roles.tmpl", template),
            ("b/script.sh.j2", b"echo\n"),
            ("b/more.json.gz", &[0x1f, 0x8b, 8]),
            ("b/page.html.tpl", template),
        ],
        &["."],
        "",
        "Role shop/reader a/role.yaml:1 [get]
         error a/role.yaml.j2: 5 templates with RBAC objects were not read, also `b/main.jsonnet`, `b/more.json.gz`, `b/roles.cue` and 1 more
         gap Anything a/role.yaml.j2",
    );
    check_paths(
        &[("a/role.yaml", ROLE.as_bytes()), ("a/deploy.yaml.tmpl", b"kind: Deployment\n")],
        &["a"],
        "",
        "Role shop/reader a/role.yaml:1 [get]",
    );
}
