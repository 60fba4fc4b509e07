//! Many questions answered by few rules reviews.

use std::collections::HashMap;

use futures::StreamExt;
use rolecall_rbac::{Identity, Request, ResourceRequest};
use rustc_hash::FxBuildHasher;

use super::{Call, Impersonation, LiveReviewer, PostError, Rules, RulesAnswer, Transport, Way};
use crate::{Answer, Asked, Ending, Progress, Question, Reviewer, Verdict, body};

/// The questions about one identity.
struct Subject<'q> {
    identity: &'q Identity,
    /// By namespace, in the order in which they come up.
    lots: Vec<Lot<'q>>,
}

/// The questions about one identity in one namespace, or in none, with their positions among all.
struct Lot<'q> {
    namespace: &'q str,
    questions: Vec<(usize, &'q Question)>,
}

impl Lot<'_> {
    /// Returns whether one rules review is cheaper than the access reviews.
    fn pays(&self) -> bool {
        self.questions.len() >= PAYS_FROM
    }
}

/// From how many questions on one rules review is cheaper than as many access reviews.
const PAYS_FROM: usize = 4;
/// From how many on it is where access reviews put its answers to the test.
const PAYS_WITH_SAMPLES_FROM: usize = 16;
/// How many of the answers yes, and of the answers no, about somebody else are put to the test.
const SAMPLES: usize = 4;

impl<T: Transport> LiveReviewer<T> {
    /// Answers by rules what somebody is asked so often in a namespace that a review of its rules
    /// pays: the caller itself, and others whom it may impersonate. One question of each lot about
    /// others is put as it is, to learn in which ways that can be done. The answers by rules have no
    /// reasons; at most `at_once` calls are under way, until `stop` is done. What is not answered is
    /// left to be asked.
    pub async fn answer_by_rules(
        &self,
        questions: &[Question],
        at_once: usize,
        progress: &Progress,
        stop: impl Future<Output = ()>,
    ) -> Asked<T::Error> {
        let subjects = subjects(questions);
        let mut answers = vec![None; questions.len()];
        let pays_with_samples = |subject: &Subject<'_>| {
            subject.lots.iter().any(|lot| self.pays_with_samples(subject.identity, lot))
        };
        let at_once = at_once.max(1);
        let each = (at_once / subjects.len().clamp(1, at_once)).max(1);
        let asking = async {
            let may_impersonate =
                subjects.iter().any(pays_with_samples) && self.may_impersonate().await?;
            let mut coming = futures::stream::iter(&subjects)
                .map(|subject| self.answer_about(subject, may_impersonate, each))
                .buffer_unordered(at_once);
            while let Some(about) = coming.next().await {
                let about = about?;
                progress.add(about.len());
                for (position, answer) in about {
                    if let Some(slot) = answers.get_mut(position) {
                        *slot = Some(answer);
                    }
                }
            }
            Ok(())
        };
        let ending = tokio::select! {
            biased;
            asked = asking => match asked {
                Ok(()) => Ending::Complete,
                Err(error) => Ending::Failed(error),
            },
            () = stop => Ending::Stopped,
        };
        Asked { answers, ending }
    }

    /// Answers what can be about one identity, in the order of the questions.
    async fn answer_about(
        &self,
        subject: &Subject<'_>,
        may_impersonate: bool,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let mut coming = futures::stream::iter(subject.lots.iter().filter(|lot| lot.pays()))
            .map(|lot| self.probe(subject.identity, lot, may_impersonate))
            .buffered(at_once);
        let (mut known, mut answers): (Vec<Rules>, Vec<(usize, Answer)>) = Default::default();
        while let Some(probed) = coming.next().await {
            let (answer, rules) = probed?;
            answers.extend(answer);
            known.extend(rules);
        }
        drop(coming);
        let asked: Vec<usize> = answers.iter().map(|(position, _)| *position).collect();
        let all = || subject.lots.iter().flat_map(|lot| &lot.questions);
        let by_rules = all()
            .filter(|(position, _)| !asked.contains(position))
            .filter_map(|(position, question)| {
                let answer = known.iter().find_map(|rules| rules.answer(&question.request))?;
                Some((*position, *question, answer))
            })
            .collect();
        answers.extend(self.put_to_the_test(by_rules, at_once).await?);
        Ok(answers)
    }

    /// Answers one question where that tells something, and asks for the rules where they pay.
    async fn probe(
        &self,
        identity: &Identity,
        lot: &Lot<'_>,
        may_impersonate: bool,
    ) -> Result<(Option<(usize, Answer)>, Option<Rules>), T::Error> {
        let Some(&(position, question)) = lot.questions.first() else { return Ok((None, None)) };
        let rules = async |impersonate| {
            let rules = self.rules_of(identity, &lot.namespace.into(), impersonate).await?;
            Ok(match rules {
                RulesAnswer::Complete(rules) => Some(rules),
                RulesAnswer::Partial(..) | RulesAnswer::Useless => None,
            })
        };
        if self.is_me(identity) {
            return Ok((None, rules(None).await?));
        }
        let answer = Some((position, self.review(question).await?));
        let pays = match self.next_way(question) {
            Some(Way::Anybody | Way::InNamespace) => {
                may_impersonate && self.pays_with_samples(identity, lot)
            }
            Some(Way::Impersonated | Way::Myself) => true,
            None => false,
        };
        let rules = if pays { rules(Some(Impersonation::of(identity))).await? } else { None };
        Ok((answer, rules))
    }

    /// Returns whether the rules of somebody else who can be impersonated are cheaper than access
    /// reviews, some of which are sent nevertheless.
    fn pays_with_samples(&self, identity: &Identity, lot: &Lot<'_>) -> bool {
        let Identity { user, groups, uid, extra, .. } = identity;
        // A server adds this group to whomever it lets be impersonated.
        let is_authenticated = groups.iter().any(|group| &**group == "system:authenticated");
        lot.questions.len() >= PAYS_WITH_SAMPLES_FROM
            && !self.is_me(identity)
            && !self.caller.is_impersonated
            && !user.is_empty()
            && is_authenticated
            && uid.is_empty()
            && extra.is_empty()
    }

    /// Asks whether the caller may impersonate everybody: to try it would be an attempt in audit logs.
    async fn may_impersonate(&self) -> Result<bool, T::Error> {
        for resource in ["users", "groups", "serviceaccounts"] {
            let target =
                ResourceRequest { resource: resource.into(), ..ResourceRequest::default() };
            let request = Request::resource("impersonate", target);
            let call = Call::self_subject_access_review(&request, None);
            match self.send(call).await {
                Ok(body) if body::answer(&body).is_some_and(|answer| answer.is_allowed()) => {}
                Err(PostError::Fatal(error)) => return Err(error),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Has the server review some of the answers about one identity that its rules gave, where it can.
    /// If it says otherwise, only its own answers are returned.
    async fn put_to_the_test(
        &self,
        by_rules: Vec<(usize, &Question, Answer)>,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let samples: Vec<_> = [Verdict::Allowed, Verdict::NoOpinion]
            .into_iter()
            .flat_map(|verdict| {
                let alike = by_rules.iter().filter(move |(.., answer)| answer.verdict == verdict);
                let step = alike.clone().count().div_ceil(SAMPLES).max(1);
                alike.step_by(step)
            })
            .filter(|(_, question, _)| {
                matches!(self.next_way(question), Some(Way::Anybody | Way::InNamespace))
            })
            .collect();
        let mut coming = futures::stream::iter(samples)
            .map(async |sample| (sample, self.review(sample.1).await))
            .buffered(at_once);
        let (mut stands, mut reviewed) = (true, HashMap::<usize, Answer, FxBuildHasher>::default());
        while let Some(((position, _, given), answer)) = coming.next().await {
            let answer = answer?;
            stands &= given.verdict == answer.verdict;
            reviewed.insert(*position, answer);
        }
        drop(coming);
        let answers = by_rules.into_iter().filter_map(|(position, _, answer)| {
            let answer = reviewed.remove(&position).or_else(|| stands.then_some(answer))?;
            Some((position, answer))
        });
        Ok(answers.collect())
    }
}

/// Returns who is asked about so often in a namespace, or in none, that their rules may pay, with all
/// questions about them.
fn subjects(questions: &[Question]) -> Vec<Subject<'_>> {
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    let mut known: HashMap<&Identity, usize, FxBuildHasher> = HashMap::default();
    let mut places: HashMap<(usize, &str), usize, FxBuildHasher> = HashMap::default();
    for (position, question) in questions.iter().enumerate() {
        let (identity, namespace) = (&*question.identity, question.request.namespace());
        let at = *known.entry(identity).or_insert_with(|| {
            subjects.push(Subject { identity, lots: Vec::new() });
            subjects.len() - 1
        });
        let Some(subject) = subjects.get_mut(at) else { continue };
        let lot = *places.entry((at, namespace)).or_insert_with(|| {
            subject.lots.push(Lot { namespace, questions: Vec::new() });
            subject.lots.len() - 1
        });
        if let Some(lot) = subject.lots.get_mut(lot) {
            lot.questions.push((position, question));
        }
    }
    subjects.retain(|subject| subject.lots.iter().any(Lot::pays));
    subjects
}
