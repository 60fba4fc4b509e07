use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rolecall_access::Holder;
use rolecall_access::risk::{self, RiskIndex};
use rolecall_rbac::{Binding, ServiceAccount, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use super::combination::some_of;
use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, RuleCode, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC513, check };

/// The risks that allow a subject to act as the ServiceAccounts of a namespace.
const WAYS: [RuleCode; 5] =
    [RuleCode(514), RuleCode(515), RuleCode(516), RuleCode(518), RuleCode(532)];

/// Writing Secrets: only useful for subjects that can read the tokens that the controller adds.
const WRITING: RuleCode = RuleCode(512);

/// Reading Secrets without knowing their names in advance.
const READING: [RuleCode; 2] = [RuleCode(510), RuleCode(511)];

/// Whether a subject can act as the ServiceAccounts of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// If a Secret that it can read by name does not exist yet.
    Perhaps,
    /// It can.
    Surely,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut search = Search {
        context,
        index: RiskIndex::new(context.risks()),
        takeovers: FxHashMap::default(),
        reaches: FxHashMap::default(),
    };
    let parts: Vec<RuleCode> = WAYS.into_iter().chain([WRITING]).chain(READING).collect();
    let mut reported: FxHashSet<(Holder, Text)> = FxHashSet::default();
    for binding in context.bindings() {
        let namespace = &binding.metadata.namespace;
        if binding.is_cluster_role_binding() || **namespace == *"kube-system" {
            continue;
        }
        let Some(role) = context.role_of(binding) else { continue };
        if !search.index.role_has_any(role, namespace, &parts) {
            continue;
        }
        let mut found: BTreeMap<(Reach, &Text), Vec<(usize, Holder)>> = BTreeMap::new();
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(holder) = Holder::of_subject(subject, &binding.metadata) else { continue };
            let Some(reach) = search.reach(&holder, namespace) else { continue };
            let Some(stronger) = search.stronger(&holder, namespace) else { continue };
            if reported.insert((holder.clone(), namespace.clone())) {
                let place = (reach, &stronger.metadata.name);
                found.entry(place).or_default().push((index, holder));
            }
        }
        for ((reach, stronger), holders) in found {
            let stronger = context.inventory().service_account(namespace, stronger);
            findings.extend(stronger.map(|stronger| about(binding, reach, stronger, &holders)));
        }
    }
}

fn about(
    binding: &Binding,
    reach: Reach,
    stronger: &ServiceAccount,
    holders: &[(usize, Holder)],
) -> Finding {
    let names: Vec<String> = holders.iter().map(|(_, holder)| holder.to_string()).collect();
    let subjects = FieldPath::key("subjects");
    let field = match holders {
        [(index, _)] => subjects.then_index(*index),
        _ => subjects,
    };
    let name = &stronger.metadata.name;
    let account =
        format!("ServiceAccount `{}/{name}`, which has more access", binding.metadata.namespace);
    let (severity, message) = match reach {
        Reach::Surely => (RULE.meta.severity, format!("{} can become {account}", some_of(&names))),
        Reach::Perhaps => (
            Severity::Info,
            format!(
                "{} can become {account}, if a Secret that it can read by name does not exist yet",
                some_of(&names)
            ),
        ),
    };
    Finding::new(RULE.meta, binding.into(), message)
        .at(field)
        .about(format!("{} {name}", names.first().map_or("", String::as_str)))
        .severity(severity)
        .fix("keep ServiceAccounts with cluster-wide access in a dedicated namespace")
        .subjects(names)
        .related(stronger.into(), "the stronger ServiceAccount")
}

struct Search<'c, 'a> {
    context: &'c Context<'a>,
    index: RiskIndex<'c, 'a>,
    /// The risks that each subject holds everywhere and that let it take over the cluster, sorted.
    takeovers: FxHashMap<Holder, Rc<[RuleCode]>>,
    reaches: FxHashMap<(Holder, Text), Option<Reach>>,
}

impl<'a> Search<'_, 'a> {
    /// Returns whether a subject can act as the ServiceAccounts of a namespace.
    fn reach(&mut self, holder: &Holder, namespace: &Text) -> Option<Reach> {
        let key = (holder.clone(), namespace.clone());
        if let Some(known) = self.reaches.get(&key) {
            return *known;
        }
        let codes = self.index.codes_in(&holder.identity(), namespace);
        let reach = if WAYS.iter().any(|way| codes.contains(way)) {
            Some(Reach::Surely)
        } else if !codes.contains(&WRITING) || !self.creates_secrets(holder, namespace) {
            None
        } else if READING.iter().any(|code| codes.contains(code)) {
            Some(Reach::Surely)
        } else {
            self.reads_named_secrets(holder, namespace).then_some(Reach::Perhaps)
        };
        self.reaches.insert(key, reach);
        reach
    }

    /// Returns a ServiceAccount of a namespace with cluster-wide access that a subject does not
    /// have.
    fn stronger(&mut self, holder: &Holder, namespace: &Text) -> Option<&'a ServiceAccount> {
        let own = self.takeovers(holder);
        let accounts = self.context.inventory().service_accounts_in(namespace);
        accounts.iter().find(|account| {
            let metadata = &account.metadata;
            let account = Holder::ServiceAccount {
                namespace: metadata.namespace.clone(),
                name: metadata.name.clone(),
            };
            account != *holder
                && self.takeovers(&account).iter().any(|code| own.binary_search(code).is_err())
        })
    }

    fn takeovers(&mut self, holder: &Holder) -> Rc<[RuleCode]> {
        if let Some(known) = self.takeovers.get(holder) {
            return known.clone();
        }
        let identity = holder.identity();
        let single = self.index.codes_in(&identity, "");
        let has_any = single.into_iter().any(risk::takes_over) || self.index.can_combine(&identity);
        let risks = if has_any { self.index.risks_of(&identity) } else { BTreeSet::new() };
        let everywhere = risks.iter().filter(|risk| risk.namespace.is_none());
        let codes = everywhere.map(|risk| risk.code).filter(|code| risk::takes_over(*code));
        let mut codes: Vec<RuleCode> = codes.collect();
        codes.sort_unstable();
        let codes: Rc<[RuleCode]> = codes.into();
        self.takeovers.insert(holder.clone(), codes.clone());
        codes
    }

    fn creates_secrets(&self, holder: &Holder, namespace: &str) -> bool {
        self.has_rule(holder, namespace, |rule| {
            let request = secrets("create", "");
            rolecall_rbac::rule_allows(rule, &request)
        })
    }

    fn reads_named_secrets(&self, holder: &Holder, namespace: &str) -> bool {
        self.has_rule(holder, namespace, |rule| {
            let mut names = rule.resource_names.iter();
            names.any(|name| rolecall_rbac::rule_allows(rule, &secrets("get", name)))
        })
    }

    fn has_rule(
        &self,
        holder: &Holder,
        namespace: &str,
        is_meant: impl Fn(&rolecall_rbac::PolicyRule) -> bool,
    ) -> bool {
        let bound = self.context.authorizer().bindings_in(&holder.identity(), namespace);
        let roles = bound.iter().filter_map(|bound| bound.role.ok());
        roles.flat_map(|role| role.rules.iter()).any(is_meant)
    }
}

fn secrets(verb: &str, name: &str) -> rolecall_rbac::Request {
    rolecall_rbac::Request::resource(
        verb,
        rolecall_rbac::ResourceRequest {
            resource: "secrets".into(),
            name: name.into(),
            ..rolecall_rbac::ResourceRequest::default()
        },
    )
}
