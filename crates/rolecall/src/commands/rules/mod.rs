mod effective;
mod table;

use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use rolecall_rbac::{Gap, Identity, RulesReview, Text};
use rolecall_review::live::RulesAnswer;

use crate::built_in::SystemOptions;
use crate::cli::{self, Options};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::listing::{Arranged, ListOptions};
use crate::live;
use crate::load::Session;
use crate::output::{self, MatrixFormat, SelfSubjectRulesReview};
use crate::render::{Folded, Summary};
use crate::subject::{self, Subject, SubjectArgument, label};
use crate::ui::Ui;
use crate::words;
use effective::{EffectiveRule, Given, beyond, effective};
use table::{Columns, Folding, keys, rows, table, write_folded};

/// List what a subject can do in a namespace
#[derive(Debug, Args)]
#[command(after_help = format!(include_str!("../../help/rules.txt"), subject = subject::GRAMMAR))]
pub(crate) struct Arguments {
    /// The subject [default: me]; wildcards such as `sa/*` or `user/*` select several; can be
    /// repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Output format; json and yaml are SelfSubjectRulesReviews, one after the other
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: MatrixFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

/// One subject's rules in one namespace.
struct Listing<'a> {
    subject: &'a Subject,
    namespace: Text,
    rules: Vec<EffectiveRule>,
    /// Whether there can be more rules.
    incomplete: bool,
    /// The problems, with the server's wording if it has one.
    error: String,
}

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, MatrixFormat::Table | MatrixFormat::Wide)
    }
}

/// Lists the rules.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let is_laid_out = matches!(arguments.output, MatrixFormat::Table | MatrixFormat::Wide);
    arguments.list.size.check(|| is_laid_out)?;
    let subjects = SubjectArgument::parse_all(&arguments.subjects)?;
    let session = Session::load(ui, options, SubjectArgument::needs(&subjects))?;
    let mut report = Report { me: me(ui, options, &session, &subjects)?, ..Report::default() };
    let subjects = SubjectArgument::resolve_all(&subjects, ui, &session, options)?;
    if !options.namespace.all_namespaces {
        session.place.explain(ui);
    }
    let listings = subjects.iter().flat_map(|subject| {
        let namespaces = namespaces_of(&session, options, &subject.identity);
        namespaces.into_iter().map(move |namespace| (subject, namespace))
    });
    let mut out = ui.stdout();
    match (arguments.output, arguments.output.as_format()) {
        (MatrixFormat::Json | MatrixFormat::Jsonl | MatrixFormat::Yaml, Some(format)) => {
            for (position, (subject, namespace)) in listings.enumerate() {
                let mut listing = report.list(ui, &session, subject, namespace)?;
                let omitted = listing.arrange(&arguments.list);
                if position > 0 && arguments.output == MatrixFormat::Yaml {
                    writeln!(out, "---")?;
                }
                match arguments.output {
                    MatrixFormat::Jsonl => {
                        output::write_jsonl(&mut out, &listing.to_review(omitted))?
                    }
                    _ => output::write_structured(&mut out, format, &listing.to_review(omitted))?,
                }
            }
        }
        (format, _) => {
            let mut all = Vec::new();
            for subject in &subjects {
                let namespaces = namespaces_of(&session, options, &subject.identity);
                if options.namespace.all_namespaces && !report.asks_server(&session, subject) {
                    all.extend(report.list_apart(&session, subject, namespaces));
                    continue;
                }
                for namespace in namespaces {
                    all.push(report.list(ui, &session, subject, namespace)?);
                }
            }
            let listings = all;
            let columns = match format {
                MatrixFormat::Csv => Columns::All,
                MatrixFormat::Wide => Columns::Wide,
                _ => Columns::Needed,
            };
            let folding = match is_laid_out && !arguments.system.show_system {
                true => Folding::Everybodys,
                false => Folding::None,
            };
            let rows = rows(&session, &listings, folding);
            if arguments.list.size.summary {
                let summary = Summary::of(rows.iter().map(keys));
                summary.write(&mut out, ["RESOURCE OR URL", "SUBJECT", "rule"], ui.layout())?;
                out.flush()?;
                let exit = report.finish(ui);
                return Ok(session.conclude(ui, exit));
            }
            let totals = table::totals(&rows);
            let arranged = match is_laid_out {
                true => arguments.list.arrange(ui.room(), rows, keys),
                false => {
                    let (rows, omitted) = arguments.list.records(rows, keys);
                    Arranged { groups: rows.into_iter().map(|row| vec![row]).collect(), omitted }
                }
            };
            let mut table = table(&listings, &arranged.groups, columns);
            if format == MatrixFormat::Csv {
                table.add_unread(words::gaps(&report.gaps));
            }
            match format {
                MatrixFormat::Csv => table.write_csv(&mut out, ui.layout().headings)?,
                MatrixFormat::Markdown => {
                    table.write_markdown(&mut out, words::gaps(&report.gaps))?;
                }
                _ if table.is_empty() => {}
                _ => table.write(&mut out, ui.layout())?,
            }
            if is_laid_out {
                let lines = arranged.omission().into_iter().chain(totals);
                lines.into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            if folding == Folding::Everybodys {
                write_folded(&mut Folded::new(&mut out, ui.columns()), &listings, &table)?;
            }
        }
    }
    out.flush()?;
    let exit = report.finish(ui);
    report.suggest(ui, options, &session);
    Ok(session.conclude(ui, exit))
}

/// Returns the requested namespaces; with -A, those with RoleBindings for the subject, or the default one if
/// there are none.
fn namespaces_of(session: &Session, options: &Options, identity: &Identity) -> Vec<Text> {
    if !options.namespace.all_namespaces {
        return session.namespaces(options);
    }
    let namespaces: BTreeSet<Text> = session
        .authorizer
        .bindings_of(identity)
        .into_iter()
        .map(|bound| bound.binding.metadata.namespace.clone())
        .filter(|namespace| !namespace.is_empty())
        .collect();
    if namespaces.is_empty() {
        return vec![session.namespace().into()];
    }
    namespaces.into_iter().collect()
}

/// Returns the caller's identity, if it is a subject and the server can list rules that could not be read.
fn me(
    ui: &Ui,
    options: &Options,
    session: &Session,
    subjects: &[SubjectArgument],
) -> Result<Option<Identity>, CommandError> {
    let may_ask = session.live().is_some() && !options.source.overlay;
    let asks = may_ask && subjects.contains(&SubjectArgument::Me);
    asks.then(|| session.me(ui, options)).transpose()
}

impl Listing<'_> {
    /// Sorts and limits the rules, and returns the number of those that are left out.
    fn arrange(&mut self, list: &ListOptions) -> usize {
        let rules = std::mem::take(&mut self.rules);
        let (rules, omitted) = list.records_of_equals(rules, table::keys_of_rule);
        self.rules = rules;
        omitted
    }

    fn to_review(&self, omitted: usize) -> SelfSubjectRulesReview<'_> {
        let unbuilt = self.rules.iter().filter(|effective| effective.is_unbuilt);
        SelfSubjectRulesReview::new(
            &self.subject.identity,
            &self.namespace,
            self.rules.iter().map(|effective| &effective.rule),
            self.incomplete || omitted > 0,
            &self.error,
        )
        .with_omitted(omitted)
        .with_unbuilt(unbuilt.map(|effective| words::rule(&effective.rule)))
    }
}

/// The gaps in the lists, without duplicates.
#[derive(Default)]
struct Report {
    /// The caller, who can ask the server for its own rules.
    me: Option<Identity>,
    /// The gaps that made it necessary to ask the server.
    asked_for: BTreeSet<Gap>,
    /// The server's message about rules that it does not list.
    unlisted: BTreeSet<String>,
    problems: BTreeSet<String>,
    gaps: BTreeSet<Gap>,
    nodes: BTreeSet<String>,
    masters: BTreeSet<String>,
    /// The subjects and namespaces with possibly incomplete rules.
    open: BTreeSet<(String, Text)>,
    /// The subjects without rules in at least one namespace.
    without: BTreeSet<String>,
    /// The subjects with rules in at least one namespace.
    with: BTreeSet<String>,
}

impl Report {
    /// Lists the rules of a subject in a namespace. For the caller, the server lists rules that could not be
    /// read.
    fn list<'a>(
        &mut self,
        ui: &Ui,
        session: &Session,
        subject: &'a Subject,
        namespace: Text,
    ) -> Result<Listing<'a>, CommandError> {
        let identity = &subject.identity;
        let review = session.authorizer.rules_for(identity, &namespace);
        let is_me = self.me.as_ref() == Some(identity);
        let live = session.live().filter(|_| is_me && !review.gaps.is_empty());
        let answer = live.map(|live| live::rules(ui, live, identity, &namespace)).transpose()?;
        let (rules, because) = match answer {
            Some(RulesAnswer::Complete(rules)) => (rules, None),
            Some(RulesAnswer::Partial(rules, because)) => (rules, Some(because)),
            Some(RulesAnswer::Useless) | None => {
                self.add(subject, &namespace, &review);
                let rules = review.rules.iter().map(|of| Given::by_binding(session, of));
                return Ok(Listing {
                    subject,
                    namespace,
                    rules: effective(rules),
                    incomplete: identity.is_node() || !review.gaps.is_empty(),
                    error: output::evaluation_error(identity, &review),
                });
            }
        };
        self.asked_for.extend(review.gaps.iter().cloned());
        self.unlisted.extend(because.clone());
        Ok(Listing {
            subject,
            namespace,
            rules: effective(rules.rules().iter().map(Given::by_server)),
            incomplete: because.is_some(),
            error: because.unwrap_or_default(),
        })
    }

    /// Returns whether to ask the server for a subject's rules, because some could not be read.
    fn asks_server(&self, session: &Session, subject: &Subject) -> bool {
        self.me.as_ref() == Some(&subject.identity)
            && session.live().is_some()
            && !session.authorizer.rules_for(&subject.identity, "").gaps.is_empty()
    }

    /// Lists the rules that apply in every namespace once, followed by the additional rules of each
    /// namespace.
    fn list_apart<'a>(
        &mut self,
        session: &Session,
        subject: &'a Subject,
        namespaces: Vec<Text>,
    ) -> Vec<Listing<'a>> {
        let identity = &subject.identity;
        let mut listings: Vec<Listing<'a>> = Vec::new();
        for namespace in std::iter::once(Text::from("*")).chain(namespaces) {
            let everywhere = listings.first().map_or(&[][..], |listing| &listing.rules);
            let is_everywhere = listings.is_empty();
            let asked = if is_everywhere { "" } else { &*namespace };
            let review = session.authorizer.rules_for(identity, asked);
            self.add(subject, asked, &review);
            let rules = review
                .rules
                .iter()
                .filter(|of| of.binding.metadata.namespace.is_empty() == is_everywhere)
                .map(|of| Given::by_binding(session, of));
            let rules = beyond(effective(rules), everywhere);
            listings.push(Listing {
                subject,
                namespace,
                rules,
                incomplete: identity.is_node() || !review.gaps.is_empty(),
                error: output::evaluation_error(identity, &review),
            });
        }
        listings
    }

    fn add(&mut self, subject: &Subject, namespace: &str, review: &RulesReview<'_>) {
        self.problems.extend(review.problems.iter().map(words::problem));
        self.gaps.extend(review.gaps.iter().cloned());
        let identity = &subject.identity;
        if !review.gaps.is_empty() {
            self.open.insert((label(identity), namespace.into()));
        }
        if !review.rules.is_empty() {
            self.with.insert(label(identity));
        } else if review.gaps.is_empty() && !identity.is_privileged() {
            self.without.insert(label(identity));
        }
        self.nodes.extend(identity.is_node().then(|| label(identity)));
        self.masters.extend(identity.is_privileged().then(|| label(identity)));
    }

    /// Reports the gaps on stderr, and returns the exit code.
    fn finish(&self, ui: &Ui) -> Exit {
        if !self.asked_for.is_empty() {
            let unread: Vec<String> = self.asked_for.iter().map(words::unread).collect();
            let unread = unread.join("; ");
            ui.note(format!(
                "these are the server's rules, because rolecall could not read: {unread}"
            ));
        }
        for because in &self.unlisted {
            let because = if because.is_empty() { String::new() } else { format!(": {because}") };
            ui.warn(format!(
                "more rules might apply, because the server does not list all of them{because}"
            ));
        }
        for problem in &self.problems {
            ui.warn(problem);
        }
        for gap in words::gaps(&self.gaps) {
            ui.warn(format!("more rules might apply; could not read: {gap}"));
        }
        for subject in self.without.difference(&self.with) {
            ui.note(format!("no rules found for {subject}"));
        }
        for node in &self.nodes {
            ui.warn(format!("{node} can also do what the Node authorizer allows"));
        }
        for master in &self.masters {
            ui.note(format!("{master} can do everything, as a member of group system:masters"));
        }
        let complete = [&self.nodes, &self.unlisted].iter().all(|texts| texts.is_empty());
        let complete = complete && self.gaps.is_empty();
        Exit::Inconclusive.when(!complete)
    }

    /// Suggests single questions if the bindings of a subject cannot be listed: the server answers these.
    fn suggest(&self, ui: &Ui, options: &Options, session: &Session) {
        let Some((subject, namespace)) = self.open.first() else { return };
        if session.live().is_none() || options.source.overlay {
            return;
        }
        let mut options = options.clone();
        options.namespace.namespaces = vec![namespace.to_string()];
        options.namespace.all_namespaces = false;
        if namespace.is_empty() {
            options.namespace.namespaces.clear();
        }
        let words = vec!["rolecall", "can-i", "list", "pods", "--for", subject];
        let command = cli::command_line(words, &options);
        ui.suggest(Hint::run(command, "let the server answer a single question"));
    }
}
