//! Admission, custom APIs and what guards the API server.

use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::{Severity, Versions};

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC536",
        name: "admission-webhook-writing",
        severity: Severity::Critical,
        in_namespace: Severity::Critical,
        needs: &[&[Asks::cluster(
            &["create", "update", "patch"],
            "admissionregistration.k8s.io",
            &["mutatingwebhookconfigurations"],
        )]],
        may: "read and rewrite every object that is written",
        fix: "limit the rule to the holder's own configurations, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC537",
        name: "admission-policy-writing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::cluster(
            &["create", "update", "patch"],
            "admissionregistration.k8s.io",
            &[
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ],
        )]],
        may: "change what the cluster admits",
        fix: "limit the rule to the holder's own policies, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC538",
        name: "crd-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::cluster(
            &["update", "patch", "delete", "deletecollection"],
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
        )]],
        may: "change or delete kinds with all their objects",
        fix: "limit the rule with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC539",
        name: "namespace-changing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["update", "patch"], "", &["namespaces"])]],
        may: "relax the Pod security and network policy of Namespaces",
        fix: "remove the verbs, unless it manages Namespaces",
        ..Risk::BASE
    },
    Risk {
        code: "RC550",
        name: "gatekeeper-writing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "templates.gatekeeper.sh",
                &["constrainttemplates"],
            ),
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "mutations.gatekeeper.sh",
                &["assign", "assignmetadata", "modifyset"],
            ),
            Asks::new(
                &["create", "update", "patch", "delete", "deletecollection"],
                "config.gatekeeper.sh",
                &["configs"],
            ),
        ]],
        may: "switch off Gatekeeper's policies",
        fix: "remove the verbs",
        ..Risk::BASE
    },
    Risk {
        code: "RC551",
        name: "kyverno-writing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[
            Asks::new(
                &["create", "update", "patch", "delete", "deletecollection"],
                "kyverno.io",
                &["policies"],
            ),
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "kyverno.io",
                &["clusterpolicies"],
            ),
        ]],
        may: "switch off Kyverno's policies",
        fix: "remove the verbs",
        ..Risk::BASE
    },
    Risk {
        code: "RC555",
        name: "privileged-pod-security-policy",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        versions: Versions { from: None, before: Some(25) },
        needs: &[&[
            Asks::new(&["use"], "policy", &["podsecuritypolicies"]),
            Asks::new(&["use"], "extensions", &["podsecuritypolicies"]),
            Asks::new(&["use"], "policy", &["podsecuritypolicies"]).only(&["privileged"]),
        ]],
        may: "create privileged Pods, if any policy lets them",
        fix: "limit the rule to the policies that are meant, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC559",
        name: "validating-webhook-writing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[
            Asks::cluster(
                &["create", "update", "patch", "delete", "deletecollection"],
                "admissionregistration.k8s.io",
                &["validatingwebhookconfigurations"],
            ),
            Asks::cluster(
                &["delete", "deletecollection"],
                "admissionregistration.k8s.io",
                &["mutatingwebhookconfigurations"],
            ),
        ]],
        may: "read and refuse what others write, or switch off the checks of it",
        fix: "limit the rule to the holder's own configurations, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC566",
        name: "api-service-writing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[&[Asks::cluster(
            &["create", "update", "patch"],
            "apiregistration.k8s.io",
            &["apiservices"],
        )]],
        may: "answer for an API group in the API server's place",
        fix: "limit the rule to the holder's own APIServices, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC568",
        name: "flow-control-writing",
        severity: Severity::Medium,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::cluster(
            &["create", "update", "patch", "delete", "deletecollection"],
            "flowcontrol.apiserver.k8s.io",
            &["flowschemas", "prioritylevelconfigurations"],
        )]],
        may: "starve the requests of others",
        fix: "remove the verbs",
        ..Risk::BASE
    },
];
