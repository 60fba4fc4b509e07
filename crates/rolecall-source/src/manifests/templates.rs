//! Templates and sources of other languages that can contain RBAC objects, but are not read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::name::is_manifest;
use super::text::shown;

/// The extensions of templates.
const TEMPLATES: [&str; 9] =
    ["j2", "jinja", "jinja2", "tmpl", "tpl", "gotmpl", "gotpl", "template", "erb"];

/// The extensions of languages that generate manifests.
const LANGUAGES: [&str; 3] = ["jsonnet", "libsonnet", "cue"];

/// The maximum number of bytes of a file to search.
const MOST: u64 = 1 << 20;

/// The maximum number of files to name.
const NAMED: usize = 3;

/// Returns whether a file that is not a manifest is named like a template or another source of one.
pub(super) fn is_source(path: &Path) -> bool {
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
        return false;
    };
    let is = |known: &str| extension.eq_ignore_ascii_case(known);
    match TEMPLATES.iter().any(|&known| is(known)) {
        // `.tpl` by itself is a fragment of a Helm chart, and the others belong to any program.
        true => is("tmpl") || is("gotmpl") || is("j2") || is_inner_manifest(path),
        false => LANGUAGES.iter().any(|&known| is(known)) || is("gz") && is_inner_manifest(path),
    }
}

/// Returns whether the name without its last extension is that of a manifest.
fn is_inner_manifest(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| is_manifest(Path::new(stem)))
}

/// Returns a problem in words about the sources that can contain RBAC objects, with the first of them;
/// `None` if there are none.
pub(super) fn unread(sources: &[PathBuf]) -> Option<(String, String)> {
    let relevant: Vec<&PathBuf> = sources.iter().filter(|path| may_contain_rbac(path)).collect();
    let (first, others) = relevant.split_first()?;
    let named: Vec<String> =
        others.iter().take(NAMED).map(|path| format!("`{}`", shown(path))).collect();
    let message = match (others.len(), others.len().saturating_sub(NAMED)) {
        (0, _) => "a template with RBAC objects was not read".to_owned(),
        (count, more) => {
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let named = named.join(", ");
            format!("{} templates with RBAC objects were not read, also {named}{more}", count + 1)
        }
    };
    Some((shown(first), message))
}

/// Returns whether a source mentions RBAC, or cannot be searched.
fn may_contain_rbac(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return true };
    if file.take(MOST).read_to_end(&mut bytes).is_err() {
        return true;
    }
    let is_compressed = bytes.starts_with(&[0x1f, 0x8b]);
    // Libraries of these languages have functions such as `clusterRoleBinding.new`.
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    is_compressed
        || ["rbac.authorization.k8s.io", "clusterrole", "rolebinding"]
            .iter()
            .any(|word| text.contains(word))
}
