//! Pods and the workloads that create them.

use crate::Severity;
use crate::risk::ask::Asks;
use crate::risk::{Grading, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC515",
        name: "pod-creation",
        severity: Severity::Critical,
        in_namespace: Severity::Medium,
        grading: Grading::PodSecurity,
        needs: &[&[Asks::new(&["create"], "", &["pods"])]],
        may: "run Pods as any ServiceAccount",
        fix: "grant it with RoleBindings, in the namespaces that need it",
        fix_in_namespace: "let a reviewed controller create the Pods",
        ..Risk::BASE
    },
    Risk {
        code: "RC516",
        name: "workload-writing",
        severity: Severity::Critical,
        in_namespace: Severity::Medium,
        grading: Grading::PodSecurity,
        needs: &[&[
            Asks::new(
                &["create", "update", "patch"],
                "apps",
                &["deployments", "daemonsets", "statefulsets", "replicasets"],
            ),
            Asks::new(&["create", "update", "patch"], "batch", &["cronjobs"]),
            // The template of a Job is immutable.
            Asks::new(&["create"], "batch", &["jobs"]),
            Asks::new(&["create", "update", "patch"], "", &["replicationcontrollers"]),
        ]],
        may: "run Pods as any ServiceAccount, through the workloads they write",
        fix: "grant it with RoleBindings, in the namespaces that need it",
        fix_in_namespace: "let a reviewed controller write the workloads",
        ..Risk::BASE
    },
    Risk {
        code: "RC517",
        name: "pod-changing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["update", "patch"], "", &["pods"])]],
        may: "run their own images in any Pod",
        fix: "remove the verbs: workloads are changed through their controllers",
        ..Risk::BASE
    },
    Risk {
        code: "RC518",
        name: "exec-into-pods",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[
            Asks::new(&["create"], "", &["pods/exec"]),
            Asks::new(&["get"], "", &["pods/exec"]).before(35),
        ]],
        may: "run commands in any Pod",
        fix: "remove the rule, or limit it with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC519",
        name: "attaching-to-pods",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[
            Asks::new(&["create"], "", &["pods/attach"]),
            Asks::new(&["get"], "", &["pods/attach"]).before(35),
        ]],
        may: "attach to any Pod",
        fix: "remove the rule, or limit it with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC520",
        name: "ephemeral-containers",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["update", "patch"], "", &["pods/ephemeralcontainers"])]],
        may: "run their own containers in any Pod",
        fix: "remove the rule, or limit it with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC521",
        name: "port-forwarding",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[
            Asks::new(&["create"], "", &["pods/portforward"]),
            Asks::new(&["get"], "", &["pods/portforward"]).before(35),
        ]],
        may: "reach any port of any Pod",
        fix: "remove the rule, or limit it with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC522",
        name: "log-deletion",
        severity: Severity::Info,
        in_namespace: Severity::Info,
        needs: &[&[Asks::new(&["delete", "deletecollection"], "", &["pods/log"])]],
        may: "request the deletion of Pod logs, which no server implements",
        fix: "remove the verbs",
        ..Risk::BASE
    },
    Risk {
        code: "RC523",
        name: "pod-status-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[Asks::new(&["update", "patch"], "", &["pods/status"])]],
        may: "write the status and labels of any Pod",
        fix: "remove the rule, unless it is a network plugin or similar: the kubelet writes the status",
        ..Risk::BASE
    },
    Risk {
        code: "RC524",
        name: "pod-stealing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[
            &[
                Asks::new(&["delete", "deletecollection"], "", &["pods"]),
                Asks::new(&["create"], "", &["pods/eviction"]),
            ],
            &[
                Asks::cluster(&["update", "patch"], "", &["nodes", "nodes/status"]),
                Asks::cluster(&["delete", "deletecollection"], "", &["nodes"]),
            ],
        ],
        may: "move Pods to a node of their choice",
        fix: "split the permissions between holders",
        ..Risk::BASE
    },
    Risk {
        code: "RC548",
        name: "event-deletion",
        severity: Severity::Low,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(&["delete", "deletecollection"], "", &["events"]),
            Asks::new(&["delete", "deletecollection"], "events.k8s.io", &["events"]),
        ]],
        may: "delete the record of past activity",
        fix: "remove the verbs: Events expire by themselves",
        ..Risk::BASE
    },
    Risk {
        code: "RC549",
        name: "workload-deletion",
        severity: Severity::Medium,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(
                &["delete", "deletecollection"],
                "",
                &["secrets", "pods", "services", "replicationcontrollers"],
            ),
            Asks::new(
                &["delete", "deletecollection"],
                "apps",
                &["deployments", "daemonsets", "statefulsets", "replicasets"],
            ),
            Asks::new(&["delete", "deletecollection"], "batch", &["jobs", "cronjobs"]),
        ]],
        may: "delete Secrets, Pods, Services or workloads",
        fix: "remove the verbs, or limit `delete` with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC570",
        name: "scaling",
        severity: Severity::Low,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::new(
                &["update", "patch"],
                "apps",
                &["deployments/scale", "statefulsets/scale", "replicasets/scale"],
            ),
            Asks::new(&["update", "patch"], "", &["replicationcontrollers/scale"]),
        ]],
        may: "scale any workload",
        fix: "limit the rule with `resourceNames`",
        ..Risk::BASE
    },
];
