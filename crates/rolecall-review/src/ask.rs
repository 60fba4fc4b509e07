//! Asks many questions concurrently.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;

use crate::{Answer, Question};

/// Answers questions, locally or through a server.
pub trait Reviewer {
    /// The error that ends the whole run.
    type Error;

    /// Answers one question. A failure of only this question is an
    /// [`Unknown`](rolecall_rbac::VerdictKind::Unknown) answer and not an error.
    fn review(
        &self,
        question: &Question,
    ) -> impl Future<Output = Result<Answer, Self::Error>> + Send;
}

/// The progress of a run, for display.
#[derive(Debug, Default)]
pub struct Progress {
    answered: AtomicUsize,
}

impl Progress {
    /// Returns the number of answered questions.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Adds answered questions.
    pub(crate) fn add(&self, answers: usize) {
        self.answered.fetch_add(answers, Ordering::Relaxed);
    }
}

/// The answers so far.
#[derive(Debug)]
pub struct Asked<E> {
    /// One answer for each question; `None` if it was not asked.
    pub answers: Vec<Option<Answer>>,
    /// The reason why the run ended.
    pub ending: Ending<E>,
}

/// The reason why a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending<E> {
    /// All questions were asked.
    Complete,
    /// The caller stopped it.
    Stopped,
    /// The reviewer failed.
    Failed(E),
}

/// Asks the questions without a known answer, at most `at_once` at a time, until all are answered
/// or `stop` completes. `known` is empty or has an entry for each question.
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

    /// Answers with the path, fails at `/fail`, and counts concurrent questions.
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
    async fn answers_keep_the_order_of_questions_with_limited_concurrency() {
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
    async fn known_answers_are_not_asked_again() {
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
    async fn answers_before_a_failure_are_kept() {
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
