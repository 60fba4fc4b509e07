//! `rolecall paths --cut`: the changes that stop all paths, as YAML for kubectl.

use std::io::Write;

use rolecall_grant::{printable, yaml_without_comments};
use rolecall_paths::{CutGrant, CutPlan, KeptRight, NoCut, Sink};
use rolecall_rbac::PolicyRule;

use crate::answer::paths::objects;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::question::Question;
use crate::render::plain;
use crate::subject::SubjectArgument;
use crate::ui::Ui;
use crate::words;

/// The number of lost rules of a grant to print.
const MOST_RULES: usize = 10;

/// A right of `--keep`: `SUBJECT VERB RESOURCE`.
#[derive(Clone, Debug)]
pub(super) struct KeepArgument {
    subject: SubjectArgument,
    verb: String,
    resource: String,
}

impl KeepArgument {
    /// Parses the argument.
    pub(super) fn parse(text: &str) -> Result<Self, CommandError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [subject, verb, resource] = words.as_slice() else {
            let error = format!("`{text}` is not a subject, a verb and a resource");
            return Err(CommandError::usage(error).with_hint(Hint::pass(
                "--keep 'sa/ci:release create pods'",
                "keep a right of a subject",
            )));
        };
        Ok(Self {
            subject: SubjectArgument::parse(subject)?,
            verb: (*verb).to_owned(),
            resource: (*resource).to_owned(),
        })
    }

    /// Returns the subject.
    pub(super) fn subject(&self) -> &SubjectArgument {
        &self.subject
    }

    /// Returns the requests that must stay allowed.
    pub(super) fn rights(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Vec<KeptRight>, CommandError> {
        let mut rights = Vec::new();
        let subjects = [self.subject.clone()];
        for found in SubjectArgument::resolve_all(&subjects, ui, session, options)? {
            for namespace in session.namespaces(options) {
                let question = Question {
                    verb: &self.verb,
                    resource: &self.resource,
                    subresource: "",
                    name: "",
                    namespace: &namespace,
                    namespace_is_explicit: false,
                };
                let request = question.to_request(ui, session)?;
                let identity = std::sync::Arc::new(found.identity.clone());
                if !session.authorizer.authorize(&identity, &request).verdict.is_allowed() {
                    ui.warn(format!(
                        "{} cannot do this now, so it cannot be kept: {}",
                        rolecall_paths::Subject::of(&identity),
                        words::request(&request)
                    ));
                    continue;
                }
                rights.push(KeptRight { identity, request });
            }
        }
        Ok(rights)
    }
}

/// Writes a plan: the grants as comments, then the objects.
pub(super) fn write(
    out: &mut impl Write,
    sink: &Sink,
    plan: &CutPlan<'_>,
) -> Result<(), CommandError> {
    for line in summary(sink, plan) {
        writeln!(out, "# {}", plain(&printable(&line)))?;
    }
    write!(out, "{}", yaml_without_comments(&objects(plan)))?;
    Ok(())
}

/// Describes a plan: each grant, and the rights that its subject loses.
pub(super) fn summary(sink: &Sink, plan: &CutPlan<'_>) -> Vec<String> {
    let grants = words::count(plan.grants.len(), "grant");
    let mut lines = vec![format!("Removing {grants} stops all paths to {sink}:")];
    for (grant, number) in plan.grants.iter().zip(1..) {
        lines.extend(describe(grant, number));
    }
    lines
}

fn describe(grant: &CutGrant<'_>, number: usize) -> [String; 2] {
    let subject = grant.subject.notation(&grant.binding.metadata);
    let rule = match grant.rule {
        Some(rule) => format!(", rules[{rule}]"),
        None => ", all rules".to_owned(),
    };
    let text = format!(
        "{number}. {subject} in {}{} of {}{}{rule}: on {}",
        words::binding(grant.binding),
        words::origin(&grant.binding.metadata),
        words::role(grant.role),
        words::origin(&grant.role.metadata),
        words::count(grant.paths, "path"),
    );
    let shown = grant.loses.iter().take(MOST_RULES);
    let mut rules: Vec<String> = shown.map(|rule: &PolicyRule| words::rule(rule)).collect();
    if grant.loses.len() > MOST_RULES {
        rules.push(words::count(grant.loses.len() - MOST_RULES, "more rule"));
    }
    let loses = match rules.is_empty() {
        true => "nothing that other bindings do not grant".to_owned(),
        false => rules.join("; "),
    };
    [text, format!("   loses {loses}")]
}

/// Describes why there is no plan.
pub(super) fn no_plan(reason: &NoCut, sink: &Sink) -> String {
    match reason {
        NoCut::Kept(subject) => {
            format!(
                "no changes can stop all paths: {subject} reaches {sink} through grants that must stay, because of `--keep` or because they are built in"
            )
        }
        NoCut::Unproved(subject) => {
            format!(
                "found no changes that stop all paths: {subject} would still reach {sink} after the changes, or lose a right of `--keep`"
            )
        }
    }
}
