//! Commands as a user would type them, and their programs.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::inputs::{Input, Inputs};
use super::matrix;
use rolecall_task::process;

/// A command whose first word is a program, with placeholders such as `{cluster}` for inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CommandLine(pub(super) &'static str);

impl CommandLine {
    /// Returns the name of the program.
    pub(super) fn program(self) -> &'static str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// Returns the inputs that the command reads.
    pub(super) fn inputs(self) -> Vec<Input> {
        let named = |input: &Input| self.0.contains(input.placeholder());
        Input::ALL.into_iter().filter(named).collect()
    }

    /// Returns the command, ready to run.
    pub(super) fn command(self, program: &PathBuf, inputs: &Inputs) -> Command {
        let mut command = Command::new(program);
        for word in self.0.split(' ').skip(1) {
            let (first, rest) = word.split_once('/').unwrap_or((word, ""));
            let input = Input::ALL.into_iter().find(|input| input.placeholder() == first);
            match (word, input) {
                (_, Some(input)) if rest.is_empty() => command.arg(inputs.path(input)),
                (_, Some(input)) => command.arg(inputs.path(input).join(rest)),
                (matrix::NAMESPACES, _) => command.args(matrix::namespaces()),
                (matrix::RESOURCE_LIST, _) => command.arg(matrix::resources()),
                _ => command.arg(word),
            };
        }
        command
    }
}

/// The locations of programs.
#[derive(Debug)]
pub(super) struct Programs {
    /// The binaries built for the run.
    pub(super) built: Vec<(&'static str, PathBuf)>,
}

impl Programs {
    /// Returns a program's path: built, set by a variable, or on the PATH.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        let built = self.built.iter().find(|(built, _)| *built == name);
        built
            .map(|(_, path)| path.clone())
            .or_else(|| env::var_os(variable(name)).map(PathBuf::from))
            .or_else(|| process::find(name))
    }
}

/// Returns the variable that sets the path of a program that is not on the PATH.
pub(super) fn variable(name: &str) -> String {
    format!("BENCH_{}", name.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_variable() {
        assert_eq!(variable("kube-linter"), "BENCH_KUBE_LINTER");
    }

    #[test]
    fn inputs_are_found_by_their_placeholders() {
        let line = CommandLine("rolecall can-i --reviews {reviews} -f {cluster}");
        assert_eq!(line.program(), "rolecall");
        assert_eq!(line.inputs(), [Input::Cluster, Input::Reviews]);
    }
}
