//! The requests that impersonation takes (docs/semantics.md#impersonation).

use std::borrow::Cow;
use std::collections::BTreeMap;

use rolecall_rbac::{Identity, ServiceAccountName};

use crate::event::ObjectRef;
use crate::facts::{FactTarget, Facts, Person};

const GROUP: &str = "authentication.k8s.io";

/// A request of the impersonator.
pub(crate) struct Credit<'a> {
    pub(crate) verb: Cow<'a, str>,
    pub(crate) target: FactTarget<'a>,
}

/// Returns the requests that the server allowed so that one user could act as another.
pub(crate) fn credits<'a>(facts: &'a Facts<'_>, other: &'a Person<'_>) -> Vec<Credit<'a>> {
    let constraint = &*facts.constraint;
    let account = ServiceAccountName::parse(&other.name);
    let is_constrained = !constraint.is_empty();
    let verb = if is_constrained { constraint } else { "impersonate" };
    let group = if is_constrained { GROUP } else { "" };
    let credit = |group: &'a str, resource: &'a str, subresource: Cow<'a, str>, name| Credit {
        verb: Cow::Borrowed(verb),
        target: FactTarget::Object(ObjectRef {
            resource: Cow::Borrowed(resource),
            api_group: Cow::Borrowed(group),
            subresource,
            name,
            namespace: Cow::Borrowed(""),
        }),
    };
    let none = || Cow::Borrowed("");
    let mut credits = Vec::new();
    match account {
        Some(account) if constraint != "impersonate:user-info" => {
            let mut of_account = credit(group, "serviceaccounts", none(), account.name.into());
            if let FactTarget::Object(object) = &mut of_account.target {
                object.namespace = Cow::Borrowed(account.namespace);
            }
            credits.push(of_account);
        }
        _ if constraint.ends_with("-node") => {
            // Without a name, `associated-node` covers the node of the impersonator.
            let name = match constraint {
                "impersonate:associated-node" => "*",
                _ => other.name.strip_prefix("system:node:").unwrap_or(&other.name),
            };
            credits.push(credit(GROUP, "nodes", none(), name.into()));
        }
        _ => credits.push(credit(group, "users", none(), (&*other.name).into())),
    }
    // Constraints on accounts and nodes cover their groups.
    if !is_constrained || constraint == "impersonate:user-info" {
        for name in asked_groups(other) {
            credits.push(credit(group, "groups", none(), name.into()));
        }
        if !other.uid.is_empty() {
            credits.push(credit(GROUP, "uids", none(), (&*other.uid).into()));
        }
        for (key, values) in extra(other) {
            for value in values {
                let key = Cow::Owned(key.to_ascii_lowercase());
                credits.push(credit(GROUP, "userextras", key, value.into()));
            }
        }
    }
    if let Some(mode) = constraint.strip_prefix("impersonate:") {
        credits.push(Credit {
            verb: Cow::Owned(format!("impersonate-on:{mode}:{}", facts.verb)),
            target: borrowed(&facts.target),
        });
    }
    credits
}

/// Returns the groups that the impersonator asked for: the server adds the others.
fn asked_groups<'a>(other: &'a Person<'_>) -> Vec<&'a str> {
    let implied = Identity::user(&other.name).groups;
    let groups = other.groups.iter().flatten().map(|group| &**group);
    groups.filter(|group| !implied.iter().any(|implied| **implied == **group)).collect()
}

fn extra(other: &Person<'_>) -> BTreeMap<String, Vec<String>> {
    let parsed = other.extra.and_then(|extra| serde_json::from_str(extra).ok());
    parsed.unwrap_or_default()
}

/// Returns the same target without a copy.
pub(crate) fn borrowed<'a>(target: &'a FactTarget<'_>) -> FactTarget<'a> {
    let same = |text: &'a Cow<'_, str>| Cow::Borrowed(&**text);
    match target {
        FactTarget::Path(path) => FactTarget::Path(same(path)),
        FactTarget::Object(object) => FactTarget::Object(ObjectRef {
            resource: same(&object.resource),
            namespace: same(&object.namespace),
            name: same(&object.name),
            api_group: same(&object.api_group),
            subresource: same(&object.subresource),
        }),
    }
}
