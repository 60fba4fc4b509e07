//! The report as Markdown, for pull requests and wikis.

use std::io::{self, Write};

use crate::page::{effect, plan};
use crate::summary::Summary;
use crate::text::{markdown, markdown_message, visible};
use crate::{Paths, ReportFinding, ReportInput, RightsState, Scope, Usage, data};

/// The number of findings in a document, which wikis and pull requests limit.
const MOST_FINDINGS: usize = 100;

/// The number of unread parts in a document.
const MOST_UNREAD: usize = 50;

/// The number of paths in a document.
const MOST_PATHS: usize = 20;

/// The number of rights and removals in a document.
const MOST_RIGHTS: usize = 100;

/// The number of names in a cell.
const MOST_NAMES: usize = 10;

/// Writes the report as Markdown: the first screen, the most severe findings, and some paths.
pub fn write_markdown(
    out: &mut impl Write,
    input: &ReportInput<'_>,
    summary: &Summary,
) -> io::Result<()> {
    let scope = input.scope;
    writeln!(out, "# {}\n\n## Examined input\n", markdown(&scope.title))?;
    list(out, &scope.examined)?;
    if !scope.unread.is_empty() {
        writeln!(out, "\n### Not examined\n\nAccess that depends on these parts is unknown.\n")?;
        list(out, scope.unread.get(..MOST_UNREAD).unwrap_or(&scope.unread))?;
        if scope.unread.len() > MOST_UNREAD {
            writeln!(out, "- {} more", scope.unread.len() - MOST_UNREAD)?;
        }
    }
    writeln!(out, "\n| Objects | Number | Built-in |\n|---|--:|--:|")?;
    for count in &summary.counts {
        writeln!(out, "| {} | {} | {} |", count.label, count.number, count.built_in)?;
    }
    writeln!(out, "\n## Dangerous access\n")?;
    writeln!(out, "| Access | In the whole cluster | Built-in | Others, in single namespaces |")?;
    writeln!(out, "|---|---|--:|--:|")?;
    for row in &summary.access {
        let shown = row.everywhere.iter().take(MOST_NAMES).map(|name| markdown(name));
        let mut names = shown.collect::<Vec<_>>().join(", ");
        if row.everywhere.len() > MOST_NAMES {
            names.push_str(&format!(" and {} more", row.everywhere.len() - MOST_NAMES));
        }
        if row.everywhere.is_empty() {
            names.push_str(if scope.unread.is_empty() { "none" } else { "none known" });
        }
        let in_namespaces = row.in_namespaces.map_or_else(|| "–".to_owned(), |n| n.to_string());
        writeln!(out, "| {} | {names} | {} | {in_namespaces} |", row.title, row.built_in)?;
    }
    if let Some(paths) = input.paths {
        write_paths(out, scope, paths, summary)?;
    }
    if let Some(usage) = input.usage {
        write_usage(out, usage, summary)?;
    }
    write_findings(out, input.findings, summary)?;
    if !scope.assumptions.is_empty() {
        writeln!(out, "\n## Assumptions\n")?;
        list(out, &scope.assumptions)?;
    }
    writeln!(out, "\nWritten by {}.", markdown(&scope.program))
}

fn list(out: &mut impl Write, items: &[String]) -> io::Result<()> {
    items.iter().try_for_each(|item| writeln!(out, "- {}", markdown_message(item)))
}

fn write_paths(
    out: &mut impl Write,
    scope: &Scope,
    paths: &Paths<'_>,
    summary: &Summary,
) -> io::Result<()> {
    let Some(numbers) = &summary.paths else { return Ok(()) };
    writeln!(out, "\n## Escalation paths\n")?;
    writeln!(
        out,
        "{}{} of {} subjects can become {} step by step; {} more hold it directly.",
        if scope.unread.is_empty() { "" } else { "At least " },
        numbers.with_path,
        numbers.starts,
        markdown(&numbers.sink),
        numbers.admins
    )?;
    if !numbers.cuts.is_empty() {
        let command = format!("{} paths --cut {}", scope.command, scope.sources);
        let command = match command.contains(['`', '<']) {
            true => markdown(command.trim_end()),
            false => format!("`{}`", visible(command.trim_end())),
        };
        writeln!(out, "\n### Grants to remove first\n\n{} {command}\n", plan(numbers))?;
        for cut in &numbers.cuts {
            let place = if cut.place.is_empty() { "" } else { " at " };
            let (grant, at) = (markdown(&cut.grant), markdown(&cut.place));
            writeln!(out, "1. {grant}{place}{at}: {}", effect(numbers, cut))?;
        }
    }
    if !paths.paths.is_empty() {
        writeln!(out, "\n| Subject | Steps |\n|---|---|")?;
    }
    for path in paths.paths.iter().take(MOST_PATHS) {
        let steps: Vec<String> = path.steps.iter().map(|step| markdown(&step.gains)).collect();
        writeln!(out, "| {} | {} |", markdown(&path.subject), steps.join(" → "))?;
    }
    if paths.paths.len() > MOST_PATHS {
        writeln!(out, "\n{} more subjects have a path.", paths.paths.len() - MOST_PATHS)?;
    }
    Ok(())
}

fn write_usage(out: &mut impl Write, usage: &Usage<'_>, summary: &Summary) -> io::Result<()> {
    let Some(numbers) = &summary.usage else { return Ok(()) };
    writeln!(out, "\n## Use of rights\n")?;
    list(out, &usage.coverage)?;
    writeln!(
        out,
        "\n{} of {} bindings have rights that were not seen in use. `rolecall tighten` would change or delete {} objects.",
        numbers.with_unused, numbers.bindings, numbers.changed
    )?;
    let unused = usage.rights.iter().filter(|of| of.state == RightsState::NotSeen);
    if numbers.with_unused > 0 {
        writeln!(out, "\n| Binding | Rule | Rights not seen in use |\n|---|--:|---|")?;
    }
    for of in unused.clone().take(MOST_RIGHTS) {
        let metadata = &of.binding.metadata;
        let slash = if metadata.namespace.is_empty() { "" } else { "/" };
        let kind = of.binding.kind();
        let name = format!("{kind} {}{slash}{}", metadata.namespace, metadata.name);
        writeln!(out, "| {} | {} | {} |", markdown(&name), of.rule, markdown(&of.rights))?;
    }
    let more = unused.count().saturating_sub(MOST_RIGHTS);
    if more > 0 {
        writeln!(out, "\n{more} more rules have rights that were not seen in use.")?;
    }
    if !usage.removed.is_empty() {
        writeln!(out, "\nRemoved by `rolecall tighten`:\n")?;
        for line in usage.removed.iter().take(MOST_RIGHTS) {
            writeln!(out, "- {}", markdown(line))?;
        }
        if usage.removed.len() > MOST_RIGHTS {
            writeln!(out, "- {} more", usage.removed.len() - MOST_RIGHTS)?;
        }
    }
    Ok(())
}

fn write_findings(
    out: &mut impl Write,
    findings: &[ReportFinding<'_>],
    summary: &Summary,
) -> io::Result<()> {
    writeln!(out, "\n## Findings\n")?;
    if findings.is_empty() {
        return writeln!(out, "There are no findings.");
    }
    let counts: Vec<String> =
        summary.severities.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
    writeln!(out, "{}\n", counts.join(", "))?;
    writeln!(out, "| Severity | Rule | Object | Place | Problem |\n|---|---|---|---|---|")?;
    let mut sorted: Vec<&ReportFinding<'_>> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(data::rank(finding.severity)));
    for finding in sorted.iter().take(MOST_FINDINGS) {
        let object = &finding.object;
        let slash = if object.namespace.is_empty() { "" } else { "/" };
        let name = format!("{} {}{slash}{}", object.kind, object.namespace, object.name);
        let place = match (object.place.file, object.place.line) {
            ("", _) => String::new(),
            (file, line) => format!("{file}:{line}"),
        };
        writeln!(
            out,
            "| {} | RC{:03} | {} | {} | {} |",
            finding.severity,
            finding.rule.code,
            markdown(&name),
            markdown(&place),
            markdown_message(&finding.message)
        )?;
    }
    if findings.len() > MOST_FINDINGS {
        writeln!(out, "\n{} more findings are left out.", findings.len() - MOST_FINDINGS)?;
    }
    Ok(())
}
