//! Compares the evaluator's answers with a server's, and guesses causes of disagreements.

use rolecall_rbac::{Identity, VerdictKind};

use crate::{Answer, Question};

/// A question that two reviewers answer differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement<'a> {
    /// The question's position in the plan.
    pub position: usize,
    /// The question.
    pub question: &'a Question,
    /// The evaluator's answer.
    pub local: &'a Answer,
    /// The server's answer.
    pub live: &'a Answer,
    /// The probable cause.
    pub cause: Cause,
}

/// The probable cause of a server's different answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The server allows it without a reason: some authorizers, such as ABAC, give none, and
    /// neither does `system:masters`, a group that the identity might be in.
    Privileged,
    /// The Node authorizer allows it.
    Node,
    /// RBAC grants it to a group that the identity is not known to be in.
    UnknownGroup {
        /// The group.
        group: String,
    },
    /// The roles or bindings changed between the list and the review, or the server's cache is
    /// behind.
    Stale,
    /// An authorizer other than RBAC, such as a webhook, allows it.
    OtherAuthorizer,
    /// An authorizer other than RBAC denies it.
    Forbidden,
}

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// The questions that one side allows and the other does not.
    pub disagreements: Vec<Disagreement<'a>>,
    /// The number of questions that both sides answer.
    pub compared: usize,
    /// The number of questions that one side cannot answer; these never disagree.
    pub unknown: usize,
}

/// Compares the answers to the same questions.
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

/// Returns the group that the server's RBAC reason names as the subject.
fn group_of(reason: &str) -> Option<&str> {
    let (_, group) = reason.rsplit_once(" to Group \"")?;
    group.strip_suffix('"')
}

impl Cause {
    /// Returns the cause as the end of a sentence about the disagreement.
    pub fn explain(&self) -> String {
        match self {
            Self::Privileged => {
                "an authorizer that gives no reason allows it: ABAC, AlwaysAllow, a \
                 webhook, or membership of `system:masters` that rolecall does not know"
                    .to_owned()
            }
            Self::Node => "the Node authorizer allows it".to_owned(),
            Self::UnknownGroup { group } => {
                format!("the subject is in group `{group}`, which rolecall does not know")
            }
            Self::Stale => "roles or bindings changed after rolecall read them, or the server has not processed a change yet; try again"
                .to_owned(),
            Self::OtherAuthorizer => {
                "an authorizer other than RBAC, such as a webhook, allows it".to_owned()
            }
            Self::Forbidden => {
                "an authorizer other than RBAC, such as a webhook, denies it".to_owned()
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
    fn yes_against_no_is_a_disagreement_with_a_cause() {
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
