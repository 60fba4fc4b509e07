//! A server-side dry run of the objects.

use rolecall_grant::{Object, json_of};
use rolecall_source::cluster::ObjectPath;

use crate::answer::fix::{DryRun, RefusedObject};
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::ui::Ui;

/// Sends each object to the server for a dry run, which stores nothing.
pub(super) fn check(
    ui: &Ui,
    session: &Session,
    objects: &[Object],
) -> Result<DryRun, CommandError> {
    let Some(live) = session.live() else {
        return Err(CommandError::usage("`--dry-run server` needs a cluster")
            .with_hint(Hint::pass("--overlay", "overlay a cluster with the manifests")));
    };
    let mut found = DryRun::default();
    for (position, object) in objects.iter().enumerate() {
        let path = path_of(object);
        let checking = live.cluster().dry_run(&path, json_of(object).to_string().into());
        let label = || "checking the objects on the server".to_owned();
        let Err(error) = live.wait_for_any(ui, label, checking)? else { continue };
        match error.refusal().filter(|_| !error.is_fatal()) {
            Some(refusal)
                if refusal.is_not_found() && lacks_its_role(&refusal.message, object, objects) =>
            {
                found.not_judged.push(position);
            }
            Some(refusal) => {
                found
                    .refused
                    .push(RefusedObject { object: position, because: refusal.to_string() });
            }
            None => return Err(live.error(error)),
        }
    }
    Ok(found)
}

/// Returns whether a binding is rejected because its role, one of the objects, does not exist yet: without
/// permission to `bind`, the server looks up the rules of the role, which a dry run does not store.
fn lacks_its_role(message: &str, object: &Object, objects: &[Object]) -> bool {
    let Object::Binding(binding) = object else { return false };
    let role_ref = &binding.role_ref;
    let is_its_role = |other: &Object| {
        matches!(other, Object::Role(_))
            && other.kind() == role_ref.kind.as_str()
            && other.metadata().name == role_ref.name
            && (other.kind() == "ClusterRole"
                || other.metadata().namespace == binding.metadata.namespace)
    };
    // A missing namespace is a different reason.
    !message.starts_with("namespaces ") && objects.iter().any(is_its_role)
}

/// Returns the API path of an object.
pub(super) fn path_of(object: &Object) -> ObjectPath<'_> {
    let metadata = object.metadata();
    let (group, resource) = match object.kind() {
        "ServiceAccount" => ("", "serviceaccounts"),
        "Role" => (RBAC, "roles"),
        "ClusterRole" => (RBAC, "clusterroles"),
        "RoleBinding" => (RBAC, "rolebindings"),
        _ => (RBAC, "clusterrolebindings"),
    };
    ObjectPath {
        group,
        version: "v1",
        resource,
        namespace: &metadata.namespace,
        name: &metadata.name,
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
