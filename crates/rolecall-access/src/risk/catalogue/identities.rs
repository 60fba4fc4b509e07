//! Impersonation, certificates and authentication.

use crate::risk::Risk;
use crate::risk::ask::Asks;
use crate::{Severity, Versions};

pub(super) const RISKS: &[Risk] = &[
    Risk {
        code: "RC532",
        name: "impersonation",
        severity: Severity::Critical,
        in_namespace: Severity::High,
        needs: &[&[
            Asks::new(&["impersonate"], "", &["serviceaccounts"]),
            Asks::cluster(&["impersonate"], "", &["users", "groups"]),
            Asks::cluster(&["impersonate"], "", &["groups"]).only(&["system:masters"]),
            Asks::cluster(
                &["impersonate"],
                "authentication.k8s.io",
                &["uids", "userextras/scopes"],
            ),
        ]],
        may: "act as others",
        fix: "limit it to the intended identities, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC533",
        name: "constrained-impersonation",
        severity: Severity::High,
        in_namespace: Severity::Medium,
        versions: Versions { from: Some(35), before: None },
        needs: &[&[
            Asks::new(
                &[
                    "impersonate:user-info",
                    "impersonate:serviceaccount",
                    "impersonate:arbitrary-node",
                    "impersonate:associated-node",
                ],
                "authentication.k8s.io",
                &["serviceaccounts"],
            ),
            Asks::cluster(
                &[
                    "impersonate:user-info",
                    "impersonate:serviceaccount",
                    "impersonate:arbitrary-node",
                    "impersonate:associated-node",
                ],
                "authentication.k8s.io",
                &["users", "groups", "nodes", "uids"],
            ),
        ]],
        may: "act as others for the verbs that the impersonation rule allows",
        fix: "limit it to the intended identities, with `resourceNames`",
        ..Risk::BASE
    },
    Risk {
        code: "RC534",
        name: "certificate-approval",
        severity: Severity::Critical,
        in_namespace: Severity::Critical,
        needs: &[
            &[Asks::cluster(&["create"], "certificates.k8s.io", &["certificatesigningrequests"])],
            &[Asks::cluster(
                &["update", "patch"],
                "certificates.k8s.io",
                &["certificatesigningrequests/approval"],
            )],
            &[Asks::cluster(&["approve"], "certificates.k8s.io", &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
        ],
        may: "issue client certificates for any user",
        fix: "limit the signers with `resourceNames` to those that the holder manages",
        ..Risk::BASE
    },
    Risk {
        code: "RC534",
        name: "certificate-approval",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[
            &[Asks::cluster(
                &["update", "patch"],
                "certificates.k8s.io",
                &["certificatesigningrequests/approval"],
            )],
            &[Asks::cluster(&["approve"], "certificates.k8s.io", &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
        ],
        may: "approve client certificates that others request, for any user",
        fix: "limit the signers with `resourceNames` to those that the holder manages",
        ..Risk::BASE
    },
    Risk {
        code: "RC535",
        name: "certificate-signing",
        severity: Severity::High,
        in_namespace: Severity::High,
        needs: &[
            &[Asks::cluster(&["sign"], "certificates.k8s.io", &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
            &[Asks::cluster(
                &["update", "patch"],
                "certificates.k8s.io",
                &["certificatesigningrequests/status"],
            )],
        ],
        may: "issue certificates without approval",
        fix: "limit the signers with `resourceNames` to those whose keys the holder manages",
        ..Risk::BASE
    },
    Risk {
        code: "RC569",
        name: "access-oracle",
        severity: Severity::Info,
        in_namespace: Severity::Info,
        needs: &[&[
            Asks::cluster(&["create"], "authorization.k8s.io", &["subjectaccessreviews"]),
            Asks::cluster(&["create"], "authentication.k8s.io", &["tokenreviews"]),
        ]],
        may: "find out who a token belongs to and what others can do",
        fix: "remove the rule, unless the holder authenticates or authorizes others",
        ..Risk::BASE
    },
];
