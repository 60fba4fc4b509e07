//! Output files, one per namespace, in which other objects stay unchanged.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rolecall_grant::{Object, yaml_of};

use super::kustomization;
use crate::error::CommandError;
use crate::file::{self, unreadable, unwritable};
use crate::ui::Ui;
use crate::yaml::{self, Located, ObjectKey};

/// The file for cluster-scoped objects; not a valid name of a namespace.
const CLUSTER: &str = "_cluster.yaml";

/// The names of a kustomization file; the first one is used for a new file.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A file before and after the change.
struct Edit {
    path: PathBuf,
    existing: String,
    text: String,
}

/// Additional output besides the objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras<'a> {
    /// Comments before each object; empty for none.
    pub(crate) comments: &'a str,
    /// Whether to write a kustomization.yaml that lists the files.
    pub(crate) kustomization: bool,
}

/// A lock on a directory against other runs of rolecall, until it is dropped.
pub(super) struct Lock {
    _file: File,
}

/// Creates a directory and waits until no other run of rolecall writes to it.
///
/// The existing files count as granted, so they must not change between reading and writing.
pub(super) fn lock(ui: &Ui, folder: &Path) -> Result<Lock, CommandError> {
    let failed = |error| unwritable(folder, error);
    fs::create_dir_all(folder).map_err(failed)?;
    // If a directory cannot be opened as a file, lock a file in it.
    let file = File::open(folder).or_else(|_| File::create(folder.join(".rolecall.lock")));
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            ui.note(format!("waiting for another `fix` that writes to `{}`", folder.display()));
            file.lock().map_err(failed)?;
        }
        // Some network file systems do not support locks.
        Err(TryLockError::Error(error)) => {
            ui.warn(format!(
                "cannot lock `{}` ({error}): do not run `fix` on it twice at the same time",
                folder.display()
            ));
        }
    }
    Ok(Lock { _file: file })
}

/// Writes the objects, and notes the names of the files. Nothing is written before all existing files are
/// known to be valid.
pub(crate) fn write(
    ui: &Ui,
    folder: &Path,
    objects: &[Object],
    with: Extras<'_>,
) -> Result<(), CommandError> {
    let mut of_file: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in objects {
        of_file.entry(file_of(object)).or_default().push(object);
    }
    if of_file.is_empty() && !with.kustomization {
        return Ok(());
    }
    let mut edits = Vec::new();
    for (name, objects) in &of_file {
        edits.push(edit(folder.join(name), |existing| merge(existing, objects, with.comments))?);
    }
    if with.kustomization {
        let names = KUSTOMIZATIONS.map(|name| folder.join(name));
        let [new, ..] = &names;
        let path = names.iter().find(|path| path.exists()).unwrap_or(new);
        let listed: Vec<String> = of_file.into_keys().collect();
        edits.push(edit(path.clone(), |existing| kustomization::listing(existing, &listed))?);
    }
    for Edit { path, existing, text } in edits {
        if existing != text {
            file::replace(&path, text.as_bytes()).map_err(|error| unwritable(&path, error))?;
            ui.note(format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// Returns whether a file is a kustomization.
pub(super) fn is_kustomization(path: &Path) -> bool {
    KUSTOMIZATIONS.iter().any(|name| path.file_name().is_some_and(|file| file == *name))
}

fn edit(
    path: PathBuf,
    change: impl FnOnce(&str) -> Result<String, String>,
) -> Result<Edit, CommandError> {
    let existing = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(&path, error)),
    };
    let text = change(&existing)
        .map_err(|why| CommandError::input(format!("cannot update `{}`: {why}", path.display())))?;
    Ok(Edit { path, existing, text })
}

fn file_of(object: &Object) -> String {
    match &*object.metadata().namespace {
        "" => CLUSTER.to_owned(),
        "kustomization" => "_kustomization.yaml".to_owned(),
        namespace => format!("{namespace}.yaml"),
    }
}

/// Replaces documents with objects of the same names, keeps the rest, and appends new objects.
fn merge(existing: &str, objects: &[&Object], comments: &str) -> Result<String, String> {
    let existing = existing.strip_prefix('\u{feff}').unwrap_or(existing);
    let known = yaml::documents(existing)?;
    let mut replaced: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    let mut added = String::new();
    for object in objects {
        let metadata = object.metadata();
        let key = ObjectKey {
            kind: object.kind().to_owned(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
        };
        let text = format!("{comments}{}", yaml_of(&[(*object).clone()]));
        match known.iter().find(|document| document.key.as_ref() == Some(&key)) {
            Some(Located { place, .. }) => drop(replaced.insert(place.start, (place.end, text))),
            None => added.push_str(&format!("---\n{text}")),
        }
    }
    let (mut merged, mut at) = (String::new(), 0);
    for (start, (end, text)) in replaced {
        merged.push_str(existing.get(at..start).unwrap_or_default());
        merged.push_str(&text);
        at = end;
    }
    merged.push_str(existing.get(at..).unwrap_or_default());
    if !merged.is_empty() && !merged.ends_with('\n') {
        merged.push('\n');
    }
    merged.push_str(if merged.is_empty() { added.trim_start_matches("---\n") } else { &added });
    Ok(merged)
}
