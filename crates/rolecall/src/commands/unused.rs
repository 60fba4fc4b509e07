use std::collections::BTreeMap;
use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall_usage::{BindingUse, PartUse, Withheld, use_of_bindings};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{self, Format, UnusedReport};
use crate::render::Table;
use crate::ui::Ui;
use crate::usage::{Evidence, EvidenceArguments, RightsUse, rights_of, warn_of_gaps};
use crate::words;

/// Show which rights in roles were used according to audit logs, and which were not
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/unused.txt"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: EvidenceArguments,
    /// Output format; `wide` also lists the rights that were used
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: UnusedFormat,
}

/// The formats of the use of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum UnusedFormat {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Csv,
}

/// Reads roles and logs, and compares them.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let evidence = Evidence::read(ui, options, &arguments.evidence)?;
    let authorizer = &*evidence.session.authorizer;
    let mut uses = use_of_bindings(authorizer, &evidence.credits, evidence.coverage());
    uses.retain(|of| evidence.selects(of.binding));
    let mut out = ui.stdout();
    match arguments.output {
        UnusedFormat::Table => table(&uses, Shown::Unused).write(&mut out, ui.layout())?,
        UnusedFormat::Wide => table(&uses, Shown::All).write(&mut out, ui.layout())?,
        UnusedFormat::Csv => {
            table(&uses, Shown::All).write_csv(&mut out, ui.layout().headings)?;
        }
        UnusedFormat::Json | UnusedFormat::Yaml => {
            let format = match arguments.output {
                UnusedFormat::Json => Format::Json,
                _ => Format::Yaml,
            };
            let report = UnusedReport::new(&uses, evidence.coverage());
            output::write_versioned(&mut out, format, &report)?;
        }
    }
    out.flush()?;
    evidence.explain(ui);
    explain_withheld(ui, &uses);
    let has_unused = uses.iter().any(BindingUse::has_unused);
    if uses.is_empty() {
        ui.note("no binding is selected; the default ones of Kubernetes are not listed");
    } else if !has_unused {
        ui.note("every right that the logs can show was used");
    }
    let open = uses.iter().flat_map(BindingUse::parts).any(|part| {
        matches!(part, PartUse::Withheld(Withheld::VerbNotLogged | Withheld::GroupsNotLogged))
    });
    let open = warn_of_gaps(ui, authorizer.inventory()) || open;
    let exit = Exit::No.when(has_unused).max(Exit::Inconclusive.when(open)).max(evidence.exit);
    Ok(evidence.session.conclude(ui, exit))
}

/// Explains each reason once.
fn explain_withheld(ui: &Ui, uses: &[BindingUse<'_>]) {
    let mut reasons: BTreeMap<Withheld, usize> = BTreeMap::new();
    for part in uses.iter().flat_map(BindingUse::parts) {
        if let PartUse::Withheld(reason) = part {
            *reasons.entry(*reason).or_default() += 1;
        }
    }
    for (reason, number) in reasons {
        let rights = if number == 1 { "1 right is" } else { &format!("{number} rights are") };
        ui.note(format!("{rights} not assessed: {}", reason.explanation()));
    }
}

/// The rights in a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Those without a use.
    Unused,
    /// All.
    All,
}

/// Lists the parts of each rule by their use.
fn table(uses: &[BindingUse<'_>], shown: Shown) -> Table {
    let mut table = Table::new(["BINDING", "ROLE", "RIGHTS", "USE"]);
    for of in uses {
        for rule in &of.rules {
            for rights in rights_of(rule) {
                if shown == Shown::Unused && matches!(rights.used, RightsUse::Used(..)) {
                    continue;
                }
                table.row([
                    words::binding(of.binding).into(),
                    format!("{} rules[{}]", of.role.metadata.name, rule.index).into(),
                    rights.text().into(),
                    rights.used.text().into(),
                ]);
            }
        }
    }
    table
}
