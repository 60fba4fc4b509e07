//! RC9: suppressions that are not needed, or not in order.

pub(crate) mod expired_suppression;
pub(crate) mod malformed_suppression;
pub(crate) mod unused_suppression;

use crate::RuleMeta;

pub(super) const METAS: &[&RuleMeta] =
    &[&unused_suppression::META, &expired_suppression::META, &malformed_suppression::META];
