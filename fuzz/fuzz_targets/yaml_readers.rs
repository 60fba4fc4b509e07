//! Runs the target `yaml_readers` with libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::yaml_readers(data));
