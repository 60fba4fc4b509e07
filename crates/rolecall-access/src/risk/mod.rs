//! The catalogue of risks: dangerous effects of access that are easy to overlook, with severities.
//!
//! ```text
//! [ Risk ]      = code, the requests it depends on, severity by scope
//! [ Engine ]    rule -> its risks, with severities for the inventory
//! [ RiskIndex ] identity -> the risks of all its rules, by scope
//! ```

mod ask;
mod assess;
mod by_resource;
mod catalogue;
mod compiled;
mod controller;
mod engine;
mod grades;
mod held;
mod hit;
mod implied;
mod index;
mod model;
mod profile;
mod program;
mod scoped;
mod surroundings;

pub use ask::{ANYTHING, Asks, Scope};
pub use catalogue::{all, find, takes_over};
pub use engine::{Engine, Need};
pub use held::HeldRisk;
pub use hit::{Allowed, Hit};
pub use index::RiskIndex;
pub use model::{Grading, Risk};
pub use program::{Program, is_published_release};
pub use scoped::{
    ANONYMOUS, AUTHENTICATED, DEFAULT_ACCOUNT, MASTERS, Scoped, WILDCARD, grades, severity,
    wildcard,
};
pub use surroundings::PodSecurity;
