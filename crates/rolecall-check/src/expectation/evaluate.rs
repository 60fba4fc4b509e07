use std::collections::BTreeMap;

use rolecall_rbac::{Authorizer, Catalog, Grant, Identity};

use super::baseline::everybody;
use super::subject::Known;
use super::wanted::Wanted;
use super::{AccessEntry, EntryError, Expectation, Expectations, Failure, Unmet, Word};
use crate::access::{AccessSet, AccessTerm, EffectiveAccess, ResourceTerm};
use crate::diff::{Holder, grants, hidden};

/// Returns where expectations do not hold, in the file's order and then by subject; nothing when all
/// of them hold.
pub fn evaluate<'a>(
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    expectations: &'a Expectations,
) -> Vec<Failure<'a>> {
    let mut evaluation = Evaluation {
        authorizer,
        catalog,
        known: Known::new(authorizer.inventory()),
        effective: EffectiveAccess::new(authorizer),
        held: BTreeMap::new(),
        failures: Vec::new(),
    };
    for expectation in &expectations.expectations {
        evaluation.expect(expectation);
    }
    evaluation.failures
}

struct Evaluation<'a> {
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
    known: Known<'a>,
    effective: EffectiveAccess<'a>,
    held: BTreeMap<Holder, Held>,
    failures: Vec<Failure<'a>>,
}

/// What a subject holds, and what it may hold besides through something that was not read.
#[derive(Clone)]
struct Held {
    identity: Identity,
    access: AccessSet,
    hidden: AccessSet,
}

impl<'a> Evaluation<'a> {
    fn expect(&mut self, expectation: &'a Expectation) {
        let holders = expectation.holders(&self.known);
        if holders.is_empty() {
            if !expectation.optional {
                self.fail(expectation, None, Unmet::NoSubject);
            }
            return;
        }
        let can = self.read(expectation, &expectation.can, Word::Can);
        let cannot = self.read(expectation, &expectation.cannot, Word::Cannot);
        let only = expectation.only.as_ref().map(|only| {
            let mut most = self.read(expectation, only, Word::Only);
            // What is asked for is allowed too; whatever is wrong with it has been said already.
            most.extend(expectation.can.iter().filter_map(|entry| {
                Wanted::new(entry, Word::Only, &self.known, self.catalog).ok()
            }));
            most
        });
        for holder in holders {
            let held = self.held(&holder);
            let sets = |wanted: &[Wanted]| -> Result<Vec<AccessSet>, EntryError> {
                wanted.iter().map(|wanted| wanted.of(&holder)).collect()
            };
            let only = only.as_deref().map(sets).transpose();
            match (sets(&can), sets(&cannot), only) {
                (Ok(can), Ok(cannot), Ok(only)) => {
                    let at = Place { expectation, holder: &holder, held: &held };
                    can.iter().for_each(|wanted| self.can(at, wanted));
                    cannot.iter().for_each(|wanted| self.cannot(at, wanted));
                    if let Some(only) = only {
                        self.only(at, &only);
                    }
                }
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                    self.fail(expectation, Some(&holder), Unmet::Meaningless { error });
                }
            }
        }
    }

    /// Reads entries, and reports those that mean nothing.
    fn read(
        &mut self,
        expectation: &'a Expectation,
        entries: &[AccessEntry],
        word: Word,
    ) -> Vec<Wanted> {
        let mut read = Vec::new();
        for entry in entries {
            match Wanted::new(entry, word, &self.known, self.catalog) {
                Ok(wanted) => read.push(wanted),
                Err(EntryError::NoNamespace { .. }) if expectation.optional => {}
                Err(error) => self.fail(expectation, None, Unmet::Meaningless { error }),
            }
        }
        read
    }

    fn can(&mut self, at: Place<'a, '_>, wanted: &AccessSet) {
        let missing = wanted.difference(&at.held.access);
        let denied = missing.difference(&at.held.hidden);
        for term in denied.terms() {
            let Some(example) = term.examples().next() else { continue };
            let near = self.authorizer.near_misses(&at.held.identity, &example, self.catalog);
            self.fail(
                at.expectation,
                Some(at.holder),
                Unmet::Denied { missing: term, example, near },
            );
        }
        if denied.is_empty() && !missing.is_empty() {
            self.leave_open(at, Word::Can);
        }
    }

    fn cannot(&mut self, at: Place<'a, '_>, unwanted: &AccessSet) {
        let granted = at.held.access.intersection(unwanted);
        for access in granted.terms() {
            let by = self.grants(at, &access);
            self.fail(at.expectation, Some(at.holder), Unmet::Allowed { access, by });
        }
        if granted.is_empty() && !at.held.hidden.intersection(unwanted).is_empty() {
            self.leave_open(at, Word::Cannot);
        }
    }

    fn only(&mut self, at: Place<'a, '_>, most: &[AccessSet]) {
        let most = most.iter().fold(everybody(), |joined, set| joined.union(set));
        let beyond = at.held.access.difference(&most);
        let beyond: Vec<AccessTerm> =
            beyond.terms().into_iter().filter_map(|term| self.without_inert(term)).collect();
        let is_within = beyond.is_empty();
        for access in beyond {
            let by = self.grants(at, &access);
            self.fail(at.expectation, Some(at.holder), Unmet::Beyond { access, by });
        }
        if is_within && !at.held.hidden.is_subset(&most) {
            self.leave_open(at, Word::Only);
        }
    }

    /// Takes cluster-scoped resources out of a term of some namespaces: RoleBindings grant them there,
    /// but nobody can ask for them there. `None` when nothing is left.
    fn without_inert(&self, term: AccessTerm) -> Option<AccessTerm> {
        let AccessTerm::Resources(mut term) = term else { return Some(term) };
        let ResourceTerm { namespaces, groups, resources, names, .. } = &mut term;
        let somewhere = namespaces.all || namespaces.listed.iter().any(|name| name.is_empty());
        if somewhere || groups.all {
            return Some(AccessTerm::Resources(term));
        }
        // A Namespace that is named is asked for in itself.
        let is_itself = |namespace| {
            names.listed.contains(namespace) || (names.all && !names.except.contains(namespace))
        };
        let in_itself = namespaces.listed.iter().any(is_itself);
        resources.listed.retain(|resource| {
            let plural = resource.split_once('/').map_or(&**resource, |(plural, _)| plural);
            let cluster_scoped = |group| self.catalog.is_namespaced(group, plural) == Some(false);
            let is_inert = match plural {
                "namespaces" => !in_itself,
                _ => true,
            };
            !is_inert || !groups.listed.iter().all(|group| cluster_scoped(group))
        });
        let left = resources.all || !resources.listed.is_empty();
        left.then_some(AccessTerm::Resources(term))
    }

    fn grants(&self, at: Place<'a, '_>, access: &AccessTerm) -> Vec<Grant<'a>> {
        let privileged = at.held.identity.is_privileged().then_some(Grant::Privileged);
        let bound = self.authorizer.bindings_of(&at.held.identity);
        privileged.into_iter().chain(grants(&bound, access).into_iter().map(Grant::Rule)).collect()
    }

    fn leave_open(&mut self, at: Place<'a, '_>, word: Word) {
        let gaps = self.authorizer.gaps_of(&at.held.identity);
        self.fail(at.expectation, Some(at.holder), Unmet::Undecided { word, gaps });
    }

    fn fail(&mut self, expectation: &'a Expectation, holder: Option<&Holder>, unmet: Unmet<'a>) {
        self.failures.push(Failure { expectation, holder: holder.cloned(), unmet });
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

/// Of whom an expectation is checked.
#[derive(Clone, Copy)]
struct Place<'a, 'h> {
    expectation: &'a Expectation,
    holder: &'h Holder,
    held: &'h Held,
}
