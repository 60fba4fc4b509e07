use std::borrow::Cow;
use std::io::Write;

use anstyle::Style;
use clap::Args;
use rolecall_check::{Category, RuleMeta, rules};
use rolecall_rbac::edit_distance;

use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::invocation::as_invoked;
use crate::render::{Table, document};
use crate::ui::Ui;

/// Explain a finding of `check` and how to fix it
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/explain.txt"))]
pub(crate) struct Arguments {
    /// The code or name of a finding, or a part of the name, such as RC101, 101 or missing-role [default:
    /// list all findings]
    finding: Option<String>,
    /// Print Markdown: the finding, or the reference of all findings
    #[arg(long)]
    markdown: bool,
}

const BOLD: Style = Style::new().bold();

/// The default width of the text.
const WIDTH: usize = 100;

/// The beginning of the reference of findings.
const INTRODUCTION: &str = "\
# Findings

`rolecall explain --markdown` writes this page from the documents in `crates/rolecall-check/rules/`: do not edit it.

`rolecall check` reports these findings. The meaning of a code never changes. The categories are:

- *broken*: objects that the API server rejects, or that refer to something that does not exist
- *dead*: rules, subjects and grants that match nothing or add nothing
- *denied*: requests of workloads that will be denied
- *hygiene*: unnecessary grants and tokens, and workloads that cannot use their ServiceAccount
- *risk*: access with a dangerous effect that is easy to overlook
- *expectation*: access that differs from the expectations in `rolecall.yaml`
- *rendering*: access that Kustomize or Helm change without a message
- *suppression*: unused, expired or malformed suppressions
";

/// The number of findings that are suggested for an unknown one.
const SUGGESTED: usize = 8;

/// Explains one finding, or lists all.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut out = ui.stdout();
    match &arguments.finding {
        Some(wanted) => {
            let rule = find(wanted)?;
            if arguments.markdown {
                let text = documentation(rule);
                writeln!(out, "# {} {}\n\n{}\n\n{text}", rule.code, rule.title, facts(rule))?;
            } else {
                writeln!(out, "{BOLD}{} {}{BOLD:#}", rule.code, rule.title)?;
                writeln!(out, "{}\n", facts(rule))?;
                let columns = ui.columns().unwrap_or(WIDTH);
                write!(out, "{}", document(&documentation(rule), columns))?;
            }
        }
        None if arguments.markdown => write!(out, "{}", reference())?,
        None => {
            let mut table = Table::new(["CODE", "NAME", "CATEGORY", "SEVERITY", "TITLE"]);
            for rule in rules() {
                table.row([
                    rule.code.to_string().into(),
                    rule.name.into(),
                    rule.category.as_str().into(),
                    rule.severity.as_str().into(),
                    rule.title.into(),
                ]);
            }
            table.write(&mut out, ui.layout())?;
        }
    }
    out.flush()?;
    Ok(Exit::Yes)
}

/// Returns the explanation of a finding, with commands as this program is run.
fn documentation(rule: &RuleMeta) -> Cow<'static, str> {
    as_invoked(rule.text)
}

fn facts(rule: &RuleMeta) -> String {
    format!(
        "name: {}, category: {}, severity: {}, since: {}, Kubernetes: {}",
        rule.name,
        rule.category,
        rule.grades(),
        rule.since,
        rule.versions
    )
}

/// Finds a finding by its code, with or without `RC`, its name, or a part of the name.
fn find(wanted: &str) -> Result<&'static RuleMeta, CommandError> {
    let rules = rules();
    let lower = wanted.to_lowercase();
    let found = rules.iter().find(|rule| {
        let code = rule.code.to_string();
        code.eq_ignore_ascii_case(wanted)
            || code.strip_prefix("RC") == Some(wanted)
            || rule.name == lower
    });
    if let Some(found) = found {
        return Ok(found);
    }
    let partly: Vec<&&'static RuleMeta> =
        rules.iter().filter(|rule| rule.name.contains(&*lower)).collect();
    if let ([only], false) = (&*partly, lower.is_empty()) {
        return Ok(only);
    }
    let alike = rules.iter().filter(|rule| {
        edit_distance(rule.name, &lower) <= 2
            || edit_distance(&rule.code.to_string().to_lowercase(), &lower) <= 1
    });
    let names: Vec<String> = match partly.is_empty() || lower.is_empty() {
        true => alike.map(|rule| rule.code.to_string()).take(SUGGESTED).collect(),
        false => partly.iter().map(|rule| rule.name.to_owned()).take(SUGGESTED).collect(),
    };
    Err(CommandError::usage(format!("unknown finding `{wanted}`"))
        .with_hint(Hint::did_you_mean(wanted, names))
        .with_hint(Hint::run("rolecall explain", "list all findings")))
}

/// Returns the documentation of all findings, the contents of `docs/findings.md`.
fn reference() -> String {
    let rules = rules();
    let mut text = INTRODUCTION.to_owned();
    for category in Category::ALL {
        let of_category: Vec<_> = rules.iter().filter(|rule| rule.category == category).collect();
        if of_category.is_empty() {
            continue;
        }
        text.push_str(&format!("\n| {category} | name | severity | title |\n|---|---|---|---|\n"));
        for rule in of_category {
            text.push_str(&format!(
                "| [{}](#{}) | {} | {} | {} |\n",
                rule.code,
                rule.code.to_string().to_lowercase(),
                rule.name,
                rule.severity,
                rule.title
            ));
        }
    }
    for rule in rules {
        text.push_str(&format!("\n## {}\n\n**{}**\n\n", rule.code, rule.title));
        text.push_str(&format!("Name `{}`, category {}", rule.name, rule.category));
        text.push_str(&format!(", severity {}, since {}", rule.grades(), rule.since));
        text.push_str(&format!(", Kubernetes: {}\n\n", rule.versions));
        for line in rule.text.lines() {
            match line.strip_prefix("## ") {
                Some(heading) => text.push_str(&format!("### {heading}\n")),
                None => text.push_str(&format!("{line}\n")),
            }
        }
    }
    text
}
