//! Argo CD: `Application` and `ApplicationSet`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rolecall_yaml::Node;

use super::{Deployment, MOST_DIRECTORIES, as_json, named, node, some, text, texts};
use crate::boundary::Boundary;
use crate::target::Changes;

/// The parameters of an ApplicationSet's generator, by the names that templates use.
type Parameters = BTreeMap<String, String>;

/// Returns the directories that an `Application` applies.
pub(super) fn application(root: Node<'_>) -> Vec<Deployment> {
    let (by, name) = named(root);
    let Some(spec) = root.get("spec") else { return Vec::new() };
    sources(spec, &by, &name, &Parameters::new())
}

/// Returns the directories that an `ApplicationSet` applies, as far as its generators are in the repository.
pub(super) fn application_set(root: Node<'_>, boundary: &Boundary) -> Vec<Deployment> {
    let (by, _) = named(root);
    let Some(template) = node(root, &["spec", "template"]) else { return Vec::new() };
    let Some(spec) = template.get("spec") else { return Vec::new() };
    let generators = node(root, &["spec", "generators"]).into_iter().flat_map(Node::items);
    let parameters = generators.flat_map(|generator| generated(generator, boundary));
    parameters
        .flat_map(|parameters| {
            let name = filled(text(template, &["metadata", "name"]), &parameters);
            sources(spec, &by, &name, &parameters)
        })
        .collect()
}

fn sources(spec: Node<'_>, by: &str, name: &str, parameters: &Parameters) -> Vec<Deployment> {
    let several = spec.get("sources").into_iter().flat_map(Node::items);
    let sources = spec.get("source").into_iter().chain(several);
    let namespace = some(&filled(text(spec, &["destination", "namespace"]), parameters));
    sources
        .filter_map(|source| {
            let path = filled(text(source, &["path"]), parameters);
            // A chart of a repository of charts, or a source of values only.
            if path.is_empty() || !text(source, &["chart"]).is_empty() || path.contains("{{") {
                return None;
            }
            let helm = source.get("helm");
            let kustomize =
                |field: &str| some(&filled(text(source, &["kustomize", field]), parameters));
            let values = helm.map(|helm| texts(helm, &["valueFiles"])).unwrap_or_default();
            let inline = helm.and_then(|helm| some(text(helm, &["values"])));
            let object = helm.and_then(|helm| as_json(helm.get("valuesObject")?));
            let is_plugin = source.get("plugin").is_some();
            Some(Deployment {
                by: by.to_owned(),
                name: name.to_owned(),
                path,
                namespace: namespace.clone(),
                changes: Changes {
                    namespace: kustomize("namespace"),
                    name_prefix: kustomize("namePrefix"),
                    name_suffix: kustomize("nameSuffix"),
                },
                release: helm
                    .and_then(|helm| some(&filled(text(helm, &["releaseName"]), parameters))),
                values: values
                    .iter()
                    .map(|file| of_repository(&filled(file, parameters)))
                    .collect(),
                inline_values: inline
                    .into_iter()
                    .chain(object)
                    .map(|values| filled(&values, parameters))
                    .collect(),
                arguments: helm.map(|helm| arguments(helm, parameters)).unwrap_or_default(),
                unknown: is_plugin.then(|| format!("{by} uses a plugin of Argo CD")),
                ..Deployment::default()
            })
        })
        .collect()
}

/// Returns the path of a values file: `$REF/PATH` is relative to the root of another source, which is taken for
/// this repository.
fn of_repository(file: &str) -> String {
    match file.strip_prefix('$').and_then(|rest| rest.split_once('/')) {
        Some((_, path)) => format!("/{path}"),
        None => file.to_owned(),
    }
}

fn arguments(helm: Node<'_>, parameters: &Parameters) -> Vec<String> {
    let mut arguments = Vec::new();
    for parameter in helm.get("parameters").into_iter().flat_map(Node::items) {
        let name = text(parameter, &["name"]);
        let value = filled(text(parameter, &["value"]), parameters).replace(',', "\\,");
        let is_text = text(parameter, &["forceString"]) == "true";
        arguments.push(if is_text { "--set-string" } else { "--set" }.to_owned());
        arguments.push(format!("{name}={value}"));
    }
    arguments
}

/// Returns the parameters of a generator that lists them, or that lists directories of the repository.
fn generated(generator: Node<'_>, boundary: &Boundary) -> Vec<Parameters> {
    if let Some(list) = node(generator, &["list", "elements"]) {
        let elements = list.items().map(|element| {
            let pairs = element.pairs().filter_map(|(key, value)| {
                Some((key.as_str()?.to_owned(), value.as_str()?.to_owned()))
            });
            pairs.collect()
        });
        return elements.collect();
    }
    let directories = node(generator, &["git", "directories"]).into_iter().flat_map(Node::items);
    let (mut found, mut excluded) = (Vec::new(), Vec::new());
    for item in directories {
        let paths = expand(text(item, &["path"]), boundary);
        let is_excluded =
            item.get("exclude").is_some_and(|it| it.describe() == "a boolean" && is_true(it));
        if is_excluded { excluded.extend(paths) } else { found.extend(paths) }
    }
    found.retain(|path| !excluded.contains(path));
    found.iter().map(|path| of_directory(path)).collect()
}

fn is_true(node: Node<'_>) -> bool {
    as_json(node).as_deref() == Some("true")
}

fn of_directory(path: &str) -> Parameters {
    let base = path.rsplit('/').next().unwrap_or(path);
    [("path", path), ("path.path", path), ("path.basename", base)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the directories that a pattern of paths matches, relative to the root.
fn expand(pattern: &str, boundary: &Boundary) -> Vec<String> {
    let mut found: Vec<PathBuf> = vec![PathBuf::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for directory in found {
            if part.contains('*') {
                let real = boundary.root().join(&directory);
                let entries = std::fs::read_dir(real).into_iter().flatten().flatten();
                let names = entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()));
                let names = names.filter_map(|entry| entry.file_name().into_string().ok());
                next.extend(names.filter(|name| fits(part, name)).map(|name| directory.join(name)));
            } else if boundary
                .resolve(boundary.root(), &directory.join(part).to_string_lossy())
                .is_some()
            {
                next.push(directory.join(part));
            }
        }
        next.sort();
        next.truncate(MOST_DIRECTORIES);
        found = next;
    }
    let exists = |path: &PathBuf| boundary.root().join(path).is_dir();
    let shown = |path: PathBuf| Path::new(&path).to_string_lossy().replace('\\', "/");
    found.into_iter().filter(exists).map(shown).collect()
}

/// Returns whether a name fits a pattern with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    !name.starts_with('.') && rest.ends_with(last)
}

/// Replaces `{{name}}` and `{{.name}}` by the parameters of a generator.
fn filled(text: &str, parameters: &Parameters) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        match parameters.get(name.trim().trim_start_matches('.')) {
            Some(value) => filled.push_str(value),
            None => filled.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}
