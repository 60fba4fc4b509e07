//! Roles and bindings.

use crate::Severity;
use crate::risk::Risk;
use crate::risk::ask::Asks;

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC527",
        name: "role-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[
            Asks::new(&["create", "update", "patch"], "rbac.authorization.k8s.io", &["roles"]),
            Asks::cluster(
                &["create", "update", "patch"],
                "rbac.authorization.k8s.io",
                &["clusterroles"],
            ),
        ]],
        may: "write roles within their own rights",
        fix: "remove the verbs, or limit them with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC528",
        name: "role-escalation",
        severity: Severity::Critical,
        in_namespace: Severity::High,
        needs: &[&[
            Asks::new(&["escalate"], "rbac.authorization.k8s.io", &["roles"]),
            Asks::cluster(&["escalate"], "rbac.authorization.k8s.io", &["clusterroles"]),
        ]],
        may: "write rules that they do not hold themselves",
        fix: "remove `escalate`, or limit it with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC529",
        name: "role-binding",
        severity: Severity::Critical,
        in_namespace: Severity::High,
        needs: &[&[
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["roles"]),
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]),
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]).only(&[
                "cluster-admin",
                "admin",
                "edit",
            ]),
        ]],
        may: "bind roles that grant more than they hold",
        fix: "limit `bind` to harmless roles with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC530",
        name: "binding-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[&[
            Asks::new(
                &["create", "update", "patch"],
                "rbac.authorization.k8s.io",
                &["rolebindings"],
            ),
            Asks::cluster(
                &["create", "update", "patch"],
                "rbac.authorization.k8s.io",
                &["clusterrolebindings"],
            ),
        ]],
        may: "grant roles that they hold",
        fix: "remove the verbs, or limit `update` and `patch` with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC531",
        name: "binding-extension",
        severity: Severity::Medium,
        in_namespace: Severity::Low,
        needs: &[
            &[Asks::new(&["get"], "rbac.authorization.k8s.io", &["rolebindings"])],
            &[Asks::new(&["patch"], "rbac.authorization.k8s.io", &["rolebindings"])],
        ],
        may: "add subjects to bindings whose role they hold",
        fix: "remove `patch`, or limit it with `resourceNames`",
        ..Risk::BASE
    },
];
