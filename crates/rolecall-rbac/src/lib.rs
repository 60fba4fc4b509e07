//! Kubernetes RBAC as a pure function: nouns, index, evaluator.
//!
//! ```text
//! [ Inventory ] -> [ Authorizer ] <- (Identity, Request)
//!   Role             index by subject        |
//!   Binding          and by namespace        v
//!   ServiceAccount                       [ Decision ]  verdict, grants, problems, gaps
//!   Workload
//!   Gap
//! ```
//!
//! The evaluator mirrors `plugin/pkg/auth/authorizer/rbac` of Kubernetes, whose behavior did not
//! change between 1.20 and 1.36. Like the server's authorizer, it knows nothing about scopes and
//! discovery: callers build [`Request`]s with a [`Catalog`].
//!
//! With the feature `k8s-openapi`, the model converts from and to Kubernetes' types. As for every library
//! that uses k8s-openapi, the binary chooses its version.
//!
//! Invariants: no I/O, no clock, no randomness, no dependency on `kube`; every answer carries its
//! evidence; a [`Gap`] in the input can turn "no" into "unknown" but never into "yes".
#![doc = include_str!("../README.md")]

mod aggregate;
mod authorizer;
mod built_in;
mod catalog;
mod covers;
mod decision;
mod gap;
mod glob;
mod grid;
mod hook;
mod identity;
mod index;
mod install_mode;
#[cfg(feature = "k8s-openapi")]
mod k8s;
mod matching;
mod model;
mod near_miss;
mod notation;
mod preference;
mod request;
mod review;
mod scope;
mod spelling;
mod subresources;
mod text;
mod unbuilt;
mod url;
mod verb_alias;
mod version;
mod who_can;

pub use aggregate::{AggregationDrift, resolve_aggregation, settle_aggregation};
pub use authorizer::Authorizer;
pub use built_in::{built_in_groups, is_built_in, is_not_always_served, not_always_served};
pub use catalog::{
    Catalog, CatalogBuilder, ResolveError, Resolved, ServedResource, Subresource,
    TOKEN_AUDIENCE_VERB, with_group,
};
pub use covers::{Coverage, break_down, compact, covers, covers_url, subtract};
pub use decision::{Decision, Grant, Problem, RuleGrant, Verdict, VerdictKind};
pub use gap::{Gap, ObjectKind, Unread};
pub use glob::{Glob, GlobError};
pub use grid::{Axes, Column, Grid, GridRow};
pub use hook::HookLifetime;
pub use identity::{Identity, ServiceAccountName};
pub use matching::{rule_allows, subject_matches};
pub use model::{
    AggregationRule, Binding, Container, Inventory, InventoryBuilder, LabelOperator,
    LabelRequirement, LabelSelector, Labels, Metadata, NamedObject, Namespace, Origin, Owner,
    PodLines, PodSpec, PolicyRule, Replaced, Role, RoleKind, RoleRef, ServiceAccount, Subject,
    SubjectKind, TokenVolume, UnknownField, Variable, VariableValue, Workload, shown_path,
};
pub use near_miss::{NearMiss, NearMissKind, Resemblance};
pub use notation::{NamedSubject, NotationError};
pub use request::{Request, ResourceRequest, Target};
pub use review::{BoundRole, RuleOf, RulesReview};
pub use scope::{RequestScope, verbs_asked_where_used};
pub use spelling::{edit_distance, edit_distance_within, is_template, sentence_list};
pub use subresources::{checked_subresources, is_checked_subresource};
pub use text::{Text, Texts};
pub use unbuilt::Build;
pub use url::{is_resource_path, resource_request_of, verb_of_method};
pub use verb_alias::VerbAlias;
pub use version::{KubernetesVersion, VersionError, Versions};
pub use who_can::{Holder, NamespaceSelection, WhoCan};
