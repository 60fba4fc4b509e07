//! The needs of one subject in one namespace.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, Role, Subject, Text, covers, rule_allows};

use super::Note;
use crate::atom::{Atom, into_rules};
use crate::denied::Denied;
use crate::object::GrantedRole;
use crate::risk::{reported, runs_pods};

/// The needs of one subject in one namespace, or cluster-wide for an empty one.
pub(super) struct Need {
    pub(super) namespace: Text,
    pub(super) subject: Subject,
    pub(super) denied: Vec<Denied>,
    /// Denials that are granted for all objects because the object's name is generated.
    unnamed: BTreeSet<Denied>,
}

impl Need {
    pub(super) fn new(namespace: &Text, subject: &Subject) -> Self {
        Self {
            namespace: namespace.clone(),
            subject: subject.clone(),
            denied: Vec::new(),
            unnamed: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, denied: Denied) {
        self.denied.push(denied);
    }

    /// Adds a denial to grant for all objects rather than for the named one.
    pub(super) fn add_unnamed(&mut self, denied: Denied) {
        self.unnamed.insert(denied.clone());
        self.denied.push(denied);
    }

    fn atoms(&self) -> impl Iterator<Item = Atom> {
        self.denied.iter().map(|denied| match self.unnamed.contains(denied) {
            true => Atom::needed_for(&denied.request.clone().without_name()),
            false => Atom::needed_for(&denied.request),
        })
    }

    /// Returns the smallest rules that allow all requests.
    pub(super) fn rules(&self) -> Vec<PolicyRule> {
        into_rules(self.atoms())
    }

    /// Returns whether a role's rules allow all requests.
    pub(super) fn is_met_by(&self, rules: &[PolicyRule]) -> bool {
        covers(rules, &self.rules()).is_complete()
    }

    /// Returns the subject if it is a ServiceAccount.
    pub(super) fn account(&self) -> Option<&Subject> {
        (self.subject.kind == rolecall_rbac::SubjectKind::ServiceAccount).then_some(&self.subject)
    }

    /// Returns the role with these rules merged with the required ones, and the denials that each
    /// answers.
    pub(super) fn granted(&self, role: Role, kept: &[PolicyRule]) -> GrantedRole {
        let rules = into_rules(kept.iter().flat_map(Atom::of_rule).chain(self.atoms()));
        self.answering(role, rules)
    }

    /// Returns a role with its existing rules followed by the required ones.
    pub(super) fn extended(&self, role: &Role) -> GrantedRole {
        let rules = role.rules.iter().cloned().chain(self.rules()).collect();
        self.answering(role.clone(), rules)
    }

    fn answering(&self, mut role: Role, rules: Vec<PolicyRule>) -> GrantedRole {
        let answered_by =
            |denied: &&Denied| rules.iter().position(|rule| rule_allows(rule, &denied.request));
        let mut answers: Vec<Vec<Denied>> = vec![Vec::new(); rules.len()];
        for denied in &self.denied {
            let rule = answered_by(&denied).and_then(|position| answers.get_mut(position));
            if let Some(answers) = rule {
                answers.push(denied.clone());
            }
        }
        role.rules = rules.into();
        // The role is not stored yet in this form, so aggregated roles include its new rules.
        role.metadata.stored = false;
        GrantedRole { role, answers }
    }

    /// Returns a note for each request that is granted for more objects than it names.
    pub(super) fn wider(&self) -> impl Iterator<Item = Note> {
        let named = self.denied.iter().filter(|denied| !self.unnamed.contains(denied));
        named.filter_map(|denied| {
            match (Atom::asked_by(&denied.request), Atom::needed_for(&denied.request)) {
                (asked, needed) if asked == needed => None,
                (Atom::Resource { verb, resource, .. }, _) => {
                    Some(Note::WiderThanNamed { verb, resource })
                }
                (Atom::Path { .. }, _) => None,
            }
        })
    }

    /// Returns a note if the subject can run Pods.
    pub(super) fn runs_pods(&self) -> Option<Note> {
        let runs_pods = self.denied.iter().any(|denied| runs_pods(&denied.request));
        (runs_pods && !self.namespace.is_empty())
            .then(|| Note::RunsPods { namespace: self.namespace.clone() })
    }

    /// Returns a note for each risk of medium or higher severity, which a report would contain.
    pub(super) fn risks(&self) -> impl Iterator<Item = Note> {
        let risks =
            self.denied.iter().flat_map(|denied| reported(&denied.request, &self.namespace));
        risks.collect::<BTreeSet<_>>().into_iter().map(|risk| Note::Risk { risk })
    }

    /// Returns a note for each request that uses constrained impersonation
    /// (docs/semantics.md#impersonation).
    pub(super) fn half_of_impersonation(&self) -> impl Iterator<Item = Note> {
        self.denied.iter().filter_map(|denied| {
            let (mode, _) = denied.request.verb.strip_prefix("impersonate-on:")?.split_once(':')?;
            Some(Note::HalfOfImpersonation { verb: format!("impersonate:{mode}").into() })
        })
    }
}

/// Removes needs that a cluster-wide grant to the same subject covers.
pub(super) fn drop_cluster_wide_grants(needs: &mut BTreeMap<(Text, Subject), Need>) {
    let cluster: BTreeMap<Subject, Vec<PolicyRule>> = needs
        .iter()
        .filter(|((namespace, _), _)| namespace.is_empty())
        .map(|((_, subject), need)| (subject.clone(), need.rules()))
        .collect();
    for ((namespace, subject), need) in &mut *needs {
        let Some(rules) = cluster.get(subject).filter(|_| !namespace.is_empty()) else { continue };
        need.denied.retain(|denied| !rules.iter().any(|rule| rule_allows(rule, &denied.request)));
    }
    needs.retain(|_, need| !need.denied.is_empty());
}
