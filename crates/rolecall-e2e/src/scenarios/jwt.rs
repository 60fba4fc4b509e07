//! Tokens that no server would issue: long-expired ServiceAccount tokens, signed with the server's
//! key.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use rolecall_task::failure::{Failure, Result};
use rolecall_task::process;

/// The size of each of the two numbers of a P-256 signature.
const NUMBER: usize = 32;

/// Signs claims like a server with this key.
pub(super) fn sign(key: &Path, claims: &Value) -> Result<String> {
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&json!({"alg": "ES256"})), encoded(claims));

    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-sign"]).arg(key);
    openssl.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = openssl.spawn().map_err(|error| process::failure(&openssl, &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(signed.as_bytes()).map_err(|error| process::failure(&openssl, &error))?;
    }
    let output = child.wait_with_output().map_err(|error| process::failure(&openssl, &error))?;
    let signature = numbers(&output.stdout)
        .ok_or_else(|| Failure::new("`openssl` did not return a signature of two numbers"))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Converts a DER signature, a sequence of two integers, to the concatenated numbers.
fn numbers(der: &[u8]) -> Option<Vec<u8>> {
    let rest = der.strip_prefix(&[0x30])?;
    let (_, rest) = rest.split_first()?;
    let (first, rest) = integer(rest)?;
    let (second, _) = integer(rest)?;
    Some([first, second].concat())
}

/// Reads a DER integer, padded to its full length.
fn integer(der: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (length, rest) = der.strip_prefix(&[0x02])?.split_first()?;
    let (digits, rest) = rest.split_at_checked(usize::from(*length))?;
    // A leading zero keeps a large number from being negative.
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let missing = NUMBER.checked_sub(digits.len())?;
    Some(([&vec![0; missing], digits].concat(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_padded_and_unsigned() {
        let mut der = vec![0x30, 38, 0x02, 33, 0];
        der.extend([0xff; NUMBER]);
        der.extend([0x02, 1, 7]);
        let mut expected = vec![0xff; NUMBER];
        expected.extend([0; NUMBER - 1]);
        expected.push(7);
        assert_eq!(numbers(&der), Some(expected));
        assert_eq!(numbers(&[0x30, 2, 0x02]), None);
        assert_eq!(numbers(b"no signature"), None);
    }
}
