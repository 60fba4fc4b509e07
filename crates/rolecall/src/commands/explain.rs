use std::io::Write;

use clap::Args;
use rolecall_check::{Category, RuleMeta, rules};
use rolecall_rbac::edit_distance;

use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::render::{Table, filled};
use crate::ui::Ui;

/// Explain what a finding of `check` means and how to mend it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The finding's code or name, such as RC101 or missing-role; without one, all are listed
    finding: Option<String>,
    /// Print the reference of all findings as Markdown
    #[arg(long, conflicts_with = "finding")]
    markdown: bool,
}

const AFTER_HELP: &str = "\
Examples:
  What does a code mean?
    rolecall explain RC201
  Which findings are there?
    rolecall explain

Exit codes: 0 explained, 2 there is no such finding.";

/// Explains one finding, or lists all.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut out = ui.stdout();
    match &arguments.finding {
        Some(wanted) => {
            let rule = find(wanted)?;
            writeln!(out, "{} {}", rule.code, rule.name)?;
            writeln!(
                out,
                "category: {}, severity: {}, since: {}, Kubernetes: {}",
                rule.category, rule.severity, rule.since, rule.versions
            )?;
            writeln!(out)?;
            match ui.columns() {
                Some(columns) => write!(out, "{}", filled(&rule.documentation(), columns))?,
                None => write!(out, "{}", rule.documentation())?,
            }
        }
        None if arguments.markdown => write!(out, "{}", reference())?,
        None => {
            let mut table = Table::new(["CODE", "NAME", "CATEGORY", "SEVERITY", "SUMMARY"]);
            for rule in rules() {
                table.row([
                    rule.code.into(),
                    rule.name.into(),
                    rule.category.as_str().into(),
                    rule.severity.as_str().into(),
                    rule.summary().into(),
                ]);
            }
            table.write(&mut out, ui.columns())?;
        }
    }
    out.flush()?;
    Ok(Exit::Yes)
}

fn find(wanted: &str) -> Result<&'static RuleMeta, CommandError> {
    let rules = rules();
    let found = rules.iter().find(|rule| {
        rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted)
    });
    found.copied().ok_or_else(|| {
        let lower = wanted.to_lowercase();
        let alike = rules.iter().filter(|rule| {
            edit_distance(rule.name, &lower) <= 2
                || edit_distance(&rule.code.to_lowercase(), &lower) <= 1
        });
        CommandError::usage(format!("there is no finding `{wanted}`"))
            .with_hint(Hint::did_you_mean(wanted, alike.map(|rule| rule.code).take(3)))
            .with_hint(Hint::run("rolecall explain", "list all findings"))
    })
}

/// Returns the documentation of all findings, as `docs/findings.md` has it.
fn reference() -> String {
    let rules = rules();
    let mut text = String::from(
        "# Findings\n\nWritten by `rolecall explain --markdown` from the documentation in the source: \
         do not edit.\n\n`rolecall check` reports these findings. Their codes keep their meaning.\n",
    );
    for category in Category::ALL {
        let of_category: Vec<_> = rules.iter().filter(|rule| rule.category == category).collect();
        if of_category.is_empty() {
            continue;
        }
        text.push_str(&format!("\n| {category} | name | severity | |\n|---|---|---|---|\n"));
        for rule in of_category {
            text.push_str(&format!(
                "| [{}](#{}) | {} | {} | {} |\n",
                rule.code,
                rule.code.to_lowercase(),
                rule.name,
                rule.severity,
                rule.summary()
            ));
        }
    }
    for rule in rules {
        text.push_str(&format!("\n## {}\n\n**{}**, {}", rule.code, rule.name, rule.category));
        text.push_str(&format!(", severity {}, since {}", rule.severity, rule.since));
        text.push_str(&format!(", Kubernetes: {}\n\n", rule.versions));
        for line in rule.documentation().lines() {
            match line.strip_prefix("# ") {
                Some(heading) => text.push_str(&format!("### {heading}\n")),
                None => text.push_str(&format!("{line}\n")),
            }
        }
    }
    text
}
