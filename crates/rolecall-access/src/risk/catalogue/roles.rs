//! Roles and bindings.

use super::WRITE;
use crate::Severity::{Critical, High, Low, Medium};
use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;

pub(super) const RISKS: &[Risk] = &[
    Risk::new(527, "role-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(WRITE, "rbac.authorization.k8s.io", &["roles"]),
            Asks::cluster(WRITE, "rbac.authorization.k8s.io", &["clusterroles"]),
        ]])
        .may("write roles within their own rights")
        .fix("remove the verbs, or limit them with `resourceNames`"),
    Risk::new(528, "role-escalation", Critical, High)
        .takes_over()
        .needs(&[&[
            Asks::new(&["escalate"], "rbac.authorization.k8s.io", &["roles"]),
            Asks::cluster(&["escalate"], "rbac.authorization.k8s.io", &["clusterroles"]),
        ]])
        .may("write rules that they do not hold themselves")
        .fix("remove `escalate`, or limit it with `resourceNames`"),
    Risk::new(529, "role-binding", Critical, High)
        .takes_over()
        .needs(&[&[
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["roles"]),
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]),
            Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]).only(&[
                "cluster-admin",
                "admin",
                "edit",
            ]),
        ]])
        .may("bind roles that grant more than they hold")
        .fix("limit `bind` to harmless roles with `resourceNames`"),
    Risk::new(530, "binding-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(WRITE, "rbac.authorization.k8s.io", &["rolebindings"]),
            Asks::cluster(WRITE, "rbac.authorization.k8s.io", &["clusterrolebindings"]),
        ]])
        .may("grant roles that they hold")
        .fix("remove the verbs, or limit `update` and `patch` with `resourceNames`"),
    Risk::new(531, "binding-extension", Medium, Low)
        .implied_by(&[502])
        .needs(&[
            &[Asks::new(&["get"], "rbac.authorization.k8s.io", &["rolebindings"])],
            &[Asks::new(&["patch"], "rbac.authorization.k8s.io", &["rolebindings"])],
        ])
        .may("add subjects to bindings whose role they hold")
        .fix("remove `patch`, or limit it with `resourceNames`"),
];
