//! Runs a target on mutations of its stored inputs, with the stable compiler.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::{Target, corpus};

/// The inputs between two looks at the clock.
const ROUND: u32 = 64;

/// The input that fails a target, made as short as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The message of the panic.
    pub reason: String,
    /// The input.
    pub input: Vec<u8>,
}

/// Runs a target for some time and returns the number of inputs, or the first failure.
///
/// A seed always gives the same inputs in the same order.
pub fn run(target: &Target, duration: Duration, seed: u64) -> Result<u64, Failed> {
    let inputs = mutations(corpus(target));
    let started = Instant::now();
    let mut rounds = 0;
    while started.elapsed() < duration {
        let mut runner = runner(seed, rounds);
        let result = runner.run(&inputs, |input| {
            (target.body)(&input);
            Ok(())
        });
        match result {
            Ok(()) => rounds += 1,
            Err(TestError::Fail(reason, input)) => {
                return Err(Failed { reason: reason.to_string(), input });
            }
            Err(TestError::Abort(reason)) => {
                return Err(Failed { reason: reason.to_string(), input: Vec::new() });
            }
        }
    }
    Ok(rounds * u64::from(ROUND))
}

fn runner(seed: u64, round: u64) -> TestRunner {
    let mut bytes = [0; 32];
    for (byte, value) in
        bytes.iter_mut().zip(seed.to_le_bytes().into_iter().chain(round.to_le_bytes()))
    {
        *byte = value;
    }
    let config = Config { cases: ROUND, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A change of a text.
#[derive(Clone, Debug)]
enum Edit {
    /// Removes a few bytes.
    Remove(Index, usize),
    /// Inserts bytes.
    Insert(Index, Vec<u8>),
    /// Overwrites bytes.
    Overwrite(Index, Vec<u8>),
    /// Copies a line to another place.
    CopyLine(Index, Index),
    /// Removes a line.
    RemoveLine(Index),
    /// Continues with the end of another input.
    Splice(Index, Index, Vec<u8>),
}

/// Returns a strategy for stored inputs with a few edits.
fn mutations(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let corpus = if corpus.is_empty() { vec![Vec::new()] } else { corpus };
    let words = words(&corpus);
    let word = prop_oneof![
        8 => prop::sample::select(words),
        2 => prop::collection::vec(any::<u8>(), 1..4),
        2 => prop::sample::select(b" \n\t\r:-'\"\\{}[],#|&*!%@`/.0aZ\0".to_vec()).prop_map(|byte| vec![byte]),
    ];
    let place = any::<Index>;
    let edit = prop_oneof![
        3 => (place(), 1usize..12).prop_map(|(at, length)| Edit::Remove(at, length)),
        4 => (place(), word.clone()).prop_map(|(at, word)| Edit::Insert(at, word)),
        3 => (place(), word).prop_map(|(at, word)| Edit::Overwrite(at, word)),
        2 => (place(), place()).prop_map(|(from, to)| Edit::CopyLine(from, to)),
        2 => place().prop_map(Edit::RemoveLine),
        1 => (place(), place(), prop::sample::select(corpus.clone()))
            .prop_map(|(at, from, other)| Edit::Splice(at, from, other)),
    ];
    (prop::sample::select(corpus), prop::collection::vec(edit, 0..8))
        .prop_map(|(input, edits)| edits.iter().fold(input, apply))
}

fn apply(mut input: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let place = |at: &Index, length: usize| at.index(length + 1);
    match edit {
        Edit::Remove(at, length) => {
            let at = place(at, input.len());
            input.drain(at..(at + length).min(input.len()));
        }
        Edit::Insert(at, bytes) => {
            let at = place(at, input.len());
            input.splice(at..at, bytes.iter().copied());
        }
        Edit::Overwrite(at, bytes) => {
            let at = place(at, input.len());
            input.splice(at..(at + bytes.len()).min(input.len()), bytes.iter().copied());
        }
        Edit::CopyLine(from, to) => {
            let mut lines = lines(&input);
            let line = lines.get(place(from, lines.len())).cloned().unwrap_or_default();
            lines.insert(place(to, lines.len()), line);
            input = lines.concat();
        }
        Edit::RemoveLine(at) => {
            let mut lines = lines(&input);
            if !lines.is_empty() {
                lines.remove(at.index(lines.len()));
            }
            input = lines.concat();
        }
        Edit::Splice(at, from, other) => {
            input.truncate(place(at, input.len()));
            input.extend_from_slice(other.get(place(from, other.len())..).unwrap_or_default());
        }
    }
    input
}

fn lines(input: &[u8]) -> Vec<Vec<u8>> {
    input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Returns the words and the runs of other characters of all inputs, each once.
fn words(corpus: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = corpus
        .iter()
        .flat_map(|input| input.chunk_by(|a, b| is_in_word(*a) == is_in_word(*b)))
        .map(<[u8]>::to_vec)
        .chain([b"\n".to_vec()])
        .collect();
    words.sort();
    words.dedup();
    words
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    static SEEN: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

    fn round() -> Vec<Vec<u8>> {
        let inputs = mutations(vec![b"kind: Role\nrules: []\n".to_vec(), b"a: b\n".to_vec()]);
        SEEN.lock().unwrap().clear();
        runner(1, 0)
            .run(&inputs, |input| {
                SEEN.lock().unwrap().push(input);
                Ok(())
            })
            .unwrap();
        SEEN.lock().unwrap().clone()
    }

    #[test]
    fn a_seed_gives_the_same_inputs() {
        let first = round();
        assert_eq!(first.len(), 64);
        assert_eq!(first, round());
    }
}
