use std::fmt;

use rolecall_rbac::{Text, with_group};

use super::{AccessTerm, Extent, ResourceTerm, UrlTerm};

/// The maximum number of resources from several groups to list individually.
const FEW: usize = 8;

impl fmt::Display for AccessTerm {
    /// Writes `get,list pods,deployments.apps in namespace shop`, like the arguments of a question.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => formatter.write_str("everything"),
            Self::Urls(UrlTerm { verbs, urls }) => {
                let urls = match urls.is_everything() || *urls == Extent::of_list(["/*"]) {
                    true => "every URL".to_owned(),
                    false => list(urls),
                };
                match verbs.is_everything() {
                    true => write!(formatter, "every verb on {urls}"),
                    false => write!(formatter, "{} {urls}", list(verbs)),
                }
            }
            Self::Resources(term) => {
                let resources = term.resources_in_words();
                let resources = match &*resources {
                    "*" => "every resource",
                    resources => resources,
                };
                match &*term.verbs.except {
                    _ if term.verbs.is_everything() => {
                        write!(formatter, "every verb on {resources}")?;
                    }
                    except if term.verbs.all => {
                        let except = texts(except);
                        write!(formatter, "every verb but {except} on {resources}")?;
                    }
                    _ => write!(formatter, "{} {resources}", list(&term.verbs))?,
                }
                write!(formatter, "{}{}", term.names_in_words(), term.place_in_words())?;
                match &*term.special_verbs() {
                    [] => Ok(()),
                    verbs => write!(formatter, " (such as {})", verbs.join(",")),
                }
            }
        }
    }
}

/// Verbs with special effects: API group, resource, verb.
const SPECIAL_VERBS: [(&str, &str, &str); 14] = [
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ("rbac.authorization.k8s.io", "roles", "bind"),
    ("rbac.authorization.k8s.io", "roles", "escalate"),
    ("", "groups", "impersonate"),
    ("", "serviceaccounts", "impersonate"),
    ("", "users", "impersonate"),
    ("authentication.k8s.io", "uids", "impersonate"),
    ("authentication.k8s.io", "userextras", "impersonate"),
    ("certificates.k8s.io", "signers", "approve"),
    ("certificates.k8s.io", "signers", "attest"),
    ("certificates.k8s.io", "signers", "sign"),
    ("policy", "podsecuritypolicies", "use"),
    ("security.openshift.io", "securitycontextconstraints", "use"),
];

impl ResourceTerm {
    /// Returns verbs of an "all except" term that readers would overlook: those that escalate
    /// privileges, and `deletecollection` if `delete` is excluded.
    fn special_verbs(&self) -> Vec<&str> {
        if !self.verbs.all || self.verbs.except.is_empty() {
            return Vec::new();
        }
        let is_excepted = |verb: &str| self.verbs.except.iter().any(|known| **known == *verb);
        let special = SPECIAL_VERBS
            .iter()
            .filter(|(group, resource, _)| self.groups.has(group) && self.resources.has(resource));
        let mut verbs: Vec<&str> = special.map(|(.., verb)| *verb).collect();
        if is_excepted("delete") {
            verbs.push("deletecollection");
        }
        verbs.retain(|verb| !is_excepted(verb));
        verbs.sort_unstable();
        verbs.dedup();
        verbs
    }

    /// Returns the resources with their groups, such as `pods,deployments.apps/scale`.
    pub fn resources_in_words(&self) -> String {
        let (groups, resources) = (&self.groups, &self.resources);
        let everything = groups.is_everything() && resources.is_everything();
        if everything {
            return "*".to_owned();
        }
        let is_list = |extent: &Extent| !extent.all && extent.except.is_empty();
        let few = groups.listed.len() == 1 || groups.listed.len() * resources.listed.len() <= FEW;
        if is_list(groups) && is_list(resources) && few {
            let of_group =
                |group: &Text| resources.listed.iter().map(|one| with_group(one, group)).collect();
            return groups
                .listed
                .iter()
                .flat_map::<Vec<_>, _>(of_group)
                .collect::<Vec<_>>()
                .join(",");
        }
        match (&*groups.listed, groups.is_everything()) {
            ([group], _) if is_list(groups) && resources.is_everything() && !group.is_empty() => {
                format!("*.{group}")
            }
            ([group], _) if is_list(groups) => {
                format!("{} of API group {group:?}", list(resources))
            }
            (_, true) => format!("{} of every API group", list(resources)),
            _ => format!("{} of API groups {}", list(resources), list(groups)),
        }
    }

    /// Returns ` named settings`, or nothing for all names.
    pub fn names_in_words(&self) -> String {
        let names = &self.names;
        match (&*names.listed, &*names.except) {
            _ if names.is_everything() => String::new(),
            ([only], []) if only.is_empty() => " without a name".to_owned(),
            ([], [only]) if only.is_empty() => " with a name".to_owned(),
            ([], except) => format!(" not named {}", texts(except)),
            _ => format!(" named {}", list(names)),
        }
    }

    /// Returns the namespaces, such as ` in namespace shop`.
    pub fn place_in_words(&self) -> String {
        let namespaces = &self.namespaces;
        let cluster = |list: &[Text]| list.iter().any(|namespace| namespace.is_empty());
        let named = |list: &[Text]| -> String {
            let named: Vec<&str> =
                list.iter().map(|namespace| &**namespace).filter(|name| !name.is_empty()).collect();
            match *named {
                [only] => format!("namespace {only}"),
                _ => format!("namespaces {}", named.join(",")),
            }
        };
        match (&*namespaces.listed, &*namespaces.except) {
            _ if namespaces.is_everything() => " everywhere".to_owned(),
            ([only], []) if only.is_empty() => " at the cluster scope".to_owned(),
            (listed, []) if cluster(listed) => {
                format!(" at the cluster scope and in {}", named(listed))
            }
            (listed, []) => format!(" in {}", named(listed)),
            ([], [only]) if only.is_empty() => " in every namespace".to_owned(),
            ([], except) if cluster(except) => {
                format!(" in every namespace but {}", named(except))
            }
            (_, except) => format!(" everywhere but in {}", named(except)),
        }
    }
}

impl Extent {
    /// Returns whether it includes a plain text.
    fn has(&self, text: &str) -> bool {
        let names = |texts: &[Text]| texts.iter().any(|known| **known == *text);
        names(&self.listed) || (self.all && !names(&self.except))
    }
}

fn list(extent: &Extent) -> String {
    let included = match (extent.all, &*extent.listed) {
        (true, []) => "*".to_owned(),
        (true, listed) => format!("*,{}", texts(listed)),
        (false, listed) => texts(listed),
    };
    match &*extent.except {
        [] => included,
        except => format!("{included} except {}", texts(except)),
    }
}

fn texts(texts: &[Text]) -> String {
    let quoted = texts.iter().map(|text| if text.is_empty() { "\"\"" } else { text });
    quoted.collect::<Vec<_>>().join(",")
}
