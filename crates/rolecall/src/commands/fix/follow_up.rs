//! The requests that usually follow the granted ones.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_grant::{Denied, Risky, overlay};
use rolecall_rbac::{Identity, Request};

use super::Fixed;
use super::report::Report;
use crate::error::Hint;
use crate::remedy::Judge;
use crate::words;

impl Report<'_> {
    /// Suggests granting the requests that usually follow and are denied, too. Those that `fix` would
    /// refuse are listed with their risks and the option that grants them, or not at all.
    pub(super) fn follow_ups(&self) {
        let Fixed { session, gathered, follow_ups, plan, .. } = self.fixed;
        if self.is_asked_outright() {
            return;
        }
        let after = overlay(&session.authorizer, &plan.objects);
        let mut of_identity: BTreeMap<&Identity, Vec<&Request>> = BTreeMap::new();
        for denied in follow_ups {
            let is_next = gathered.is_from_informers || !is_list(denied);
            let verdict = || after.authorize(&denied.identity, &denied.request).verdict;
            if is_next && !verdict().is_allowed() {
                of_identity.entry(&denied.identity).or_default().push(&denied.request);
            }
        }
        let judge = Judge::new(&after, &session.catalog);
        let (mut safe, mut risky) = (BTreeSet::new(), BTreeSet::new());
        let mut risks = BTreeSet::new();
        for (identity, requests) in of_identity {
            let approved = judge.approve(identity, requests);
            for (request, allowance) in &approved.requests {
                let requests = if allowance.is_risky() { &mut risky } else { &mut safe };
                requests.insert(words::request(request));
            }
            risks.extend(approved.risks().map(str::to_owned));
        }
        if self.fixed.risky == Risky::Granted {
            safe.append(&mut risky);
        }
        if !safe.is_empty() {
            let safe: Vec<String> = safe.into_iter().collect();
            self.note(format!("such clients usually also need to: {}", self.some(&safe)));
            self.ui.suggest(Hint::pass("--complete", "also grant these requests"));
        }
        if !risky.is_empty() {
            let risky: Vec<String> = risky.into_iter().collect();
            self.note(format!(
                "such clients usually also need to: {}; `fix` refuses this without `--allow-risky`",
                self.some(&risky)
            ));
            risks.iter().take(self.limit).for_each(|risk| self.note(risk));
            let purpose = "also grant these requests, despite the risk";
            self.ui.suggest(Hint::pass("--complete --allow-risky", purpose));
        }
    }
}

/// Returns whether a request only has follow-ups if it is from an informer.
fn is_list(denied: &Denied) -> bool {
    matches!(&*denied.request.verb, "list" | "watch")
}
