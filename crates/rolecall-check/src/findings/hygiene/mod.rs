//! RC4: ServiceAccounts and tokens that are misused or unused.

mod account_use;
mod default_service_account_with_rights;
mod kubectl_proxy;
mod missing_service_account;
mod needless_token;
mod retired_api;
mod token_not_mounted;
mod unused_grant;
mod unused_role;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &default_service_account_with_rights::RULE,
    &unused_grant::RULE,
    &needless_token::RULE,
    &token_not_mounted::RULE,
    &missing_service_account::RULE,
    &kubectl_proxy::RULE,
    &retired_api::RULE,
    &unused_role::RULE,
];
