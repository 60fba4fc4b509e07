//! Objects with hooks that Helm does not know. It leaves them out, with a message but without an error.

use std::path::PathBuf;

use crate::Template;

/// The hooks that Helm 3 and 4 know (`pkg/release/v1/util/manifest_sorter.go`).
pub const HELM_HOOKS: [&str; 10] = [
    "post-delete",
    "post-install",
    "post-rollback",
    "post-upgrade",
    "pre-delete",
    "pre-install",
    "pre-rollback",
    "pre-upgrade",
    "test",
    "test-success",
];

/// The annotation with the hooks of an object.
const ANNOTATION: &str = "helm.sh/hook";

/// An object of a template with a hook that Helm does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownHook {
    /// The real path of the template.
    pub file: PathBuf,
    /// The line of the annotation.
    pub line: u32,
    /// The kind of the object.
    pub kind: String,
    /// The hook as written; it can be empty.
    pub hook: String,
}

/// Returns the objects in templates with unknown hooks, in the order of the templates. Hooks and kinds that an action
/// writes are not judged.
pub fn unknown_hooks(templates: &[Template]) -> Vec<UnknownHook> {
    templates.iter().flat_map(in_template).collect()
}

fn in_template(template: &Template) -> Vec<UnknownHook> {
    let mut found: Vec<UnknownHook> = Vec::new();
    // The first one of the document, whose kind can follow.
    let (mut kind, mut unknown) = ("", None);
    let mut is_comment = false;
    let end = [("---", 0)];
    for (line, number) in template.text.lines().zip(1..).chain(end) {
        is_comment |= line.contains("{{/*") || line.contains("{{- /*");
        if is_comment {
            is_comment = !line.contains("*/");
        } else if line.starts_with("---") {
            if let Some((line, hook)) = unknown.take().filter(|_| !kind.is_empty()) {
                found.push(UnknownHook {
                    file: template.file.clone(),
                    line,
                    kind: kind.to_owned(),
                    hook,
                });
            }
            kind = "";
        } else if let Some(value) = line.strip_prefix("kind:") {
            kind = scalar(value).filter(|value| !value.contains("{{")).unwrap_or_default();
        } else if unknown.is_none() {
            unknown = hooks(line).and_then(unknown_hook).map(|hook| (number, hook));
        }
    }
    found
}

/// Returns the value of the annotation, if a line contains it and no action.
fn hooks(line: &str) -> Option<&str> {
    let (before, after) = line.split_once(ANNOTATION)?;
    let value = after.trim_start_matches(['"', '\'']).strip_prefix(':')?;
    let is_flow = before.contains('{');
    if before.contains('#') || line.contains("{{") {
        return None;
    }
    match is_flow {
        // A plain value ends with the entry.
        true if !value.trim_start().starts_with(['"', '\'']) => value.split([',', '}']).next(),
        _ => scalar(value),
    }
}

/// Returns a value without its quotes and without a comment.
fn scalar(value: &str) -> Option<&str> {
    let value = value.trim();
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.get(1..)?.split(quote).next(),
        _ => Some(value.split(" #").next().unwrap_or_default().trim_end()),
    }
}

/// Returns the first unknown hook of a list. One makes Helm leave out the object, whatever the others are.
fn unknown_hook(hooks: &str) -> Option<String> {
    let mut hooks = hooks.split(',').map(|hook| hook.trim().to_lowercase());
    hooks.find(|hook| !HELM_HOOKS.contains(&&**hook))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_hook_leaves_the_object_out() {
        let head = "kind: Role\nmetadata:\n  annotations";
        for (hook, expected) in [
            (": {helm.sh/hook: pre-install}", None),
            (": {\"helm.sh/hook\": \"pre-install,post-sync\"}", Some("post-sync")),
            (": {helm.sh/hook: Test, helm.sh/hook-weight: x}", None),
            (":\n    helm.sh/hook: pre-install, Pre-Upgrade # both", None),
            (":\n    \"helm.sh/hook\": pre-install,pre-update", Some("pre-update")),
            (":\n    helm.sh/hook: 'crd-install'", Some("crd-install")),
            (":\n    helm.sh/hook: \"\"", Some("")),
            (":\n    helm.sh/hook: {{ .Values.hook }}", None),
            (":\n    # helm.sh/hook: pre-update", None),
            (":\n    helm.sh/hook-weight: pre-update", None),
            (":\n    helm.sh/hook-delete-policy: pre-update", None),
            (":\n    {{/* helm.sh/hook: pre-update */}}", None),
            (":\n    {{- /*\n    helm.sh/hook: pre-update\n    */}}", None),
        ] {
            let template = Template { file: "a".into(), text: format!("{head}{hook}\n") };
            let found: Vec<String> =
                unknown_hooks(&[template]).into_iter().map(|it| it.hook).collect();
            assert_eq!(found, Vec::from_iter(expected), "{hook}");
        }
    }

    #[test]
    fn an_unknown_hook_belongs_to_the_object_of_its_document() {
        let text = "\
kind: Role
---
metadata:
  annotations: {helm.sh/hook: pre-installs}
kind: Job
---
kind: {{ .Values.kind }}
metadata:
  annotations: {helm.sh/hook: pre-installs}
";
        let template = Template { file: "a".into(), text: text.to_owned() };
        let expected = UnknownHook {
            file: "a".into(),
            line: 4,
            kind: "Job".to_owned(),
            hook: "pre-installs".to_owned(),
        };
        assert_eq!(unknown_hooks(&[template]), [expected]);
    }
}
