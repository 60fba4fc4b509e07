//! The assessment of one subject.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rolecall_access::Holder;
use rolecall_access::risk::{HeldRisk, RiskIndex};
use rolecall_check::{Severity, rule_of};
use rolecall_paths::{Reached, Sink, Start, Subject, Survey};
use rolecall_rbac::{Authorizer, Binding};

use crate::answer::risks::RiskRow;
use crate::listing::{Keys, place};
use crate::load::Session;
use crate::runners::Runners;
use crate::words;

/// The number of namespaces whose risks a cell lists.
const MOST_SCOPES: usize = 3;

/// Assesses subjects.
pub(super) struct Builder<'e, 'a> {
    authorizer: &'a Authorizer,
    index: RiskIndex<'e, 'a>,
    runners: &'e Runners<'a>,
    admins: BTreeSet<Subject>,
    reached: BTreeMap<Subject, Vec<Reached<'a>>>,
}

impl<'e, 'a> Builder<'e, 'a> {
    pub(super) fn new(
        authorizer: &'a Authorizer,
        index: RiskIndex<'e, 'a>,
        runners: &'e Runners<'a>,
        survey: Survey<'a>,
    ) -> Self {
        let mut reached: BTreeMap<Subject, Vec<Reached<'a>>> = BTreeMap::new();
        for found in survey.reached {
            reached.entry(found.subject.clone()).or_default().push(found);
        }
        let admins = survey.admins.into_iter().collect();
        Self { authorizer, index, runners, admins, reached }
    }

    /// Assesses a subject; `None` if it is harmless.
    pub(super) fn row(&mut self, start: &Start) -> Option<RiskRow<'a>> {
        let is_admin = self.admins.contains(&start.subject);
        let ends = self.reached.remove(&start.subject).unwrap_or_default();
        let mut risks: Vec<HeldRisk> = self.index.risks_of(&start.identity).into_iter().collect();
        risks.sort_by(|one, other| {
            let key = |risk: &HeldRisk| (Reverse(risk.severity), risk.code);
            (key(one), &one.namespace).cmp(&(key(other), &other.namespace))
        });
        let of_end = ends.first().map(|end| rule_of(&end.sink).severity);
        let of_admin = is_admin.then_some(Severity::Critical);
        let of_risk = risks.first().map(|risk| risk.severity);
        let severity = of_end.into_iter().chain(of_admin).chain(of_risk).max()?;
        let runners = match start.identity.as_service_account() {
            None => Some(Vec::new()),
            Some(account) => {
                let found = self.runners.of(account.namespace, account.name);
                let namespace = account.namespace;
                found.map(|all| all.into_iter().map(|it| (namespace.to_owned(), it)).collect())
            }
        };
        let bindings = Holder::of_identity(&start.identity).bindings(self.authorizer);
        let mut bindings: Vec<&'a Binding> = bindings.into_iter().map(|it| it.binding).collect();
        bindings.dedup_by(|one, other| std::ptr::eq(*one, *other));
        let subject = start.subject.clone();
        Some(RiskRow { subject, severity, is_admin, ends, risks, runners, bindings })
    }
}

impl RiskRow<'_> {
    /// Returns the key by which rows are sorted, the worst first.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (
            Reverse(self.severity),
            Reverse(self.reach()),
            Reverse(self.risks.len()),
            self.subject.clone(),
        )
    }

    /// Returns how far a subject reaches: those that are cluster-admin first, then those with the shortest
    /// paths, then those with most workloads.
    fn reach(&self) -> usize {
        const ADMIN: usize = 4_000_000;
        const BECOMES_ADMIN: usize = 3_000_000;
        const BECOMES_MORE: usize = 2_000_000;
        let end = self.ends.first();
        match end.map(|end| (&end.sink, end.steps.len())) {
            _ if self.is_admin => ADMIN,
            Some((Sink::ClusterAdmin, steps)) => BECOMES_ADMIN - steps,
            Some((_, steps)) => BECOMES_MORE - steps,
            None => self.runners.as_ref().map_or(0, Vec::len),
        }
    }

    /// Describes what the subject can become, such as `cluster-admin (2 steps)`; empty for nothing.
    pub(super) fn becomes(&self) -> String {
        if self.is_admin {
            return "cluster-admin (own bindings)".to_owned();
        }
        let Some(end) = self.ends.first() else { return String::new() };
        let more = match self.ends.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} ({}){more}", end.sink, words::count(end.steps.len(), "step"))
    }

    /// Lists the codes of the risks by scope: `RC511,RC515 everywhere; RC510 in shop`.
    pub(super) fn codes(&self) -> String {
        let mut scopes: Vec<(Option<&str>, Vec<String>)> = Vec::new();
        for risk in &self.risks {
            let scope = risk.namespace.as_deref();
            let code = risk.code.to_string();
            match scopes.iter_mut().find(|(known, _)| *known == scope) {
                Some((_, codes)) if codes.contains(&code) => {}
                Some((_, codes)) => codes.push(code),
                None => scopes.push((scope, vec![code])),
            }
        }
        let more = match scopes.len().saturating_sub(MOST_SCOPES) {
            0 => String::new(),
            more => format!("; and in {}", words::count(more, "more namespace")),
        };
        let scopes = scopes.iter().take(MOST_SCOPES).map(|(scope, codes)| {
            let place = scope.map_or_else(|| "everywhere".to_owned(), |name| format!("in {name}"));
            format!("{} {place}", codes.join(" "))
        });
        format!("{}{more}", scopes.collect::<Vec<_>>().join("; "))
    }
}

/// Returns the keys by which rows are sorted and grouped.
pub(super) fn keys(row: &&RiskRow<'_>) -> Keys {
    let first = row.bindings.first();
    let namespace = match &row.subject {
        Subject::ServiceAccount { namespace, .. } => namespace.to_string(),
        _ => String::new(),
    };
    let end = row.ends.first().map(|end| end.sink.to_string());
    Keys {
        severity: Some(row.severity),
        reach: row.reach(),
        rule: match row.is_admin {
            true => "cluster-admin".to_owned(),
            false => end.unwrap_or_else(|| "nothing else".to_owned()),
        },
        subject: row.subject.to_string(),
        object: first.map(|binding| words::binding(binding)).unwrap_or_default(),
        namespace,
        place: first.map(|binding| place(&binding.metadata.origin)).unwrap_or_default(),
    }
}

/// Returns whether a subject belongs to one of some namespaces: as a ServiceAccount of it, or as a user or
/// group that a RoleBinding there names.
pub(super) fn is_in(session: &Session, start: &Start, namespaces: &[String]) -> bool {
    let is_named = |namespace: &str| namespaces.iter().any(|named| named == namespace);
    match start.identity.as_service_account() {
        Some(account) => is_named(account.namespace),
        None => Holder::of_identity(&start.identity)
            .bindings(&session.authorizer)
            .iter()
            .any(|bound| is_named(&bound.binding.metadata.namespace)),
    }
}
