//! Text for terminals and pipes.

mod answer;
mod plain;
mod table;

pub(crate) use answer::write_answer;
pub(crate) use plain::{message, plain};
pub(crate) use table::{Cell, Table};
