//! Access reviews by the server.

use rolecall_rbac::{Identity, VerdictKind};
pub(crate) use rolecall_review::live::Evidence;
use rolecall_review::live::{
    Call, Caller, Impersonation, LiveReviewer, Means, PostError, RulesAnswer, Transport,
};
use rolecall_review::{Answer, Ending, Progress, Question, ask};
use rolecall_source::cluster::{Cluster, Impersonate, RequestError};
use tokio::time::{Instant, interval_at};

use super::{Bar, Live, NOTE_DELAY, PROGRESS_DELAY, TICK};
use crate::error::CommandError;
use crate::interrupt::interrupted;
use crate::ui::Ui;

/// The maximum number of concurrent requests.
const AT_ONCE: usize = 32;

/// The server's answers.
pub(crate) struct Reviewed {
    /// One answer per question; `Unknown` for questions that were not asked.
    pub(crate) answers: Vec<Answer>,
    /// The number of questions that were not asked because of Ctrl-C.
    pub(crate) unasked: usize,
}

/// Asks the server by the given means. `me` is the caller, if the questions are about it.
pub(crate) fn review(
    ui: &Ui,
    live: &Live,
    me: Option<Identity>,
    questions: &[Question],
    evidence: Evidence,
    means: Means,
) -> Result<Reviewed, CommandError> {
    let cluster = live.cluster();
    let is_impersonated = cluster.impersonated().is_some();
    let caller = Caller { identity: me, is_impersonated, means };
    let reviewer = LiveReviewer::new(Posts(cluster), caller);
    let progress = Progress::default();
    let asked = live.block_on(async {
        let asking = async {
            let mut stop = std::pin::pin!(interrupted());
            let by_rules =
                reviewer.answer_by_rules(questions, evidence, AT_ONCE, &progress, &mut stop).await;
            if !matches!(by_rules.ending, Ending::Complete) {
                return by_rules;
            }
            let known = by_rules.answers;
            ask(&reviewer, questions, known, AT_ONCE, &progress, stop).await
        };
        let mut asking = std::pin::pin!(asking);
        let mut ticks = interval_at(Instant::now() + PROGRESS_DELAY, TICK);
        let bar = Bar::new(ui, questions.len());
        let mut long = std::pin::pin!(tokio::time::sleep(NOTE_DELAY));
        let mut is_noted = false;
        loop {
            tokio::select! {
                asked = &mut asking => return asked,
                _ = ticks.tick() => bar.show(progress.answered()),
                () = &mut long, if !is_noted => {
                    is_noted = true;
                    let (answered, total) = (progress.answered(), questions.len());
                    live.note_wait(ui, &format!("{answered} of {total} answers"));
                }
            }
        }
    });
    if let Ending::Failed(error) = asked.ending {
        return Err(live.error(error));
    }
    let unasked = asked.answers.iter().filter(|answer| answer.is_none()).count();
    let not_asked = || Answer::new(VerdictKind::Unknown, "not asked: interrupted");
    let answers = asked.answers.into_iter().map(|answer| answer.unwrap_or_else(not_asked));
    Ok(Reviewed { answers: answers.collect(), unasked })
}

/// Asks the server for the caller's rules in a namespace.
pub(crate) fn rules(
    ui: &Ui,
    live: &Live,
    me: &Identity,
    namespace: &str,
) -> Result<RulesAnswer, CommandError> {
    let caller = Caller { identity: Some(me.clone()), ..Caller::default() };
    let reviewer = LiveReviewer::new(Posts(live.cluster()), caller);
    let label = || "requesting the rules".to_owned();
    live.wait(ui, label, async { reviewer.rules(&namespace.into()).await })
}

/// Sends reviews to the cluster.
struct Posts<'a>(&'a Cluster);

impl Transport for Posts<'_> {
    type Error = RequestError;

    async fn post(&self, call: Call) -> Result<Vec<u8>, PostError<RequestError>> {
        let impersonate = call.impersonate.map(|somebody| {
            let Impersonation { user, groups, uid, extra } = somebody;
            Impersonate { user, groups, uid, extra }
        });
        let answer = self.0.post(&call.path, call.body, impersonate.as_ref()).await;
        answer.map_err(|error| match error.refusal() {
            Some(refusal) if refusal.is_forbidden() || refusal.is_not_found() => {
                PostError::Refused(refusal.message.clone())
            }
            _ if error.is_fatal() => PostError::Fatal(error),
            _ => PostError::Failed(error.to_string()),
        })
    }
}
