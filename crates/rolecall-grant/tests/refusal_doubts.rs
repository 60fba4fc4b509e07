//! Text that is not or might not be a refused request is classified and never granted.

use rolecall_grant::refusal::{Admission, Doubt, Field, RemarkKind, Scan};

const LIST: &str = r#"pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "shop""#;
const GET: &str = r#"pods "web" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "shop""#;

#[test]
fn other_refusals_are_distinguished() {
    let admission = RemarkKind::Admission;
    let rows = [
        (
            r#"pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
            admission(Admission::PodSecurity { level: "restricted:latest".into() }),
        ),
        (
            r#"pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"#,
            admission(Admission::Quota),
        ),
        (
            r#"pods "p" is forbidden: failed quota: q: must specify limits.cpu"#,
            admission(Admission::Quota),
        ),
        (
            r#"pods "p" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi"#,
            admission(Admission::LimitRange),
        ),
        (
            r#"Error creating: pods "p" is forbidden: error looking up service account shop/api: serviceaccount "api" not found"#,
            admission(Admission::NoServiceAccount { namespace: "shop".into(), name: "api".into() }),
        ),
        (
            r#"Error from server (Forbidden): error when creating "x": admission webhook "w.example.com" denied the request: no"#,
            admission(Admission::Webhook { name: "w.example.com".into() }),
        ),
        (
            r#"pods "p" is forbidden: ValidatingAdmissionPolicy 'p1' with binding 'b' denied request: no"#,
            admission(Admission::Policy { name: "p1".into() }),
        ),
        (
            r#"certificatesigningrequests.certificates.k8s.io "c" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kubelet-serving""#,
            admission(Admission::Signer { name: "kubernetes.io/kubelet-serving".into() }),
        ),
        (
            r#"pods "p" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>"#,
            admission(Admission::OwnerFinalizers),
        ),
        (
            r#"roles.rbac.authorization.k8s.io "r" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>"#,
            admission(Admission::OwnerReference),
        ),
        (
            r#"The deployments "web" is invalid: : ValidatingAdmissionPolicy 'p1' with binding 'b' denied request: no"#,
            admission(Admission::Policy { name: "p1".into() }),
        ),
        (
            r#"pods "p" is forbidden: unable to create new content in namespace x because it is being terminated"#,
            admission(Admission::NamespaceTerminating),
        ),
        (
            r#"pods "p" is forbidden: unable to validate against any security context constraint: []"#,
            admission(Admission::PodPolicy),
        ),
        (
            r#"nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2""#,
            admission(Admission::NodeRestriction),
        ),
        (r#"pods "p" is forbidden: something of your own"#, admission(Admission::Other)),
        (r#"pods "p" is forbidden: "#, RemarkKind::UpgradeNeedsCreate { pod: "p".into() }),
        (
            r#"clusterroles.rbac.authorization.k8s.io "c" is forbidden: must have cluster-admin privileges to use the aggregationRule"#,
            RemarkKind::AggregationRule,
        ),
        ("error: You must be logged in to the server (Unauthorized)", RemarkKind::Unauthorized),
        (
            "error: You must be logged in to the server (the server has asked for the client to provide credentials (get pods))",
            RemarkKind::Unauthorized,
        ),
        (
            r#"{"kind":"Status","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
            RemarkKind::Unauthorized,
        ),
        (
            "Error from server (Forbidden): <html>403 Forbidden</html> (get pods)",
            RemarkKind::Intermediary,
        ),
    ];
    for (text, kind) in rows {
        for text in [text.to_owned(), serde_json::json!({ "m": text }).to_string()] {
            let kinds: Vec<RemarkKind> =
                Scan::of(text.as_bytes()).remarks.into_iter().map(|remark| remark.kind).collect();
            // kubectl's own messages are on a terminal, not in a log.
            let kubectl_alone = kind == RemarkKind::Intermediary && text.starts_with('{');
            let expected = if kubectl_alone { vec![] } else { vec![kind.clone()] };
            assert_eq!(kinds, expected, "{text}");
        }
    }
}

#[test]
fn near_refusals_are_doubtful() {
    let invalid = |field: Field| Doubt::Invalid { field };
    let unprintable = |field: Field| Doubt::Unprintable { field };
    let rows = [
        (
            r#"x: User "u" cannot list resource "pods" in API group "" in the namespace "a""#,
            Doubt::Unannounced,
        ),
        (
            r#"nodes is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "a""#,
            Doubt::HeadDisagrees,
        ),
        (
            r#"xpods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "a""#,
            Doubt::HeadDisagrees,
        ),
        (
            r#"pods.x is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "a""#,
            Doubt::HeadDisagrees,
        ),
        (
            r#"forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "a""#,
            Doubt::HeadDisagrees,
        ),
        (r#"pods is forbidden: User "u" cannot get path "/x""#, Doubt::HeadDisagrees),
        (
            r#"pods is forbidden: User "u" cannot * resource "pods" in API group "" in the namespace "a""#,
            invalid(Field::Verb),
        ),
        (
            r#"pods is forbidden: User "u" cannot  resource "pods" in API group "" in the namespace "a""#,
            invalid(Field::Verb),
        ),
        (
            r#"* is forbidden: User "u" cannot list resource "*" in API group "" in the namespace "a""#,
            invalid(Field::Resource),
        ),
        (
            r#"pods.* is forbidden: User "u" cannot list resource "pods" in API group "*" in the namespace "a""#,
            invalid(Field::Group),
        ),
        (
            r#"pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "*""#,
            invalid(Field::Namespace),
        ),
        (
            r#"pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace """#,
            invalid(Field::Namespace),
        ),
        (
            r#"pods is forbidden: User "u" cannot list resource "pods/" in API group "" in the namespace "a""#,
            invalid(Field::Resource),
        ),
        (
            r#"pods "" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "a""#,
            invalid(Field::Name),
        ),
        (
            r#"pods is forbidden: User "u\x1b[31m" cannot list resource "pods" in API group "" in the namespace "a""#,
            unprintable(Field::User),
        ),
        (
            r#"pods is forbidden: User "u\n- kind: Role" cannot list resource "pods" in API group "" in the namespace "a""#,
            unprintable(Field::User),
        ),
        (
            r#"pods is forbidden: User "u\u202e" cannot list resource "pods" in API group "" in the namespace "a""#,
            unprintable(Field::User),
        ),
        (
            r#"pods "a\nb" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "a""#,
            unprintable(Field::Name),
        ),
        (
            r#"pods is forbidden: User "u\q" cannot list resource "pods" in API group "" in the namespace "a""#,
            invalid(Field::User),
        ),
        (r#"forbidden: User "u" cannot get path "/*""#, Doubt::PatternPath),
        (r#"forbidden: User "u" cannot get path "metrics""#, invalid(Field::Path)),
        (
            r#"pods is forbidden: User "u" cannot list resource "pods" of API group "" in the namespace "a""#,
            Doubt::OtherWording,
        ),
        (
            r#"pods is forbidden: User "u" cannot list resource "pods" in API group "" at the cluster scopes"#,
            Doubt::OtherWording,
        ),
    ];
    for (text, doubt) in rows {
        let scan = Scan::of(text.as_bytes());
        let kinds: Vec<RemarkKind> = scan.remarks.into_iter().map(|remark| remark.kind).collect();
        assert_eq!(kinds, [RemarkKind::Doubtful(doubt)], "{text}");
        assert_eq!(scan.denials, [], "{text}");
    }
}

#[test]
fn a_refusal_cut_off_anywhere_grants_nothing() {
    for whole in [
        LIST.to_owned(),
        GET.to_owned(),
        serde_json::to_string(GET).unwrap(),
        r#"pods is forbidden: User "u" cannot list pods at the cluster scope"#.to_owned(),
        r#"forbidden: User "u" cannot get path "/metrics""#.to_owned(),
    ] {
        let announced = whole.find("User").unwrap() + 5;
        let complete = whole.rfind(['"', 'e']).unwrap();
        let complete = if whole.ends_with(r#"\"""#) { complete - 1 } else { complete };
        for end in 0..complete {
            for tail in ["", "\nmore text \"quoted\"\n"] {
                let text = format!("{}{tail}", &whole[..end]);
                let scan = Scan::of(text.as_bytes());
                assert_eq!(scan.denials, [], "{text}");
                let kinds: Vec<RemarkKind> =
                    scan.remarks.into_iter().map(|remark| remark.kind).collect();
                if end > announced {
                    assert_eq!(kinds, [RemarkKind::Doubtful(Doubt::CutOff)], "{text}");
                }
            }
        }
    }
}

#[test]
fn ordinary_prose_is_skipped() {
    for text in [
        "the user cannot list pods; this is forbidden by policy",
        r#"User "jane" cannot open the file "x""#,
        r#"fmt.Sprintf("User %q cannot %s path %q", u, v, p)"#,
        "access is forbidden: ask an admin",
        "Unauthorized access attempt",
        "the proxy denied the request",
        r#"regex: User "(?<user>[^"]*)" cannot (?<verb>\S*)"#,
        "cannot",
        "\"cannot",
        " cannot ",
        "forbidden:",
        "is forbidden: ",
    ] {
        let scan = Scan::of(text.as_bytes());
        assert_eq!(scan, Scan { bytes: text.len() as u64, ..Scan::default() }, "{text}");
    }
}
