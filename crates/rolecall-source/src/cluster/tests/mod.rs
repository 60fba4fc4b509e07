//! Faults between rolecall and an API server, one per test.

mod config;
mod connect;
mod discovery;
mod double;
mod faults;
mod hygiene;
mod identity;
mod load;
mod logs;
