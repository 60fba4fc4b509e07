//! RC9: suppressions and the like that are unused or malformed. Those of findings are judged when findings are
//! suppressed.

mod unused_external;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&unused_external::RULE];
