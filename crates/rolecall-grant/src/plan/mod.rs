//! Denied requests in, the least objects that allow them out.
//!
//! ```text
//! denied -> already allowed? -> can a Role mend it? -> is it risky? -> by subject and namespace
//!        -> new | reuse | extend -> objects -> proof
//! ```

mod claim;
mod existing;
mod need;
mod refused;

use std::collections::BTreeMap;

pub use refused::{Cause, Refused, Unmendable};
use rolecall_rbac::{
    Authorizer, Binding, Gap, Metadata, PolicyRule, Role, ServiceAccount, Subject, Text, Verdict,
};

use self::need::Need;
use crate::denied::Denied;
use crate::proof::{self, Gained};
use crate::risk::risks;
use crate::subject::subject_of;

/// How denials are mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Which objects grant.
    pub style: Style,
    /// Where the objects grant.
    pub scope: Scope,
    /// What becomes of requests that hand out the cluster.
    pub risky: Risky,
    /// What becomes of ServiceAccounts that do not exist.
    pub missing_accounts: MissingAccounts,
}

/// Which objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Roles of the subject's own.
    #[default]
    New,
    /// An existing role that covers the need, bound to the subject; one of the subject's own where
    /// none does.
    Reuse {
        /// The most that a role may grant beside the need, in rules of one verb and one resource.
        max_excess: Option<usize>,
    },
    /// Further rules in a role that is bound to the subject and to nobody else; one of the subject's
    /// own where none is.
    Extend,
}

/// Where objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In the namespaces asked for.
    #[default]
    AsAsked,
    /// In every namespace.
    ClusterWide,
}

/// What becomes of requests that hand out the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risky {
    /// They are refused, with reasons.
    #[default]
    Refused,
    /// They are granted.
    Granted,
}

/// What becomes of ServiceAccounts that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingAccounts {
    /// They are noted.
    #[default]
    Noted,
    /// They are emitted.
    Created,
}

/// What mends denials, and the proof that it does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The objects to apply, in the order to apply them in.
    pub objects: Vec<Object>,
    /// Every distinct denial with the answer before and after, sorted.
    pub answers: Vec<Answer>,
    /// What else becomes allowed.
    pub gained: Vec<Gained>,
    /// What is not mended, and why.
    pub refused: Vec<Refused>,
    /// What whoever applies the objects should know.
    pub notes: Vec<Note>,
}

/// An object to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A ServiceAccount.
    ServiceAccount(ServiceAccount),
    /// A Role or ClusterRole.
    Role(GrantedRole),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
}

/// A role with the denials that each of its rules answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedRole {
    /// The role.
    pub role: Role,
    /// For each rule the denials it answers; a rule that was there before answers none.
    pub answers: Vec<Vec<Denied>>,
}

/// A denial, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The denial.
    pub denied: Denied,
    /// The answer without the objects.
    pub before: Outcome,
    /// The answer with them.
    pub after: Outcome,
}

/// A verdict without its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Allowed, with the server's reason.
    Allowed {
        /// The reason in the server's words.
        reason: String,
    },
    /// Not allowed.
    Denied,
    /// Something unread decides.
    Unknown {
        /// What was not read.
        gaps: Vec<Gap>,
    },
}

impl Outcome {
    /// Returns whether the request is certainly allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    pub(crate) fn of(authorizer: &Authorizer, denied: &Denied) -> Self {
        let decision = authorizer.authorize(&denied.identity, &denied.request);
        let reason = decision.reason();
        match decision.verdict {
            Verdict::Allowed { .. } => Self::Allowed { reason },
            Verdict::NoOpinion => Self::Denied,
            Verdict::Unknown { gaps } => Self::Unknown { gaps },
        }
    }
}

/// Something that whoever applies the objects should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A ServiceAccount that gets a grant does not exist.
    NoServiceAccount {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// The subject is the ServiceAccount of every Pod that names none.
    DefaultServiceAccount {
        /// Its namespace.
        namespace: Text,
    },
    /// A namespace that gets objects does not exist.
    NoNamespace {
        /// The namespace.
        name: Text,
    },
    /// No existing role fits, so the subject gets one of its own.
    NothingToReuse {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// No role is bound to the subject alone, so it gets one of its own.
    NothingToExtend {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// The existing role that is bound takes in the rules of others, and so may grow.
    Aggregated {
        /// The ClusterRole.
        role: Text,
    },
    /// A role of the right name belongs to somebody else, so another name is used.
    NameTaken {
        /// The namespace; empty for the cluster.
        namespace: Text,
        /// The name that is taken.
        name: Text,
    },
    /// Nothing limits `create` and `deletecollection` to one object.
    WiderThanNamed {
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
    },
    /// Constrained impersonation also takes a right to the identity that is taken on.
    HalfOfImpersonation {
        /// The verb of that right, such as `impersonate:user-info`.
        verb: Text,
    },
}

/// Plans what allows every denied request, and proves it.
pub fn plan(authorizer: &Authorizer, denied: &[Denied], config: &Config) -> Plan {
    let denied = distinct(denied);
    let mut refused = Vec::new();
    let mut needs: BTreeMap<(Text, Subject), Need> = BTreeMap::new();
    let mut before = Vec::new();
    for denied in denied {
        let outcome = Outcome::of(authorizer, &denied);
        if !outcome.is_allowed() {
            match mendable(&denied, config) {
                Ok(subject) => {
                    let namespace = match config.scope {
                        Scope::AsAsked => denied.request.namespace().into(),
                        Scope::ClusterWide => Text::from(""),
                    };
                    needs
                        .entry((namespace, subject))
                        .or_insert_with_key(|(namespace, subject)| Need::new(namespace, subject))
                        .add(denied.clone());
                }
                Err(cause) => refused.push(Refused { denied: denied.clone(), cause }),
            }
        }
        before.push((denied, outcome));
    }
    need::drop_what_the_cluster_grants(&mut needs);
    let mut draft = Draft { authorizer, config, objects: Vec::new(), notes: Vec::new() };
    for need in needs.values() {
        draft.mend(need);
    }
    let Draft { mut objects, mut notes, .. } = draft;
    objects.sort_by_cached_key(Object::order);
    notes.sort();
    notes.dedup();
    let after = proof::overlay(authorizer, &objects);
    let gained = proof::gained(authorizer, &after, &before, &refused);
    let answers = before
        .into_iter()
        .map(|(denied, before)| {
            let after = Outcome::of(&after, &denied);
            Answer { denied, before, after }
        })
        .collect();
    Plan { objects, answers, gained, refused, notes }
}

/// Sorts the denials and joins equal ones.
fn distinct(denied: &[Denied]) -> Vec<Denied> {
    let mut sorted: Vec<Denied> = denied.to_vec();
    sorted.sort();
    sorted.dedup_by(|later, earlier| {
        let is_same = later.identity == earlier.identity && later.request == earlier.request;
        if is_same && earlier.found.is_empty() {
            earlier.found = later.found.clone();
        }
        is_same
    });
    sorted
}

/// Returns whom to grant the request, or why nobody is granted it.
fn mendable(denied: &Denied, config: &Config) -> Result<Subject, Cause> {
    refused::unmendable(denied).map_or(Ok(()), |unmendable| Err(Cause::Unmendable(unmendable)))?;
    let risks = match config.scope {
        Scope::AsAsked => risks(&denied.identity, &denied.request),
        Scope::ClusterWide => risks(&denied.identity, &denied.request.clone().in_namespace("")),
    };
    if config.risky == Risky::Refused && !risks.is_empty() {
        return Err(Cause::Risky(risks));
    }
    subject_of(&denied.identity).ok_or(Cause::Unmendable(Unmendable::Nobody))
}

/// The objects of a plan while it is made.
struct Draft<'a> {
    authorizer: &'a Authorizer,
    config: &'a Config,
    objects: Vec<Object>,
    notes: Vec<Note>,
}

impl Draft<'_> {
    fn mend(&mut self, need: &Need) {
        self.note_surroundings(need);
        let namespace = need.namespace.clone();
        match self.config.style {
            Style::New => {}
            Style::Reuse { max_excess } => {
                if let Some(role) = existing::to_reuse(self, need, max_excess) {
                    let (binding, note) = claim::reusing_binding(self.authorizer, need, role);
                    self.notes.extend(note);
                    if role.aggregation.is_some() {
                        self.notes.push(Note::Aggregated { role: role.metadata.name.clone() });
                    }
                    self.objects.push(Object::Binding(binding));
                    return;
                }
                self.notes.push(Note::NothingToReuse { namespace });
            }
            Style::Extend => {
                if let Some(role) = existing::to_extend(self.authorizer, need) {
                    let granted = need.extended(role);
                    self.objects.push(Object::Role(granted));
                    return;
                }
                self.notes.push(Note::NothingToExtend { namespace });
            }
        }
        let claim = claim::own_objects(self.authorizer, need);
        self.notes.extend(claim.note);
        self.objects.push(Object::Role(need.granted(claim.role, claim.kept)));
        self.objects.push(Object::Binding(claim.binding));
    }

    /// Notes what is missing around the objects, and emits missing ServiceAccounts when asked to.
    fn note_surroundings(&mut self, need: &Need) {
        let inventory = self.authorizer.inventory();
        if !need.namespace.is_empty()
            && !inventory.namespaces().is_empty()
            && !ALWAYS_THERE.contains(&&*need.namespace)
            && inventory.namespace(&need.namespace).is_none()
        {
            self.notes.push(Note::NoNamespace { name: need.namespace.clone() });
        }
        self.notes.extend(need.wider());
        self.notes.extend(need.half_of_impersonation());
        let Some(account) = need.account() else { return };
        let (namespace, name) = (account.namespace.clone(), account.name.clone());
        if *name == *"default" {
            self.notes.push(Note::DefaultServiceAccount { namespace });
        } else if inventory.service_account(&namespace, &name).is_none() {
            match self.config.missing_accounts {
                MissingAccounts::Noted => {
                    self.notes.push(Note::NoServiceAccount { namespace, name });
                }
                MissingAccounts::Created => {
                    let account = Object::ServiceAccount(ServiceAccount {
                        metadata: managed(&namespace, &name),
                        automount_token: None,
                    });
                    if !self.objects.contains(&account) {
                        self.objects.push(account);
                    }
                }
            }
        }
    }
}

/// The namespaces that every server creates by itself.
const ALWAYS_THERE: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The label of every object that is emitted.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rolecall");

/// Returns the metadata of an object of ours.
pub(crate) fn managed(namespace: &str, name: &str) -> Metadata {
    let labels = [(MANAGED_BY.0.into(), MANAGED_BY.1.into())];
    Metadata { labels: labels.into(), ..Metadata::new(namespace, name) }
}

/// Returns whether an object carries our label.
pub fn is_managed(metadata: &Metadata) -> bool {
    metadata.label(MANAGED_BY.0).is_some_and(|value| **value == *MANAGED_BY.1)
}

impl Object {
    /// Returns name, namespace and labels.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::ServiceAccount(account) => &account.metadata,
            Self::Role(granted) => &granted.role.metadata,
            Self::Binding(binding) => &binding.metadata,
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ServiceAccount(_) => "ServiceAccount",
            Self::Role(granted) => granted.role.kind(),
            Self::Binding(binding) => binding.kind(),
        }
    }

    /// Returns the rules of a role.
    pub fn rules(&self) -> &[PolicyRule] {
        match self {
            Self::Role(granted) => &granted.role.rules,
            Self::ServiceAccount(_) | Self::Binding(_) => &[],
        }
    }

    /// ServiceAccounts first, then each namespace's roles before their bindings.
    fn order(&self) -> (bool, Text, Text, u8) {
        let metadata = self.metadata();
        let rank = match self {
            Self::ServiceAccount(_) => 0,
            Self::Role(_) => 1,
            Self::Binding(_) => 2,
        };
        (rank > 0, metadata.namespace.clone(), metadata.name.clone(), rank)
    }
}
