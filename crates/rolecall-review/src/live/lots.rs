//! Many questions answered by few rules reviews.

use std::collections::HashMap;

use futures::StreamExt;
use rolecall_rbac::{Identity, Request, ResourceRequest};
use rustc_hash::FxBuildHasher;

use super::{Call, Impersonation, LiveReviewer, PostError, Rules, RulesAnswer, Transport, Way};
use crate::{Answer, Question, Reviewer, Verdict, body};

/// The questions about one identity in one namespace, or in none.
#[derive(Clone, Copy)]
struct Lot<'q> {
    /// The first one's position among all questions.
    position: usize,
    /// The first one.
    question: &'q Question,
    count: usize,
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
    /// reasons; at most `at_once` calls are under way.
    pub async fn answer_by_rules(
        &self,
        questions: &[Question],
        at_once: usize,
    ) -> Result<Vec<Option<Answer>>, T::Error> {
        let at_once = at_once.max(1);
        let mut lots: HashMap<(&Identity, &str), Lot<'_>, FxBuildHasher> = HashMap::default();
        for (position, question) in questions.iter().enumerate() {
            let key = (&*question.identity, question.request.namespace());
            lots.entry(key).or_insert(Lot { position, question, count: 0 }).count += 1;
        }
        let mut lots: Vec<Lot<'_>> =
            lots.into_values().filter(|lot| lot.count >= PAYS_FROM).collect();
        lots.sort_unstable_by_key(|lot| lot.position);
        let may_impersonate =
            lots.iter().any(|lot| self.pays_with_samples(lot)) && self.may_impersonate().await?;
        let mut answers = vec![None; questions.len()];
        let mut known: HashMap<&Identity, Vec<Rules>, FxBuildHasher> = HashMap::default();
        let mut coming = futures::stream::iter(lots)
            .map(async |lot| (lot, self.probe(&lot, may_impersonate).await))
            .buffered(at_once);
        while let Some((lot, probed)) = coming.next().await {
            let (answer, rules) = probed?;
            if let Some(slot) = answers.get_mut(lot.position) {
                *slot = answer;
            }
            if let RulesAnswer::Complete(rules) = rules {
                known.entry(&lot.question.identity).or_default().push(rules);
            }
        }
        drop(coming);
        let mut by_rules: HashMap<&Identity, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (position, (slot, question)) in answers.iter_mut().zip(questions).enumerate() {
            if slot.is_none() {
                let mut rules = known.get(&*question.identity).into_iter().flatten();
                *slot = rules.find_map(|rules| rules.answer(&question.request));
                if slot.is_some() {
                    by_rules.entry(&question.identity).or_default().push(position);
                }
            }
        }
        self.put_to_the_test(questions, by_rules.into_values(), &mut answers, at_once).await?;
        Ok(answers)
    }

    /// Answers one question where that tells something, and asks for the rules where they pay.
    async fn probe(
        &self,
        lot: &Lot<'_>,
        may_impersonate: bool,
    ) -> Result<(Option<Answer>, RulesAnswer), T::Error> {
        let Question { identity, request } = lot.question;
        let namespace = request.namespace().into();
        if self.is_me(identity) {
            return Ok((None, self.rules_of(identity, &namespace, None).await?));
        }
        let answer = self.review(lot.question).await?;
        let rules = match self.next_way(lot.question) {
            Some(Way::Anybody | Way::InNamespace)
                if !(may_impersonate && self.pays_with_samples(lot)) =>
            {
                RulesAnswer::Useless
            }
            Some(_) => {
                let somebody = Impersonation::of(identity);
                self.rules_of(identity, &namespace, Some(somebody)).await?
            }
            None => RulesAnswer::Useless,
        };
        Ok((Some(answer), rules))
    }

    /// Returns whether the rules of somebody else who can be impersonated are cheaper than access
    /// reviews, some of which are sent nevertheless.
    fn pays_with_samples(&self, lot: &Lot<'_>) -> bool {
        let Identity { user, groups, uid, extra, .. } = &*lot.question.identity;
        // A server adds this group to whomever it lets be impersonated.
        let is_authenticated = groups.iter().any(|group| &**group == "system:authenticated");
        lot.count >= PAYS_WITH_SAMPLES_FROM
            && !self.is_me(&lot.question.identity)
            && !self.caller.is_impersonated
            && !user.is_empty()
            && is_authenticated
            && uid.is_empty()
            && extra.is_empty()
    }

    /// Asks whether the caller may impersonate everybody. Trying it would be in audit logs as an attempt.
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

    /// Has the server review some of the answers that the rules of each identity gave, where it can,
    /// and takes back all that it gave where one of these does not stand.
    async fn put_to_the_test(
        &self,
        questions: &[Question],
        by_rules: impl Iterator<Item = Vec<usize>>,
        answers: &mut [Option<Answer>],
        at_once: usize,
    ) -> Result<(), T::Error> {
        let by_rules: Vec<Vec<usize>> = by_rules.collect();
        let samples = by_rules.iter().enumerate().flat_map(|(identity, positions)| {
            let samples = samples(positions, answers).into_iter();
            samples.filter_map(move |position| Some((identity, position, questions.get(position)?)))
        });
        let samples: Vec<(usize, usize, &Question)> = samples
            .filter(|(.., question)| {
                matches!(self.next_way(question), Some(Way::Anybody | Way::InNamespace))
            })
            .collect();
        let mut coming = futures::stream::iter(samples)
            .map(async |(identity, position, question)| {
                (identity, position, self.review(question).await)
            })
            .buffered(at_once);
        let mut reviewed = Vec::new();
        while let Some((identity, position, answer)) = coming.next().await {
            reviewed.push((identity, position, answer?));
        }
        for (identity, position, answer) in &reviewed {
            let given = answers.get(*position).and_then(Option::as_ref);
            if given.is_some_and(|given| given.verdict != answer.verdict) {
                for position in by_rules.get(*identity).into_iter().flatten() {
                    if let Some(slot) = answers.get_mut(*position) {
                        *slot = None;
                    }
                }
            }
        }
        for (_, position, answer) in reviewed {
            if let Some(slot) = answers.get_mut(position) {
                *slot = Some(answer);
            }
        }
        Ok(())
    }
}

/// Chooses some of the answers yes and some of the answers no, spread evenly.
fn samples(positions: &[usize], answers: &[Option<Answer>]) -> Vec<usize> {
    let verdict = |position: usize| Some(answers.get(position)?.as_ref()?.verdict);
    let some_of = |wanted| {
        let alike = positions.iter().copied().filter(move |at| verdict(*at) == Some(wanted));
        let step = alike.clone().count().div_ceil(SAMPLES).max(1);
        alike.step_by(step)
    };
    some_of(Verdict::Allowed).chain(some_of(Verdict::NoOpinion)).collect()
}
