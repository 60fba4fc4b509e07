//! How ServiceAccounts are used other than by a workload of the input.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Identity, PolicyRule, Request, ResourceRequest, ServiceAccount, Text};

use crate::context::Context;
use crate::findings::accounts::is_extended;
use crate::pods::RunsAs;

/// Uses of ServiceAccounts that the input suggests.
pub(super) struct Uses<'a> {
    /// The names in rules that allow requesting tokens.
    minted: BTreeSet<&'a str>,
    /// The names that workloads run as.
    run: BTreeSet<&'a str>,
    /// Whether some workload can create workloads in a namespace, for the namespaces that were requested.
    writers: RefCell<BTreeMap<Text, bool>>,
}

/// Objects that operators create to run Pods.
const WORKLOADS: [(&str, &str); 5] = [
    ("", "pods"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
];

impl<'a> Uses<'a> {
    pub(super) fn of(context: &Context<'a>) -> Self {
        let rules = context.inventory().roles().iter().flat_map(|role| role.rules.iter());
        let minted = rules.filter(|rule| mints(rule)).flat_map(|rule| &*rule.resource_names);
        let pods = context.inventory().workloads().iter().flat_map(|workload| &*workload.pods);
        Self {
            minted: minted.map(|name| &**name).collect(),
            run: pods.map(|pod| pod.service_account_name()).collect(),
            writers: RefCell::default(),
        }
    }

    /// Returns whether a rule that names the ServiceAccount allows requesting its tokens.
    pub(super) fn is_minted(&self, account: &ServiceAccount) -> bool {
        self.minted.contains(&*account.metadata.name)
    }

    /// Returns whether workloads run as the ServiceAccount under the name that a build gives it.
    pub(super) fn is_renamed(&self, account: &ServiceAccount) -> bool {
        let metadata = &account.metadata;
        metadata.is_renamed() && self.run.iter().any(|name| is_extended(&metadata.name, name))
    }

    /// Returns whether a workload of the input can create workloads in a namespace.
    pub(super) fn may_be_run(&self, context: &Context<'_>, namespace: &Text) -> bool {
        *self.writers.borrow_mut().entry(namespace.clone()).or_insert_with(|| {
            let mut asked = BTreeSet::new();
            context.pods().iter().any(|pod| {
                let RunsAs::Account(identity) = &pod.runs_as else { return false };
                asked.insert(&identity.user) && can_create_workloads(context, identity, namespace)
            })
        })
    }
}

fn mints(rule: &PolicyRule) -> bool {
    let has = |list: &[Text], text: &str| list.iter().any(|it| **it == *text || **it == *"*");
    has(&rule.verbs, "create")
        && has(&rule.api_groups, "")
        && rule
            .resources
            .iter()
            .any(|it| matches!(&**it, "serviceaccounts/token" | "*" | "*/token"))
}

fn can_create_workloads(context: &Context<'_>, identity: &Identity, namespace: &Text) -> bool {
    WORKLOADS.iter().any(|(group, resource)| {
        let request = ResourceRequest {
            namespace: namespace.clone(),
            group: (*group).into(),
            resource: (*resource).into(),
            subresource: "".into(),
            name: "".into(),
        };
        let request = Request::resource("create", request);
        context.authorizer().authorize_as_written(identity, &request).verdict.is_allowed()
    })
}
