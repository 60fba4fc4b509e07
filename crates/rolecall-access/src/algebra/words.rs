use std::fmt;

use rolecall_rbac::Text;

use super::{AccessTerm, Extent, ResourceTerm, UrlTerm};

/// How many resources of several groups are written one by one.
const FEW: usize = 8;

impl fmt::Display for AccessTerm {
    /// Writes `get,list pods,deployments.apps in namespace shop`, as people ask for it.
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
                match (term.verbs.is_everything(), &*resources) {
                    (true, "*") => formatter.write_str("every verb on every resource")?,
                    (true, resources) => write!(formatter, "every verb on {resources}")?,
                    (false, "*") => write!(formatter, "{} every resource", list(&term.verbs))?,
                    (false, resources) => write!(formatter, "{} {resources}", list(&term.verbs))?,
                }
                write!(formatter, "{}{}", term.names_in_words(), term.place_in_words())
            }
        }
    }
}

impl ResourceTerm {
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

    /// Returns ` named settings`, or nothing when every name is meant.
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

    /// Returns where, such as ` in namespace shop`.
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

/// Writes `deployments/scale` of group `apps` as `deployments.apps/scale`.
fn with_group(resource: &str, group: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_owned(),
        (group, None) => format!("{resource}.{group}"),
        (group, Some((parent, subresource))) => format!("{parent}.{group}/{subresource}"),
    }
}
