//! Pods and the workloads that create them.

use super::{CHANGE, DELETE, WORKLOADS, WRITE};
use crate::Severity::{Critical, High, Info, Low, Medium};
use crate::risk::ask::Asks;
use crate::risk::model::Controllers;
use crate::risk::{Grading, Program, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk::new(515, "pod-creation", Critical, Medium)
        .takes_over()
        .implied_by(&[502])
        .needed_by_controllers(Controllers::AtHome)
        .graded(Grading::PodSecurity)
        .needs(&[&[Asks::new(&["create"], "", &["pods"])]])
        .may("run Pods as any ServiceAccount")
        .fix("grant it with RoleBindings, in the namespaces that need it")
        .fix_in_namespace("let a reviewed controller create the Pods"),
    Risk::new(516, "workload-writing", Critical, Medium)
        .takes_over()
        .implied_by(&[502])
        .needed_by_controllers(Controllers::AtHome)
        .graded(Grading::PodSecurity)
        .needs(&[&[
            Asks::new(
                WRITE,
                "apps",
                WORKLOADS,
            ),
            Asks::new(WRITE, "batch", &["cronjobs"]),
            // The template of a Job is immutable.
            Asks::new(&["create"], "batch", &["jobs"]),
            Asks::new(WRITE, "", &["replicationcontrollers"]),
        ]])
        .may("run Pods as any ServiceAccount, through the workloads they write")
        .fix("grant it with RoleBindings, in the namespaces that need it")
        .fix_in_namespace("let a reviewed controller write the workloads"),
    Risk::new(517, "pod-changing", High, Medium)
        .implied_by(&[502, 515])
        .needed_by_controllers(Controllers::AtHome)
        .purpose_of(&[Program::Network])
        .needs(&[&[Asks::new(CHANGE, "", &["pods"])]])
        .may("run their own images in any Pod")
        .fix("remove the verbs: workloads are changed through their controllers"),
    Risk::new(518, "exec-into-pods", High, Medium)
        .takes_over()
        .implied_by(&[502])
        .needs(&[&[
            Asks::new(&["create"], "", &["pods/exec"]),
            Asks::new(&["get"], "", &["pods/exec"]).before(35),
        ]])
        .may("run commands in any Pod")
        .fix("remove the rule, or limit it with `resourceNames`"),
    Risk::new(519, "attaching-to-pods", High, Medium)
        .implied_by(&[502])
        .needs(&[&[
            Asks::new(&["create"], "", &["pods/attach"]),
            Asks::new(&["get"], "", &["pods/attach"]).before(35),
        ]])
        .may("attach to any Pod")
        .fix("remove the rule, or limit it with `resourceNames`"),
    Risk::new(520, "ephemeral-containers", High, Medium)
        .takes_over()
        .implied_by(&[502])
        .needs(&[&[Asks::new(CHANGE, "", &["pods/ephemeralcontainers"])]])
        .may("run their own containers in any Pod")
        .fix("remove the rule, or limit it with `resourceNames`"),
    Risk::new(521, "port-forwarding", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(&["create"], "", &["pods/portforward"]),
            Asks::new(&["get"], "", &["pods/portforward"]).before(35),
        ]])
        .may("reach any port of any Pod")
        .fix("remove the rule, or limit it with `resourceNames`"),
    Risk::new(522, "log-deletion", Info, Info)
        .implied_by(&[502])
        .needs(&[&[Asks::new(DELETE, "", &["pods/log"])]])
        .may("request the deletion of Pod logs, which no server implements")
        .fix("remove the verbs"),
    Risk::new(523, "pod-status-writing", Medium, Low)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .purpose_of(&[Program::Network])
        .needs(&[&[Asks::new(CHANGE, "", &["pods/status"])]])
        .may("write the status and labels of any Pod")
        .fix("remove the rule, unless it is a network plugin or similar: the kubelet writes the status"),
    Risk::new(524, "pod-stealing", High, Medium)
        .purpose_of(&[Program::Nodes])
        .needs(&[
            &[
                Asks::new(DELETE, "", &["pods"]),
                Asks::new(&["create"], "", &["pods/eviction"]),
            ],
            &[
                Asks::cluster(CHANGE, "", &["nodes", "nodes/status"]),
                Asks::cluster(DELETE, "", &["nodes"]),
            ],
        ])
        .may("move Pods to a node of their choice")
        .fix("remove the verbs that change `nodes` and `nodes/status`"),
    Risk::new(548, "event-deletion", Low, Info)
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(DELETE, "", &["events"]),
            Asks::new(DELETE, "events.k8s.io", &["events"]),
        ]])
        .may("delete the record of past activity")
        .fix("remove the verbs: Events expire by themselves"),
    Risk::new(549, "workload-deletion", Medium, Info)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(
                DELETE,
                "",
                &["secrets", "pods", "services", "replicationcontrollers"],
            ),
            Asks::new(
                DELETE,
                "apps",
                WORKLOADS,
            ),
            Asks::new(DELETE, "batch", &["jobs", "cronjobs"]),
        ]])
        .may("delete Secrets, Pods, Services or workloads")
        .fix("remove the verbs, or limit `delete` with `resourceNames`"),
    Risk::new(570, "scaling", Low, Info)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[
            Asks::new(
                CHANGE,
                "apps",
                &["deployments/scale", "statefulsets/scale", "replicasets/scale"],
            ),
            Asks::new(CHANGE, "", &["replicationcontrollers/scale"]),
        ]])
        .may("scale any workload")
        .fix("limit the rule with `resourceNames`"),
];
