//! The decision which requests `fix` grants, and with which options.

use std::collections::BTreeMap;

use rolecall_grant::{Cause, Config, Denied, Risk, plan, risks, unfixable};
use rolecall_rbac::{Authorizer, Catalog, Identity, Request, VerbAlias, sentence_list};

use super::correct::with_other_verb;
use super::effect::useless;
use super::sense::{self, Useless};
use crate::advice::Fit;
use crate::load::Session;
use crate::resolved::label;
use crate::risk_words;
use crate::subject::lookalikes_in;

/// Decides about requests, with the input for the decision.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    authorizer: &'a Authorizer,
    catalog: &'a Catalog,
}

/// The options without which `fix` refuses to grant a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Allowance {
    /// Whether the request is risky.
    is_risky: bool,
    /// Whether the input does not define the resource or the ServiceAccount.
    is_unknown: bool,
}

/// The requests to grant, and remarks about them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Approved {
    /// The requests that were made or, if no rule can grant them, were probably meant.
    pub(crate) requests: Vec<(Request, Allowance)>,
    /// The fit of these requests.
    pub(super) fit: Fit,
    /// The reasons why no rule can grant a request.
    pub(super) useless: Vec<String>,
    /// The risks of the requests to grant.
    pub(super) risks: Vec<String>,
}

impl Allowance {
    /// Returns the options.
    pub(crate) fn options(self) -> impl Iterator<Item = &'static str> {
        let risky = self.is_risky.then_some("--allow-risky");
        risky.into_iter().chain(self.is_unknown.then_some("--force"))
    }

    /// Returns whether the request is risky.
    pub(crate) fn is_risky(self) -> bool {
        self.is_risky
    }

    /// The options of a risky request for a known resource.
    pub(crate) const RISKY: Self = Self { is_risky: true, is_unknown: false };

    /// Returns the options for several requests together.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            is_risky: self.is_risky || other.is_risky,
            is_unknown: self.is_unknown || other.is_unknown,
        }
    }
}

impl<'a> Judge<'a> {
    /// Builds a judge with the roles, bindings and resources of the input.
    pub(crate) fn new(authorizer: &'a Authorizer, catalog: &'a Catalog) -> Self {
        Self { authorizer, catalog }
    }

    /// Builds one with those of a session.
    pub(crate) fn of(session: &'a Session) -> Self {
        Self::new(&session.authorizer, &session.catalog)
    }

    /// Sorts out what `fix` grants to an identity.
    pub(crate) fn approve<'r>(
        &self,
        identity: &Identity,
        requests: impl IntoIterator<Item = &'r Request>,
    ) -> Approved {
        let mut approved = Approved::default();
        if let Some(because) = dead(identity) {
            approved.useless.push(because);
            return approved;
        }
        for request in requests {
            self.take(identity, request, &mut approved);
        }
        self.rate(identity, &mut approved);
        self.doubt_account(identity, &mut approved);
        approved
    }

    /// Adds a request, or the ones that were meant instead.
    fn take(&self, identity: &Identity, request: &Request, approved: &mut Approved) {
        let denied = Denied::new(identity.clone(), request.clone());
        if let Some(unfixable) = unfixable(&denied) {
            approved.useless.push(format!("`{}` cannot be granted: {unfixable}", request.verb));
            return;
        }
        match useless(request, self.catalog) {
            None => approved.add(request.clone(), Allowance::default()),
            Some(mut useless)
                if useless.is_only_unknown && VerbAlias::of(&request.verb).is_some() =>
            {
                useless.instead = with_other_verb(request, self.catalog);
                self.correct(identity, request, useless, approved);
                approved.requests.iter_mut().for_each(|(_, allowance)| allowance.is_unknown = true);
            }
            Some(useless) if useless.is_only_unknown => {
                approved.risks.push(format!(
                    "{}: check the spelling, or pass its CustomResourceDefinition with `-f` instead of `--force`",
                    useless.because
                ));
                approved.add(request.clone(), Allowance { is_risky: false, is_unknown: true });
            }
            Some(useless) => self.correct(identity, request, useless, approved),
        }
    }

    /// Adds the requests that were probably meant by a request that no rule can grant.
    fn correct(
        &self,
        identity: &Identity,
        request: &Request,
        useless: Useless,
        approved: &mut Approved,
    ) {
        approved.fit = Fit::Corrected;
        let is_denied =
            |meant: &Request| !self.authorizer.authorize(identity, meant).verdict.is_allowed();
        let (denied, allowed): (Vec<Request>, Vec<Request>) =
            useless.instead.iter().cloned().partition(is_denied);
        let mut remark = useless.in_words(request);
        if !allowed.is_empty() {
            let allowed: Vec<String> =
                allowed.iter().map(|request| format!("`{}`", sense::written(request))).collect();
            let allowed = sentence_list(&allowed);
            remark.push_str(&format!("; {} can already {allowed}", label(identity)));
        }
        approved.useless.push(remark);
        for meant in denied {
            approved.add(meant, Allowance::default());
        }
    }

    /// Marks the risky requests, including those that are only risky together or with the existing access.
    fn rate(&self, identity: &Identity, approved: &mut Approved) {
        let denied = |request: &Request| Denied::new(identity.clone(), request.clone());
        let mut found: BTreeMap<Request, Vec<Risk>> = BTreeMap::new();
        let mut harmless = Vec::new();
        for (request, _) in &approved.requests {
            match risks(identity, request) {
                risks if risks.is_empty() => harmless.push(denied(request)),
                risks => {
                    found.insert(request.clone(), risks);
                }
            }
        }
        if harmless.iter().any(|denied| rolecall_grant::may_add_up(&denied.request)) {
            for refused in plan(self.authorizer, &harmless, &Config::default()).refused {
                if let Cause::Risky(risks) = refused.cause {
                    found.insert(refused.denied.request, risks);
                }
            }
        }
        for (request, allowance) in &mut approved.requests {
            if let Some(risks) = found.get(request) {
                allowance.is_risky = true;
                approved.risks.push(risk_words::in_words(risks, request));
            }
        }
    }

    /// Marks the requests of a missing ServiceAccount if another one is probably meant.
    fn doubt_account(&self, identity: &Identity, approved: &mut Approved) {
        let Some(account) = identity.as_service_account() else { return };
        let inventory = self.authorizer.inventory();
        if lookalikes_in(inventory, account.namespace, account.name).is_empty() {
            return;
        }
        for (_, allowance) in &mut approved.requests {
            allowance.is_unknown = true;
        }
    }
}

/// Returns why a grant to a subject would have no effect.
pub(crate) fn dead(identity: &Identity) -> Option<String> {
    let dead = crate::subject::dead(identity)?;
    let who = label(identity);
    Some(format!("a grant to {who} would have no effect: {}; {}", dead.message, dead.fix))
}

impl Approved {
    /// Returns the fit of the requests to those that were made.
    pub(crate) fn fit(&self) -> Fit {
        self.fit
    }

    /// Returns the risks of the requests.
    pub(crate) fn risks(&self) -> impl Iterator<Item = &str> {
        self.risks.iter().map(String::as_str).filter(|risk| risk.starts_with("risk: "))
    }

    /// Returns whether a request is risky.
    pub(crate) fn is_risky(&self) -> bool {
        self.requests.iter().any(|(_, allowance)| allowance.is_risky)
    }

    fn add(&mut self, request: Request, allowance: Allowance) {
        if self.requests.iter().all(|(known, _)| *known != request) {
            self.requests.push((request, allowance));
        }
    }
}

#[cfg(test)]
mod tests {
    use rolecall_access::known;
    use rolecall_rbac::{ResourceRequest, Target, with_group};
    use rolecall_source::facts::{Version, catalog};

    use super::*;

    /// Every verb for every resource and subresource, and for groups that are misspelled, retired or unknown.
    fn every_request(catalog: &Catalog) -> Vec<Request> {
        let words = ["scale", "exec", "logs", "describe", "apply", "read", "GET", "gett", "*"];
        let custom = ["impersonate:user-info", "impersonate-on:user-info:list"];
        let verbs = known::RESOURCE_VERBS.into_iter().chain(known::asked_verbs());
        let verbs: Vec<&str> = verbs.chain(words).chain(custom).collect();
        let mut targets: Vec<(String, String, String)> = Vec::new();
        for served in catalog.resources() {
            let group = served.group.to_string();
            let subresources = served.subresources.iter().map(|subresource| &*subresource.name);
            for subresource in std::iter::once("").chain(subresources) {
                targets.push((group.clone(), served.resource.to_string(), subresource.to_owned()));
            }
        }
        for (group, resource, subresource) in [
            ("app", "deployments", ""),
            ("apps/v1", "deployments", ""),
            ("core", "pods", ""),
            ("v1", "pods", "log"),
            ("extensions", "ingresses", ""),
            ("example.com", "widgets", ""),
            ("example.com", "widgets", "status"),
            ("", "deploy", ""),
            ("apps", "deploymnts", ""),
            ("apps", "foos", ""),
            ("*", "*", ""),
            ("apps", "*", ""),
            ("*", "*", "scale"),
        ] {
            targets.push((group.to_owned(), resource.to_owned(), subresource.to_owned()));
        }
        let mut requests = Vec::new();
        for verb in verbs {
            for (group, resource, subresource) in &targets {
                let namespaced = catalog.is_namespaced(group, resource).unwrap_or(true);
                requests.extend(["", "web"].map(|name| {
                    let target = ResourceRequest {
                        namespace: if namespaced { "shop".into() } else { "".into() },
                        group: group.as_str().into(),
                        resource: resource.as_str().into(),
                        subresource: subresource.as_str().into(),
                        name: name.into(),
                    };
                    Request::resource(verb, target)
                }));
            }
            let paths = ["/", "/metrics", "/api/v1/namespaces", "/*", "/x*"];
            requests.extend(paths.map(|path| Request::path(verb, path)));
        }
        requests
    }

    #[test]
    fn every_approved_request_is_one_that_fix_grants() {
        let catalog = catalog(Version::default());
        let authorizer = Authorizer::default();
        let judge = Judge::new(&authorizer, &catalog);
        let identity = Identity::service_account("shop", "tool");
        let mut approved = 0;
        for request in every_request(&catalog) {
            let found = judge.approve(&identity, [&request]);
            let is_explained = !found.requests.is_empty() || !found.useless.is_empty();
            assert!(is_explained, "{request:?}");
            for (meant, allowance) in &found.requests {
                approved += 1;
                let is_useful = useless(meant, &catalog).is_none();
                assert!(is_useful || allowance.is_unknown, "{request:?}: {meant:?}");
                let is_risky = !risks(&identity, meant).is_empty();
                assert!(!is_risky || allowance.is_risky, "{request:?}: {meant:?}");
                if allowance.is_risky {
                    assert!(found.risks.iter().any(|risk| risk.starts_with("risk: ")));
                }
                let Target::Resource(target) = &meant.target else { continue };
                // Servers check constrained impersonation in one API group, whatever is written.
                if meant.verb.starts_with("impersonate") && target.group.is_empty() {
                    continue;
                }
                let operand = with_group(&target.combined(), &target.group);
                let resolved = catalog.resolve_for(&meant.verb, &operand).unwrap();
                assert_eq!(
                    (&resolved.group, &resolved.resource, &resolved.subresource),
                    (&target.group, &target.resource, &target.subresource),
                    "{request:?}"
                );
            }
        }
        assert!(approved > 3000, "{approved}");
    }

    #[test]
    fn requests_that_are_risky_only_with_the_existing_access_are_marked() {
        let catalog = catalog(Version::default());
        let authorizer = Authorizer::default();
        let judge = Judge::new(&authorizer, &catalog);
        let identity = Identity::service_account("shop", "tool");
        let node = |verb: &str, subresource: &str| {
            let target = ResourceRequest {
                namespace: "".into(),
                group: "certificates.k8s.io".into(),
                resource: "certificatesigningrequests".into(),
                subresource: subresource.into(),
                name: "".into(),
            };
            Request::resource(verb, target)
        };
        let alone = judge.approve(&identity, [&node("create", "")]);
        assert!(!alone.is_risky(), "{alone:?}");
        let both = [node("create", ""), node("update", "approval")];
        assert!(judge.approve(&identity, &both).is_risky());
    }
}
