//! Generates a manifest repository: many small files of mixed kinds, in which one document in
//! twenty is RBAC.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use super::Random;
use super::cluster::namespace;

/// Writes `files` YAML files, forty per directory, with one to seven documents and about 10 kB
/// each. As in real repositories, nearly all referenced ServiceAccounts exist, and few mount
/// tokens.
pub fn write(folder: &Path, files: usize, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    for index in 0..files {
        let namespace = namespace(index / 40);
        let parent = folder.join(&namespace);
        fs::create_dir_all(&parent)?;
        let mut file = File { namespace, text: String::new(), account: None };
        for part in 0..1 + random.below(7) {
            file.document(&mut random, index * 10 + part);
        }
        fs::write(parent.join(format!("app-{index:05}.yaml")), file.text)?;
    }
    Ok(())
}

/// A file, and the ServiceAccount in it that roles can be bound to.
struct File {
    namespace: String,
    text: String,
    /// The number of the last ServiceAccount.
    account: Option<usize>,
}

impl File {
    fn header(&mut self, api_version: &str, kind: &str, index: usize) {
        if !self.text.is_empty() {
            self.text.push_str("---\n");
        }
        let namespace = &self.namespace;
        let _ = write!(
            self.text,
            "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: app-{index}\n  namespace: {namespace}\n"
        );
    }

    fn document(&mut self, random: &mut Random, index: usize) {
        match random.below(40) {
            0 => self.rbac(index),
            1..=11 => self.deployment(random, index),
            12..=21 => {
                self.header("v1", "ConfigMap", index);
                self.text.push_str("data:\n  application.properties: |\n");
                for line in 0..20 + random.below(200) {
                    let _ = writeln!(self.text, "    setting.{line}=value-{:016x}", random.bits());
                }
            }
            22..=29 => {
                self.header("v1", "Service", index);
                let _ = write!(
                    self.text,
                    "spec:\n  selector:\n    app: app-{index}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n"
                );
            }
            30..=35 => {
                self.header("networking.k8s.io/v1", "Ingress", index);
                let _ = write!(
                    self.text,
                    "spec:\n  rules:\n  - host: app-{index}.example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: app-{index}\n            port:\n              name: http\n"
                );
            }
            _ => {
                self.header("example.com/v1", "Widget", index);
                self.text.push_str("spec:\n");
                for line in 0..10 + random.below(300) {
                    let _ = writeln!(
                        self.text,
                        "  field{line}:\n    nested: \"{:08x}\"",
                        random.bits() >> 32
                    );
                }
            }
        }
    }

    /// Writes a Role and a RoleBinding.
    fn rbac(&mut self, index: usize) {
        let rbac = "rbac.authorization.k8s.io/v1";
        self.header(rbac, "Role", index);
        self.text.push_str(
            "rules:\n- apiGroups: [\"\"]\n  resources: [\"pods\", \"configmaps\"]\n  verbs: [\"get\", \"list\"]\n",
        );
        self.header(rbac, "RoleBinding", index);
        let account =
            self.account.map_or_else(|| "default".to_owned(), |account| format!("app-{account}"));
        let namespace = &self.namespace;
        let _ = write!(
            self.text,
            "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: app-{index}\nsubjects:\n- kind: ServiceAccount\n  name: {account}\n  namespace: {namespace}\n"
        );
    }

    fn deployment(&mut self, random: &mut Random, index: usize) {
        if !random.one_in(50) {
            self.header("v1", "ServiceAccount", index);
            if !random.one_in(10) {
                self.text.push_str("automountServiceAccountToken: false\n");
            }
            self.account = Some(index);
        }
        self.header("apps/v1", "Deployment", index);
        let _ = write!(
            self.text,
            "  labels:\n    app: app-{index}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: app-{index}\n  template:\n    metadata:\n      labels:\n        app: app-{index}\n    spec:\n      serviceAccountName: app-{index}\n      containers:\n",
            1 + random.below(5)
        );
        for container in 0..1 + random.below(3) {
            let _ = write!(
                self.text,
                "      - name: main-{container}\n        image: registry.example.com/app:{}\n        args: [\"--port=8080\", \"--verbose\"]\n        env:\n",
                random.below(100)
            );
            for variable in 0..random.below(30) {
                let _ = write!(
                    self.text,
                    "        - name: VARIABLE_{variable}\n          value: \"{:016x}\"\n",
                    random.bits()
                );
            }
            self.text.push_str(
                "        resources:\n          limits:\n            memory: 256Mi\n        readinessProbe:\n          httpGet:\n            path: /healthz\n            port: 8080\n",
            );
        }
    }
}
