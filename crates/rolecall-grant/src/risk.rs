//! Requests that hand out the cluster, and why.

use std::fmt;

use rolecall_rbac::{Identity, Request, ResourceRequest, Target, Text};

use crate::subject::RBAC_GROUP;

/// A reason not to grant a request without being told to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// A `*`, which also grants what will exist one day.
    Wildcard {
        /// What the wildcard stands for: verb, resource, API group or path.
        of: &'static str,
    },
    /// `escalate` on roles: any rule can be written.
    Escalate,
    /// `bind` on roles: any role can be handed out.
    Bind,
    /// `impersonate` and its kin: to act as others.
    Impersonate,
    /// Secrets of all namespaces, and so the tokens in them.
    SecretsEverywhere,
    /// Commands in Pods, and so the tokens in them.
    Exec {
        /// The subresource of Pods.
        subresource: Text,
    },
    /// The kubelet's API: commands in every Pod of a node, past admission and audit.
    NodeProxy,
    /// Tokens of ServiceAccounts.
    Token,
    /// Roles and bindings can be written.
    WriteRbac,
    /// Admission can be written: every object passes it.
    WriteAdmission,
    /// Certificates for anybody can be approved or signed.
    Certificates,
    /// The subject is everybody, or nobody known.
    Everybody {
        /// The user or group.
        subject: Text,
    },
}

/// Returns why a request should not be granted to somebody without being told to.
pub fn risks(identity: &Identity, request: &Request) -> Vec<Risk> {
    let mut risks = of_request(request);
    risks.extend(of_subject(identity));
    risks.sort();
    risks
}

fn of_request(request: &Request) -> Vec<Risk> {
    let any_verb = &*request.verb == "*";
    let wildcards = match &request.target {
        Target::Path(path) => vec![(any_verb, "verb"), (path.ends_with('*'), "path")],
        Target::Resource(target) => vec![
            (any_verb, "verb"),
            (&*target.group == "*", "API group"),
            (&*target.resource == "*" || &*target.subresource == "*", "resource"),
        ],
    };
    let wildcards: Vec<Risk> = wildcards
        .into_iter()
        .filter_map(|(applies, of)| applies.then_some(Risk::Wildcard { of }))
        .collect();
    match &request.target {
        Target::Resource(target) if wildcards.is_empty() => {
            of_resource(&request.verb, target).into_iter().collect()
        }
        _ => wildcards,
    }
}

fn of_subject(identity: &Identity) -> Option<Risk> {
    let subject = if identity.user.is_empty() {
        identity.groups.iter().find(|group| !group.is_empty())?
    } else {
        &identity.user
    };
    let everybody = if identity.user.is_empty() {
        matches!(
            &**subject,
            "system:unauthenticated" | "system:authenticated" | "system:serviceaccounts"
        ) || subject.starts_with("system:serviceaccounts:")
    } else {
        **subject == *"system:anonymous"
    };
    everybody.then(|| Risk::Everybody { subject: subject.clone() })
}

fn of_resource(verb: &str, target: &ResourceRequest) -> Option<Risk> {
    let writes = !matches!(verb, "get" | "list" | "watch");
    let what = (&*target.group, &*target.resource, &*target.subresource);
    Some(match (verb, what) {
        (verb, _) if verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:") => {
            Risk::Impersonate
        }
        ("impersonate", ("" | "authentication.k8s.io", _, _)) => Risk::Impersonate,
        ("escalate", (RBAC_GROUP, _, _)) => Risk::Escalate,
        ("bind", (RBAC_GROUP, _, _)) => Risk::Bind,
        ("approve" | "sign", ("certificates.k8s.io", "signers", _)) => Risk::Certificates,
        (_, ("certificates.k8s.io", "certificatesigningrequests", "approval" | "status"))
            if writes =>
        {
            Risk::Certificates
        }
        (_, (RBAC_GROUP, "roles" | "clusterroles", ""))
        | (_, (RBAC_GROUP, "rolebindings" | "clusterrolebindings", ""))
            if writes =>
        {
            Risk::WriteRbac
        }
        (_, ("admissionregistration.k8s.io", _, "")) if writes => Risk::WriteAdmission,
        (_, ("", "secrets", "")) if target.namespace.is_empty() => Risk::SecretsEverywhere,
        (_, ("", "pods", "exec" | "attach")) => {
            Risk::Exec { subresource: target.subresource.clone() }
        }
        (_, ("", "pods", "ephemeralcontainers")) if writes => {
            Risk::Exec { subresource: target.subresource.clone() }
        }
        (_, ("", "nodes", "proxy")) => Risk::NodeProxy,
        ("create", ("", "serviceaccounts", "token")) => Risk::Token,
        _ => return None,
    })
}

impl Risk {
    /// Returns what to ask for instead of a request, or how else to get what it is for.
    pub fn narrower(&self, request: &Request) -> &'static str {
        let is_named =
            matches!(&request.target, Target::Resource(target) if !target.name.is_empty());
        match self {
            Self::Bind if is_named => "have who holds the role's rules write the binding",
            Self::Impersonate if is_named => "grant it itself what it would do as somebody else",
            Self::Token if is_named => "mount a projected token",
            Self::Certificates if is_named => "have an administrator approve what is asked for",
            Self::Wildcard { .. } => "name what is needed, one by one",
            Self::Escalate | Self::WriteRbac => {
                "have who holds the rights write the roles, or deliver them as manifests"
            }
            Self::Bind => "bind the one role that is meant, or limit `bind` to it by name",
            Self::Impersonate => "limit it to one user or ServiceAccount by name",
            Self::SecretsEverywhere => {
                "ask in the namespaces that are needed, for the Secrets by name"
            }
            Self::Exec { .. } => "ask for `pods/log` or `pods/portforward`",
            Self::NodeProxy => "ask for `nodes/metrics`, `nodes/stats` or `nodes/log`",
            Self::Token => "mount a projected token, or limit it to one ServiceAccount by name",
            Self::WriteAdmission => "deliver admission configuration as manifests",
            Self::Certificates => "limit it to one signer by name",
            Self::Everybody { .. } => "name a user, a group of yours or a ServiceAccount",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard { of } => {
                write!(formatter, "a `*` for the {of} grants what nobody asked for, now and later")
            }
            Self::Escalate => formatter.write_str("`escalate` lets it write any rule into a role"),
            Self::Bind => formatter.write_str("`bind` lets it hand out roles it does not hold"),
            Self::Impersonate => formatter.write_str("impersonation lets it act as somebody else"),
            Self::SecretsEverywhere => {
                formatter.write_str("the Secrets of all namespaces hold everybody's credentials")
            }
            Self::Exec { subresource } => write!(
                formatter,
                "`pods/{subresource}` runs code in Pods, with their tokens and volumes"
            ),
            Self::NodeProxy => formatter.write_str(
                "`nodes/proxy` runs code in every Pod of a node, past admission and audit",
            ),
            Self::Token => {
                formatter.write_str("`serviceaccounts/token` issues tokens of ServiceAccounts")
            }
            Self::WriteRbac => formatter.write_str("it could write roles or bindings"),
            Self::WriteAdmission => formatter
                .write_str("it could write webhooks or admission policies, which see every object"),
            Self::Certificates => {
                formatter.write_str("it could issue certificates for other users")
            }
            Self::Everybody { subject } => write!(
                formatter,
                "`{}` stands for everybody, or for nobody known",
                crate::printable(subject)
            ),
        }
    }
}
