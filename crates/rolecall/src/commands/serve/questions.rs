//! Questions of the page, which are answered like command lines.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use clap::{Args, Command as Grammar, FromArgMatches};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::data::{Data, Served};
use crate::captured::Captured;
use crate::cli::{self, Given, Options};
use crate::commands::{Command, grammar_of};
use crate::exit::Exit;
use crate::ui::Ui;

/// The number of questions that are answered at once.
const AT_ONCE: usize = 2;

/// The time limit of an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The commands that the page can ask, and the parts of their questions.
const QUESTIONS: [(&str, Parts); 6] = [
    ("can-i", Parts { request: true, subject: Some("--for") }),
    ("fix", Parts { request: true, subject: Some("--for") }),
    ("paths", Parts { request: false, subject: Some("--from") }),
    ("rules", Parts { request: false, subject: Some("--for") }),
    ("who-can", Parts { request: true, subject: None }),
    ("why", Parts { request: true, subject: Some("--for") }),
];

/// The parts of a question.
#[derive(Clone, Copy)]
struct Parts {
    /// Whether it is about a verb and a resource.
    request: bool,
    /// The option of its subject.
    subject: Option<&'static str>,
}

/// A question; empty fields are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Question {
    command: String,
    verb: String,
    resource: String,
    name: String,
    namespace: String,
    subject: String,
}

/// The answer of a command.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// The command line with the same answer.
    command: String,
    /// The exit code.
    exit: u8,
    /// Its data.
    stdout: String,
    /// Its notes, warnings and errors.
    stderr: String,
}

/// The reason why a question is not answered.
pub(super) type Refusal = (StatusCode, String);

/// Answers questions with the current data.
pub(super) struct Questions {
    ui: Ui,
    permits: Arc<Semaphore>,
}

impl Questions {
    /// Answers like a command that was run in the same way.
    pub(super) fn new(ui: &Ui) -> Self {
        Self { ui: ui.clone(), permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Answers a question in JSON.
    pub(super) async fn answer(&self, served: Arc<Served>, body: &[u8]) -> Result<Answer, Refusal> {
        let question: Question = serde_json::from_slice(body).map_err(invalid)?;
        let words = question.words().map_err(invalid)?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = permit.await.map_err(|error| unavailable(&error.to_string()))?;
        let ui = self.ui.clone();
        let answering = tokio::task::spawn_blocking(move || {
            let answer = answer(&ui, &served.data(), words);
            drop(permit);
            answer
        });
        match tokio::time::timeout(TIMEOUT, answering).await {
            Ok(Ok(answer)) => answer.map_err(invalid),
            Ok(Err(error)) => Err(unavailable(&error.to_string())),
            Err(_) => Err(unavailable("the answer takes longer than a minute: run the command")),
        }
    }
}

fn invalid(reason: impl ToString) -> Refusal {
    (StatusCode::BAD_REQUEST, reason.to_string())
}

fn unavailable(reason: &str) -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, reason.to_owned())
}

/// Runs the command of a question with the input that was read.
fn answer(ui: &Ui, data: &Data, mut words: Vec<String>) -> Result<Answer, String> {
    let name = words.first().map(String::as_str).unwrap_or_default();
    let of_command = grammar_of(name).ok_or_else(|| format!("there is no command `{name}`"))?;
    let mut grammar =
        Options::augment_args(Grammar::new("rolecall").no_binary_name(true).subcommand(of_command));
    words.extend(cli::source_words(&asked(&data.options)));
    let parsed = grammar.try_get_matches_from_mut(&words).and_then(|matches| {
        let given = Given::of(&grammar, &matches);
        let options = Options::from_arg_matches(&matches)?;
        Ok((Options { given, ..options }, Command::from_arg_matches(&matches)?))
    });
    let (options, command) = parsed.map_err(|error| error.to_string())?;
    let options = Options {
        source: data.options.source.clone(),
        cluster: data.options.cluster.clone(),
        ..options
    };
    words.insert(0, "rolecall".to_owned());
    let captured = Captured::default();
    let ui = ui.capturing(captured.clone());
    let exit = match command.run(&ui, &options, || Grammar::new("rolecall")) {
        Ok(exit) => exit,
        Err(error) => {
            ui.error(&error);
            Exit::Failed
        }
    };
    Ok(Answer {
        command: cli::line(&words),
        exit: exit.code(),
        stdout: captured.stdout().text(),
        stderr: captured.stderr().text(),
    })
}

/// Returns the options without the scope, which each question has itself.
fn asked(options: &Options) -> Options {
    let mut options = options.clone();
    options.namespace.namespaces.clear();
    options.namespace.all_namespaces = false;
    options
}

impl Question {
    /// Returns the arguments of the command. Values never become options.
    fn words(&self) -> Result<Vec<String>, String> {
        let known = QUESTIONS.iter().find(|(name, _)| *name == self.command);
        let Some((name, parts)) = known else {
            return Err(format!("`{}` is not a question of the page", self.command));
        };
        let mut words = vec![(*name).to_owned()];
        let mut operand = |what: &str, value: &str| {
            if value.trim().is_empty() {
                return Err(format!("the question needs a {what}"));
            }
            if value.starts_with('-') {
                return Err(format!("`{value}` starts with a hyphen"));
            }
            words.push(value.to_owned());
            Ok(())
        };
        if parts.request {
            operand("verb", &self.verb)?;
            operand("resource", &self.resource)?;
        }
        let is_scoped = *name != "paths";
        let mut option = |option: &str, value: &str| {
            words.extend((!value.is_empty()).then(|| format!("{option}={value}")));
        };
        if let Some(subject) = parts.subject {
            option(subject, &self.subject);
        }
        if parts.request {
            option("--name", &self.name);
        }
        if is_scoped {
            option("--namespace", &self.namespace);
        }
        if is_scoped && self.namespace.is_empty() {
            words.push("-A".to_owned());
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> Result<Vec<String>, String> {
        let question: Question = serde_json::from_str(json).map_err(|error| error.to_string())?;
        question.words()
    }

    #[test]
    fn questions_become_arguments_and_never_other_options() {
        for (asked, expected) in [
            (
                r#"{"command": "why", "verb": "get", "resource": "pods", "subject": "sa/a:b", "namespace": "a", "name": "--x"}"#,
                &["why", "get", "pods", "--for=sa/a:b", "--name=--x", "--namespace=a"][..],
            ),
            (
                r#"{"command": "who-can", "verb": "get", "resource": "/metrics", "subject": "x"}"#,
                &["who-can", "get", "/metrics", "-A"],
            ),
            (r#"{"command": "rules", "subject": "sa/a:b"}"#, &["rules", "--for=sa/a:b", "-A"]),
            (r#"{"command": "paths", "subject": "-x", "namespace": "a"}"#, &["paths", "--from=-x"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(words(asked), Ok(expected), "{asked}");
        }
        for refused in [
            r#"{"command": "snapshot"}"#,
            r#"{"command": "who-can", "verb": "--kubeconfig=x", "resource": "pods"}"#,
            r#"{"command": "fix", "verb": "get", "resource": "-f"}"#,
            r#"{"command": "why", "verb": "", "resource": ""}"#,
            r#"{"command": "fix", "out_dir": "x"}"#,
        ] {
            assert!(words(refused).is_err(), "{refused}");
        }
    }
}
