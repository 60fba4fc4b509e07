//! A server's answers, told to a person.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{Request, VerdictKind};
use rolecall_review::{Answer, Disagreement};

use super::{Cell, Table, plain};
use crate::decide::word_of;
use crate::resolved::{Subject, label};
use crate::words;

/// One answer of a server's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReviewedAnswer<'a> {
    /// Who asks.
    pub(crate) subject: &'a Subject,
    /// What is asked.
    pub(crate) request: &'a Request,
    /// What the server says.
    pub(crate) answer: &'a Answer,
}

const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();

impl ReviewedAnswer<'_> {
    /// Writes the verdict, then the server's words.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let who = label(&self.subject.identity);
        let request = words::request(self.request);
        let (style, sentence) = match self.answer.verdict {
            VerdictKind::Allowed => (YES, format!("the server says that {who} may {request}")),
            VerdictKind::NoOpinion => (NO, format!("the server says that {who} may not {request}")),
            VerdictKind::Denied => (NO, format!("the server forbids that {who} may {request}")),
            VerdictKind::Unknown => {
                (UNKNOWN, format!("the server does not say whether {who} may {request}"))
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

/// Lists where the evaluator and the server disagree.
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

/// Returns a cell with an answer.
pub(super) fn word_cell(word: VerdictKind) -> Cell {
    match word {
        VerdictKind::Allowed => Cell::yes(word_of(word)),
        VerdictKind::NoOpinion | VerdictKind::Denied => Cell::no(word_of(word)),
        VerdictKind::Unknown => Cell::unknown(word_of(word)),
    }
}
