//! Paths as text.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use rolecall_paths::{Evidence, Path, Start, Step, StepRequest, Subject};
use rolecall_rbac::{Identity, RuleGrant};

use crate::answer::paths::Answer;
use crate::error::CommandError;
use crate::render::{Folded, plain};
use crate::ui::Ui;
use crate::words;

/// The number of paths to print without `--all`.
const MOST_PATHS: usize = 20;
/// The number of choke points to print.
const MOST_POINTS: usize = 5;
/// The number of subjects of a list to name.
const MOST_NAMES: usize = 5;

/// Writes the summary, the choke points and the paths.
pub(super) fn write(
    out: &mut impl Write,
    ui: &Ui,
    answer: &Answer<'_>,
    all: bool,
) -> Result<(), CommandError> {
    let mut out = Folded::new(out, ui.columns());
    summary(&mut out, answer)?;
    choke_points(&mut out, answer)?;
    let groups = groups(answer);
    let shown = if all { groups.len() } else { MOST_PATHS };
    for group in groups.iter().take(shown) {
        writeln!(out)?;
        path(&mut out, answer, group)?;
        further(&mut out, answer, &group.path.subject)?;
    }
    let rest: usize = groups.iter().skip(shown).map(|group| group.subjects.len()).sum();
    if rest > 0 {
        writeln!(out)?;
        writeln!(out, "and {} (--all lists them)", words::count(rest, "more path"))?;
    }
    out.flush()?;
    Ok(())
}

fn summary(out: &mut impl Write, answer: &Answer<'_>) -> Result<(), CommandError> {
    let (pods, subjects): (Vec<&Start>, Vec<&Start>) =
        answer.starts.iter().partition(|start| start.subject.is_running());
    let reach = |wanted: bool| {
        answer.found.paths.iter().filter(|path| path.subject.is_running() == wanted).count()
    };
    let of_pods = match pods.len() {
        0 => String::new(),
        total => format!(" and {} of {total} Pods and workloads", reach(true)),
    };
    writeln!(
        out,
        "{} of {}{of_pods} can reach {}",
        reach(false),
        words::count(subjects.len(), "subject"),
        plain(&answer.sink.to_string())
    )?;
    if !answer.found.admins.is_empty() {
        let names: Vec<String> = answer
            .found
            .admins
            .iter()
            .take(MOST_NAMES)
            .map(|subject| plain(&subject.to_string()).into_owned())
            .collect();
        let more = match answer.found.admins.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(
            out,
            "already at the target through their own bindings: {}{more}",
            names.join(", ")
        )?;
    }
    Ok(())
}

fn choke_points(out: &mut impl Write, answer: &Answer<'_>) -> Result<(), CommandError> {
    if answer.choke_points.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "Choke points: grants whose removal stops the most paths")?;
    for point in answer.choke_points.iter().take(MOST_POINTS) {
        let grant = &point.grant;
        let subject = grant.subject.notation(&grant.binding.metadata);
        writeln!(
            out,
            "  {}: {} in {}{}",
            words::count(point.cuts, "path"),
            plain(&subject),
            plain(&words::binding(grant.binding)),
            plain(&rule(grant)),
        )?;
    }
    Ok(())
}

/// The starts with the same identity, and their path.
struct Group<'p, 'a> {
    path: &'p Path<'a>,
    subjects: Vec<&'p Subject>,
}

/// Returns the paths, shortest first; those of Pods with their ServiceAccount.
fn groups<'p, 'a>(answer: &'p Answer<'a>) -> Vec<Group<'p, 'a>> {
    let mut positions: BTreeMap<*const Step<'_>, usize> = BTreeMap::new();
    let mut groups: Vec<Group<'p, 'a>> = Vec::new();
    let mut paths: Vec<&Path<'a>> = answer.found.paths.iter().collect();
    paths.sort_by(|one, other| {
        let key = |path: &Path<'_>| (path.steps.len(), path.subject.is_running());
        (key(one), &one.subject).cmp(&(key(other), &other.subject))
    });
    for path in paths {
        let at = *positions.entry(Arc::as_ptr(&path.steps).cast()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.subjects.push(&path.subject),
            None => groups.push(Group { path, subjects: vec![&path.subject] }),
        }
    }
    groups
}

fn path(
    out: &mut impl Write,
    answer: &Answer<'_>,
    group: &Group<'_, '_>,
) -> Result<(), CommandError> {
    let steps = words::count(group.path.steps.len(), "step");
    let others = match group.subjects.len() - 1 {
        0 => String::new(),
        _ => {
            let names: Vec<String> = group
                .subjects
                .iter()
                .skip(1)
                .take(MOST_NAMES)
                .map(|subject| plain(&subject.to_string()).into_owned())
                .collect();
            let more = match group.subjects.len() - 1 - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(" (also {}{more})", names.join(", "))
        }
    };
    let subject = group.path.subject.to_string();
    writeln!(
        out,
        "{} reaches {} in {steps}{others}",
        plain(&subject),
        plain(&answer.sink.to_string())
    )?;
    for (position, step) in group.path.steps.iter().enumerate() {
        write_step(out, &group.path.subject, position, step)?;
    }
    Ok(())
}

/// Writes the further paths of a subject.
fn further(out: &mut impl Write, answer: &Answer<'_>, of: &Subject) -> Result<(), CommandError> {
    for path in answer.further.iter().filter(|path| path.subject == *of) {
        let steps = words::count(path.steps.len(), "step");
        writeln!(out, "  or, without these grants, in {steps}:")?;
        for (position, step) in path.steps.iter().enumerate() {
            write_step(out, &path.subject, position, step)?;
        }
    }
    Ok(())
}

fn write_step(
    out: &mut impl Write,
    start: &Subject,
    position: usize,
    step: &Step<'_>,
) -> Result<(), CommandError> {
    writeln!(
        out,
        "  {}. {} {}: gains {}",
        position + 1,
        step.row,
        step.row.text().title,
        plain(&step.gains.to_string())
    )?;
    for made in &step.requests {
        let actor = Subject::of(&made.actor);
        let by_whom = match actor == *start || is_running_as(start, &made.actor) {
            true => String::new(),
            false => format!("as {actor}: "),
        };
        let text = format!("{by_whom}{}", words::request(&made.request));
        writeln!(out, "     {}", plain(&text))?;
        writeln!(out, "       {}", plain(&because(made)))?;
    }
    for assumption in &step.assumes {
        writeln!(out, "     assumes that {}", plain(&assumption.to_string()))?;
    }
    Ok(())
}

/// Returns whether a Pod or workload acts as an identity from the start.
fn is_running_as(start: &Subject, actor: &Identity) -> bool {
    match start {
        Subject::Pod { namespace, .. } | Subject::Workload { namespace, .. } => {
            actor.as_service_account().is_some_and(|account| *account.namespace == **namespace)
        }
        _ => false,
    }
}

fn because(made: &StepRequest<'_>) -> String {
    match &made.by {
        Evidence::Privileged => "by group system:masters".to_owned(),
        Evidence::Grant(grant) => {
            format!("by {}{}", words::binding(grant.binding), rule(grant))
        }
        Evidence::Step(step) => format!("by the rights of step {}", step + 1),
        Evidence::Covered(role) => {
            format!("not necessary: the actor holds all rules of {}", words::role(role))
        }
    }
}

/// Describes the role and the rule of a grant, with their places.
fn rule(grant: &RuleGrant<'_>) -> String {
    format!(
        "{} of {}{}, rules[{}]",
        words::origin(&grant.binding.metadata),
        words::role(grant.role),
        words::origin(&grant.role.metadata),
        grant.rule_index
    )
}
