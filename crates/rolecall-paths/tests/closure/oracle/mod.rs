//! A plain fixpoint over all identities, names and namespaces: slow, and structured differently
//! from the crate.

mod bindings;
mod possible;
mod rights;
mod tokens;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rolecall_paths::{Accounts, Assumptions, Nodes, Platform, Reach, Sink};
use rolecall_rbac::{
    Identity, Inventory, LabelOperator, PolicyRule, Role, RoleKind, ServiceAccountName,
    SubjectKind, Text, covers, subject_matches,
};

const RBAC: &str = "rbac.authorization.k8s.io";
const MASTERS: &str = "system:masters";

const WORKLOADS: [(&str, &str, &str); 7] = [
    ("apps", "deployments", "Deployment"),
    ("apps", "statefulsets", "StatefulSet"),
    ("apps", "daemonsets", "DaemonSet"),
    ("apps", "replicasets", "ReplicaSet"),
    ("", "replicationcontrollers", "ReplicationController"),
    ("batch", "cronjobs", "CronJob"),
    ("batch", "jobs", "Job"),
];

/// A right that a position granted itself: a role, or everything, in a namespace or (empty) everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Own {
    Role(String, String, String),
    Everything(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) identities: BTreeSet<Identity>,
    pub(crate) own: BTreeSet<Own>,
    pub(crate) masters: bool,
    pub(crate) node: bool,
}

pub(crate) struct Oracle<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) assumptions: Assumptions,
    namespaces: Vec<String>,
    names: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
    /// The rules of identities by namespace, and those that the position granted itself.
    bound: RefCell<HashMap<Identity, HashMap<String, Rules>>>,
    own: RefCell<HashMap<String, Rules>>,
    signatures: RefCell<Signatures>,
}

/// The sets of roles that identities hold, numbered.
type Signatures =
    (HashMap<Identity, usize>, BTreeMap<(bool, BTreeSet<(*const Role, String)>), usize>);

type Rules = Rc<Vec<PolicyRule>>;

/// An identity, alone or with some requests as another one.
struct Actor<'p> {
    own: &'p Identity,
    borrowed: Option<(Identity, &'static str)>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(inventory: &'a Inventory, assumptions: Assumptions) -> Self {
        let mut namespaces = BTreeSet::from(["blue".to_owned(), "red".to_owned()]);
        // Sinks can name ServiceAccounts that nothing else names.
        let mut names = BTreeSet::from(["fresh", "app", "web"].map(str::to_owned));
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for role in inventory.roles() {
            namespaces.insert(role.metadata.namespace.to_string());
            names.insert(role.metadata.name.to_string());
            for rule in &*role.rules {
                names.extend(rule.resource_names.iter().map(ToString::to_string));
            }
        }
        for binding in inventory.bindings() {
            namespaces.insert(binding.metadata.namespace.to_string());
            names.insert(binding.metadata.name.to_string());
            for subject in &*binding.subjects {
                names.insert(subject.name.to_string());
                match subject.kind {
                    SubjectKind::User => {
                        users.insert(subject.name.to_string());
                        if let Some(account) = ServiceAccountName::parse(&subject.name) {
                            namespaces.insert(account.namespace.to_owned());
                            names.insert(account.name.to_owned());
                        }
                    }
                    SubjectKind::Group => {
                        groups.insert(subject.name.to_string());
                        if let Some(of) = subject.name.strip_prefix("system:serviceaccounts:") {
                            namespaces.insert(of.to_owned());
                        }
                    }
                    _ => {
                        namespaces.extend(
                            subject.effective_namespace(&binding.metadata).map(ToString::to_string),
                        );
                    }
                }
            }
        }
        for account in inventory.service_accounts() {
            namespaces.insert(account.metadata.namespace.to_string());
            names.insert(account.metadata.name.to_string());
        }
        for workload in inventory.workloads() {
            namespaces.insert(workload.metadata.namespace.to_string());
            names.insert(workload.metadata.name.to_string());
            names.extend(workload.pods.iter().map(|pod| pod.node.to_string()));
        }
        for namespace in inventory.namespaces() {
            namespaces.insert(namespace.metadata.name.to_string());
        }
        namespaces.remove("");
        names.remove("");
        let list = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
        Self {
            inventory,
            assumptions,
            namespaces: list(namespaces),
            names: list(names),
            users: list(users),
            groups: list(groups),
            bound: RefCell::default(),
            own: RefCell::default(),
            signatures: RefCell::default(),
        }
    }

    /// Returns the closure of an identity.
    pub(crate) fn closure(&self, start: &Identity) -> Position {
        let mut position = Position::default();
        position.identities.insert(start.clone());
        loop {
            let before = position.clone();
            self.grow(&mut position);
            if position == before {
                return position;
            }
        }
    }

    pub(crate) fn holds(&self, position: &Position, sink: &Sink) -> bool {
        self.own.borrow_mut().clear();
        let everything = |namespace: &str| {
            position.masters
                || position.own.contains(&Own::Everything(String::new()))
                || position.own.contains(&Own::Everything(namespace.to_owned()))
                || position.identities.iter().any(|identity| {
                    identity.is_privileged()
                        || self.rules(identity, position, namespace).iter().any(|rule| {
                            let star = |list: &[Text]| list.iter().any(|text| &**text == "*");
                            star(&rule.verbs)
                                && star(&rule.api_groups)
                                && star(&rule.resources)
                                && rule.resource_names.is_empty()
                        })
                })
        };
        let secrets = |namespace: &str| {
            everything(namespace)
                || position.identities.iter().any(|identity| {
                    let ask = |verb, name| {
                        self.may(identity, position, verb, "", "secrets", "", namespace, name)
                    };
                    ask("get", "fresh") || ask("list", "") || ask("watch", "")
                })
        };
        match sink {
            Sink::ClusterAdmin => everything(""),
            Sink::Namespace(namespace) => everything(namespace),
            Sink::Secrets(None) => secrets(""),
            Sink::Secrets(Some(namespace)) => secrets(namespace),
            Sink::Node => position.node,
            Sink::ServiceAccount { namespace, name } => {
                let user = Identity::service_account(namespace, name).user;
                position.identities.iter().any(|identity| identity.user == user)
            }
            Sink::User(name) => position.identities.iter().any(|it| it.user == *name),
            Sink::Group(name) => {
                position.identities.iter().any(|it| it.is_in(name))
                    || (position.masters && &**name == MASTERS)
            }
        }
    }

    fn grow(&self, position: &mut Position) {
        if position.masters {
            position.own.insert(Own::Everything(String::new()));
        }
        self.own.borrow_mut().clear();
        let now = position.clone();
        let actors = self.actors(&now);
        for namespace in &self.namespaces {
            self.tokens(&now, &actors, namespace, position);
            self.impersonate_accounts(&now, namespace, position);
            self.role_bindings(&now, &actors, namespace, position);
            self.roles(&now, &actors, namespace, position);
            self.nodes(&now, &actors, namespace, position);
        }
        self.impersonate_users(&now, position);
        self.cluster_role_bindings(&now, &actors, position);
        self.cluster_roles(&now, &actors, position);
        self.certificates(&now, &actors, position);
        self.kubelets(&now, &actors, position);
        self.admission(&now, &actors, position);
        self.aws_auth(&now, &actors, position);
        if self.assumptions.reach == Reach::Possible {
            self.possible(&now, &actors, position);
        }
    }

    fn certificates(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        let group = "certificates.k8s.io";
        let resource = "certificatesigningrequests";
        let exists = |name: &str| self.exists(group, resource, "", name);
        let mut issued = false;
        for actor in actors {
            for name in self.created(actor, now, group, resource, "", &exists) {
                let chosen: Vec<String> = match name {
                    Some(name) => vec![name],
                    None => self.names.iter().filter(|name| !exists(name)).cloned().collect(),
                };
                issued |= chosen.iter().any(|name| {
                    actors.iter().any(|actor| {
                        self.changes(actor, now, (group, resource, "approval"), "", name)
                            && ["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"]
                                .into_iter()
                                .any(|signer| {
                                    self.inner(actor, now, "approve", group, "signers", "", signer)
                                })
                    })
                });
            }
        }
        if !issued {
            return;
        }
        let groups: Vec<String> =
            self.groups.iter().filter(|name| *name != MASTERS).cloned().collect();
        // A new user can have any name.
        for user in self.users.iter().chain(&self.names) {
            let user = Text::from(user.as_str());
            let mut identity = Identity { user, ..Identity::default() };
            for group in &groups {
                identity = identity.with_group(group);
            }
            into.identities.insert(identity.with_group("system:authenticated"));
        }
    }

    fn admission(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        let group = "admissionregistration.k8s.io";
        let writes = |resource: &str| {
            actors.iter().any(|actor| {
                let existing = |name: &&String| self.exists(group, resource, "", name);
                self.creates(actor, now, group, resource, "")
                    || self.changes(actor, now, (group, resource, ""), "", "no rule lists it")
                    || self
                        .names
                        .iter()
                        .filter(existing)
                        .any(|name| self.changes(actor, now, (group, resource, ""), "", name))
            })
        };
        let policies = self.assumptions.version.minor >= 36
            && writes("mutatingadmissionpolicies")
            && writes("mutatingadmissionpolicybindings");
        into.masters |= writes("mutatingwebhookconfigurations") || policies;
    }

    fn aws_auth(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        let there = self.exists("", "configmaps", "kube-system", "aws-auth")
            || self.assumptions.platform == Platform::Eks;
        into.masters |= there
            && actors.iter().any(|actor| {
                self.changes(actor, now, ("", "configmaps", ""), "kube-system", "aws-auth")
            });
    }
}

/// Returns whether a rule allows a request, as the documentation describes it.
fn matches(
    rule: &PolicyRule,
    verb: &str,
    group: &str,
    resource: &str,
    subresource: &str,
    name: &str,
) -> bool {
    let lists =
        |texts: &[Text], wanted: &str| texts.iter().any(|text| &**text == "*" || **text == *wanted);
    let is_resource = |text: &Text| match (&**text, subresource) {
        ("*", _) => true,
        (text, "") => text == resource,
        (text, subresource) => text
            .split_once('/')
            .is_some_and(|(of, sub)| sub == subresource && (of == "*" || of == resource)),
    };
    lists(&rule.verbs, verb)
        && lists(&rule.api_groups, group)
        && rule.resources.iter().any(is_resource)
        && (rule.resource_names.is_empty()
            || rule.resource_names.iter().any(|text| **text == *name))
}

/// Returns the identities of a user or ServiceAccount that is impersonated with groups.
fn members(user: &str, groups: &[String]) -> Vec<Identity> {
    if groups.is_empty() {
        return Vec::new();
    }
    let with = |groups: Vec<&String>| Identity {
        user: user.into(),
        groups: groups.into_iter().map(|group| Text::from(group.as_str())).collect(),
        ..Identity::default()
    };
    let named = groups.iter().any(|group| group == "system:authenticated");
    let mut all = Vec::new();
    if groups.iter().any(|group| group == "system:unauthenticated") {
        all.push(with(groups.iter().collect()));
    }
    let others = groups.iter().filter(|group| named || *group != "system:unauthenticated");
    all.push(with(others.collect()).with_group("system:authenticated"));
    all
}
