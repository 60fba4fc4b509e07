//! Asks many questions, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;

use crate::{Answer, Question};

/// Whoever answers questions.
pub trait Reviewer {
    /// Why no further question would be answered.
    type Error;

    /// Answers one question. What concerns only this one is an [`Unknown`](rolecall_rbac::VerdictKind::Unknown)
    /// answer, not an error.
    fn review(
        &self,
        question: &Question,
    ) -> impl Future<Output = Result<Answer, Self::Error>> + Send;
}

/// How far asking has come; whoever shows it reads it now and then.
#[derive(Debug, Default)]
pub struct Progress {
    answered: AtomicUsize,
}

impl Progress {
    /// Returns how many questions are answered.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Notes that some more are.
    pub(crate) fn add(&self, answers: usize) {
        self.answered.fetch_add(answers, Ordering::Relaxed);
    }
}

/// The answers, as far as asking has come.
#[derive(Debug)]
pub struct Asked<E> {
    /// One answer for each question; `None` where it was not asked any more.
    pub answers: Vec<Option<Answer>>,
    /// Why asking ended.
    pub ending: Ending<E>,
}

/// Why asking ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending<E> {
    /// Everything was asked.
    Complete,
    /// It was stopped.
    Stopped,
    /// No further question would have been answered.
    Failed(E),
}

/// Asks what is not known yet, at most `at_once` questions at a time, until all are answered or
/// `stop` is done. `known` has an answer, or none, for each question in order; or it is empty.
pub async fn ask<R: Reviewer>(
    reviewer: &R,
    questions: &[Question],
    known: Vec<Option<Answer>>,
    at_once: usize,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) -> Asked<R::Error> {
    let mut answers = known;
    answers.resize(questions.len(), None);
    let open: Vec<(usize, &Question)> = questions
        .iter()
        .enumerate()
        .filter(|(position, _)| answers.get(*position).is_some_and(Option::is_none))
        .collect();
    progress.answered.store(questions.len() - open.len(), Ordering::Relaxed);
    let mut coming = futures::stream::iter(open)
        .map(|(position, question)| async move { (position, reviewer.review(question).await) })
        .buffer_unordered(at_once.max(1));
    let mut stop = std::pin::pin!(stop);
    let ending = loop {
        let next = tokio::select! {
            biased;
            next = coming.next() => next,
            () = &mut stop => break Ending::Stopped,
        };
        match next {
            None => break Ending::Complete,
            Some((position, Ok(answer))) => {
                progress.add(1);
                if let Some(slot) = answers.get_mut(position) {
                    *slot = Some(answer);
                }
            }
            Some((_, Err(error))) => break Ending::Failed(error),
        }
    };
    drop(coming);
    Asked { answers, ending }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rolecall_rbac::{Identity, Request};

    use super::*;
    use rolecall_rbac::VerdictKind;

    /// Answers with the path; fails at `/fail`, and counts how many are under way.
    #[derive(Default)]
    struct Echo {
        under_way: AtomicUsize,
        most: AtomicUsize,
    }

    impl Reviewer for Echo {
        type Error = &'static str;

        async fn review(&self, question: &Question) -> Result<Answer, &'static str> {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            let request = question.request.to_string();
            if request.contains("/fail") {
                return Err("down");
            }
            Ok(Answer::new(VerdictKind::Allowed, request))
        }
    }

    fn questions(paths: &[String]) -> Vec<Question> {
        let identity = Arc::new(Identity::user("jane"));
        paths
            .iter()
            .map(|path| Question {
                identity: identity.clone(),
                request: Request::path("get", path.as_str()),
            })
            .collect()
    }

    #[tokio::test]
    async fn answers_are_in_the_order_of_the_questions_and_few_are_asked_at_once() {
        let paths: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
        let (echo, progress) = (Echo::default(), Progress::default());
        let questions = questions(&paths);
        let asked = ask(&echo, &questions, Vec::new(), 8, &progress, std::future::pending()).await;
        assert_eq!((asked.ending, progress.answered()), (Ending::Complete, 100));
        assert_eq!(echo.most.into_inner(), 8);
        for (path, answer) in paths.iter().zip(asked.answers) {
            assert_eq!(answer.unwrap().reason, format!("get path {path:?}"));
        }
    }

    #[tokio::test]
    async fn what_is_known_is_not_asked() {
        let paths = ["/a", "/fail"].map(str::to_owned);
        let known = vec![None, Some(Answer::new(VerdictKind::NoOpinion, "known"))];
        let (questions, progress) = (questions(&paths), Progress::default());
        let forever = std::future::pending();
        let asked = ask(&Echo::default(), &questions, known, 1, &progress, forever).await;
        let reasons: Vec<String> =
            asked.answers.into_iter().map(|answer| answer.unwrap().reason).collect();
        assert_eq!(reasons, ["get path \"/a\"", "known"]);
        assert_eq!(progress.answered(), 2);
    }

    #[tokio::test]
    async fn what_was_answered_before_the_end_is_kept() {
        let paths = ["/a", "/b", "/fail", "/c"].map(str::to_owned);
        let questions = questions(&paths);
        let forever = std::future::pending();
        let asked =
            ask(&Echo::default(), &questions, Vec::new(), 1, &Progress::default(), forever).await;
        let answered: Vec<bool> = asked.answers.iter().map(Option::is_some).collect();
        assert_eq!(
            (asked.ending, answered),
            (Ending::Failed("down"), vec![true, true, false, false])
        );

        let stopped = std::future::ready(());
        let asked =
            ask(&Echo::default(), &questions, Vec::new(), 1, &Progress::default(), stopped).await;
        assert_eq!(asked.ending, Ending::Stopped);
    }
}
