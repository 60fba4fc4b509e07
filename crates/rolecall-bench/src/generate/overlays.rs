//! Generates a repository of Kustomize overlays over a few bases.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// The number of bases.
const BASES: usize = 10;

/// The number of ServiceAccounts of a base, each with a Role, RoleBinding and Deployment.
const ACCOUNTS: usize = 5;

/// Writes `overlays` overlays, and `roots.txt` with the path of each.
pub fn write(folder: &Path, overlays: usize) -> io::Result<()> {
    // The repository ends here.
    fs::create_dir_all(folder.join(".git"))?;
    for base in 0..BASES {
        let directory = folder.join(format!("bases/base-{base}"));
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("kustomization.yaml"), "resources: [all.yaml]\n")?;
        fs::write(directory.join("all.yaml"), objects())?;
    }
    let folder = folder.canonicalize()?;
    let mut roots = String::new();
    for overlay in 0..overlays {
        let directory = folder.join(format!("overlays/overlay-{overlay:04}"));
        fs::create_dir_all(&directory)?;
        let base = overlay % BASES;
        let text = format!(
            "\
namespace: shop-{overlay:04}
namePrefix: x{overlay}-
resources: [../../bases/base-{base}]
patches:
- target: {{kind: Role, name: role-1}}
  patch: |
    - op: add
      path: /rules/-
      value: {{apiGroups: [''], resources: [pods], verbs: [list]}}
"
        );
        fs::write(directory.join("kustomization.yaml"), text)?;
        let _ = writeln!(roots, "{}", directory.display());
    }
    fs::write(folder.join("roots.txt"), roots)
}

fn objects() -> String {
    let mut text = String::new();
    for account in 0..ACCOUNTS {
        let _ = write!(
            text,
            "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web-{account}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: role-{account}
rules:
- apiGroups: ['']
  resources: [configmaps]
  resourceNames: [settings-{account}]
  verbs: [get, update]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: binding-{account}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: role-{account}
subjects:
- kind: ServiceAccount
  name: web-{account}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{account}
spec:
  selector:
    matchLabels: {{app: web-{account}}}
  template:
    metadata:
      labels: {{app: web-{account}}}
    spec:
      serviceAccountName: web-{account}
      containers:
      - name: web
        image: registry.example.com/web:1
---
"
        );
    }
    text
}
