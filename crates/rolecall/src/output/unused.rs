//! The use of roles, the output of `unused`.

use rolecall_usage::{BindingUse, Coverage, CoverageRow, PartUse, Withheld, write_time};
use serde::Serialize;

use super::ObjectReference;
use crate::usage::coverage_lines;

/// The use of each binding's rules, and what the logs cover.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) struct UnusedReport<'a> {
    coverage: CoverageRow,
    /// The coverage of the logs, in words.
    statements: Vec<String>,
    bindings: Vec<BindingDetails<'a>>,
}

#[derive(Serialize)]
struct BindingDetails<'a> {
    binding: ObjectReference<'a>,
    role: ObjectReference<'a>,
    rules: Vec<RuleDetails<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleDetails<'a> {
    rule_index: usize,
    rights: Vec<RightDetails<'a>>,
}

#[derive(Serialize)]
struct RightDetails<'a> {
    verb: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(flatten)]
    used: UseDetails<'a>,
}

#[derive(Serialize)]
#[serde(tag = "use", rename_all = "kebab-case")]
enum UseDetails<'a> {
    Used {
        count: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<String>,
        pods: Vec<&'a str>,
    },
    OtherAuthorizer {
        via: &'static str,
    },
    NotAssessed {
        reason: &'static str,
        explanation: &'static str,
    },
    NotSeen,
}

impl<'a> UnusedReport<'a> {
    /// Describes the use of bindings.
    pub(crate) fn new(uses: &'a [BindingUse<'a>], coverage: &Coverage) -> Self {
        let bindings = uses.iter().map(|of| BindingDetails {
            binding: ObjectReference::new(of.binding.kind(), &of.binding.metadata),
            role: ObjectReference::new(of.role.kind(), &of.role.metadata),
            rules: of
                .rules
                .iter()
                .map(|rule| RuleDetails {
                    rule_index: rule.index,
                    rights: rule
                        .parts
                        .iter()
                        .map(|(atom, part)| {
                            let of_resource = atom.url.is_empty();
                            RightDetails {
                                verb: &atom.verb,
                                group: of_resource.then_some(&*atom.group),
                                resource: of_resource.then_some(&*atom.resource),
                                name: atom.name.as_deref(),
                                url: (!of_resource).then_some(&*atom.url),
                                used: UseDetails::new(part),
                            }
                        })
                        .collect(),
                })
                .collect(),
        });
        Self {
            coverage: CoverageRow::new(coverage),
            statements: coverage_lines(coverage),
            bindings: bindings.collect(),
        }
    }
}

impl<'a> UseDetails<'a> {
    fn new(part: &'a PartUse) -> Self {
        let of_withheld = |reason: &Withheld| Self::NotAssessed {
            reason: reason.as_str(),
            explanation: reason.explanation(),
        };
        match part {
            PartUse::Used { counts, pods } => Self::Used {
                count: counts.requests(),
                first: counts.first.map(write_time),
                last: counts.last.map(write_time),
                pods: pods.iter().map(|pod| &**pod).collect(),
            },
            PartUse::Hidden { via } => Self::OtherAuthorizer { via: via.as_str() },
            PartUse::Withheld(reason) => of_withheld(reason),
            PartUse::NotSeen => Self::NotSeen,
        }
    }
}
