use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use clap::Args;
use rolecall_rbac::{Gap, Identity, PolicyRule, RulesReview, Text, break_down};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::Session;
use crate::output::{self, Format, SelfSubjectRulesReview};
use crate::render::{Cell, Table};
use crate::subject::{self, Subject, SubjectArgument, label};
use crate::ui::Ui;
use crate::words;

/// List what a subject may do in a namespace
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// Whose rules [default: me]; may be repeated; `sa/*` is every ServiceAccount of the namespaces
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// How the answer looks; json and yaml are SelfSubjectRulesReviews, one after the other
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn after_help() -> String {
    format!(
        "\
The rules are those that a SelfSubjectRulesReview reports: of every ClusterRoleBinding that reaches the
subject, and of the RoleBindings of the namespace. -A goes through every namespace in which a
RoleBinding reaches the subject.

Examples:
  What may the Pods of a Deployment do?
    rolecall rules --for deploy/web -n shop
  What may each ServiceAccount of a namespace do, and through which bindings?
    rolecall rules --for 'sa/*' -n shop -o wide
  As the API's own object
    rolecall rules --for user/jane -n shop -o json

{}

Exit codes: 0 listed, 2 it could not be done, 3 something that was not read may add rules.",
        subject::GRAMMAR,
    )
}

/// One subject's rules in one namespace.
struct Listing<'a> {
    subject: &'a Subject,
    namespace: Text,
    rules: Vec<EffectiveRule>,
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
    let subjects = SubjectArgument::resolve_all(&subjects, ui, &session, options)?;
    let listings = subjects.iter().flat_map(|subject| {
        let namespaces = namespaces_of(&session, options, &subject.identity);
        namespaces.into_iter().map(|namespace| {
            let review = session.authorizer.rules_for(&subject.identity, &namespace);
            (Listing { subject, namespace, rules: effective(&review) }, review)
        })
    });
    let mut report = Report::default();
    let mut out = ui.stdout();
    match arguments.output {
        Format::Json | Format::Yaml => {
            for (position, (listing, review)) in listings.enumerate() {
                if position > 0 && arguments.output == Format::Yaml {
                    writeln!(out, "---")?;
                }
                report.add(listing.subject, &review);
                let review = listing.to_review(&review);
                output::write_structured(&mut out, arguments.output, &review)?;
            }
        }
        Format::Table | Format::Wide => {
            let listings: Vec<Listing<'_>> = listings
                .map(|(listing, review)| {
                    report.add(listing.subject, &review);
                    listing
                })
                .collect();
            table(&listings, arguments.output == Format::Wide).write(&mut out, ui.columns())?;
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

/// Breaks rules down and puts them together again by what they are about: resources, then URLs.
fn effective(review: &RulesReview<'_>) -> Vec<EffectiveRule> {
    type Gathered = (BTreeSet<Text>, BTreeSet<String>);
    let mut gathered: BTreeMap<PolicyRule, Gathered> = BTreeMap::new();
    for of in &review.rules {
        let through = words::binding(of.binding);
        for mut atom in break_down(of.rule) {
            let verbs = std::mem::take(&mut atom.verbs);
            let (all_verbs, all_through) = gathered.entry(atom).or_default();
            all_verbs.extend(verbs.iter().cloned());
            all_through.insert(through.clone());
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

impl Listing<'_> {
    fn to_review<'l>(&'l self, review: &RulesReview<'_>) -> SelfSubjectRulesReview<'l> {
        let rules = self.rules.iter().map(|effective| &effective.rule);
        SelfSubjectRulesReview::new(&self.subject.identity, &self.namespace, rules, review)
    }
}

/// What the lists lack, each thing once.
#[derive(Default)]
struct Report {
    problems: BTreeSet<String>,
    gaps: BTreeSet<Gap>,
    nodes: BTreeSet<String>,
    masters: BTreeSet<String>,
}

impl Report {
    fn add(&mut self, subject: &Subject, review: &RulesReview<'_>) {
        self.problems.extend(review.problems.iter().map(words::problem));
        self.gaps.extend(review.gaps.iter().cloned());
        let identity = &subject.identity;
        self.nodes.extend(identity.is_node().then(|| label(identity)));
        self.masters.extend(identity.is_privileged().then(|| label(identity)));
    }

    /// Says it on stderr, and returns how the command ends.
    fn tell(&self, ui: &Ui) -> Exit {
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
        let complete = self.gaps.is_empty() && self.nodes.is_empty();
        if complete { Exit::Yes } else { Exit::Inconclusive }
    }
}

/// Lays the listings out; subject, namespace and name have columns where they tell something.
fn table(listings: &[Listing<'_>], wide: bool) -> Table {
    let several = |differ: fn(&Listing<'_>, &Listing<'_>) -> bool| {
        wide || listings.first().is_some_and(|first| listings.iter().any(|l| differ(first, l)))
    };
    let subjects = several(|left, right| left.subject.identity != right.subject.identity);
    let namespaces = several(|left, right| left.namespace != right.namespace);
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
            cells.extend(namespaces.then(|| listing.namespace.as_ref().into()));
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
