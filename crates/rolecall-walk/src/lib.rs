//! From a Pod to its rights, and from a role to the Pods that hold it.
//!
//! ```text
//! [ Pod ] -> owners -> [ ServiceAccount ] -> [ Binding ] -> [ Role ] -> rules      walk
//!    ^                        ^                   ^            |
//!    +------------------------+-------------------+------------+                   holders
//! ```
//!
//! A cluster has many Pods and few identities, so the result has each identity once, with its
//! bindings, and each Pod points at its own. What is missing on the way is a value: a
//! ServiceAccount that does not exist, a role that does not, an owner that was not read, a gap.
//!
//! Invariants: pure, like `rolecall-rbac` on which it stands; no text for people, only evidence;
//! the cost is linear in the objects of the inventory and in what is found.
#![doc = include_str!("../README.md")]

mod account;
mod family;
mod holders;
mod token;
mod walk;

pub use account::{Account, RoleState, Via, WalkedBinding, WalkedIdentity};
pub use family::OwnerLink;
pub use holders::{HeldBinding, HeldRole, Holder, Holders, RoleName, Who, holders};
pub use token::{TokenBecause, TokenMount};
pub use walk::{Target, Walk, WalkedPod, everything_in, walk};
