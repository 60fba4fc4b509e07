use std::fmt;
use std::sync::Arc;

use rolecall_rbac::{Identity, Request, Role, RuleGrant, Text};

use crate::{Row, Subject};

/// The steps from a subject to the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The start.
    pub subject: Subject,
    /// The steps, in order; subjects with the same identity share them.
    pub steps: Arc<[Step<'a>]>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The kind of step.
    pub row: Row,
    /// The requests, in order.
    pub requests: Vec<StepRequest<'a>>,
    /// The result.
    pub gains: Gain<'a>,
    /// The conditions that the input does not show.
    pub assumes: Vec<Assumption>,
}

/// One request of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRequest<'a> {
    /// The identity that makes it.
    pub actor: Arc<Identity>,
    /// The request, or the check that the server makes for it.
    pub request: Request,
    /// The reason why it is allowed.
    pub by: Evidence<'a>,
}

/// The reason why a request of a step is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// Membership in `system:masters`.
    Privileged,
    /// A binding of the identity.
    Grant(RuleGrant<'a>),
    /// Rights that an earlier step granted, by position.
    Step(usize),
    /// The actor already holds all rules of the role, so that no right to bind it is necessary.
    Covered(&'a Role),
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gain<'a> {
    /// An identity to act as.
    Identity(Arc<Identity>),
    /// The rules of a role.
    Role {
        /// The role.
        role: &'a Role,
        /// Where they apply.
        extent: Extent,
    },
    /// Every right.
    Everything(Extent),
    /// Some requests as another identity.
    Requests(Arc<Identity>),
    /// Membership in `system:masters`, or the same power.
    ClusterAdmin,
    /// Root on some node.
    Node,
}

/// Where rights apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// Everywhere, including cluster-scoped resources.
    Cluster,
    /// In every namespace.
    EachNamespace,
    /// In one namespace.
    Namespace(Text),
}

/// A condition that the input does not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumption {
    /// The namespace does not enforce Pod Security; its Namespace is not in the input.
    NoPodSecurity(Text),
    /// The server is older than this minor version.
    Before(u16),
    /// The server has at least this minor version.
    From(u16),
    /// The cluster runs on EKS.
    Eks,
    /// A condition of a step that depends on something outside the input.
    Outside(Outside),
}

/// Something outside the input on which a step depends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outside {
    /// A client of an API group that an APIService can redirect.
    ApiClients,
    /// A client of custom resources that a conversion webhook can change.
    CustomClients,
    /// A volume of the type hostPath that is admitted.
    Volume,
    /// The server accepts bootstrap tokens.
    BootstrapTokens,
    /// An operator that creates Pods from this custom resource.
    Operator(Text),
    /// No Secret has this name.
    NoSecret(Text),
}

impl fmt::Display for Extent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => formatter.write_str("cluster-wide"),
            Self::EachNamespace => formatter.write_str("in every namespace"),
            Self::Namespace(namespace) => write!(formatter, "in namespace {namespace}"),
        }
    }
}

impl fmt::Display for Gain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(identity) => write!(formatter, "{}", Subject::of(identity)),
            Self::Role { role, extent } => {
                write!(formatter, "the rules of {} {} {extent}", role.kind(), role.metadata.name)
            }
            Self::Everything(Extent::Cluster) | Self::ClusterAdmin => {
                formatter.write_str("cluster-admin")
            }
            Self::Everything(extent) => write!(formatter, "every right {extent}"),
            Self::Requests(identity) => {
                write!(formatter, "some requests as {}", Subject::of(identity))
            }
            Self::Node => formatter.write_str("node"),
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPodSecurity(namespace) => write!(
                formatter,
                "namespace {namespace}, which is not in the input, does not enforce Pod Security"
            ),
            Self::Before(minor) => write!(formatter, "the server is older than 1.{minor}"),
            Self::From(minor) => write!(formatter, "the server is 1.{minor} or newer"),
            Self::Eks => formatter.write_str("the cluster runs on EKS"),
            Self::Outside(outside) => write!(formatter, "{outside}"),
        }
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiClients => formatter
                .write_str("a client with more rights uses the API group of the APIService"),
            Self::CustomClients => {
                formatter.write_str("a client with more rights acts on the custom resources")
            }
            Self::Volume => formatter.write_str("a volume of the type hostPath is admitted"),
            Self::BootstrapTokens => formatter.write_str("the server accepts bootstrap tokens"),
            Self::Operator(resource) => {
                write!(formatter, "an operator creates Pods from {resource}, as any ServiceAccount")
            }
            Self::NoSecret(name) => write!(formatter, "there is no Secret {name} yet"),
        }
    }
}
