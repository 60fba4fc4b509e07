mod report;

use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use rolecall_rbac::{
    Holder, Metadata, NamespaceSelection, Request, RequestScope, SubjectKind, VerbAlias, WhoCan,
};

use crate::built_in::{self, SystemOptions, is_own};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::listing::{Arranged, Keys, ListOptions, place, totals};
use crate::load::{Breadth, Needs, Session};
use crate::output::{self, AccessHolders, DocumentFormat, HoldersFormat};
use crate::question::{self, Question, Reach};
use crate::render::{Cell, Folded, Summary, Table, merged, plain};
use crate::runners::{Runner, Runners};
use crate::ui::Ui;
use crate::unread_holders::Confirmed;
use crate::{subject, unread_holders, words};

/// List the subjects that can do something, and the bindings that allow it
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall who-can <VERB> <RESOURCE> [OPTIONS]",
    after_help = format!(include_str!("../../help/who-can.txt"), resource = question::GRAMMAR)
)]
pub(crate) struct Arguments {
    /// The verb, such as `get` or `list`
    verb: String,
    /// The resource or URL path
    resource: String,
    /// The name of the object
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The subresource of RESOURCE, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true)]
    subresource: String,
    /// Accept verbs that are unknown to Kubernetes
    #[arg(long)]
    force: bool,
    /// Output format; wide, json and yaml list the ServiceAccounts in each group. With -f, these and csv
    /// also list the workloads of each ServiceAccount; on a cluster, only wide does
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: HoldersFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, HoldersFormat::Table | HoldersFormat::Wide)
    }
}

/// Lists the subjects.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    arguments.check()?;
    let is_table = matches!(arguments.output, HoldersFormat::Table | HoldersFormat::Wide);
    arguments.list.size.check(|| is_table)?;
    // The ServiceAccounts in a group can be in any namespace.
    let workloads = arguments.names_workloads(options);
    let breadth = if workloads { Breadth::All } else { Breadth::Roles };
    let resources = vec![arguments.resource.clone()];
    let needs = Needs { service_accounts: true, workloads, breadth, resources, ..Needs::default() };
    let session = Session::load(ui, options, needs)?;
    let mut asked = Vec::new();
    for namespace in session.namespaces(options) {
        let question = Question {
            verb: &arguments.verb,
            resource: &arguments.resource,
            subresource: &arguments.subresource,
            name: &arguments.name,
            namespace: &namespace,
            namespace_is_explicit: options.namespace.first().is_some(),
        };
        let request = match options.namespace.all_namespaces {
            true => question.to_request_in_each(ui, &session)?,
            false => question.to_request(ui, &session)?,
        };
        if !asked.contains(&request) {
            asked.push(request);
        }
    }
    let everywhere = asked.first().filter(|_| options.namespace.all_namespaces);
    let selection = everywhere
        // A path already names the namespace of its request.
        .filter(|_| !arguments.resource.starts_with('/'))
        .map_or(NamespaceSelection::OfRequest, |request| session.catalog.everywhere(request));
    if let Some(request) = everywhere
        && selection == NamespaceSelection::OfRequest
        && let Some(note) = limit_of_role_bindings(&session, &arguments.resource, request)
    {
        ui.note(note);
    }
    let answer = ask(&session, &asked, &selection);
    let confirmed = match answer.gaps.is_empty() || options.source.overlay {
        true => Vec::new(),
        false => {
            let holders = answer.holders.iter().map(|holder| &holder.grant);
            let known =
                holders.map(|grant| grant.subject.notation(&grant.binding.metadata)).collect();
            unread_holders::confirmed(ui, &session, &asked, &known)?
        }
    };
    let runners = workloads.then(|| Runners::new(session.authorizer.inventory()));
    let runners = runners.as_ref();
    let structured = |format| {
        let each = selection == NamespaceSelection::Each;
        let (shown, omitted) = arguments.list.records(answer.holders.iter().collect(), keys);
        let holders = AccessHolders::new(&session, &asked, each, &answer, runners)
            .with_holders(shown, omitted)
            .with_confirmed(&confirmed);
        let mut out = ui.data();
        output::write_document(&mut out, format, &holders)?;
        Ok::<(), CommandError>(out.flush()?)
    };
    let mut out = ui.stdout();
    match arguments.output {
        HoldersFormat::Table | HoldersFormat::Wide => {
            let detail = match arguments.output {
                HoldersFormat::Wide => Columns::Wide,
                _ => Columns::Needed,
            };
            let is_own = |holder: &Holder<'_>| is_own(holder.grant.subject, holder.grant.binding);
            let is_shown = |holder: &Holder<'_>| arguments.system.show_system || !is_own(holder);
            let shown: Vec<&Holder<'_>> =
                answer.holders.iter().filter(|holder| is_shown(holder)).collect();
            if arguments.list.size.summary {
                let summary = Summary::of(shown.iter().map(keys));
                summary.write(&mut out, ["ROLE", "SUBJECT", "grant"], ui.layout())?;
            } else {
                let arranged = arguments.list.arrange_equals(ui.room(), shown.clone(), keys);
                let table = table(&session, &arranged.groups, &confirmed, detail, runners);
                if !table.is_empty() {
                    table.write(&mut out, ui.layout())?;
                }
                write_totals(&mut out, &shown, &arranged)?;
            }
            let folded = answer.holders.iter().filter(|holder| !is_shown(holder)).map(name);
            if let Some(folded) = built_in::folded(&folded.collect()) {
                writeln!(Folded::new(&mut out, ui.columns()), "{folded}")?;
            }
        }
        HoldersFormat::Csv => {
            let (shown, _) = arguments.list.records(answer.holders.iter().collect(), keys);
            let mut table = table(&session, &alone(shown), &confirmed, Columns::All, runners);
            table.add_unread(words::gaps(&answer.gaps));
            table.write_csv(&mut out, ui.layout().headings)?;
        }
        HoldersFormat::Markdown => {
            let (shown, _) = arguments.list.records(answer.holders.iter().collect(), keys);
            let table = table(&session, &alone(shown), &confirmed, Columns::Needed, runners);
            table.write_markdown(&mut out, words::gaps(&answer.gaps))?;
        }
        HoldersFormat::Name => {
            let of_server = confirmed.iter().map(|it| it.subject.clone());
            let named: BTreeSet<String> =
                answer.holders.iter().map(name).chain(of_server).collect();
            for name in named {
                writeln!(out, "{}", plain(&name))?;
            }
        }
        HoldersFormat::Json => structured(DocumentFormat::Json)?,
        HoldersFormat::Jsonl => structured(DocumentFormat::Jsonl)?,
        HoldersFormat::Yaml => structured(DocumentFormat::Yaml)?,
    }
    out.flush()?;
    report::report(ui, &session, (&asked, &selection), &answer, &confirmed);
    let exit = match answer.gaps.is_empty() {
        // An empty list is only a "no" without gaps.
        true => Exit::No.when(answer.holders.is_empty()),
        false => Exit::Inconclusive,
    };
    Ok(session.conclude(ui, exit))
}

/// Returns a note about the access that RoleBindings can grant to a cluster-scoped resource.
fn limit_of_role_bindings(session: &Session, resource: &str, request: &Request) -> Option<String> {
    match session.catalog.scope_of_request(request)? {
        RequestScope::Cluster => {
            Some(format!("`{resource}` is cluster-scoped, so RoleBindings cannot grant it"))
        }
        RequestScope::Itself => Some(format!(
            "`{resource}` is cluster-scoped: a RoleBinding can grant it only for the Namespace that \
             the RoleBinding is in"
        )),
        RequestScope::Namespaced | RequestScope::WhereUsed => None,
    }
}

/// The columns of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Columns {
    /// Only columns with information.
    Needed,
    /// Also the evidence, and the workloads of ServiceAccounts.
    Wide,
    /// All columns, at fixed positions for programs.
    All,
}

impl Arguments {
    /// Returns whether to read the workloads of ServiceAccounts. In a cluster, that takes lists of all Pods and
    /// permission to read them, which most programs do not need.
    fn names_workloads(&self, options: &Options) -> bool {
        match self.output {
            HoldersFormat::Wide => true,
            HoldersFormat::Csv
            | HoldersFormat::Json
            | HoldersFormat::Jsonl
            | HoldersFormat::Yaml => !options.source.reads_cluster(),
            HoldersFormat::Table | HoldersFormat::Markdown | HoldersFormat::Name => false,
        }
    }

    /// Rejects verbs that servers never check, since the answer would be misleading.
    fn check(&self) -> Result<(), CommandError> {
        question::refuse_several_verbs(&self.verb)?;
        let is_path = self.resource.starts_with('/');
        let reach = if is_path { Reach::ResourcesAndPaths } else { Reach::Resources };
        // Custom verbs are possible for custom resources.
        let head = self.resource.split('/').next().unwrap_or_default();
        let is_custom = head.split_once('.').is_some_and(|(_, group)| {
            group.contains('.') && (!group.ends_with(".k8s.io") || group.ends_with(".x-k8s.io"))
        });
        match question::unknown_verb(&self.verb, reach) {
            Some(unknown) if !self.force && !is_custom => {
                let meant = VerbAlias::of(&self.verb).filter(|_| !is_path).and_then(|meant| {
                    let asked = format!("{} {}", meant.verbs.first()?, meant.on(&self.resource));
                    Hint::did_you_mean(format!("{} {}", self.verb, self.resource), [asked])
                });
                Err(CommandError::usage(unknown)
                    .with_hint(meant)
                    .with_hint(Hint::pass("--force", "check it anyway")))
            }
            _ => Ok(()),
        }
    }
}

/// Answers all requests, and removes duplicate grants, since those that apply everywhere answer each.
fn ask<'a>(
    session: &'a Session,
    requests: &[Request],
    selection: &NamespaceSelection,
) -> WhoCan<'a> {
    let mut all = WhoCan { holders: Vec::new(), problems: Vec::new(), gaps: Vec::new() };
    for request in requests {
        let one = session.authorizer.who_can(request, selection);
        all.holders.extend(one.holders);
        all.problems.extend(one.problems);
        all.gaps.extend(one.gaps);
    }
    let mut seen = BTreeSet::new();
    all.holders.retain(|holder| {
        seen.insert((holder.namespace, &holder.grant.binding.metadata.name, holder.grant.subject))
    });
    let mut seen = BTreeSet::new();
    all.problems.retain(|problem| {
        let metadata = &problem.binding().metadata;
        seen.insert((&metadata.namespace, &metadata.name))
    });
    all.gaps.sort();
    all.gaps.dedup();
    all
}

/// Returns the keys by which grants are sorted and grouped.
fn keys(holder: &&Holder<'_>) -> Keys {
    let grant = &holder.grant;
    let binding = &grant.binding.metadata;
    Keys {
        rule: format!("{}/{}", grant.role.kind(), grant.role.metadata.name),
        subject: name(holder),
        object: words::binding(grant.binding),
        namespace: holder.namespace.to_owned(),
        place: place(&binding.origin),
        ..Keys::default()
    }
}

/// Returns grants in groups of one.
fn alone<'h>(holders: Vec<&'h Holder<'h>>) -> Vec<Vec<&'h Holder<'h>>> {
    holders.into_iter().map(|holder| vec![holder]).collect()
}

/// Writes the number of grants that are left out, and the totals of a list with several.
fn write_totals(
    out: &mut impl Write,
    shown: &[&Holder<'_>],
    arranged: &Arranged<&Holder<'_>>,
) -> Result<(), CommandError> {
    if let Some(omission) = arranged.omission() {
        writeln!(out, "{omission}")?;
    }
    if shown.len() > 1 {
        let (mut subjects, mut bindings) = (BTreeSet::new(), BTreeSet::new());
        let mut namespaces = BTreeSet::new();
        for holder in shown {
            let subject = holder.grant.subject;
            let binding = &holder.grant.binding.metadata;
            subjects.insert((
                subject.kind.as_str(),
                subject.effective_namespace(binding),
                &*subject.name,
            ));
            bindings.insert((&binding.namespace, &binding.name));
            namespaces.insert(holder.namespace);
        }
        namespaces.remove("");
        let counts = [
            (subjects.len(), "subject"),
            (bindings.len(), "binding"),
            (namespaces.len(), "namespace"),
        ];
        writeln!(out, "{}", totals(&counts))?;
    }
    Ok(())
}

fn name(holder: &Holder<'_>) -> String {
    holder.grant.subject.notation(&holder.grant.binding.metadata)
}

/// Builds the table; in wide format, each group is followed by its ServiceAccounts.
///
/// The namespace distinguishes RoleBindings from ClusterRoleBindings.
fn table(
    session: &Session,
    groups: &[Vec<&Holder<'_>>],
    confirmed: &[Confirmed],
    columns: Columns,
    runners: Option<&Runners<'_>>,
) -> Table {
    let wide = columns != Columns::Needed;
    let has_note = |holder: &&Holder<'_>| !note(session, holder).is_empty();
    let notes =
        columns == Columns::All || !confirmed.is_empty() || groups.iter().flatten().any(has_note);
    let mut headings = vec!["SUBJECT", "NAMESPACE", "BINDING", "ROLE"];
    headings.extend(wide.then_some(["RULE", "DEFINED IN", "WORKLOADS"]).into_iter().flatten());
    headings.extend(notes.then_some("NOTE"));
    let mut table = Table::new(headings);
    let workloads = |namespace: &str, name: &str| {
        let found = runners.and_then(|runners| runners.of(namespace, name));
        wide.then(|| found.map_or_else(|| "not read".to_owned(), named))
    };
    let rows_of = |holder: &Holder<'_>| {
        let note = note(session, holder);
        let grant = &holder.grant;
        let metadata = &grant.binding.metadata;
        let namespace = if holder.namespace.is_empty() { "*" } else { holder.namespace };
        let role = format!("{}/{}", grant.role.kind(), grant.role.metadata.name);
        let origin = words::origin(metadata);
        let position = origin.trim_matches(|c| " ()".contains(c));
        let rest: [Cell; 3] = [namespace.into(), (&*metadata.name).into(), role.into()];
        let evidence = wide.then(|| [words::rule(grant.rule).into(), position.into()]);
        let rest: Vec<Cell> = rest.into_iter().chain(evidence.into_iter().flatten()).collect();
        let row = |who: String, workloads: Option<String>| {
            let workloads = workloads.unwrap_or_default();
            let workloads = wide.then(|| workloads.into());
            let note = notes.then(|| Cell::unknown(&note));
            std::iter::once(Cell::from(who)).chain(rest.clone()).chain(workloads).chain(note)
        };
        let runs = match grant.subject.kind {
            SubjectKind::ServiceAccount => grant
                .subject
                .effective_namespace(metadata)
                .and_then(|namespace| workloads(namespace, &grant.subject.name)),
            _ => None,
        };
        let mut rows: Vec<Vec<Cell>> = vec![row(grant.subject.notation(metadata), runs).collect()];
        if wide && grant.subject.kind == SubjectKind::Group {
            for account in session.authorizer.members(&grant.subject.name) {
                let Metadata { namespace, name, .. } = &account.metadata;
                let account = row(format!("  sa/{namespace}:{name}"), workloads(namespace, name));
                rows.push(account.collect());
            }
        }
        rows
    };
    for group in groups {
        match &**group {
            [alone] => rows_of(alone).into_iter().for_each(|row| table.row(row)),
            several => {
                let rows = several.iter().filter_map(|holder| rows_of(holder).into_iter().next());
                table.row(merged(rows.collect()));
            }
        }
    }
    for Confirmed { subject, namespace } in confirmed {
        let namespace = if namespace.is_empty() { "*" } else { namespace };
        let unread = if wide { 5 } else { 2 };
        let evidence = std::iter::repeat_n(Cell::from(""), unread);
        let note = Cell::unknown("allowed by the server, through objects that could not be read");
        let row = [Cell::from(&**subject), namespace.into()].into_iter().chain(evidence);
        table.row(row.chain([note]).collect::<Vec<Cell>>());
    }
    table
}

/// Returns a note about an unexpected property of a grant.
fn note(session: &Session, holder: &Holder<'_>) -> String {
    let grant = &holder.grant;
    let is_unbuilt = session.authorizer.is_unbuilt(grant.binding, grant.role);
    let unbuilt = is_unbuilt.then_some("before building");
    let absent = words::absence(session.missing_from());
    let missing = output::missing_account(session, holder).map(|_| absent);
    let hook =
        [&grant.binding.metadata, &grant.role.metadata].into_iter().find_map(words::hook_note);
    let dead = subject::dead_note(grant.subject);
    let notes = [unbuilt, missing, dead].map(|note| note.map(str::to_owned));
    notes.into_iter().chain([hook]).flatten().collect::<Vec<_>>().join("; ")
}

/// The maximum number of workloads to name per ServiceAccount.
const SOME_WORKLOADS: usize = 3;

/// Names workloads: `Deployment web, CronJob report and 2 more`.
fn named(runners: Vec<Runner<'_>>) -> String {
    let shown = runners.iter().take(SOME_WORKLOADS);
    let shown: Vec<String> = shown.map(|it| format!("{} {}", it.kind, it.name)).collect();
    match runners.len() - shown.len() {
        0 => shown.join(", "),
        others => format!("{} and {others} more", shown.join(", ")),
    }
}
