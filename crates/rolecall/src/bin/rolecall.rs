//! The `rolecall` command.
fn main() {}
