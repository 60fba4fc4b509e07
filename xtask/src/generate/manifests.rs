//! A manifest repository: many small files of mixed kinds, one document in twenty RBAC.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use super::Random;
use super::cluster::namespace;

/// Writes `files` YAML files, forty to a folder, of one to five documents and about 10 kB each.
pub fn write(folder: &Path, files: usize, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    for index in 0..files {
        let namespace = namespace(index / 40);
        let parent = folder.join(&namespace);
        fs::create_dir_all(&parent)?;
        let mut text = String::new();
        for part in 0..1 + random.below(5) {
            if part > 0 {
                text.push_str("---\n");
            }
            document(&mut random, &mut text, &namespace, index * 10 + part);
        }
        fs::write(parent.join(format!("app-{index:05}.yaml")), text)?;
    }
    Ok(())
}

fn document(random: &mut Random, text: &mut String, namespace: &str, index: usize) {
    let header = |text: &mut String, api_version: &str, kind: &str| {
        let _ = write!(
            text,
            "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: app-{index}\n  namespace: {namespace}\n"
        );
    };
    match random.below(20) {
        0 => {
            let rbac = "rbac.authorization.k8s.io/v1";
            if random.one_in(2) {
                header(text, rbac, "Role");
                text.push_str(
                    "rules:\n- apiGroups: [\"\"]\n  resources: [\"pods\", \"configmaps\"]\n  verbs: [\"get\", \"list\"]\n",
                );
            } else {
                header(text, rbac, "RoleBinding");
                let _ = write!(
                    text,
                    "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\nsubjects:\n- kind: ServiceAccount\n  name: app-{index}\n  namespace: {namespace}\n"
                );
            }
        }
        1..=5 => deployment(random, text, namespace, index),
        6..=10 => {
            header(text, "v1", "ConfigMap");
            text.push_str("data:\n  application.properties: |\n");
            for line in 0..20 + random.below(200) {
                let _ = writeln!(text, "    setting.{line}=value-{:016x}", random.bits());
            }
        }
        11..=14 => {
            header(text, "v1", "Service");
            let _ = write!(
                text,
                "spec:\n  selector:\n    app: app-{index}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n"
            );
        }
        15..=17 => {
            header(text, "networking.k8s.io/v1", "Ingress");
            let _ = write!(
                text,
                "spec:\n  rules:\n  - host: app-{index}.example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: app-{index}\n            port:\n              name: http\n"
            );
        }
        _ => {
            header(text, "example.com/v1", "Widget");
            text.push_str("spec:\n");
            for line in 0..10 + random.below(300) {
                let _ =
                    writeln!(text, "  field{line}:\n    nested: \"{:08x}\"", random.bits() >> 32);
            }
        }
    }
}

fn deployment(random: &mut Random, text: &mut String, namespace: &str, index: usize) {
    let _ = write!(
        text,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{index}\n  namespace: {namespace}\n  labels:\n    app: app-{index}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: app-{index}\n  template:\n    metadata:\n      labels:\n        app: app-{index}\n    spec:\n      serviceAccountName: app-{index}\n      containers:\n",
        1 + random.below(5)
    );
    for container in 0..1 + random.below(3) {
        let _ = write!(
            text,
            "      - name: main-{container}\n        image: registry.example.com/app:{}\n        args: [\"--port=8080\", \"--verbose\"]\n        env:\n",
            random.below(100)
        );
        for variable in 0..random.below(30) {
            let _ = write!(
                text,
                "        - name: VARIABLE_{variable}\n          value: \"{:016x}\"\n",
                random.bits()
            );
        }
        text.push_str(
            "        resources:\n          limits:\n            memory: 256Mi\n        readinessProbe:\n          httpGet:\n            path: /healthz\n            port: 8080\n",
        );
    }
}
