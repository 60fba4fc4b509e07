//! Reads Parquet files as JSON lines, one for each row.
//!
//! The library that decodes them panics on some damaged files, so another process of the same program runs it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};

/// The bytes at the beginning of a file.
pub(super) const MAGIC: [u8; 4] = *b"PAR1";

/// The argument that makes the program a decoder.
const DECODE: &str = "__parquet-rows";

/// Decodes a file if the process arguments ask for it.
pub(crate) fn decode(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, command, path] = arguments else { return None };
    if command != DECODE {
        return None;
    }
    match write_rows(Path::new(path), io::stdout().lock()) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(reason) => {
            // The other process reads the reason. There is nobody else to report to.
            let _ = writeln!(io::stderr(), "{reason}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn write_rows(path: &Path, out: impl Write) -> Result<(), String> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let file = File::open(path).map_err(words)?;
    let file = SerializedFileReader::new(file).map_err(words)?;
    if let Some(compression) = unsupported(&file) {
        return Err(format!(
            "it is compressed with {compression}; write it with SNAPPY, GZIP or LZ4_RAW, or as CSV or JSON lines"
        ));
    }
    for row in file.get_row_iter(None).map_err(words)? {
        writeln!(out, "{}", row.map_err(words)?.to_json_value()).map_err(words)?;
    }
    out.flush().map_err(words)
}

/// Returns a compression of a file that this build cannot read.
fn unsupported(file: &impl FileReader) -> Option<&'static str> {
    let columns = file.metadata().row_groups().iter().flat_map(|group| group.columns());
    columns.map(|column| column.compression()).find_map(|compression| match compression {
        Compression::ZSTD(_) => Some("ZSTD"),
        Compression::BROTLI(_) => Some("BROTLI"),
        Compression::LZO => Some("LZO"),
        _ => None,
    })
}

/// Returns the cause of an error.
fn words(error: impl ToString) -> String {
    error.to_string().trim_start_matches("Parquet error: ").to_owned()
}

/// The rows of a file as JSON lines.
pub(super) struct Rows {
    child: Child,
    text: Option<ChildStdout>,
}

impl Rows {
    /// Starts to decode a file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(DECODE).arg(path).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let text = child.stdout.take();
        Ok(Self { child, text })
    }

    /// Returns the result of the decoder.
    fn result(&mut self) -> io::Result<usize> {
        let mut reason = String::new();
        if let Some(errors) = &mut self.child.stderr {
            errors.take(1 << 12).read_to_string(&mut reason)?;
        }
        let status = self.child.wait()?;
        match status.code() {
            Some(0) => Ok(0),
            Some(1) => Err(io::Error::other(reason.trim_end().to_owned())),
            _ => Err(io::Error::other("the Parquet file is damaged")),
        }
    }
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(text) = &mut self.text else { return Ok(0) };
        let length = text.read(buffer)?;
        if length > 0 || buffer.is_empty() {
            return Ok(length);
        }
        self.text = None;
        self.result()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // It has already ended unless the rest is not needed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
