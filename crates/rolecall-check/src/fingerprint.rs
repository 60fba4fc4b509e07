use std::collections::HashMap;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rustc_hash::FxBuildHasher;

use crate::Finding;

/// Returns a fingerprint of each finding. It identifies the finding about a part of an object, even if other
/// parts of the file move, and is unique.
pub fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let of = |finding: &Finding| {
        let object = &finding.object;
        let code = finding.rule.code.to_string();
        let parts = [&*code, &object.kind, &object.namespace, &object.name, &finding.about];
        hash(parts.into_iter().flat_map(|part| part.bytes().chain([0])))
    };
    let hashes: Vec<u64> = findings.par_iter().map(of).collect();
    let mut seen: HashMap<u64, usize, FxBuildHasher> = HashMap::default();
    hashes
        .into_iter()
        .map(|hash| {
            let count = seen.entry(hash).or_default();
            *count += 1;
            // Of several equal fingerprints, the first stays unchanged.
            match *count {
                1 => format!("{hash:016x}"),
                number => format!("{hash:016x}-{number}"),
            }
        })
        .collect()
}

/// FNV-1a, which will be the same in every version and on every machine.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
