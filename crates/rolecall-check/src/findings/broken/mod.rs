//! RC1: references to missing objects, and objects that the API server rejects.

mod lookalike_service_account;
mod missing_role;
mod missing_subject;
mod rejected_object;
mod unknown_field;
mod unserved_version;
mod unsupported_role_kind;

pub(super) use self::rejected_object::placeholder;
use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &missing_role::RULE,
    &missing_subject::RULE,
    &unsupported_role_kind::RULE,
    &lookalike_service_account::RULE,
    &rejected_object::RULE,
    &unserved_version::RULE,
];
