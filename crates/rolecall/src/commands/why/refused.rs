//! Explanations of refusals, grouped by cause, with their fixes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use rolecall_grant::Denied;
use rolecall_grant::refusal::Scan;
use rolecall_rbac::{Decision, Identity, NearMiss, Request, Verdict};

use super::{Arguments, nearer};
use crate::advice::{Advice, Fit};
use crate::answer::fix::{Gathered, Unresolved, Weight};
use crate::cli::Options;
use crate::commands::fix::logs;
use crate::commands::fix::scan::{self, About};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Needs, Session};
use crate::note::missing_role_texts;
use crate::output::{self, Format, RefusalCause, Refusals};
use crate::question::{Reach, unknown_verb};
use crate::remedy::{Approved, Judge};
use crate::render::{self, Detail, Folded, plain};
use crate::subject::{Subject, SubjectArgument, label};
use crate::ui::Ui;
use crate::{explain, words};

/// The maximum number of further requests to name per cause.
const MOST_LIKE: usize = 10;

/// The name of the text of an argument, in the places of refusals.
const PASTED: &str = "refusal";

/// Explains the refusals in the arguments.
pub(super) fn explain(
    ui: &Ui,
    options: &Options,
    arguments: &Arguments,
) -> Result<Exit, CommandError> {
    let text = Text::of(ui, options, arguments)?;
    let subjects = arguments.subject.iter().map(|subject| SubjectArgument::parse(subject));
    let subjects = subjects.collect::<Result<Vec<SubjectArgument>, CommandError>>()?;
    let session = Session::load(ui, options, needs(&text, &subjects, arguments)?)?;
    let subjects = match subjects.is_empty() {
        true => Vec::new(),
        false => SubjectArgument::resolve_all(&subjects, ui, &session, options)?,
    };
    let about = About { subjects: &subjects, session: &session, options };
    let (scans, unread) = match text {
        Text::Scanned(name, scan) => (vec![(name, scan)], 0),
        Text::Logs => {
            let logs = logs::read(ui, &session, &arguments.logs, arguments.since)?;
            (logs.scans, logs.unread)
        }
    };
    let mut gathered = Gathered { unread_logs: unread, ..Gathered::default() };
    for (name, scan) in scans {
        scan::take(&name, scan, &about, &mut gathered);
    }
    let causes = causes(&session, &gathered.denied);
    write(ui, options, arguments, &session, &causes, &gathered)?;
    for text in missing_role_texts(&gathered) {
        ui.warn(plain(&text));
    }
    warn_of_reasons(ui, &gathered);
    Ok(session.conclude(ui, exit(&causes, &gathered)))
}

/// The text with the refusals.
enum Text {
    /// A scanned text, with its name in messages.
    Scanned(String, Scan),
    /// Logs, which are read from the cluster later.
    Logs,
}

impl Text {
    fn of(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Self, CommandError> {
        let file = match (&arguments.verb, &arguments.from_errors) {
            (Some(word), _) if word == "-" => Path::new("-"),
            (Some(text), _) => return Self::pasted(options, text),
            (None, Some(file)) => file,
            (None, None) => return Ok(Self::Logs),
        };
        let (name, scan, _) = scan::read(ui, options, file)?;
        Ok(Self::Scanned(name, scan))
    }

    fn pasted(options: &Options, text: &str) -> Result<Self, CommandError> {
        let scan = Scan::of(text.as_bytes());
        if !scan.is_empty() {
            return Ok(Self::Scanned(PASTED.to_owned(), scan));
        }
        let error = CommandError::usage(
            "no refusal found in the text: expected `... is forbidden: User \"...\" cannot ...`",
        );
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_known = |verb: &str| unknown_verb(verb, Reach::ResourcesAndPaths).is_none();
        let given = || options.given.clone();
        Err(match &*words {
            [verb, resource] if is_known(verb) => {
                let question = given().without("verb").again(&[verb, resource]);
                error.with_hint(Hint::run(question, "ask a question"))
            }
            _ => {
                let stdin = given().replacing("verb", |_| "-".to_owned()).again(&[]);
                error.with_hint(Hint::run(stdin, "read it from stdin"))
            }
        })
    }
}

fn needs(
    text: &Text,
    subjects: &[SubjectArgument],
    arguments: &Arguments,
) -> Result<Needs, CommandError> {
    let mut needs = SubjectArgument::needs(subjects);
    needs.breadth = Breadth::Roles;
    needs.workloads |= !arguments.logs.is_empty();
    for target in &arguments.logs {
        let namespace = SubjectArgument::parse(target)?.namespace().map(str::to_owned);
        needs.further_namespaces.extend(namespace);
    }
    if let Text::Scanned(_, scan) = text {
        let users = scan.denials.iter().map(|denial| Identity::user(&denial.user));
        let users = users.filter_map(|user| {
            user.as_service_account().map(|account| account.namespace.to_owned())
        });
        let requests = scan.denials.iter().map(|denial| &denial.request);
        let requests = requests.chain(scan.unnamed.iter().flat_map(|found| &found.requests));
        let requests = requests.map(|request| request.namespace().to_owned());
        let names: BTreeSet<String> =
            users.chain(requests).filter(|name| !name.is_empty()).collect();
        needs.further_namespaces.extend(names);
    }
    Ok(needs)
}

/// Refused requests with a common cause.
struct Cause<'a> {
    identity: Identity,
    requests: Vec<&'a Denied>,
    decision: Decision<'a>,
    misses: Vec<NearMiss<'a>>,
}

/// Groups refused requests by subject, namespace and obstacle.
fn causes<'a>(session: &'a Session, denied: &'a [Denied]) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'a>> = Vec::new();
    let mut known: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for found in denied {
        let Denied { identity, request, .. } = found;
        let decision = session.authorizer.authorize(identity, request);
        let misses = match decision.verdict.is_allowed() {
            true => Vec::new(),
            false => session.authorizer.near_misses(identity, request, &session.catalog),
        };
        let way = match &decision.verdict {
            Verdict::Allowed { .. } => "allowed".to_owned(),
            Verdict::NoOpinion => misses
                .first()
                .map_or_else(String::new, |miss| explain::cause(miss, identity, request)),
            Verdict::Unknown { .. } => "unknown".to_owned(),
        };
        let key = (label(identity), request.namespace().to_owned(), way);
        match known.get(&key).and_then(|position| causes.get_mut(*position)) {
            Some(cause) => cause.requests.push(found),
            None => {
                known.insert(key, causes.len());
                let identity = identity.clone();
                causes.push(Cause { identity, requests: vec![found], decision, misses });
            }
        }
    }
    causes
}

fn write(
    ui: &Ui,
    options: &Options,
    arguments: &Arguments,
    session: &Session,
    causes: &[Cause<'_>],
    gathered: &Gathered,
) -> Result<(), CommandError> {
    let mut out = ui.stdout();
    if matches!(arguments.output, Format::Json | Format::Yaml) {
        let causes = causes.iter().map(|cause| RefusalCause {
            identity: &cause.identity,
            denied: &cause.requests,
            decision: &cause.decision,
            misses: &cause.misses,
            advice: cause.advice(session, options),
        });
        let refusals = Refusals::new(causes, gathered);
        output::write_versioned(&mut out, arguments.output, &refusals)?;
        return Ok(out.flush()?);
    }
    let mut folded = Folded::new(&mut out, ui.columns());
    for (position, cause) in causes.iter().enumerate() {
        if position > 0 {
            writeln!(folded)?;
        }
        cause.write(&mut folded, session, options)?;
    }
    out.flush()?;
    for Unresolved { text, because, missing, weight, next } in &gathered.unresolved {
        let text = plain(&format!("{text}: {because}")).into_owned();
        match weight {
            Weight::Denied => ui.problem(text),
            Weight::Aside => ui.warn(text),
        }
        for rule in missing {
            ui.note(plain(&format!("missing: {}", words::rule(rule))));
        }
        next.iter().for_each(|hint| ui.suggest(hint.clone()));
    }
    let is_denied = |cause: &&Cause<'_>| matches!(cause.decision.verdict, Verdict::NoOpinion);
    let first = |cause: &Cause<'_>| cause.requests.first().map(|denied| (*denied).clone());
    let denied: Vec<Denied> = causes.iter().filter(is_denied).filter_map(first).collect();
    nearer::note(ui, session, &denied);
    if let Some(hint) = one_command(session, options, arguments, causes) {
        ui.suggest(hint);
    }
    Ok(())
}

impl Cause<'_> {
    /// Writes the answer for the first request, followed by the other requests with the same cause.
    fn write(
        &self,
        out: &mut impl Write,
        session: &Session,
        options: &Options,
    ) -> Result<(), CommandError> {
        let Some(Denied { request, .. }) = self.requests.first() else { return Ok(()) };
        let subject = Subject { identity: self.identity.clone(), workload: None };
        let bindings = session.authorizer.bindings_in(&self.identity, request.namespace());
        let advice = self.advice(session, options);
        let answer = render::Answer {
            subject: &subject,
            request,
            decision: &self.decision,
            misses: &self.misses,
            bindings: &bindings,
            advice: &advice,
        };
        answer.write(out, Detail::Full)?;
        let like = self.requests.get(1..).unwrap_or_default();
        if !like.is_empty() {
            let names: Vec<String> =
                like.iter().take(MOST_LIKE).map(|denied| words::request(&denied.request)).collect();
            let more = match like.len().saturating_sub(MOST_LIKE) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(out, "  also refused: {}{more}", plain(&names.join("; ")))?;
        }
        if self.decision.verdict.is_allowed() {
            writeln!(
                out,
                "  it was granted after the refusal, or something other than RBAC refused it"
            )?;
        }
        // The text of an argument needs no place.
        let places: BTreeSet<&str> = self.requests.iter().map(|denied| &*denied.found).collect();
        let places = places.into_iter().filter(|place| !place.starts_with(PASTED));
        let places: Vec<&str> = places.take(MOST_LIKE).collect();
        if !places.is_empty() {
            writeln!(out, "  read from {}", plain(&places.join("; ")))?;
        }
        Ok(())
    }

    /// Returns the requests that `fix` grants, and with which options.
    fn approved(&self, judge: &Judge<'_>) -> Approved {
        judge.approve(&self.identity, self.requests.iter().map(|denied| &denied.request))
    }

    /// Returns the commands that grant the refused requests.
    fn advice(&self, session: &Session, options: &Options) -> Advice {
        if self.decision.verdict.is_allowed() {
            return Advice::default();
        }
        let requests: BTreeSet<&Request> =
            self.requests.iter().map(|denied| &denied.request).collect();
        Advice::about(&Judge::of(session), &self.identity, requests, options)
    }
}

/// Returns the command that grants everything, if the input can be read again.
fn one_command(
    session: &Session,
    options: &Options,
    arguments: &Arguments,
    causes: &[Cause<'_>],
) -> Option<Hint> {
    let denied = || causes.iter().filter(|cause| !cause.decision.verdict.is_allowed());
    let judge = Judge::of(session);
    let approved: Vec<Approved> = denied().map(|cause| cause.approved(&judge)).collect();
    // A grant of exactly the requests would have no effect.
    if approved.iter().any(|approved| approved.fit() == Fit::Corrected) {
        return None;
    }
    let is_risky = approved.iter().any(Approved::is_risky);
    let file = arguments.from_errors.as_ref().filter(|file| file.as_os_str() != "-");
    let file = file.map(|file| file.to_string_lossy());
    let mut words = vec!["rolecall", "fix"];
    match &file {
        Some(file) => words.extend(["--from-errors", file]),
        None if arguments.logs.is_empty() => return None,
        None => words.extend(arguments.logs.iter().flat_map(|target| ["--logs", target])),
    }
    words.extend(options.given.values("since").flat_map(|since| ["--since", since]));
    words.extend(arguments.subject.iter().flat_map(|subject| ["--for", subject]));
    words.extend(is_risky.then_some("--allow-risky"));
    let purpose = match is_risky {
        true => "print the minimal YAML that allows all of them, including risky requests",
        false => "print the minimal YAML that allows all of them",
    };
    denied().next().map(|_| Hint::run(crate::cli::command_line(words, options), purpose))
}

/// Warns of the reasons of other authorizers.
fn warn_of_reasons(ui: &Ui, gathered: &Gathered) {
    let reasons: BTreeSet<&str> = gathered.reasons.values().map(|reason| &**reason).collect();
    for reason in reasons {
        ui.warn(plain(&format!(
            "another authorizer gave the reason `{reason}`; if it denied the request explicitly, no Role can allow it"
        )));
    }
}

fn exit(causes: &[Cause<'_>], gathered: &Gathered) -> Exit {
    let is_denied = |cause: &Cause<'_>| matches!(cause.decision.verdict, Verdict::NoOpinion);
    let is_open = |cause: &Cause<'_>| matches!(cause.decision.verdict, Verdict::Unknown { .. });
    // The unread part of a log can contain more refusals.
    let is_unread = gathered.unread_logs > 0;
    match (
        causes.iter().any(is_denied) || !gathered.unresolved.is_empty(),
        causes.iter().any(is_open) || is_unread,
    ) {
        (true, _) => Exit::No,
        (false, true) => Exit::Inconclusive,
        (false, false) => Exit::Yes,
    }
}
