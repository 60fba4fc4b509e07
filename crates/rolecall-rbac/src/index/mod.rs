//! An inventory compiled for decisions: bindings by subject and namespace, rules with interned
//! strings.

mod pool;

use std::collections::HashMap;
use std::sync::Arc;

use pool::{Span, Symbol, Symbols};
use rustc_hash::FxBuildHasher;

use crate::{
    Identity, Inventory, PolicyRule, Request, RoleKind, Subject, SubjectKind, Target, Text, Texts,
};

/// A rule with its strings interned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledRule {
    /// The bits of common verbs, [`RARE_VERB`] and [`ANY_VERB`].
    verbs: u32,
    any_group: bool,
    /// Whether the rule has `nonResourceURLs`.
    has_urls: bool,
    /// The [`resource_bit`] of each resource, and [`ANY_RESOURCE`]: rejects most rules at once.
    resource_mask: u64,
    verb_list: Span,
    groups: Span,
    resources: Span,
    names: Span,
}

/// The bit of a rule's verb mask for verbs without a dedicated bit.
const RARE_VERB: u32 = 1 << 30;

/// The bit of a rule's verb mask for `*`.
const ANY_VERB: u32 = 1 << 31;

/// Returns a verb's bit in a rule's mask.
fn verb_bit(verb: &str) -> u32 {
    match verb {
        "get" => 1,
        "list" => 1 << 1,
        "watch" => 1 << 2,
        "create" => 1 << 3,
        "update" => 1 << 4,
        "patch" => 1 << 5,
        "delete" => 1 << 6,
        "deletecollection" => 1 << 7,
        "bind" => 1 << 8,
        "escalate" => 1 << 9,
        "impersonate" => 1 << 10,
        "use" => 1 << 11,
        "approve" => 1 << 12,
        "sign" => 1 << 13,
        "post" => 1 << 14,
        "put" => 1 << 15,
        _ => RARE_VERB,
    }
}

/// The bit of a rule's resource mask for `*`.
const ANY_RESOURCE: u64 = 1 << 63;

/// Returns a resource's bit, which it shares with other resources.
fn resource_bit(resource: Symbol) -> u64 {
    1 << (resource % 63)
}

/// A compiled list of strings from any field of a rule.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    symbols: Span,
    has_star: bool,
    /// The verb mask, if the list contains verbs.
    verbs: u32,
    /// The resource mask, if the list contains resources.
    resources: u64,
}

/// Compiled lists by address: rules share their lists.
type Lists = HashMap<*const Text, List, FxBuildHasher>;

/// A resource request with its strings looked up; `None` if no rule contains the string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledRequest {
    verb: u32,
    rare_verb: Option<Symbol>,
    resource_mask: u64,
    group: Option<Symbol>,
    resource: Option<Symbol>,
    any_subresource: Option<Symbol>,
    name: Option<Symbol>,
}

/// A binding that applies to a subject, and the position of that subject in the binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting {
    pub(crate) binding: u32,
    pub(crate) subject: u32,
}

/// The target of a binding's roleRef.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleSlot {
    /// The role at that position.
    Role(u32),
    /// A role that is not in the inventory.
    Missing,
    /// An unsupported kind of role.
    Unsupported,
}

/// The key of a posting list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum SubjectKey {
    User(Symbol),
    Group(Symbol),
}

/// The compiled inventory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    symbols: Symbols,
    symbol_pool: Vec<Symbol>,
    rules: Vec<CompiledRule>,
    role_rules: Vec<Span>,
    role_of_binding: Vec<RoleSlot>,
    bindings_of_role: Vec<Span>,
    binding_pool: Vec<u32>,
    postings: Vec<Posting>,
    /// For each subject the range of its `postings`, sorted by binding and so by namespace.
    subjects: HashMap<SubjectKey, Span, FxBuildHasher>,
    /// For each binding the rank of its namespace; bindings are sorted by it.
    namespace_of_binding: Vec<Symbol>,
    namespace_ranks: HashMap<Text, Symbol, FxBuildHasher>,
}

impl Index {
    /// Compiles an inventory.
    pub(crate) fn new(inventory: &Inventory) -> Self {
        let mut index = Self::default();
        index.compile_roles(inventory);
        index.resolve_role_refs(inventory);
        index.post_subjects(inventory);
        index
    }

    fn compile_roles(&mut self, inventory: &Inventory) {
        let mut lists = Lists::default();
        let mut shared: HashMap<*const PolicyRule, Span, FxBuildHasher> = HashMap::default();
        for role in &inventory.roles {
            // Aggregated roles can share thousands of rules.
            let is_shared = Arc::strong_count(&role.rules) > 1 && !role.rules.is_empty();
            if is_shared && let Some(known) = shared.get(&role.rules.as_ptr()) {
                self.role_rules.push(*known);
                continue;
            }
            let start = self.rules.len() as u32;
            for rule in &*role.rules {
                let rule = self.compile_rule(rule, &mut lists);
                self.rules.push(rule);
            }
            let span = Span { start, end: self.rules.len() as u32 };
            if is_shared {
                shared.insert(role.rules.as_ptr(), span);
            }
            self.role_rules.push(span);
        }
    }

    fn compile_rule(&mut self, rule: &PolicyRule, lists: &mut Lists) -> CompiledRule {
        let verbs = self.list(&rule.verbs, lists);
        let groups = self.list(&rule.api_groups, lists);
        let resources = self.list(&rule.resources, lists);
        let names = self.list(&rule.resource_names, lists);
        CompiledRule {
            verbs: verbs.verbs,
            any_group: groups.has_star,
            has_urls: !rule.non_resource_urls.is_empty(),
            resource_mask: resources.resources,
            verb_list: verbs.symbols,
            groups: groups.symbols,
            resources: resources.symbols,
            names: names.symbols,
        }
    }

    /// Returns the compiled list; rules share their lists.
    fn list(&mut self, texts: &Texts, lists: &mut Lists) -> List {
        let address = texts.as_ptr();
        if let Some(list) = lists.get(&address) {
            return *list;
        }
        let mut list = List::default();
        let start = self.symbol_pool.len() as u32;
        for text in &**texts {
            let symbol = self.symbols.intern(text);
            self.symbol_pool.push(symbol);
            if &**text == "*" {
                list.has_star = true;
                list.verbs |= ANY_VERB;
                list.resources |= ANY_RESOURCE;
            } else {
                list.verbs |= verb_bit(text);
                list.resources |= resource_bit(symbol);
            }
        }
        list.symbols = Span { start, end: self.symbol_pool.len() as u32 };
        lists.insert(address, list);
        list
    }

    fn resolve_role_refs(&mut self, inventory: &Inventory) {
        let positions: HashMap<(&str, &str), u32, FxBuildHasher> = inventory
            .roles
            .iter()
            .zip(0..)
            .map(|(role, position)| ((&*role.metadata.namespace, &*role.metadata.name), position))
            .collect();
        let find = |namespace: &str, name: &str| {
            positions
                .get(&(namespace, name))
                .map_or(RoleSlot::Missing, |role| RoleSlot::Role(*role))
        };
        self.role_of_binding = inventory
            .bindings
            .iter()
            .map(|binding| {
                let role_ref = &binding.role_ref;
                match role_ref.kind {
                    RoleKind::ClusterRole => find("", &role_ref.name),
                    // Roles are namespaced, and a ClusterRoleBinding has no namespace.
                    RoleKind::Role if binding.is_cluster_role_binding() => RoleSlot::Missing,
                    RoleKind::Role => find(&binding.metadata.namespace, &role_ref.name),
                    RoleKind::Other(_) => RoleSlot::Unsupported,
                }
            })
            .collect();
        let mut bound: Vec<(u32, u32)> = self
            .role_of_binding
            .iter()
            .zip(0..)
            .filter_map(|(slot, binding)| match slot {
                RoleSlot::Role(role) => Some((*role, binding)),
                RoleSlot::Missing | RoleSlot::Unsupported => None,
            })
            .collect();
        bound.sort_unstable();
        let mut start = 0;
        for role in 0..inventory.roles.len() as u32 {
            let rest = bound.get(start as usize..).unwrap_or_default();
            let end = start + rest.partition_point(|(bound_role, _)| *bound_role <= role) as u32;
            self.bindings_of_role.push(Span { start, end });
            start = end;
        }
        self.binding_pool = bound.iter().map(|(_, binding)| *binding).collect();
    }

    fn post_subjects(&mut self, inventory: &Inventory) {
        let mut entries: Vec<(SubjectKey, Posting)> = Vec::new();
        let mut user_name = String::new();
        for (binding, position) in inventory.bindings.iter().zip(0..) {
            let ranks = self.namespace_ranks.len() as Symbol;
            let rank = match self.namespace_ranks.get(&binding.metadata.namespace) {
                Some(rank) => *rank,
                None => {
                    self.namespace_ranks.insert(binding.metadata.namespace.clone(), ranks);
                    ranks
                }
            };
            self.namespace_of_binding.push(rank);
            for (subject, subject_position) in binding.subjects.iter().zip(0..) {
                let key = match subject.kind {
                    SubjectKind::User => SubjectKey::User(self.symbols.intern(&subject.name)),
                    SubjectKind::Group => SubjectKey::Group(self.symbols.intern(&subject.name)),
                    SubjectKind::ServiceAccount => {
                        let Some(namespace) = subject.effective_namespace(&binding.metadata) else {
                            continue;
                        };
                        write_user_name(&mut user_name, namespace, &subject.name);
                        let known = self.symbols.get(&user_name);
                        SubjectKey::User(known.unwrap_or_else(|| {
                            self.symbols.intern(&Text::from(user_name.as_str()))
                        }))
                    }
                    SubjectKind::Other(_) => continue,
                };
                entries.push((key, Posting { binding: position, subject: subject_position }));
            }
        }
        entries.sort_unstable();
        // When a binding lists a subject twice, report the first entry.
        entries.dedup_by(|later, earlier| {
            later.0 == earlier.0 && later.1.binding == earlier.1.binding
        });
        let mut start = 0;
        for run in entries.chunk_by(|left, right| left.0 == right.0) {
            let end = start + run.len() as u32;
            if let Some((key, _)) = run.first() {
                self.subjects.insert(*key, Span { start, end });
            }
            start = end;
        }
        // Collecting from references allocates the exact size.
        self.postings = entries.iter().map(|(_, posting)| *posting).collect();
    }

    /// Collects the bindings that apply to an identity: the ClusterRoleBindings and, unless
    /// `namespace` is empty, the RoleBindings of that namespace. They are sorted by binding,
    /// without duplicates, each with the first matching subject.
    pub(crate) fn reach(&self, identity: &Identity, namespace: &str, into: &mut Vec<Posting>) {
        into.clear();
        let rank = if namespace.is_empty() { None } else { self.namespace_ranks.get(namespace) };
        for list in self.posting_lists(identity) {
            into.extend_from_slice(self.stretch(list, self.namespace_ranks.get("").copied()));
            into.extend_from_slice(self.stretch(list, rank.copied()));
        }
        sort_and_keep_first(into);
    }

    /// Collects the bindings of all namespaces that apply to an identity, like
    /// [`reach`](Self::reach).
    pub(crate) fn reach_everywhere(&self, identity: &Identity, into: &mut Vec<Posting>) {
        into.clear();
        for list in self.posting_lists(identity) {
            into.extend_from_slice(list);
        }
        sort_and_keep_first(into);
    }

    fn posting_lists<'a>(&'a self, identity: &'a Identity) -> impl Iterator<Item = &'a [Posting]> {
        let user = self.symbols.get(&identity.user).map(SubjectKey::User);
        let groups = identity
            .groups
            .iter()
            .filter_map(|group| self.symbols.get(group).map(SubjectKey::Group));
        user.into_iter()
            .chain(groups)
            .filter_map(|key| self.subjects.get(&key))
            .map(|span| span.of(&self.postings))
    }

    /// Returns the part of a posting list that is in one namespace.
    fn stretch<'a>(&self, list: &'a [Posting], rank: Option<Symbol>) -> &'a [Posting] {
        let Some(rank) = rank else { return &[] };
        let rank_of = |posting: &Posting| {
            self.namespace_of_binding.get(posting.binding as usize).copied().unwrap_or(Symbol::MAX)
        };
        let start = list.partition_point(|posting| rank_of(posting) < rank);
        let rest = list.get(start..).unwrap_or_default();
        let end = rest.partition_point(|posting| rank_of(posting) == rank);
        rest.get(..end).unwrap_or_default()
    }

    /// Returns the target of a binding's roleRef.
    pub(crate) fn role_of(&self, binding: u32) -> RoleSlot {
        self.role_of_binding.get(binding as usize).copied().unwrap_or(RoleSlot::Missing)
    }

    /// Returns the bindings whose roleRef resolves to a role, in the inventory's order.
    pub(crate) fn bindings_of(&self, role: u32) -> &[u32] {
        self.bindings_of_role
            .get(role as usize)
            .map(|span| span.of(&self.binding_pool))
            .unwrap_or_default()
    }

    /// Returns a role's compiled rules.
    pub(crate) fn rules_of(&self, role: u32) -> &[CompiledRule] {
        self.role_rules.get(role as usize).map(|span| span.of(&self.rules)).unwrap_or_default()
    }

    /// Looks up the strings of a resource request; `None` for a non-resource request.
    pub(crate) fn compile(&self, request: &Request) -> Option<CompiledRequest> {
        let Target::Resource(target) = &request.target else { return None };
        let subresource = &*target.subresource;
        let (resource, any_subresource) = if subresource.is_empty() {
            (self.symbols.get(&target.resource), None)
        } else {
            let mut combined = String::with_capacity(target.resource.len() + subresource.len() + 1);
            combined.push_str(&target.resource);
            combined.push('/');
            combined.push_str(subresource);
            let resource = self.symbols.get(&combined);
            combined.clear();
            combined.push_str("*/");
            combined.push_str(subresource);
            (resource, self.symbols.get(&combined))
        };
        let verb = verb_bit(&request.verb);
        Some(CompiledRequest {
            verb,
            rare_verb: if verb == RARE_VERB { self.symbols.get(&request.verb) } else { None },
            resource_mask: ANY_RESOURCE
                | resource.map_or(0, resource_bit)
                | any_subresource.map_or(0, resource_bit),
            group: self.symbols.get(&target.group),
            resource,
            any_subresource,
            name: self.symbols.get(&target.name),
        })
    }

    /// Returns whether a compiled rule allows a compiled request.
    pub(crate) fn allows(&self, rule: &CompiledRule, request: &CompiledRequest) -> bool {
        rule.verbs & (request.verb | ANY_VERB) != 0
            && rule.resource_mask & request.resource_mask != 0
            && self.verb_allowed(rule, request)
            && self.group_allowed(rule, request)
            && self.resource_allowed(rule, request)
            && (rule.names.is_empty() || self.listed(rule.names, request.name))
    }

    fn verb_allowed(&self, rule: &CompiledRule, request: &CompiledRequest) -> bool {
        request.verb != RARE_VERB
            || rule.verbs & ANY_VERB != 0
            || self.listed(rule.verb_list, request.rare_verb)
    }

    fn group_allowed(&self, rule: &CompiledRule, request: &CompiledRequest) -> bool {
        rule.any_group || self.listed(rule.groups, request.group)
    }

    fn resource_allowed(&self, rule: &CompiledRule, request: &CompiledRequest) -> bool {
        rule.resource_mask & ANY_RESOURCE != 0
            || self.listed(rule.resources, request.resource)
            || self.listed(rule.resources, request.any_subresource)
    }

    fn listed(&self, span: Span, wanted: Option<Symbol>) -> bool {
        wanted.is_some_and(|wanted| span.of(&self.symbol_pool).contains(&wanted))
    }
}

impl CompiledRule {
    /// Returns whether the rule has `nonResourceURLs`.
    pub(crate) fn has_urls(&self) -> bool {
        self.has_urls
    }
}

/// Writes the user name that a ServiceAccount's token authenticates as.
pub(crate) fn write_user_name(into: &mut String, namespace: &str, name: &str) {
    into.clear();
    for part in ["system:serviceaccount:", namespace, ":", name] {
        into.push_str(part);
    }
}

/// Returns the user name of a subject that is a user or a ServiceAccount.
pub(crate) fn user_name_of(subject: &Subject, binding: &crate::Metadata) -> Option<String> {
    match subject.kind {
        SubjectKind::User => Some(subject.name.to_string()),
        SubjectKind::ServiceAccount => {
            let mut user_name = String::new();
            write_user_name(&mut user_name, subject.effective_namespace(binding)?, &subject.name);
            Some(user_name)
        }
        SubjectKind::Group | SubjectKind::Other(_) => None,
    }
}

fn sort_and_keep_first(postings: &mut Vec<Posting>) {
    postings.sort_unstable();
    postings.dedup_by_key(|posting| posting.binding);
}
