//! Samples of every format, built from the recorded events and the documents of the providers.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};

use base64::Engine as _;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rolecall_usage::{Format, Layout, Limits, Reader, Tally, rows};
use serde_json::{Value, json};

fn recorded() -> Vec<String> {
    let mut text = String::new();
    let packed = include_bytes!("data/native-1.36.jsonl.gz");
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Reads a text as the command does: as its layout shows.
fn read(text: &str) -> Tally {
    read_as(text, None)
}

fn read_as(text: &str, format: Option<Format>) -> Tally {
    let mut reader = Reader::new(Limits::default(), format);
    match Layout::detect(text.as_bytes().get(..Layout::PROBE).unwrap_or(text.as_bytes())) {
        Layout::Lines => reader.lines(text.as_bytes()),
        Layout::Json => reader.json(text.as_bytes()).unwrap(),
        Layout::Csv => reader.csv(text.as_bytes()).unwrap(),
    }
    reader.finish()
}

/// Returns the uses as JSON, one a line.
fn uses(tally: &Tally) -> Vec<String> {
    let uses: Vec<_> = tally.uses().collect();
    let rows = uses.iter().flat_map(rows);
    rows.map(|row| serde_json::to_string(&row).unwrap()).collect()
}

fn sources(tally: &Tally) -> String {
    let coverage = tally.coverage();
    let sources: Vec<String> =
        coverage.sources.iter().map(|(source, n)| format!("{} {n}", source.as_str())).collect();
    format!("{}; {} other, {} unreadable", sources.join(", "), coverage.other, coverage.unreadable)
}

fn gzip_base64(text: &str) -> String {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    base64::engine::general_purpose::STANDARD.encode(packed.finish().unwrap())
}

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_envelope_of_native_events_gives_the_same_uses() {
    let lines = recorded();
    let expected = uses(&read(&lines.join("\n")));
    let number = lines.len();
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {},
        "items": parsed(&lines)});
    let messages: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({"logStreamName": "kube-apiserver-audit-0a", "timestamp": 1, "message": line,
            "ingestionTime": 2, "eventId": "3"})
        })
        .collect();
    let subscription = |chunk: &[Value]| {
        json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/prod/cluster",
            "logStream": "kube-apiserver-audit-0a", "subscriptionFilters": ["x"], "logEvents": chunk})
        .to_string()
    };
    let insights: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!([{"field": "@timestamp", "value": "2026-01-02 03:04:05.678"},
            {"field": "@message", "value": line}, {"field": "@ptr", "value": "x"}])
        })
        .collect();
    let quoted = |line: &String| format!("2026-01-02,\"{}\"", line.replace('"', "\"\""));
    let csv: Vec<String> = lines.iter().map(quoted).collect();
    let aks = |category: &str| -> Vec<Value> {
        let record = |line: &String| {
            json!({"time": "2026-01-02T03:04:05Z", "category": category,
            "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "properties": {"log": line, "stream": "stdout", "pod": "kube-apiserver-0"}})
        };
        lines.iter().map(record).collect()
    };
    let other = json!({"category": "kube-scheduler", "properties": {"log": "I0102 leader"}});
    let with_other: Vec<Value> = aks("kube-audit").into_iter().chain([other]).collect();
    let one_a_line =
        |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let prefixed = |prefix: &str| {
        lines.iter().map(|line| format!("{prefix}{line}")).collect::<Vec<_>>().join("\n")
    };
    let column = |name: &str, event: &Value| event.get(name).cloned().unwrap_or(Value::Null);
    let table: Vec<Value> = parsed(&lines)
        .iter()
        .map(|event| {
            json!({"AuditId": column("auditID", event), "Level": column("level", event),
            "Stage": column("stage", event), "Verb": column("verb", event),
            "RequestUri": column("requestURI", event), "User": column("user", event),
            "ObjectRef": column("objectRef", event).to_string().replace("null", ""),
            "ResponseStatus": column("responseStatus", event), "PodName": "kube-apiserver-0",
            "RequestReceivedTime": column("requestReceivedTimestamp", event),
            "StageReceivedTime": column("stageTimestamp", event),
            "ImpersonatedUser": column("impersonatedUser", event),
            "Annotations": column("annotations", event).to_string(), "Type": "AKSAudit"})
        })
        .collect();
    let rows = [
        ("native", lines.join("\r\n"), format!("native {number}")),
        ("list", list.to_string(), format!("native {number}")),
        ("webhook batches", format!("{list}\n"), format!("native {number}")),
        ("indented list", serde_json::to_string_pretty(&list).unwrap(), format!("native {number}")),
        ("array", json!(parsed(&lines)).to_string(), format!("native {number}")),
        ("filter-log-events", json!({"events": messages}).to_string(), format!("eks {number}")),
        (
            "filter-log-events, indented",
            serde_json::to_string_pretty(&json!({"events": messages, "searchedLogStreams": []}))
                .unwrap(),
            format!("eks {number}"),
        ),
        (
            "firehose",
            messages.chunks(50).map(&subscription).collect::<String>(),
            format!("eks {number}"),
        ),
        (
            "lambda",
            json!({"awslogs": {"data": gzip_base64(&subscription(&messages))}}).to_string(),
            format!("eks {number}"),
        ),
        ("kinesis", gzip_base64(&subscription(&messages)), format!("eks {number}")),
        ("s3", prefixed("2026-01-02T03:04:05.678Z "), format!("eks {number}")),
        ("insights", json!({"results": insights}).to_string(), format!("native {number}")),
        (
            "insights csv",
            format!("@timestamp,@message\n{}\n", csv.join("\n")),
            format!("native {number}"),
        ),
        (
            "event hub",
            json!({"records": with_other}).to_string(),
            format!("aks-kube-audit {number}"),
        ),
        ("storage", one_a_line(&aks("kube-audit-admin")), format!("aks-kube-audit-admin {number}")),
        ("AKSAudit", json!(table).to_string(), format!("aks-kube-audit {number}")),
        ("oc adm node-logs", prefixed("master-0 "), format!("openshift {number}")),
    ];
    for (name, text, expected_sources) in rows {
        let tally = read(&text);
        let other = if name == "event hub" { 1 } else { 0 };
        assert_eq!(
            sources(&tally),
            format!("{expected_sources}; {other} other, 0 unreadable"),
            "{name}"
        );
        let mut got = uses(&tally);
        if name == "AKSAudit" {
            // The table has no column for the constraint of impersonation.
            let other = |line: &String| line.contains("impersonate");
            got.retain(|line| !other(line));
            let kept: Vec<String> = expected.iter().filter(|line| !other(line)).cloned().collect();
            assert_eq!(got, kept, "{name}");
        } else {
            assert_eq!(got, expected, "{name}");
        }
    }
}

/// Returns an entry of Cloud Logging.
fn gke(
    log: &str,
    method: &str,
    resource: &str,
    user: &str,
    code: Option<u16>,
    reason: &str,
) -> Value {
    let mut entry = json!({
        "insertId": "a", "timestamp": "2026-01-02T03:04:05.678Z",
        "logName": format!("projects/p/logs/cloudaudit.googleapis.com%2F{log}"),
        "operation": {"id": "o", "first": true, "last": true},
        "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "c"}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "k8s.io", "methodName": method, "resourceName": resource,
            "authenticationInfo": {"principalEmail": user},
            "authorizationInfo": [{"permission": method, "resource": resource}],
            "requestMetadata": {"callerIp": "192.0.2.1"}},
    });
    match code {
        Some(code) => {
            entry["protoPayload"]["status"] = json!({"code": code, "message": "PERMISSION_DENIED"})
        }
        None => entry["protoPayload"]["authorizationInfo"][0]["granted"] = json!(true),
    }
    if !reason.is_empty() {
        entry["labels"] = json!({"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": reason});
    }
    entry
}

#[test]
fn entries_of_gke_keep_groups_subresources_and_paths() {
    let rbac =
        r#"RBAC: allowed by RoleBinding "dev/shop" of ClusterRole "edit" to Group "dev@x.io""#;
    let iam = "access granted by IAM permissions.";
    let account = "system:serviceaccount:shop:web";
    let reads = "data_access";
    let entries = vec![
        gke(
            "activity",
            "io.k8s.core.v1.pods.exec.create",
            "core/v1/namespaces/shop/pods/web-0/exec",
            "a@x.io",
            None,
            rbac,
        ),
        gke(
            "activity",
            "io.k8s.core.v1.pods.create",
            "core/v1/namespaces/shop/pods/web-0",
            account,
            None,
            "",
        ),
        gke(
            "activity",
            "com.coreos.database.etcd.v1beta2.etcdbackups.create",
            "etcd.database.coreos.com/v1beta2/namespaces/shop/etcdbackups",
            account,
            None,
            iam,
        ),
        gke(
            "activity",
            "io.k8s.authorization.rbac.v1.clusterroles.patch",
            "rbac.authorization.k8s.io/v1/clusterroles/x",
            account,
            Some(7),
            "",
        ),
        gke(
            "activity",
            "io.k8s.core.v1.namespaces.delete",
            "core/v1/namespaces/shop",
            account,
            Some(5),
            "",
        ),
        gke(reads, "io.k8s.get", "readyz", "system:anonymous", None, ""),
        gke(reads, "io.k8s.get", "apis/apps/v1", "a@x.io", None, iam),
        gke(reads, "io.k8s.core.v1.pods.list", "core/v1/pods", account, None, ""),
        json!({"protoPayload": {"serviceName": "container.googleapis.com", "methodName": "x"}}),
    ];
    let indented = serde_json::to_string_pretty(&entries).unwrap();
    let lines = entries.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let tally = read(&indented);
    assert_eq!(sources(&tally), "gke-activity 5, gke-data-access 3; 1 other, 0 unreadable");
    assert!(tally.coverage().shows("get"));
    assert_eq!(uses(&read(&lines)), uses(&tally));
    let cut = |line: String| {
        line.replace(r#","count":1,"complete":1,"first":"2026-01-02T03:04:05.678000Z","last":"2026-01-02T03:04:05.678000Z"}"#, "").replace(r#"{"kind":"Use","user":"#, "")
    };
    let shown: Vec<String> = uses(&tally).into_iter().map(cut).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    "a@x.io","lacksGroups":true,"verb":"get","path":"/apis/apps/v1","outcome":"allowed","via":"gke-iam"
    "a@x.io","groups":["dev@x.io"],"lacksGroups":true,"verb":"create","resource":"pods","subresource":"exec","namespace":"shop","name":"web-0","outcome":"allowed","via":"rbac","binding":"RoleBinding shop/dev"
    "system:anonymous","lacksGroups":true,"verb":"get","path":"/readyz","outcome":"allowed"
    "system:serviceaccount:shop:web","lacksGroups":true,"verb":"create","resource":"pods","namespace":"shop","outcome":"allowed"
    "system:serviceaccount:shop:web","lacksGroups":true,"verb":"create","group":"etcd.database.coreos.com","resource":"etcdbackups","namespace":"shop","outcome":"allowed","via":"gke-iam"
    "system:serviceaccount:shop:web","lacksGroups":true,"verb":"delete","resource":"namespaces","namespace":"shop","name":"shop","outcome":"allowed"
    "system:serviceaccount:shop:web","lacksGroups":true,"verb":"list","resource":"pods","outcome":"allowed"
    "system:serviceaccount:shop:web","lacksGroups":true,"verb":"patch","group":"rbac.authorization.k8s.io","resource":"clusterroles","name":"x","outcome":"refused"
    "#);
}

#[test]
fn text_that_is_not_an_event_is_counted_and_never_fatal() {
    let event = &recorded()[4];
    let rows = [
        ("", "; 0 other, 0 unreadable"),
        ("not a log\n{\"a\":1}\n{\"kind\":\"Pod\"}", "; 2 other, 1 unreadable"),
        ("{\"kind\":\"Event\",\"apiVersion\":\"v1\"}", "; 1 other, 0 unreadable"),
        ("\"H4sIAAAA\"\n[1,2", "; 0 other, 2 unreadable"),
        (&format!("{event}\n{}", &event[..100]), "native 1; 0 other, 1 unreadable"),
        (&"[".repeat(100_000), "; 0 other, 1 unreadable"),
        (&"\\\"".repeat(1000), "; 0 other, 1 unreadable"),
    ];
    for (text, expected) in rows {
        let mut reader = Reader::new(Limits::default(), None);
        reader.lines(text.as_bytes());
        assert_eq!(sources(&reader.finish()), expected, "{text:.60}");
    }
    let mut reader = Reader::new(Limits::default(), None);
    reader.last_line(&event.as_bytes()[..100]);
    let tally = reader.finish();
    assert_eq!((tally.coverage().truncated, tally.coverage().unreadable), (1, 0));
}

#[test]
fn a_forced_format_excludes_the_others() {
    let event = &recorded()[4];
    let entry = gke(
        "activity",
        "io.k8s.core.v1.pods.create",
        "core/v1/namespaces/shop/pods",
        "a",
        None,
        "",
    );
    let text = format!("{event}\n{entry}");
    for (format, expected) in [
        (Format::Native, "native 1; 0 other, 1 unreadable"),
        (Format::Eks, "eks 1; 0 other, 1 unreadable"),
        (Format::Gke, "gke-activity 1; 0 other, 1 unreadable"),
        (Format::OpenShift, "openshift 1; 0 other, 1 unreadable"),
    ] {
        assert_eq!(sources(&read_as(&text, Some(format))), expected);
    }
}

#[test]
fn tables_of_log_analytics_are_read() {
    let line = &recorded()[4];
    let tables = json!({"tables": [{"name": "PrimaryResult",
        "columns": [{"name": "Category", "type": "string"}, {"name": "log_s", "type": "string"}],
        "rows": [["kube-audit-admin", line], ["kube-audit", line]]}]});
    assert_eq!(
        sources(&read(&tables.to_string())),
        "aks-kube-audit 1, aks-kube-audit-admin 1; 0 other, 0 unreadable"
    );
    let csv = format!("Category,log_s\nkube-audit-admin,\"{}\"\n", line.replace('"', "\"\""));
    assert_eq!(sources(&read(&csv)), "aks-kube-audit-admin 1; 0 other, 0 unreadable");
}
