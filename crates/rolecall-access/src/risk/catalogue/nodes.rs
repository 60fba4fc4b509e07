//! Nodes and storage.

use crate::Severity;
use crate::risk::Risk;
use crate::risk::ask::Asks;

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC525",
        name: "node-proxy",
        severity: Severity::Critical,
        in_namespace: Severity::Critical,
        needs: &[&[Asks::cluster(&["get", "create"], "", &["nodes/proxy"])]],
        may: "run commands in every Pod through the kubelets",
        fix: "grant only the required subresource: `nodes/metrics`, `nodes/stats`, `nodes/log`",
        ..Risk::BASE
    },
    Risk {
        code: "RC526",
        name: "node-changing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::cluster(&["update", "patch"], "", &["nodes", "nodes/status"])]],
        may: "steer Pods to nodes of their choice",
        fix: "remove the verbs, unless it manages nodes",
        ..Risk::BASE
    },
    Risk {
        code: "RC540",
        name: "volume-creation",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::cluster(&["create"], "", &["persistentvolumes"])]],
        may: "reach files of nodes through volumes",
        fix: "remove the rule, unless it provisions volumes",
        ..Risk::BASE
    },
    Risk {
        code: "RC541",
        name: "storage-writing",
        severity: Severity::Low,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(
                &["update", "patch", "delete", "deletecollection"],
                "",
                &["persistentvolumeclaims"],
            ),
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "storage.k8s.io",
                &["storageclasses", "csidrivers", "csinodes", "volumeattachments"],
            ),
            Asks::new(
                &["create", "update", "patch", "delete", "deletecollection"],
                "storage.k8s.io",
                &["csistoragecapacities"],
            ),
        ]],
        may: "delete or redirect storage",
        fix: "remove unneeded verbs, unless it provisions storage",
        ..Risk::BASE
    },
];
