//! The catalogue of risks: what access lets its holders do beyond what it seems to, and how bad that is.
//!
//! ```text
//! [ Risk ]      = code, the requests that it takes, severity by scope
//! [ Engine ]    rule -> the risks that it has by itself, severity by what the inventory says
//! [ RiskIndex ] identity -> the risks that its rules add up to, and where
//! ```

mod ask;
mod catalogue;
mod controller;
mod engine;
mod held;
mod implied;
mod index;
mod model;
mod program;
mod scoped;
mod surroundings;

pub use ask::{ANYTHING, Asks, Scope};
pub use catalogue::{all, find, takes_over};
pub use engine::{Allowed, Engine, Hit, Need};
pub use held::HeldRisk;
pub use index::RiskIndex;
pub use model::{Grading, Risk};
pub use program::Program;
pub use scoped::{
    ANONYMOUS, AUTHENTICATED, DEFAULT_ACCOUNT, MASTERS, Scoped, WILDCARD, grades, wildcard,
};
pub use surroundings::PodSecurity;
