//! Kubernetes' own subjects, which tables fold into one line.

use std::collections::BTreeSet;

use clap::Args;
use rolecall_rbac::{Binding, RuleGrant, Subject, SubjectKind};

use crate::words;

/// The option of lists that fold what Kubernetes creates itself.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Listing")]
pub(crate) struct SystemOptions {
    /// List what Kubernetes creates itself one by one: subjects such as controllers, and the default
    /// rules of every user
    #[arg(long)]
    pub(crate) show_system: bool,
}

impl SystemOptions {
    /// Returns whether a table folds access that these grants give.
    pub(crate) fn folds(self, grants: &[RuleGrant<'_>]) -> bool {
        let is_own = |grant: &RuleGrant<'_>| is_own(grant.subject, grant.binding);
        !self.show_system && !grants.is_empty() && grants.iter().all(is_own)
    }
}

/// Returns whether a subject of a binding is one of Kubernetes' own in one of the built-in bindings,
/// such as a controller, system:masters or a group of nodes, but not a group of all users.
pub(crate) fn is_own(subject: &Subject, binding: &Binding) -> bool {
    words::is_built_in(binding)
        && match subject.kind {
            SubjectKind::ServiceAccount => *subject.namespace == *"kube-system",
            _ => is_own_name(&subject.name),
        }
}

/// Returns whether a user or group is one of Kubernetes' own, but not one of all users.
pub(crate) fn is_own_name(name: &str) -> bool {
    const EVERYBODY: [&str; 3] =
        ["system:authenticated", "system:unauthenticated", "system:anonymous"];
    name.starts_with("system:")
        && !name.starts_with("system:serviceaccount")
        && !EVERYBODY.contains(&name)
}

/// Returns the line about subjects that a table folds; `None` if there are none.
pub(crate) fn folded(names: &BTreeSet<String>) -> Option<String> {
    let is_one = names.len() == 1;
    // Name the group that can do anything.
    let masters = match names.contains("group/system:masters") {
        true if is_one => ", system:masters",
        true => ", including system:masters",
        false => "",
    };
    let subjects = words::count(names.len(), "built-in subject");
    let them = if is_one { "it" } else { "them" };
    (!names.is_empty()).then(|| format!("and {subjects}{masters} (--show-system lists {them})"))
}
