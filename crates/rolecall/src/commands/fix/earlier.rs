//! Earlier fixes in the output directory. They count as granted, so that a new fix adds to them instead of
//! replacing them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rolecall_grant::{GrantedRole, Object, is_managed, overlay};
use rolecall_rbac::{Authorizer, Inventory};
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};

use super::files;
use crate::error::CommandError;
use crate::file::unreadable;
use crate::render::plain;
use crate::ui::Ui;
use crate::words;

/// The maximum number of roles to name.
const NAMED: usize = 5;

/// Adds the grants in the files of a directory to the input; `None` if they grant nothing new.
pub(super) fn laid_over(
    ui: &Ui,
    authorizer: &Authorizer,
    folder: &Path,
) -> Result<Option<Authorizer>, CommandError> {
    let paths = files_of(folder)?;
    if paths.is_empty() {
        return Ok(None);
    }
    // Invalid files are reported when they would be written.
    let loaded = manifests::load(
        &LoadConfig {
            paths,
            default_namespace: "default".to_owned(),
            defaults: Defaults::None,
            selection: Selection::WithoutWorkloads,
            exclude: Vec::new(),
        },
        io::empty(),
    );
    let further = further(authorizer.inventory(), &loaded.inventory);
    if further.is_empty() {
        return Ok(None);
    }
    let roles: Vec<String> = further
        .iter()
        .filter(|object| matches!(object, Object::Role(_)))
        .map(|role| format!("{} {}", role.kind(), words::qualified(role.metadata())))
        .collect();
    if !roles.is_empty() {
        let named: Vec<&str> = roles.iter().take(NAMED).map(String::as_str).collect();
        let more = match roles.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!(
            "existing grants in `{}` are kept: {}{more}",
            folder.display(),
            named.join(", ")
        );
        ui.note(plain(&text));
    }
    Ok(Some(overlay(authorizer, &further)))
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml");
        if is_yaml && path.is_file() && !files::is_kustomization(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns rolecall's objects in files that an inventory does not contain, and roles of the inventory with
/// additional rules from the files.
fn further(known: &Inventory, files: &Inventory) -> Vec<Object> {
    let mut further = Vec::new();
    for account in files.service_accounts() {
        let metadata = &account.metadata;
        if is_managed(metadata)
            && known.service_account(&metadata.namespace, &metadata.name).is_none()
        {
            further.push(Object::ServiceAccount(account.clone()));
        }
    }
    for role in files.roles() {
        let metadata = &role.metadata;
        let mut role = role.clone();
        match known.role(&metadata.namespace, &metadata.name) {
            None if is_managed(&role.metadata) => {}
            Some(existing)
                if is_managed(&existing.metadata) == is_managed(&role.metadata)
                    && existing.aggregation.is_none()
                    && role.rules.iter().any(|rule| !existing.rules.contains(rule)) =>
            {
                let added = role.rules.iter().filter(|rule| !existing.rules.contains(rule));
                let rules: Vec<_> = existing.rules.iter().chain(added).cloned().collect();
                role = rolecall_rbac::Role { rules: rules.into(), ..existing.clone() };
            }
            _ => continue,
        }
        further.push(Object::Role(GrantedRole { role, answers: Vec::new() }));
    }
    for binding in files.bindings() {
        let metadata = &binding.metadata;
        if is_managed(metadata) && known.binding(&metadata.namespace, &metadata.name).is_none() {
            further.push(Object::Binding(binding.clone()));
        }
    }
    further
}
