//! The CI gate: findings, expectations and the semantic diff.
