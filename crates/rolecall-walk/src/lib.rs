//! Walks from a Pod to its rules, and from a role to the Pods that hold it.
//!
//! ```text
//! [ Pod ] -> owners -> [ ServiceAccount ] -> [ Binding ] -> [ Role ] -> rules      walk
//!    ^                        ^                   ^            |
//!    +------------------------+-------------------+------------+                   holders
//! ```
//!
//! A cluster has many Pods and few identities, so the result contains each identity once, with its
//! bindings, and each Pod refers to its identity. Missing parts are values: a ServiceAccount or
//! role that does not exist, an owner that was not read, a gap.
//!
//! Invariants: pure, like `rolecall-rbac`; returns evidence, never prose; the cost is linear in the
//! size of the inventory and of the result.
#![doc = include_str!("../README.md")]

mod account;
mod holders;
mod owner_index;
mod token;
mod walk;

pub use account::{Account, RoleState, Via, WalkedBinding, WalkedIdentity};
pub use holders::{HeldBinding, HeldRole, Holder, Holders, Recipient, RoleName, holders};
pub use owner_index::OwnerLink;
pub use token::{TokenMount, TokenReason, token_mount};
pub use walk::{Target, Walk, WalkedPod, everything_in, walk};
