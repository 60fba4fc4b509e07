//! Rules as a table.

use std::collections::BTreeSet;
use std::io::Write;

use rolecall_check::dead_grant;
use rolecall_rbac::{PolicyRule, Text};

use super::Listing;
use super::effective::EffectiveRule;
use crate::error::CommandError;
use crate::listing::{self, Keys};
use crate::load::Session;
use crate::render::{Cell, Table, merged};
use crate::subject::{Subject, label};
use crate::words;

/// The columns of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// Only columns with information.
    Needed,
    /// Also the bindings, and always the subject and the namespace.
    Wide,
    /// All columns, at fixed positions for programs.
    All,
}

/// The rules that a table leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folding {
    /// None.
    None,
    /// The default rules of every user, for users and ServiceAccounts.
    Everybodys,
}

impl Folding {
    fn leaves_out(self, subject: &Subject, rule: &EffectiveRule) -> bool {
        // For a group, these rules can be the point of the question.
        self == Self::Everybodys && rule.is_everybodys && !subject.identity.user.is_empty()
    }
}

/// Writes the number of folded rules on one line.
pub(super) fn write_folded(
    out: &mut impl Write,
    listings: &[Listing<'_>],
    table: &Table,
) -> Result<(), CommandError> {
    let folded = listings.iter().flat_map(|listing| {
        let is_left_out =
            |rule: &&EffectiveRule| Folding::Everybodys.leaves_out(listing.subject, rule);
        listing.rules.iter().filter(is_left_out).map(|rule| &rule.rule)
    });
    let count = folded.collect::<BTreeSet<_>>().len();
    if count > 0 {
        let start = if table.is_empty() { "only the" } else { "and the" };
        let rules = if count == 1 { "rule" } else { "rules" };
        writeln!(out, "{start} {count} default {rules} of every user (--show-system lists them)")?;
    }
    Ok(())
}

/// A rule of a listing, and a note about it.
pub(super) struct Row<'a> {
    listing: &'a Listing<'a>,
    effective: &'a EffectiveRule,
    note: String,
}

/// Returns the rows that a table does not leave out.
pub(super) fn rows<'a>(
    session: &Session,
    listings: &'a [Listing<'a>],
    folding: Folding,
) -> Vec<Row<'a>> {
    listings
        .iter()
        .flat_map(|listing| listing.rules.iter().map(move |rule| (listing, rule)))
        .filter(|(listing, rule)| !folding.leaves_out(listing.subject, rule))
        .map(|(listing, effective)| Row { listing, effective, note: note(session, effective) })
        .collect()
}

/// Counts the rules of a list with several.
pub(super) fn totals(rows: &[Row<'_>]) -> Option<String> {
    let subjects: BTreeSet<_> = rows.iter().map(|row| &row.listing.subject.identity).collect();
    let namespaces = rows.iter().map(|row| &row.listing.namespace);
    let namespaces: BTreeSet<_> = namespaces.filter(|namespace| ***namespace != *"*").collect();
    let counts =
        [(rows.len(), "rule"), (subjects.len(), "subject"), (namespaces.len(), "namespace")];
    (rows.len() > 1).then(|| listing::totals(&counts))
}

/// Returns the keys by which rules are sorted and grouped.
pub(super) fn keys(row: &Row<'_>) -> Keys {
    Keys {
        subject: label(&row.listing.subject.identity),
        namespace: row.listing.namespace.to_string(),
        ..keys_of_rule(row.effective)
    }
}

/// Returns the keys by which the rules of one subject are sorted.
pub(super) fn keys_of_rule(effective: &EffectiveRule) -> Keys {
    Keys {
        rule: about(&effective.rule, Columns::Needed),
        object: effective.through.join(", "),
        ..Keys::default()
    }
}

/// Builds the table.
pub(super) fn table(listings: &[Listing<'_>], groups: &[Vec<Row<'_>>], columns: Columns) -> Table {
    let wide = columns != Columns::Needed;
    let all = columns == Columns::All;
    let several = |differ: fn(&Listing<'_>, &Listing<'_>) -> bool| {
        wide || listings.first().is_some_and(|first| listings.iter().any(|l| differ(first, l)))
    };
    let subjects = several(|left, right| left.subject.identity != right.subject.identity);
    let namespaces = several(|left, right| left.namespace != right.namespace)
        || listings.iter().any(|listing| *listing.namespace == *"*");
    let shown = || groups.iter().flatten();
    let names = all || shown().any(|row| !row.effective.rule.resource_names.is_empty());
    let notes = all || shown().any(|row| !row.note.is_empty());
    let mut headings = Vec::new();
    headings.extend(subjects.then_some("SUBJECT"));
    headings.extend(namespaces.then_some("NAMESPACE"));
    headings.push("RESOURCE OR URL");
    headings.extend(names.then_some("NAME"));
    headings.push("VERBS");
    headings.extend(wide.then_some("THROUGH"));
    headings.extend(notes.then_some("NOTE"));
    let mut table = Table::new(headings);
    let cells = |Row { listing, effective, note }: &Row<'_>| {
        let EffectiveRule { rule, through, .. } = effective;
        let mut cells: Vec<Cell> = Vec::new();
        cells.extend(subjects.then(|| label(&listing.subject.identity).into()));
        cells.extend(namespaces.then(|| listing.namespace.as_str().into()));
        cells.push(about(rule, columns).into());
        cells.extend(names.then(|| names_of(rule, columns).into()));
        cells.push(rule.verbs.join(" ").into());
        cells.extend(wide.then(|| through.join(", ").into()));
        cells.extend(notes.then(|| Cell::unknown(note)));
        cells
    };
    for group in groups {
        table.row(merged(group.iter().map(cells).collect()));
    }
    table
}

/// Returns a note about an unexpected property of a rule: that it matches no request, or that Kustomize can
/// change it.
fn note(session: &Session, effective: &EffectiveRule) -> String {
    let dead = effective
        .is_written
        .then(|| dead_grant(&effective.rule, &session.catalog))
        .flatten()
        .map(|dead| format!("no effect: {}; {}", dead.message, dead.fix));
    let unbuilt = effective.is_unbuilt.then(|| "before building".to_owned());
    let inert = || inert(session, effective);
    unbuilt.into_iter().chain(dead.or_else(inert)).collect::<Vec<_>>().join("; ")
}

/// Describes the part of a rule that RoleBindings cannot grant, if nothing else grants it.
fn inert(session: &Session, effective: &EffectiveRule) -> Option<String> {
    let EffectiveRule { rule, is_of_role_bindings: true, .. } = effective else { return None };
    let (resource, group) = match (&*rule.resources, &*rule.api_groups) {
        ([resource], [group]) => (resource, group),
        ([], _) | (_, []) => return Some("no effect: a RoleBinding grants no URLs".to_owned()),
        // Whole rules have too many resources to decide about each.
        _ => return None,
    };
    let catalog = &session.catalog;
    match catalog.verbs_beyond_role_bindings(group, resource, &rule.verbs) {
        verbs if verbs.is_empty() => None,
        verbs if verbs.len() == rule.verbs.len() => Some("no effect: cluster-scoped".to_owned()),
        verbs => Some(format!("no effect for {}: cluster-scoped", verbs.join(","))),
    }
}

/// Returns the resource or URL of a split rule, or those of a whole one.
fn about(rule: &PolicyRule, columns: Columns) -> String {
    match (&*rule.resources, &*rule.api_groups) {
        ([resource], [group]) => words::with_group(resource, group),
        ([], _) | (_, []) => listed(&rule.non_resource_urls, columns),
        (resources, groups) => {
            let word = if groups.len() == 1 { "group" } else { "groups" };
            let quotes =
                |group: &'_ Text| if group.is_empty() { "\"\"".into() } else { group.clone() };
            let groups: Vec<Text> = groups.iter().map(quotes).collect();
            format!("{} in API {word} {}", listed(resources, columns), listed(&groups, columns))
        }
    }
}

/// Returns the names of a rule, abbreviated if there are many.
fn names_of(rule: &PolicyRule, columns: Columns) -> String {
    match columns {
        Columns::Needed if rule.resource_names.len() > SHOWN + 1 => {
            listed(&rule.resource_names, columns)
        }
        _ => words::quoted(&rule.resource_names),
    }
}

/// The number of texts that an abbreviated list shows.
const SHOWN: usize = 3;

/// Lists texts; a short table contains only some of them.
fn listed<T: AsRef<str>>(texts: &[T], columns: Columns) -> String {
    let list = |texts: &[T]| texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    match texts.get(..SHOWN) {
        Some(shown) if columns == Columns::Needed && texts.len() > SHOWN + 1 => {
            format!("{} and {} others", list(shown), texts.len() - SHOWN)
        }
        _ => list(texts),
    }
}
