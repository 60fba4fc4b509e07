//! Human-readable answers of a server.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{Request, VerdictKind};
use rolecall_review::{Answer, Disagreement};

use super::{Cell, Table, plain};
use crate::decide::word_of;
use crate::resolved::{Subject, label};
use crate::words;

/// One answer of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReviewedAnswer<'a> {
    /// The subject.
    pub(crate) subject: &'a Subject,
    /// The request.
    pub(crate) request: &'a Request,
    /// The server's answer.
    pub(crate) answer: &'a Answer,
}

const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();

impl ReviewedAnswer<'_> {
    /// Writes the verdict and the server's reason.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let who = label(&self.subject.identity);
        let request = words::request(self.request);
        let (style, sentence) = match self.answer.verdict {
            VerdictKind::Allowed => (YES, format!("according to the server, {who} can {request}")),
            VerdictKind::NoOpinion => {
                (NO, format!("according to the server, {who} cannot {request}"))
            }
            VerdictKind::Denied => {
                (NO, format!("according to the server, {who} cannot {request} (explicit denial)"))
            }
            VerdictKind::Unknown => {
                (UNKNOWN, format!("the server does not say whether {who} can {request}"))
            }
        };
        let word = word_of(self.answer.verdict);
        writeln!(out, "{style}{word}{style:#}: {}", plain(&sentence))?;
        if !self.answer.reason.is_empty() {
            writeln!(out, "  {}", plain(&self.answer.reason))?;
        }
        Ok(())
    }
}

/// Lists the disagreements between the evaluator and the server.
pub(crate) fn comparison_table(disagreements: &[Disagreement<'_>]) -> Table {
    let mut table = Table::new(["SUBJECT", "REQUEST", "LOCAL", "LIVE", "BECAUSE"]);
    for disagreement in disagreements {
        let question = disagreement.question;
        table.row([
            Cell::new(label(&question.identity)),
            Cell::new(words::request(&question.request)),
            word_cell(disagreement.local.verdict),
            word_cell(disagreement.live.verdict),
            Cell::new(disagreement.cause.explain()),
        ]);
    }
    table
}

/// Returns a cell with a verdict.
pub(super) fn word_cell(word: VerdictKind) -> Cell {
    match word {
        VerdictKind::Allowed => Cell::yes(word_of(word)),
        VerdictKind::NoOpinion | VerdictKind::Denied => Cell::no(word_of(word)),
        VerdictKind::Unknown => Cell::unknown(word_of(word)),
    }
}
