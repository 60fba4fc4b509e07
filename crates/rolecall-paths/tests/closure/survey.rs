//! Paths to other namespaces do not depend on the number of subjects.

use rolecall_paths::{Grants, PathFinder, Sink, Start, all_starts};
use rolecall_rbac::{
    Authorizer, Binding, InventoryBuilder, Metadata, PolicyRule, Role, RoleKind, RoleRef,
    ServiceAccount, Subject, SubjectKind, Text,
};

use crate::oracle::{Oracle, Position};
use crate::universe::{Random, universe};

const RBAC: &str = "rbac.authorization.k8s.io";

fn rule(verbs: &[&str], group: &str, resource: &str) -> PolicyRule {
    PolicyRule {
        verbs: verbs.iter().map(|verb| Text::from(*verb)).collect(),
        api_groups: [group.into()].into(),
        resources: [resource.into()].into(),
        ..PolicyRule::default()
    }
}

/// Grants rules to a ServiceAccount of the namespace `red` in a namespace.
fn grant(builder: &mut InventoryBuilder, namespace: &str, account: &str, rules: &[PolicyRule]) {
    builder.service_account(ServiceAccount {
        metadata: Metadata::new("red", account),
        automount_token: None,
        secrets: Default::default(),
    });
    let subject = Subject {
        kind: SubjectKind::ServiceAccount,
        name: account.into(),
        namespace: "red".into(),
        api_group: "".into(),
    };
    grant_to(builder, subject, namespace, account, rules);
}

/// Grants rules to a subject in a namespace.
fn grant_to(
    builder: &mut InventoryBuilder,
    subject: Subject,
    namespace: &str,
    name: &str,
    rules: &[PolicyRule],
) {
    builder.role(Role {
        metadata: Metadata::new(namespace, name),
        rules: rules.to_vec().into(),
        aggregation: None,
    });
    builder.binding(Binding {
        metadata: Metadata::new(namespace, name),
        role_ref: RoleRef { kind: RoleKind::Role, name: name.into(), api_group: RBAC.into() },
        subjects: [subject].into(),
    });
}

/// `red/both` can become two accounts that together, but not alone, can create a Role with every right
/// in `blue` and bind it.
fn two_actors() -> InventoryBuilder {
    let mut builder = InventoryBuilder::new();
    grant(&mut builder, "blue", "maker", &[rule(&["create", "escalate"], RBAC, "roles")]);
    grant(&mut builder, "blue", "binder", &binder());
    grant(&mut builder, "red", "both", &[rule(&["create"], "", "serviceaccounts/token")]);
    builder
}

/// The name that no role has can be that of the new one.
fn binder() -> [PolicyRule; 2] {
    let fresh =
        PolicyRule { resource_names: ["fresh".into()].into(), ..rule(&["bind"], RBAC, "roles") };
    [rule(&["create"], RBAC, "rolebindings"), fresh]
}

fn surveyed(builder: InventoryBuilder) -> Vec<String> {
    let authorizer = Authorizer::new(builder.build());
    let starts: Vec<Start> = all_starts(&authorizer);
    let mut finder =
        PathFinder::new(&authorizer, crate::assumptions(1), Sink::ClusterAdmin, Grants::Certain);
    let survey = finder.survey(&starts);
    survey.reached.iter().map(|it| format!("{} {}", it.subject, it.sink)).collect()
}

#[test]
fn identities_act_together_among_hundreds_of_subjects() {
    let mut builder = two_actors();
    for number in 0..300 {
        let get = [rule(&["get"], "", "pods")];
        grant(&mut builder, "blue", &format!("other-{number}"), &get);
    }
    assert_eq!(surveyed(builder), ["sa/red:both namespace/blue"]);
}

#[test]
fn identities_gain_together_what_another_subject_gains_alone() {
    let mut builder = two_actors();
    let [bindings, bind] = binder();
    let alone = [rule(&["create", "escalate"], RBAC, "roles"), bindings, bind];
    let user = Subject {
        kind: SubjectKind::User,
        name: "alone".into(),
        namespace: "".into(),
        api_group: RBAC.into(),
    };
    grant_to(&mut builder, user, "blue", "alone", &alone);
    // The only namespace in which a binding names a user is its own.
    assert_eq!(surveyed(builder), ["sa/red:both namespace/blue"]);
}

#[test]
fn surveys_equal_the_plain_fixpoint() {
    let mut reached = 0;
    let mut failures = Vec::new();
    for seed in crate::range_of(64) {
        let inventory = universe(&mut Random::new(seed));
        let authorizer = Authorizer::new(inventory.clone());
        let assumptions = crate::assumptions(seed);
        let oracle = Oracle::new(&inventory, assumptions);
        let mut starts = all_starts(&authorizer);
        starts.retain(|start| !start.subject.is_running());
        let mut finder =
            PathFinder::new(&authorizer, assumptions, Sink::ClusterAdmin, Grants::Certain);
        let survey = finder.survey(&starts);
        for start in &starts {
            let ends: Vec<&Sink> = survey
                .reached
                .iter()
                .filter(|it| it.subject == start.subject)
                .map(|it| &it.sink)
                .collect();
            if survey.admins.contains(&start.subject) || ends.contains(&&Sink::ClusterAdmin) {
                continue;
            }
            let closure = oracle.closure(&start.identity);
            let alone =
                Position { identities: [(*start.identity).clone()].into(), ..Position::default() };
            for namespace in ["blue", "red"] {
                let sink = Sink::Namespace(namespace.into());
                let expected = oracle.holds(&closure, &sink)
                    && !oracle.holds(&alone, &sink)
                    && !is_at_home(&authorizer, start, namespace);
                let is_reached =
                    ends.contains(&&sink) || ends.contains(&&Sink::Namespace("*".into()));
                reached += usize::from(is_reached);
                if is_reached != expected {
                    failures.push(format!(
                        "seed {seed}: {} to {sink}: {is_reached} instead of {expected}\n{:#?}",
                        start.subject,
                        crate::replay::describe(&inventory)
                    ));
                }
            }
        }
    }
    let shown = failures.get(..failures.len().min(3)).unwrap_or_default().join("\n");
    assert!(failures.is_empty(), "{} failures\n{shown}", failures.len());
    assert!(reached > 0);
}

/// Returns whether a namespace is that of a ServiceAccount, or one in which a user or group has a role.
fn is_at_home(authorizer: &Authorizer, start: &Start, namespace: &str) -> bool {
    if let Some(account) = start.identity.as_service_account() {
        return account.namespace == namespace;
    }
    start.identity.is_in(&format!("system:serviceaccounts:{namespace}"))
        || authorizer
            .bindings_of(&start.identity)
            .iter()
            .any(|bound| bound.role.is_ok() && &*bound.binding.metadata.namespace == namespace)
}
