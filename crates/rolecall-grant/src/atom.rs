//! Splits needs into atoms, and merges atoms into readable rules that grant exactly these.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, Request, Target, Text, Texts};

/// The smallest unit that a rule can grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Atom {
    Resource {
        group: Text,
        /// `resource` or `resource/subresource`.
        resource: Text,
        /// The object name; `None` means every object and the collection.
        name: Option<Text>,
        verb: Text,
    },
    Path {
        path: Text,
        verb: Text,
    },
}

impl Atom {
    /// Returns the smallest atom that allows a request.
    ///
    /// `create` and `deletecollection` on whole objects are never limited to a name: a POST URL
    /// does not name the new object, and a collection has no name.
    pub(crate) fn needed_for(request: &Request) -> Self {
        let mut atom = Self::asked_by(request);
        if let Self::Resource { resource, name, verb, .. } = &mut atom
            && !resource.contains('/')
            && matches!(&**verb, "create" | "deletecollection")
        {
            *name = None;
        }
        atom
    }

    /// Returns the atom for a request, literally.
    pub(crate) fn asked_by(request: &Request) -> Self {
        let verb = request.verb.clone();
        match &request.target {
            Target::Path(path) => Self::Path { path: path.clone(), verb },
            Target::Resource(target) => Self::Resource {
                group: target.group.clone(),
                resource: target.combined(),
                name: Some(target.name.clone()).filter(|name| !name.is_empty()),
                verb,
            },
        }
    }

    /// Returns the atoms of a rule.
    pub(crate) fn of_rule(rule: &PolicyRule) -> Vec<Self> {
        let one = |texts: &Texts| texts.first().cloned();
        rolecall_rbac::break_down(rule)
            .iter()
            .filter_map(|atom| {
                let verb = one(&atom.verbs)?;
                Some(match one(&atom.non_resource_urls) {
                    Some(path) => Self::Path { path, verb },
                    None => Self::Resource {
                        group: one(&atom.api_groups)?,
                        resource: one(&atom.resources)?,
                        name: one(&atom.resource_names),
                        verb,
                    },
                })
            })
            .collect()
    }
}

/// Merges atoms into as few rules as possible that grant exactly the same, sorted.
///
/// Each step only merges atoms that differ in one field, so the product of a rule's fields is the
/// union of the merged atoms.
pub(crate) fn into_rules(atoms: impl IntoIterator<Item = Atom>) -> Vec<PolicyRule> {
    let atoms: BTreeSet<Atom> = atoms.into_iter().collect();
    let mut verbs: BTreeMap<(Text, Text, Option<Text>), BTreeSet<Text>> = BTreeMap::new();
    let mut verbs_of_path: BTreeMap<Text, BTreeSet<Text>> = BTreeMap::new();
    for atom in &atoms {
        match atom {
            Atom::Path { path, verb } => {
                verbs_of_path.entry(path.clone()).or_default().insert(verb.clone());
            }
            Atom::Resource { group, resource, name, verb } => {
                let unrestricted = Atom::Resource {
                    group: group.clone(),
                    resource: resource.clone(),
                    name: None,
                    verb: verb.clone(),
                };
                // An atom for every object includes the named one.
                if name.is_none() || !atoms.contains(&unrestricted) {
                    let key = (group.clone(), resource.clone(), name.clone());
                    verbs.entry(key).or_default().insert(verb.clone());
                }
            }
        }
    }
    let names =
        join(verbs.into_iter().map(|((group, resource, name), verbs)| {
            ((group, resource, verbs, name.is_some()), name)
        }));
    let resources = join(
        names
            .into_iter()
            .map(|((group, resource, verbs, _), names)| ((group, verbs, names), resource)),
    );
    let groups = join(
        resources
            .into_iter()
            .map(|((group, verbs, names), resources)| ((verbs, names, resources), group)),
    );
    let paths = join(verbs_of_path.into_iter().map(|(path, verbs)| (verbs, path)));
    let mut rules: Vec<PolicyRule> = groups
        .into_iter()
        .map(|((verbs, names, resources), groups)| PolicyRule {
            verbs: verbs.into_iter().collect(),
            api_groups: groups.into_iter().collect(),
            resources: resources.into_iter().collect(),
            resource_names: names.into_iter().flatten().collect(),
            non_resource_urls: Texts::default(),
        })
        .collect();
    rules.sort_by(|left, right| {
        let key = |rule: &PolicyRule| {
            (rule.api_groups.clone(), rule.resources.clone(), rule.resource_names.clone())
        };
        (key(left), &left.verbs).cmp(&(key(right), &right.verbs))
    });
    rules.extend(paths.into_iter().map(|(verbs, paths)| PolicyRule {
        verbs: verbs.into_iter().collect(),
        non_resource_urls: paths.into_iter().collect(),
        ..PolicyRule::default()
    }));
    rules
}

/// Collects the values of equal keys.
fn join<K: Ord, V: Ord>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, BTreeSet<V>> {
    let mut joined: BTreeMap<K, BTreeSet<V>> = BTreeMap::new();
    for (key, value) in pairs {
        joined.entry(key).or_default().insert(value);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parses `verb group/resource[/subresource][=name]` or `verb path`.
    fn atom(text: &str) -> Atom {
        let (verb, rest) = text.split_once(' ').unwrap();
        if rest.starts_with('/') {
            return Atom::Path { path: rest.into(), verb: verb.into() };
        }
        let (rest, name) = match rest.split_once('=') {
            Some((rest, name)) => (rest, Some(name.into())),
            None => (rest, None),
        };
        let (group, resource) = rest.split_once(':').unwrap();
        Atom::Resource { group: group.into(), resource: resource.into(), name, verb: verb.into() }
    }

    fn show(rules: &[PolicyRule]) -> Vec<String> {
        let list = |texts: &Texts| texts.join(",");
        rules
            .iter()
            .map(|rule| {
                let names = if rule.resource_names.is_empty() {
                    String::new()
                } else {
                    format!("={}", list(&rule.resource_names))
                };
                let urls = list(&rule.non_resource_urls);
                let resources = format!("{}:{}", list(&rule.api_groups), list(&rule.resources));
                let what = if urls.is_empty() { resources } else { urls };
                format!("{} {what}{names}", list(&rule.verbs))
            })
            .collect()
    }

    #[test]
    fn merging_rules_adds_no_access() {
        let rows: [(&[&str], &[&str]); 9] = [
            (&["get :pods", "list :pods"], &["get,list :pods"]),
            (&["get :pods", "get :nodes"], &["get :nodes,pods"]),
            (&["get :pods", "list :nodes"], &["list :nodes", "get :pods"]),
            (&["get :pods", "list :pods", "get :nodes"], &["get :nodes", "get,list :pods"]),
            (&["get :events", "get events.k8s.io:events"], &["get ,events.k8s.io:events"]),
            (&["get :a", "get :b", "get x:a"], &["get :a,b", "get x:a"]),
            (&["get :pods=a", "get :pods=b"], &["get :pods=a,b"]),
            (&["get :pods=a", "get :pods", "list :pods=a"], &["get :pods", "list :pods=a"]),
            (&["get /metrics", "get /healthz", "post /x"], &["get /healthz,/metrics", "post /x"]),
        ];
        for (atoms, expected) in rows {
            let rules = into_rules(atoms.iter().map(|text| atom(text)));
            assert_eq!(show(&rules), expected, "{atoms:?}");
        }
    }

    fn any_atom() -> impl Strategy<Value = Atom> {
        let texts = |texts: [&'static str; 3]| proptest::sample::select(texts.to_vec());
        let name = proptest::option::weighted(0.4, texts(["a", "b", "c"]));
        prop_oneof![
            6 => (texts(["get", "list", "watch"]), texts(["", "apps", "batch"]),
                texts(["pods", "jobs", "pods/log"]), name)
                .prop_map(|(verb, group, resource, name)| Atom::Resource {
                    group: group.into(),
                    resource: resource.into(),
                    name: name.map(Into::into),
                    verb: verb.into(),
                }),
            1 => (texts(["get", "post", "put"]), texts(["/a", "/b", "/c"]))
                .prop_map(|(verb, path)| Atom::Path { path: path.into(), verb: verb.into() }),
        ]
    }

    proptest! {
        #[test]
        fn merged_rules_contain_exactly_their_atoms(
            atoms in proptest::collection::btree_set(any_atom(), 0..30),
        ) {
            let rules = into_rules(atoms.clone());
            let held: BTreeSet<Atom> = rules.iter().flat_map(Atom::of_rule).collect();
            prop_assert!(held.is_subset(&atoms));
            for atom in atoms.difference(&held) {
                let Atom::Resource { group, resource, name: Some(_), verb } = atom else {
                    panic!("{atom:?} was lost");
                };
                let wider = Atom::Resource {
                    group: group.clone(),
                    resource: resource.clone(),
                    name: None,
                    verb: verb.clone(),
                };
                prop_assert!(held.contains(&wider));
            }
            // Merging is idempotent.
            prop_assert_eq!(into_rules(held), rules);
        }
    }
}
