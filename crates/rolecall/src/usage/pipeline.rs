//! Reads files in blocks of lines, which all cores parse.
//!
//! ```text
//! file -> unpack -> blocks ->+-> Reader --+
//! file -> unpack -> blocks ->+-> Reader --+-> merge -> Tally
//! ```

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rolecall_usage::{Format, Layout, Limits, Reader, Tally};

use super::progress::Progress;
use super::{Logs, input};
use crate::error::CommandError;
use crate::ui::Ui;

/// The size of a block: large enough that passing it on costs nothing, small enough for the cache.
const BLOCK: usize = 1 << 20;
/// The longest line, so that a file without lines does not fill the memory.
const LONGEST: usize = 256 << 20;

/// Reads all inputs.
pub(super) fn read(
    ui: &Ui,
    inputs: &[PathBuf],
    format: Option<Format>,
    limits: Limits,
) -> Result<Logs, CommandError> {
    let progress = Progress::new(ui, inputs.iter().map(|path| input::size(path)).sum());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (send, receive) = sync_channel::<Vec<u8>>(cores);
    let receive = Mutex::new(receive);
    let next = AtomicUsize::new(0);
    let new = || Reader::new(limits, format);
    let (tallies, read) = thread::scope(|scope| {
        let parsers: Vec<_> = (0..cores).map(|_| scope.spawn(|| parse(&receive, new()))).collect();
        let feeders: Vec<_> = (0..cores.min(inputs.len()))
            .map(|_| {
                let send = send.clone();
                scope.spawn(|| feed(inputs, &next, &progress, new(), send))
            })
            .collect();
        drop(send);
        let read: Vec<_> = feeders.into_iter().filter_map(|it| it.join().ok()).collect();
        let tallies: Vec<_> = parsers.into_iter().filter_map(|it| it.join().ok()).collect();
        (tallies, read)
    });
    progress.finish();
    let mut tally = Tally::new(limits);
    let mut partial = Vec::new();
    tallies.into_iter().for_each(|other| tally.merge(other));
    for fed in read {
        let Fed { tally: other, partial: texts, failed } = fed;
        if let Some(error) = failed {
            return Err(error);
        }
        tally.merge(other);
        partial.extend(texts);
    }
    partial.sort();
    Ok(Logs { tally, partial })
}

/// The results of a thread that reads files.
struct Fed {
    tally: Tally,
    partial: Vec<String>,
    failed: Option<CommandError>,
}

/// Reads files until there are no more.
fn feed(
    inputs: &[PathBuf],
    next: &AtomicUsize,
    progress: &Progress,
    mut reader: Reader,
    send: SyncSender<Vec<u8>>,
) -> Fed {
    let mut partial = Vec::new();
    let mut failed = None;
    while let Some(path) = inputs.get(next.fetch_add(1, Ordering::Relaxed)) {
        match feed_one(path, progress, &mut reader, &send) {
            Ok(None) => {}
            Ok(Some(reason)) => partial.push(reason),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    Fed { tally: reader.finish(), partial, failed }
}

/// Reads one file, and returns why it could only be read in part.
fn feed_one(
    path: &Path,
    progress: &Progress,
    reader: &mut Reader,
    send: &SyncSender<Vec<u8>>,
) -> Result<Option<String>, CommandError> {
    let (mut text, name) = input::open(path, |bytes| progress.add(bytes))?;
    let mut block = Vec::with_capacity(BLOCK);
    let mut ended = fill(&mut text, &mut block, Layout::PROBE);
    let layout = Layout::detect(&block);
    if layout == Layout::Lines {
        loop {
            match ended {
                Ok(End::Open) => {}
                Ok(End::Reached) => {
                    send_rest(reader, send, block);
                    return Ok(None);
                }
                Err(error) => {
                    send_rest(reader, send, block);
                    reader.ends_early();
                    return Ok(Some(format!("{name}: cannot be read to the end: {error}")));
                }
            }
            if block.len() < BLOCK {
                ended = fill(&mut text, &mut block, BLOCK);
                continue;
            }
            let rest = match memchr::memrchr(b'\n', &block) {
                Some(end) => block.split_off(end + 1),
                None if block.len() < LONGEST => {
                    let length = block.len() * 2;
                    ended = fill(&mut text, &mut block, length);
                    continue;
                }
                None => {
                    reader.ends_early();
                    let longest = LONGEST >> 20;
                    return Ok(Some(format!(
                        "{name}: cannot be read to its end: it contains a line longer than {longest} MiB"
                    )));
                }
            };
            let mut following = Vec::with_capacity(BLOCK.max(rest.len()));
            following.extend_from_slice(&rest);
            // The other end is only closed if a parser panicked.
            let _ = send.send(std::mem::replace(&mut block, following));
            ended = fill(&mut text, &mut block, BLOCK);
        }
    }
    let result = match ended {
        Err(error) => Err(error.to_string()),
        Ok(_) if layout == Layout::Csv => reader.csv(block.chain(text)),
        Ok(_) => reader.json(block.chain(text)),
    };
    Ok(result.err().map(|reason| {
        reader.ends_early();
        format!("{name}: cannot be read to the end: {reason}")
    }))
}

/// Sends the lines of a last block, and reads the text behind them here.
fn send_rest(reader: &mut Reader, send: &SyncSender<Vec<u8>>, mut block: Vec<u8>) {
    let end = memchr::memrchr(b'\n', &block).map_or(0, |end| end + 1);
    let rest = block.split_off(end);
    reader.last_line(&rest);
    let _ = send.send(block);
}

/// Whether a text has ended.
enum End {
    Open,
    Reached,
}

/// Reads until a block has a length or the text ends.
fn fill(text: &mut impl Read, block: &mut Vec<u8>, length: usize) -> io::Result<End> {
    let missing = length.saturating_sub(block.len());
    let read = text.take(missing as u64).read_to_end(block)?;
    Ok(if read < missing { End::Reached } else { End::Open })
}

/// Parses blocks until there are no more.
fn parse(receive: &Mutex<Receiver<Vec<u8>>>, mut reader: Reader) -> Tally {
    loop {
        let block = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match block {
            Ok(block) => reader.lines(&block),
            Err(_) => return reader.finish(),
        }
    }
}
