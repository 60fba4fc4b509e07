use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Metadata, PolicyRule, Role};

use super::build::{Pair, Pairs};
use crate::words::listed;
use crate::{FieldPath, Finding, documents};

/// The resources whose names Kustomize updates in rules.
const FOLLOWED: [&str; 3] = ["configmaps", "secrets", "*"];

/// The names of objects that a build renamed, by resource and the name in the source.
type Renamed<'a> = BTreeMap<(String, &'a str), &'a str>;

/// Finds resource names that a build replaced by mistake, and those that it did not replace.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    let renamed = renamed(pairs);
    for pair in &pairs.roles {
        let Pair { source, result } = *pair;
        if source.rules.len() != result.rules.len() {
            continue;
        }
        for (index, (old, new)) in source.rules.iter().zip(result.rules.iter()).enumerate() {
            if old.resources != new.resources
                || old.resource_names.len() != new.resource_names.len()
            {
                continue;
            }
            let names = old.resource_names.iter().zip(new.resource_names.iter()).enumerate();
            for (position, (before, after)) in names {
                let field = FieldPath::key("rules")
                    .then_index(index)
                    .then_key("resourceNames")
                    .then_index(position);
                let found = match before == after {
                    false if pairs.build.data_objects.iter().any(|name| **name == **after) => {
                        replaced(result, new, before, after)
                    }
                    // A patch or a configured reference.
                    false => None,
                    true => outdated(result, new, before, &renamed),
                };
                findings.extend(found.map(|finding| finding.at(field)));
            }
        }
    }
}

/// Reports a name that was replaced with that of a ConfigMap or Secret, in a rule for another resource.
fn replaced(role: &Role, rule: &PolicyRule, before: &str, after: &str) -> Option<Finding> {
    let is_followed = rule.resources.iter().any(|resource| FOLLOWED.contains(&base(resource)));
    if is_followed || !after.contains(before) {
        return None;
    }
    let resources = listed(&rule.resources);
    let message = format!(
        "Kustomize replaces `{before}` with `{after}`, because a ConfigMap or Secret of the build has that \
         name, but the rule is about {resources}"
    );
    let finding = Finding::new(&documents::RC704, role.into(), message).about(before);
    Some(finding.fix("give the ConfigMap or Secret another name"))
}

/// Reports a name that an object of the build no longer has.
fn outdated(role: &Role, rule: &PolicyRule, name: &str, renamed: &Renamed<'_>) -> Option<Finding> {
    let mut resources = rule.resources.iter().map(|resource| base(resource));
    let (resource, after) =
        resources.find_map(|it| Some((it.to_owned(), *renamed.get(&(it.to_owned(), name))?)))?;
    let message = format!(
        "Kustomize renames the object `{name}` of `{resource}` to `{after}`, but only replaces the names of \
         ConfigMaps and Secrets in `resourceNames`"
    );
    let finding = Finding::new(&documents::RC704, role.into(), message).about(name);
    Some(finding.fix(format!("use `{after}`, with a patch or `replacements`")))
}

/// Returns the objects that were renamed, if no other object has the old name.
fn renamed<'a>(pairs: &Pairs<'a>) -> Renamed<'a> {
    let mut renamed = Renamed::new();
    let mut add = |kind: &str, source: &'a Metadata, result: &'a Metadata| {
        if source.name != result.name {
            renamed.insert((resource_of(kind), &*source.name), &*result.name);
        }
    };
    for pair in &pairs.accounts {
        add("ServiceAccount", &pair.source.metadata, &pair.result.metadata);
    }
    for pair in &pairs.roles {
        add(pair.source.kind(), &pair.source.metadata, &pair.result.metadata);
    }
    for pair in &pairs.bindings {
        add(pair.source.kind(), &pair.source.metadata, &pair.result.metadata);
    }
    for pair in &pairs.workloads {
        add(&pair.source.kind, &pair.source.metadata, &pair.result.metadata);
    }
    let result = pairs.build.result;
    let roles = result.roles().iter().map(|it| (it.kind(), &it.metadata));
    let bindings = result.bindings().iter().map(|it| (it.kind(), &it.metadata));
    let accounts = result.service_accounts().iter().map(|it| ("ServiceAccount", &it.metadata));
    let workloads = result.workloads().iter().map(|it| (&*it.kind, &it.metadata));
    let kept: BTreeSet<(String, &str)> = roles
        .chain(bindings)
        .chain(accounts)
        .chain(workloads)
        .map(|(kind, metadata)| (resource_of(kind), &*metadata.name))
        .collect();
    renamed.retain(|key, _| !kept.contains(key));
    renamed
}

/// Returns the resource of one of Kubernetes' kinds that affect access.
fn resource_of(kind: &str) -> String {
    format!("{}s", kind.to_ascii_lowercase())
}

/// Returns a resource without its subresource.
fn base(resource: &str) -> &str {
    resource.split_once('/').map_or(resource, |(base, _)| base)
}
