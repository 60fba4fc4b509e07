//! The findings about a session, for all commands that show findings.

use rolecall_check::expectation::evaluate;
use rolecall_check::{
    AppliedBy, CheckConfig, CheckInput, Finding, Judged, KubernetesVersion, check,
    expectation_findings, soften_tests,
};
use rolecall_rbac::Inventory;

use crate::cli::{self, Options};
use crate::finding_words;
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
    /// The paths that the user named.
    pub(crate) roots: &'a [String],
}

/// Returns the findings with their remedies and configured severities, before suppressions. `complete`
/// adds those about expectations and renderings, and `sources` are the options that read the same input.
pub(crate) fn findings(
    session: &Session,
    rules: &Rules<'_>,
    complete: impl FnOnce(&mut Vec<Finding>),
    sources: &str,
) -> Vec<Finding> {
    let mut all = check(CheckInput {
        authorizer: &session.authorizer,
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
    });
    complete(&mut all);
    finding_words::add_remedies(&remedy::Judge::of(session), &mut all, sources);
    finding_words::add_cuts(&mut all, sources);
    soften_tests(&mut all, rules.roots);
    rules.config.grade(&mut all);
    all
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

/// Returns the paths that the user named.
pub(crate) fn roots(options: &Options) -> Vec<String> {
    let paths = options.source.filename.iter();
    paths.map(|path| path.to_string_lossy().replace('\\', "/")).collect()
}

/// Returns the options with which another command reads the same input.
pub(crate) fn sources(options: &Options) -> String {
    let mut options = options.clone();
    // Findings contain their own namespace.
    options.namespace.namespaces.clear();
    options.namespace.all_namespaces = false;
    cli::command_line(Vec::new(), &options)
}
