//! Answers many questions with few rules reviews.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use futures::StreamExt;
use rolecall_rbac::{Identity, Request, ResourceRequest, Text};
use rustc_hash::FxBuildHasher;

use super::{Call, Impersonation, LiveReviewer, PostError, Route, Rules, RulesAnswer, Transport};
use crate::wire::body;
use crate::{Answer, Asked, Ending, Progress, Question, Reviewer};

/// The evidence that the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The verdict is enough.
    Verdict,
    /// The reason for allowing a request, which requires an individual review.
    Reason,
    /// An individual review for each question.
    Review,
}

impl Evidence {
    fn is_in(self, answer: &Answer) -> bool {
        match self {
            Self::Verdict => true,
            Self::Reason => !answer.is_allowed() || !answer.reason.is_empty(),
            Self::Review => false,
        }
    }
}

/// The questions about one identity.
struct Subject<'q> {
    identity: &'q Identity,
    /// By namespace, in order of appearance.
    batches: Vec<NamespaceBatch<'q>>,
}

/// The questions about one identity in one namespace, or in none, with their positions in the plan.
struct NamespaceBatch<'q> {
    namespace: &'q str,
    questions: Vec<(usize, &'q Question)>,
}

/// A position, a question, and the answer from rules.
type Answered<'q> = (usize, &'q Question, Answer);

impl NamespaceBatch<'_> {
    /// Returns whether one rules review is cheaper than the access reviews.
    fn pays(&self) -> bool {
        self.questions.len() >= PAYS_FROM
    }
}

/// The number of questions from which one rules review is cheaper than individual access reviews.
const PAYS_FROM: usize = 4;
/// The same, if access reviews verify a sample of the answers.
const PAYS_WITH_SAMPLES_FROM: usize = 16;

impl<T: Transport> LiveReviewer<T> {
    /// Answers questions from rules reviews where an identity has enough questions in a namespace:
    /// for the caller itself, and for others that it can impersonate. For each batch about another
    /// identity, one question is reviewed directly to discover which routes the server allows. At
    /// most `at_once` calls run concurrently, until `stop` completes. Questions that remain
    /// unanswered, or whose answers lack the required evidence, are left to the caller.
    pub async fn answer_by_rules(
        &self,
        questions: &[Question],
        wanted: Evidence,
        at_once: usize,
        progress: &Progress,
        stop: impl Future<Output = ()>,
    ) -> Asked<T::Error> {
        let subjects = if wanted == Evidence::Review { Vec::new() } else { subjects(questions) };
        let mut answers = vec![None; questions.len()];
        let pays_with_samples = |subject: &Subject<'_>| {
            subject.batches.iter().any(|batch| self.pays_with_samples(subject.identity, batch))
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
                let mut about = about?;
                about.retain(|(_, answer)| wanted.is_in(answer));
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

    /// Answers as many questions about one identity as possible.
    async fn answer_about(
        &self,
        subject: &Subject<'_>,
        may_impersonate: bool,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let mut batches: Vec<&NamespaceBatch<'_>> =
            subject.batches.iter().filter(|batch| batch.pays()).collect();
        batches.sort_by_key(|batch| Reverse(batch.questions.len()));
        let Some((first, batches)) = batches.split_first() else { return Ok(Vec::new()) };
        let (answer, rules) = self.probe(subject.identity, first, may_impersonate).await?;
        let mut answers: Vec<(usize, Answer)> = answer.into_iter().collect();
        // If one namespace's rules are unusable, so are those of the others.
        let Some(rules) = rules else { return Ok(answers) };
        let mut known: HashMap<&str, Rules, FxBuildHasher> = HashMap::default();
        known.insert(first.namespace, rules);
        let mut coming = futures::stream::iter(batches)
            .map(async |batch| (batch, self.probe(subject.identity, batch, may_impersonate).await))
            .buffered(at_once);
        while let Some((batch, probed)) = coming.next().await {
            let (answer, rules) = probed?;
            answers.extend(answer);
            known.extend(rules.map(|rules| (batch.namespace, rules)));
        }
        drop(coming);
        let reviewed: HashSet<usize, FxBuildHasher> =
            answers.iter().map(|(position, _)| *position).collect();
        let mut by_rules = Vec::new();
        for batch in &subject.batches {
            // Rules of any namespace can refute cluster-scoped questions if the cluster-wide rules
            // are unknown.
            let own = known.get(batch.namespace).or_else(|| known.get(""));
            let others = known.values().filter(|_| batch.namespace.is_empty());
            let Some(rules) = own.or(others.min_by_key(|rules| rules.namespace())) else {
                continue;
            };
            for (position, question) in &batch.questions {
                if let Some(answer) = rules.answer(&question.request)
                    && !reviewed.contains(position)
                {
                    by_rules.push((*position, *question, answer));
                }
            }
            tokio::task::yield_now().await;
        }
        answers.extend(self.verify_sample(by_rules, at_once).await?);
        Ok(answers)
    }

    /// Reviews one question directly where that is useful, and requests the rules where that is
    /// cheaper.
    async fn probe(
        &self,
        identity: &Identity,
        batch: &NamespaceBatch<'_>,
        may_impersonate: bool,
    ) -> Result<(Option<(usize, Answer)>, Option<Rules>), T::Error> {
        let Some(&(position, question)) = batch.questions.first() else { return Ok((None, None)) };
        let rules = async |impersonate| {
            let rules = self.rules_of(identity, &batch.namespace.into(), impersonate).await?;
            Ok(match rules {
                RulesAnswer::Complete(rules) => Some(rules),
                RulesAnswer::Partial(..) | RulesAnswer::Useless => None,
            })
        };
        if self.is_me(identity) {
            return Ok((None, rules(None).await?));
        }
        let answer = Some((position, self.review(question).await?));
        let pays = match self.next_route(question) {
            Some(Route::Anyone | Route::InNamespace) => {
                may_impersonate && self.pays_with_samples(identity, batch)
            }
            Some(Route::Impersonated | Route::Myself) => true,
            None => false,
        };
        let rules = if pays { rules(Some(Impersonation::of(identity))).await? } else { None };
        Ok((answer, rules))
    }

    /// Returns whether the rules of another identity, which can be impersonated, are cheaper than
    /// access reviews, including the reviews for verification.
    fn pays_with_samples(&self, identity: &Identity, batch: &NamespaceBatch<'_>) -> bool {
        let Identity { user, groups, uid, extra, .. } = identity;
        // A server adds this group to impersonated users, and others to nodes.
        let is_authenticated = groups.iter().any(|group| &**group == "system:authenticated");
        let is_node = user.starts_with("system:node:");
        // HTTP headers lose leading and trailing spaces.
        let survives_headers = |text: &Text| !text.is_empty() && text.trim() == &**text;
        batch.questions.len() >= PAYS_WITH_SAMPLES_FROM
            && !self.is_me(identity)
            && self.impersonates()
            && is_authenticated
            && !is_node
            && survives_headers(user)
            && groups.iter().all(survives_headers)
            && uid.is_empty()
            && extra.is_empty()
    }

    /// Asks whether the caller can impersonate anyone, because a failed attempt would show up in
    /// audit logs.
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

    /// Verifies a sample of the answers from rules for one identity with access reviews, if
    /// possible. If the server disagrees, returns only the server's answers.
    async fn verify_sample(
        &self,
        by_rules: Vec<Answered<'_>>,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let samples: Vec<_> = samples(&by_rules)
            .into_iter()
            .filter(|(_, question, _)| {
                matches!(self.next_route(question), Some(Route::Anyone | Route::InNamespace))
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

/// Picks an allowed and a denied answer for each verb, spread over the questions.
fn samples<'a, 'q>(by_rules: &'a [Answered<'q>]) -> Vec<&'a Answered<'q>> {
    let mut groups: BTreeMap<(&str, bool), Vec<&Answered<'_>>> = BTreeMap::new();
    for answered in by_rules {
        let (_, question, answer) = answered;
        groups.entry((&question.request.verb, answer.is_allowed())).or_default().push(answered);
    }
    let count = groups.len();
    let chosen = groups.values().zip(0..).filter_map(|(groups, index): (_, usize)| {
        groups.get(groups.len() * (2 * index + 1) / (2 * count).max(1)).copied()
    });
    chosen.collect()
}

/// Returns the identities with enough questions in a namespace, or in none, for a rules review to
/// be cheaper, with all questions about them.
fn subjects(questions: &[Question]) -> Vec<Subject<'_>> {
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    let mut known: HashMap<&Identity, usize, FxBuildHasher> = HashMap::default();
    let mut places: HashMap<(usize, &str), usize, FxBuildHasher> = HashMap::default();
    for (position, question) in questions.iter().enumerate() {
        let (identity, namespace) = (&*question.identity, question.request.namespace());
        let at = *known.entry(identity).or_insert_with(|| {
            subjects.push(Subject { identity, batches: Vec::new() });
            subjects.len() - 1
        });
        let Some(subject) = subjects.get_mut(at) else { continue };
        let batch = *places.entry((at, namespace)).or_insert_with(|| {
            subject.batches.push(NamespaceBatch { namespace, questions: Vec::new() });
            subject.batches.len() - 1
        });
        if let Some(batch) = subject.batches.get_mut(batch) {
            batch.questions.push((position, question));
        }
    }
    subjects.retain(|subject| subject.batches.iter().any(NamespaceBatch::pays));
    subjects
}
