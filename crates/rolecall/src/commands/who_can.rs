use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use rolecall_rbac::{Holder, Metadata, NamespaceSelection, Request, SubjectKind, WhoCan};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::{Breadth, Needs, Session};
use crate::output::{self, AccessHolders, Format};
use crate::question::{self, Question};
use crate::render::{Cell, Table};
use crate::ui::Ui;
use crate::words;

/// List who may do something, and through which bindings
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// What is done: a verb such as `get`, `list` or `create`
    verb: String,
    /// To what: a resource or a URL path
    resource: String,
    /// The object's name
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// How the answer looks; wide, json and yaml name the ServiceAccounts in each group
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn after_help() -> String {
    format!(
        "\
Without -A the question is about one namespace; with -A about each by itself and all at once. A subject
whose NAMESPACE is `*` may everywhere. Members of system:masters may everything, whatever is listed.

Examples:
  Who may read the Secrets of a namespace?
    rolecall who-can get secrets -n shop
  Who may open a shell in a Pod, in any namespace?
    rolecall who-can create pods/exec -A
  Which ServiceAccounts does a group bring with it?
    rolecall who-can list pods -n shop -o wide
  Who may read the metrics?
    rolecall who-can get /metrics

{}

Exit codes: 0 somebody may, 1 nobody may, 2 it could not be done, 3 something that was not read may hide
somebody.",
        question::GRAMMAR,
    )
}

/// Lists who may.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    // The ServiceAccounts that a group holds may be in any namespace.
    let needs = Needs { service_accounts: true, breadth: Breadth::Roles, ..Needs::default() };
    let session = Session::load(ui, options, needs)?;
    let mut asked = Vec::new();
    for namespace in session.namespaces(options) {
        let request = Question {
            verb: &arguments.verb,
            resource: &arguments.resource,
            name: &arguments.name,
            namespace: &namespace,
            namespace_is_explicit: options.namespace.first().is_some(),
        }
        .to_request(ui, &session)?;
        if !asked.contains(&request) {
            asked.push(request);
        }
    }
    let selection = if options.namespace.all_namespaces {
        NamespaceSelection::Each
    } else {
        NamespaceSelection::OfRequest
    };
    let answer = ask(&session, &asked, &selection);
    let mut out = ui.stdout();
    match arguments.output {
        Format::Table | Format::Wide => {
            let wide = arguments.output == Format::Wide;
            let table = table(&session, &answer, wide);
            if !table.is_empty() {
                table.write(&mut out, ui.columns())?;
            }
        }
        Format::Json | Format::Yaml => {
            let everywhere = options.namespace.all_namespaces;
            let holders = AccessHolders::new(&session, &asked, everywhere, &answer);
            output::write_structured(&mut out, arguments.output, &holders)?;
        }
    }
    out.flush()?;
    report(ui, &session, &asked, &selection, &answer);
    let exit = match answer.gaps.is_empty() {
        // Without gaps alone an empty list is a "no".
        true => Exit::No.when(answer.holders.is_empty()),
        false => Exit::Inconclusive,
    };
    Ok(session.conclude(ui, exit))
}

/// Asks each request and lists each holder once: grants that hold everywhere come with each.
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

/// Lays the holders out; wide, each group is followed by the ServiceAccounts in it.
///
/// The namespace tells RoleBindings from ClusterRoleBindings.
fn table(session: &Session, answer: &WhoCan<'_>, wide: bool) -> Table {
    let mut headings = vec!["SUBJECT", "NAMESPACE", "BINDING", "ROLE"];
    headings.extend(wide.then_some(["RULE", "DEFINED IN"]).into_iter().flatten());
    let mut table = Table::new(headings);
    for holder in &answer.holders {
        let grant = &holder.grant;
        let metadata = &grant.binding.metadata;
        let namespace = if holder.namespace.is_empty() { "*" } else { holder.namespace };
        let role = format!("{}/{}", grant.role.kind(), grant.role.metadata.name);
        let origin = words::origin(metadata);
        let position = origin.trim_matches(|c| " ()".contains(c));
        let rest: [Cell; 3] = [namespace.into(), (&*metadata.name).into(), role.into()];
        let evidence = wide.then(|| [words::rule(grant.rule).into(), position.into()]);
        let rest: Vec<Cell> = rest.into_iter().chain(evidence.into_iter().flatten()).collect();
        let row = |who: String| std::iter::once(Cell::from(who)).chain(rest.clone());
        table.row(row(words::subject_argument(grant.subject, metadata)));
        if wide && grant.subject.kind == SubjectKind::Group {
            for account in session.authorizer.members(&grant.subject.name) {
                let Metadata { namespace, name, .. } = &account.metadata;
                table.row(row(format!("  sa/{namespace}:{name}")));
            }
        }
    }
    table
}

/// Says on stderr what the list does not show.
fn report(
    ui: &Ui,
    session: &Session,
    requests: &[Request],
    selection: &NamespaceSelection,
    answer: &WhoCan<'_>,
) {
    if answer.holders.is_empty() {
        for request in requests {
            let anywhere = match selection {
                NamespaceSelection::Each => ", nor in any one namespace",
                NamespaceSelection::OfRequest => "",
            };
            let asked = words::request(request);
            ui.note(format!("nobody that was read may {asked}{anywhere}"));
        }
    }
    let masters = |holder: &Holder<'_>| *holder.grant.subject.name == *"system:masters";
    if !answer.holders.iter().any(masters) {
        ui.note("group system:masters may everything, whatever roles and bindings say");
    }
    if requests.iter().any(|request| session.authorizer.rule_of_nodes(request).is_some()) {
        ui.note("nodes may too, each for what runs on it: the Node authorizer decides for group system:nodes");
    }
    for problem in &answer.problems {
        ui.warn(words::problem(problem));
    }
    for gap in words::gaps(&answer.gaps) {
        ui.warn(format!("further subjects may be hidden, for this was not read: {gap}"));
    }
}
