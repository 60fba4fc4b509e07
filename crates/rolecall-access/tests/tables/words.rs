use insta::assert_snapshot;
use rolecall_access::{
    AccessSet, AccessTerm, Extent, ExtentPatterns, Holder, ResourceTerm, RuleSet, Severity, UrlTerm,
};
use rolecall_rbac::{Identity, Metadata, Subject, SubjectKind};
use rolecall_testing::cluster::cluster;

#[test]
fn severities_have_names_and_an_order() {
    let names = ["info", "low", "medium", "high", "critical"];
    assert_eq!(Severity::ALL.map(Severity::as_str), names);
    for (severity, name) in Severity::ALL.into_iter().zip(names) {
        assert_eq!(name.parse(), Ok(severity));
        assert_eq!(severity.to_string(), name);
    }
    assert!(Severity::ALL.is_sorted());
    let error = "High".parse::<Severity>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`High` is not a severity; use `info`, `low`, `medium`, `high` or `critical`"
    );
}

/// Reads `a,b`, `*`, `* except a` or `*,a except b`; `-` is the empty text.
fn extent(text: &str) -> Extent {
    let (listed, except) = text.split_once(" except ").unwrap_or((text, ""));
    let list = |text: &str| {
        let texts = text.split(',').filter(|text| !text.is_empty() && *text != "*");
        let texts = texts.map(|text| if text == "-" { "" } else { text });
        Extent::of_list(texts).listed.clone()
    };
    let all = listed.split(',').any(|text| text == "*");
    ExtentPatterns { all, listed: list(listed), except: list(except) }.into()
}

#[test]
fn an_extent_is_written_as_a_list_with_exceptions() {
    for (text, is_everything, shown) in [
        ("*", true, "*"),
        ("* except a", false, "* except a"),
        ("a", false, "a"),
        ("b,a,b", false, "a, b"),
        ("-,a", false, "\"\", a"),
        ("*,a/* except a,-", false, "*, a/* except \"\", a"),
    ] {
        assert_eq!(extent(text).to_string(), shown);
        assert_eq!(extent(text).is_everything(), is_everything, "{text}");
    }
    assert!(Extent::everything().is_everything());
}

/// Reads `VERBS | RESOURCES | GROUPS | NAMES | NAMESPACES` or `VERBS | URLS`.
fn term(text: &str) -> AccessTerm {
    let parts: Vec<Extent> = text.split(" | ").map(extent).collect();
    match <[Extent; 5]>::try_from(parts) {
        Ok([verbs, resources, groups, names, namespaces]) => {
            AccessTerm::Resources(ResourceTerm { namespaces, groups, resources, names, verbs })
        }
        Err(parts) => AccessTerm::Urls(UrlTerm { verbs: parts[0].clone(), urls: parts[1].clone() }),
    }
}

#[test]
fn terms_are_written_like_questions() {
    let rows = [
        "get,list | pods | - | * | shop",
        "get | pods,secrets | - | * | *",
        "get | deployments,deployments/scale | apps | * | -",
        "get | deployments,replicasets | apps,extensions | * | -,shop",
        "get | a,b,c,d,e,f,g,h,i | apps | * | a,b",
        "get | a,b,c,d | x,y | * | * except -",
        "get | a,b,c,d,e | x,y | * | * except -",
        "get | a | * | * | * except -,shop",
        "get | a | * | * | * except shop,web",
        "get | a | * except apps | * | *",
        "get | a | *,apps | * | -,shop,web",
        "get | * | apps | * | *",
        "get | * | - | * | *",
        "get | * except pods | apps | * | *",
        "* | * | * | * | *",
        "* | pods | - | * | shop",
        "* except get | pods | - | * | shop",
        "* except get,list | * | * | * | *",
        "*,a except get | pods | - | a | shop",
        "get | pods | - | - | shop",
        "get | pods | - | * except - | shop",
        "get | pods | - | * except a,b | shop",
        "get | pods | - | a,b | shop",
        "get | pods | - | *,a except b | shop",
        "get | pods | - | -,a | shop",
        "get | /healthz,/metrics",
        "* | /metrics",
        "get | *",
        "* | /*",
        "* except get | /metrics/* except /metrics/a",
    ];
    let shown: Vec<String> = rows.iter().map(|row| format!("{row} => {}", term(row))).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    get,list | pods | - | * | shop => get,list pods in namespace shop
    get | pods,secrets | - | * | * => get pods,secrets everywhere
    get | deployments,deployments/scale | apps | * | - => get deployments.apps,deployments.apps/scale at the cluster scope
    get | deployments,replicasets | apps,extensions | * | -,shop => get deployments.apps,replicasets.apps,deployments.extensions,replicasets.extensions at the cluster scope and in namespace shop
    get | a,b,c,d,e,f,g,h,i | apps | * | a,b => get a.apps,b.apps,c.apps,d.apps,e.apps,f.apps,g.apps,h.apps,i.apps in namespaces a,b
    get | a,b,c,d | x,y | * | * except - => get a.x,b.x,c.x,d.x,a.y,b.y,c.y,d.y in every namespace
    get | a,b,c,d,e | x,y | * | * except - => get a,b,c,d,e of API groups x,y in every namespace
    get | a | * | * | * except -,shop => get a of every API group in every namespace but namespace shop
    get | a | * | * | * except shop,web => get a of every API group everywhere but in namespaces shop,web
    get | a | * except apps | * | * => get a of API groups * except apps everywhere
    get | a | *,apps | * | -,shop,web => get a of every API group at the cluster scope and in namespaces shop,web
    get | * | apps | * | * => get *.apps everywhere
    get | * | - | * | * => get * of API group "" everywhere
    get | * except pods | apps | * | * => get * except pods of API group "apps" everywhere
    * | * | * | * | * => every verb on every resource everywhere
    * | pods | - | * | shop => every verb on pods in namespace shop
    * except get | pods | - | * | shop => every verb but get on pods in namespace shop
    * except get,list | * | * | * | * => every verb but get,list on every resource everywhere (such as approve,attest,bind,escalate,impersonate,sign,use)
    *,a except get | pods | - | a | shop => every verb but get on pods named a in namespace shop
    get | pods | - | - | shop => get pods without a name in namespace shop
    get | pods | - | * except - | shop => get pods with a name in namespace shop
    get | pods | - | * except a,b | shop => get pods not named a,b in namespace shop
    get | pods | - | a,b | shop => get pods named a,b in namespace shop
    get | pods | - | *,a except b | shop => get pods named *,a except b in namespace shop
    get | pods | - | -,a | shop => get pods named "",a in namespace shop
    get | /healthz,/metrics => get /healthz,/metrics
    * | /metrics => every verb on /metrics
    get | * => get every URL
    * | /* => every verb on every URL
    * except get | /metrics/* except /metrics/a => * except get /metrics/* except /metrics/a
    "#);
    assert_eq!(AccessTerm::Everything.to_string(), "everything");
}

#[test]
fn verbs_that_readers_would_overlook_are_named() {
    let rbac = "rbac.authorization.k8s.io";
    for (verbs, resources, groups, expected) in [
        ("*", "clusterroles", rbac, ""),
        ("* except get", "clusterroles", rbac, " (such as bind,escalate)"),
        ("* except bind", "clusterroles", rbac, " (such as escalate)"),
        ("* except get", "roles", rbac, " (such as bind,escalate)"),
        ("* except get", "clusterroles", "-", ""),
        ("get", "clusterroles", rbac, ""),
        ("* except delete", "pods", "-", " (such as deletecollection)"),
        ("* except delete,deletecollection", "pods", "-", ""),
        ("* except get", "groups", "-", " (such as impersonate)"),
        ("* except get", "serviceaccounts", "-", " (such as impersonate)"),
        ("* except get", "users", "-", " (such as impersonate)"),
        ("* except get", "uids", "authentication.k8s.io", " (such as impersonate)"),
        ("* except get", "userextras", "authentication.k8s.io", " (such as impersonate)"),
        ("* except get", "signers", "certificates.k8s.io", " (such as approve,attest,sign)"),
        ("* except get", "podsecuritypolicies", "policy", " (such as use)"),
        ("* except get", "securitycontextconstraints", "security.openshift.io", " (such as use)"),
        ("* except get", "*", "*", " (such as approve,attest,bind,escalate,impersonate,sign,use)"),
        ("* except get", "* except roles", rbac, " (such as bind,escalate)"),
        ("* except get", "* except clusterroles,roles", rbac, ""),
        (
            "* except get",
            "* except users",
            "* except policy,certificates.k8s.io",
            " (such as bind,escalate,impersonate,use)",
        ),
    ] {
        let shown = term(&format!("{verbs} | {resources} | {groups} | * | *")).to_string();
        let found = shown.split_once(" everywhere").map(|(_, rest)| rest);
        assert_eq!(found, Some(expected), "{verbs} {resources} {groups}: {shown}");
    }
}

#[test]
fn examples_are_requests_of_their_term() {
    let rows = [
        "get,list | pods,pods/log | - | a,b | shop,web",
        "* | */scale | apps | * | *",
        "get | * | * | * | * except -",
        "get | pods | - | * except - | shop",
        "get | * except pods | * | * | *",
        "get | pods/ | - | * | *",
        "get,post | /healthz",
        "get | /metrics/*",
        "* | *",
    ];
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let examples: Vec<String> = term(row)
                .examples()
                .map(|request| match &request.target {
                    rolecall_rbac::Target::Path(_) => request.to_string(),
                    rolecall_rbac::Target::Resource(target) => format!(
                        "{} {:?}.{:?} {:?} in {:?}",
                        request.verb,
                        target.combined(),
                        target.group,
                        target.name,
                        target.namespace
                    ),
                })
                .collect();
            format!("{row}\n  {}", examples.join("\n  "))
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @r#"
    get,list | pods,pods/log | - | a,b | shop,web
      get "pods"."" "a" in "shop"
      list "pods"."" "a" in "shop"
      get "pods"."" "b" in "shop"
      list "pods"."" "b" in "shop"
      get "pods"."" "a" in "web"
      list "pods"."" "a" in "web"
      get "pods"."" "b" in "web"
      list "pods"."" "b" in "web"
      get "pods/log"."" "a" in "shop"
      list "pods/log"."" "a" in "shop"
      get "pods/log"."" "b" in "shop"
      list "pods/log"."" "b" in "shop"
      get "pods/log"."" "a" in "web"
      list "pods/log"."" "a" in "web"
      get "pods/log"."" "b" in "web"
      list "pods/log"."" "b" in "web"
    * | */scale | apps | * | *
      * "*/scale"."apps" "" in ""
    get | * | * | * | * except -
      get "*"."*" "" in "*"
    get | pods | - | * except - | shop
      get "pods"."" "*" in "shop"
    get | * except pods | * | * | *
      get "*"."*" "" in ""
    get | pods/ | - | * | *
      
    get,post | /healthz
      get path "/healthz"
      post path "/healthz"
    get | /metrics/*
      get path "/metrics/*"
    * | *
      * path "/*"
    "#);
    for row in rows {
        let set = term(row).to_set();
        assert!(term(row).examples().all(|request| set.contains(&request)), "{row}");
    }
    let everything: Vec<String> =
        AccessTerm::Everything.examples().map(|request| request.to_string()).collect();
    assert_eq!(
        everything,
        [r#"* resource "*" in API group "*" at the cluster scope"#, r#"* path "/*""#]
    );
}

#[test]
fn a_holder_is_the_subject_of_a_binding_in_any_notation() {
    let subject = |kind: SubjectKind, namespace: &str, name: &str| Subject {
        kind,
        name: name.into(),
        namespace: namespace.into(),
        api_group: "".into(),
    };
    for (kind, namespace, name, binding, expected) in [
        (SubjectKind::User, "", "jane", "", Some("user/jane")),
        (SubjectKind::User, "", "system:serviceaccount:shop:web", "", Some("sa/shop:web")),
        (SubjectKind::Group, "", "devs", "", Some("group/devs")),
        (SubjectKind::ServiceAccount, "shop", "web", "", Some("sa/shop:web")),
        (SubjectKind::ServiceAccount, "", "web", "blue", Some("sa/blue:web")),
        (SubjectKind::ServiceAccount, "", "web", "", None),
        (SubjectKind::Other("Robot".into()), "", "r2", "", None),
    ] {
        let subject = subject(kind, namespace, name);
        let found = Holder::of_subject(&subject, &Metadata::new(binding, "b"));
        assert_eq!(found.map(|holder| holder.to_string()).as_deref(), expected, "{name}");
    }
    for (identity, shown, groups, is_privileged) in [
        (
            Identity::service_account("shop", "web"),
            "sa/shop:web",
            "system:serviceaccounts system:serviceaccounts:shop system:authenticated",
            false,
        ),
        (Identity::user("jane"), "user/jane", "system:authenticated", false),
        (Identity::group("devs"), "group/devs", "system:authenticated", false),
        (
            Identity::group("system:serviceaccounts:shop"),
            "group/system:serviceaccounts:shop",
            "system:serviceaccounts system:authenticated",
            false,
        ),
        (Identity::group("system:masters"), "group/system:masters", "system:authenticated", true),
    ] {
        let holder = Holder::of_identity(&identity);
        assert_eq!(holder.to_string(), shown);
        assert_eq!(holder.identity(), identity);
        assert_eq!(holder.implied_groups().join(" "), groups, "{shown}");
        assert_eq!(holder.is_privileged(), is_privileged, "{shown}");
    }
}

#[test]
fn the_bindings_of_a_holder_name_it_and_not_its_groups() {
    let authorizer = rolecall_rbac::Authorizer::new(cluster(
        "ClusterRole r: get pods
         a: r -> user/jane
         b: r -> group/system:authenticated
         c: r -> sa/shop:web in shop
         d: r -> group/devs",
    ));
    for (identity, expected) in [
        (Identity::user("jane"), "a"),
        (Identity::service_account("shop", "web"), "c"),
        (Identity::group("devs"), "d"),
        (Identity::group("system:authenticated"), "b"),
    ] {
        let bound = Holder::of_identity(&identity).bindings(&authorizer);
        let names: Vec<&str> = bound.iter().map(|bound| &*bound.binding.metadata.name).collect();
        assert_eq!(names.join(" "), expected);
    }
}

#[test]
fn everyone_can_review_themselves_and_discover_the_api() {
    let inventory = cluster(
        "ClusterRole system:basic-user: create selfsubjectaccessreviews,selfsubjectrulesreviews.authorization.k8s.io; create selfsubjectreviews.authentication.k8s.io
         ClusterRole system:discovery: get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/
         ClusterRole system:public-info-viewer: get /healthz,/livez,/readyz,/version,/version/
         ClusterRole system:service-account-issuer-discovery: get /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/",
    );
    let rules = inventory.roles().iter().flat_map(|role| role.rules.iter());
    assert_eq!(rolecall_access::baseline(), RuleSet::of_rules(rules).everywhere());
    assert!(!rolecall_access::baseline().is_subset(&AccessSet::nothing()));
}
