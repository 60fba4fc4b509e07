//! The findings of a report.

use rolecall_check::{
    AppliedBy, CheckConfig, Date, Finding, Judged, KubernetesVersion, ObjectRef, RuleMeta,
    fingerprints, fold, suppress,
};
use rolecall_report::{FindingObject, FindingRule, Note, ObjectPlace, OtherFinding, ReportFinding};
use rolecall_source::manifests;

use crate::checked::{self, Rules};
use crate::cli::Options;
use crate::load::Session;
use crate::locate;
use crate::located::{self, Exactness, LocatedFinding};
use crate::set_aside;

/// The findings with their locations.
pub(super) struct Located {
    all: Vec<LocatedFinding>,
    /// The number of suppressed findings.
    pub(super) suppressed: usize,
}

/// Checks the objects; those of a cluster are checked, too.
pub(super) fn findings(
    session: &Session,
    options: &Options,
    config: &CheckConfig,
    version: KubernetesVersion,
    today: Date,
) -> Located {
    let judged = match session.live() {
        Some(_) if !options.source.overlay => Judged::Everything,
        _ => Judged::Files,
    };
    let files = session.files.iter().map(|file| &*file.path);
    let set_aside = set_aside::of(options, files);
    let rules = Rules {
        config,
        defaults: &manifests::default_objects_of_releases(),
        version,
        judged,
        namespace_given: !options.namespace.namespaces.is_empty() || session.live().is_some(),
        applied_by: AppliedBy::Unknown,
        is_one_install: session.live().is_some(),
        set_aside: &set_aside,
    };
    let unmet = checked::unmet(session, config, version);
    let sources = checked::sources(options);
    let sources = |_: &Finding| sources.clone();
    let all = checked::findings(session, &rules, |all| all.extend(unmet), &sources);
    let inventory = session.authorizer.inventory();
    let (all, suppressed) = suppress(all, inventory, &config.suppressions, today);
    let all = fold(all);
    let prints = fingerprints(&all);
    let all = all.into_iter().zip(prints).collect();
    let mut all = locate::locate(all, session, Exactness::Lines);
    located::sort(&mut all);
    Located { all, suppressed: suppressed.len() }
}

impl Located {
    /// Returns the findings as the report takes them.
    pub(super) fn findings(&self) -> Vec<ReportFinding<'_>> {
        self.all.iter().map(finding).collect()
    }
}

fn finding(located: &LocatedFinding) -> ReportFinding<'_> {
    let finding = &located.finding;
    let mut of = object(&finding.object);
    if let Some((_, line)) = located.place() {
        of.place.line = line;
    }
    ReportFinding {
        rule: rule(finding.rule),
        severity: finding.severity.as_str(),
        object: of,
        field: finding.field.to_string(),
        message: finding.statement(),
        fix: &finding.fix,
        fingerprint: &located.fingerprint,
        related: finding
            .related
            .iter()
            .map(|related| Note { object: object(&related.object), note: &related.note })
            .collect(),
        also: finding
            .also
            .iter()
            .map(|also| OtherFinding {
                rule: rule(also.rule),
                severity: also.severity.as_str(),
                object: object(&also.object),
                message: &also.message,
            })
            .collect(),
        subjects: finding.subjects.iter().map(String::as_str).collect(),
    }
}

fn object(object: &ObjectRef) -> FindingObject<'_> {
    let (file, line) = located::place(object).unwrap_or_default();
    FindingObject {
        kind: &object.kind,
        namespace: &object.namespace,
        name: &object.name,
        place: ObjectPlace { file, line },
    }
}

fn rule(meta: &'static RuleMeta) -> FindingRule<'static> {
    FindingRule {
        code: meta.code.0,
        name: meta.name,
        title: meta.title,
        category: meta.category.as_str(),
        text: meta.text,
    }
}
