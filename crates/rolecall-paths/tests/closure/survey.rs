//! Paths to other namespaces do not depend on the number of subjects.

use rolecall_paths::{Depth, Grants, PathFinder, Sink, Start, all_starts};
use rolecall_rbac::{
    Authorizer, Binding, InventoryBuilder, Metadata, PolicyRule, Role, RoleKind, RoleRef,
    ServiceAccount, Subject, SubjectKind, Text,
};

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
    builder.role(Role {
        metadata: Metadata::new(namespace, account),
        rules: rules.to_vec().into(),
        aggregation: None,
    });
    builder.binding(Binding {
        metadata: Metadata::new(namespace, account),
        role_ref: RoleRef { kind: RoleKind::Role, name: account.into(), api_group: RBAC.into() },
        subjects: [Subject {
            kind: SubjectKind::ServiceAccount,
            name: account.into(),
            namespace: "red".into(),
            api_group: "".into(),
        }]
        .into(),
    });
}

#[test]
fn identities_act_together_among_hundreds_of_subjects() {
    let mut builder = InventoryBuilder::new();
    grant(&mut builder, "blue", "maker", &[rule(&["create", "escalate"], RBAC, "roles")]);
    // The name that no role has can be that of the new one.
    let fresh =
        PolicyRule { resource_names: ["fresh".into()].into(), ..rule(&["bind"], RBAC, "roles") };
    let binder = [rule(&["create"], RBAC, "rolebindings"), fresh];
    grant(&mut builder, "blue", "binder", &binder);
    grant(&mut builder, "red", "both", &[rule(&["create"], "", "serviceaccounts/token")]);
    for number in 0..300 {
        let get = [rule(&["get"], "", "pods")];
        grant(&mut builder, "blue", &format!("other-{number}"), &get);
    }
    let authorizer = Authorizer::new(builder.build());
    let starts: Vec<Start> = all_starts(&authorizer);
    let mut finder =
        PathFinder::new(&authorizer, crate::assumptions(1), Sink::ClusterAdmin, Grants::Certain);
    let survey = finder.survey(&starts, Depth::Whole);
    let reached: Vec<String> =
        survey.reached.iter().map(|it| format!("{} {}", it.subject, it.sink)).collect();
    assert_eq!(reached, ["sa/red:both namespace/blue"]);
}
