//! A single question and its answer.

use std::io::Write;

use rolecall_grant::Denied;
use rolecall_rbac::{Decision, NearMiss, Request, Verdict, VerdictKind};
use rolecall_review::{Answer, Question};

use super::mode::Mode;
use super::settle;
use crate::advice::{Advice, Fit};
use crate::cli::Options;
use crate::decide::exit_of;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Session};
use crate::output::{self, AccessAnswer, Format};
use crate::question;
use crate::remedy::Judge;
use crate::render::{self, Detail, Folded, ReviewedAnswer};
use crate::subject::{Subject, SubjectArgument};
use crate::ui::Ui;

/// The arguments of a single question, for both `can-i` and `why`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single<'a> {
    /// The verb.
    pub(crate) verb: &'a str,
    /// The resource or path.
    pub(crate) resource: &'a str,
    /// The SUBJECT.
    pub(crate) subject: &'a str,
    /// The subresource, if not part of the resource; empty for none.
    pub(crate) subresource: &'a str,
    /// The object's name; empty for none.
    pub(crate) name: &'a str,
    /// The format.
    pub(crate) output: Format,
    /// The source of the answer.
    pub(crate) mode: Mode,
}

/// A question with the input for its answer.
pub(crate) struct Asked {
    /// The input.
    pub(crate) session: Session,
    /// The subject.
    pub(crate) subject: Subject,
    /// The request.
    pub(crate) request: Request,
    /// Whether the subject is the caller.
    is_me: bool,
    /// Whether to ask the server if the answer is unknown.
    may_settle: bool,
    /// The advice about a denial.
    advice: Advice,
    /// The command that asks the server by impersonation.
    by_impersonation: String,
}

/// The outcome of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The source of the answer.
    pub(crate) by: AnsweredBy,
}

/// The source of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnsweredBy {
    /// The evaluator, which can explain what is missing.
    Rolecall,
    /// The server, because roles or bindings were not read. It does not explain what is missing.
    Server,
    /// The server, because another authorizer decides. No Role changes the answer.
    OtherAuthorizer,
}

/// Answers a single question.
pub(crate) fn run(ui: &Ui, options: &Options, single: &Single<'_>) -> Result<Exit, CommandError> {
    let asked = Asked::prepare(ui, options, single, Breadth::Asked)?;
    let Outcome { exit, by } = asked.answer(ui, single.output, Detail::Brief)?;
    if exit == Exit::No {
        match by {
            AnsweredBy::OtherAuthorizer => {}
            AnsweredBy::Server => asked.ways().into_iter().for_each(|hint| ui.suggest(hint)),
            AnsweredBy::Rolecall => {
                let why = single.command("why", options);
                ui.suggest(Hint::run(why, "see what would change the answer"));
            }
        }
    }
    Ok(exit)
}

impl Single<'_> {
    pub(super) fn question<'a>(
        &'a self,
        options: &Options,
        session: &'a Session,
    ) -> question::Question<'a> {
        question::Question {
            verb: self.verb,
            resource: self.resource,
            subresource: self.subresource,
            name: self.name,
            namespace: if options.namespace.all_namespaces { "" } else { session.namespace() },
            namespace_is_explicit: options.namespace.first().is_some(),
        }
    }

    /// Returns the command line of another command for the same question.
    pub(crate) fn command(&self, command: &str, options: &Options) -> String {
        self.command_with(command, &[], options)
    }

    /// Returns the command line of another command for the same question, with further options.
    pub(crate) fn command_with(&self, command: &str, flags: &[&str], options: &Options) -> String {
        let mut words = vec!["rolecall", command, self.verb, self.resource];
        if !self.subresource.is_empty() {
            words.extend(["--subresource", self.subresource]);
        }
        if !self.name.is_empty() {
            words.extend(["--name", self.name]);
        }
        words.extend(["--for", self.subject]);
        words.extend(flags);
        crate::cli::command_line(words, options)
    }
}

impl Asked {
    /// Reads the input and resolves the arguments.
    pub(crate) fn prepare(
        ui: &Ui,
        options: &Options,
        single: &Single<'_>,
        breadth: Breadth,
    ) -> Result<Self, CommandError> {
        let subject = SubjectArgument::parse(single.subject)?;
        let mut needs = SubjectArgument::needs(std::slice::from_ref(&subject));
        needs.breadth = needs.breadth.max(breadth);
        needs.resources.push(single.resource.to_owned());
        let (resource, behind) = single.resource.split_once('/').unwrap_or((single.resource, ""));
        let resource = resource.split('.').next().unwrap_or_default().to_lowercase();
        if matches!(&*resource, "ns" | "namespace" | "namespaces") {
            // A named Namespace is checked in that namespace.
            let names = [single.name, behind].into_iter().filter(|name| !name.is_empty());
            needs.further_namespaces.extend(names.map(str::to_owned));
        }
        let session = Session::load(ui, options, needs)?;
        let is_me = subject == SubjectArgument::Me;
        let may_settle = settle::may_ask(single.mode, options, &session);
        let subject = subject.resolve_one(ui, &session, options)?;
        let question = single.question(options, &session);
        let request = question.to_request(ui, &session)?;
        if question.is_about_all_namespaces(&session, &request) {
            ui.note(
                "checking requests across all namespaces, which only ClusterRoleBindings grant",
            );
        }
        let by_impersonation = single.command_with("can-i", &["--mode", "live"], options);
        let advice = Advice::default();
        let mut asked =
            Self { session, subject, request, is_me, may_settle, advice, by_impersonation };
        if !asked.is_allowed() {
            asked.advice = asked.advise(single, options);
        }
        Ok(asked)
    }

    fn is_allowed(&self) -> bool {
        let Self { session, subject, request, .. } = self;
        session.authorizer.authorize(&subject.identity, request).verdict.is_allowed()
    }

    /// Returns the advice, with a command in the words of the question if that grants the request.
    fn advise(&self, single: &Single<'_>, options: &Options) -> Advice {
        let judge = Judge::of(&self.session);
        let approved = judge.approve(&self.subject.identity, [&self.request]);
        match &*approved.requests {
            [(request, allowance)] if *request == self.request => {
                let flags: Vec<&str> = allowance.options().collect();
                let command = single.command_with("fix", &flags, options);
                approved.into_advice(vec![command])
            }
            _ => Advice::about(&judge, &self.subject.identity, [&self.request], options),
        }
    }

    /// Returns hints that follow a denial: how to grant it, or why no rule can.
    pub(crate) fn ways(&self) -> Vec<Hint> {
        let Advice { commands, fit, remarks } = &self.advice;
        let purpose = match fit {
            Fit::Exact => "print the minimal YAML that allows it",
            Fit::Corrected => "print the minimal YAML that allows what was probably meant",
        };
        let commands = commands.iter().map(|command| Hint::run(command, purpose));
        commands.chain(remarks.iter().map(Hint::quote)).collect()
    }

    /// Returns the input, and the request as a denial.
    pub(crate) fn denied(&self) -> (&Session, Denied) {
        (&self.session, Denied::new(self.subject.identity.clone(), self.request.clone()))
    }

    /// Writes the answer to stdout.
    pub(crate) fn answer(
        &self,
        ui: &Ui,
        output: Format,
        detail: Detail,
    ) -> Result<Outcome, CommandError> {
        let Self { session, subject, request, .. } = self;
        let decision = session.authorizer.authorize(&subject.identity, request);
        if let Some(answer) = self.settle(ui, &decision)? {
            write_reviewed(ui, output, subject, request, &answer)?;
            let is_others = answer.verdict == VerdictKind::Denied
                || decision.verdict.kind() == VerdictKind::Allowed;
            let by = if is_others { AnsweredBy::OtherAuthorizer } else { AnsweredBy::Server };
            return Ok(Outcome { exit: exit_of(answer.verdict), by });
        }
        let misses = self.near_misses(&decision);
        let mut out = ui.stdout();
        match output {
            Format::Table | Format::Wide => {
                let bindings =
                    session.authorizer.bindings_in(&subject.identity, request.namespace());
                let answer = render::Answer {
                    subject,
                    request,
                    decision: &decision,
                    misses: &misses,
                    bindings: &bindings,
                    advice: if detail == Detail::Full { &self.advice } else { &Advice::default() },
                };
                let wide = output == Format::Wide;
                let mut folded = Folded::new(&mut out, ui.columns());
                answer.write(&mut folded, if wide { Detail::Full } else { detail })?;
            }
            Format::Json | Format::Yaml => {
                let answer = AccessAnswer::new(subject, request, &decision, &misses, &self.advice);
                output::write_versioned(&mut out, output, &answer)?;
            }
        }
        out.flush()?;
        let exit = session.conclude(ui, exit_of(decision.verdict.kind()));
        Ok(Outcome { exit, by: AnsweredBy::Rolecall })
    }

    /// Asks the server about an unknown answer, or whether another authorizer decides otherwise. Returns
    /// `None` if its answer is the same, or unknown.
    fn settle(&self, ui: &Ui, decision: &Decision<'_>) -> Result<Option<Answer>, CommandError> {
        if !self.may_settle {
            return Ok(None);
        }
        let identity = &self.subject.identity;
        let question =
            Question { identity: identity.clone().into(), request: self.request.clone() };
        let me = self.is_me.then(|| identity.clone());
        match &decision.verdict {
            Verdict::Unknown { gaps } => {
                settle::answer(ui, &self.session, me, question, (gaps, &self.by_impersonation))
            }
            _ => settle::verify(ui, &self.session, me, question, decision),
        }
    }

    fn near_misses(&self, decision: &Decision<'_>) -> Vec<NearMiss<'_>> {
        if decision.verdict.is_allowed() {
            return Vec::new();
        }
        let Self { session, subject, request, .. } = self;
        session.authorizer.near_misses(&subject.identity, request, &session.catalog)
    }
}

/// Writes a server's answer to stdout.
pub(super) fn write_reviewed(
    ui: &Ui,
    output: Format,
    subject: &Subject,
    request: &Request,
    answer: &Answer,
) -> Result<(), CommandError> {
    let mut out = ui.stdout();
    match output {
        Format::Table | Format::Wide => {
            let mut folded = Folded::new(&mut out, ui.columns());
            ReviewedAnswer { subject, request, answer }.write(&mut folded)?;
        }
        Format::Json | Format::Yaml => {
            let answer = AccessAnswer::reviewed(subject, request, answer);
            output::write_versioned(&mut out, output, &answer)?;
        }
    }
    Ok(out.flush()?)
}
