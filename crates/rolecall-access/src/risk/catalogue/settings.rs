//! Settings that other programs act on.

use crate::Severity;
use crate::risk::ask::Asks;
use crate::risk::model::Only;
use crate::risk::{Grading, Risk};

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC545",
        name: "configmap-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Info,
        needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])]],
        may: "change the settings of workloads and cluster services",
        fix: "limit the rule with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC546",
        name: "dns-writing",
        only: Only::NamedEverywhere,
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])
            .only(&["coredns"])
            .in_system()]],
        may: "redirect names through the settings of CoreDNS",
        fix: "grant it outside `kube-system`, or limit it to other names",
        ..Risk::BASE
    },
    Risk {
        code: "RC547",
        name: "aws-auth-writing",
        only: Only::Eks,
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])
            .only(&["aws-auth"])
            .in_system()]],
        may: "map IAM identities to any group on EKS",
        fix: "grant it outside `kube-system`, or limit it to other names",
        ..Risk::BASE
    },
    Risk {
        code: "RC552",
        name: "operator-resource-writing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        grading: Grading::Operator,
        needs: &[&[
            Asks::new(
                &["create", "update", "patch"],
                "argoproj.io",
                &[
                    "applications",
                    "applicationsets",
                    "workflows",
                    "workflowtemplates",
                    "cronworkflows",
                ],
            ),
            Asks::new(
                &["create", "update", "patch"],
                "kustomize.toolkit.fluxcd.io",
                &["kustomizations"],
            ),
            Asks::new(&["create", "update", "patch"], "helm.toolkit.fluxcd.io", &["helmreleases"]),
            Asks::new(&["create", "update", "patch"], "tekton.dev", &["taskruns", "pipelineruns"]),
            Asks::new(
                &["create", "update", "patch"],
                "operators.coreos.com",
                &["clusterserviceversions", "subscriptions"],
            ),
        ]],
        may: "have an operator create any object with its own permissions",
        fix: "grant it only where the operator restricts what each user can create",
        ..Risk::BASE
    },
    Risk {
        code: "RC553",
        name: "azure-identity-exception",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::new(
            &["create", "update"],
            "aadpodidentity.k8s.io",
            &["azurepodidentityexceptions"],
        )]],
        may: "let Pods act as their node on Azure",
        fix: "remove the verbs",
        ..Risk::BASE
    },
];
