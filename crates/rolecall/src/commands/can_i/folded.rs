//! Kubernetes' own subjects in a matrix.

use std::collections::BTreeSet;
use std::io::Write;

use rolecall_access::Holder;
use rolecall_rbac::Glob;

use super::Arguments;
use crate::built_in::{self, is_own};
use crate::error::CommandError;
use crate::load::Session;
use crate::output::MatrixFormat;
use crate::render::Folded;
use crate::subject::{Subject, label};
use crate::ui::Ui;

/// Removes Kubernetes' own subjects from those of patterns in a table, and returns their names.
pub(super) fn fold(
    session: &Session,
    arguments: &Arguments,
    subjects: &mut Vec<Subject>,
) -> BTreeSet<String> {
    let is_table = matches!(arguments.output, MatrixFormat::Table | MatrixFormat::Wide);
    let are_patterns = arguments.subjects.iter().all(|subject| Glob::is_pattern(subject));
    if arguments.system.show_system || !is_table || arguments.subjects.is_empty() || !are_patterns {
        return BTreeSet::new();
    }
    let is_system = |subject: &mut Subject| {
        let bound = Holder::of_identity(&subject.identity).bindings(&session.authorizer);
        !bound.is_empty() && bound.iter().all(|bound| is_own(bound.subject, bound.binding))
    };
    subjects.extract_if(.., is_system).map(|subject| label(&subject.identity)).collect()
}

/// Writes the line about these subjects.
pub(super) fn write_folded(ui: &Ui, folded: &BTreeSet<String>) -> Result<(), CommandError> {
    if let Some(line) = built_in::folded(folded) {
        let mut out = ui.stdout();
        writeln!(Folded::new(&mut out, ui.columns()), "{line}")?;
        out.flush()?;
    }
    Ok(())
}
