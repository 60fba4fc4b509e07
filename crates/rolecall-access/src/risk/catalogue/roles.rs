//! Roles and bindings.

use super::{RBAC, WRITE};
use crate::Severity::{Critical, High, Low, Medium};
use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;

pub(super) const RISKS: &[Risk] = &[
    Risk::new(527, "role-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(WRITE, RBAC, &["roles"]),
            Asks::cluster(WRITE, RBAC, &["clusterroles"]),
        ]])
        .may("write roles within their own access")
        .fix("remove the verbs, or limit them with `resourceNames`"),
    Risk::new(528, "role-escalation", Critical, High)
        .takes_over()
        .needs(&[&[
            Asks::new(&["escalate"], RBAC, &["roles"]),
            Asks::cluster(&["escalate"], RBAC, &["clusterroles"]),
        ]])
        .may("write rules beyond their own access")
        .fix("remove `escalate`, or limit it with `resourceNames`"),
    Risk::new(529, "role-binding", Critical, High)
        .takes_over()
        .needs(&[&[
            Asks::new(&["bind"], RBAC, &["roles"]),
            Asks::new(&["bind"], RBAC, &["clusterroles"]),
            Asks::new(&["bind"], RBAC, &["clusterroles"]).only(&["cluster-admin", "admin", "edit"]),
        ]])
        .may("bind roles that grant more than they hold")
        .fix("limit `bind` to harmless roles with `resourceNames`"),
    Risk::new(530, "binding-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(WRITE, RBAC, &["rolebindings"]),
            Asks::cluster(WRITE, RBAC, &["clusterrolebindings"]),
        ]])
        .may("grant roles that they hold")
        .fix("remove the verbs, or limit `update` and `patch` with `resourceNames`"),
    Risk::new(531, "binding-extension", Medium, Low)
        .implied_by(&[502])
        .needs(&[
            &[Asks::new(&["get"], RBAC, &["rolebindings"])],
            &[Asks::new(&["patch"], RBAC, &["rolebindings"])],
        ])
        .may("add subjects to bindings whose role they hold")
        .fix("remove `patch`, or limit it with `resourceNames`"),
];
