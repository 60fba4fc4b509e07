//! What development tasks share with the benches: generated inputs.

pub mod generate;
