//! Exact sets of access requests: the requests that rules allow, as comparable values.
//!
//! ```text
//! [ AccessSet ] = namespace -> API group -> resource[/subresource] -> verb -> object name -> yes or no
//!               + URL path  -> verb -> yes or no
//! ```
//!
//! Each arrow is an axis: the points that some rule names, each with its own value, and one value
//! for all other points. Rules only name strings, prefixes or `*`, so the union, intersection and
//! difference of such sets have the same form. Nothing is approximated: the sets also decide about
//! kinds, names and namespaces that no rule mentions or that do not exist yet.
//!
//! The universe is the one of the server's authorizer (docs/semantics.md#which-rules-apply): the
//! namespace `""` is for cluster-scoped requests and for all namespaces at once, the name `""` is
//! for requests for a whole collection, and a resource has no slash.

mod axis;
mod baseline;
mod block;
mod by_namespace;
mod effective;
mod example;
mod extent;
mod join;
mod key;
mod memo;
mod product;
mod readable;
mod scopes;
mod set;
mod term;
mod term_index;
mod within;
mod words;

use axis::{Axis, Operation, Set};
pub use baseline::baseline;
pub(crate) use by_namespace::{ByNamespace, only_namespaces};
pub use effective::EffectiveAccess;
pub(crate) use effective::{Held, RuleLists};
pub use extent::{Extent, ExtentPatterns};
use key::{Key, ResourceKey, UrlKey};
pub(crate) use product::Product;
pub use readable::ReadableTerm;
pub use scopes::Scopes;
pub use set::{AccessSet, RuleSet};
pub use term::{AccessTerm, ResourceTerm, UrlTerm};
