//! Shared parts of development tasks: failures with a remedy, file operations, programs that run to
//! completion, and cleanup when the user presses Ctrl-C.

pub mod failure;
pub mod files;
#[cfg(unix)]
pub mod interrupt;
pub mod process;
