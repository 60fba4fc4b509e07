//! Summaries: tallies as lines of JSON, which are small, can be read again and can be added up.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use rolecall_rbac::{Target, Text};
use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::coverage::{Coverage, Source};
use crate::event::ObjectRef;
use crate::facts::{Decided, FactTarget, Facts, Person, Stage, target_of_uri};
use crate::key::{Binding, Kind, Shape, ShapeTarget};
use crate::outcome::{Basis, Effect, Outcome, Via};
use crate::tally::{Tally, Used};
use crate::time::{HOUR, Micros, parse_time, write_time};
use crate::uses::for_each_use;

/// The kind of a line about a request.
pub(crate) const USE: &str = "Use";
/// The kind of the line about what logs cover.
pub(crate) const COVERAGE: &str = "UsageCoverage";
/// The column with the number of events in results of queries.
pub(crate) const EVENTS_COLUMN: &str = "rolecall_events";

/// One line: a kind of request with one name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Row<'a> {
    /// The kind of the line.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// The user name.
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    /// The groups that do not follow from the user name.
    #[serde(borrow, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Cow<'a, str>>,
    /// Whether the log leaves out the groups.
    #[serde(skip_serializing_if = "is_false")]
    pub lacks_groups: bool,
    /// The verb.
    #[serde(borrow)]
    pub verb: Cow<'a, str>,
    /// The API group; empty for core.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub group: Cow<'a, str>,
    /// The resource; empty for a path.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub resource: Cow<'a, str>,
    /// The subresource.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub subresource: Cow<'a, str>,
    /// The namespace; empty for cluster-scoped requests and all namespaces at once.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub namespace: Cow<'a, str>,
    /// The name of the object; empty for a collection.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub name: Cow<'a, str>,
    /// The path of a non-resource request.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub path: Option<Cow<'a, str>>,
    /// Whether the line stands for more names or paths than were kept.
    #[serde(skip_serializing_if = "is_false")]
    pub many: bool,
    /// The outcome.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// The authorizer that allowed it.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub via: Cow<'a, str>,
    /// Whether the request follows from another one.
    #[serde(skip_serializing_if = "is_false")]
    pub implied: bool,
    /// Whether it was a dry run.
    #[serde(skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// The binding that the reason names.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub binding: Cow<'a, str>,
    /// The Pods that made the kind of request.
    #[serde(borrow, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<Cow<'a, str>>,
    /// Whether more Pods made the kind of request.
    #[serde(skip_serializing_if = "is_false")]
    pub more_pods: bool,
    /// The number of requests.
    pub count: u64,
    /// The events at which an answer started.
    #[serde(skip_serializing_if = "is_zero")]
    pub started: u64,
    /// The events at which an answer was complete.
    #[serde(skip_serializing_if = "is_zero")]
    pub complete: u64,
    /// The first time.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub first: Cow<'a, str>,
    /// The last time.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub last: Cow<'a, str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The coverage of logs, as a line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CoverageRow {
    /// The kind of the line.
    pub kind: String,
    /// The version of the format.
    pub api_version: String,
    /// The number of events.
    pub events: u64,
    /// The first time.
    pub first: Option<String>,
    /// The last time.
    pub last: Option<String>,
    /// The events of each source.
    pub sources: BTreeMap<String, u64>,
    /// The events of each audit level.
    pub levels: BTreeMap<String, u64>,
    /// Events at which a request had arrived.
    pub received: u64,
    /// Events with a decision.
    pub decided: u64,
    /// Records that are not audit events.
    pub other: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Files that end inside a line.
    pub truncated: u64,
    /// The events of each hour.
    pub hours: BTreeMap<String, u64>,
}

impl CoverageRow {
    /// Writes a coverage as a line.
    pub fn new(coverage: &Coverage) -> Self {
        let time = |time: Option<Micros>| time.map(write_time);
        Self {
            kind: COVERAGE.to_owned(),
            api_version: "rolecall.dev/v1".to_owned(),
            events: coverage.events(),
            first: time(coverage.first),
            last: time(coverage.last),
            sources: coverage.sources.iter().map(|(it, n)| (it.as_str().to_owned(), *n)).collect(),
            levels: coverage.levels.iter().map(|(it, n)| (it.to_string(), *n)).collect(),
            received: coverage.received,
            decided: coverage.decided,
            other: coverage.other,
            unreadable: coverage.unreadable,
            truncated: coverage.truncated,
            hours: coverage.hours.iter().map(|(hour, n)| (write_time(hour * HOUR), *n)).collect(),
        }
    }

    fn coverage(&self) -> Option<Coverage> {
        let time = |text: &Option<String>| text.as_deref().and_then(parse_time);
        let mut coverage = Coverage {
            first: time(&self.first),
            last: time(&self.last),
            received: self.received,
            decided: self.decided,
            other: self.other,
            unreadable: self.unreadable,
            truncated: self.truncated,
            ..Coverage::default()
        };
        for (source, number) in &self.sources {
            coverage.sources.insert(Source::parse(source)?, *number);
        }
        coverage.levels = self.levels.iter().map(|(level, n)| (level.into(), *n)).collect();
        for (hour, number) in &self.hours {
            coverage.hours.insert(parse_time(hour)?.div_euclid(HOUR), *number);
        }
        Some(coverage)
    }
}

/// Writes a summary: a line about what the logs cover, and one for each kind of request and name.
pub fn write_summary(tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &CoverageRow::new(tally.coverage()))?;
    out.write_all(b"\n")?;
    for used in tally.uses() {
        for row in rows(&used) {
            serde_json::to_writer(&mut *out, &row)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Returns one row for each name of a kind of request.
pub fn rows(used: &Used) -> Vec<Row<'_>> {
    let named = used.names.iter().map(|(name, counts)| row(used, Some(name), counts));
    named.chain(used.many.iter().map(|counts| row(used, None, counts))).collect()
}

fn row<'a>(used: &'a Used, name: Option<&'a Text>, counts: &Counts) -> Row<'a> {
    let Kind { identity, request, .. } = &used.kind;
    let text = |text: &'a Text| Cow::Borrowed(&**text);
    let mut row = Row {
        kind: USE.into(),
        user: text(&identity.user),
        groups: used.kind.explicit_groups().into_iter().map(text).collect(),
        lacks_groups: used.kind.lacks_groups,
        verb: text(&request.verb),
        many: name.is_none(),
        outcome: used.kind.outcome.as_str().into(),
        via: used.kind.via.as_str().into(),
        implied: used.kind.basis == Basis::Implied,
        dry_run: used.kind.effect == Effect::DryRun,
        binding: text(&used.kind.binding),
        pods: used.pods.iter().map(text).collect(),
        more_pods: used.has_more_pods,
        count: counts.requests(),
        started: counts.started,
        complete: counts.complete,
        first: counts.first.map(write_time).unwrap_or_default().into(),
        last: counts.last.map(write_time).unwrap_or_default().into(),
        ..Row::default()
    };
    let name = name.map(text).unwrap_or_default();
    match &request.target {
        Target::Path(_) => row.path = Some(name),
        Target::Resource(target) => {
            row.group = text(&target.group);
            row.resource = text(&target.resource);
            row.subresource = text(&target.subresource);
            row.namespace = text(&target.namespace);
            row.name = name;
        }
    }
    row
}

/// Reads a line of a summary into a tally; `None` if it is not valid.
pub(crate) fn read_row(tally: &mut Tally, line: &str) -> Option<()> {
    if let Ok(row) = serde_json::from_str::<CoverageRow>(line)
        && row.kind == COVERAGE
    {
        tally.coverage_mut().merge(&row.coverage()?);
        return Some(());
    }
    let row: Row<'_> = serde_json::from_str(line).ok()?;
    let (kind, name) = row.binding.split_once(' ').unwrap_or_default();
    let turned = name.split_once('/').map(|(namespace, name)| format!("{name}/{namespace}"));
    let shape = Shape {
        user: &row.user,
        groups: (!row.lacks_groups).then_some(&row.groups),
        reason_group: row.groups.first().filter(|_| row.lacks_groups).map_or("", |it| it),
        pod: "",
        verb: &row.verb,
        target: match &row.path {
            Some(path) => ShapeTarget::Path(path),
            None => ShapeTarget::Object {
                group: &row.group,
                resource: &row.resource,
                subresource: &row.subresource,
                namespace: &row.namespace,
                name: &row.name,
            },
        },
        outcome: Outcome::parse(&row.outcome)?,
        via: Via::parse(&row.via)?,
        basis: if row.implied { Basis::Implied } else { Basis::Request },
        effect: if row.dry_run { Effect::DryRun } else { Effect::Real },
        binding: Binding { kind, name: turned.as_deref().unwrap_or(name) },
    };
    let counts = Counts {
        started: row.started,
        complete: row.complete,
        first: parse_time(&row.first),
        last: parse_time(&row.last),
    };
    match row.many {
        true => tally.count_many(&shape, &counts),
        false => tally.count(&shape, &counts),
    }
    row.pods.iter().for_each(|pod| tally.add_pod(&shape, pod));
    if row.more_pods {
        tally.has_more_pods(&shape);
    }
    Some(())
}

/// Reads a row of a query's result into a tally: equal events and their number; `None` if it is not valid.
pub(crate) fn read_cells(tally: &mut Tally, cells: &BTreeMap<&str, &str>) -> Option<()> {
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default();
    let number: u64 = cell(EVENTS_COLUMN).parse().ok()?;
    let (first, last) = (parse_time(cell("first_time")), parse_time(cell("last_time")));
    let stage = match cell("stage") {
        "RequestReceived" => Stage::Received,
        "ResponseStarted" => Stage::Started,
        _ => Stage::Complete,
    };
    let decision = Decided::of(cell("decision"));
    if cell("part") == "coverage" {
        let coverage = tally.coverage_mut();
        coverage.events_at(number, Source::parse(cell("source"))?, cell("level"), first);
        coverage.last = coverage.last.max(last);
        if decision != Decided::Unstated {
            coverage.decided += number;
        }
        if stage == Stage::Received {
            coverage.received += number;
        }
        return Some(());
    }
    let groups: Option<Vec<String>> = serde_json::from_str(cell("user_groups")).ok();
    let facts = Facts {
        stage,
        user: Person {
            name: cell("username").into(),
            groups: match cell("user_groups") {
                "" => Some(Vec::new()),
                _ => Some(groups?.into_iter().map(Cow::Owned).collect()),
            },
            pod: cell("pod").into(),
            ..Person::default()
        },
        impersonated: match cell("impersonated") {
            "" | "null" => None,
            json => Some(Person::of_json(json)?),
        },
        constraint: cell("impersonation_constraint").into(),
        verb: cell("verb").into(),
        target: match cell("resource") {
            "" => target_of_uri(cell("verb"), cell("url_path").into()),
            resource => FactTarget::Object(ObjectRef {
                resource: resource.into(),
                namespace: cell("object_namespace").into(),
                name: cell("object_name").into(),
                api_group: cell("api_group").into(),
                subresource: cell("subresource").into(),
            }),
        },
        code: cell("code").parse().unwrap_or(0),
        decision,
        reason: cell("reason").into(),
        message: cell("message").into(),
        is_dry_run: matches!(cell("dry_run"), "true" | "TRUE" | "1" | "t"),
        time: first,
    };
    let mut counts = Counts { started: 0, complete: 0, first, last };
    match stage {
        Stage::Received => return Some(()),
        Stage::Started => counts.started = number,
        Stage::Complete => counts.complete = number,
    }
    for_each_use(&facts, |shape| tally.count(shape, &counts));
    Some(())
}
