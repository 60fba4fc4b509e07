//! Words for escalation paths, for the findings of rules and expectations.

use rolecall_paths::{Evidence, Gain, Sink, Step};
use rolecall_rbac::{Origin, Request, RuleGrant, Target, sentence_list, with_group};

use crate::words::quote;
use crate::{Finding, Related};

/// Returns the grants that the steps of a path use, with the position of the step and the request.
pub(crate) fn grants<'s, 'a>(
    steps: &'s [Step<'a>],
) -> impl Iterator<Item = (usize, &'s Request, &'s RuleGrant<'a>)> {
    steps.iter().zip(1..).flat_map(|(step, number)| {
        step.requests.iter().filter_map(move |made| match &made.by {
            Evidence::Grant(grant) => Some((number, &made.request, grant)),
            _ => None,
        })
    })
}

/// Returns whether a step depends on a default role or binding that is not in the input.
pub(crate) fn uses_defaults(steps: &[Step<'_>]) -> bool {
    grants(steps).any(|(.., grant)| {
        [&grant.binding.metadata, &grant.role.metadata]
            .into_iter()
            .any(|metadata| metadata.origin == Origin::Default)
    })
}

/// Describes the target that a subject reaches, and the steps.
pub(crate) fn message(
    subject: &str,
    sink: &Sink,
    steps: &[Step<'_>],
    assumed: &[String],
) -> String {
    let count = match steps.len() {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let mut text = format!("{} can {} in {count}: {}", quote(subject), end(sink), way(steps));
    for (position, assumption) in assumed.iter().enumerate() {
        text.push_str(if position == 0 { "; assumes that " } else { " and that " });
        text.push_str(assumption);
    }
    text
}

/// Describes a target, as it follows after `can`.
pub(crate) fn end(sink: &Sink) -> String {
    match sink {
        Sink::ClusterAdmin => "become cluster-admin".to_owned(),
        Sink::Namespace(name) if **name == *"*" => "gain every right in every namespace".to_owned(),
        Sink::Namespace(name) => format!("gain every right in namespace {}", quote(name)),
        Sink::Node => "take over a node".to_owned(),
        other => format!("become {}", quote(&other.to_string())),
    }
}

/// Describes the steps.
pub(crate) fn way(steps: &[Step<'_>]) -> String {
    let last = steps.len().saturating_sub(1);
    let steps = steps.iter().enumerate().map(|(position, step)| {
        let gains = match &step.gains {
            Gain::ClusterAdmin | Gain::Everything(_) | Gain::Node if position == last => {
                String::new()
            }
            Gain::Node => " and take over a node".to_owned(),
            gains => format!(" to gain {}", quote(&gains.to_string())),
        };
        format!("{} ({}){gains}", step.row.text().title, step.row)
    });
    steps.collect::<Vec<_>>().join(", then ")
}

/// Adds the roles and bindings that allow the steps.
pub(crate) fn add_evidence(mut finding: Finding, steps: &[Step<'_>]) -> Finding {
    let all: Vec<(usize, &Request, &RuleGrant<'_>)> = grants(steps).collect();
    // Requests of one step by the same rule.
    let by_rule = all.chunk_by(|one, other| {
        one.0 == other.0
            && std::ptr::eq(one.2.rule, other.2.rule)
            && std::ptr::eq(one.2.subject, other.2.subject)
    });
    for requests in by_rule {
        let Some((step, _, grant)) = requests.first() else { continue };
        let asked: Vec<String> = requests.iter().map(|(_, request, _)| asked(request)).collect();
        let asked = sentence_list(&asked);
        let rule = format!("step {step}: its `rules[{}]` allows {asked}", grant.rule_index);
        let subject = grant.subject.notation(&grant.binding.metadata);
        let binding = format!("step {step}: grants it to {}", quote(&subject));
        for (object, note) in [(grant.role.into(), rule), (grant.binding.into(), binding)] {
            let related = Related { object, note: note.into() };
            if !finding.related.contains(&related) {
                finding.related.push(related);
            }
        }
    }
    finding
}

/// Describes a request: `` `create pods` in namespace `shop` ``.
fn asked(request: &Request) -> String {
    match &request.target {
        Target::Path(path) => quote(&format!("{} {path}", request.verb)),
        Target::Resource(target) => {
            let resource = with_group(&target.combined(), &target.group);
            let name = match &*target.name {
                "" => String::new(),
                name => format!(" {name}"),
            };
            let place = match &*target.namespace {
                "" => String::new(),
                namespace => format!(" in namespace {}", quote(namespace)),
            };
            format!("{}{place}", quote(&format!("{} {resource}{name}", request.verb)))
        }
    }
}
