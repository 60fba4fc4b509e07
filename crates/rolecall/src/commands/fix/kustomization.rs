//! Adding resources to a kustomization without changing the rest of its text.

use crate::yaml;

const NEW: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
";

const KEY: &str = "resources:";

/// Returns the text of a kustomization with additional files.
///
/// The result is parsed again, and must only differ by the files.
pub(super) fn listing(existing: &str, files: &[String]) -> Result<String, String> {
    if existing.trim().is_empty() {
        let items: String = files.iter().map(|file| format!("- {file}\n")).collect();
        return Ok(format!("{NEW}{items}"));
    }
    let listed = yaml::kustomization_resources(existing)?;
    let missing: Vec<&str> =
        files.iter().filter(|file| !listed.contains(file)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(existing.to_owned());
    }
    let text = with_items(existing, &missing);
    if yaml::differs_by_resources(existing, &text, &missing) {
        Ok(text)
    } else {
        Err(format!("add {} to its resources manually", missing.join(", ")))
    }
}

fn with_items(existing: &str, files: &[&str]) -> String {
    let end = if existing.contains("\r\n") { "\r\n" } else { "\n" };
    let items = |indent: &str| -> String {
        files.iter().map(|file| format!("{indent}- {file}{end}")).collect()
    };
    let Some(start) = key_at(existing) else {
        let gap = if existing.ends_with('\n') { "" } else { end };
        return format!("{existing}{gap}{KEY}{end}{}", items(""));
    };
    let line_end = existing.get(start..).and_then(|rest| rest.find('\n'));
    let after = line_end.map_or(existing.len(), |length| start + length + 1);
    let (before, rest) = existing.split_at(after);
    let value = before.get(start + KEY.len()..).unwrap_or_default();
    let (value, comment) = match value.find(" #") {
        Some(at) => value.split_at(at),
        None => (value.trim_end_matches(['\r', '\n']), ""),
    };
    let value = value.trim();
    let head = before.get(..start).unwrap_or_default();
    let comment = comment.trim_end();
    if let Some(listed) = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')) {
        return match listed.trim() {
            "" => format!("{head}{KEY}{comment}{end}{}{rest}", items("")),
            listed => {
                format!("{head}{KEY} [{listed}, {}]{comment}{end}{rest}", files.join(", "))
            }
        };
    }
    let gap = if before.ends_with('\n') { "" } else { end };
    let first = rest.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let indent = first
        .filter(|line| line.trim_start().starts_with('-'))
        .map_or("", |line| line.get(..line.len() - line.trim_start().len()).unwrap_or_default());
    format!("{before}{gap}{}{rest}", items(indent))
}

/// Returns the start of the list, which is at the beginning of a line.
fn key_at(text: &str) -> Option<usize> {
    let is_key = |rest: &str| {
        rest.strip_prefix(KEY)
            .is_some_and(|value| value.is_empty() || value.starts_with([' ', '\r', '\n']))
    };
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).find(|start| text.get(*start..).is_some_and(is_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_added_in_the_style_of_the_others() {
        let added = |existing: &str| listing(existing, &["a.yaml".into(), "b.yaml".into()]);
        let rows = [
            ("resources:\n- a.yaml\n", "resources:\n- b.yaml\n- a.yaml\n"),
            ("resources:\n  - a.yaml\n", "resources:\n  - b.yaml\n  - a.yaml\n"),
            (
                "# old resources:\nresources: # all\n\n  # one\n  - a.yaml\nkind: Kustomization\n",
                "# old resources:\nresources: # all\n  - b.yaml\n\n  # one\n  - a.yaml\nkind: Kustomization\n",
            ),
            ("resources: []\nkind: K\n", "resources:\n- a.yaml\n- b.yaml\nkind: K\n"),
            ("resources: [ a.yaml ] # x\n", "resources: [a.yaml, b.yaml] # x\n"),
            ("resources:\n", "resources:\n- a.yaml\n- b.yaml\n"),
            ("resources:", "resources:\n- a.yaml\n- b.yaml\n"),
            ("kind: K", "kind: K\nresources:\n- a.yaml\n- b.yaml\n"),
            (
                "kind: K\r\nresources:\r\n- a.yaml\r\n",
                "kind: K\r\nresources:\r\n- b.yaml\r\n- a.yaml\r\n",
            ),
            ("resources:\n- a.yaml\n- b.yaml\n", "resources:\n- a.yaml\n- b.yaml\n"),
        ];
        for (existing, wanted) in rows {
            assert_eq!(added(existing).as_deref(), Ok(wanted), "{existing}");
        }
    }

    #[test]
    fn unsupported_kustomizations_are_errors() {
        for existing in
            ["resources: x\n", "resources: [c.yaml,\n  d.yaml]\n", "- a\n", "{kind: K}\n"]
        {
            assert!(listing(existing, &["a.yaml".into()]).is_err(), "{existing}");
        }
    }
}
