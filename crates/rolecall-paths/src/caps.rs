//! The needs that rules meet, by scope.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::names::Names;
use crate::need::{Mode, Need, NeedId, Resource, Verb};
use crate::node::{Held, Node, NodeId, Nodes, Scope};
use crate::world::{NamespaceId, World};

/// The needs that some rules meet in one scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caps {
    /// Whether one rule allows everything.
    all: bool,
    /// The resources of these needs, one bit for each.
    resources: u128,
    names: FxHashMap<NeedId, Names>,
}

static ANY: Names = Names::ANY;
static NONE: Names = Names::NONE;

impl Caps {
    /// Returns the names for which a need is met.
    pub(crate) fn names(&self, resource: Resource, verb: Verb) -> &Names {
        self.of(Need::new(resource, verb))
    }

    pub(crate) fn of(&self, need: Need) -> &Names {
        if self.all {
            return &ANY;
        }
        match self.resources & need.resource.bit() {
            0 => &NONE,
            _ => self.names.get(&need.id()).unwrap_or(&NONE),
        }
    }

    /// Returns whether some need must be met together with others by the same identity.
    fn combines(&self) -> bool {
        let applies = |need: NeedId, names: &Names| {
            Need::direct(need).is_some_and(|(resource, verb)| {
                matches!(verb, Verb::Create | Verb::Patch)
                    && names.has_named()
                    && !self.names(resource, Verb::Create).unnamed
            })
        };
        self.all
            || self.names.iter().any(|(need, names)| Need::is_joint(*need) || applies(*need, names))
    }

    /// Returns whether no need is met.
    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.names.is_empty()
    }

    fn add(&mut self, need: NeedId, names: &Names) {
        self.resources |= Need::resource_bit(need);
        self.names.entry(need).or_default().add(names);
    }

    fn add_all(&mut self, other: &Self) {
        self.all |= other.all;
        for (need, names) in &other.names {
            self.add(*need, names);
        }
    }

    /// Returns the requests that this allows and that the other allows in a mode of constrained
    /// impersonation.
    fn limited(&self, other: &Self, mode: Mode) -> Self {
        const VERBS: [Verb; 6] =
            [Verb::Create, Verb::Update, Verb::Patch, Verb::Get, Verb::List, Verb::Watch];
        let mut limited = Self::default();
        for resource in Resource::all() {
            for verb in VERBS {
                let target = self.names(resource, verb);
                let own = other.of(Need { mode, resource, verb });
                let both = target.and(own);
                if !both.is_empty() {
                    limited.add(Need::new(resource, verb).id(), &both);
                }
            }
        }
        limited
    }
}

/// The needs that an actor meets, by scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScopedCaps {
    /// Everywhere, for cluster-scoped resources.
    pub(crate) cluster: Caps,
    /// In every namespace.
    pub(crate) each: Caps,
    /// In namespaces with further rights.
    pub(crate) spaces: BTreeMap<NamespaceId, Caps>,
}

impl ScopedCaps {
    /// Returns the needs that are met in a namespace.
    pub(crate) fn in_namespace(&self, namespace: NamespaceId) -> &Caps {
        self.spaces.get(&namespace).unwrap_or(&self.each)
    }

    /// Computes the needs that an actor and the rights that it granted itself meet.
    pub(crate) fn new(world: &World<'_>, nodes: &mut Nodes, actors: &[NodeId]) -> Self {
        let mut scoped = Self::default();
        let mut own: BTreeMap<NamespaceId, Caps> = BTreeMap::new();
        for actor in actors {
            match nodes.get(*actor) {
                Node::Everything(scope) => {
                    let scope = *scope;
                    scoped.at(scope, &mut own).all = true;
                }
                Node::ClusterAdmin => scoped.cluster.all = true,
                Node::Agent(identity) if identity.is_privileged() => scoped.cluster.all = true,
                _ => {}
            }
            for held in nodes.held(world, *actor).iter() {
                scoped.add(world, nodes, *actor, held, &mut own);
            }
        }
        let cluster = scoped.cluster.clone();
        scoped.each.add_all(&cluster);
        for (namespace, mut caps) in own {
            caps.add_all(&scoped.each);
            scoped.spaces.insert(namespace, caps);
        }
        scoped
    }

    fn at<'c>(
        &'c mut self,
        scope: Scope,
        own: &'c mut BTreeMap<NamespaceId, Caps>,
    ) -> &'c mut Caps {
        match scope {
            Scope::Cluster => &mut self.cluster,
            Scope::Each => &mut self.each,
            Scope::In(namespace) => own.entry(namespace).or_default(),
        }
    }

    fn add(
        &mut self,
        world: &World<'_>,
        nodes: &Nodes,
        actor: NodeId,
        held: &Held,
        own: &mut BTreeMap<NamespaceId, Caps>,
    ) {
        let Some(facts) = world.role_facts(held.role).filter(|facts| facts.matter()) else {
            return;
        };
        let is_cut = |rule: usize| world.is_cut(held, rule, nodes.identity(actor));
        let everything = facts.everything.iter().any(|rule| !is_cut(*rule));
        let caps = self.at(held.scope, own);
        caps.all |= everything;
        for rule in &facts.needs {
            if !is_cut(rule.rule) {
                rule.needs.iter().for_each(|need| caps.add(*need, &rule.names));
            }
        }
    }

    /// Returns the requests that an actor can make as another identity in a mode of constrained
    /// impersonation; `self` are the rights of that identity.
    pub(crate) fn limited(&self, actor: &Self, mode: Mode) -> Self {
        let spaces = self.spaces.keys().chain(actor.spaces.keys());
        let spaces = spaces.map(|namespace| {
            let (own, others) = (self.in_namespace(*namespace), actor.in_namespace(*namespace));
            (*namespace, own.limited(others, mode))
        });
        Self {
            cluster: self.cluster.limited(&actor.cluster, mode),
            each: self.each.limited(&actor.each, mode),
            spaces: spaces.collect(),
        }
    }

    /// Returns whether some need must be met together with others by the same identity.
    pub(crate) fn combines(&self) -> bool {
        self.cluster.combines() || self.each.combines() || self.spaces.values().any(Caps::combines)
    }

    /// Returns whether no need is met anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.cluster.is_empty() && self.each.is_empty() && self.spaces.values().all(Caps::is_empty)
    }
}
