//! The results of commands, which `render` and `output` present.

pub(crate) mod comparison;
pub(crate) mod diagnosis;
pub(crate) mod difference;
pub(crate) mod fix;
pub(crate) mod paths;
pub(crate) mod repair;
pub(crate) mod risks;
