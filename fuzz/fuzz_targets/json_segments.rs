//! Runs the target `json_segments` with libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::json_segments(data));
