//! Compressed text in a page.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Returns bytes as base64 of gzip, without a time, so that equal input has equal output.
pub(crate) fn gzip_base64(bytes: &[u8]) -> io::Result<String> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// Returns the hash of an inline script or style for a Content-Security-Policy.
pub(crate) fn policy_hash(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}
