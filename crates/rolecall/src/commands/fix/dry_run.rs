//! What the server says of the objects before they are applied.

use rolecall_grant::{Object, json_of};
use rolecall_source::cluster::ObjectPath;

use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::ui::Ui;

/// What the server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedObject {
    /// Which of the objects.
    pub(crate) object: usize,
    /// Why, in the server's words.
    pub(crate) because: String,
}

/// Has the server check each object; nothing is stored.
pub(super) fn check(
    ui: &Ui,
    session: &Session,
    objects: &[Object],
) -> Result<Vec<RefusedObject>, CommandError> {
    let Some(live) = session.live() else {
        return Err(CommandError::usage("`--dry-run server` needs a cluster")
            .with_hint(Hint::pass("--overlay", "lay the manifests over one")));
    };
    let mut refused = Vec::new();
    for (position, object) in objects.iter().enumerate() {
        let metadata = object.metadata();
        let (group, resource) = match object.kind() {
            "ServiceAccount" => ("", "serviceaccounts"),
            "Role" => (RBAC, "roles"),
            "ClusterRole" => (RBAC, "clusterroles"),
            "RoleBinding" => (RBAC, "rolebindings"),
            _ => (RBAC, "clusterrolebindings"),
        };
        let path = ObjectPath {
            group,
            version: "v1",
            resource,
            namespace: &metadata.namespace,
            name: &metadata.name,
        };
        let checking = live.cluster().dry_run(&path, json_of(object).to_string().into());
        let label = || "having the server check the objects".to_owned();
        match live.wait_for_any(ui, label, checking)? {
            Ok(()) => {}
            Err(error) => match error.refusal().filter(|_| !error.is_fatal()) {
                Some(refusal) => {
                    refused.push(RefusedObject { object: position, because: refusal.to_string() });
                }
                None => {
                    return Err(live.error(error));
                }
            },
        }
    }
    Ok(refused)
}

const RBAC: &str = "rbac.authorization.k8s.io";
