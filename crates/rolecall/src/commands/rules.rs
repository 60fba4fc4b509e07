use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use clap::Args;
use rolecall_rbac::{Gap, Identity, PolicyRule, RulesReview, Text, break_down};
use rolecall_review::live::RulesAnswer;

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::live;
use crate::load::Session;
use crate::output::{self, MatrixFormat, SelfSubjectRulesReview};
use crate::render::{Cell, Table};
use crate::subject::{self, Subject, SubjectArgument, label};
use crate::ui::Ui;
use crate::words;

/// List what a subject can do in a namespace
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// Whose rules [default: me]; may be repeated; names may have
    /// wildcards, as in `sa/*` or `user/*`
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Output format; json and yaml are SelfSubjectRulesReviews, one after the other
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: MatrixFormat,
}

fn after_help() -> String {
    format!(
        "\
The rules are those that a SelfSubjectRulesReview reports: of every ClusterRoleBinding that reaches the
subject, and of the RoleBindings of the namespace. -A lists what holds in every namespace once, as
namespace `*`, and then what RoleBindings add in each; json and yaml repeat it for each namespace.

Examples:
  What may the Pods of a Deployment do?
    rolecall rules --for deploy/web -n shop
  What may each ServiceAccount of a namespace do, and through which bindings?
    rolecall rules --for 'sa/*' -n shop -o wide
  As the API's own object
    rolecall rules --for user/jane -n shop -o json

{}

Exit codes: 0 listed, 2 an error, 3 something that was not read may add rules.",
        subject::GRAMMAR,
    )
}

/// One subject's rules in one namespace.
struct Listing<'a> {
    subject: &'a Subject,
    namespace: Text,
    rules: Vec<EffectiveRule>,
    /// Whether there may be more rules.
    incomplete: bool,
    /// What went wrong, in the server's words where it has some.
    error: String,
}

/// One resource or URL with all the verbs that any rule gives, and the bindings that do.
struct EffectiveRule {
    /// One API group and resource with at most one name, or one URL.
    rule: PolicyRule,
    /// The bindings, in words.
    through: Vec<String>,
}

/// Lists the rules.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let subjects = SubjectArgument::parse_all(&arguments.subjects)?;
    let session = Session::load(ui, options, SubjectArgument::needs(&subjects))?;
    let mut report = Report { me: me(options, &session, &subjects)?, ..Report::default() };
    let subjects = SubjectArgument::resolve_all(&subjects, ui, &session, options)?;
    let listings = subjects.iter().flat_map(|subject| {
        let namespaces = namespaces_of(&session, options, &subject.identity);
        namespaces.into_iter().map(move |namespace| (subject, namespace))
    });
    let mut out = ui.stdout();
    match (arguments.output, arguments.output.as_format()) {
        (MatrixFormat::Json | MatrixFormat::Yaml, Some(format)) => {
            for (position, (subject, namespace)) in listings.enumerate() {
                let listing = report.list(ui, &session, subject, namespace)?;
                if position > 0 && arguments.output == MatrixFormat::Yaml {
                    writeln!(out, "---")?;
                }
                output::write_structured(&mut out, format, &listing.to_review())?;
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
            let is_wide = matches!(format, MatrixFormat::Wide | MatrixFormat::Csv);
            let table = table(&listings, is_wide);
            match format {
                MatrixFormat::Csv => table.write_csv(&mut out, ui.layout().headings)?,
                MatrixFormat::Markdown => table.write_markdown(&mut out)?,
                _ => table.write(&mut out, ui.layout())?,
            }
        }
    }
    out.flush()?;
    Ok(session.conclude(ui, report.tell(ui)))
}

/// Returns the namespaces that were asked for; with -A those in which RoleBindings reach the
/// subject, and any one when none does.
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
        return vec![session.namespace.as_str().into()];
    }
    namespaces.into_iter().collect()
}

/// Returns who the caller is, if it asks about itself and the server may add what could not be read.
fn me(
    options: &Options,
    session: &Session,
    subjects: &[SubjectArgument],
) -> Result<Option<Identity>, CommandError> {
    let may_ask = session.live().is_some() && !options.source.overlay;
    let asks = may_ask && subjects.contains(&SubjectArgument::Me);
    asks.then(|| session.me(options)).transpose()
}

/// Breaks rules down and puts them together again by what they are about: resources, then URLs. With
/// each comes through what it is given, if that is known.
fn effective<'a>(
    rules: impl Iterator<Item = (&'a PolicyRule, Option<String>)>,
) -> Vec<EffectiveRule> {
    type Gathered = (BTreeSet<Text>, BTreeSet<String>);
    let mut gathered: BTreeMap<PolicyRule, Gathered> = BTreeMap::new();
    for (rule, through) in rules {
        for mut atom in break_down(rule) {
            let verbs = std::mem::take(&mut atom.verbs);
            let (all_verbs, all_through) = gathered.entry(atom).or_default();
            all_verbs.extend(verbs.iter().cloned());
            all_through.extend(through.clone());
        }
    }
    let (urls, resources): (Vec<_>, Vec<_>) =
        gathered.into_iter().partition(|(about, _)| about.resources.is_empty());
    resources
        .into_iter()
        .chain(urls)
        .map(|(about, (verbs, through))| EffectiveRule {
            rule: PolicyRule { verbs: verbs.into_iter().collect(), ..about },
            through: through.into_iter().collect(),
        })
        .collect()
}

/// Returns what rules give beyond others: further verbs on what both are about, and the rest.
fn beyond(rules: Vec<EffectiveRule>, others: &[EffectiveRule]) -> Vec<EffectiveRule> {
    let about = |rule: &PolicyRule| PolicyRule { verbs: [].into(), ..rule.clone() };
    let known: BTreeMap<PolicyRule, &PolicyRule> =
        others.iter().map(|other| (about(&other.rule), &other.rule)).collect();
    let further = |effective: EffectiveRule| {
        let Some(other) = known.get(&about(&effective.rule)) else { return Some(effective) };
        let is_known =
            |verb: &&Text| other.verbs.contains(verb) || other.verbs.iter().any(|v| **v == *"*");
        let verbs: Vec<Text> =
            effective.rule.verbs.iter().filter(|verb| !is_known(verb)).cloned().collect();
        (!verbs.is_empty()).then(|| EffectiveRule {
            rule: PolicyRule { verbs: verbs.into_iter().collect(), ..effective.rule },
            through: effective.through,
        })
    };
    rules.into_iter().filter_map(further).collect()
}

impl Listing<'_> {
    fn to_review(&self) -> SelfSubjectRulesReview<'_> {
        SelfSubjectRulesReview::new(
            &self.subject.identity,
            &self.namespace,
            self.rules.iter().map(|effective| &effective.rule),
            self.incomplete,
            &self.error,
        )
    }
}

/// What the lists lack, each thing once.
#[derive(Default)]
struct Report {
    /// Who asks about itself, and so may ask the server what could not be read.
    me: Option<Identity>,
    /// What the server was asked for, for it could not be read.
    asked_for: BTreeSet<Gap>,
    /// What the server says of rules that it does not list.
    unlisted: BTreeSet<String>,
    problems: BTreeSet<String>,
    gaps: BTreeSet<Gap>,
    nodes: BTreeSet<String>,
    masters: BTreeSet<String>,
}

impl Report {
    /// Lists a subject's rules in a namespace; the caller's by the server where some could not be read.
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
                self.add(subject, &review);
                let rules =
                    review.rules.iter().map(|of| (of.rule, Some(words::binding(of.binding))));
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
            rules: effective(rules.rules().iter().map(|rule| (rule, None))),
            incomplete: because.is_some(),
            error: because.unwrap_or_default(),
        })
    }

    /// Returns whether the server lists a subject's rules, as some could not be read.
    fn asks_server(&self, session: &Session, subject: &Subject) -> bool {
        self.me.as_ref() == Some(&subject.identity)
            && session.live().is_some()
            && !session.authorizer.rules_for(&subject.identity, "").gaps.is_empty()
    }

    /// Lists the rules that hold in every namespace once, and for each namespace those that its
    /// RoleBindings add.
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
            self.add(subject, &review);
            let rules = review
                .rules
                .iter()
                .filter(|of| of.binding.metadata.namespace.is_empty() == is_everywhere)
                .map(|of| (of.rule, Some(words::binding(of.binding))));
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

    fn add(&mut self, subject: &Subject, review: &RulesReview<'_>) {
        self.problems.extend(review.problems.iter().map(words::problem));
        self.gaps.extend(review.gaps.iter().cloned());
        let identity = &subject.identity;
        self.nodes.extend(identity.is_node().then(|| label(identity)));
        self.masters.extend(identity.is_privileged().then(|| label(identity)));
    }

    /// Says it on stderr, and returns how the command ends.
    fn tell(&self, ui: &Ui) -> Exit {
        if !self.asked_for.is_empty() {
            let unread: Vec<String> = self.asked_for.iter().map(words::unread).collect();
            let unread = unread.join("; ");
            ui.note(format!("the server listed the rules, for this was not read: {unread}"));
        }
        for because in &self.unlisted {
            let because = if because.is_empty() { String::new() } else { format!(": {because}") };
            ui.warn(format!("further rules may apply, for the server does not list all{because}"));
        }
        for problem in &self.problems {
            ui.warn(problem);
        }
        for gap in words::gaps(&self.gaps) {
            ui.warn(format!("further rules may apply, for this was not read: {gap}"));
        }
        for node in &self.nodes {
            ui.warn(format!("{node} may do further things that the Node authorizer allows"));
        }
        for master in &self.masters {
            ui.note(format!("{master} may do everything, as a member of group system:masters"));
        }
        let complete = [&self.nodes, &self.unlisted].iter().all(|texts| texts.is_empty());
        let complete = complete && self.gaps.is_empty();
        Exit::Inconclusive.when(!complete)
    }
}

/// Lays the listings out; subject, namespace and name have columns where they tell something.
fn table(listings: &[Listing<'_>], wide: bool) -> Table {
    let several = |differ: fn(&Listing<'_>, &Listing<'_>) -> bool| {
        wide || listings.first().is_some_and(|first| listings.iter().any(|l| differ(first, l)))
    };
    let subjects = several(|left, right| left.subject.identity != right.subject.identity);
    let namespaces = several(|left, right| left.namespace != right.namespace)
        || listings.iter().any(|listing| *listing.namespace == *"*");
    let mut all = listings.iter().flat_map(|listing| &listing.rules);
    let names = all.any(|effective| !effective.rule.resource_names.is_empty());
    let mut headings = Vec::new();
    headings.extend(subjects.then_some("SUBJECT"));
    headings.extend(namespaces.then_some("NAMESPACE"));
    headings.push("RESOURCE OR URL");
    headings.extend(names.then_some("NAME"));
    headings.push("VERBS");
    headings.extend(wide.then_some("THROUGH"));
    let mut table = Table::new(headings);
    for listing in listings {
        for EffectiveRule { rule, through } in &listing.rules {
            let mut cells: Vec<Cell> = Vec::new();
            cells.extend(subjects.then(|| label(&listing.subject.identity).into()));
            cells.extend(namespaces.then(|| listing.namespace.as_str().into()));
            cells.push(about(rule).into());
            cells.extend(names.then(|| words::quoted(&rule.resource_names).into()));
            cells.push(rule.verbs.join(" ").into());
            cells.extend(wide.then(|| through.join(", ").into()));
            table.row(cells);
        }
    }
    table
}

/// Names the one resource or URL that a broken-down rule is about.
fn about(rule: &PolicyRule) -> String {
    match (rule.resources.first(), rule.api_groups.first()) {
        (Some(resource), Some(group)) => words::with_group(resource, group),
        _ => rule.non_resource_urls.join(" "),
    }
}
