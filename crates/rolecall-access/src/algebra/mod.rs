//! Exact sets of access requests: what rules allow, as a value that can be compared.
//!
//! ```text
//! [ AccessSet ] = namespace -> API group -> resource[/subresource] -> verb -> object name -> yes or no
//!               + URL path  -> verb -> yes or no
//! ```
//!
//! Each arrow is an axis: the points that some rule names, each with its own value, and one value for
//! all the rest. Rules only ever name strings, prefixes or `*`, so union, intersection and difference
//! of such sets are such sets again: nothing is approximated, and kinds, names and namespaces that no
//! rule mentions, or that do not exist yet, are decided too.
//!
//! The universe is that of the server's authorizer (docs/semantics.md#which-rules-apply): the namespace `""` is that
//! of cluster-scoped requests and of requests about all namespaces at once, the name `""` that of
//! requests about a whole collection, and a resource has no slash.

mod axis;
mod baseline;
mod block;
mod effective;
mod example;
mod key;
mod overlap;
mod readable;
mod scopes;
mod set;
mod term;
mod words;

use axis::{Axis, Operation, Set};
pub use baseline::everybody;
pub use effective::EffectiveAccess;
pub(crate) use effective::{Held, RuleLists};
use key::{Key, ResourceKey, UrlKey};
pub(crate) use overlap::Overlap;
pub use readable::ReadableTerm;
pub use scopes::Scopes;
pub use set::{AccessSet, RuleSet};
pub use term::{AccessTerm, Extent, ResourceTerm, UrlTerm};
