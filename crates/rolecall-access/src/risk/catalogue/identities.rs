//! Impersonation, certificates and authentication.

use super::{AUTHENTICATION, CERTIFICATES, CHANGE};
use crate::Severity::{Critical, High, Info, Medium};
use crate::Versions;
use crate::risk::Risk;
use crate::risk::ask::Asks;

/// The verbs of constrained impersonation.
const CONSTRAINED: &[&str] = &[
    "impersonate:user-info",
    "impersonate:serviceaccount",
    "impersonate:arbitrary-node",
    "impersonate:associated-node",
];

pub(super) const RISKS: &[Risk] = &[
    Risk::new(532, "impersonation", Critical, High)
        .takes_over()
        .needs(&[&[
            Asks::new(&["impersonate"], "", &["serviceaccounts"]),
            Asks::cluster(&["impersonate"], "", &["users", "groups"]),
            Asks::cluster(&["impersonate"], "", &["groups"]).only(&["system:masters"]),
            Asks::cluster(&["impersonate"], AUTHENTICATION, &["uids", "userextras/scopes"]),
        ]])
        .may("act as others")
        .fix("limit it to the intended identities, with `resourceNames`"),
    Risk::new(533, "constrained-impersonation", High, Medium)
        .versions(Versions { from: Some(35), before: None })
        .needs(&[&[
            Asks::new(CONSTRAINED, AUTHENTICATION, &["serviceaccounts"]),
            Asks::cluster(CONSTRAINED, AUTHENTICATION, &["users", "groups", "nodes", "uids"]),
        ]])
        .may("act as others for the verbs that the impersonation rule allows")
        .fix("limit it to the intended identities, with `resourceNames`"),
    Risk::new(534, "certificate-approval", Critical, Critical)
        .takes_over()
        .needs(&[
            &[Asks::cluster(&["create"], CERTIFICATES, &["certificatesigningrequests"])],
            &[Asks::cluster(CHANGE, CERTIFICATES, &["certificatesigningrequests/approval"])],
            &[Asks::cluster(&["approve"], CERTIFICATES, &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
        ])
        .may("issue client certificates for any user")
        .fix("limit the signers with `resourceNames` to those that the holder manages"),
    Risk::new(534, "certificate-approval", High, High)
        .takes_over()
        .needs(&[
            &[Asks::cluster(CHANGE, CERTIFICATES, &["certificatesigningrequests/approval"])],
            &[Asks::cluster(&["approve"], CERTIFICATES, &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
        ])
        .may("approve client certificates that others request, for any user")
        .fix("limit the signers with `resourceNames` to those that the holder manages"),
    Risk::new(535, "certificate-signing", High, High)
        .needs(&[
            &[Asks::cluster(&["sign"], CERTIFICATES, &["signers"])
                .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
            &[Asks::cluster(CHANGE, CERTIFICATES, &["certificatesigningrequests/status"])],
        ])
        .may("issue certificates without approval")
        .fix("limit the signers with `resourceNames` to those whose keys the holder manages"),
    Risk::new(569, "access-oracle", Info, Info)
        .needs(&[&[
            Asks::cluster(&["create"], "authorization.k8s.io", &["subjectaccessreviews"]),
            Asks::cluster(&["create"], AUTHENTICATION, &["tokenreviews"]),
        ]])
        .may("find out the owner of a token and the access of others")
        .fix("remove the rule, unless the holder authenticates or authorizes others"),
];
