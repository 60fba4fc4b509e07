//! Subjects that can act as an account with more access.

mod named;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rolecall_access::Holder;
use rolecall_access::risk::{self, HeldRisk, RiskIndex};
use rolecall_rbac::{Binding, Origin, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use self::named::{NamingRoles, Takeover, Way};
use super::combination::some_of;
use crate::context::Context;
use crate::findings::{Rule, by_design};
use crate::{FieldPath, Finding, RuleCode, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC513, check };

/// The risks that allow a subject to act as the ServiceAccounts of a namespace.
const WAYS: [RuleCode; 6] =
    [RuleCode(514), RuleCode(515), RuleCode(516), RuleCode(518), RuleCode(520), RuleCode(532)];

/// Writing Secrets: only useful for subjects that can read the tokens that the controller adds.
const WRITING: RuleCode = RuleCode(512);

/// Reading Secrets without knowing their names in advance.
const READING: [RuleCode; 2] = [RuleCode(510), RuleCode(511)];

/// How a subject can act as an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// As a ServiceAccount of a namespace, if a Secret that it can read by name does not exist yet.
    Perhaps,
    /// As any ServiceAccount of a namespace.
    Surely,
    /// The same, by changing an existing workload that a rule names.
    Workload,
    /// As an account that a rule names.
    Named(Way),
}

/// An account, and what it can do that a subject cannot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stronger {
    account: Holder,
    risk: HeldRisk,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut search = Search {
        context,
        index: RiskIndex::new(context.risks()),
        risks: FxHashMap::default(),
        reaches: FxHashMap::default(),
        strong: FxHashMap::default(),
    };
    let naming = NamingRoles::of(context.inventory());
    let mut reported: FxHashSet<(Holder, Text)> = FxHashSet::default();
    let parts: Vec<RuleCode> = WAYS.into_iter().chain([WRITING]).chain(READING).collect();
    for binding in context.bindings() {
        let namespace = &binding.metadata.namespace;
        let Some(role) = context.role_of(binding) else { continue };
        let takeovers = naming.takeovers(binding, role);
        let has_part = !binding.is_cluster_role_binding()
            && **namespace != *"kube-system"
            && search.index.role_has_any(role, namespace, &parts);
        let changes = naming.changes(binding, role);
        if !has_part && takeovers.is_empty() && changes.is_empty() {
            continue;
        }
        let mut found: BTreeMap<(Reach, Stronger), Vec<(usize, Holder)>> = BTreeMap::new();
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(holder) = Holder::of_subject(subject, &binding.metadata) else { continue };
            for Takeover { way, account } in &takeovers {
                if let Some(stronger) = search.stronger_by_name(&holder, account) {
                    let place = (Reach::Named(*way), stronger);
                    found.entry(place).or_default().push((index, holder.clone()));
                }
            }
            for namespace in changes.iter().filter(|namespace| ****namespace != *"kube-system") {
                if search.reach(&holder, namespace) == Some(Reach::Surely) {
                    continue;
                }
                let Some(stronger) = search.stronger(&holder, namespace) else { continue };
                if reported.insert((holder.clone(), (*namespace).clone())) {
                    let place = (Reach::Workload, stronger);
                    found.entry(place).or_default().push((index, holder.clone()));
                }
            }
            if !has_part || search.strong(namespace).is_empty() {
                continue;
            }
            let Some(reach) = search.reach(&holder, namespace) else { continue };
            let Some(stronger) = search.stronger(&holder, namespace) else { continue };
            if reported.insert((holder.clone(), namespace.clone())) {
                found.entry((reach, stronger)).or_default().push((index, holder));
            }
        }
        for ((reach, stronger), holders) in found {
            findings.push(about(context, binding, reach, &stronger, &holders));
        }
    }
}

fn about(
    context: &Context<'_>,
    binding: &Binding,
    reach: Reach,
    stronger: &Stronger,
    holders: &[(usize, Holder)],
) -> Finding {
    let names: Vec<String> = holders.iter().map(|(_, holder)| holder.to_string()).collect();
    let subjects = FieldPath::key("subjects");
    let field = match holders {
        [(index, _)] => subjects.then_index(*index),
        _ => subjects,
    };
    let Stronger { account, risk } = stronger;
    let (account, which, name) = match account {
        Holder::ServiceAccount { namespace, name } => {
            (format!("ServiceAccount `{namespace}/{name}`"), "which", name)
        }
        Holder::User(name) => (format!("user `{name}`"), "which", name),
        Holder::Group(name) => (format!("group `{name}`"), "whose members", name),
    };
    let access = match &risk.namespace {
        None => format!("{which} can {}, in the whole cluster", risk.may()),
        Some(namespace) => format!("{which} can {}, in namespace `{namespace}`", risk.may()),
    };
    let (severity, access) = match is_elsewhere(context, binding, &stronger.account) {
        true => (Severity::Info, format!("{access}, if both are installed in the same namespace")),
        false => (risk.severity, access),
    };
    let all: Vec<Holder> = holders.iter().map(|(_, holder)| holder.clone()).collect();
    let reason = by_design::purpose(context, RULE.meta.code, &all);
    let (severity, access) = match reason {
        Some(reason) => (Severity::Info, format!("{access}{reason}")),
        None => (severity, access),
    };
    let who = some_of(&names);
    let (severity, message) = match reach {
        Reach::Surely => (severity, format!("{who} can become {account}, {access}")),
        Reach::Workload => {
            (severity, format!("{who} can change a workload to run as {account}, {access}"))
        }
        Reach::Perhaps => (
            Severity::Info,
            format!(
                "{who} can become {account}, {access}, if a Secret that it can read by name does not exist yet"
            ),
        ),
        Reach::Named(Way::Token) => {
            (severity, format!("{who} can request tokens of {account}, {access}"))
        }
        Reach::Named(Way::Impersonation) => {
            (severity, format!("{who} can impersonate {account}, {access}"))
        }
    };
    let fix = match reach {
        Reach::Surely | Reach::Workload => {
            "keep ServiceAccounts with cluster-wide access in a dedicated namespace".to_owned()
        }
        Reach::Perhaps => {
            "remove `create` on `secrets`, or create the Secrets that the rule names beforehand"
                .to_owned()
        }
        Reach::Named(_) => {
            format!("remove `{name}` from the rule, or grant it only the required access")
        }
    };
    let finding = Finding::new(RULE.meta, binding.into(), message)
        .at(field)
        .about(format!("{} {name}", names.first().map_or("", String::as_str)))
        .severity(severity)
        .fix(fix)
        .holders(names.clone())
        .subjects(names);
    let Holder::ServiceAccount { namespace, name } = &stronger.account else { return finding };
    match context.inventory().service_account(namespace, name) {
        Some(account) => finding.related(account.into(), "the stronger ServiceAccount"),
        None => finding,
    }
}

/// Returns whether an account is only in the namespace of a binding because neither has a namespace of its
/// own: files in other directories are often alternatives or other examples.
fn is_elsewhere(context: &Context<'_>, binding: &Binding, account: &Holder) -> bool {
    let Holder::ServiceAccount { namespace, name } = account else { return false };
    let Some(account) = context.inventory().service_account(namespace, name) else { return false };
    let is_guess = context.is_guess(&account.metadata) || context.is_guess(&binding.metadata);
    is_guess
        && !context.input.is_one_install
        && directory(&account.metadata.origin) != directory(&binding.metadata.origin)
}

fn directory(origin: &Origin) -> Option<&str> {
    let Origin::File { path, .. } = origin else { return None };
    Some(path.rsplit_once('/').map_or("", |(directory, _)| directory))
}

struct Search<'c, 'a> {
    context: &'c Context<'a>,
    index: RiskIndex<'c, 'a>,
    risks: FxHashMap<Holder, Rc<BTreeSet<HeldRisk>>>,
    reaches: FxHashMap<(Holder, Text), Option<Reach>>,
    /// The ServiceAccounts of namespaces that can take over the cluster, the strongest first.
    strong: FxHashMap<Text, Vec<Stronger>>,
}

impl Search<'_, '_> {
    /// Returns how a subject can act as the ServiceAccounts of a namespace.
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

    /// Returns the strongest ServiceAccount of a namespace with cluster-wide access that a subject
    /// does not have.
    fn stronger(&mut self, holder: &Holder, namespace: &Text) -> Option<Stronger> {
        if self.strong(namespace).is_empty() {
            return None;
        }
        let own = self.risks_of(holder);
        let is_own =
            |code: RuleCode| own.iter().any(|risk| risk.namespace.is_none() && risk.code == code);
        let mut strong = self.strong(namespace).iter();
        strong.find(|one| one.account != *holder && !is_own(one.risk.code)).cloned()
    }

    /// Returns the takeover risks of the ServiceAccounts of a namespace, found once, the most severe first.
    fn strong(&mut self, namespace: &Text) -> &[Stronger] {
        if !self.strong.contains_key(namespace) {
            let strong = self.strong_in(namespace);
            self.strong.insert(namespace.clone(), strong);
        }
        self.strong.get(namespace).map_or(&[], |strong| strong)
    }

    fn strong_in(&mut self, namespace: &Text) -> Vec<Stronger> {
        let accounts = self.context.inventory().service_accounts_in(namespace);
        let mut strong = Vec::new();
        for account in accounts {
            let account = Holder::ServiceAccount {
                namespace: account.metadata.namespace.clone(),
                name: account.metadata.name.clone(),
            };
            let identity = account.identity();
            let single = self.index.codes_in(&identity, "");
            if !single.into_iter().any(risk::takes_over) && !self.index.can_combine(&identity) {
                continue;
            }
            let is_strong =
                |risk: &&HeldRisk| risk.namespace.is_none() && risk::takes_over(risk.code);
            let risks = self.risks_of(&account);
            let risks = risks.iter().filter(is_strong);
            strong.extend(
                risks.map(|risk| Stronger { account: account.clone(), risk: risk.clone() }),
            );
        }
        strong.sort_by_key(|one| Reverse(one.risk.severity));
        strong
    }

    /// Returns the most severe risk of an account that a rule names, unless the subject also has it, or can act
    /// as any ServiceAccount of the same namespace.
    fn stronger_by_name(&mut self, holder: &Holder, account: &Holder) -> Option<Stronger> {
        if account == holder {
            return None;
        }
        if let Holder::ServiceAccount { namespace, .. } = account
            && self.reach(holder, namespace) == Some(Reach::Surely)
        {
            return None;
        }
        let mut risks: Vec<HeldRisk> = self.risks_of(account).iter().cloned().collect();
        risks.retain(|risk| risk.severity >= Severity::Medium);
        risks.sort_by_key(|risk| Reverse(risk.severity));
        let risk = risks.into_iter().find(|risk| !self.holds(holder, risk))?;
        Some(Stronger { account: account.clone(), risk })
    }

    /// Returns whether a subject has a risk in the same or a wider scope.
    fn holds(&mut self, holder: &Holder, risk: &HeldRisk) -> bool {
        let scope = risk.namespace.clone().unwrap_or_default();
        let is_covered = |own: &HeldRisk| {
            own.code == risk.code && (own.namespace.is_none() || own.namespace == risk.namespace)
        };
        self.index.codes_in(&holder.identity(), &scope).contains(&risk.code)
            || self.risks_of(holder).iter().any(is_covered)
    }

    fn risks_of(&mut self, holder: &Holder) -> Rc<BTreeSet<HeldRisk>> {
        if let Some(known) = self.risks.get(holder) {
            return known.clone();
        }
        let risks = Rc::new(self.index.risks_of(&holder.identity()));
        self.risks.insert(holder.clone(), risks.clone());
        risks
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
