//! One answer, told to a person.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{
    Decision, Grant, Identity, Metadata, PolicyRule, Request, RuleGrant, SubjectKind, Target, Text,
    Verdict,
};

use super::plain;
use crate::output::{describe_problem, qualified};
use crate::subject::{Subject, label};

const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();

/// Writes the verdict, then what grants the request or what could not be read.
pub(crate) fn write_answer(
    out: &mut impl Write,
    subject: &Subject,
    request: &Request,
    decision: &Decision<'_>,
) -> io::Result<()> {
    let identity = &subject.identity;
    match &decision.verdict {
        Verdict::Allowed { by } => {
            writeln!(out, "{YES}yes{YES:#}: {} may {}", who(subject), describe_request(request))?;
            for grant in by {
                writeln!(out, "  {}", describe_grant(grant))?;
            }
        }
        Verdict::NoOpinion => writeln!(out, "{NO}no{NO:#}: {}", refusal(identity, request))?,
        Verdict::Unknown { gaps } => {
            let refusal = refusal(identity, request);
            writeln!(
                out,
                "{UNKNOWN}unknown{UNKNOWN:#}: nothing that was read allows it: {refusal}"
            )?;
            for gap in gaps {
                writeln!(out, "  not read: {}", plain(&gap.to_string()))?;
            }
        }
    }
    for problem in &decision.problems {
        writeln!(out, "  {}", plain(&describe_problem(problem)))?;
    }
    Ok(())
}

/// Names a subject, with the workload that runs as it.
pub(crate) fn who(subject: &Subject) -> String {
    let label = label(&subject.identity);
    let text = match &subject.workload {
        Some(workload) => {
            format!("{label} ({} {}/{})", workload.kind, workload.namespace, workload.name)
        }
        None => label,
    };
    plain(&text).into_owned()
}

/// Says a request as people say it: `list pods in namespace shop`.
pub(crate) fn describe_request(request: &Request) -> String {
    let text = match &request.target {
        Target::Path(path) => format!("{} {path}", request.verb),
        Target::Resource(target) => {
            let resource = with_group(&target.combined(), &target.group);
            let name = match &*target.name {
                "" => String::new(),
                name => format!(" {name:?}"),
            };
            let place = match &*target.namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in namespace {namespace}"),
            };
            format!("{} {resource}{name} {place}", request.verb)
        }
    };
    plain(&text).into_owned()
}

/// Names binding, role and rule of a grant, and where the binding stands.
pub(crate) fn describe_grant(grant: &Grant<'_>) -> String {
    match grant {
        Grant::Privileged => {
            "because of group system:masters, whom servers allow everything before RBAC is asked"
                .to_owned()
        }
        Grant::Rule(grant) => describe_rule_grant(grant),
    }
}

fn describe_rule_grant(grant: &RuleGrant<'_>) -> String {
    let RuleGrant { binding, subject, role, rule_index, rule } = grant;
    let subject = match subject.kind {
        SubjectKind::ServiceAccount => String::new(),
        _ => format!(" for {} {}", subject.kind.as_str(), subject.name),
    };
    let text = format!(
        "through {} {}{subject}{}, {} {}, rule {}: {}",
        binding.kind(),
        qualified(&binding.metadata),
        position(&binding.metadata),
        role.kind(),
        qualified(&role.metadata),
        rule_index + 1,
        describe_rule(rule),
    );
    plain(&text).into_owned()
}

/// Says a rule on one line: `get,list pods,pods/log.apps "name"`.
pub(crate) fn describe_rule(rule: &PolicyRule) -> String {
    let verbs = rule.verbs.join(",");
    let mut targets: Vec<String> = Vec::new();
    for group in &*rule.api_groups {
        targets.extend(rule.resources.iter().map(|resource| with_group(resource, group)));
    }
    targets.extend(rule.non_resource_urls.iter().map(Text::to_string));
    let names: Vec<String> = rule.resource_names.iter().map(|name| format!("{name:?}")).collect();
    let names = if names.is_empty() { String::new() } else { format!(" {}", names.join(",")) };
    format!("{verbs} {}{names}", targets.join(","))
}

/// Writes `deployments/scale` of group `apps` as `deployments.apps/scale`.
fn with_group(resource: &str, group: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_owned(),
        (group, None) => format!("{resource}.{group}"),
        (group, Some((parent, subresource))) => format!("{parent}.{group}/{subresource}"),
    }
}

fn position(metadata: &Metadata) -> String {
    match &metadata.origin {
        rolecall_rbac::Origin::Default => " (default)".to_owned(),
        origin => origin.position().map_or_else(String::new, |at| format!(" ({at})")),
    }
}

/// The server's own sentence.
fn refusal(identity: &Identity, request: &Request) -> String {
    plain(&format!("User {:?} cannot {request}", &*identity.user)).into_owned()
}
