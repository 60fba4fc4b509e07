//! Objects that Helm creates as hooks, so that they do not exist as long as their release.

use crate::Metadata;

/// The events that neither an installation nor an upgrade has.
const LATE: [&str; 6] =
    ["test", "test-success", "pre-delete", "post-delete", "pre-rollback", "post-rollback"];

/// The lifetime of an object that Helm creates as a hook, with its events such as `pre-install`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookLifetime<'a> {
    /// It exists once the hook has run, which an installation or upgrade does not do.
    AfterRun(Vec<&'a str>),
    /// Helm deletes it once the hook has succeeded.
    DuringRun(Vec<&'a str>),
    /// It exists from the first installation or upgrade.
    Lasting(Vec<&'a str>),
}

impl HookLifetime<'_> {
    /// Returns whether a release is usually without the object.
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::Lasting(_))
    }
}

impl Metadata {
    /// Returns the lifetime of a Helm hook; `None` for an ordinary object, and for one of a cluster, which
    /// exists.
    pub fn hook_lifetime(&self) -> Option<HookLifetime<'_>> {
        if self.annotations.is_empty() || self.stored {
            return None;
        }
        let events = list(self.annotation("helm.sh/hook")?);
        let policies = self.annotation("helm.sh/hook-delete-policy");
        Some(if policies.is_some_and(|policies| has(&list(policies), "hook-succeeded")) {
            HookLifetime::DuringRun(events)
        } else if !events.is_empty() && events.iter().all(|event| has(&LATE, event)) {
            HookLifetime::AfterRun(events)
        } else {
            HookLifetime::Lasting(events)
        })
    }
}

fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// Helm ignores the case of events and policies.
fn has(list: &[&str], word: &str) -> bool {
    list.iter().any(|item| item.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_exist_after_or_while_they_run() {
        let of = |hook: &str, policy: &str, stored: bool| {
            let annotations = [("helm.sh/hook", hook), ("helm.sh/hook-delete-policy", policy)];
            let annotations = annotations.map(|(key, value)| (key.into(), value.into())).into();
            Metadata { annotations, stored, ..Metadata::new("shop", "web") }
        };
        for (hook, policy, stored, expected) in [
            ("test", "", false, Some(HookLifetime::AfterRun(vec!["test"]))),
            (
                "pre-delete, post-delete",
                "before-hook-creation",
                false,
                Some(HookLifetime::AfterRun(vec!["pre-delete", "post-delete"])),
            ),
            (
                "test,pre-install",
                "",
                false,
                Some(HookLifetime::Lasting(vec!["test", "pre-install"])),
            ),
            (
                "pre-install",
                "hook-succeeded,hook-failed",
                false,
                Some(HookLifetime::DuringRun(vec!["pre-install"])),
            ),
            ("Test", "", false, Some(HookLifetime::AfterRun(vec!["Test"]))),
            (
                "pre-install",
                "Hook-Succeeded",
                false,
                Some(HookLifetime::DuringRun(vec!["pre-install"])),
            ),
            ("test", "", true, None),
        ] {
            assert_eq!(of(hook, policy, stored).hook_lifetime(), expected, "{hook} {policy}");
        }
        assert_eq!(Metadata::new("shop", "web").hook_lifetime(), None);
    }
}
