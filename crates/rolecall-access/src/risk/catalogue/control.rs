//! Rules that grant nearly everything.

use super::{RBAC, WORKLOADS};
use crate::Severity::{Critical, High, Info, Medium};
use crate::risk::Risk;
use crate::risk::ask::{ANYTHING, Asks};

pub(super) const RISKS: &[Risk] = &[
    Risk::new(501, "full-control", Critical, High)
        .takes_over()
        .implies_all()
        .needs(&[&[Asks::new(&[ANYTHING], ANYTHING, &[ANYTHING])]])
        .may("do anything")
        .fix("grant only the required resources"),
    Risk::new(502, "full-control-of-sensitive-kind", High, Medium)
        .takes_over()
        .needs(&[&[
            Asks::new(&[ANYTHING], "", &["secrets", "pods", "replicationcontrollers"]),
            Asks::new(&[ANYTHING], "apps", WORKLOADS),
            Asks::new(&[ANYTHING], "batch", &["jobs", "cronjobs"]),
            Asks::new(&[ANYTHING], RBAC, &["roles", "rolebindings"]),
            Asks::cluster(&[ANYTHING], RBAC, &["clusterroles", "clusterrolebindings"]),
            Asks::cluster(&[ANYTHING], "", &["users", "groups"]),
        ]])
        .may("do anything with Secrets, workloads, RBAC objects or identities")
        .fix("list the required verbs"),
    Risk::new(503, "one-verb-over-everything", High, Medium)
        .takes_over()
        .implies_all()
        .needs(&[&[Asks::new(
            &[
                "get",
                "list",
                "watch",
                "create",
                "update",
                "patch",
                "delete",
                "deletecollection",
                "impersonate",
            ],
            ANYTHING,
            &[ANYTHING],
        )]])
        .may("use a verb on every resource")
        .fix("list the required API groups and resources"),
    Risk::new(565, "unbounded-creation", Info, Info)
        .implied_by(&[502])
        .needs(&[&[
            Asks::new(&["create"], "", &[ANYTHING]),
            Asks::new(&["create"], "apps", &[ANYTHING]),
            Asks::new(&["create"], "batch", &[ANYTHING]),
            Asks::new(&["create"], "networking.k8s.io", &[ANYTHING]),
            Asks::new(&["create"], RBAC, &[ANYTHING]),
        ]])
        .may("create any number of objects of every kind")
        .fix("list the required resources, and limit object counts with a ResourceQuota"),
];
