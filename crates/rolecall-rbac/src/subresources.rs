//! Subresources that servers authorize although discovery does not list them.

use crate::{Catalog, Resolved};

/// Subresources that only authorization checks use, or that only some versions serve.
const CHECKED_SUBRESOURCES: [(&str, &str, &[&str]); 11] = [
    ("", "endpoints", &["restricted"]),
    // The kubelet authorizes requests to its own paths with these.
    (
        "",
        "nodes",
        &[
            "checkpoint",
            "configz",
            "flagz",
            "healthz",
            "log",
            "metrics",
            "pods",
            "proxy",
            "spec",
            "stats",
            "statusz",
        ],
    ),
    ("", "pods", &["ephemeralcontainers", "resize"]),
    ("", "serviceaccounts", &["token"]),
    ("apps", "deployments", &["rollback"]),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        &["nodeclient", "selfnodeclient", "selfnodeserver"],
    ),
    ("certificates.k8s.io", "podcertificaterequests", &["status"]),
    ("discovery.k8s.io", "endpointslices", &["restricted"]),
    ("resource.k8s.io", "resourceclaims", &["binding", "driver", "status"]),
    ("policy", "poddisruptionbudgets", &["status"]),
    ("networking.k8s.io", "networkpolicies", &["status"]),
];

/// Subresources that any custom resource can have.
const OF_CUSTOM_RESOURCES: [&str; 3] = ["finalizers", "scale", "status"];

/// Returns the subresources of a resource that only authorization checks use or only some versions
/// serve, without `finalizers`, which every resource has.
pub fn checked_subresources<'a>(
    group: &'a str,
    resource: &'a str,
) -> impl Iterator<Item = &'static str> + use<'a> {
    CHECKED_SUBRESOURCES
        .iter()
        .filter(move |(of, known, _)| *of == group && *known == resource)
        .flat_map(|(_, _, subresources)| subresources.iter().copied())
}

/// Returns whether some server authorizes a subresource that discovery need not list.
///
/// For every kind, admission checks `finalizers` of the owner when a client sets
/// `blockOwnerDeletion`.
pub fn is_checked_subresource(group: &str, resource: &str, subresource: &str) -> bool {
    subresource == "finalizers"
        || checked_subresources(group, resource).any(|checked| checked == subresource)
}

impl Catalog {
    /// Returns whether any resource has a subresource of that name, in which case it is unlikely to
    /// be the name of an object.
    pub fn has_subresource(&self, subresource: &str) -> bool {
        OF_CUSTOM_RESOURCES.contains(&subresource)
            || CHECKED_SUBRESOURCES.iter().any(|(.., names)| names.contains(&subresource))
            || self
                .resources()
                .iter()
                .any(|served| served.subresources.iter().any(|known| *known.name == *subresource))
    }
}

impl Resolved<'_> {
    /// Returns whether a known server has the subresource; any custom resource can have `status`,
    /// `scale` and `finalizers`.
    pub fn has_known_subresource(&self) -> bool {
        self.served.is_some()
            || *self.resource == *"*"
            || self.subresource.is_empty()
            || OF_CUSTOM_RESOURCES.contains(&&*self.subresource)
            || is_checked_subresource(&self.group, &self.resource, &self.subresource)
    }
}
