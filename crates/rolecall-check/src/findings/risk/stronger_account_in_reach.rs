//! Holders of a namespace's Secrets who can become a stronger ServiceAccount of it.
//!
//! # What it does
//!
//! Finds subjects that may read or mint tokens of a namespace's ServiceAccounts (by its Secrets, by
//! requesting tokens, or by running Pods there), where one of these ServiceAccounts holds rights in the
//! whole cluster that the subject does not.
//!
//! # Why is this bad
//!
//! Within a namespace the rights of its strongest ServiceAccount are everybody's who can get at its tokens.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: shop-secrets, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-keeper}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-keeper}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get, create]}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: operator, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: operator}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
//! subjects:
//! - {kind: ServiceAccount, name: operator, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Keep ServiceAccounts with rights in the whole cluster in namespaces where nobody else works.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: shop-secrets, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-keeper}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-keeper}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get, create]}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: operator, namespace: operators}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: operator}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
//! subjects:
//! - {kind: ServiceAccount, name: operator, namespace: operators}
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::Role;
use rustc_hash::FxBuildHasher;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};
use rolecall_access::diff::Holder;
use rolecall_access::risk::{self, Engine, HeldRisk, RiskIndex};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC513",
        name: "stronger-account-in-reach",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P13"],
        source: include_str!("stronger_account_in_reach.rs"),
    },
    check,
};

/// The risks through which somebody becomes the ServiceAccounts of a namespace.
const WAYS: [&str; 9] =
    ["RC501", "RC502", "RC503", "RC512", "RC514", "RC515", "RC516", "RC518", "RC532"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut teller = RiskIndex::new(context.authorizer(), context.input.version);
    let mut risks_of: BTreeMap<Holder, BTreeSet<HeldRisk>> = BTreeMap::new();
    let mut told = |teller: &mut RiskIndex<'_>, holder: &Holder| {
        let risks = || teller.risks_of(&holder.identity());
        risks_of.entry(holder.clone()).or_insert_with(risks).clone()
    };
    let mut lends =
        Lending { engine: Engine::new(context.input.version), roles: HashMap::default() };
    for binding in context.bindings() {
        let namespace = &binding.metadata.namespace;
        let is_meant = !binding.is_cluster_role_binding() && **namespace != *"kube-system";
        if !is_meant || !context.role_of(binding).is_some_and(|role| lends.identities(role)) {
            continue;
        }
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(holder) = Holder::of_subject(subject, &binding.metadata) else { continue };
            let own = told(&mut teller, &holder);
            let reaches = own.iter().any(|risk| {
                WAYS.contains(&risk.code) && risk.namespace.as_ref() == Some(namespace)
            });
            if !reaches {
                continue;
            }
            let stronger =
                context.inventory().service_accounts_in(namespace).iter().find(|account| {
                    let metadata = &account.metadata;
                    let account = Holder::ServiceAccount {
                        namespace: metadata.namespace.clone(),
                        name: metadata.name.clone(),
                    };
                    account != holder
                        && told(&mut teller, &account).iter().any(|risk| {
                            risk.namespace.is_none()
                                && is_worth_it(risk.code)
                                && !own.contains(risk)
                        })
                });
            let Some(stronger) = stronger else { continue };
            let message = format!(
                "{} `{}` can become ServiceAccount `{namespace}/{}`, which holds more",
                subject.kind.as_str(),
                subject.name,
                stronger.metadata.name
            );
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects").then_index(index))
                .about(format!("{holder} {}", stronger.metadata.name))
                .fix("keep ServiceAccounts with rights in the whole cluster in a namespace of their own")
                .related(stronger.into(), "the stronger ServiceAccount");
            findings.push(finding);
        }
    }
}

/// Tells which roles lend the identities of a namespace, each looked at once.
struct Lending {
    engine: Engine,
    roles: HashMap<*const Role, bool, FxBuildHasher>,
}

impl Lending {
    fn identities(&mut self, role: &Role) -> bool {
        let engine = &self.engine;
        *self.roles.entry(role).or_insert_with(|| {
            let mut hits = role.rules.iter().flat_map(|rule| engine.hits(rule));
            hits.any(|hit| WAYS.contains(&hit.risk.code) && hit.allowed.in_namespace)
        })
    }
}

/// Returns whether a risk held in the whole cluster takes more than a namespace.
fn is_worth_it(code: &str) -> bool {
    risk::takes_over(code)
}
