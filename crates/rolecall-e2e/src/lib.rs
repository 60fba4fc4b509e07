//! Real API servers, and scenarios that compare rolecall's output with their answers.
//!
//! ```text
//! assets (binaries of a control plane) -> apiserver (a running one) -> scenarios
//! ```
#![cfg(unix)]

mod api;
pub mod apiserver;
pub mod assets;
mod browser;
pub mod record;
pub mod scenarios;
