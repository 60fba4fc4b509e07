//! Faults that only the result of Kustomize shows, with the real tools.

use super::targets::{Files, Repository};

/// A repository, the codes to report, and the expected findings: code, severity, place and a part of the message.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) files: Files,
    pub(crate) codes: &'static str,
    pub(crate) expected: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

const RENAMED_USER: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: web}
- {kind: ServiceAccount, name: default, namespace: monitoring}
";

const SYSTEM: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: auth-reader, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
";

const NO_GROUP: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: admin}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: admins}
roleRef: {kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
";

const TWO_SUBJECTS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: bad}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: bad}
";

const NAMES: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: lock}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: a, image: a}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: leader}
rules:
- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [lock], verbs: [update]}
- {apiGroups: [''], resources: [configmaps], resourceNames: [lock], verbs: [get]}
- {apiGroups: [apps], resources: [deployments/scale], resourceNames: [web], verbs: [patch]}
";

const ACCOUNTS: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: old}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {serviceAccountName: web, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: token
  annotations: {kubernetes.io/service-account.name: web}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: blank}
template:
  metadata: {labels: {a: b}}
  spec: {serviceAccountName: web, containers: [{name: a, image: a}]}
";

/// The only subject of a list in block style, and the output of a chart in which objects are bare.
const SINGLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- kind: ServiceAccount
  name: default
  namespace: monitoring
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: bare}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- kind: ServiceAccount
  name: operator
  namespace: default
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: operator}
";

const SUBJECTS_WITHOUT_ACCOUNT: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: ci}
- {kind: ServiceAccount, name: robot, namespace: other}
";

const BOOLEAN: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: a}
rules:
- {apiGroups: [''], resources: [pods], verbs: [get, no]}
";

const ROWS: &[Row] = &[
    Row {
        what: "a prefix renames a user, and a namespace moves a default ServiceAccount",
        files: &[
            ("kustomization.yaml", "namespace: shop\nnamePrefix: x-\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", RENAMED_USER),
        ],
        codes: "RC7*,RC216",
        expected: &[
            ("RC701", "high", "rbac.yaml:10", "renames User `web` to `x-web`"),
            (
                "RC702",
                "high",
                "rbac.yaml:11",
                "`namespace: shop` (kustomization.yaml:1) replaces ServiceAccount `monitoring/default` with `shop/default`",
            ),
        ],
    },
    Row {
        what: "a namespace alone is only written to the user",
        files: &[
            ("kustomization.yaml", "namespace: shop\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", RENAMED_USER),
        ],
        codes: "RC701,RC216",
        expected: &[(
            "RC216",
            "low",
            "rbac.yaml:10",
            "Kustomize writes it, because a ServiceAccount has that name",
        )],
    },
    Row {
        what: "a namespace moves a binding of kube-system",
        files: &[
            ("base/kustomization.yaml", "resources: [rbac.yaml]\n"),
            ("base/rbac.yaml", SYSTEM),
            ("prod/kustomization.yaml", "resources: [../base]\nnamespace: shop\n"),
        ],
        codes: "RC7*,RC101",
        expected: &[(
            "RC101",
            "high",
            "base/rbac.yaml:4",
            "`namespace: shop` (prod/kustomization.yaml:2) moved the binding from namespace `kube-system`",
        )],
    },
    Row {
        what: "a roleRef without apiGroup follows a Role",
        files: &[
            ("kustomization.yaml", "namePrefix: x-\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", NO_GROUP),
        ],
        codes: "RC7*,RC101",
        expected: &[(
            "RC101",
            "high",
            "rbac.yaml:9",
            "Kustomize replaced `admin`, because the roleRef has no `apiGroup`",
        )],
    },
    Row {
        what: "a patch that deletes a subject keeps only this one",
        files: &[
            ("kustomization.yaml", "resources: [rbac.yaml]\npatches: [{path: patch.yaml}]\n"),
            ("rbac.yaml", TWO_SUBJECTS),
            (
                "patch.yaml",
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: readers}\n\
                 subjects: [{$patch: delete, kind: ServiceAccount, name: bad}]\n",
            ),
        ],
        codes: "RC7*,RC105",
        expected: &[
            (
                "RC703",
                "high",
                "rbac.yaml:6",
                "`sa/default:web` loses the grant; `sa/default:bad` keeps it",
            ),
            ("RC105", "high", "rbac.yaml:6", "unknown field `$patch`: Kustomize does not delete"),
        ],
    },
    Row {
        what: "a patch replaces the subjects",
        files: &[
            ("kustomization.yaml", "resources: [rbac.yaml]\npatches: [{path: patch.yaml}]\n"),
            ("rbac.yaml", TWO_SUBJECTS),
            (
                "patch.yaml",
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: readers}\n\
                 subjects: [{kind: ServiceAccount, name: web}]\n",
            ),
        ],
        codes: "RC7*",
        expected: &[("RC703", "info", "rbac.yaml:6", "`sa/default:bad` loses the grant")],
    },
    Row {
        what: "names of ConfigMaps are replaced everywhere, and others nowhere",
        files: &[
            ("kustomization.yaml", "namePrefix: x-\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", NAMES),
        ],
        codes: "RC7*",
        expected: &[
            ("RC704", "high", "rbac.yaml:18", "replaces `lock` with `x-lock`"),
            (
                "RC704",
                "high",
                "rbac.yaml:20",
                "renames the object `web` of `deployments` to `x-web`",
            ),
        ],
    },
    Row {
        what: "references to ServiceAccounts that Kustomize does not know",
        files: &[
            ("kustomization.yaml", "namespace: shop\nnamePrefix: x-\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", ACCOUNTS),
        ],
        codes: "RC7*,RC405",
        expected: &[
            ("RC405", "high", "rbac.yaml:12", "does not know this reference in a ReplicaSet"),
            ("RC707", "high", "rbac.yaml:19", "the token controller deletes the Secret"),
            ("RC405", "high", "rbac.yaml:26", "does not know this reference in a PodTemplate"),
        ],
    },
    Row {
        what: "a subject in `default` belongs to a ServiceAccount without a namespace",
        files: &[
            ("kustomization.yaml", "namespace: shop\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", SINGLE),
        ],
        codes: "RC7*",
        expected: &[(
            "RC702",
            "high",
            "rbac.yaml:8",
            "replaces ServiceAccount `monitoring/default` with `shop/default`",
        )],
    },
    Row {
        what: "subjects without a ServiceAccount in the build keep their namespace",
        files: &[
            ("kustomization.yaml", "namespace: shop\nresources: [rbac.yaml]\n"),
            ("rbac.yaml", SUBJECTS_WITHOUT_ACCOUNT),
        ],
        codes: "RC7*,RC102,RC105",
        expected: &[
            ("RC105", "high", "rbac.yaml:11", "Required value"),
            ("RC102", "info", "rbac.yaml:12", "ServiceAccount `other/robot`"),
        ],
    },
    Row {
        what: "a boolean verb is a string in the output of Kustomize",
        files: &[("kustomization.yaml", "resources: [r.yaml]\n"), ("r.yaml", BOOLEAN)],
        codes: "RC2*",
        expected: &[("RC206", "high", "r.yaml:5", "no request uses the verb `no`")],
    },
    Row {
        what: "a variable in a subject",
        files: &[
            (
                "kustomization.yaml",
                "resources: [rbac.yaml]\nvars: [{name: TEAM, objref: {kind: ServiceAccount, name: web, apiVersion: v1}}]\n",
            ),
            (
                "rbac.yaml",
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n---\n\
                 apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\n\
                 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n\
                 subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: $(TEAM)}]\n",
            ),
        ],
        codes: "RC7*",
        expected: &[("RC705", "high", "rbac.yaml:9", "the build leaves `$(TEAM)`")],
    },
    Row {
        what: "a patch that sees other names",
        files: &[
            (
                "kustomization.yaml",
                "\
namePrefix: x-
resources: [rbac.yaml]
patches:
- target: {kind: RoleBinding, name: x-readers}
  patch: '- {op: remove, path: /subjects/0}'
- target: {kind: RoleBinding, name: readers}
  patch: '- {op: remove, path: /subjects/1}'
- target: {kind: Deployment, name: gone}
  patch: '- {op: remove, path: /spec}'
",
            ),
            ("rbac.yaml", TWO_SUBJECTS),
        ],
        codes: "RC7*",
        expected: &[
            (
                "RC706",
                "info",
                "kustomization.yaml:4",
                "the patch of `RoleBinding x-readers` matches nothing",
            ),
            ("RC703", "info", "rbac.yaml:6", "`sa/default:bad` loses the grant"),
        ],
    },
];

#[test]
fn faults_of_builds_are_found_at_their_sources() {
    verify(ROWS);
}

/// Checks each repository, and compares the findings.
pub(crate) fn verify(rows: &[Row]) {
    let mut wrong = String::new();
    for Row { what, files, codes, expected } in rows {
        let Some(repository) = Repository::of(files) else { return };
        let report = repository.json(&format!("check . -o json --only '{codes}'"));
        let mut found: Vec<(String, String)> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
                let line = finding["region"].get("startLine").unwrap_or(&finding["line"]);
                let place = format!("{}:{line}", text("file"));
                (format!("{} {} {place}", text("code"), text("severity")), text("message"))
            })
            .collect();
        for (code, severity, place, part) in *expected {
            let wanted = format!("{code} {severity} {place}");
            let position =
                found.iter().position(|(it, message)| *it == wanted && message.contains(part));
            match position {
                Some(position) => drop(found.remove(position)),
                None => wrong += &format!("{what}: missing {wanted}: {part}\n"),
            }
        }
        for (place, message) in found {
            wrong += &format!("{what}: unexpected {place}: {message}\n");
        }
    }
    assert_eq!(wrong, "");
}
