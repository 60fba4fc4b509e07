//! Risks that are not sets of requests: wildcards in rules, and subjects of bindings.

use rolecall_rbac::{PolicyRule, Text};

use crate::{RuleCode, Severity, known};

/// The severities of a finding by the scope of the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scoped {
    /// The code of the finding.
    pub code: RuleCode,
    /// The severity cluster-wide or in `kube-system`.
    pub severity: Severity,
    /// The severity in another namespace.
    pub in_namespace: Severity,
}

/// A rule with a wildcard.
pub const WILDCARD: Scoped =
    Scoped { code: RuleCode(504), severity: Severity::Low, in_namespace: Severity::Info };

/// A binding of `system:masters`.
pub const MASTERS: Scoped =
    Scoped { code: RuleCode(506), severity: Severity::Critical, in_namespace: Severity::High };

/// A binding of unauthenticated clients.
pub const ANONYMOUS: Scoped =
    Scoped { code: RuleCode(507), severity: Severity::Critical, in_namespace: Severity::High };

/// A binding of all authenticated clients.
pub const AUTHENTICATED: Scoped =
    Scoped { code: RuleCode(508), severity: Severity::High, in_namespace: Severity::Medium };

/// A binding of the `default` ServiceAccount.
pub const DEFAULT_ACCOUNT: Scoped =
    Scoped { code: RuleCode(509), severity: Severity::Medium, in_namespace: Severity::Low };

const ALL: [Scoped; 5] = [WILDCARD, MASTERS, ANONYMOUS, AUTHENTICATED, DEFAULT_ACCOUNT];

impl Scoped {
    /// Returns the severity in a scope; `None` means cluster-wide.
    pub fn severity_in(&self, namespace: Option<&str>) -> Severity {
        match namespace {
            None | Some("kube-system") => self.severity,
            Some(_) => self.in_namespace,
        }
    }
}

/// Returns the highest severity of a code.
pub fn severity(code: RuleCode) -> Option<Severity> {
    let of_risk = super::find(code).map(|risk| risk.severity);
    of_risk.or_else(|| Some(ALL.iter().find(|scoped| scoped.code == code)?.severity))
}

/// Returns the severities of a code with their conditions, such as `info; low in the whole
/// cluster`.
pub fn grades(code: RuleCode) -> Option<String> {
    if let Some(risk) = super::find(code) {
        return Some(risk.grades());
    }
    let scoped = ALL.iter().find(|scoped| scoped.code == code)?;
    Some(format!(
        "{}; {} in the whole cluster",
        scoped.in_namespace.as_str(),
        scoped.severity.as_str()
    ))
}

/// Returns the field of a rule that contains a wildcard, and its effect.
pub fn wildcard(rule: &PolicyRule) -> Option<(&'static str, &'static str)> {
    let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
    let is_spelled_out = known::RESOURCE_VERBS
        .iter()
        .all(|verb| rule.verbs.iter().any(|written| **written == **verb));
    let groups = star(&rule.api_groups) && !rule.resources.is_empty();
    Some(match (star(&rule.verbs), star(&rule.resources)) {
        (true, true) => ("verbs", "allows any verb on any resource of an API group"),
        (true, false) => ("verbs", "allows any verb"),
        (false, true) => ("resources", "allows any resource of an API group"),
        (false, false) if is_spelled_out => ("verbs", "allows every verb that requests have"),
        (false, false) if groups => {
            ("apiGroups", "allows resources of these names in every API group")
        }
        (false, false) => return None,
    })
}
