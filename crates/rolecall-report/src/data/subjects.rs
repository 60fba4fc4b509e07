//! The subjects of bindings, the ServiceAccounts, and the groups that each belongs to.

use std::collections::HashMap;

use rolecall_rbac::{
    Authorizer, Binding, Identity, Origin, ServiceAccountName, Subject, SubjectKind, Text,
};
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::Serialize;

use super::{Places, Tables};

/// A ServiceAccount, also if a binding names it as a user.
const SERVICE_ACCOUNT: u32 = 0;
const USER: u32 = 1;
const GROUP: u32 = 2;
/// A subject that matches no identity: any other kind, or a ServiceAccount without a namespace.
const NEVER: u32 = 3;

/// The ServiceAccount was read.
const EXISTS: u32 = 1;
/// Every request is allowed before any rule is evaluated.
const PRIVILEGED: u32 = 2;

/// The subjects as columns.
#[derive(Debug, Default, Serialize)]
pub(super) struct Subjects {
    kind: Vec<u32>,
    namespace: Vec<u32>,
    name: Vec<u32>,
    /// The number of a list of subjects: the groups whose bindings also apply.
    groups: Vec<u32>,
    flags: Vec<u32>,
    /// The number of a list of gaps that can hide more bindings or rules.
    gaps: Vec<u32>,
    #[serde(flatten)]
    places: Places,
}

/// Subjects as they are found.
pub(super) struct Builder<'a> {
    authorizer: &'a Authorizer,
    entries: Vec<Entry>,
    numbers: HashMap<Key, u32, FxBuildHasher>,
}

/// The value by which the evaluator compares subjects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A user name; a ServiceAccount is a user.
    User(Text),
    Group(Text),
    Never(Text, Text, Text),
}

/// A subject to write.
struct Entry {
    kind: u32,
    namespace: Text,
    name: Text,
    identity: Option<Identity>,
}

impl<'a> Builder<'a> {
    /// Starts with the ServiceAccounts that were read, in order.
    pub(super) fn new(authorizer: &'a Authorizer) -> Self {
        let mut builder = Self { authorizer, entries: Vec::new(), numbers: HashMap::default() };
        for account in authorizer.inventory().service_accounts() {
            builder.account(&account.metadata.namespace, &account.metadata.name);
        }
        builder
    }

    /// Returns the subjects of a binding, without repetitions.
    pub(super) fn of_binding(&mut self, binding: &Binding) -> Vec<u32> {
        let mut seen = FxHashSet::default();
        let numbers = binding.subjects.iter().map(|subject| self.subject(subject, binding));
        numbers.filter(|number| seen.insert(*number)).collect()
    }

    /// Returns the number of a ServiceAccount.
    pub(super) fn account(&mut self, namespace: &Text, name: &Text) -> u32 {
        let identity = Identity::service_account(namespace, name);
        self.add(Key::User(identity.user.clone()), || Entry {
            kind: SERVICE_ACCOUNT,
            namespace: namespace.clone(),
            name: name.clone(),
            identity: Some(identity),
        })
    }

    fn subject(&mut self, subject: &Subject, binding: &Binding) -> u32 {
        let name = &subject.name;
        match &subject.kind {
            SubjectKind::ServiceAccount => match subject.effective_namespace(&binding.metadata) {
                Some(namespace) => self.account(namespace, name),
                None => self.never("ServiceAccount", subject),
            },
            SubjectKind::User => match ServiceAccountName::parse(name) {
                Some(account) => self.account(&account.namespace.into(), &account.name.into()),
                None => self.add(Key::User(name.clone()), || Entry {
                    kind: USER,
                    namespace: Text::new(),
                    name: name.clone(),
                    identity: Some(Identity::user(name)),
                }),
            },
            SubjectKind::Group => self.group(name),
            SubjectKind::Other(kind) => self.never(kind, subject),
        }
    }

    fn group(&mut self, name: &Text) -> u32 {
        self.add(Key::Group(name.clone()), || Entry {
            kind: GROUP,
            namespace: Text::new(),
            name: name.clone(),
            identity: Some(Identity::group(name)),
        })
    }

    fn never(&mut self, kind: &str, subject: &Subject) -> u32 {
        let key = Key::Never(kind.into(), subject.namespace.clone(), subject.name.clone());
        self.add(key, || Entry {
            kind: NEVER,
            namespace: kind.into(),
            name: subject.name.clone(),
            identity: None,
        })
    }

    fn add(&mut self, key: Key, entry: impl FnOnce() -> Entry) -> u32 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.entries.len() as u32;
        self.numbers.insert(key, number);
        self.entries.push(entry());
        number
    }

    /// Returns the columns. Only groups that some binding names are listed as groups of a subject.
    pub(super) fn finish(self, tables: &mut Tables) -> Subjects {
        let Self { authorizer, entries, numbers } = self;
        let inventory = authorizer.inventory();
        let has_gaps = !inventory.gaps().is_empty();
        let mut subjects = Subjects::default();
        for entry in &entries {
            subjects.kind.push(entry.kind);
            subjects.namespace.push(tables.texts.add(&entry.namespace));
            subjects.name.push(tables.texts.add(&entry.name));
            let own = (entry.kind == GROUP).then_some(&entry.name);
            let groups = entry.identity.iter().flat_map(|identity| &identity.groups);
            let groups = groups.filter(|group| Some(*group) != own);
            let groups = groups.filter_map(|group| numbers.get(&Key::Group(group.clone())));
            subjects.groups.push(tables.subject_lists.add(groups.copied().collect()));
            let account = match entry.kind {
                SERVICE_ACCOUNT => inventory.service_account(&entry.namespace, &entry.name),
                _ => None,
            };
            let exists = if account.is_some() { EXISTS } else { 0 };
            let is_privileged = entry.identity.as_ref().is_some_and(Identity::is_privileged);
            subjects.flags.push(exists | if is_privileged { PRIVILEGED } else { 0 });
            let gaps = match entry.identity.as_ref().filter(|_| has_gaps) {
                Some(identity) => tables.gaps(inventory.gaps(), &authorizer.gaps_of(identity)),
                None => 0,
            };
            subjects.gaps.push(gaps);
            let origin = account.map_or(&Origin::Cluster, |account| &account.metadata.origin);
            subjects.places.push(origin, &mut tables.texts);
        }
        subjects
    }
}
