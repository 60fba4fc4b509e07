//! Differences in access, for terminals and CI.

mod paths;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use rolecall_access::{
    Holder,
    diff::{Change, Difference, GainedRisk, HolderDiff},
};
use rolecall_check::Severity;
use rolecall_rbac::{Binding, Origin, RuleGrant};

use super::{Cell, Summary, Table, TableLayout, WIDEST, markdown, merged};
use crate::answer::comparison::Comparison;
use crate::built_in::{self, SystemOptions};
use crate::listing::{Arranged, Keys, ListOptions, Room, place as place_of};
use crate::render::github::{data, property};
use crate::words;

/// The part of a comparison that a table shows, and its layout.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The order, the groups and the limit.
    pub(crate) list: &'a ListOptions,
    /// Whether Kubernetes' own subjects are folded.
    pub(crate) system: SystemOptions,
    /// The room for the tables.
    pub(crate) room: Room,
    /// The layout of the tables.
    pub(crate) layout: TableLayout,
}

/// The maximum number of bindings per row.
const FEW: usize = 2;

/// Writes one row per change, followed by the gained risks.
pub(crate) fn write_table(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    view: View<'_>,
) -> io::Result<()> {
    let mut table = Table::new(["CHANGE", "SUBJECT", "ACCESS", "THROUGH"]);
    let arranged = arranged(comparison, view);
    let cells = |names: &mut Names, row: &Row<'_>| {
        let through = Cell::of(through(row.change, FEW, names));
        vec![row.word(), Cell::of(row.subject()), Cell::of(access(row.change)), through]
    };
    let omission = arranged.omission();
    if view.layout.columns.is_none() && view.list.is_flat() {
        let rows: Vec<Row<'_>> = arranged.groups.into_iter().flatten().collect();
        if !rows.is_empty() {
            table.write_rows(out, view.layout, &widths(&rows), &rows, cells)?;
        }
        return write_risks(out, comparison, omission, view);
    }
    let group = |group: &Vec<Row<'_>>| {
        let mut names = Names::default();
        merged(group.iter().map(|row| cells(&mut names, row)).collect())
    };
    let rows: Vec<Vec<Cell>> = arranged.groups.par_iter().map(group).collect();
    rows.into_iter().for_each(|row| table.row(row));
    write_tables(out, &table, comparison, omission, view)
}

/// Returns the widths of all columns but the last, which aligns no other.
fn widths(rows: &[Row<'_>]) -> [usize; 4] {
    let widest = |[kind, subject, access, through]: [usize; 4], row: &Row<'_>| {
        // A wider column than the widest changes nothing.
        let access = match access < WIDEST {
            true => access.max(Cell::of(self::access(row.change)).width()),
            false => access,
        };
        let subject = subject.max(Cell::of(row.subject()).width());
        [kind.max(row.kind.as_str().len()), subject, access, through]
    };
    let all = rows.par_chunks(ROWS_PER_TASK).map(|rows| rows.iter().fold([0; 4], widest));
    all.reduce(|| [0; 4], |[a, b, c, d], [e, f, g, h]| [a.max(e), b.max(f), c.max(g), d.max(h)])
}

/// The number of rows that a thread measures in a row.
const ROWS_PER_TASK: usize = 1024;

/// Writes the number of changes by kind and subject.
pub(crate) fn write_summary(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    layout: TableLayout,
) -> io::Result<()> {
    let worst = worst_risks(comparison);
    let changes = rows(comparison).map(|row| row.keys(&worst));
    let risks = comparison.risks.iter().map(risk_keys);
    let paths = paths::all(comparison).map(|it| paths::keys(&it));
    let summary = Summary::of(changes.chain(risks).chain(paths));
    summary.write(out, ["CHANGE", "SUBJECT", "change"], layout)?;
    writeln!(out, "{}", totals(comparison))
}

/// Sorts, groups and limits the changes.
fn arranged<'a>(
    comparison: &'a Comparison<'a>,
    View { list, system, room, .. }: View<'_>,
) -> Arranged<Row<'a>> {
    let worst = worst_risks(comparison);
    let rows: Vec<Row<'_>> = comparison
        .diffs
        .iter()
        .flat_map(|diff| {
            let severity = worst.get(&diff.holder).copied();
            let severity_of = move |kind: Kind| severity.filter(|_| kind == Kind::Gained);
            let shown = rows_of(diff).filter(move |row| !system.folds(&row.change.by));
            shown.map(move |row| Row { severity: severity_of(row.kind), ..row })
        })
        .collect();
    list.arrange_weighed(room, rows, |row| (row.severity, 0), |row| row.keys(&worst))
}

/// Returns the line about Kubernetes' own subjects whose changes are not listed.
fn folded(comparison: &Comparison<'_>, system: SystemOptions) -> Option<String> {
    let rows = rows(comparison).filter(|row| system.folds(&row.change.by));
    built_in::folded(&rows.map(|row| row.subject()).collect())
}

/// Returns the most severe risk that each subject gained.
fn worst_risks<'a>(comparison: &'a Comparison<'_>) -> BTreeMap<&'a Holder, Severity> {
    let mut worst = BTreeMap::new();
    for found in &comparison.risks {
        let known = worst.entry(&found.holder).or_insert(found.risk.severity);
        *known = found.risk.severity.max(*known);
    }
    worst
}

/// Returns the keys by which risks are sorted and grouped.
pub(crate) fn risk_keys(found: &GainedRisk<'_>) -> Keys {
    Keys {
        severity: Some(found.risk.severity),
        rule: found.risk.code.to_string(),
        subject: found.holder.to_string(),
        namespace: found.risk.namespace.as_deref().unwrap_or_default().to_owned(),
        ..Keys::default()
    }
}

/// Writes one row for each rule of each change, with the rule's location.
pub(crate) fn write_wide(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    view: View<'_>,
) -> io::Result<()> {
    let mut table = Table::new(["CHANGE", "SUBJECT", "ACCESS", "BINDING", "ROLE", "RULE"]);
    let arranged = arranged(comparison, view);
    for row in arranged.groups.iter().flatten() {
        for (position, grant) in row.change.by.iter().enumerate() {
            let [change, subject, access]: [Cell; 3] = match position {
                0 => [row.word(), row.subject().into(), row.change.term.to_string().into()],
                _ => Default::default(),
            };
            table.row([
                change,
                subject,
                access,
                with_origin(words::binding(grant.binding), &grant.binding.metadata.origin).into(),
                with_origin(words::role(grant.role), &grant.role.metadata.origin).into(),
                format!("rules[{}]: {}", grant.rule_index, words::rule(grant.rule)).into(),
            ]);
        }
    }
    write_tables(out, &table, comparison, arranged.omission(), view)
}

fn write_tables(
    out: &mut impl Write,
    changes: &Table,
    comparison: &Comparison<'_>,
    omission: Option<String>,
    view: View<'_>,
) -> io::Result<()> {
    if !changes.is_empty() {
        changes.write(out, view.layout)?;
    }
    write_risks(out, comparison, omission, view)
}

/// Writes the part below the changes: the risks and the totals.
fn write_risks(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    omission: Option<String>,
    view: View<'_>,
) -> io::Result<()> {
    if let Some(omission) = omission {
        writeln!(out, "{omission}")?;
    }
    let View { list, system, room, layout } = view;
    if !comparison.risks.is_empty() {
        let mut table = Table::new(["RISK", "SEVERITY", "SUBJECT", "WHERE", "CAN NOW"]);
        // Those of built-in subjects, too.
        let risks = comparison.risks.iter().collect();
        let weight = |found: &&GainedRisk<'_>| (Some(found.risk.severity), 0);
        let arranged = list.arrange_weighed(room, risks, weight, |found| risk_keys(found));
        let cells = |found: &&GainedRisk<'_>| {
            let GainedRisk { holder, risk, may, .. } = found;
            vec![
                risk.code.to_string().into(),
                risk.severity.as_str().into(),
                holder.to_string().into(),
                risk.namespace.as_deref().unwrap_or("*").into(),
                may.as_str().into(),
            ]
        };
        for group in &arranged.groups {
            table.row(merged(group.iter().map(cells).collect()));
        }
        writeln!(out)?;
        table.write(out, layout)?;
        if let Some(omission) = arranged.omission() {
            writeln!(out, "{omission}")?;
        }
    }
    paths::write_table(out, comparison, view)?;
    if let Some(folded) = folded(comparison, system) {
        writeln!(out, "{folded}")?;
    }
    match comparison.paths.is_empty() && comparison.diffs.iter().flat_map(rows_of).next().is_none()
    {
        true => Ok(()),
        false => writeln!(out, "\n{}", totals(comparison)),
    }
}

/// Counts the changes, the risks and the paths.
fn totals(comparison: &Comparison<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows(comparison) {
        *counts.entry(row.kind.as_str()).or_default() += 1;
    }
    let kinds = [Kind::Gained, Kind::Lost, Kind::PerhapsGained, Kind::PerhapsLost];
    let mut totals: Vec<String> = kinds
        .iter()
        .filter_map(|kind| Some(format!("{} {}", counts.get(kind.as_str())?, kind.as_str())))
        .collect();
    let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
    for found in &comparison.risks {
        *severities.entry(found.risk.severity).or_default() += 1;
    }
    if !severities.is_empty() {
        let each = severities.iter().rev().map(|(severity, count)| format!("{count} {severity}"));
        let each: Vec<String> = each.collect();
        let plural = if comparison.risks.len() == 1 { "" } else { "s" };
        totals.push(format!("{} risk{plural} ({})", comparison.risks.len(), each.join(", ")));
    }
    totals.extend(paths::totals(comparison));
    totals.join(", ")
}

/// Writes tables for a comment on a merge request.
pub(crate) fn write_markdown(out: &mut impl Write, comparison: &Comparison<'_>) -> io::Result<()> {
    let rows: Vec<Row<'_>> = rows(comparison).collect();
    if rows.is_empty() {
        writeln!(out, "No subject gains or loses access.")?;
        paths::write_markdown(out, comparison)?;
        return markdown::unread(out, unread(comparison));
    }
    markdown::head(out, ["change", "subject", "access", "through"])?;
    for row in &rows {
        let (subject, access) = (row.subject(), row.change.term.to_string());
        let through = through(row.change, FEW, &mut Names::default());
        markdown::row(out, [row.kind.as_str(), &*subject, &*access, &*through])?;
    }
    if comparison.risks.is_empty() {
        paths::write_markdown(out, comparison)?;
        return markdown::unread(out, unread(comparison));
    }
    writeln!(out)?;
    markdown::head(out, ["risk", "severity", "subject", "where", "can now"])?;
    for GainedRisk { holder, risk, may, .. } in &comparison.risks {
        let subject = holder.to_string();
        let place = risk.namespace.as_deref().unwrap_or("everywhere");
        let code = risk.code.to_string();
        markdown::row(out, [&*code, risk.severity.as_str(), &*subject, place, may.as_str()])?;
    }
    paths::write_markdown(out, comparison)?;
    markdown::unread(out, unread(comparison))
}

/// Names the unread parts of either side, which can change the comparison.
fn unread(comparison: &Comparison<'_>) -> impl Iterator<Item = String> {
    let sides = [("OLD", &comparison.old_gaps), ("NEW", &comparison.new_gaps)];
    sides.into_iter().flat_map(|(side, gaps)| {
        words::gaps(gaps).into_iter().map(move |gap| format!("{side}: {gap}"))
    })
}

/// Writes annotations of a GitHub workflow: risks as errors or warnings, gained access as warnings,
/// everything else as notices.
pub(crate) fn write_github(out: &mut impl Write, comparison: &Comparison<'_>) -> io::Result<()> {
    let level = if comparison.fails { "error" } else { "warning" };
    for text in unread(comparison) {
        writeln!(out, "::{level} title=not read::{}", data(&text))?;
    }
    for GainedRisk { holder, risk, may, by } in &comparison.risks {
        let level = if risk.severity >= Severity::High { "error" } else { "warning" };
        let name = risk.risk().map_or("", |risk| risk.name);
        let scope = match &risk.namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "everywhere".to_owned(),
        };
        let place = by.iter().find_map(place);
        let place = place.unwrap_or_default();
        let title = property(&format!("{} {name}", risk.code));
        let message = data(&format!("{holder} can now {may}, {scope}"));
        writeln!(out, "::{level} {place}title={title}::{message}")?;
    }
    paths::write_github(out, comparison)?;
    for row in rows(comparison) {
        let level = if row.kind == Kind::Gained { "warning" } else { "notice" };
        let place = row.change.by.iter().find_map(place).unwrap_or_default();
        let title = property(&format!("access {}", row.kind.as_str()));
        let message = format!(
            "{}: {}, through {}",
            row.subject(),
            row.change.term,
            through(row.change, FEW, &mut Names::default())
        );
        writeln!(out, "::{level} {place}title={title}::{}", data(&message))?;
    }
    Ok(())
}

/// A change for one subject.
struct Row<'a> {
    kind: Kind,
    holder: &'a Holder,
    change: &'a Change<'a>,
    /// The severity of the worst risk that comes with it, in a list sorted by it.
    severity: Option<Severity>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gained,
    Lost,
    PerhapsGained,
    PerhapsLost,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::PerhapsGained => "gained?",
            Self::PerhapsLost => "lost?",
        }
    }
}

impl Row<'_> {
    fn word(&self) -> Cell {
        let word = self.kind.as_str();
        match self.kind {
            Kind::Gained => Cell::yes(word),
            Kind::Lost => Cell::no(word),
            Kind::PerhapsGained | Kind::PerhapsLost => Cell::unknown(word),
        }
    }

    fn subject(&self) -> String {
        self.holder.to_string()
    }

    /// Returns the keys by which changes are sorted and grouped.
    fn keys(&self, worst: &BTreeMap<&Holder, Severity>) -> Keys {
        let binding = self.change.by.first().map(|grant| grant.binding);
        Keys {
            severity: worst.get(self.holder).copied().filter(|_| self.kind == Kind::Gained),
            rule: self.kind.as_str().to_owned(),
            subject: self.subject(),
            object: binding.map(words::binding).unwrap_or_default(),
            namespace: binding.map_or("", |it| &it.metadata.namespace).to_owned(),
            place: binding.map(|it| place_of(&it.metadata.origin)).unwrap_or_default(),
            ..Keys::default()
        }
    }
}

fn rows<'a>(comparison: &'a Comparison<'a>) -> impl Iterator<Item = Row<'a>> {
    comparison.diffs.iter().flat_map(rows_of)
}

fn rows_of<'a>(diff: &'a HolderDiff<'a>) -> impl Iterator<Item = Row<'a>> {
    let HolderDiff { holder, gained, lost, perhaps_gained, perhaps_lost } = diff;
    let differences: [(Kind, &Difference<'_>); 4] = [
        (Kind::Gained, gained),
        (Kind::Lost, lost),
        (Kind::PerhapsGained, perhaps_gained),
        (Kind::PerhapsLost, perhaps_lost),
    ];
    differences.into_iter().flat_map(move |(kind, difference)| {
        let changes = difference.changes.iter();
        changes.map(move |change| Row { kind, holder, change, severity: None })
    })
}

/// The names of bindings and their roles, by the address of the binding.
type Names = HashMap<*const Binding, String>;

/// Describes the access of a change.
fn access(change: &Change<'_>) -> String {
    let mut text = String::with_capacity(128);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", change.term);
    text
}

/// Names the bindings of a change, and the locations of the rules.
fn through(change: &Change<'_>, most: usize, names: &mut Names) -> String {
    let mut text = String::with_capacity(192);
    let mut bindings = 0;
    let mut last: Option<*const Binding> = None;
    for grant in &change.by {
        let binding = std::ptr::from_ref(grant.binding);
        // The grants of a binding follow each other.
        if last.replace(binding) == Some(binding) {
            continue;
        }
        bindings += 1;
        if bindings > most {
            continue;
        }
        let name = names.entry(binding).or_insert_with(|| {
            let role = with_origin(words::role(grant.role), &grant.role.metadata.origin);
            format!("{} of {role}", words::binding(grant.binding))
        });
        let separator = if bindings > 1 { ", " } else { "" };
        text.push_str(separator);
        text.push_str(name);
    }
    if bindings > most {
        let separator = if most > 0 { ", " } else { "" };
        let _ = write!(text, "{separator}{} more", bindings - most);
    }
    text
}

fn with_origin(name: String, origin: &Origin) -> String {
    match origin {
        Origin::Default => format!("{name} (default)"),
        origin => match origin.position() {
            Some(position) => format!("{name} ({position})"),
            None => name,
        },
    }
}

/// Returns the location of an annotation: the role, or the binding if the role is not in a file of the
/// checkout.
pub(super) fn place(grant: &RuleGrant<'_>) -> Option<String> {
    let origins = [&grant.role.metadata.origin, &grant.binding.metadata.origin];
    origins.into_iter().find_map(|origin| match origin {
        Origin::File { path, line } if !path.starts_with("git:") && **path != *"-" => {
            Some(format!("file={},line={line},", property(path)))
        }
        _ => None,
    })
}
