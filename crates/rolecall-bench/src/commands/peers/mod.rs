//! `cargo xtask bench --peers`: asks other programs the same questions about a running cluster, and
//! compares their answers with the server's.
//!
//! ```text
//! cluster.yaml -> kubectl apply -> server -> SubjectAccessReviews -> expected
//! questions.tsv -> each peer    ----------> its answer, time and memory
//! ```

mod answer;
mod peer;
mod question;
mod truth;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

use self::peer::Peer;
use self::question::Question;
use super::command_line::Programs;
use super::measure::{self, Measured};

/// The directory of the objects and the questions.
const FOLDER: &str = "crates/rolecall-bench/peers";

/// Compares all peers that are found, against the server of a kubeconfig.
pub(super) fn run(programs: &Programs, kubeconfig: &Path, runs: u32) -> Result<()> {
    let folder = files::workspace_root().join(FOLDER);
    let kubectl = || {
        let mut kubectl = Command::new("kubectl");
        kubectl.env("KUBECONFIG", kubeconfig);
        kubectl
    };
    process::output(kubectl().args(["apply", "-f"]).arg(folder.join("cluster.yaml")))?;
    let questions = Question::read(&folder.join("questions.tsv"))?;
    let expected = truth::ask(&questions, kubectl)?;
    let mut asked = Vec::new();
    for peer in Peer::ALL {
        match programs.find(peer.program()) {
            Some(program) => asked.push(Asked::of(peer, &program, kubeconfig, &questions, runs)?),
            None => println!("skipped, because it is not found: {}", peer.program()),
        }
    }
    if asked.is_empty() {
        return Err(Failure::new("no peer is found").remedy("put them on the PATH"));
    }
    print!("{}", answer::render(&questions, &expected, &asked));
    Ok(())
}

/// The answers of a peer, and what they cost.
struct Asked {
    peer: Peer,
    /// One answer per question, or `None` if the peer cannot be asked it.
    answers: Vec<Option<BTreeSet<String>>>,
    measured: Measured,
}

impl Asked {
    fn of(
        peer: Peer,
        program: &Path,
        kubeconfig: &Path,
        questions: &[Question],
        runs: u32,
    ) -> Result<Self> {
        let command = |words: &[String]| {
            let mut command = Command::new(program);
            command.args(words).env("KUBECONFIG", kubeconfig);
            command
        };
        let mut answers = Vec::new();
        let mut measured = Measured::default();
        for question in questions {
            let Some(words) = peer.words(question) else {
                answers.push(None);
                continue;
            };
            let output = command(&words)
                .output()
                .map_err(|error| process::failure(&command(&words), &error))?;
            let text = String::from_utf8_lossy(&output.stdout);
            answers.push(peer.read(&text, question, output.status.success()));
            for _ in 0..runs {
                measured.add(measure::run(&mut command(&words))?);
            }
        }
        Ok(Self { peer, answers, measured })
    }
}
