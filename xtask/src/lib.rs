//! The generated inputs, which development tasks and benches share.

pub mod generate;
