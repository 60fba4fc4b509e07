//! Settings that other programs act on.

use super::{CHANGE, WRITE};
use crate::Severity::{High, Info, Medium};
use crate::risk::ask::Asks;
use crate::risk::model::{Controllers, Only};
use crate::risk::{Grading, Program, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk::new(545, "configmap-writing", Medium, Info)
        .implied_by(&[502])
        .needed_by_controllers(Controllers::Anywhere)
        .needs(&[&[Asks::new(CHANGE, "", &["configmaps"])]])
        .may("change the settings of workloads and cluster services")
        .fix("limit the rule with `resourceNames`"),
    Risk::new(546, "dns-writing", High, High)
        .only(Only::NamedEverywhere)
        .needs(&[&[Asks::new(CHANGE, "", &["configmaps"]).only(&["coredns"]).in_system()]])
        .may("redirect host names with the settings of CoreDNS")
        .fix("grant it outside `kube-system`, or limit it to other names"),
    Risk::new(547, "aws-auth-writing", High, High)
        .only(Only::Eks)
        .needs(&[&[Asks::new(CHANGE, "", &["configmaps"]).only(&["aws-auth"]).in_system()]])
        .may("map IAM identities to any group on EKS")
        .fix("grant it outside `kube-system`, or limit it to other names"),
    Risk::new(552, "operator-resource-writing", High, Medium)
        .purpose_of(&[Program::ArgoCd, Program::Flux, Program::Olm])
        .graded(Grading::Operator)
        .needs(&[&[
            Asks::new(
                WRITE,
                "argoproj.io",
                &[
                    "applications",
                    "applicationsets",
                    "workflows",
                    "workflowtemplates",
                    "cronworkflows",
                ],
            ),
            Asks::new(WRITE, "kustomize.toolkit.fluxcd.io", &["kustomizations"]),
            Asks::new(WRITE, "helm.toolkit.fluxcd.io", &["helmreleases"]),
            Asks::new(WRITE, "tekton.dev", &["taskruns", "pipelineruns"]),
            Asks::new(WRITE, "operators.coreos.com", &["clusterserviceversions", "subscriptions"]),
        ]])
        .may("make an operator create any object with the operator's permissions")
        .fix("grant it only if the operator restricts the objects that each user can create"),
    Risk::new(553, "azure-identity-exception", High, High)
        .needs(&[&[Asks::new(
            &["create", "update"],
            "aadpodidentity.k8s.io",
            &["azurepodidentityexceptions"],
        )]])
        .may("let Pods act as their node on Azure")
        .fix("remove the verbs"),
];
