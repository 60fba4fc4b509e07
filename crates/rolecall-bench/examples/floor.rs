//! The lower bound of a JSON reader: `floor FILE...` parses each file and keeps nothing.

use std::fs;
use std::process::ExitCode;

use serde::de::IgnoredAny;

fn main() -> ExitCode {
    for path in std::env::args_os().skip(1) {
        let parsed = fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
        if let Err(error) = parsed.map(|IgnoredAny| ()) {
            eprintln!("error: cannot parse `{}`: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
