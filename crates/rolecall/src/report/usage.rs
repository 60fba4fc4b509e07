//! The use of rights according to audit logs, and the objects that `tighten` would leave.

use std::path::PathBuf;

use rolecall_check::KubernetesVersion;
use rolecall_grant::{Object, yaml_without_comments};
use rolecall_rbac::Inventory;
use rolecall_report::{LeftObject, RightUse, RightsState, SubjectUse, Usage};
use rolecall_usage::{Coverage, Credits, GrantKey, TightenConfig, credit, use_of_bindings};

use crate::error::CommandError;
use crate::load::Session;
use crate::proposal::{MOST_NAMESPACES, Proposal};
use crate::subject;
use crate::usage::{Logs, RightsUse, coverage_lines, rights_of, time_words};

/// Compares the roles of a session with logs.
pub(super) fn of<'a>(
    session: &'a Session,
    logs: &Logs,
    named: &[PathBuf],
    version: KubernetesVersion,
) -> Result<Usage<'a>, CommandError> {
    let coverage = logs.tally.coverage();
    let credits = credit(&session.authorizer, logs.tally.uses());
    let config = TightenConfig {
        selects: &|_| true,
        keep: &|_| Vec::new(),
        names: 0,
        namespaces: MOST_NAMESPACES,
    };
    let proposal = Proposal::new(session, &credits, coverage, &config, version)?;
    Ok(Usage {
        logs: named.iter().map(|path| path.display().to_string()).collect(),
        coverage: coverage_lines(coverage).iter().map(|line| sentence(line)).collect(),
        rights: rights(session, &credits, coverage),
        left: left(&proposal, session.authorizer.inventory()),
        deletions: proposal.deletions(),
        removed: proposal.removed,
    })
}

fn rights<'a>(session: &'a Session, credits: &Credits, coverage: &Coverage) -> Vec<RightUse<'a>> {
    let mut all = Vec::new();
    for of in use_of_bindings(&session.authorizer, credits, coverage) {
        for rule in &of.rules {
            let metadata = &of.binding.metadata;
            let key = GrantKey {
                namespace: metadata.namespace.clone(),
                binding: metadata.name.clone(),
                rule: rule.index,
            };
            let credited = credits.by_grant.get(&key).map_or(&[][..], Vec::as_slice);
            all.extend(rights_of(rule).into_iter().map(|rights| RightUse {
                binding: of.binding,
                rule: rule.index,
                rights: rights.text(),
                state: match &rights.used {
                    RightsUse::NotSeen => RightsState::NotSeen,
                    RightsUse::Withheld(_) => RightsState::NotAssessed,
                    RightsUse::Hidden(_) => RightsState::OtherAuthorizer,
                    RightsUse::Used(..) => RightsState::Used,
                },
                reason: match &rights.used {
                    RightsUse::Withheld(reason) => reason.explanation().to_owned(),
                    RightsUse::Hidden(_) => rights.used.text(),
                    RightsUse::NotSeen | RightsUse::Used(..) => String::new(),
                },
                subjects: rights.by_subject(credited).iter().map(subject_use).collect(),
            }));
        }
    }
    all
}

fn subject_use(of: &crate::usage::SubjectUse<'_>) -> SubjectUse {
    SubjectUse {
        subject: subject::label(of.identity),
        requests: of.counts.requests(),
        first: time_words(of.counts.first),
        last: time_words(of.counts.last),
        pods: of.pods.iter().map(|pod| pod.to_string()).collect(),
    }
}

/// Returns the changed and deleted objects. The YAML of deleted ones is empty.
fn left(proposal: &Proposal, inventory: &Inventory) -> Vec<LeftObject> {
    let left = |object: &Object, yaml: String| {
        let metadata = object.metadata();
        LeftObject {
            kind: object.kind().to_owned(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
            yaml,
        }
    };
    let (changed, deleted) = (proposal.objects(), proposal.deleted(inventory));
    let changed = changed
        .iter()
        .map(|object| left(object, yaml_without_comments(std::slice::from_ref(object))));
    changed.chain(deleted.iter().map(|object| left(object, String::new()))).collect()
}

/// Returns a statement as a sentence.
fn sentence(line: &str) -> String {
    let mut rest = line.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", rest.as_str())
}
