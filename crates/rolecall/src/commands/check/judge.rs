//! Judges the plain files and each rendered target, and joins the findings.

use std::collections::BTreeSet;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rolecall_check::expectation::{Failure, Outcome, evaluate_target, join};
use rolecall_check::{
    AppliedBy, CheckConfig, Date, Finding, Judged, SetAsideFiles, Suppressed, expectation_findings,
    fingerprints, fold, suppress,
};
use rolecall_rbac::{Authorizer, Gap, Inventory};
use rolecall_render::TargetKind;

use super::{Arguments, CodeGlob, expected, merge};
use crate::checked::{self, Rules};
use crate::cli::{self, Options};
use crate::finding_words;
use crate::load::Session;
use crate::load_targets::{Sessions, TargetSession};
use crate::locate;
use crate::located::{self, Coverage, LocatedFinding, Scope, UnreadPart};
use crate::targets::{self, SourceObjects};

/// The input of a judgement besides the objects.
pub(super) struct Judge<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) config: &'a CheckConfig,
    pub(super) options: &'a Options,
    /// The fingerprints of known findings.
    pub(super) baseline: &'a BTreeSet<String>,
    /// The default objects of each Kubernetes version.
    pub(super) defaults: Vec<Inventory>,
    pub(super) today: Date,
    /// The files whose objects are not those of an installation.
    pub(super) set_aside: SetAsideFiles,
    /// The objects of source files, to compare them with rendered ones.
    pub(super) source_objects: SourceObjects,
}

/// The findings, the suppressed ones and the gaps.
pub(super) struct Report {
    pub(super) findings: Vec<LocatedFinding>,
    pub(super) suppressed: Vec<Suppressed>,
    pub(super) coverage: Coverage,
}

/// The findings about one session.
struct Judgement {
    findings: Vec<(Finding, String)>,
    suppressed: Vec<Suppressed>,
    /// The number of findings in the baseline.
    known: usize,
}

impl Judge<'_> {
    /// Judges the plain files and each target.
    pub(super) fn report(&self, sessions: &Sessions) -> Report {
        let (plain, targets) = (sessions.plain.as_ref(), &*sessions.targets);
        let unknown = expected::unknown_targets(&self.config.expectations, sessions);
        let sources = Sources {
            all: checked::sources(self.options),
            has_alternatives: has_alternatives(targets),
        };
        let mut sessions: Vec<&Session> = targets.iter().map(|target| &target.session).collect();
        sessions.extend(plain);
        let mut unmet = self.unmet(&sessions, targets);
        if let Some(last) = unmet.last_mut() {
            last.extend(expectation_findings(&unknown));
        }
        for (own, target) in unmet.iter_mut().zip(targets) {
            own.extend(denied_deployer(target, plain, targets));
        }
        let mut unmet = unmet.into_iter();
        let fails = sessions.iter().any(|session| session.incomplete);
        let judged: Vec<Judgement> = match &*sessions {
            // A single one is parallel within.
            [session] => {
                let unmet = unmet.next().unwrap_or_default();
                vec![self.judge(session, (targets.first(), None), unmet, &sources)]
            }
            sessions => {
                let unmet: Vec<Vec<Finding>> = unmet.collect();
                let judge = |(number, (session, unmet)): (usize, (&&Session, &Vec<Finding>))| {
                    let target = targets.get(number);
                    let default = target.and_then(|target| default_of(target, targets));
                    self.judge(session, (target, default), unmet.clone(), &sources)
                };
                sessions.par_iter().zip(&unmet).enumerate().with_max_len(1).map(judge).collect()
            }
        };
        let known = judged.iter().map(|judgement| judgement.known).sum();
        let mut suppressed = Vec::new();
        let mut findings = Vec::new();
        for (number, judgement) in judged.into_iter().enumerate() {
            suppressed.extend(judgement.suppressed);
            findings.extend(match (targets.get(number), plain) {
                (Some(target), _) => locate::locate_rendered(judgement.findings, &target.target),
                (None, Some(session)) => {
                    let exactness = self.arguments.output.exactness();
                    locate::locate(judgement.findings, session, exactness)
                }
                (None, None) => Vec::new(),
            });
        }
        let mut findings = merge::targets(findings);
        located::sort(&mut findings);
        let findings = merge::copies(findings);
        Report {
            findings,
            suppressed,
            coverage: Coverage {
                gaps: UnreadPart::of(&gaps(&sessions)),
                fails,
                scope: scope(plain, targets),
                known: self.arguments.baseline.is_some().then_some(known),
                least: self.arguments.severity,
            },
        }
    }

    fn judge(
        &self,
        session: &Session,
        (target, default): (Option<&TargetSession>, Option<&Authorizer>),
        unmet: Vec<Finding>,
        sources: &Sources,
    ) -> Judgement {
        let Self { arguments, config, options, .. } = self;
        let rules = Rules {
            config,
            defaults: &self.defaults,
            version: options.source.kubernetes_version(arguments.kubernetes_version),
            judged: Judged::Files,
            namespace_given: !options.namespace.namespaces.is_empty()
                || session.live().is_some()
                || target.is_some_and(|target| target.target.target.namespace().is_some()),
            applied_by: match target.is_some_and(|target| target.target.target.is_for_argo_cd) {
                true => AppliedBy::ArgoCd,
                false => AppliedBy::Unknown,
            },
            is_one_install: target.is_some() || session.live().is_some(),
            set_aside: &self.set_aside,
        };
        let complete = |all: &mut Vec<Finding>| {
            if let Some(target) = target {
                let result = session.authorizer.inventory();
                self.source_objects.check_build(&target.target, result, all);
                targets::check_release(&target.target, &session.authorizer, default, all);
            }
            all.extend(unmet);
        };
        let sources = |finding: &Finding| sources.of(options, target, finding);
        let all = checked::findings(session, &rules, complete, &sources);
        let inventory = session.authorizer.inventory();
        let (all, suppressed) = suppress(all, inventory, &config.suppressions, self.today);
        let is_asked = |finding: &Finding| {
            let is_named = |globs: &[CodeGlob]| globs.iter().any(|glob| glob.matches(finding.rule));
            finding.severity >= arguments.severity
                && (arguments.only.is_empty() || is_named(&arguments.only))
                && !is_named(&arguments.ignore)
        };
        // Filter after folding, so that no finding is hidden by one that is left out.
        let all = fold(all.into_iter().filter(is_asked).collect());
        let prints = fingerprints(&all);
        let (known, findings): (Vec<_>, Vec<(Finding, String)>) =
            all.into_iter().zip(prints).partition(|(_, print)| self.baseline.contains(print));
        Judgement { findings, suppressed, known: known.len() }
    }

    /// Returns findings about the expectations that do not hold, for each session.
    fn unmet<'s>(
        &'s self,
        sessions: &[&'s Session],
        targets: &[TargetSession],
    ) -> Vec<Vec<Finding>> {
        let expectations = &*self.config.expectations;
        if expectations.is_empty() {
            return vec![Vec::new(); sessions.len()];
        }
        let version = self.options.source.kubernetes_version(self.arguments.kubernetes_version);
        let evaluate = |(number, session): (usize, &&'s Session)| {
            let session: &'s Session = session;
            let target = targets.get(number).map(|it| &*it.target.target.name);
            evaluate_target(&session.authorizer, &session.catalog, expectations, target, version)
        };
        let worlds: Vec<Outcome<'_>> =
            sessions.par_iter().enumerate().with_max_len(1).map(evaluate).collect();
        let findings = |failures: Vec<Failure<'_>>| {
            let mut findings = expectation_findings(&failures);
            for (finding, failure) in findings.iter_mut().zip(&failures) {
                finding_words::add_near_misses(finding, failure);
            }
            findings
        };
        join(expectations, worlds).into_iter().map(findings).collect()
    }
}

/// The options with which other commands read the input.
struct Sources {
    all: String,
    /// Whether some targets are alternatives, so that other commands need the name of one.
    has_alternatives: bool,
}

impl Sources {
    /// Returns the options with which another command reads the input of a finding: of a target, its name too,
    /// because other commands answer for one target. They cannot choose no target, so they read the files of
    /// a finding about plain files if there are alternatives.
    fn of(&self, options: &Options, target: Option<&TargetSession>, finding: &Finding) -> String {
        let Some(target) = target else {
            let files = || checked::sources_of_files(options, finding);
            let files = self.has_alternatives.then(files).flatten();
            return files.unwrap_or_else(|| self.all.clone());
        };
        format!("{} --target {}", self.all, cli::quote(&target.target.target.name))
    }
}

/// Returns whether some targets are alternatives.
fn has_alternatives(targets: &[TargetSession]) -> bool {
    let mut others = targets;
    while let [first, rest @ ..] = others {
        let is_alternative =
            |other: &&TargetSession| first.target.target.is_alternative_to(&other.target.target);
        if rest.iter().any(|other| is_alternative(&other)) {
            return true;
        }
        others = rest;
    }
    false
}

/// Returns the same chart with its default values, if that is another target.
fn default_of<'t>(target: &TargetSession, targets: &'t [TargetSession]) -> Option<&'t Authorizer> {
    let (own, TargetKind::Helm(_)) = (&target.target.target, &target.target.target.kind) else {
        return None;
    };
    let position = targets.binary_search_by(|it| it.target.target.name.cmp(&own.shown));
    let default = targets.get(position.ok()?)?;
    let is_other = default.target.target.name != own.name;
    is_other.then_some(&*default.session.authorizer)
}

/// Returns a finding about the ServiceAccount that deploys a chart, with the access that everything grants that
/// is applied together with it.
fn denied_deployer(
    target: &TargetSession,
    plain: Option<&Session>,
    targets: &[TargetSession],
) -> Option<Finding> {
    target.target.target.deployer.as_ref()?;
    let own = &target.session;
    let mut builder = own.authorizer.inventory().clone().into_builder();
    let is_applied_too = |other: &&TargetSession| {
        other.target.target.name != target.target.target.name
            && !other.target.target.is_alternative_to(&target.target.target)
    };
    let others = targets.iter().filter(is_applied_too).map(|other| &other.session);
    for other in others.chain(plain) {
        builder.append(other.authorizer.inventory().clone().into_builder());
    }
    let access = Authorizer::new(builder.build());
    targets::check_deployer(&target.target, own.authorizer.inventory(), &access, &own.catalog)
}

/// Returns the gaps of all sessions, each once.
fn gaps(sessions: &[&Session]) -> Vec<Gap> {
    let gaps = sessions.iter().flat_map(|session| session.authorizer.inventory().gaps());
    let gaps: BTreeSet<&Gap> = gaps.collect();
    gaps.into_iter().cloned().collect()
}

fn scope(plain: Option<&Session>, targets: &[TargetSession]) -> Scope {
    let scope = plain.map_or_else(Scope::default, |session| Scope {
        excluded: session.excluded,
        ..Scope::of(&session.files)
    });
    if targets.is_empty() {
        return scope;
    }
    let sources = targets.iter().flat_map(|it| it.target.traced.files());
    Scope {
        objects: scope.objects + targets.iter().map(|it| it.target.objects).sum::<usize>(),
        files: scope.files + sources.collect::<BTreeSet<_>>().len(),
        targets: targets.len(),
        ..scope
    }
}
