use rolecall_rbac::{Identity, ServiceAccountName};

fn groups(identity: &Identity) -> Vec<&str> {
    identity.groups.iter().map(|group| &**group).collect()
}

#[test]
fn constructors_add_the_implied_groups() {
    let account = ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"];
    assert_eq!(groups(&Identity::service_account("shop", "web")), account);
    for (user, expected) in [
        ("system:serviceaccount:shop:web", account.as_slice()),
        ("system:serviceaccount:Shop:web", &["system:authenticated"]),
        ("system:anonymous", &["system:unauthenticated"]),
        ("jane", &["system:authenticated"]),
    ] {
        let identity = Identity::user(user);
        assert_eq!((&*identity.user, groups(&identity)), (user, expected.to_vec()));
    }
    for (group, expected) in [
        ("devs", vec!["devs", "system:authenticated"]),
        ("system:authenticated", vec!["system:authenticated"]),
        ("system:unauthenticated", vec!["system:unauthenticated"]),
        ("system:serviceaccounts", vec!["system:serviceaccounts", "system:authenticated"]),
        (
            "system:serviceaccounts:shop",
            vec!["system:serviceaccounts:shop", "system:serviceaccounts", "system:authenticated"],
        ),
    ] {
        let identity = Identity::group(group);
        assert_eq!((&*identity.user, groups(&identity)), ("", expected));
    }
}

#[test]
fn a_group_is_added_once() {
    let identity = Identity::user("jane").with_group("devs").with_group("devs");
    assert_eq!(groups(&identity), ["system:authenticated", "devs"]);
    assert!(identity.is_in("devs"));
    assert!(!identity.is_in("dev"));
}

#[test]
fn nodes_and_masters_are_recognized_by_name_and_group() {
    for (user, group, expected) in [
        ("system:node:a", "system:nodes", (false, true, false)),
        ("system:node:a", "others", (false, false, true)),
        ("jane", "system:nodes", (false, false, false)),
        ("jane", "system:masters", (true, false, false)),
        ("jane", "system:master", (false, false, false)),
    ] {
        let identity = Identity::user(user).with_group(group);
        let found =
            (identity.is_privileged(), identity.is_node(), identity.is_node_without_group());
        assert_eq!(found, expected, "{user} {group}");
    }
}

#[test]
fn the_groups_that_a_service_account_lacks_are_listed() {
    let all = Identity::service_account("shop", "web");
    assert_eq!(all.missing_groups(), Vec::<&str>::new());
    assert_eq!(
        Identity { groups: vec![], ..Identity::user("jane") }.missing_groups(),
        Vec::<&str>::new()
    );
    for index in 0..3 {
        let mut identity = all.clone();
        let removed = identity.groups.remove(index);
        assert_eq!(identity.missing_groups(), [removed]);
    }
    let other = Identity {
        groups: vec!["system:serviceaccounts:other".into(), "system:serviceaccountsxshop".into()],
        ..all
    };
    let missing = ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"];
    assert_eq!(other.missing_groups(), missing);
}

#[test]
fn user_names_of_service_accounts_have_two_valid_names() {
    let prefix = "system:serviceaccount:";
    for (rest, valid) in [
        ("shop:web", true),
        ("sh-0p:w.e-b9", true),
        (":web", false),
        ("shop:", false),
        ("shop", false),
        ("Shop:web", false),
        ("shop:web:x", false),
        ("sh_op:web", false),
        ("shop:w b", false),
    ] {
        let user = format!("{prefix}{rest}");
        let expected = valid.then(|| rest.split_once(':').unwrap());
        let found = ServiceAccountName::parse(&user).map(|name| (name.namespace, name.name));
        assert_eq!(found, expected, "{rest}");
        assert_eq!(Identity::user(&user).as_service_account().is_some(), valid, "{rest}");
    }
    assert_eq!(ServiceAccountName::parse("serviceaccount:shop:web"), None);
}
