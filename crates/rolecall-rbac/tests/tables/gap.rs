use rolecall_rbac::{
    Authorizer, Binding, Column, Gap, Identity, Metadata, NamespaceSelection, ObjectKind, Origin,
    Request, ResourceRequest, Unread, Verdict,
};
use rolecall_testing::api::{binding, builder};
use serde_json::json;

/// Reads `anything`, `KIND [in NAMESPACE]`, `KIND outside NAMESPACE...`, `KIND NAMESPACE/NAME`,
/// `KIND named NAME` or `authorizer`.
fn unread(text: &str) -> Unread {
    let words: Vec<&str> = text.split(' ').collect();
    let kind = ObjectKind::new(words[0]);
    match &words[..] {
        ["anything"] => Unread::Anything,
        ["authorizer"] => Unread::Authorizer { name: "Node".into() },
        [_] => Unread::Kind { kind, namespace: None },
        [_, "in", namespace] => Unread::Kind { kind, namespace: Some((*namespace).into()) },
        [_, "named", name] => Unread::Object { kind, namespace: "".into(), name: (*name).into() },
        [_, "outside", read @ ..] => {
            Unread::KindOutside { kind, read: read.iter().map(|name| (*name).into()).collect() }
        }
        [_, object] => {
            let (namespace, name) = object.split_once('/').unwrap();
            Unread::Object { kind, namespace: namespace.into(), name: name.into() }
        }
        _ => panic!("{text}"),
    }
}

fn gap(text: &str) -> Gap {
    Gap { unread: unread(text), because: "forbidden".into(), origin: Origin::Cluster }
}

/// Returns what a gap can hide, in the namespaces `shop` and `other`.
fn hidden(gap: &Gap) -> String {
    let pod = ObjectKind::new("Pod");
    [
        ("crb", gap.may_hide_binding("")),
        ("rb:shop", gap.may_hide_binding("shop")),
        ("rb:other", gap.may_hide_binding("other")),
        ("binding", gap.may_hide_any_binding()),
        ("cr", gap.may_hide_cluster_role()),
        ("cr:r", gap.may_hide_role("", "r")),
        ("cr:x", gap.may_hide_role("", "x")),
        ("role:shop/r", gap.may_hide_role("shop", "r")),
        ("role:shop/x", gap.may_hide_role("shop", "x")),
        ("role:other/r", gap.may_hide_role("other", "r")),
        ("sa:shop", gap.may_hide_service_account("shop")),
        ("sa:other", gap.may_hide_service_account("other")),
        ("pod:shop", gap.may_hide_workload("shop")),
        ("pod:other", gap.may_hide_workload("other")),
        ("pod:shop/r", gap.may_hide(&pod, "shop", "r")),
        ("pod:shop/x", gap.may_hide(&pod, "shop", "x")),
        ("pod:other/r", gap.may_hide(&pod, "other", "r")),
    ]
    .into_iter()
    .filter_map(|(name, may)| may.then_some(name))
    .collect::<Vec<_>>()
    .join(" ")
}

#[test]
fn a_gap_hides_only_objects_of_its_kind_namespace_and_name() {
    for (text, expected) in [
        (
            "anything",
            "crb rb:shop rb:other binding cr cr:r cr:x role:shop/r role:shop/x role:other/r \
             sa:shop sa:other pod:shop pod:other pod:shop/r pod:shop/x pod:other/r",
        ),
        ("authorizer", ""),
        // A ClusterRoleBinding also counts in each namespace.
        ("ClusterRoleBinding", "crb rb:shop rb:other binding"),
        ("ClusterRoleBinding named b", "crb rb:shop rb:other binding"),
        ("RoleBinding", "rb:shop rb:other binding"),
        ("RoleBinding in shop", "rb:shop binding"),
        ("RoleBinding outside other", "rb:shop binding"),
        ("RoleBinding outside other shop", "binding"),
        ("RoleBinding shop/b", "rb:shop binding"),
        ("ClusterRole", "cr cr:r cr:x"),
        ("ClusterRole named r", "cr cr:r"),
        ("Role", "role:shop/r role:shop/x role:other/r"),
        ("Role in shop", "role:shop/r role:shop/x"),
        ("Role outside other", "role:shop/r role:shop/x"),
        ("Role outside shop other", ""),
        ("Role shop/r", "role:shop/r"),
        ("ServiceAccount", "sa:shop sa:other"),
        ("ServiceAccount in shop", "sa:shop"),
        ("ServiceAccount outside shop", "sa:other"),
        ("ServiceAccount shop/r", "sa:shop"),
        ("Pod", "pod:shop pod:other pod:shop/r pod:shop/x pod:other/r"),
        ("Pod in shop", "pod:shop pod:shop/r pod:shop/x"),
        ("Pod outside shop", "pod:other pod:other/r"),
        ("Pod shop/r", "pod:shop pod:shop/r"),
        ("Deployment in shop", "pod:shop"),
        ("Namespace", ""),
    ] {
        assert_eq!(hidden(&gap(text)), expected, "{text}");
    }
}

#[test]
fn a_gap_hides_the_role_that_a_binding_refers_to() {
    let bound = |namespace: &str, kind: &str| -> Binding {
        binding(&json!({"metadata": {"namespace": namespace, "name": "b"},
            "roleRef": {"kind": kind, "name": "r"}}))
    };
    for (text, in_shop, cluster_role, without_namespace) in [
        ("anything", true, true, false),
        ("Role in shop", true, false, false),
        ("Role shop/r", true, false, false),
        ("Role shop/x", false, false, false),
        ("Role", true, false, false),
        ("ClusterRole", false, true, false),
        ("ClusterRole named r", false, true, false),
        ("ClusterRole named x", false, false, false),
    ] {
        let gap = gap(text);
        assert_eq!(gap.may_hide_role_of(&bound("shop", "Role")), in_shop, "{text}");
        for namespace in ["shop", ""] {
            let found = gap.may_hide_role_of(&bound(namespace, "ClusterRole"));
            assert_eq!(found, cluster_role, "{text}");
        }
        assert_eq!(gap.may_hide_role_of(&bound("", "Role")), without_namespace, "{text}");
        assert!(!gap.may_hide_role_of(&bound("shop", "Other")), "{text}");
    }
}

#[test]
fn a_gap_is_described_by_its_extent_position_and_reason() {
    let file = |line| Origin::File { path: "a.yaml".into(), line };
    for (text, origin, expected) in [
        ("anything", file(0), "`a.yaml`: forbidden"),
        ("anything", file(3), "a document at a.yaml:3: forbidden"),
        ("anything", Origin::Cluster, "a document: forbidden"),
        ("Role", file(3), "a Role at a.yaml:3: forbidden"),
        ("Role in shop", file(0), "a Role at a.yaml: forbidden"),
        ("Role", Origin::Cluster, "every Role: forbidden"),
        (
            "ClusterRole in shop",
            Origin::Cluster,
            "every ClusterRole in namespace `shop`: forbidden",
        ),
        ("Role outside a", Origin::Cluster, "every Role outside namespace `a`: forbidden"),
        ("Role outside a b", Origin::Cluster, "every Role outside namespaces `a`, `b`: forbidden"),
        ("ClusterRole named r", file(1), "ClusterRole `r` at a.yaml:1: forbidden"),
        ("Pod shop/r", Origin::Cluster, "Pod `shop/r`: forbidden"),
        ("authorizer", Origin::Cluster, "the Node authorizer: forbidden"),
    ] {
        assert_eq!(Gap { origin, ..gap(text) }.to_string(), expected, "{text}");
    }
    for kind in
        ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount", "Namespace"]
    {
        assert_eq!(ObjectKind::new(kind).to_string(), kind);
        assert!(!matches!(ObjectKind::new(kind), ObjectKind::Other(_)));
    }
    assert_eq!(ObjectKind::new("Pod"), ObjectKind::Other("Pod".into()));
    assert_eq!(ObjectKind::new("Pod").as_str(), "Pod");
}

fn get_pods(namespace: &str) -> Request {
    let target = ResourceRequest {
        namespace: namespace.into(),
        resource: "pods".into(),
        ..ResourceRequest::default()
    };
    Request::resource("get", target)
}

/// An authorizer in which jane has the ClusterRole `sum` in `shop`, and a gap.
fn with_gap(aggregated: bool, stored: bool, text: &str) -> Authorizer {
    let mut role = json!({"kind": "ClusterRole", "metadata": {"name": "sum"}});
    if aggregated {
        role["aggregationRule"] = json!({"clusterRoleSelectors": [{}]});
    }
    if stored {
        role["metadata"]["uid"] = "1".into();
    }
    let mut builder = builder(&[
        role,
        json!({"kind": "RoleBinding", "metadata": {"namespace": "shop", "name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "sum"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
        json!({"kind": "RoleBinding", "metadata": {"namespace": "shop", "name": "dangling"},
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
        json!({"kind": "RoleBinding", "metadata": {"namespace": "shop", "name": "unsupported"},
            "roleRef": {"kind": "Other", "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
    ]);
    builder.gap(gap(text));
    Authorizer::new(builder.build())
}

#[test]
fn a_gap_matters_to_an_identity_if_it_can_hide_a_binding_or_rules_of_its_roles() {
    let jane = Identity::user("jane");
    for (aggregated, stored, text, in_shop, elsewhere) in [
        (false, false, "ClusterRole", false, false),
        // A role that is filled from others can get rules from an unread one.
        (true, false, "ClusterRole", true, false),
        (true, true, "ClusterRole", false, false),
        (true, false, "Role in other", false, false),
        // The dangling reference can be to an unread role.
        (false, false, "Role in shop", true, false),
        (false, false, "Role shop/r", true, false),
        (false, false, "Role shop/x", false, false),
        (false, false, "RoleBinding in shop", true, false),
        (false, false, "ClusterRoleBinding", true, true),
    ] {
        let authorizer = with_gap(aggregated, stored, text);
        for (namespace, expected) in [("shop", in_shop), ("other", elsewhere)] {
            let verdict = authorizer.authorize(&jane, &get_pods(namespace)).verdict;
            assert_eq!(matches!(verdict, Verdict::Unknown { .. }), expected, "{text} {namespace}");
            let review = authorizer.rules_for(&jane, namespace);
            assert_eq!(!review.gaps.is_empty(), expected, "{text} {namespace}");
        }
        let expected = in_shop || elsewhere;
        assert_eq!(!authorizer.gaps_of(&jane).is_empty(), expected, "{text}");
        let is_role_unread = text == "Role in shop" || text == "Role shop/r";
        let problems = authorizer.authorize(&jane, &get_pods("shop")).problems;
        assert_eq!(problems.len(), if is_role_unread { 1 } else { 2 }, "{text}");
        // A stranger is affected by unread bindings only.
        let is_binding = text.contains("Binding");
        let of_bob = authorizer.gaps_of(&Identity::user("bob"));
        assert_eq!(!of_bob.is_empty(), is_binding, "{text}");
    }
}

#[test]
fn a_gap_matters_to_a_reverse_lookup_if_it_can_hide_a_subject_of_the_request() {
    for (text, in_shop, in_cluster, anywhere) in [
        ("anything", true, true, true),
        ("authorizer", false, false, false),
        ("ClusterRole", true, true, true),
        ("ClusterRole named r", true, true, true),
        ("ClusterRoleBinding", true, true, true),
        ("ClusterRoleBinding named b", true, true, true),
        ("Role", true, false, true),
        ("Role in shop", true, false, true),
        ("Role in other", false, false, true),
        ("Role outside shop", false, false, true),
        ("Role outside other", true, false, true),
        ("Role shop/r", true, false, true),
        ("Role other/r", false, false, true),
        ("RoleBinding in shop", true, false, true),
        ("RoleBinding in other", false, false, true),
        ("RoleBinding outside other", true, false, true),
        ("RoleBinding shop/b", true, false, true),
        ("ServiceAccount", false, false, false),
        ("Pod in shop", false, false, false),
        ("Pod shop/p", false, false, false),
    ] {
        let mut builder = builder(&[]);
        builder.gap(gap(text));
        let authorizer = Authorizer::new(builder.build());
        let matters = |request: &Request, namespaces| {
            !authorizer.who_can(request, &namespaces).gaps.is_empty()
        };
        let found = (
            matters(&get_pods("shop"), NamespaceSelection::OfRequest),
            matters(&get_pods(""), NamespaceSelection::OfRequest),
            matters(&get_pods("shop"), NamespaceSelection::Each),
        );
        assert_eq!(found, (in_shop, in_cluster, anywhere), "{text}");
    }
}

#[test]
fn a_node_is_not_denied_without_its_authorizer() {
    let node = Identity::user("system:node:n").with_group("system:nodes");
    let mut builder = builder(&[]);
    builder.gap(gap("ClusterRoleBinding"));
    let authorizer = Authorizer::new(builder.build());
    let Verdict::Unknown { gaps } = authorizer.authorize(&node, &get_pods("shop")).verdict else {
        panic!("a gap and the Node authorizer")
    };
    let names: Vec<String> = gaps.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "every ClusterRoleBinding: forbidden",
            "the Node authorizer: it can allow more than roles and bindings"
        ]
    );
}

#[test]
fn cells_that_are_not_allowed_are_open_where_something_can_hide_a_grant() {
    let node = Identity::user("system:node:n").with_group("system:nodes");
    let jane = Identity::user("jane");
    let column = Column {
        group: "".into(),
        resource: "pods".into(),
        subresource: "".into(),
        name: "".into(),
        namespaced: true,
    };
    for (identity, text, in_shop, elsewhere, in_cluster) in [
        (&jane, None, false, false, false),
        (&jane, Some("ClusterRoleBinding"), true, true, true),
        (&jane, Some("RoleBinding in shop"), true, false, false),
        (&jane, Some("Role in shop"), false, false, false),
        (&node, None, true, true, true),
        (&node, Some("RoleBinding in shop"), true, true, true),
    ] {
        let mut builder = builder(&[]);
        text.into_iter().for_each(|text| builder.gap(gap(text)));
        let authorizer = Authorizer::new(builder.build());
        let axes = authorizer.axes(vec!["get".into()], vec![column.clone()]);
        let grid = authorizer.grid(&axes, identity, &["shop".into(), "other".into(), "".into()]);
        let open: Vec<(bool, bool)> =
            grid.rows.iter().map(|row| (row.open, row.open_at_cluster_scope)).collect();
        let expected = [in_shop, elsewhere, in_cluster].map(|open| (open, in_cluster));
        assert_eq!(open, expected, "{} {text:?}", identity.user);
    }
}

#[test]
fn positions_are_lines_of_files() {
    for (origin, expected) in [
        (Origin::File { path: "a.yaml".into(), line: 3 }, Some("a.yaml:3")),
        (Origin::File { path: "a.yaml".into(), line: 0 }, Some("a.yaml")),
        (Origin::Cluster, None),
        (Origin::Default, None),
    ] {
        assert_eq!(origin.position().as_deref(), expected);
    }
    for (key, expected) in [
        ("rolecall.dev/anything", true),
        ("eks.amazonaws.com/role-arn", true),
        ("azure.workload.identity/client-id", true),
        ("iam.gke.io/gcp-service-account", true),
        ("kubernetes.io/config.mirror", true),
        ("rbac.authorization.kubernetes.io/autoupdate", true),
        ("kubectl.kubernetes.io/last-applied-configuration", false),
        ("rolecall", false),
    ] {
        assert_eq!(Metadata::keeps_annotation(key), expected, "{key}");
    }
}
