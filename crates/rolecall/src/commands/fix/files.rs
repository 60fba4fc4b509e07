//! One file a namespace, in which objects of other names stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use rolecall_grant::{Object, yaml_of};

use crate::error::CommandError;
use crate::file::{unreadable, unwritable};
use crate::ui::Ui;
use crate::yaml::{self, ObjectKey};

/// The file of cluster-scoped objects; no namespace is called so.
const CLUSTER: &str = "_cluster.yaml";
const KUSTOMIZATION: &str = "kustomization.yaml";

/// Writes the objects, and says which files it wrote.
pub(super) fn write(
    ui: &Ui,
    folder: &Path,
    objects: &[Object],
    kustomization: bool,
) -> Result<(), CommandError> {
    let mut of_file: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in objects {
        of_file.entry(file_of(object)).or_default().push(object);
    }
    if of_file.is_empty() && !kustomization {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    for (name, objects) in &of_file {
        let path = folder.join(name);
        let existing = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unreadable(&path, error)),
        };
        let merged = merge(&existing, objects).map_err(|why| {
            CommandError::input(format!("`{}` is not overwritten: {why}", path.display()))
        })?;
        write_file(ui, &path, &existing, &merged)?;
    }
    if kustomization {
        write_kustomization(ui, folder, of_file.into_keys().collect())?;
    }
    Ok(())
}

fn file_of(object: &Object) -> String {
    match &*object.metadata().namespace {
        "" => CLUSTER.to_owned(),
        "kustomization" => "_kustomization.yaml".to_owned(),
        namespace => format!("{namespace}.yaml"),
    }
}

/// Replaces the documents that hold objects of the same names, keeps the others, and adds the rest.
fn merge(existing: &str, objects: &[&Object]) -> Result<String, String> {
    let mut documents: Vec<(Option<ObjectKey>, String)> = Vec::new();
    for document in yaml::documents(existing) {
        documents.push((yaml::key_of(&document)?, document));
    }
    for object in objects {
        let metadata = object.metadata();
        let key = ObjectKey {
            kind: object.kind().to_owned(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
        };
        let text = yaml_of(&[(*object).clone()]);
        match documents.iter_mut().find(|(known, _)| known.as_ref() == Some(&key)) {
            Some((_, document)) => *document = text,
            None => documents.push((Some(key), text)),
        }
    }
    Ok(documents.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("---\n"))
}

fn write_kustomization(ui: &Ui, folder: &Path, written: Vec<String>) -> Result<(), CommandError> {
    let path = folder.join(KUSTOMIZATION);
    let existing = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(&path, error)),
    };
    let mut text = existing.clone();
    if existing.is_empty() {
        text =
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n".into();
    }
    let listed: Vec<String> = yaml::kustomization_resources(&existing).map_err(|why| {
        CommandError::input(format!("`{}` is not overwritten: {why}", path.display()))
    })?;
    let missing: Vec<String> = written.into_iter().filter(|file| !listed.contains(file)).collect();
    if missing.is_empty() && !existing.is_empty() {
        return Ok(());
    }
    let at = text.find("resources:\n").map(|start| start + "resources:\n".len());
    let Some(at) = at else {
        let names = missing.join(", ");
        return Err(CommandError::input(format!(
            "`{}` is not overwritten, for it has no list of resources to add {names} to",
            path.display()
        )));
    };
    let entries: String = missing.iter().map(|file| format!("- {file}\n")).collect();
    text.insert_str(at, &entries);
    write_file(ui, &path, &existing, &text)
}

fn write_file(ui: &Ui, path: &Path, existing: &str, text: &str) -> Result<(), CommandError> {
    if existing == text {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| unwritable(path, error))?;
    ui.note(format!("wrote {}", path.display()));
    Ok(())
}
