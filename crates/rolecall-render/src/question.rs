//! Questions of templates about the cluster, which `helm template` answers without one.

use std::fs;
use std::path::{Path, PathBuf};

/// The most templates of a chart that are searched.
const MOST_FILES: usize = 2000;

/// The largest template that is searched.
const LARGEST: u64 = 1 << 20;

/// A question of a template with RBAC objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The real path of the template.
    pub file: PathBuf,
    /// The line.
    pub line: u32,
    /// The action.
    pub action: String,
    /// The API version that it is about, if it is about one.
    pub version: Option<String>,
}

/// Returns the questions in the templates of a chart that contain RBAC objects, sorted by place. Whether
/// the API group of RBAC exists is not one.
pub fn questions(chart: &Path) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut open = vec![chart.join("templates")];
    let mut files = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() && files < MOST_FILES => {
                    files += 1;
                    let is_small = entry.metadata().is_ok_and(|it| it.len() <= LARGEST);
                    let text = if is_small { fs::read_to_string(&path) } else { continue };
                    questions.extend(in_template(&path, &text.unwrap_or_default()));
                }
                _ => {}
            }
        }
    }
    questions.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    questions
}

fn in_template(file: &Path, text: &str) -> Vec<Question> {
    let is_rbac = ["kind: Role", "kind: ClusterRole", "kind: ServiceAccount"]
        .iter()
        .any(|kind| text.contains(kind));
    if !is_rbac {
        return Vec::new();
    }
    let questions = text.lines().zip(1..).filter_map(|(line, number)| {
        let question = |action: &str, version: Option<&str>| Question {
            file: file.to_owned(),
            line: number,
            action: action.to_owned(),
            version: version.map(str::to_owned),
        };
        if let Some((_, rest)) = line.split_once(".Capabilities.APIVersions.Has \"") {
            let (version, _) = rest.split_once('"')?;
            let is_rbac = version.starts_with("rbac.authorization.k8s.io");
            let action = format!(".Capabilities.APIVersions.Has \"{version}\"");
            return (!is_rbac).then(|| question(&action, Some(version)));
        }
        let start = line.find("lookup \"")?;
        let is_action = line.get(..start)?.contains("{{");
        let action = line.get(start..)?.split(['}', ')', '|']).next()?.trim();
        is_action.then(|| question(action, None))
    });
    questions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_cluster_are_found_in_templates_with_rbac_objects() {
        let text = "\
{{- if .Capabilities.APIVersions.Has \"rbac.authorization.k8s.io/v1\" }}
{{- if .Capabilities.APIVersions.Has \"security.openshift.io/v1\" }}
kind: Role
{{- if not (lookup \"v1\" \"ServiceAccount\" .Release.Namespace \"web\") }}
# lookup \"v1\"
";
        let found: Vec<(u32, String, Option<String>)> = in_template(Path::new("a"), text)
            .into_iter()
            .map(|it| (it.line, it.action, it.version))
            .collect();
        let expected = [
            (
                2,
                ".Capabilities.APIVersions.Has \"security.openshift.io/v1\"".to_owned(),
                Some("security.openshift.io/v1".to_owned()),
            ),
            (4, "lookup \"v1\" \"ServiceAccount\" .Release.Namespace \"web\"".to_owned(), None),
        ];
        assert_eq!(found, expected);
        assert_eq!(in_template(Path::new("a"), "kind: Service\n{{ lookup \"v1\" }}\n"), []);
    }
}
