//! The sources of a kustomization next to its result, to find the changes of the build.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use rolecall_check::{Build, Finding, Layer, PatchTarget, TokenSecret, check_build};
use rolecall_rbac::{Inventory, Metadata, Origin};
use rolecall_render::{Form, Kustomization, Sources, TargetKind};
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection, is_manifest};
use rolecall_yaml::{self as yaml, Node};

use super::traced::TracedObject;
use super::{FinishedTarget, Traced};

/// The largest source file that is compared with its result.
const LARGEST: u64 = 32 << 20;

/// The annotation that names the ServiceAccount of a token Secret.
const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// The objects of source files, each read once for all targets.
#[derive(Default)]
pub(crate) struct SourceObjects {
    files: Mutex<HashMap<PathBuf, Arc<Inventory>>>,
}

impl SourceObjects {
    /// Adds findings about the differences between the sources of a kustomization and its result.
    pub(crate) fn check_build(
        &self,
        target: &FinishedTarget,
        result: &Inventory,
        findings: &mut Vec<Finding>,
    ) {
        if !matches!(target.target.kind, TargetKind::Kustomize { .. }) {
            return;
        }
        let mut files: BTreeMap<&Path, String> = BTreeMap::new();
        let described: Vec<&Path> = target.target.layers.iter().map(|it| &*it.file).collect();
        for file in target.target.files.iter().filter(|file| is_manifest(file)) {
            if !described.contains(&&**file) {
                files.insert(file, file.to_string_lossy().into_owned());
            }
        }
        for source in target.traced.sources().filter(|source| source.form == Form::Object) {
            files.insert(&source.path, source.file.clone());
        }
        let sources: Vec<Arc<Inventory>> =
            files.into_iter().map(|(path, shown)| self.read(path, &shown)).collect();
        let sources: Vec<&Inventory> = sources.iter().map(|it| &**it).collect();
        let layers: Vec<Layer> =
            target.target.layers.iter().map(|it| layer(it, target.names.shown(&it.file))).collect();
        let build = Build {
            sources: &sources,
            result,
            layers: &layers,
            token_secrets: &target.token_secrets,
            data_objects: &data_objects(&target.output.text),
        };
        check_build(build, findings);
    }

    fn read(&self, path: &Path, shown: &str) -> Arc<Inventory> {
        let files = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files().get(path) {
            return Arc::clone(known);
        }
        let is_small = path.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
        let bytes = if is_small { fs::read(path).unwrap_or_default() } else { Vec::new() };
        let config = LoadConfig {
            paths: Vec::new(),
            default_namespace: "default".to_owned(),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        let decoded = manifests::decode(&config, shown, &bytes);
        let inventory = Arc::new(manifests::finish_rendered(&config, decoded).inventory);
        files().insert(path.to_owned(), Arc::clone(&inventory));
        inventory
    }
}

/// Returns the names of the ConfigMaps and Secrets in the output of Kustomize, which always has the same
/// style.
fn data_objects(output: &[u8]) -> Vec<String> {
    if memmem::find(output, b"resourceNames:").is_none() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let (mut is_data, mut in_metadata) = (false, false);
    for line in output.split(|byte| *byte == b'\n') {
        match line {
            b"---" => (is_data, in_metadata) = (false, false),
            b"kind: ConfigMap" | b"kind: Secret" => is_data = true,
            b"metadata:" => in_metadata = true,
            _ if in_metadata && is_data => {
                if let Some(name) = line.strip_prefix(b"  name: ") {
                    names.push(String::from_utf8_lossy(name).trim_matches('"').to_owned());
                    in_metadata = false;
                }
            }
            _ => {}
        }
    }
    names
}

/// Finds the token Secrets in an output. Their data is not read.
pub(super) fn token_secrets(
    output: &[u8],
    sources: &Sources<'_>,
    namespace: &str,
    traced: &mut Traced,
) -> Vec<TokenSecret> {
    if memmem::find(output, ACCOUNT.as_bytes()).is_none() {
        return Vec::new();
    }
    let chunks = yaml::split(output).into_iter();
    let chunks = chunks.filter(|chunk| memmem::find(chunk.bytes, ACCOUNT.as_bytes()).is_some());
    let mut secrets = Vec::new();
    for chunk in chunks {
        for document in yaml::parse_chunk(&chunk, None).unwrap_or_default() {
            let root = document.root();
            let text = |node: Option<Node<'_>>, field: &str| {
                node.and_then(|node| node.get(field)).and_then(Node::as_str).map(str::to_owned)
            };
            let metadata = root.get("metadata");
            let account = text(metadata.and_then(|it| it.get("annotations")), ACCOUNT);
            let name = text(metadata, "name");
            let is_secret = text(Some(root), "kind").as_deref() == Some("Secret");
            let (Some(account), Some(name), true) = (account, name, is_secret) else { continue };
            let line = root.position().line;
            let Some(source) = sources.at(line) else { continue };
            let origin = Origin::File { path: (&*source.file).into(), line: source.line };
            traced.add(TracedObject { line, source });
            let namespace = text(metadata, "namespace").unwrap_or_else(|| namespace.to_owned());
            let metadata = Metadata { origin, ..Metadata::new(namespace.as_str(), name.as_str()) };
            secrets.push(TokenSecret { metadata, account: account.as_str().into() });
        }
    }
    secrets
}

fn layer(kustomization: &Kustomization, shown: String) -> Layer {
    let text = |entry: &Option<rolecall_render::Entry>| {
        entry.as_ref().map(|it| (&*it.text).into()).unwrap_or_default()
    };
    let patches = kustomization.patches.iter().map(|patch| PatchTarget {
        line: patch.line,
        kind: patch.kind.clone(),
        name: patch.name.clone(),
        namespace: patch.namespace.clone(),
    });
    Layer {
        file: shown.as_str().into(),
        namespace: kustomization.namespace.as_ref().map(|it| ((&*it.text).into(), it.line)),
        name_prefix: text(&kustomization.name_prefix),
        name_suffix: text(&kustomization.name_suffix),
        inflates_charts: !kustomization.charts.is_empty(),
        patches: patches.collect(),
    }
}
