use std::collections::{BTreeMap, BTreeSet};

use rolecall_paths::Sink;
use rolecall_rbac::{Authorizer, Catalog, Grant, Identity};

use super::paths::{self, End};
use super::subject::Known;
use super::wanted::Wanted;
use super::{AccessEntry, EntryError, Expectation, Failure, Spot, Unmet, Word};
use crate::KubernetesVersion;
use rolecall_access::{AccessSet, AccessTerm, EffectiveAccess, ReadableTerm, Scopes, baseline};
use rolecall_access::{
    Holder,
    diff::{grants, hidden},
};

/// Returns the failed expectations, in order and then by subject; nothing if all of them are met.
pub fn evaluate<'a>(
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    expectations: &'a [Expectation],
    version: KubernetesVersion,
) -> Vec<Failure<'a>> {
    let all = expectations.iter().enumerate();
    evaluate_some(authorizer, catalog, all, version)
        .failures
        .into_iter()
        .map(|(_, failure)| failure)
        .collect()
}

/// Evaluates expectations in one world: a target, or the plain files (`None`), to which the
/// expectations about targets do not apply.
pub fn evaluate_target<'a>(
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    expectations: &'a [Expectation],
    target: Option<&str>,
    version: KubernetesVersion,
) -> Outcome<'a> {
    let is_about = |expectation: &Expectation| {
        let named = |name| expectation.targets.iter().any(|glob| glob.matches(name));
        expectation.targets.is_empty() || target.is_some_and(named)
    };
    let about = expectations.iter().enumerate().filter(|(_, expectation)| is_about(expectation));
    evaluate_some(authorizer, catalog, about, version)
}

/// The result of evaluating expectations in one world.
#[derive(Debug, Default)]
pub struct Outcome<'a> {
    /// The failures, with the index of their expectations.
    pub(super) failures: Vec<(usize, Failure<'a>)>,
    /// The subjects of each evaluated expectation, by its index.
    pub(super) subjects: BTreeMap<usize, BTreeSet<Holder>>,
}

fn evaluate_some<'a>(
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    expectations: impl Iterator<Item = (usize, &'a Expectation)>,
    version: KubernetesVersion,
) -> Outcome<'a> {
    let mut expectations = expectations.peekable();
    if expectations.peek().is_none() {
        return Outcome::default();
    }
    let mut evaluation = Evaluation {
        authorizer,
        catalog,
        scopes: Scopes::of([catalog]),
        known: Known::new(authorizer.inventory()),
        effective: EffectiveAccess::new(authorizer),
        held: BTreeMap::new(),
        version,
        index: 0,
        outcome: Outcome::default(),
    };
    for (index, expectation) in expectations {
        evaluation.index = index;
        evaluation.expect(expectation);
    }
    evaluation.outcome
}

struct Evaluation<'a> {
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    scopes: Scopes,
    known: Known<'a>,
    effective: EffectiveAccess<'a>,
    held: BTreeMap<Holder, Held>,
    version: KubernetesVersion,
    /// The index of the expectation that is being evaluated.
    index: usize,
    outcome: Outcome<'a>,
}

/// The access of a subject, and the access that it might have through unread objects.
#[derive(Clone)]
struct Held {
    identity: Identity,
    access: AccessSet,
    hidden: AccessSet,
}

impl<'a> Evaluation<'a> {
    fn expect(&mut self, expectation: &'a Expectation) {
        let holders = expectation.holders(&self.known);
        self.outcome.subjects.insert(self.index, holders.iter().cloned().collect());
        if holders.is_empty() {
            if !expectation.optional {
                self.fail(expectation, None, Spot::SUBJECTS, Unmet::NoSubject);
            }
            return;
        }
        let can = self.read(expectation, &expectation.can, Word::Can);
        let cannot = self.read(expectation, &expectation.cannot, Word::Cannot);
        let only = expectation.only.as_ref().map(|only| {
            let mut most = self.read(expectation, only, Word::Only);
            // Required access is also permitted; its problems have already been reported.
            most.extend(expectation.can.iter().zip(0..).filter_map(|(entry, index)| {
                let wanted = Wanted::new(entry, Word::Only, &self.known, self.catalog).ok()?;
                Some((Spot::entry(Word::Can, index), wanted))
            }));
            most
        });
        for (index, sink) in expectation.cannot_become.iter().enumerate() {
            self.cannot_become(expectation, index, sink, &holders);
        }
        for holder in holders {
            let held = self.held(&holder);
            let at = Place { expectation, holder: &holder, held: &held };
            for (spot, wanted) in &can {
                if let Some(wanted) = self.of_holder(at, *spot, wanted) {
                    self.can(at, *spot, &wanted);
                }
            }
            for (spot, wanted) in &cannot {
                if let Some(unwanted) = self.of_holder(at, *spot, wanted) {
                    self.cannot(at, *spot, &unwanted);
                }
            }
            if let Some(most) = &only {
                let most: Option<Vec<AccessSet>> =
                    most.iter().map(|(spot, most)| self.of_holder(at, *spot, most)).collect();
                if let Some(most) = most {
                    self.only(at, &most);
                }
            }
        }
    }

    /// Reads entries, and reports meaningless ones.
    fn read(
        &mut self,
        expectation: &'a Expectation,
        entries: &[AccessEntry],
        word: Word,
    ) -> Vec<(Spot, Wanted)> {
        let mut read = Vec::new();
        for (entry, index) in entries.iter().zip(0..) {
            let spot = Spot::entry(word, index);
            match Wanted::new(entry, word, &self.known, self.catalog) {
                Ok(wanted) => read.push((spot, wanted)),
                Err(EntryError::NoNamespace { .. }) if expectation.optional => {}
                Err(error) => self.fail(expectation, None, spot, Unmet::Meaningless { error }),
            }
        }
        read
    }

    /// Returns the access of an entry for a subject; `None`, and a failure, if it is meaningless.
    fn of_holder(&mut self, at: Place<'a, '_>, spot: Spot, wanted: &Wanted) -> Option<AccessSet> {
        match wanted.of(at.holder) {
            Ok(set) => Some(set),
            Err(error) => {
                let unmet = Unmet::Meaningless { error };
                self.fail(at.expectation, Some(at.holder), spot, unmet);
                None
            }
        }
    }

    fn can(&mut self, at: Place<'a, '_>, spot: Spot, wanted: &AccessSet) {
        let missing = wanted.difference(&at.held.access);
        let denied = missing.difference(&at.held.hidden);
        for term in denied.terms() {
            let Some(example) = term.examples().next() else { continue };
            let near = self.authorizer.near_misses(&at.held.identity, &example, self.catalog);
            self.fail(
                at.expectation,
                Some(at.holder),
                spot,
                Unmet::Denied { missing: term, example, near },
            );
        }
        if denied.is_empty() && !missing.is_empty() {
            self.leave_open(at, spot, Word::Can);
        }
    }

    fn cannot(&mut self, at: Place<'a, '_>, spot: Spot, unwanted: &AccessSet) {
        let granted = at.held.access.intersection(unwanted);
        for access in granted.terms() {
            let by = self.grants(at, std::slice::from_ref(&access));
            self.fail(at.expectation, Some(at.holder), spot, Unmet::Allowed { access, by });
        }
        if granted.is_empty() && !at.held.hidden.intersection(unwanted).is_empty() {
            self.leave_open(at, spot, Word::Cannot);
        }
    }

    fn only(&mut self, at: Place<'a, '_>, most: &[AccessSet]) {
        let most = most.iter().fold(baseline(), |joined, set| joined.union(set));
        let beyond = at.held.access.difference(&most);
        let beyond = self.scopes.possible(&beyond);
        let is_within = beyond.is_empty();
        if !is_within {
            let excess = match self.scopes.is_everything(&at.held.access) {
                true => vec![ReadableTerm::everything(&beyond)],
                false => self.scopes.readable(&beyond),
            };
            let parts: Vec<AccessTerm> =
                excess.iter().flat_map(|excess| excess.parts.clone()).collect();
            let by = self.grants(at, &parts);
            let access = excess.into_iter().map(|excess| excess.term).collect();
            self.fail(at.expectation, Some(at.holder), Spot::ONLY, Unmet::Beyond { access, by });
        }
        if is_within && !at.held.hidden.is_subset(&most) {
            self.leave_open(at, Spot::ONLY, Word::Only);
        }
    }

    /// Reports the holders that have the access of a target or reach it by a path.
    fn cannot_become(
        &mut self,
        expectation: &'a Expectation,
        index: usize,
        sink: &Sink,
        holders: &BTreeSet<Holder>,
    ) {
        let spot = Spot::entry(Word::CannotBecome, index);
        let found = paths::find(self.authorizer, self.version, sink, holders);
        for (holder, end) in holders.iter().zip(found) {
            let unmet = match end {
                End::Unreached => continue,
                End::Reached(steps) => Unmet::Becomes { sink: sink.clone(), steps },
                End::Unknown(gaps) => Unmet::Undecided { word: Word::CannotBecome, gaps },
            };
            self.fail(expectation, Some(holder), spot, unmet);
        }
    }

    fn grants(&self, at: Place<'a, '_>, access: &[AccessTerm]) -> Vec<Grant<'a>> {
        let privileged = at.held.identity.is_privileged().then_some(Grant::Privileged);
        let bound = self.authorizer.bindings_of(&at.held.identity);
        privileged.into_iter().chain(grants(&bound, access).into_iter().map(Grant::Rule)).collect()
    }

    fn leave_open(&mut self, at: Place<'a, '_>, spot: Spot, word: Word) {
        let gaps = self.authorizer.gaps_of(&at.held.identity);
        self.fail(at.expectation, Some(at.holder), spot, Unmet::Undecided { word, gaps });
    }

    fn fail(
        &mut self,
        expectation: &'a Expectation,
        holder: Option<&Holder>,
        spot: Spot,
        unmet: Unmet<'a>,
    ) {
        let failure = Failure { expectation, holder: holder.cloned(), spot, unmet };
        self.outcome.failures.push((self.index, failure));
    }

    fn held(&mut self, holder: &Holder) -> Held {
        if let Some(held) = self.held.get(holder) {
            return held.clone();
        }
        let identity = holder.identity();
        let held = Held {
            access: self.effective.of(&identity),
            hidden: hidden(self.authorizer, &identity),
            identity,
        };
        self.held.insert(holder.clone(), held.clone());
        held
    }
}

/// The subjects for which an expectation is checked.
#[derive(Clone, Copy)]
struct Place<'a, 'h> {
    expectation: &'a Expectation,
    holder: &'h Holder,
    held: &'h Held,
}
