//! On which lines pod specs stand, for those that findings tell about most.

use rolecall_rbac::{PodLines, PodSpec};

use crate::yaml::Node;

/// Notes where the pod specs of an object stand.
pub(super) fn note(object: Node<'_>, pods: &mut [PodSpec]) {
    for pod in pods {
        let Some(spec) = follow(object, &pod.path) else { continue };
        let line = |node: Node<'_>| node.position().line;
        let of = |field| spec.get(field).map_or_else(|| line(spec), line);
        pod.lines = PodLines {
            spec: line(spec),
            service_account: of("serviceAccountName"),
            automount_token: of("automountServiceAccountToken"),
        };
    }
}

/// Returns the node that a path such as `.spec.jobs[0].template` leads to. A key with a dot of its own
/// leads nowhere.
fn follow<'d>(object: Node<'d>, path: &str) -> Option<Node<'d>> {
    let mut steps = path.split('.');
    // Before the first dot is nothing.
    steps.next()?;
    steps.try_fold(object, |node, step| {
        let (key, indices) = step.split_at(step.find('[').unwrap_or(step.len()));
        let mut indices = indices.split(['[', ']']).filter(|index| !index.is_empty());
        indices.try_fold(node.get(key)?, |node, index| node.items().nth(index.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn paths_lead_to_their_nodes() {
        let text = "spec:\n  jobs:\n  - a\n  - b:\n    - [x, \"y\"]\n  c.d: z\n";
        let documents = yaml::parse(text, 1).unwrap();
        let root = documents[0].root();
        for (path, text) in [
            (".spec.jobs[0]", Some("a")),
            (".spec.jobs[1].b[0][1]", Some("y")),
            (".spec.jobs[2]", None),
            (".spec.jobs[1].b[x]", None),
            (".spec.c.d", None),
            (".none", None),
        ] {
            assert_eq!(follow(root, path).and_then(Node::as_str), text, "{path}");
        }
        assert_eq!(follow(root, ""), Some(root));
    }
}
