//! The input of a check.

use rolecall_rbac::{
    AggregationDrift, Authorizer, Binding, Catalog, Inventory, Metadata, Origin, is_template,
};

use crate::{External, KubernetesVersion};

/// The complete input of a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckInput<'a> {
    /// The objects to check and their context, with aggregation resolved and default roles included.
    pub authorizer: &'a Authorizer,
    /// The resources that the server serves.
    pub catalog: &'a Catalog,
    /// The default roles and bindings of servers, one inventory for each known version. They are never
    /// reported. Servers between two versions start with some of either.
    pub defaults: &'a [Inventory],
    /// The differences between written and aggregated rules.
    pub drifts: &'a [AggregationDrift],
    /// The version of the server.
    pub version: KubernetesVersion,
    /// The objects to check.
    pub judged: Judged,
    /// The objects that exist outside the input.
    pub external: &'a [External],
    /// Whether the input is complete, like a cluster or its snapshot: nothing is external.
    pub complete: bool,
    /// Whether the namespaces of objects that do not set one are known, and not guessed.
    pub namespace_given: bool,
    /// The program that applies the objects.
    pub applied_by: AppliedBy,
    /// Whether all objects are applied together, like those of one rendering, unlike a collection of files.
    pub is_one_install: bool,
}

/// The program that applies the objects, which decides their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppliedBy {
    /// An unknown program, or Helm for objects with Helm hooks.
    #[default]
    Unknown,
    /// Argo CD, which runs Helm hooks in a different order.
    ArgoCd,
}

/// The objects that can have findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judged {
    /// Objects in files. A live cluster below them is only context.
    #[default]
    Files,
    /// Also the objects of a live cluster.
    Everything,
}

impl<'a> CheckInput<'a> {
    pub(crate) fn inventory(&self) -> &'a Inventory {
        self.authorizer.inventory()
    }

    /// Returns whether an object can belong to a namespace other than the assumed one.
    pub(crate) fn is_guess(&self, metadata: &Metadata) -> bool {
        (metadata.namespace_assumed && !self.namespace_given) || is_template(&metadata.namespace)
    }

    /// Returns whether an object can have findings.
    pub(crate) fn is_judged(&self, metadata: &Metadata) -> bool {
        self.is_judged_origin(&metadata.origin)
    }

    /// Returns whether objects from an origin can have findings.
    pub(crate) fn is_judged_origin(&self, origin: &Origin) -> bool {
        match origin {
            Origin::File { .. } => true,
            Origin::Cluster => self.judged == Judged::Everything,
            Origin::Default => false,
        }
    }

    /// Returns whether a binding is a default binding of servers and has no other subjects.
    pub(crate) fn has_by_default(&self, binding: &Binding) -> bool {
        let Metadata { namespace, name, .. } = &binding.metadata;
        let mut defaults = self.defaults.iter().filter_map(|all| all.binding(namespace, name));
        defaults.any(|default| {
            default.role_ref.name == binding.role_ref.name
                && default.role_ref.kind == binding.role_ref.kind
                && binding.subjects.iter().all(|subject| default.subjects.contains(subject))
        })
    }
}
