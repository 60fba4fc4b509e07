use rolecall_rbac::{
    Authorizer, Build, Column, Gap, Identity, InventoryBuilder, Metadata, Origin, Request,
    ResourceRequest, ServiceAccount, Unread, VerdictKind, Workload,
};
use rolecall_testing::api::{add, builder};
use serde_json::{Value, json};

fn gap(builder: &mut InventoryBuilder) {
    builder.gap(Gap {
        unread: Unread::Anything,
        because: "needs `kustomize build`".into(),
        origin: Origin::File { path: "k".into(), line: 0 },
    });
}

fn role(name: &str, verb: &str, extra: Value) -> Value {
    let mut role = json!({"kind": "ClusterRole", "metadata": {"name": name},
        "rules": [{"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}]});
    for (key, value) in extra.as_object().unwrap() {
        match key.as_str() {
            "aggregationRule" => role[key] = value.clone(),
            _ => role["metadata"][key] = value.clone(),
        }
    }
    role
}

fn bound(name: &str, to: &str) -> Value {
    json!({"kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"kind": "ClusterRole", "name": to},
        "subjects": [{"kind": "User", "name": "jane"}]})
}

fn get_pods() -> Request {
    Request::resource("get", ResourceRequest { resource: "pods".into(), ..Default::default() })
}

/// Decides about objects, of which a build can change those in the first list.
fn decide(unbuilt: &[Value], built: &[Value], has_gap: bool) -> (VerdictKind, VerdictKind, bool) {
    let mut all = builder(unbuilt);
    all.mark_unbuilt(Build::Changes);
    built.iter().for_each(|object| add(&mut all, object));
    if has_gap {
        gap(&mut all);
    }
    let authorizer = Authorizer::new(all.build());
    let jane = Identity::user("jane");
    let column = Column {
        group: "".into(),
        resource: "pods".into(),
        subresource: "".into(),
        name: "".into(),
        namespaced: true,
    };
    let axes = authorizer.axes(vec!["get".into()], vec![column]);
    let cell = authorizer.grid(&axes, &jane, &["".into()]).rows[0].is_allowed(0, 0);
    let written = authorizer.authorize_as_written(&jane, &get_pods()).verdict.kind();
    (authorizer.authorize(&jane, &get_pods()).verdict.kind(), written, cell)
}

#[test]
fn a_grant_that_a_build_can_change_is_uncertain() {
    use VerdictKind::{Allowed, Unknown};
    let get = || role("r", "get", json!({}));
    let other = || role("other", "list", json!({}));
    let selects =
        json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "sum"}}]}});
    let mut stored = selects.clone();
    stored["uid"] = "1".into();
    let selected = |verb: &str| role("part", verb, json!({"labels": {"to": "sum"}}));
    for (case, unbuilt, built, expected) in [
        ("nothing", vec![], vec![get(), bound("b", "r")], Allowed),
        ("another object", vec![other()], vec![get(), bound("b", "r")], Allowed),
        ("the role", vec![get()], vec![bound("b", "r")], Unknown),
        ("the binding", vec![bound("b", "r")], vec![get()], Unknown),
        ("one of two bindings", vec![bound("b", "r")], vec![get(), bound("c", "r")], Allowed),
        (
            "the source of the rule",
            vec![selected("get")],
            vec![role("sum", "get", selects.clone()), bound("b", "sum")],
            Unknown,
        ),
        (
            "the source of another rule",
            vec![selected("list")],
            vec![role("sum", "get", selects.clone()), bound("b", "sum")],
            Allowed,
        ),
        (
            "the source of a role that a server has filled",
            vec![selected("get")],
            vec![role("sum", "get", stored), bound("b", "sum")],
            Allowed,
        ),
        (
            "a role that is not selected",
            vec![role("part", "get", json!({"labels": {"to": "other"}}))],
            vec![role("sum", "get", selects), bound("b", "sum")],
            Allowed,
        ),
    ] {
        let (decision, written, cell) = decide(&unbuilt, &built, true);
        assert_eq!((decision, written), (expected, Allowed), "{case}");
        assert_eq!(cell, expected == Allowed, "{case}");
        // Without a gap, the build is part of the input.
        let (decision, written, cell) = decide(&unbuilt, &built, false);
        assert_eq!((decision, written, cell), (Allowed, Allowed, true), "{case}");
    }
}

#[test]
fn a_binding_is_unbuilt_if_a_build_can_change_it_or_its_role() {
    let selects = json!({"aggregationRule": {"clusterRoleSelectors": [{}]}});
    for (case, unbuilt, built, expected) in [
        ("the role", vec![role("r", "get", json!({}))], vec![bound("b", "r")], true),
        ("the binding", vec![bound("b", "r")], vec![role("r", "get", json!({}))], true),
        ("neither", vec![], vec![role("r", "get", json!({})), bound("b", "r")], false),
        (
            "a source",
            vec![role("s", "list", json!({}))],
            vec![role("r", "get", selects), bound("b", "r")],
            true,
        ),
    ] {
        for has_gap in [true, false] {
            let mut all = builder(&unbuilt);
            all.mark_unbuilt(Build::Changes);
            built.iter().for_each(|object| add(&mut all, object));
            if has_gap {
                gap(&mut all);
            }
            let authorizer = Authorizer::new(all.build());
            let inventory = authorizer.inventory();
            let binding = inventory.binding("", "b").unwrap();
            let role = inventory.role("", "r").unwrap();
            assert_eq!(authorizer.is_unbuilt(binding, role), expected && has_gap, "{case}");
        }
    }
}

#[test]
fn marks_depend_on_the_effect_of_the_build() {
    let marks = |metadata: &Metadata| {
        (metadata.is_unbuilt(), metadata.is_renamed(), metadata.is_completed_by_build())
    };
    for (build, expected) in [
        (Build::Completes, (false, false)),
        (Build::Changes, (true, false)),
        (Build::Renames, (true, true)),
    ] {
        let short = json!({"kind": "ServiceAccount", "name": "app"});
        let full = json!({"kind": "ServiceAccount", "namespace": "shop", "name": "app"});
        let user = json!({"kind": "User", "name": "jane"});
        let bound = |kind: &str, namespace: &str, name: &str, subject: Value| {
            json!({"kind": kind, "metadata": {"namespace": namespace, "name": name},
                "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [subject]})
        };
        let mut all = builder(&[
            role("r", "get", json!({})),
            bound("ClusterRoleBinding", "", "a", short.clone()),
            bound("ClusterRoleBinding", "", "b", full),
            bound("ClusterRoleBinding", "", "c", user),
            bound("RoleBinding", "shop", "d", short),
        ]);
        let account = |name: &str| ServiceAccount {
            metadata: Metadata::new("shop", name),
            automount_token: None,
            secrets: Default::default(),
        };
        all.service_account(account("app"));
        all.implied_service_account(account("implied"));
        all.workload(Workload {
            metadata: Metadata::new("shop", "web"),
            kind: "Pod".into(),
            api_group: "".into(),
            owner: None,
            pods: Box::default(),
            mirror: false,
        });
        all.mark_unbuilt(build);
        // Objects that are added later are not part of the build.
        add(&mut all, &role("later", "get", json!({})));
        let found = all.build();
        let (is_unbuilt, is_renamed) = expected;
        let unmarked = (is_unbuilt, is_renamed, false);
        assert_eq!(marks(&found.role("", "r").unwrap().metadata), unmarked);
        let bindings: Vec<_> = found.bindings().iter().map(|it| marks(&it.metadata)).collect();
        let completed = (is_unbuilt, is_renamed, true);
        assert_eq!(bindings, [completed, unmarked, unmarked, unmarked], "{build:?}");
        for account in found.service_accounts() {
            assert_eq!(marks(&account.metadata), unmarked, "{build:?}");
        }
        assert_eq!(marks(&found.workloads()[0].metadata), unmarked, "{build:?}");
        assert_eq!(marks(&found.role("", "later").unwrap().metadata), (false, false, false));
    }
}

#[test]
fn a_mark_does_not_replace_a_written_annotation() {
    let mut all = InventoryBuilder::new();
    let annotations = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    };
    let mut role = rolecall_testing::api::role(&json!({"metadata": {"name": "r"}}));
    role.metadata.annotations = annotations(&[("rolecall.dev/a", "x"), ("rolecall.dev/z", "y")]);
    all.role(role);
    all.mark_unbuilt(Build::Changes);
    all.mark_unbuilt(Build::Renames);
    let found = all.build();
    let expected = annotations(&[
        ("rolecall.dev/a", "x"),
        ("rolecall.dev/unbuilt", "true"),
        ("rolecall.dev/z", "y"),
    ]);
    assert_eq!(found.roles()[0].metadata.annotations, expected);
}
