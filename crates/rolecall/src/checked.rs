//! The findings about a session, for all commands that show findings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rolecall_check::expectation::evaluate;
use rolecall_check::{
    AppliedBy, CheckConfig, CheckInput, Finding, Judged, KubernetesVersion, ObjectRef,
    SetAsideFiles, check, expectation_findings,
};
use rolecall_rbac::{Authorizer, Binding, Inventory, Origin};

use crate::cli::{self, Options};
use crate::finding_words::{self, Sources};
use crate::load::Session;
use crate::remedy;

/// The input of a check besides the objects.
pub(crate) struct Rules<'a> {
    /// The configuration.
    pub(crate) config: &'a CheckConfig,
    /// The default objects of each Kubernetes version.
    pub(crate) defaults: &'a [Inventory],
    /// The version to check against.
    pub(crate) version: KubernetesVersion,
    /// The objects that findings can be about.
    pub(crate) judged: Judged,
    /// Whether a missing namespace is known.
    pub(crate) namespace_given: bool,
    /// The program that applies the objects.
    pub(crate) applied_by: AppliedBy,
    /// Whether all objects are applied together, as those of one rendering.
    pub(crate) is_one_install: bool,
    /// The files whose objects are not those of an installation.
    pub(crate) set_aside: &'a SetAsideFiles,
}

/// Returns the findings with their remedies and configured severities, before suppressions. `complete`
/// adds those about expectations and renderings, and `sources` are the options that read the same input.
pub(crate) fn findings(
    session: &Session,
    rules: &Rules<'_>,
    complete: impl FnOnce(&mut Vec<Finding>),
    sources: &Sources<'_>,
) -> Vec<Finding> {
    let judge = |authorizer: &Authorizer| {
        check(CheckInput {
            authorizer,
            catalog: &session.catalog,
            defaults: rules.defaults,
            drifts: &session.drifts,
            version: rules.version,
            judged: rules.judged,
            external: &rules.config.external,
            complete: session.complete,
            namespace_given: rules.namespace_given,
            applied_by: rules.applied_by,
            is_one_install: rules.is_one_install,
        })
    };
    let mut all = match without_set_aside(session, rules) {
        None => judge(&session.authorizer),
        Some(others) => {
            let is_set_aside = |finding: &Finding| rules.set_aside.is_apart(finding);
            let mut all = judge(&others);
            all.retain(|finding| !is_set_aside(finding));
            all.extend(judge(&session.authorizer).into_iter().filter(is_set_aside));
            all
        }
    };
    complete(&mut all);
    finding_words::add_remedies(&remedy::Judge::of(session), &mut all, sources);
    finding_words::add_cuts(&mut all, sources);
    rules.set_aside.soften(&mut all);
    rules.config.grade(&mut all);
    all
}

/// Returns the objects without the bindings that are set aside: what tests grant is not part of the access of
/// other objects. `None` if there are no such bindings.
fn without_set_aside(session: &Session, rules: &Rules<'_>) -> Option<Authorizer> {
    if rules.is_one_install {
        return None;
    }
    let inventory = session.authorizer.inventory();
    let is_set_aside = |binding: &Binding| rules.set_aside.contains(&binding.metadata.origin);
    if !inventory.bindings().iter().any(is_set_aside) {
        return None;
    }
    let mut builder = inventory.clone().into_builder();
    builder.retain_bindings(|binding| !is_set_aside(binding));
    Some(Authorizer::new(builder.build()))
}

/// Returns findings about the expectations that do not hold.
pub(crate) fn unmet(
    session: &Session,
    config: &CheckConfig,
    version: KubernetesVersion,
) -> Vec<Finding> {
    let failures = evaluate(&session.authorizer, &session.catalog, &config.expectations, version);
    let mut findings = expectation_findings(&failures);
    for (finding, failure) in findings.iter_mut().zip(&failures) {
        finding_words::add_near_misses(finding, failure);
    }
    findings
}

/// Returns the options with which another command reads only the files of a finding; `None` if its objects
/// are in no files.
pub(crate) fn sources_of_files(options: &Options, finding: &Finding) -> Option<String> {
    let related = finding.related.iter().map(|related| &related.object);
    let changed = finding.changes.iter().map(|change| &change.role);
    let path = |object: &ObjectRef| match &object.origin {
        Origin::File { path, .. } if Path::new(&**path).is_file() => Some(PathBuf::from(&**path)),
        _ => None,
    };
    let objects = std::iter::once(&finding.object).chain(related).chain(changed);
    let paths: BTreeSet<PathBuf> = objects.filter_map(path).collect();
    if paths.is_empty() {
        return None;
    }
    let mut options = options.clone();
    options.source.filename = paths.into_iter().collect();
    options.given = options.given.without("target").without("all_kustomizations");
    Some(sources(&options))
}

/// Returns the options with which another command reads the same input.
pub(crate) fn sources(options: &Options) -> String {
    let mut options = options.clone();
    // Findings contain their own namespace.
    options.namespace.namespaces.clear();
    options.namespace.all_namespaces = false;
    cli::command_line(Vec::new(), &options)
}
