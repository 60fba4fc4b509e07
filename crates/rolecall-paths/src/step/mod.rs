//! The steps that one actor can take: its edges in the graph, and the halves of steps that another
//! actor can complete.

mod bindings;
mod cluster;
mod combine;
mod identities;
mod possible;
mod roles;
mod tokens;

use std::rc::Rc;

use rolecall_rbac::{PolicyRule, Text};
use rustc_hash::FxHashSet;

pub(crate) use combine::{Combination, Gathered, combine};
pub(crate) use identities::anybody;

use crate::Row;
use crate::caps::{Caps, ScopedCaps};
use crate::names::Names;
use crate::need::{Need, Resource, Verb};
use crate::node::{Node, NodeId, Nodes, Place, Scope};
use crate::world::{NamespaceId, World};

/// A step to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) row: Row,
    pub(crate) target: NodeId,
}

/// A half of a step that needs several requests, which different actors can make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Half {
    /// Creating Secrets.
    CreateSecret(Place),
    /// Reading Secrets of unknown names.
    ReadSecrets(Place),
    /// Writing Roles of these names without holding the new rules.
    RewriteRole(Place, Names),
    /// The same for ClusterRoles.
    RewriteClusterRole(Names),
    /// Creating Roles of these names with any rules.
    NewRole(Place, Names),
    /// The same for ClusterRoles.
    NewClusterRole(Names),
    /// Binding Roles of these names.
    BindRole(Place, Names),
    /// Binding ClusterRoles of these names.
    BindClusterRole(Scope, Names),
    /// Writing ClusterRoles with any rules and labels: new ones, or existing ones of these names.
    Label(Existence, Names),
    /// Creating requests for certificates of these names.
    Request(Names),
    /// Approving them.
    Approve(Names),
    /// Writing a mutating admission policy.
    WritePolicy,
    /// Writing a binding of one.
    BindPolicy,
    /// Creating Pods or workloads.
    MakePod(Place),
    /// Changing the labels of the Namespace.
    LabelNamespace(NamespaceId),
    /// Creating PersistentVolumes.
    CreateVolume,
    /// Creating Secrets of these names.
    NameSecret(Place, Names),
    /// Reading Secrets of these names with a verb.
    ReadNamed(Place, Verb, Names),
}

/// Whether an object exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Existence {
    New,
    Existing,
}

/// The steps of one actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) edges: Vec<Edge>,
    pub(crate) halves: Vec<Half>,
    /// Whether it meets needs that must be met together with others by one identity.
    pub(crate) combines: bool,
}

/// A request of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) need: Need,
    /// The namespace; `None` for the cluster scope.
    pub(crate) namespace: Option<NamespaceId>,
    pub(crate) name: Text,
    /// The role whose rules the actor must hold instead, if any.
    pub(crate) covers: Option<u32>,
}

/// The step whose requests are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// The step to a node.
    Edge(Edge),
    /// A half, with the name of the object.
    Half(Half, Option<Text>),
}

/// Records the requests of one step.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) wanted: Wanted,
    /// The namespace of the requests, if the step works in every namespace.
    pub(crate) namespace: Option<NamespaceId>,
    /// The name of the identity that the path uses.
    pub(crate) name: Option<Text>,
    pub(crate) asks: Option<Vec<Ask>>,
}

/// Computes the steps of one actor.
pub(crate) struct Expander<'s, 'w> {
    pub(crate) world: &'s World<'w>,
    pub(crate) nodes: &'s mut Nodes,
    /// The actor, and the rights that it granted itself.
    pub(crate) actors: &'s [NodeId],
    /// Further roles that it binds if it holds their rules.
    pub(crate) candidates: &'s [u32],
    pub(crate) recorder: Option<&'s mut Recorder>,
    /// The places for which there is a half about Pods.
    pub(crate) made: FxHashSet<Place>,
    pub(crate) out: Expanded,
}

/// The rights of an actor in one scope.
struct Site<'c> {
    scope: Scope,
    /// The requests that it can make.
    outer: &'c Caps,
    /// The checks that its requests pass.
    inner: &'c Caps,
}

/// Namespaces in which something is possible.
#[derive(Debug, Default)]
struct Places {
    /// Everywhere in the scope.
    whole: bool,
    /// Else in these.
    some: Vec<NamespaceId>,
}

impl Expander<'_, '_> {
    /// Computes the steps.
    pub(crate) fn run(mut self) -> Expanded {
        let Some(first) = self.actors.first().copied() else { return self.out };
        if let Node::Borrowed(actor, target, mode) = *self.nodes.get(first) {
            let mut actors = vec![actor];
            actors.extend(self.actors.iter().skip(1));
            let own = ScopedCaps::new(self.world, self.nodes, &actors);
            let inner = ScopedCaps::new(self.world, self.nodes, &[target]);
            let outer = inner.limited(&own, mode);
            self.out.combines = !outer.is_empty();
            self.steps(&outer, &inner, false);
        } else {
            let caps = ScopedCaps::new(self.world, self.nodes, self.actors);
            self.out.combines = caps.combines();
            if !caps.is_empty() {
                self.steps(&caps, &caps, true);
            }
        }
        self.out.edges.sort_unstable();
        self.out.edges.dedup();
        self.out
    }

    fn steps(&mut self, outer: &ScopedCaps, inner: &ScopedCaps, is_direct: bool) {
        if outer.is_empty() {
            return;
        }
        let spaces = outer.spaces.keys().map(|namespace| {
            let (outer, inner) = (outer.in_namespace(*namespace), inner.in_namespace(*namespace));
            Site { scope: Scope::In(*namespace), outer, inner }
        });
        let each = Site { scope: Scope::Each, outer: &outer.each, inner: &inner.each };
        for site in std::iter::once(each).chain(spaces) {
            self.token_steps(&site);
            self.role_binding_steps(&site);
            self.role_steps(&site);
            self.namespace_steps(&site);
            self.possible_steps(&site);
            if is_direct {
                self.account_steps(&site);
            }
        }
        let cluster = Site { scope: Scope::Cluster, outer: &outer.cluster, inner: &inner.cluster };
        self.cluster_role_binding_steps(&cluster);
        self.cluster_role_steps(&cluster);
        self.cluster_steps(&cluster);
        self.possible_cluster_steps(&cluster);
        if is_direct {
            self.user_steps(&cluster, outer);
            self.limited_steps(outer);
        }
    }

    /// Adds a step, or records its requests.
    fn edge(&mut self, row: Row, target: NodeId, asks: impl FnOnce(&Self) -> Vec<Ask>) {
        let edge = Edge { row, target };
        match &self.recorder {
            None => self.out.edges.push(edge),
            Some(recorder) => {
                let is_wanted = matches!(&recorder.wanted, Wanted::Edge(wanted) if *wanted == edge);
                if is_wanted && recorder.asks.is_none() {
                    let asks = asks(self);
                    if let Some(recorder) = &mut self.recorder {
                        recorder.asks = Some(asks);
                    }
                }
            }
        }
    }

    /// Adds a half, or records its requests.
    fn half(&mut self, half: Half, asks: impl FnOnce(&Self, Option<&Text>) -> Vec<Ask>) {
        match &self.recorder {
            None => self.out.halves.push(half),
            Some(recorder) => {
                let Wanted::Half(wanted, name) = &recorder.wanted else { return };
                if *wanted == half && recorder.asks.is_none() {
                    let name = name.clone();
                    let asks = asks(self, name.as_ref());
                    if let Some(recorder) = &mut self.recorder {
                        recorder.asks = Some(asks);
                    }
                }
            }
        }
    }

    /// Returns the places in which new objects can be created: by POST, which has no name, or by
    /// applying a name that no object has.
    fn create(&self, site: &Site<'_>, resource: Resource) -> Places {
        if site.outer.names(resource, Verb::Create).unnamed {
            return Places { whole: true, some: Vec::new() };
        }
        let applied = site.outer.names(resource, Verb::Patch);
        let applied = applied.and(site.inner.names(resource, Verb::Create));
        if applied.any {
            return Places { whole: true, some: Vec::new() };
        }
        let mut places = Places::default();
        for name in &applied.listed {
            let absent = self.absent(resource, name, site.scope);
            places.whole |= absent.whole;
            places.some.extend(absent.some);
        }
        places.some.sort_unstable();
        places.some.dedup();
        places
    }

    /// Returns the places of a scope without an object of a name.
    fn absent(&self, resource: Resource, name: &Text, scope: Scope) -> Places {
        absent(self.world, resource, name, scope)
    }

    /// Returns the requests that create an object in a namespace.
    fn create_asks(
        &self,
        site: &Site<'_>,
        resource: Resource,
        namespace: Option<NamespaceId>,
    ) -> Vec<Ask> {
        if site.outer.names(resource, Verb::Create).unnamed {
            return vec![Ask::new(resource, Verb::Create, namespace, "")];
        }
        let applied = site.outer.names(resource, Verb::Patch);
        let applied = applied.and(site.inner.names(resource, Verb::Create));
        let scope = namespace.map_or(Scope::Cluster, Scope::In);
        let absent = applied.listed.iter().find(|it| self.absent(resource, it, scope).whole);
        let name: &str = absent.map_or(NEW, |name| name);
        self.apply_asks(resource, namespace, name)
    }

    /// Returns the requests that apply an object of a name that does not exist.
    fn apply_asks(
        &self,
        resource: Resource,
        namespace: Option<NamespaceId>,
        name: &str,
    ) -> Vec<Ask> {
        let ask = |verb| Ask::new(resource, verb, namespace, name);
        vec![ask(Verb::Patch), ask(Verb::Create)]
    }

    /// Returns the request that changes an object of a name.
    fn change_ask(
        &self,
        site: &Site<'_>,
        resource: Resource,
        namespace: Option<NamespaceId>,
        name: &str,
    ) -> Ask {
        let verb = match site.outer.names(resource, Verb::Update).allow(name) {
            true => Verb::Update,
            false => Verb::Patch,
        };
        Ask::new(resource, verb, namespace, name)
    }

    /// Returns the namespace of recorded requests.
    fn namespace(&self, place: Place) -> NamespaceId {
        let wanted = self.recorder.as_ref().and_then(|recorder| recorder.namespace);
        place.or(wanted).unwrap_or_default()
    }

    /// Returns the name of the identity that the recorded path uses.
    fn wanted_name(&self) -> Option<Text> {
        self.recorder.as_ref().and_then(|recorder| recorder.name.clone())
    }

    /// Returns all rules that an actor holds in a scope.
    fn rules_at(&mut self, scope: Scope, actors: &[NodeId]) -> Vec<PolicyRule> {
        let mut rules = Vec::new();
        for actor in actors {
            let identity = self.nodes.identity(*actor).cloned();
            for held in self.nodes.held(self.world, *actor).iter() {
                let counts = match (held.scope, scope) {
                    (Scope::Cluster, _) => true,
                    (Scope::Each, Scope::Each | Scope::In(_)) => true,
                    (own, wanted) => own == wanted,
                };
                let Some(role) = self.world.role(held.role).filter(|_| counts) else { continue };
                for (position, rule) in role.rules.iter().enumerate() {
                    if !self.world.is_cut(held, position, identity.as_ref()) {
                        rules.push(rule.clone());
                    }
                }
            }
        }
        rules
    }

    fn agent_of(&mut self, namespace: NamespaceId, name: &str) -> NodeId {
        let identity = self.world.account(namespace, name);
        self.nodes.id(Node::Agent(Rc::new(identity)))
    }
}

/// The name of new objects, where any name is possible.
pub(crate) const NEW: &str = "new";

/// Returns the places of a scope without an object of a name.
fn absent(world: &World<'_>, resource: Resource, name: &Text, scope: Scope) -> Places {
    let nowhere = |there: bool| Places { whole: !there, some: Vec::new() };
    match scope {
        Scope::Cluster => nowhere(world.exists(resource, name)),
        Scope::In(namespace) => {
            nowhere(world.placed(resource, name).binary_search(&namespace).is_ok())
        }
        Scope::Each => match world.placed(resource, name) {
            [] => nowhere(false),
            there => Places {
                whole: false,
                some: world.all_namespaces().filter(|it| !there.contains(it)).collect(),
            },
        },
    }
}

impl Ask {
    /// Builds a request.
    pub(crate) fn new(
        resource: Resource,
        verb: Verb,
        namespace: Option<NamespaceId>,
        name: &str,
    ) -> Self {
        Self { need: Need::new(resource, verb), namespace, name: name.into(), covers: None }
    }
}

impl Places {
    fn is_empty(&self) -> bool {
        !self.whole && self.some.is_empty()
    }

    /// Returns the places within a scope.
    fn in_scope(&self, scope: Scope) -> Vec<Place> {
        match self.whole {
            true => vec![scope.place()],
            false => self.some.iter().map(|namespace| Some(*namespace)).collect(),
        }
    }

    fn add(&mut self, other: Self) {
        self.whole |= other.whole;
        self.some.extend(other.some);
        self.some.sort_unstable();
        self.some.dedup();
    }
}

impl Site<'_> {
    /// Returns the names of the objects that can be changed.
    fn change(&self, resource: Resource) -> Names {
        self.outer.names(resource, Verb::Update).or(self.outer.names(resource, Verb::Patch))
    }
}
