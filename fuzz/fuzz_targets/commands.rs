//! Runs the target `commands` with libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::commands(data));
