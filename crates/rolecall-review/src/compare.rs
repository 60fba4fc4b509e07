//! Where the evaluator and the server disagree, and why probably.

use rolecall_rbac::{Identity, VerdictKind};

use crate::{Answer, Question};

/// A question that two reviewers answer differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement<'a> {
    /// The question's position in the plan.
    pub position: usize,
    /// The question.
    pub question: &'a Question,
    /// What the evaluator says.
    pub local: &'a Answer,
    /// What the server says.
    pub live: &'a Answer,
    /// Why probably.
    pub cause: Cause,
}

/// Why a server answers differently from the evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server allows without a reason: an authorizer such as ABAC gives none, and none is given
    /// for `system:masters`, a group that the identity is not known to be in.
    Privileged,
    /// The Node authorizer allows it.
    Node,
    /// RBAC grants it through a binding to a group in which the identity is not known to be.
    UnknownGroup {
        /// The group.
        group: String,
    },
    /// The roles or bindings changed between the lists and the review, or the server has not seen
    /// them yet.
    Stale,
    /// Another authorizer than RBAC, such as a webhook, allows it.
    OtherAuthorizer,
    /// Another authorizer than RBAC forbids it.
    Forbidden,
}

/// What comparing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// Where one says yes, the other no.
    pub disagreements: Vec<Disagreement<'a>>,
    /// How many questions both know the answer to.
    pub compared: usize,
    /// How many questions one of them does not know the answer to; that disagrees with nothing.
    pub unknown: usize,
}

/// Compares the answers to some questions.
pub fn compare<'a>(
    questions: &'a [Question],
    local: &'a [Answer],
    live: &'a [Answer],
) -> Comparison<'a> {
    let mut comparison = Comparison::default();
    for (position, ((question, local), live)) in questions.iter().zip(local).zip(live).enumerate() {
        if [local, live].iter().any(|answer| answer.verdict == VerdictKind::Unknown) {
            comparison.unknown += 1;
            continue;
        }
        comparison.compared += 1;
        if local.is_allowed() != live.is_allowed() {
            let cause = cause(&question.identity, live);
            let disagreement = Disagreement { position, question, local, live, cause };
            comparison.disagreements.push(disagreement);
        }
    }
    comparison
}

fn cause(identity: &Identity, live: &Answer) -> Cause {
    match live.verdict {
        VerdictKind::Denied => Cause::Forbidden,
        VerdictKind::NoOpinion | VerdictKind::Unknown => Cause::Stale,
        VerdictKind::Allowed if live.reason.is_empty() => {
            if identity.is_node() {
                Cause::Node
            } else {
                Cause::Privileged
            }
        }
        VerdictKind::Allowed if live.reason.starts_with("RBAC: allowed by ") => {
            match group_of(&live.reason).filter(|group| !identity.is_in(group)) {
                Some(group) => Cause::UnknownGroup { group: group.to_owned() },
                None => Cause::Stale,
            }
        }
        VerdictKind::Allowed => Cause::OtherAuthorizer,
    }
}

/// Returns the group to which RBAC says that the binding grants.
fn group_of(reason: &str) -> Option<&str> {
    let (_, group) = reason.rsplit_once(" to Group \"")?;
    group.strip_suffix('"')
}

impl Cause {
    /// Returns the cause in words, as the end of a sentence that begins with the disagreement.
    pub fn explain(&self) -> String {
        match self {
            Self::Privileged => {
                "an authorizer that gives no reason allows it: ABAC, AlwaysAllow, a \
                 webhook, or membership of `system:masters` that is not known here"
                    .to_owned()
            }
            Self::Node => "the Node authorizer allows it".to_owned(),
            Self::UnknownGroup { group } => {
                format!("the subject is in group `{group}`, which is not known here")
            }
            Self::Stale => "roles or bindings changed between listing and asking, or the server \
                 has not seen a change yet; ask again"
                .to_owned(),
            Self::OtherAuthorizer => {
                "another authorizer than RBAC, such as a webhook, allows it".to_owned()
            }
            Self::Forbidden => {
                "another authorizer than RBAC, such as a webhook, forbids it".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rolecall_rbac::Request;

    use super::*;

    #[test]
    fn only_yes_against_no_is_a_disagreement_and_its_cause_is_told() {
        let jane = || Identity::user("jane");
        let node = || Identity::user("system:node:a").with_group("system:nodes");
        let yes = |reason| Answer::new(VerdictKind::Allowed, reason);
        let no = || Answer::new(VerdictKind::NoOpinion, "");
        let unknown = || Answer::new(VerdictKind::Unknown, "");
        let denied = || Answer::new(VerdictKind::Denied, "no");
        let granted = |to| format!("RBAC: allowed by RoleBinding \"b/n\" of Role \"r\" to {to}");
        let rows = [
            (jane(), yes("a"), yes("b"), None),
            (jane(), no(), denied(), None),
            (jane(), unknown(), yes(""), None),
            (jane(), yes(""), unknown(), None),
            (jane(), no(), yes(""), Some(Cause::Privileged)),
            (node(), no(), yes(""), Some(Cause::Node)),
            (jane(), no(), yes(&granted("User \"jane\"")), Some(Cause::Stale)),
            (
                jane(),
                no(),
                yes(&granted("Group \"devs\"")),
                Some(Cause::UnknownGroup { group: "devs".to_owned() }),
            ),
            (jane(), no(), yes(&granted("Group \"system:authenticated\"")), Some(Cause::Stale)),
            (jane(), no(), yes("policy says so"), Some(Cause::OtherAuthorizer)),
            (jane(), yes(""), no(), Some(Cause::Stale)),
            (jane(), yes(""), denied(), Some(Cause::Forbidden)),
        ];
        for (identity, local, live, expected) in rows {
            let request = Request::path("get", "/");
            let question = [Question { identity: Arc::new(identity), request }];
            let (local, live) = ([local], [live]);
            let found = compare(&question, &local, &live);
            let known = local.iter().chain(&live).all(|a| a.verdict != VerdictKind::Unknown);
            assert_eq!((found.compared, found.unknown), (known.into(), (!known).into()));
            let causes: Vec<&Cause> =
                found.disagreements.iter().map(|found| &found.cause).collect();
            assert_eq!(causes, expected.iter().collect::<Vec<_>>(), "{local:?} {live:?}");
        }
    }
}
