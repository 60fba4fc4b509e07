//! Reports as files; crates/rolecall-report tests their contents, and `cargo xtask e2e` the page.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{rolecall, rolecall_with, root};
use crate::server::Server;

#[test]
fn the_extension_decides_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.html", "B.HTM"] {
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        let ran = rolecall(&format!("report fixtures/ns-1 --out {}", path.display()));
        assert_eq!((ran.exit, &*ran.stdout), (Some(0), ""), "{ran}");
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("<!doctype html>\n") && page.ends_with("</html>\n"));
    }
    let path = folder.path().join("a.md");
    let ran = rolecall(&format!("report -f fixtures/ns-1 -o {} -q", path.display()));
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{ran}");
    assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
    # Access in fixtures/ns-1

    ## Examined input

    - Input: fixtures/ns-1 (manifests).
    - 9 objects in 3 files.

    | Objects | Number | Built-in |
    |---|--:|--:|
    | ServiceAccounts | 1 | 0 |
    | Users | 3 | 3 |
    | Groups | 5 | 5 |
    | Roles and ClusterRoles | 77 | 76 |
    | Bindings | 58 | 57 |
    | Namespaces | 1 | 0 |
    | Pods | 2 | 0 |
    | Other workloads | 2 | 0 |

    ## Dangerous access

    | Access | In the whole cluster | Built-in | Others, in single namespaces |
    |---|---|--:|--:|
    | Do anything | none | 1 | – |
    | Get Secrets | none | 4 | 2 |
    | List Secrets | none | 5 | 2 |
    | Create Pods | none | 7 | 0 |
    | Open shells in Pods | none | 1 | 0 |
    | Create tokens of ServiceAccounts | none | 2 | 0 |
    | Impersonate users | none | 1 | – |
    | Bind any ClusterRole | none | 1 | 0 |
    | Extend ClusterRoles beyond their own rights | none | 2 | – |
    | Use the API of kubelets | none | 1 | – |
    | Change admission webhooks | none | 2 | – |
    | Approve certificate requests | none | 3 | – |

    ## Escalation paths

    0 of 5 subjects can become cluster-admin step by step; 0 more hold it directly.

    ## Findings

    1 high

    | Severity | Rule | Object | Place | Problem |
    |---|---|---|---|---|
    | high | RC301 | Deployment ns-1/lister | fixtures/ns-1/manifests.yaml:57 | `kubectl get pods -n default` will be refused: ServiceAccount `ns-1/k-sa-1` cannot list resource "pods" in API group "" in the namespace "default" |

    ## Assumptions

    - The input contains no default roles, so those of Kubernetes v1.36 are assumed (76 roles).
    - The input is not a whole cluster: other software can install more objects.
    - The members of groups that an identity provider manages are not known.
    - Only RBAC is evaluated, not other authorizers such as a webhook or the Node authorizer.

    Written by rolecall 0.1.0.
    "#);
    for refused in ["report fixtures/ns-1 -o a.json", "report fixtures/ns-1 -o json"] {
        let ran = rolecall(refused);
        assert_eq!(ran.exit, Some(2), "{ran}");
        assert!(ran.stderr.contains("is not the name of a report"), "{ran}");
        assert!(ran.stderr.contains("--out report.html"), "{ran}");
    }
    let ran = rolecall("report fixtures/ns-1 -o fixtures/no-such-folder/a.html");
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("fixtures/no-such-folder/a.html"), "{ran}");
    let ran = rolecall("report fixtures/ns-1");
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("--out <FILE>"), "{ran}");
}

#[test]
fn paths_to_cluster_admin_and_the_grants_that_close_them_are_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let ran = rolecall(&format!("report fixtures/ci-to-admin --out {}", path.display()));
    assert_eq!(ran.exit, Some(0), "{ran}");
    let text = fs::read_to_string(&path).unwrap();
    let section = text.split("\n## ").find(|it| it.starts_with("Escalation paths")).unwrap();
    assert_snapshot!(section, @r#"
    Escalation paths

    2 of 7 subjects can become cluster-admin step by step; 0 more hold it directly.

    ### Grants to remove first

    Without this grant, no path is left. This command prints the objects to change: `rolecall paths --cut -f fixtures/ci-to-admin`

    1. rules\[0\] (get,list,create,patch clusterrolebindings.rbac.authorization.k8s.io) of ClusterRole release-installer, through ClusterRoleBinding release-installer at fixtures/ci-to-admin/manifests.yaml:34: on the paths of 2 subjects

    | Subject | Steps |
    |---|---|
    | group/developers | sa/ci:release → the rules of ClusterRole cluster-admin cluster-wide |
    | sa/ci:release | the rules of ClusterRole cluster-admin cluster-wide |
    "#);
    let page = rolecall("report fixtures/ci-to-admin --out -").stdout;
    assert!(page.contains("<a href=\"#/paths\">All paths</a>"), "no paths on the first screen");
}

#[test]
fn the_use_of_rights_in_the_report_is_that_of_unused_and_tighten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let input = "--usage docs/examples/least-privilege/audit.log -f docs/examples/least-privilege/rbac.yaml";
    let ran = rolecall(&format!("report {input} --out {} -q", path.display()));
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{ran}");
    let text = fs::read_to_string(&path).unwrap();
    let section = text.split("\n## ").find(|it| it.starts_with("Use of rights")).unwrap();
    assert_snapshot!(section, @r#"
    Use of rights

    - The logs cover 7 events from 2026-01-05T08:00:00Z to 2026-01-05T09:45:00Z.

    2 of 2 bindings have rights that were not seen in use. `rolecall tighten` would change or delete 5 objects.

    | Binding | Rule | Rights not seen in use |
    |---|--:|---|
    | ClusterRoleBinding shop-web | 0 | get pods |
    | ClusterRoleBinding shop-web | 1 | \* secrets |
    | RoleBinding shop/web-migration | 0 | create,get jobs.batch |

    Removed by `rolecall tighten`:

    - sa/shop:web: every verb but get on configmaps in namespace shop
    - sa/shop:web: get pods in namespace shop
    - sa/shop:web: every verb on secrets in namespace shop
    - sa/shop:web: create,get jobs.batch in namespace shop
    - sa/shop:web: every verb on configmaps,secrets everywhere but in namespace shop
    - sa/shop:web: get,list,watch pods everywhere but in namespace shop
    - sa/shop:web: risk RC502: do anything with Secrets, workloads, RBAC objects or identities
    - sa/shop:web: risk RC516 in shop: run Pods as any ServiceAccount, through the workloads they write
    "#);
    let page = rolecall(&format!("report {input} --out - -q")).stdout;
    let data = data_of(&page);
    let usage = &data["usage"];
    let text = |number: &Value| data["texts"][number.as_u64().unwrap() as usize].as_str().unwrap();
    let column = |name: &str| usage[name].as_array().unwrap();
    let mut rows = String::from("binding,role,rights,use\n");
    for (row, rights) in column("rights").iter().enumerate() {
        let [namespace, name] = [0, 1].map(|at| text(&column("binding")[row][at]));
        let kind = if namespace.is_empty() { "ClusterRoleBinding " } else { "RoleBinding shop/" };
        let used = match (column("state")[row].as_u64().unwrap(), &column("subjects")[row][0]) {
            (0, Value::Null) => "not seen".to_owned(),
            (3, by) => {
                let pods = data["textLists"][by[4].as_u64().unwrap() as usize].as_array().unwrap();
                let pods: Vec<&str> = pods.iter().map(text).collect();
                let many = if by[1] == 1 { "" } else { "s" };
                assert_eq!(text(&by[0]), "sa/shop:web");
                format!("\"{} request{many}, last {} by {}\"", by[1], text(&by[3]), pods.join(" "))
            }
            other => panic!("{other:?}"),
        };
        let rule = &column("rule")[row];
        let rights = text(rights);
        let rights = if rights.contains(',') { format!("\"{rights}\"") } else { rights.to_owned() };
        rows.push_str(&format!("{kind}{name},{name} rules[{rule}],{rights},{used}\n"));
    }
    assert_eq!(rows, rolecall(&format!("unused {input} -o csv")).stdout);
    let mut expected = String::new();
    for line in column("removed") {
        expected.push_str(&format!("# removed: {}\n", text(line)));
    }
    for line in column("deletions") {
        expected.push_str(&format!("# delete: {}\n", text(line)));
    }
    let objects = usage["left"]["yaml"].as_array().unwrap().iter().map(text);
    let objects: Vec<&str> = objects.filter(|yaml| !yaml.is_empty()).collect();
    expected.push_str(&objects.join("---\n"));
    assert_eq!(expected, rolecall(&format!("tighten {input}")).stdout);
}

#[test]
fn logs_without_events_are_an_error_and_unreadable_lines_make_the_report_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let report = || rolecall(&format!("report fixtures/ns-1 --out - --usage {} -q", log.display()));
    fs::write(&log, "").unwrap();
    let ran = report();
    assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("error: the logs contain no events"), "{ran}");
    let event = fs::read_to_string(root().join("docs/examples/least-privilege/audit.log")).unwrap();
    fs::write(&log, format!("not JSON\n{event}")).unwrap();
    assert_eq!(report().exit, Some(3));
    let ran = rolecall("report -f - --out - --usage -");
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("`--usage` and `-f` cannot both be stdin"), "{ran}");
}

/// Returns the data document of a page.
fn data_of(page: &str) -> Value {
    let (_, encoded) = page.split_once(" id=\"data\">").unwrap();
    let (encoded, _) = encoded.split_once('<').unwrap();
    let compressed = STANDARD.decode(encoded).unwrap();
    serde_json::from_reader(GzDecoder::new(&*compressed)).unwrap()
}

#[test]
fn stdout_contains_the_same_page_each_time() {
    let first = rolecall("report -f fixtures/refactoring/after -o -");
    assert_eq!((first.exit, &*first.stderr), (Some(0), ""));
    let again = rolecall("report fixtures/refactoring/after --out - --today 2030-01-01");
    assert!(first.stdout == again.stdout);
}

#[test]
fn unread_input_makes_the_report_incomplete() {
    let ran = rolecall("report -f fixtures/unread-document --keep-going -o -");
    assert_eq!(ran.exit, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: the report is incomplete; could not read: "));
    let (_, unread) = ran.stdout.split_once("<h3>Not examined</h3>").unwrap();
    assert!(unread.contains("<ul class=\"unread\"><li>"));
    let ran = rolecall("report -f fixtures/unread-document -o -");
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    let ran = rolecall("report -f fixtures/no-such-folder -o -");
    assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""));
}

#[test]
fn a_cluster_is_reported_with_its_findings_and_its_snapshot_reports_the_same_access() {
    let server = Server::of(&["ns-1", "refactoring/after"]);
    let live = server.rolecall("admin", "report -o - --title Production");
    assert_eq!(live.exit, Some(0), "{}", live.stderr);
    for part in ["<h1 tabindex=\"-1\"><bdi>Production</bdi></h1>", "RC511", "Cluster: "] {
        assert!(live.stdout.contains(part), "{part}");
    }
    let snapshot = server.rolecall("admin", "snapshot").stdout;
    let saved = rolecall_with("report -f - -o - --title Production", &snapshot);
    let access = |page: &str| {
        let (_, rest) = page.split_once("id=\"h-access\"").unwrap();
        rest.split_once("</section>").unwrap().0.to_owned()
    };
    assert_eq!(access(&live.stdout), access(&saved.stdout));
}

#[test]
fn no_secret_of_a_manifest_is_in_the_report() {
    let manifest = r#"
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop, annotations: {note: SECRET-1}}
spec:
  serviceAccountName: web
  containers:
  - name: c
    env: [{name: PASSWORD, value: SECRET-2}]
    command: [kubectl, --token=SECRET-3, get, pods]
    args: ["curl -H 'Authorization: Bearer SECRET-4'"]
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
stringData: {key: SECRET-5}
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let ran = rolecall_with(&format!("report -f - -o {}", path.display()), manifest);
    let markdown = fs::read_to_string(&path).unwrap();
    assert!(!markdown.contains("SECRET-"), "{markdown}");
    assert!(!ran.stderr.contains("SECRET-"), "{ran}");
    let page = rolecall_with("report -f - -o -", manifest).stdout;
    assert!(!decoded(&page).contains("SECRET-"));
}

/// Returns the page with its data decompressed.
fn decoded(page: &str) -> String {
    use std::io::Read;

    use base64::Engine;
    let (before, rest) = page.split_once(" id=\"data\">").unwrap();
    let (data, after) = rest.split_once("</script>").unwrap();
    let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let mut text = before.to_owned();
    flate2::read::GzDecoder::new(&*data).read_to_string(&mut text).unwrap();
    text + after
}
