use rolecall_rbac::{PolicyRule, Request, Target, Text};

use super::{Axis, Operation, ResourceKey, Set, UrlKey};

pub(super) type Names = Axis<Text, bool>;
pub(super) type Verbs = Axis<Text, Names>;
pub(super) type Resources = Axis<ResourceKey, Verbs>;
pub(super) type Groups = Axis<Text, Resources>;
pub(super) type Namespaces = Axis<Text, Groups>;
pub(super) type UrlVerbs = Axis<Text, bool>;
pub(super) type Urls = Axis<UrlKey, UrlVerbs>;

/// A set of access requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessSet {
    pub(super) resources: Namespaces,
    pub(super) urls: Urls,
}

/// The requests that rules allow, before they are bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleSet {
    pub(super) resources: Groups,
    pub(super) urls: Urls,
}

impl RuleSet {
    /// Returns the empty set.
    pub fn nothing() -> Self {
        Self { resources: Set::nothing(), urls: Set::nothing() }
    }

    /// Returns the requests that rules allow.
    pub fn of_rules<'a>(rules: impl IntoIterator<Item = &'a PolicyRule>) -> Self {
        // Merge sort style: each rule takes part in few unions.
        let mut halves: Vec<(u32, Self)> = Vec::new();
        for rule in rules {
            let mut joined = (0, Self::of_rule(rule));
            while let Some((size, half)) = halves.pop_if(|(size, _)| *size == joined.0) {
                joined = (size + 1, half.union(&joined.1));
            }
            halves.push(joined);
        }
        halves.into_iter().rev().fold(Self::nothing(), |joined, (_, half)| half.union(&joined))
    }

    fn of_rule(rule: &PolicyRule) -> Self {
        let names = match &*rule.resource_names {
            [] => Names::everything(),
            // `*` is a literal name here.
            names => Names::at(names.iter().cloned(), &true),
        };
        let verbs = Verbs::of_rule_field(&rule.verbs, &names);
        let resources = match rule.resources.iter().any(|resource| &**resource == "*") {
            true => Resources::constant(verbs),
            false => Resources::at(rule.resources.iter().filter_map(ResourceKey::parse), &verbs),
        };
        let url_verbs = UrlVerbs::of_rule_field(&rule.verbs, &true);
        let urls: Option<Vec<_>> = rule.non_resource_urls.iter().map(UrlKey::parse).collect();
        Self {
            resources: Groups::of_rule_field(&rule.api_groups, &resources),
            urls: match urls {
                None => Urls::constant(url_verbs),
                Some(urls) => Urls::at(urls, &url_verbs),
            },
        }
    }

    /// Returns the union.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            resources: self.resources.combine(&other.resources, Operation::Union),
            urls: self.urls.combine(&other.urls, Operation::Union),
        }
    }

    /// Returns the access that ClusterRoleBindings to the rules grant.
    pub fn everywhere(&self) -> AccessSet {
        AccessSet {
            resources: Namespaces::constant(self.resources.clone()),
            urls: self.urls.clone(),
        }
    }

    /// Returns the access that RoleBindings to the rules grant in some namespaces: no URLs, and
    /// nothing at the cluster scope.
    pub fn within(&self, namespaces: impl IntoIterator<Item = Text>) -> AccessSet {
        let namespaces = namespaces.into_iter().filter(|namespace| !namespace.is_empty());
        AccessSet { resources: Namespaces::at(namespaces, &self.resources), urls: Set::nothing() }
    }
}

impl AccessSet {
    /// Returns the empty set.
    pub fn nothing() -> Self {
        Self { resources: Set::nothing(), urls: Set::nothing() }
    }

    /// Returns the set of all requests.
    pub fn everything() -> Self {
        Self { resources: Set::everything(), urls: Set::everything() }
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.resources.is_nothing() && self.urls.is_nothing()
    }

    /// Returns whether a request is in the set.
    pub fn contains(&self, request: &Request) -> bool {
        match &request.target {
            Target::Path(path) => *self.urls.get(&UrlKey::Exact(path.clone())).get(&request.verb),
            Target::Resource(target) => {
                let resource = ResourceKey::Exact {
                    resource: target.resource.clone(),
                    subresource: target.subresource.clone(),
                };
                *self
                    .resources
                    .get(&target.namespace)
                    .get(&target.group)
                    .get(&resource)
                    .get(&request.verb)
                    .get(&target.name)
            }
        }
    }

    /// Returns whether every request of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.resources.is_subset(&other.resources) && self.urls.is_subset(&other.urls)
    }

    /// Returns the union of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, Operation::Union)
    }

    /// Returns the intersection of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, Operation::Intersection)
    }

    /// Returns the requests of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, Operation::Difference)
    }

    fn combine(&self, other: &Self, operation: Operation) -> Self {
        Self {
            resources: self.resources.combine(&other.resources, operation),
            urls: self.urls.combine(&other.urls, operation),
        }
    }
}
