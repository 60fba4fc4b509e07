//! Nodes and storage.

use super::{CHANGE, CHANGE_OR_DELETE, STORAGE, WRITE_OR_DELETE};
use crate::Severity::{Critical, High, Info, Low};
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;
use crate::risk::{Program, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk::new(525, "node-proxy", Critical, Critical)
        .takes_over()
        .needs(&[&[Asks::cluster(&["get", "create"], "", &["nodes/proxy"])]])
        .may("run commands in every Pod through the kubelets")
        .fix("grant only the required subresource: `nodes/metrics`, `nodes/stats`, `nodes/log`"),
    Risk::new(526, "node-changing", High, High)
        .purpose_of(&[Program::Network, Program::Nodes])
        .needs(&[&[Asks::cluster(CHANGE, "", &["nodes", "nodes/status"])]])
        .may("steer Pods to nodes of their choice")
        .fix("remove the verbs, unless it manages nodes"),
    Risk::new(540, "volume-creation", High, High)
        .purpose_of(&[Program::Storage])
        .needs(&[&[Asks::cluster(&["create"], "", &["persistentvolumes"])]])
        .may("reach files of nodes through volumes")
        .fix("remove the rule, unless it provisions volumes"),
    Risk::new(541, "storage-writing", Low, Info)
        .needed_by_controllers(Controllers::Anywhere)
        .purpose_of(&[Program::Storage])
        .needs(&[&[
            Asks::new(CHANGE_OR_DELETE, "", &["persistentvolumeclaims"]),
            Asks::cluster(
                WRITE_OR_DELETE,
                STORAGE,
                &["storageclasses", "csidrivers", "csinodes", "volumeattachments"],
            ),
            Asks::new(WRITE_OR_DELETE, STORAGE, &["csistoragecapacities"]),
        ]])
        .may("delete or redirect storage")
        .fix("remove unneeded verbs, unless it provisions storage"),
];
