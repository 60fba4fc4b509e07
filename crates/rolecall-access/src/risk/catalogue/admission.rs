//! Admission, custom APIs and the protection of the API server.

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
        may: "read and change every object that is created or updated",
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
        may: "change admission policies",
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
        may: "change or delete custom resources with all their objects",
        fix: "limit the rule with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC539",
        name: "namespace-changing",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        needs: &[&[Asks::new(&["update", "patch"], "", &["namespaces"])]],
        may: "relax the Pod security and network policies of Namespaces",
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
        may: "disable Gatekeeper's policies",
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
        may: "disable Kyverno's policies",
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
        may: "create privileged Pods, if a policy allows it",
        fix: "limit the rule to the intended policies, with `resourceNames`",
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
        may: "read and reject the changes of others, or disable validation",
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
        may: "replace the API server for an API group",
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
        may: "delay or block the requests of others",
        fix: "remove the verbs",
        ..Risk::BASE
    },
];
