//! Human-readable answers.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{
    Binding, BoundRole, Decision, Gap, Grant, NearMiss, NearMissKind, Problem, Request, RuleGrant,
    SubjectKind, Verdict,
};

use super::plain;
use crate::advice::{Advice, Fit};
use crate::resolved::{Subject, label};
use crate::{explain, words};

const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();

/// One answer with its explanation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    /// The subject.
    pub(crate) subject: &'a Subject,
    /// The request.
    pub(crate) request: &'a Request,
    /// The answer.
    pub(crate) decision: &'a Decision<'a>,
    /// The near misses of a denied request.
    pub(crate) misses: &'a [NearMiss<'a>],
    /// The bindings that apply to the request.
    pub(crate) bindings: &'a [BoundRole<'a>],
    /// The advice about a denial.
    pub(crate) advice: &'a Advice,
}

/// The level of detail of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The verdict, and the grants or the nearest misses.
    Brief,
    /// Also every near miss, and the changes that would allow the request.
    Full,
}

/// The number of near misses in a brief answer.
const BRIEF_MISSES: usize = 3;

/// The maximum number of near misses of one kind.
const MOST_ALIKE: usize = 3;

/// The maximum number of the subject's bindings to name.
const MOST_BINDINGS: usize = 10;

impl Answer<'_> {
    /// Writes the verdict, followed by the grants or the near misses.
    pub(crate) fn write(&self, out: &mut impl Write, detail: Detail) -> io::Result<()> {
        self.write_verdict(out)?;
        if !self.decision.verdict.is_allowed() {
            self.write_advice(out)?;
        }
        for problem in self.decision.problems.iter().filter(|problem| !self.is_explained(problem)) {
            writeln!(out, "  {}", plain(&words::problem(problem)))?;
        }
        let (unbound, bound): (Vec<_>, Vec<_>) =
            self.misses.iter().partition(|miss| miss.kind == NearMissKind::Unbound);
        let shown = match detail {
            Detail::Brief => BRIEF_MISSES,
            Detail::Full => usize::MAX,
        };
        let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
        for miss in bound.iter().take(shown) {
            let count = alike.entry(miss.kind.as_str()).or_default();
            *count += 1;
            if *count <= MOST_ALIKE {
                self.write_miss(out, miss, detail)?;
            }
        }
        let more: usize = alike.values().map(|count| count.saturating_sub(MOST_ALIKE)).sum();
        if more > 0 {
            writeln!(out, "  and {more} more near misses of the same kinds")?;
        }
        let is_grantable = !self.advice.is_about_another_request();
        if is_grantable && (bound.is_empty() || detail == Detail::Full) {
            self.write_unbound(out, &unbound, detail)?;
        }
        if detail == Detail::Full
            && !self.decision.verdict.is_allowed()
            && let Some(line) = self.bindings_line()
        {
            writeln!(out, "  {}", plain(&line))?;
        }
        Ok(())
    }

    /// Writes the commands that grant the request, with their risks, or the reason why there are none.
    fn write_advice(&self, out: &mut impl Write) -> io::Result<()> {
        let Advice { commands, fit, remarks } = self.advice;
        let what = match fit {
            Fit::Exact => "exactly this",
            Fit::Corrected => "what was probably meant",
        };
        let command = (!commands.is_empty())
            .then(|| format!("to allow {what}, run `{}`", commands.join("` and `")));
        let remarks = remarks.iter().cloned();
        let lines: Vec<String> = match fit {
            Fit::Exact => command.into_iter().chain(remarks).collect(),
            Fit::Corrected => remarks.chain(command).collect(),
        };
        for line in lines {
            writeln!(out, "  {}", plain(&line))?;
        }
        Ok(())
    }

    /// Returns whether a near miss already explains the problem of a binding.
    fn is_explained(&self, problem: &Problem<'_>) -> bool {
        let binding = problem.binding();
        self.misses.iter().any(|miss| {
            let is_broken = matches!(
                miss.kind,
                NearMissKind::RoleNotFound { .. } | NearMissKind::UnsupportedRoleKind
            );
            is_broken && miss.binding.is_some_and(|other| std::ptr::eq(other, binding))
        })
    }

    fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        match &self.decision.verdict {
            Verdict::Allowed { by } => {
                let request = words::request(self.request);
                let who = who(self.subject);
                writeln!(out, "{YES}yes{YES:#}: {} can {}", plain(&who), plain(&request))?;
                for grant in by {
                    writeln!(out, "  {}", plain(&self.grant_line(grant)))?;
                }
            }
            Verdict::NoOpinion => {
                writeln!(out, "{NO}no{NO:#}: {}", plain(&self.refusal()))?;
            }
            Verdict::Unknown { gaps } => {
                let refusal = self.refusal();
                writeln!(
                    out,
                    "{UNKNOWN}unknown{UNKNOWN:#}: as far as can be determined, {}",
                    plain(&refusal)
                )?;
                for gap in words::gaps(gaps) {
                    writeln!(out, "  could not read: {}", plain(&gap))?;
                }
            }
        }
        Ok(())
    }

    fn write_miss(
        &self,
        out: &mut impl Write,
        miss: &NearMiss<'_>,
        detail: Detail,
    ) -> io::Result<()> {
        let explanation = explain::near_miss(miss, &self.subject.identity, self.request);
        let is_broken = matches!(
            miss.kind,
            NearMissKind::RoleNotFound { .. } | NearMissKind::UnsupportedRoleKind
        );
        // The rules of a missing role are unknown.
        let how = if is_broken { "possible grant:" } else { "near miss:" };
        writeln!(out, "  {how} {}", plain(&self.miss_line(miss)))?;
        writeln!(out, "    but {}", plain(&explanation.message))?;
        if detail == Detail::Full && !self.advice.is_about_another_request() {
            writeln!(out, "    to change that, {}", plain(&explanation.change))?;
        }
        Ok(())
    }

    /// Names roles that would allow the request if they were bound; all have the same fix.
    fn write_unbound(
        &self,
        out: &mut impl Write,
        misses: &[&NearMiss<'_>],
        detail: Detail,
    ) -> io::Result<()> {
        let Some(first) = misses.first() else { return Ok(()) };
        let who = label(&self.subject.identity);
        let roles = misses.iter().filter_map(|miss| miss.role);
        let roles =
            roles.map(|role| format!("{}{}", words::role(role), words::origin(&role.metadata)));
        let roles = roles.collect::<Vec<_>>().join(", ");
        let which = match misses.len() {
            1 => "a role that would allow it is",
            _ => "roles that would allow it are",
        };
        let by = match &self.decision.verdict {
            Verdict::Unknown { gaps } if gaps.iter().any(Gap::may_hide_any_binding) => {
                " as far as can be determined"
            }
            _ => "",
        };
        let line = format!("{which} not bound to {who}{by}: {roles}");
        writeln!(out, "  {}", plain(&line))?;
        if detail == Detail::Full {
            let explanation = explain::near_miss(first, &self.subject.identity, self.request);
            writeln!(out, "    to change that, {}", plain(&explanation.change))?;
        }
        Ok(())
    }

    /// Names the subject's bindings that apply here, except built-in ones and those that are named above;
    /// `None` if there are no others.
    fn bindings_line(&self) -> Option<String> {
        let is_own = |bound: &&BoundRole<'_>| !words::is_built_in(bound.binding);
        let (named, others): (Vec<&BoundRole<'_>>, Vec<&BoundRole<'_>>) =
            self.bindings.iter().filter(is_own).partition(|bound| self.is_named(bound.binding));
        if others.is_empty() && !named.is_empty() {
            return None;
        }
        let start = match &*named {
            [] => "bindings that apply here",
            _ => "other bindings that apply here",
        };
        let names: Vec<String> = others
            .iter()
            .map(|bound| {
                format!("{} of {}", words::binding(bound.binding), words::role_ref(bound.binding))
            })
            .collect();
        Some(match (&*names, names.get(..MOST_BINDINGS)) {
            ([], _) if matches!(self.decision.verdict, Verdict::Unknown { .. }) => {
                let which = if self.bindings.is_empty() {
                    "none applies"
                } else {
                    "only default ones apply"
                };
                format!("of the bindings that could be read, {which} here")
            }
            ([], _) if self.bindings.is_empty() => "no bindings apply here".to_owned(),
            ([], _) => "only Kubernetes' default bindings apply here".to_owned(),
            (all, Some(first)) if all.len() > first.len() => {
                let more = all.len() - first.len();
                format!("{start}: {} and {more} more", first.join(", "))
            }
            (all, _) => format!("{start}: {}", all.join(", ")),
        })
    }

    /// Returns whether a full answer already mentions a binding.
    fn is_named(&self, binding: &Binding) -> bool {
        let problems = self.decision.problems.iter().map(Problem::binding);
        let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
        let misses = self.misses.iter().filter(|miss| miss.kind != NearMissKind::Unbound);
        let written = misses.filter(|miss| {
            let count = alike.entry(miss.kind.as_str()).or_default();
            *count += 1;
            *count <= MOST_ALIKE
        });
        let nearly = written.filter_map(|miss| miss.binding);
        problems.chain(nearly).any(|named| std::ptr::eq(named, binding))
    }

    /// Returns the server's error message, so that it can be searched for.
    fn refusal(&self) -> String {
        let identity = &self.subject.identity;
        let request = self.request;
        match (&*identity.user, identity.groups.first()) {
            ("", Some(group)) => format!("Group {group:?} cannot {request}"),
            (user, _) => format!("User {user:?} cannot {request}"),
        }
    }

    /// Names the binding, role and rule of a grant, with their locations.
    fn grant_line(&self, grant: &Grant<'_>) -> String {
        let Grant::Rule(RuleGrant { binding, subject, role, rule_index, rule }) = grant else {
            return "by group system:masters, which is allowed everything without checking RBAC"
                .to_owned();
        };
        let subject = match subject.kind {
            SubjectKind::ServiceAccount => String::new(),
            _ => format!(" to {}", words::subject(subject, &binding.metadata)),
        };
        format!(
            "by {}{subject}{}{}, {}, rules[{rule_index}]: {}",
            words::binding(binding),
            words::origin(&binding.metadata),
            words::of_hook([&binding.metadata, &role.metadata]),
            words::role(role),
            words::rule_about(rule, self.request),
        )
    }

    /// Names binding, role and rule of a near miss, as far as they exist.
    fn miss_line(&self, miss: &NearMiss<'_>) -> String {
        let binding = miss.binding.map(|binding| {
            format!("{}{}", words::binding(binding), words::origin(&binding.metadata))
        });
        let role = miss.role.map(words::role);
        let rule = miss.rule.map(|(index, rule)| {
            format!("rules[{index}]: {}", words::rule_about(rule, self.request))
        });
        [binding, role, rule].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Names a subject, with the workload that uses it.
fn who(subject: &Subject) -> String {
    let label = label(&subject.identity);
    match &subject.workload {
        Some(workload) => {
            format!("{label} ({} {}/{})", workload.kind, workload.namespace, workload.name)
        }
        None => label,
    }
}
