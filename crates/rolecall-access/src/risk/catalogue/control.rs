//! Rules that grant nearly everything.

use crate::Severity;
use crate::risk::Risk;
use crate::risk::ask::{ANYTHING, Asks};

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC501",
        name: "full-control",
        severity: Severity::Critical,
        in_namespace: Severity::High,
        needs: &[&[Asks::new(&[ANYTHING], ANYTHING, &[ANYTHING])]],
        may: "do anything",
        fix: "grant only the required resources",
        ..Risk::BASE
    },
    Risk {
        code: "RC502",
        name: "full-control-of-sensitive-kind",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[
            Asks::new(&[ANYTHING], "", &["secrets", "pods", "replicationcontrollers"]),
            Asks::new(
                &[ANYTHING],
                "apps",
                &["deployments", "daemonsets", "statefulsets", "replicasets"],
            ),
            Asks::new(&[ANYTHING], "batch", &["jobs", "cronjobs"]),
            Asks::new(&[ANYTHING], "rbac.authorization.k8s.io", &["roles", "rolebindings"]),
            Asks::cluster(
                &[ANYTHING],
                "rbac.authorization.k8s.io",
                &["clusterroles", "clusterrolebindings"],
            ),
            Asks::cluster(&[ANYTHING], "", &["users", "groups"]),
        ]],
        may: "do anything with Secrets, workloads, RBAC objects or identities",
        fix: "list the required verbs",
        ..Risk::BASE
    },
    Risk {
        code: "RC503",
        name: "one-verb-over-everything",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(
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
        )]],
        may: "use a verb on everything",
        fix: "list the required API groups and resources",
        ..Risk::BASE
    },
    Risk {
        code: "RC565",
        name: "unbounded-creation",
        severity: Severity::Info,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(&["create"], "", &[ANYTHING]),
            Asks::new(&["create"], "apps", &[ANYTHING]),
            Asks::new(&["create"], "batch", &[ANYTHING]),
            Asks::new(&["create"], "networking.k8s.io", &[ANYTHING]),
            Asks::new(&["create"], "rbac.authorization.k8s.io", &[ANYTHING]),
        ]],
        may: "create any number of objects of every kind",
        fix: "list the required resources, and limit object counts with a ResourceQuota",
        ..Risk::BASE
    },
];
