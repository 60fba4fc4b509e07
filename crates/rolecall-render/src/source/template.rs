//! The objects of a Helm template, which is not YAML.

/// The documents of a template, in its order.
#[derive(Debug, Default)]
pub(super) struct Template(Vec<Piece>);

/// The text between two lines `---`.
#[derive(Debug)]
struct Piece {
    /// The line of its first `apiVersion` or `kind`.
    line: u32,
    /// The kinds that it can have; an action is `None`.
    kinds: Vec<Option<String>>,
    /// The fixed parts of the name.
    name: Option<Vec<String>>,
}

impl Template {
    pub(super) fn of(text: &str) -> Self {
        let mut pieces = vec![Piece { line: 0, kinds: Vec::new(), name: None }];
        // The indentation of `metadata`, and of its fields once one was seen.
        let mut in_metadata: Option<(usize, Option<usize>)> = None;
        for (line, number) in text.lines().zip(1..) {
            let trimmed = line.trim_start();
            let indentation = line.len() - trimmed.len();
            if line.starts_with("---") {
                pieces.push(Piece { line: 0, kinds: Vec::new(), name: None });
                in_metadata = None;
                continue;
            }
            let Some(piece) = pieces.last_mut() else { continue };
            let Some((key, value)) = trimmed.split_once(':') else { continue };
            let value = value.trim();
            match key {
                "apiVersion" | "kind" if piece.name.is_none() && in_metadata.is_none() => {
                    if piece.line == 0 {
                        piece.line = number;
                    }
                    if key == "kind" {
                        let is_fixed = !value.contains("{{");
                        let kind = value.trim_matches(['"', '\'']).to_owned();
                        piece.kinds.push(is_fixed.then_some(kind));
                    }
                }
                "metadata" if in_metadata.is_none() && piece.line > 0 => {
                    in_metadata = Some((indentation, None));
                }
                _ if trimmed.starts_with("{{") => {}
                _ => {
                    let Some((outer, inner)) = in_metadata else { continue };
                    if indentation <= outer {
                        in_metadata = None;
                        continue;
                    }
                    let inner = inner.unwrap_or(indentation);
                    in_metadata = Some((outer, Some(inner)));
                    if key == "name" && indentation == inner && piece.name.is_none() {
                        piece.name = Some(fixed_parts(value));
                    }
                }
            }
        }
        pieces.retain(|piece| piece.line > 0);
        Self(pieces)
    }

    /// Returns the line of the document for an object: by kind, by the fixed parts of its name, and
    /// among equal ones by its position.
    pub(super) fn find(&self, kind: &str, name: &str, position: usize) -> Option<u32> {
        let is_kind = |piece: &&Piece| {
            piece.kinds.iter().any(|known| known.as_deref().is_none_or(|known| known == kind))
        };
        let candidates = self.0.iter().filter(is_kind);
        let scored: Vec<(usize, u32)> =
            candidates.filter_map(|piece| Some((piece.score(name)?, piece.line))).collect();
        let best = scored.iter().map(|(score, _)| *score).max()?;
        let tied: Vec<u32> =
            scored.iter().filter(|(score, _)| *score == best).map(|(_, line)| *line).collect();
        tied.get(position).or(tied.first()).copied()
    }
}

impl Piece {
    /// Returns how much of a name the fixed parts explain; `None` if they contradict it.
    fn score(&self, name: &str) -> Option<usize> {
        let Some(parts) = &self.name else { return Some(0) };
        let mut rest = name;
        let mut score = 0;
        for (position, part) in parts.iter().enumerate() {
            let is_last = position + 1 == parts.len();
            let found = if position == 0 {
                rest.starts_with(&**part).then_some(0)
            } else if is_last {
                rest.ends_with(&**part).then(|| rest.len() - part.len())
            } else {
                rest.find(&**part)
            };
            rest = rest.get(found? + part.len()..)?;
            score += part.len();
        }
        (parts.len() > 1 || rest.is_empty()).then_some(score)
    }
}

/// Returns the parts of a value between actions: one for a fixed value.
fn fixed_parts(value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("{{") {
        parts.push(before.to_owned());
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    parts.push(rest.split(" #").next().unwrap_or_default().to_owned());
    let unquoted = |part: &String| part.trim().trim_matches(['"', '\'']).to_owned();
    parts.iter().map(unquoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"{{- if .Values.rbac.create }}
# a comment
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "web.fullname" . }}-view
  labels: {name: x}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  labels:
    name: other
  name: "{{ include "web.fullname" . }}"
---
{{- if .Values.namespaced }}
kind: Role
{{- else }}
kind: ClusterRole
{{- end }}
apiVersion: rbac.authorization.k8s.io/v1
metadata:
  name: fixed # here
{{- end }}
"#;

    #[test]
    fn documents_are_found_by_kind_and_fixed_parts_of_the_name() {
        let template = Template::of(TEMPLATE);
        for (kind, name, expected) in [
            ("ClusterRole", "rel-web-view", Some(3)),
            ("ClusterRole", "fixed", Some(18)),
            ("Role", "fixed", Some(18)),
            ("ClusterRole", "rel-web", Some(10)),
            ("ServiceAccount", "rel-web", None),
        ] {
            assert_eq!(template.find(kind, name, 0), expected, "{kind} {name}");
        }
    }

    #[test]
    fn equal_documents_are_found_by_their_position() {
        let text = "kind: Role\nmetadata:\n  name: {{ .a }}\n---\nkind: Role\nmetadata:\n  name: {{ .b }}\n";
        let template = Template::of(text);
        let lines = [0, 1, 2].map(|position| template.find("Role", "x", position));
        assert_eq!(lines, [Some(1), Some(5), Some(1)]);
    }
}
