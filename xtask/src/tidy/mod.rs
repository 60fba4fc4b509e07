//! `cargo xtask tidy`: checks the repository's own rules.
//!
//! ```text
//! [ Tree ] files that git knows -> rules -> [ Problem ] file, line, fix
//! ```

mod arrows;
mod cycles;
mod fixtures;
mod manifest;
mod module_files;
mod modules;
mod problem;
mod purity;
mod references;
mod text;
mod tokens;
mod tree;
mod unused;
mod version_table;
mod words;

use self::problem::Problem;
use self::tree::Tree;
use rolecall_task::failure::{Failure, Result};

/// Checks the whole repository and fails if a rule is broken.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read()?;
    let problems = check(&tree);
    for problem in &problems {
        eprintln!("{problem}");
    }
    for warning in text::nearly_too_long(&tree) {
        eprintln!("warning: {warning}");
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(Failure::new(format!("the repository breaks {count} of its rules"))
            .remedy("edit the files listed above, then run `cargo xtask tidy`")),
    }
}

fn check(tree: &Tree) -> Vec<Problem> {
    let rules = [
        arrows::check,
        cycles::check,
        module_files::check,
        version_table::check,
        words::check,
        unused::check,
        purity::check,
        fixtures::check,
        references::check,
        text::check,
    ];
    let mut problems: Vec<Problem> = rules.iter().flat_map(|rule| rule(tree)).collect();
    problems.sort();
    problems
}
