//! Questions of templates about the cluster, which `helm template` answers without one.

use std::path::PathBuf;

use crate::Template;

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

/// Returns the questions in templates that contain RBAC objects, in the order of the templates. Whether the API group of
/// RBAC exists is not one.
pub fn questions(templates: &[Template]) -> Vec<Question> {
    templates.iter().flat_map(in_template).collect()
}

fn in_template(template: &Template) -> Vec<Question> {
    let Template { file, text } = template;
    let is_rbac = ["kind: Role", "kind: ClusterRole", "kind: ServiceAccount"]
        .iter()
        .any(|kind| text.contains(kind));
    if !is_rbac {
        return Vec::new();
    }
    let questions = text.lines().zip(1..).filter_map(|(line, number)| {
        let question = |action: &str, version: Option<&str>| Question {
            file: file.clone(),
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
        let template = |text: &str| Template { file: "a".into(), text: text.to_owned() };
        let found: Vec<(u32, String, Option<String>)> = questions(&[template(text)])
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
        assert_eq!(questions(&[template("kind: Service\n{{ lookup \"v1\" }}\n")]), []);
    }
}
