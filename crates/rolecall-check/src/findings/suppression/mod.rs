//! RC9: suppressions and the like that are not needed, or not in order.

pub(crate) mod expired_suppression;
pub(crate) mod malformed_suppression;
mod unused_external;
pub(crate) mod unused_suppression;

use super::Rule;
use crate::RuleMeta;

pub(super) const RULES: &[&Rule] = &[&unused_external::RULE];

/// The rules about suppressions are judged when findings are suppressed.
pub(super) const METAS: &[&RuleMeta] =
    &[&unused_suppression::META, &expired_suppression::META, &malformed_suppression::META];
