//! The smallest parts of rules.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, Request, Target, Text, Texts, break_down};

/// One verb on one resource, with at most one name, or on one URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// The API group; empty for core and for URLs.
    pub group: Text,
    /// `resource` or `resource/subresource`; empty for a URL.
    pub resource: Text,
    /// The URL; empty for a resource.
    pub url: Text,
    /// The name, if the rule is restricted to names.
    pub name: Option<Text>,
    /// The verb.
    pub verb: Text,
}

impl Atom {
    /// Returns the atoms of a rule.
    pub fn of_rule(rule: &PolicyRule) -> BTreeSet<Self> {
        let first = |texts: &Texts| texts.first().cloned().unwrap_or_default();
        let atom = |atom: PolicyRule| Self {
            group: first(&atom.api_groups),
            resource: first(&atom.resources),
            url: first(&atom.non_resource_urls),
            name: atom.resource_names.first().cloned(),
            verb: first(&atom.verbs),
        };
        break_down(rule).into_iter().map(atom).collect()
    }

    /// Returns the atom that allows only a request; with its name only if `named`.
    pub(crate) fn of_request(request: &Request, name: Option<Text>) -> Self {
        match &request.target {
            Target::Path(path) => Self {
                group: Text::default(),
                resource: Text::default(),
                url: path.clone(),
                name: None,
                verb: request.verb.clone(),
            },
            Target::Resource(target) => Self {
                group: target.group.clone(),
                resource: target.combined(),
                url: Text::default(),
                name,
                verb: request.verb.clone(),
            },
        }
    }

    /// Returns the rule that consists of the atom.
    pub fn rule(&self) -> PolicyRule {
        rules_of(&BTreeSet::from([self.clone()])).into_iter().next().unwrap_or_default()
    }
}

/// Merges atoms to rules that allow exactly the same.
pub fn rules_of(atoms: &BTreeSet<Atom>) -> Vec<PolicyRule> {
    type Names = BTreeSet<Text>;
    type Verbs = BTreeSet<Text>;
    let mut verbs: BTreeMap<(&Text, &Text, &Option<Text>), Verbs> = BTreeMap::new();
    let mut urls: BTreeMap<&Text, Verbs> = BTreeMap::new();
    for atom in atoms {
        let verbs = match atom.url.is_empty() {
            true => verbs.entry((&atom.group, &atom.resource, &atom.name)).or_default(),
            false => urls.entry(&atom.url).or_default(),
        };
        verbs.insert(atom.verb.clone());
    }
    let mut names: BTreeMap<(&Text, &Text, Verbs, bool), Names> = BTreeMap::new();
    for ((group, resource, name), verbs) in verbs {
        let key = (group, resource, verbs, name.is_some());
        names.entry(key).or_default().extend(name.clone());
    }
    let mut resources: BTreeMap<(&Text, Names, Verbs), BTreeSet<Text>> = BTreeMap::new();
    for ((group, resource, verbs, _), names) in names {
        resources.entry((group, names, verbs)).or_default().insert(resource.clone());
    }
    let mut paths: BTreeMap<Verbs, BTreeSet<Text>> = BTreeMap::new();
    for (url, verbs) in urls {
        paths.entry(verbs).or_default().insert(url.clone());
    }
    let of_resources = resources.into_iter().map(|((group, names, verbs), resources)| PolicyRule {
        verbs: verbs.into_iter().collect(),
        api_groups: Texts::from([group.clone()]),
        resources: resources.into_iter().collect(),
        resource_names: names.into_iter().collect(),
        non_resource_urls: Texts::default(),
    });
    let of_paths = paths.into_iter().map(|(verbs, urls)| PolicyRule {
        verbs: verbs.into_iter().collect(),
        non_resource_urls: urls.into_iter().collect(),
        ..PolicyRule::default()
    });
    of_resources.chain(of_paths).collect()
}
