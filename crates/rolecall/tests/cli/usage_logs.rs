//! `usage`: reading audit logs.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns, rolecall_with, root};

const LOG: &str = "crates/rolecall-usage/tests/data/native-1.36.jsonl.gz";

fn event(verb: &str, resource: &str, namespace: &str, user: &str, code: u16, time: &str) -> String {
    let (decision, reason) = match code {
        403 => ("forbid", ""),
        _ => (
            "allow",
            r#"RBAC: allowed by RoleBinding \"web/shop\" of Role \"web\" to ServiceAccount \"web/shop\""#,
        ),
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseComplete","requestURI":"/","verb":"{verb}","user":{{"username":"{user}","groups":["system:authenticated"],"extra":{{"authentication.kubernetes.io/pod-name":["web-0"]}}}},"objectRef":{{"resource":"{resource}","namespace":"{namespace}"}},"responseStatus":{{"code":{code}}},"requestReceivedTimestamp":"{time}","annotations":{{"authorization.k8s.io/decision":"{decision}","authorization.k8s.io/reason":"{reason}"}}}}"#
    )
}

fn log() -> String {
    let web = "system:serviceaccount:shop:web";
    [
        event("list", "pods", "shop", web, 200, "2026-01-01T00:10:00.000001Z"),
        event("list", "pods", "shop", web, 200, "2026-01-01T05:00:00.000000Z"),
        event("get", "secrets", "shop", web, 403, "2026-01-01T05:00:01.000000Z"),
        event("list", "nodes", "", "jane", 403, "2026-01-01T05:00:02.000000Z"),
    ]
    .join("\n")
}

/// A file without lines neither fills the memory nor ends silently.
#[test]
fn a_line_without_an_end_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    fs::File::create(&path).unwrap().set_len(300 << 20).unwrap();
    let ran = rolecall(&format!("usage {}", path.display()));
    assert!(ran.stderr.contains("it contains a line longer than 256 MiB"), "{ran}");
    assert_eq!(ran.exit, Some(3), "{ran}");
}

#[test]
fn usage_lists_requests_with_their_outcome() {
    assert_snapshot!(rolecall_with("usage -", &log()), @r#"
    SUBJECT       NAMESPACE   REQUEST       OUTCOME   COUNT
    sa/shop:web   shop        get secrets   refused   1
    sa/shop:web   shop        list pods     allowed   2
    user/jane                 list nodes    refused   1
    --- stderr
    note: the logs cover 4 events from 2026-01-01T00:10:00Z to 2026-01-01T05:00:02Z
    note: no events for 4 hours from 2026-01-01T01:00:00Z
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("usage - -o csv -q --for sa/shop:web --outcome allowed", &log()), @r#"
    subject,groups,namespace,verb,resource,name,outcome,via,binding,note,pods,count,first,last
    sa/shop:web,,shop,list,pods,,allowed,rbac,RoleBinding shop/web,,web-0,2,2026-01-01T00:10:00.000001Z,2026-01-01T05:00:00Z
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("usage - -q -o jsonl --for 'user/*'", &log()), @r#"
    {"kind":"Use","user":"jane","verb":"list","resource":"nodes","outcome":"refused","pods":["web-0"],"count":1,"complete":1,"first":"2026-01-01T05:00:02Z","last":"2026-01-01T05:00:02Z"}
    --- exit 0
    "#);
}

#[test]
fn tables_of_requests_fit_a_terminal() {
    let ran = rolecall_in_columns(80, &format!("usage {LOG} --for 'sa/*' -q"));
    let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{ran}");
    assert_eq!(ran.exit, Some(0));
}

#[test]
fn directories_patterns_and_compressed_parts_give_the_same_summary() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = log();
    let (one, two) = text.split_at(text.find('\n').unwrap() + 1);
    fs::create_dir(path("logs")).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(one.as_bytes()).unwrap();
    fs::write(path("logs/audit-1.log.gz"), packed.finish().unwrap()).unwrap();
    // An uncompressed frame of Zstandard, followed by another.
    let frame = |text: &str| {
        let length = u32::try_from(text.len()).unwrap();
        let block = (length << 3) | 1;
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
        frame.extend(length.to_le_bytes());
        frame.extend(&block.to_le_bytes()[..3]);
        frame.extend(text.as_bytes());
        frame
    };
    let (middle, end) = two.split_at(10);
    fs::write(path("logs/audit.log.zst"), [frame(middle), frame(end)].concat()).unwrap();
    let folder = folder.path().display();
    let expected = rolecall_with("usage - -q -o jsonl", &text);
    for logs in [
        format!("{folder}/logs"),
        format!("'{folder}/logs/*'"),
        format!("{folder}/logs/audit.log.zst {folder}/logs/audit-1.log.gz"),
    ] {
        let summary = format!("{folder}/summary.jsonl");
        let ran = rolecall(&format!("usage {logs} -q -o jsonl --summary-out {summary}"));
        assert_eq!(ran, expected, "{logs}");
        assert_eq!(rolecall(&format!("usage {summary} -q -o jsonl")), expected);
    }
}

#[test]
fn parquet_files_have_the_requests_of_the_log() {
    let data = "crates/rolecall-usage/tests/data";
    let expected = rolecall(&format!("usage {EXAMPLE}/audit.log -o jsonl"));
    // DuckDB wrote the result of the query of `--sql`, and the events.
    for file in ["query.parquet", "events.parquet"] {
        assert_eq!(rolecall(&format!("usage {data}/{file} -o jsonl")), expected, "{file}");
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(root().join(data).join("events.parquet")).unwrap();
    let read = |bytes: &[u8]| {
        let file = folder.path().join("a.parquet");
        fs::write(&file, bytes).unwrap();
        let ran = rolecall(&format!("usage {} -o jsonl", file.display()));
        (ran.exit, ran.stderr.replace(&folder.path().display().to_string(), "FOLDER"))
    };
    let cut = "error: FOLDER/a.parquet: cannot be read: Invalid Parquet file. Corrupt footer\n";
    assert_eq!(read(&whole[..whole.len() / 2]), (Some(2), cut.to_owned()));
    assert_eq!(read(b"PAR1").0, Some(2));
    // Whatever a byte becomes, there is an answer or an error.
    for (at, value) in
        (0..whole.len()).step_by(97).zip([0, 1, 0x7f, 0x80, 0xff].into_iter().cycle())
    {
        let mut damaged = whole.clone();
        damaged[at] = value;
        let (exit, stderr) = read(&damaged);
        assert!(matches!(exit, Some(0 | 2 | 3)), "{at} {exit:?} {stderr}");
        assert!(!stderr.contains("panicked"), "{at} {stderr}");
    }
    assert_snapshot!(rolecall_with("usage -", "PAR1"), @r#"
    --- stderr
    error: stdin contains a Parquet file, which can be read only from a file
    hint: write it to a file, and pass its name
    --- exit 2
    "#);
}

#[test]
fn what_cannot_be_read_is_reported_and_not_fatal() {
    let cut = &log()[..700];
    assert_snapshot!(rolecall_with("usage - --no-headers", cut), @r#"
    sa/shop:web   shop        list pods   allowed   1
    --- stderr
    note: the last line is incomplete, as is usual for a log that is still being written
    note: the logs cover 1 event from 2026-01-01T00:10:00Z to 2026-01-01T00:10:00Z
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("usage -", &format!("{}\nno event\n", log())), @r#"
    SUBJECT       NAMESPACE   REQUEST       OUTCOME   COUNT
    sa/shop:web   shop        get secrets   refused   1
    sa/shop:web   shop        list pods     allowed   2
    user/jane                 list nodes    refused   1
    --- stderr
    warning: 1 line could not be read as audit events
    note: the logs cover 4 events from 2026-01-01T00:10:00Z to 2026-01-01T05:00:02Z
    note: no events for 4 hours from 2026-01-01T01:00:00Z
    --- exit 3
    "#);
    assert_snapshot!(rolecall_with("usage -", "{\"kind\":\"Pod\"}\n"), @r#"
    SUBJECT   NAMESPACE   REQUEST   OUTCOME   COUNT
    --- stderr
    note: 1 record is not from the audit log of an API server
    warning: the logs contain no audit events
    hint: pass `--format FORMAT` to read logs in a format that is not recognized
    --- exit 3
    "#);
    assert_snapshot!(rolecall("usage no-such.log"), @r#"
    --- stderr
    error: no-such.log: no such file or directory
    --- exit 2
    "#);
    assert_snapshot!(rolecall("usage - --for web"), @r#"
    --- stderr
    error: `web` is not a subject in a log
    hint: use `sa/NAMESPACE:web` or `user/web` instead of `web`
    --- exit 2
    "#);
    assert_snapshot!(rolecall("usage - -f x"), @r#"
    --- stderr
    error: `usage` does not use `--filename`

    Usage: rolecall [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 2
    "#);
}

const EXAMPLE: &str = "docs/examples/least-privilege";

#[test]
fn unused_rights_fail_and_state_what_the_log_covers() {
    let ask = format!("unused --usage {EXAMPLE}/audit.log -f {EXAMPLE}/rbac.yaml");
    assert_snapshot!(rolecall(&format!("{ask} -o csv --for user/nobody")), @r#"
    binding,role,rights,use
    --- stderr
    note: the logs cover 7 events from 2026-01-05T08:00:00Z to 2026-01-05T09:45:00Z
    note: no binding is selected; the default ones of Kubernetes are not listed
    --- exit 0
    "#);
    assert_snapshot!(rolecall(&format!("{ask} -o wide -A --no-headers")), @r#"
    ClusterRoleBinding shop-web      shop-web rules[0]        get pods                not seen
    ClusterRoleBinding shop-web      shop-web rules[0]        watch pods              1 request, last 2026-01-05T08:00:00Z by web-6d5f7c9b8-x2x4q
    ClusterRoleBinding shop-web      shop-web rules[0]        list pods               2 requests, last 2026-01-05T09:45:00Z by web-6d5f7c9b8-x2x4q
    ClusterRoleBinding shop-web      shop-web rules[1]        * secrets               not seen
    ClusterRoleBinding shop-web      shop-web rules[1]        * configmaps            2 requests, last 2026-01-05T09:30:00Z by web-6d5f7c9b8-x2x4q
    RoleBinding shop/web-migration   web-migration rules[0]   create,get jobs.batch   not seen
    --- stderr
    note: the logs cover 7 events from 2026-01-05T08:00:00Z to 2026-01-05T09:45:00Z
    --- exit 1
    "#);
}

#[test]
fn a_proposal_is_a_patch_a_diff_or_objects() {
    let ask = format!("tighten --usage {EXAMPLE}/audit.log -f {EXAMPLE}/rbac.yaml");
    assert_snapshot!(rolecall(&format!("{ask} --diff -q")), @r#"
    --- ClusterRole shop-web (docs/examples/least-privilege/rbac.yaml:12)
    +++ ClusterRole shop-web
    @@ -5,7 +5,7 @@
     rules:
     - apiGroups: [""]
       resources: ["pods"]
    -  verbs: ["get", "list", "watch"]
    +  verbs: ["list", "watch"]
     - apiGroups: [""]
    -  resources: ["configmaps", "secrets"]
    -  verbs: ["*"]
    +  resources: ["configmaps"]
    +  verbs: ["get"]
    --- /dev/null
    +++ RoleBinding shop/shop-web
    @@ -0,0 +1,13 @@
    +apiVersion: rbac.authorization.k8s.io/v1
    +kind: RoleBinding
    +metadata:
    +  name: shop-web
    +  namespace: shop
    +roleRef:
    +  apiGroup: rbac.authorization.k8s.io
    +  kind: ClusterRole
    +  name: shop-web
    +subjects:
    +- kind: ServiceAccount
    +  name: web
    +  namespace: shop
    --- ClusterRoleBinding shop-web (docs/examples/least-privilege/rbac.yaml:26)
    +++ /dev/null
    @@ -1,12 +0,0 @@
    -apiVersion: rbac.authorization.k8s.io/v1
    -kind: ClusterRoleBinding
    -metadata:
    -  name: shop-web
    -roleRef:
    -  apiGroup: rbac.authorization.k8s.io
    -  kind: ClusterRole
    -  name: shop-web
    -subjects:
    -- kind: ServiceAccount
    -  name: web
    -  namespace: shop
    --- RoleBinding shop/web-migration (docs/examples/least-privilege/rbac.yaml:50)
    +++ /dev/null
    @@ -1,13 +0,0 @@
    -apiVersion: rbac.authorization.k8s.io/v1
    -kind: RoleBinding
    -metadata:
    -  name: web-migration
    -  namespace: shop
    -roleRef:
    -  apiGroup: rbac.authorization.k8s.io
    -  kind: Role
    -  name: web-migration
    -subjects:
    -- kind: ServiceAccount
    -  name: web
    -  namespace: shop
    --- Role shop/web-migration (docs/examples/least-privilege/rbac.yaml:40)
    +++ /dev/null
    @@ -1,9 +0,0 @@
    -apiVersion: rbac.authorization.k8s.io/v1
    -kind: Role
    -metadata:
    -  name: web-migration
    -  namespace: shop
    -rules:
    -- apiGroups: ["batch"]
    -  resources: ["jobs"]
    -  verbs: ["create", "get"]
    --- exit 0
    "#);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("rbac.yaml");
    fs::copy(root().join(EXAMPLE).join("rbac.yaml"), &copy).unwrap();
    let ask = format!("tighten --usage {EXAMPLE}/audit.log -f {}", copy.display());
    let patch = folder.path().join("patch");
    fs::write(&patch, rolecall(&format!("{ask} --patch -q")).stdout).unwrap();
    let patched = std::process::Command::new("patch").arg(&copy).arg("-i").arg(&patch).output();
    if let Ok(patched) = patched {
        assert!(patched.status.success(), "{patched:?}");
        let again = rolecall(&format!("{ask} --patch"));
        assert_eq!((again.exit, &*again.stdout), (Some(0), ""), "{again}");
        assert!(again.stderr.contains("nothing can be removed"), "{again}");
    }
}

#[test]
fn queries_need_native_events() {
    let ran = rolecall("usage --sql duckdb --table events");
    assert!(ran.stdout.starts_with("WITH events AS (\n"), "{ran}");
    assert_snapshot!(rolecall("usage --sql spark --table events --format gke"), @r#"
    --- stderr
    error: queries need native events, which GKE logs do not contain
    --- exit 2
    "#);
}

#[test]
fn shards_of_the_files_add_up() {
    let whole = rolecall(&format!("usage {LOG} {EXAMPLE}/audit.log -q -o jsonl"));
    let folder = tempfile::tempdir().unwrap();
    for index in 0..2 {
        let out = folder.path().join(format!("{index}.jsonl"));
        let shard = format!("--shard {index}/2 --summary-out {}", out.display());
        let ran = rolecall(&format!("usage {LOG} {EXAMPLE}/audit.log -q -o none {shard}"));
        assert_eq!((ran.exit, &*ran.stdout), (Some(0), ""), "{ran}");
    }
    assert_eq!(rolecall(&format!("usage {} -q -o jsonl", folder.path().display())), whole);
    assert_eq!(rolecall("usage x --shard 2/2").exit, Some(2));
}

#[test]
fn a_followed_log_shows_each_kind_of_request_once() {
    assert_snapshot!(rolecall_with("usage - --follow", &format!("{}\n{}", log(), log())), @r#"
    2026-01-01T05:00:02Z user/jane list nodes: refused
    2026-01-01T05:00:01Z sa/shop:web get secrets in shop: refused
    2026-01-01T05:00:00Z sa/shop:web list pods in shop: allowed
    --- exit 0
    "#);
}
