//! The resource that a name without a group means if several API groups serve it.

use std::collections::BTreeMap;

use crate::{Catalog, ServedResource, Text, is_built_in};

/// The order of API groups: the order of the server if it is known, and otherwise core, the other
/// built-in groups, and then those of custom resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupOrder {
    positions: BTreeMap<Text, u32>,
}

/// How early a candidate for a name comes; the least one is meant.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Preference<'a> {
    is_virtual: bool,
    /// Whether only the kind or a short name matches; clients look for plurals and singulars first.
    is_loose: bool,
    rank: (Tier, u32),
    is_not_plural: bool,
    group: &'a str,
}

/// A class of API groups; servers list an earlier one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    Listed,
    Core,
    BuiltIn,
    /// `extensions`, whose resources have moved to other groups.
    Retired,
    Custom,
}

impl GroupOrder {
    /// Adds a group after those that are already present.
    pub(crate) fn push(&mut self, group: Text) {
        let next = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
        self.positions.entry(group).or_insert(next);
    }

    /// Returns how early a resource comes among the candidates for a name in lower case.
    pub(crate) fn preference<'a>(
        &self,
        resource: &'a ServedResource,
        name: &str,
    ) -> Preference<'a> {
        Preference {
            is_virtual: resource.is_virtual,
            is_loose: is_loose(resource, name),
            rank: self.rank(&resource.group),
            is_not_plural: *resource.resource != *name,
            group: &resource.group,
        }
    }

    fn rank(&self, group: &str) -> (Tier, u32) {
        let tier = match self.positions.get(group) {
            Some(position) => return (Tier::Listed, *position),
            None if group.is_empty() => Tier::Core,
            None if group == "extensions" => Tier::Retired,
            None if is_built_in(group) => Tier::BuiltIn,
            None => Tier::Custom,
        };
        (tier, 0)
    }
}

impl Catalog {
    /// Returns all resources, grouped in the server's order of API groups, or by name if the order
    /// is unknown.
    pub fn in_order_of_groups(&self) -> Vec<&ServedResource> {
        let mut resources: Vec<_> = self.resources().iter().collect();
        if !self.order.positions.is_empty() {
            resources.sort_by_key(|served| self.order.rank(&served.group));
        }
        resources
    }

    /// Returns the resources that a name without a group can mean equally well: custom resources of
    /// several groups whose order on the server is unknown. Empty if the meaning is clear.
    pub fn ambiguous(&self, name: &str) -> Vec<&ServedResource> {
        let lower = name.to_lowercase();
        let class = |served: &ServedResource| {
            let rank = self.order.rank(&served.group);
            (served.is_virtual, is_loose(served, &lower), rank)
        };
        let mut candidates = self.named(name).peekable();
        let Some(first) = candidates.peek().map(|first| class(first)) else { return Vec::new() };
        if first.0 || first.2.0 != Tier::Custom {
            return Vec::new();
        }
        let equal: Vec<_> = candidates.filter(|served| class(served) == first).collect();
        if equal.len() > 1 { equal } else { Vec::new() }
    }
}

fn is_loose(resource: &ServedResource, name: &str) -> bool {
    *resource.resource != *name && *resource.singular != *name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CatalogBuilder;

    fn builder(resources: &[(&str, &str, &str, &str)]) -> CatalogBuilder {
        let mut builder = CatalogBuilder::new();
        for (group, plural, kind, short) in resources {
            builder.add(ServedResource {
                group: (*group).into(),
                resource: (*plural).into(),
                singular: kind.to_lowercase().into(),
                kind: (*kind).into(),
                namespaced: true,
                short_names: vec![(*short).into()],
                verbs: Vec::new(),
                subresources: Vec::new(),
                is_virtual: false,
            });
        }
        builder
    }

    const RESOURCES: [(&str, &str, &str, &str); 12] = [
        ("", "services", "Service", "svc"),
        ("a.example.org", "services", "Service", "svc"),
        ("apps", "deployments", "Deployment", "deploy"),
        ("a.example.org", "deployments", "Deployment", "deploy"),
        ("extensions", "deployments", "Deployment", "deploy"),
        ("extensions", "ingresses", "Ingress", "ing"),
        ("networking.k8s.io", "ingresses", "Ingress", "ing"),
        ("networking.internal.knative.dev", "ingresses", "Ingress", "king"),
        ("b.example.org", "widgets", "Widget", "w"),
        ("a.example.org", "widgets", "Widget", "w"),
        ("c.example.org", "svc", "ShortService", "ssvc"),
        ("c.example.org", "gadgets", "Widget", "gadget"),
    ];

    #[test]
    fn built_in_groups_come_before_those_of_custom_resources() {
        let catalog = builder(&RESOURCES).build();
        for (name, expected, ambiguous) in [
            ("services", "services", ""),
            ("Service", "services", ""),
            ("deployments", "deployments.apps", ""),
            ("deployment", "deployments.apps", ""),
            ("deploy", "deployments.apps", ""),
            ("ingresses", "ingresses.networking.k8s.io", ""),
            ("Ingress", "ingresses.networking.k8s.io", ""),
            ("ing", "ingresses.networking.k8s.io", ""),
            ("king", "ingresses.networking.internal.knative.dev", ""),
            // Clients expand a short name only if no resource has it as its plural.
            ("svc", "svc.c.example.org", ""),
            ("w", "widgets.a.example.org", "a.example.org b.example.org"),
            ("gadgets", "gadgets.c.example.org", ""),
            ("widgets", "widgets.a.example.org", "a.example.org b.example.org"),
        ] {
            assert_eq!(catalog.resolve(name).unwrap().display(), expected, "{name}");
            let groups: Vec<&str> =
                catalog.ambiguous(name).iter().map(|served| &*served.group).collect();
            assert_eq!(groups.join(" "), ambiguous, "{name}");
        }
    }

    #[test]
    fn the_order_of_the_server_decides_where_it_is_known() {
        let mut builder = builder(&RESOURCES);
        for group in ["", "networking.internal.knative.dev", "networking.k8s.io"] {
            builder.group(group.into());
        }
        builder.group("b.example.org".into());
        builder.group("a.example.org".into());
        let catalog = builder.build().to_builder().build();
        for (name, expected) in [
            ("services", "services"),
            ("ingresses", "ingresses.networking.internal.knative.dev"),
            ("widgets", "widgets.b.example.org"),
        ] {
            assert_eq!(catalog.resolve(name).unwrap().display(), expected, "{name}");
            assert!(catalog.ambiguous(name).is_empty(), "{name}");
        }
    }
}
