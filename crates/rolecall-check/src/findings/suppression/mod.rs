//! RC9: unused and malformed suppressions and external entries. Suppressions of findings are checked when
//! findings are suppressed.

mod unused_external;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&unused_external::RULE];
