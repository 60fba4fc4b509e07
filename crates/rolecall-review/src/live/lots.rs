//! Many questions answered by few rules reviews.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use futures::StreamExt;
use rolecall_rbac::{Identity, Request, ResourceRequest, Text};
use rustc_hash::FxBuildHasher;

use super::{Call, Impersonation, LiveReviewer, PostError, Rules, RulesAnswer, Transport, Way};
use crate::wire::body;
use crate::{Answer, Asked, Ending, Progress, Question, Reviewer};

/// What is wanted of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Yes or no, however the server tells that.
    Verdict,
    /// What allows a request too, which only a review of its own tells.
    Reason,
    /// A review of its own for each.
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
    /// By namespace, in the order in which they come up.
    lots: Vec<Lot<'q>>,
}

/// The questions about one identity in one namespace, or in none, with their positions among all.
struct Lot<'q> {
    namespace: &'q str,
    questions: Vec<(usize, &'q Question)>,
}

/// A question with its position among all, and what rules answer to it.
type Answered<'q> = (usize, &'q Question, Answer);

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

impl<T: Transport> LiveReviewer<T> {
    /// Answers by rules what somebody is asked so often in a namespace that a review of its rules
    /// pays: the caller itself, and others whom it may impersonate. One question of each lot about
    /// others is put as it is, to learn in which ways that can be done. At most `at_once` calls are
    /// under way, until `stop` is done. What is not answered is left to be asked, and so is what lacks
    /// a reason that is wanted.
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

    /// Answers what can be about one identity.
    async fn answer_about(
        &self,
        subject: &Subject<'_>,
        may_impersonate: bool,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let mut lots: Vec<&Lot<'_>> = subject.lots.iter().filter(|lot| lot.pays()).collect();
        lots.sort_by_key(|lot| Reverse(lot.questions.len()));
        let Some((first, lots)) = lots.split_first() else { return Ok(Vec::new()) };
        let (answer, rules) = self.probe(subject.identity, first, may_impersonate).await?;
        let mut answers: Vec<(usize, Answer)> = answer.into_iter().collect();
        // Where one namespace's rules tell nothing, no other's do.
        let Some(rules) = rules else { return Ok(answers) };
        let mut known: HashMap<&str, Rules, FxBuildHasher> = HashMap::default();
        known.insert(first.namespace, rules);
        let mut coming = futures::stream::iter(lots)
            .map(async |lot| (lot, self.probe(subject.identity, lot, may_impersonate).await))
            .buffered(at_once);
        while let Some((lot, probed)) = coming.next().await {
            let (answer, rules) = probed?;
            answers.extend(answer);
            known.extend(rules.map(|rules| (lot.namespace, rules)));
        }
        drop(coming);
        let reviewed: HashSet<usize, FxBuildHasher> =
            answers.iter().map(|(position, _)| *position).collect();
        let mut by_rules = Vec::new();
        for lot in &subject.lots {
            // Those of one namespace refute what is asked in none, where all rules are not known.
            let own = known.get(lot.namespace).or_else(|| known.get(""));
            let others = known.values().filter(|_| lot.namespace.is_empty());
            let Some(rules) = own.or(others.min_by_key(|rules| rules.namespace())) else {
                continue;
            };
            for (position, question) in &lot.questions {
                if let Some(answer) = rules.answer(&question.request)
                    && !reviewed.contains(position)
                {
                    by_rules.push((*position, *question, answer));
                }
            }
            tokio::task::yield_now().await;
        }
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
        // A server adds this group to whomever it lets be impersonated, and others to nodes.
        let is_authenticated = groups.iter().any(|group| &**group == "system:authenticated");
        let is_node = user.starts_with("system:node:");
        // Headers lose blanks at either end.
        let survives_headers = |text: &Text| !text.is_empty() && text.trim() == &**text;
        lot.questions.len() >= PAYS_WITH_SAMPLES_FROM
            && !self.is_me(identity)
            && self.impersonates()
            && is_authenticated
            && !is_node
            && survives_headers(user)
            && groups.iter().all(survives_headers)
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
        by_rules: Vec<Answered<'_>>,
        at_once: usize,
    ) -> Result<Vec<(usize, Answer)>, T::Error> {
        let samples: Vec<_> = samples(&by_rules)
            .into_iter()
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

/// Chooses an answer yes and an answer no to each verb, from all over the questions.
fn samples<'a, 'q>(by_rules: &'a [Answered<'q>]) -> Vec<&'a Answered<'q>> {
    let mut alike: BTreeMap<(&str, bool), Vec<&Answered<'_>>> = BTreeMap::new();
    for answered in by_rules {
        let (_, question, answer) = answered;
        alike.entry((&question.request.verb, answer.is_allowed())).or_default().push(answered);
    }
    let count = alike.len();
    let chosen = alike.values().zip(0..).filter_map(|(alike, index): (_, usize)| {
        alike.get(alike.len() * (2 * index + 1) / (2 * count).max(1)).copied()
    });
    chosen.collect()
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
