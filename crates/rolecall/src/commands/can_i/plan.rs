//! The dimensions of a matrix: subjects, verbs, resources and namespaces.

use std::collections::BTreeSet;

use rolecall_access::known::RESOURCE_VERBS;
use rolecall_rbac::{
    Axes, Catalog, Column, Glob, Request, RequestScope, Resolved, ServedResource, Text,
    VerdictKind, is_resource_path,
};

use super::Arguments;
use crate::error::CommandError;
use crate::load::Session;
use crate::question::{self, Reach};
use crate::render::matrix::Extent;
use crate::subject::Subject;
use crate::ui::Ui;

/// The dimensions of a matrix.
pub(super) struct Plan<'a> {
    /// Whether subjects were given as patterns.
    pub(super) has_patterns: bool,
    /// The subjects.
    pub(super) subjects: Vec<Subject>,
    /// The verbs.
    pub(super) verbs: Vec<Text>,
    /// The resources and paths.
    pub(super) rows: Vec<Row<'a>>,
    /// The namespaces; the empty one means all namespaces.
    pub(super) namespaces: Vec<Text>,
    /// The rows that the evaluator's grid answers.
    pub(super) columns: Vec<Column>,
    /// The cells to write.
    pub(super) shown: Shown,
}

/// The cells of a matrix to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// All.
    All,
    /// Those that are not `no`, and the rows of a table that have any.
    AllowedOnly,
}

impl Shown {
    /// Returns whether a cell is written.
    pub(super) fn includes(self, verdict: VerdictKind) -> bool {
        self == Self::All || !is_no(verdict)
    }

    /// Returns whether the row of a table is written.
    pub(super) fn includes_row(self, verdicts: &[VerdictKind]) -> bool {
        self == Self::All || !verdicts.iter().all(|verdict| is_no(*verdict))
    }
}

/// Returns whether a verdict is `no`.
pub(super) fn is_no(verdict: VerdictKind) -> bool {
    matches!(verdict, VerdictKind::NoOpinion | VerdictKind::Denied)
}

/// One resource or path of the matrix.
pub(super) struct Row<'a> {
    target: RowTarget<'a>,
    name: &'a str,
    is_namespaced: bool,
    /// The notation of the command line.
    pub(super) label: String,
    /// The column in the grid; `None` if it needs a separate decision.
    pub(super) column: Option<usize>,
}

enum RowTarget<'a> {
    Resource(Resolved<'a>),
    Path(&'a str),
}

impl<'a> Plan<'a> {
    /// Returns the values that determine the layout.
    pub(super) fn extent(&self, may_be_unknown: bool) -> Extent<'_> {
        Extent {
            has_patterns: self.has_patterns,
            subjects: &self.subjects,
            namespaces: &self.namespaces,
            resources: self.rows.iter().map(|row| &*row.label).collect(),
            verbs: &self.verbs,
            may_be_unknown,
        }
    }

    /// Resolves the arguments.
    pub(super) fn new(
        ui: &Ui,
        session: &'a Session,
        arguments: &'a Arguments,
        subjects: Vec<Subject>,
        namespaces: Vec<Text>,
    ) -> Result<Self, CommandError> {
        let verbs = verbs(ui, arguments)?;
        let mut columns = Vec::new();
        let rows = rows(ui, session, arguments, &verbs, &mut columns)?;
        let has_patterns = arguments.subjects.iter().any(|subject| Glob::is_pattern(subject));
        let shown = if arguments.allowed_only { Shown::AllowedOnly } else { Shown::All };
        Ok(Self { has_patterns, subjects, verbs, rows, namespaces, columns, shown })
    }
}

/// Returns the verbs, without duplicates.
fn verbs(ui: &Ui, arguments: &Arguments) -> Result<Vec<Text>, CommandError> {
    let named: Vec<&str> = match &arguments.verb {
        Some(verbs) => verbs.split(',').map(str::trim).collect(),
        None => arguments.verbs.iter().map(|verb| verb.trim()).collect(),
    };
    let is_path = |resource: &String| resource.starts_with('/');
    let reach = match arguments.resources.iter().chain(&arguments.resource).any(is_path) {
        true => Reach::ResourcesAndPaths,
        false => Reach::Resources,
    };
    for verb in &named {
        if verb.is_empty() {
            return Err(CommandError::usage("one of the verbs is empty"));
        }
        if let Some(oddity) = question::unknown_verb(verb, reach) {
            ui.warn(oddity);
        }
    }
    let named = if named.is_empty() { RESOURCE_VERBS.to_vec() } else { named };
    let mut seen = BTreeSet::new();
    let verbs: Vec<Text> =
        named.into_iter().filter(|verb| seen.insert(*verb)).map(Text::from).collect();
    if verbs.len() > Axes::MAX_VERBS {
        let limit = Axes::MAX_VERBS;
        return Err(CommandError::usage(format!("a matrix has at most {limit} verbs")));
    }
    Ok(verbs)
}

/// Returns the resources and paths, without duplicates, and with a column for those that the grid can
/// answer.
fn rows<'a>(
    ui: &Ui,
    session: &'a Session,
    arguments: &'a Arguments,
    verbs: &[Text],
    columns: &mut Vec<Column>,
) -> Result<Vec<Row<'a>>, CommandError> {
    let catalog = &*session.catalog;
    let mut targets = Vec::new();
    // Constrained impersonation uses a separate API group.
    let is_constrained = |verb: &&Text| verb.starts_with("impersonate:");
    let verb = verbs.first().filter(|_| verbs.iter().all(|verb| is_constrained(&verb)));
    let verb = verb.map_or("", |verb| &**verb);
    let positional = arguments.resource.iter().flat_map(|text| match text.starts_with('/') {
        true => vec![text.as_str()],
        false => text.split(',').map(str::trim).collect(),
    });
    for argument in arguments.resources.iter().map(String::as_str).chain(positional) {
        if argument.starts_with('/') {
            if is_resource_path(argument.split('?').next().unwrap_or_default()) {
                ui.note(format!(
                    "`{argument}` is the path of a resource: checking the requests that servers \
                     derive from it"
                ));
            }
            targets.push(RowTarget::Path(argument));
            continue;
        }
        let resolved = match &*arguments.subresource {
            "" => question::resolve(catalog, verb, argument),
            it => question::resolve_subresource(catalog, verb, argument, it),
        };
        let resolved = resolved.map_err(|error| question::hint_groups(error, session, argument))?;
        question::refuse_pattern_of_names(&resolved, &arguments.name)?;
        let oddities = [
            question::ambiguous_resource(catalog, argument),
            question::odd_resource(catalog, &resolved),
        ];
        oddities.into_iter().flatten().for_each(|oddity| ui.warn(oddity));
        targets.push(RowTarget::Resource(resolved));
    }
    if targets.iter().any(|target| matches!(target, RowTarget::Resource(_))) {
        let verbs: Vec<&str> = verbs.iter().map(|verb| &**verb).collect();
        question::caveats_of_name(&verbs, &arguments.name, &arguments.subresource)
            .into_iter()
            .for_each(|caveat| ui.note(caveat));
    }
    if targets.is_empty() {
        let served = catalog.resources().iter().filter(|served| !served.is_virtual);
        targets.extend(served.map(|served| RowTarget::Resource(whole(served))));
    }
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for target in targets {
        let subresources = match &target {
            RowTarget::Resource(resolved) if arguments.subresources => subresources(resolved),
            _ => Vec::new(),
        };
        for target in std::iter::once(target).chain(subresources) {
            if seen.insert(target.label()) {
                rows.push(Row::new(catalog, target, &arguments.name, verbs, columns));
            }
        }
    }
    Ok(rows)
}

fn whole(served: &ServedResource) -> Resolved<'_> {
    Resolved {
        group: served.group.clone(),
        resource: served.resource.clone(),
        subresource: "".into(),
        served: Some(served),
    }
}

fn subresources<'a>(resolved: &Resolved<'a>) -> Vec<RowTarget<'a>> {
    let Some(served) = resolved.served.filter(|_| resolved.subresource.is_empty()) else {
        return Vec::new();
    };
    let of = |name: &Text| Resolved { subresource: name.clone(), ..whole(served) };
    served.subresources.iter().map(|sub| RowTarget::Resource(of(&sub.name))).collect()
}

impl RowTarget<'_> {
    fn label(&self) -> String {
        match self {
            Self::Resource(resolved) => resolved.display(),
            Self::Path(path) => (*path).to_owned(),
        }
    }
}

impl<'a> Row<'a> {
    fn new(
        catalog: &Catalog,
        target: RowTarget<'a>,
        name: &'a str,
        verbs: &[Text],
        columns: &mut Vec<Column>,
    ) -> Self {
        let scopes: BTreeSet<Option<RequestScope>> = match &target {
            RowTarget::Resource(resolved) => {
                verbs.iter().map(|verb| catalog.scope_of(resolved, verb)).collect()
            }
            RowTarget::Path(_) => BTreeSet::from([Some(RequestScope::Cluster)]),
        };
        let has = |scope| scopes.contains(&Some(scope));
        let is_namespaced =
            scopes.iter().any(|scope| matches!(scope, None | Some(RequestScope::Namespaced)));
        let column = match &target {
            // The grid has one scope per resource. But a named Namespace is checked in that namespace, and
            // some verbs are checked where the permission is used.
            RowTarget::Resource(resolved)
                if !has(RequestScope::WhereUsed)
                    && (name.is_empty() || !has(RequestScope::Itself)) =>
            {
                columns.push(Column {
                    group: resolved.group.clone(),
                    resource: resolved.resource.clone(),
                    subresource: resolved.subresource.clone(),
                    name: name.into(),
                    namespaced: is_namespaced,
                });
                Some(columns.len() - 1)
            }
            _ => None,
        };
        let is_namespaced = is_namespaced || has(RequestScope::WhereUsed);
        Self { label: target.label(), target, name, is_namespaced, column }
    }

    /// Returns whether the resource is namespaced.
    pub(super) fn is_namespaced(&self) -> bool {
        self.is_namespaced
    }

    /// Returns the request of one cell.
    pub(super) fn request(&self, catalog: &Catalog, verb: &str, namespace: &str) -> Request {
        match &self.target {
            RowTarget::Resource(resolved) => catalog.request(verb, resolved, namespace, self.name),
            RowTarget::Path(path) => question::of_path(verb, path),
        }
    }
}
