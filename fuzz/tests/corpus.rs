//! Replays the stored inputs.

use rolecall_fuzz::{TARGETS, corpus};

#[test]
fn every_stored_input_passes() {
    for target in TARGETS {
        let inputs = corpus(&target);
        assert!(!inputs.is_empty(), "`{}` has no stored inputs", target.name);
        inputs.iter().for_each(|input| (target.body)(input));
    }
}
