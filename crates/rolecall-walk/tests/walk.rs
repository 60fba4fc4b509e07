//! The results of walks.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use rolecall_rbac::{Authorizer, Identity};
use rolecall_testing::workloads::authorizer;
use rolecall_walk::{Target, Walk, everything_in, walk};
use support::{show, show_token};

const CLUSTER: &str = "
    Deployment shop/web as web container=web
    ReplicaSet shop/web-7 of Deployment/web as web container=web
    ReplicaSet shop/web-6 of Deployment/web as web container=web
    Pod shop/web-7-a of ReplicaSet/web-7 as web container=web
    Pod shop/web-7-b of ReplicaSet/web-7 as web container=web
    CronJob shop/report as report container=report
    Job shop/report-1 of CronJob/report as report container=report
    Pod shop/report-1-x of Job/report-1 as report container=report
    StatefulSet shop/db container=db
    Pod other/alone container=main
    Pod other/orphan of ReplicaSet/gone as web container=main
    ServiceAccount shop/web
    ServiceAccount shop/idle
    Role shop/reader
    ClusterRole viewer
    ClusterRoleBinding discovery ClusterRole/viewer Group/system:authenticated label=rbac-defaults
    RoleBinding shop/web Role/reader ServiceAccount/shop:web
    RoleBinding shop/web-by-name ClusterRole/viewer User/system:serviceaccount:shop:web
    RoleBinding shop/all ClusterRole/gone Group/system:serviceaccounts:shop
    RoleBinding other/web Cluster/odd ServiceAccount/shop:web
";

/// Finds targets by `KIND/NAMESPACE/NAME` or user name.
fn targets<'a>(authorizer: &'a Authorizer, words: &[&str]) -> Vec<Target<'a>> {
    let find = |word: &&str| match *word.split('/').collect::<Vec<_>>() {
        [kind, namespace, name] => {
            let mut workloads = authorizer.inventory().workloads_in(namespace).iter();
            let is_it =
                |w: &&rolecall_rbac::Workload| *w.kind == *kind && *w.metadata.name == *name;
            Target::Workload(workloads.find(is_it).unwrap())
        }
        _ => Target::Identity(Box::new(Identity::user(word))),
    };
    words.iter().map(find).collect()
}

fn walked(cluster: &str, words: &[&str]) -> String {
    let authorizer = authorizer(cluster);
    show(&walk(&authorizer, &targets(&authorizer, words)))
}

#[test]
fn a_pod_leads_to_its_owners_and_bindings() {
    insta::assert_snapshot!(walked(CLUSTER, &["Pod/shop/web-7-a"]), @"
    Pod shop/web-7-a < ReplicaSet web-7 < Deployment web as system:serviceaccount:shop:web
    system:serviceaccount:shop:web exists
      /discovery via Group system:authenticated: ClusterRole viewer, everybody's
      other/web via ServiceAccount: odd unsupported
      shop/all via Group system:serviceaccounts:shop: gone not found
      shop/web via ServiceAccount: Role reader
      shop/web-by-name via User: ClusterRole viewer
    ");
}

#[test]
fn a_workload_leads_to_its_pods() {
    insta::assert_snapshot!(walked(CLUSTER, &["CronJob/shop/report"]), @"
    Pod shop/report-1-x < Job report-1 < CronJob report as system:serviceaccount:shop:report
    system:serviceaccount:shop:report missing
      /discovery via Group system:authenticated: ClusterRole viewer, everybody's
      shop/all via Group system:serviceaccounts:shop: gone not found
    ");
    let pods = |word| {
        let shown = walked(CLUSTER, &[word]);
        shown.lines().take_while(|line| line.contains(" as ")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(pods("Deployment/shop/web"), @"
    Pod shop/web-7-a < ReplicaSet web-7 < Deployment web as system:serviceaccount:shop:web
    Pod shop/web-7-b < ReplicaSet web-7 < Deployment web as system:serviceaccount:shop:web
    ");
    insta::assert_snapshot!(pods("ReplicaSet/shop/web-6"), @"ReplicaSet shop/web-6 < Deployment web as system:serviceaccount:shop:web");
    insta::assert_snapshot!(pods("StatefulSet/shop/db"), @"StatefulSet shop/db as system:serviceaccount:shop:default");
}

#[test]
fn a_service_account_leads_back_to_its_pods() {
    insta::assert_snapshot!(walked(CLUSTER, &["system:serviceaccount:shop:web"]), @"
    Pod shop/web-7-a < ReplicaSet web-7 < Deployment web as system:serviceaccount:shop:web
    Pod shop/web-7-b < ReplicaSet web-7 < Deployment web as system:serviceaccount:shop:web
    system:serviceaccount:shop:web exists
      /discovery via Group system:authenticated: ClusterRole viewer, everybody's
      other/web via ServiceAccount: odd unsupported
      shop/all via Group system:serviceaccounts:shop: gone not found
      shop/web via ServiceAccount: Role reader
      shop/web-by-name via User: ClusterRole viewer
    ");
    insta::assert_snapshot!(walked(CLUSTER, &["system:serviceaccount:shop:nobody"]), @"
    system:serviceaccount:shop:nobody missing
      /discovery via Group system:authenticated: ClusterRole viewer, everybody's
      shop/all via Group system:serviceaccounts:shop: gone not found
    ");
}

#[test]
fn users_and_groups_have_only_bindings() {
    insta::assert_snapshot!(walked(CLUSTER, &["jane"]), @"
    jane
      /discovery via Group system:authenticated: ClusterRole viewer, everybody's
    ");
}

#[test]
fn everything_means_all_pods_and_workloads_without_pods() {
    let authorizer = authorizer(CLUSTER);
    let pods = |namespace| {
        let walk = walk(&authorizer, &everything_in(authorizer.inventory(), namespace));
        let name = |pod: &rolecall_walk::WalkedPod<'_>| {
            format!("{} {}", pod.workload.kind, pod.workload.metadata.name)
        };
        walk.pods.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(pods(Some("other")), "Pod alone, Pod orphan");
    assert_eq!(pods(Some("shop")), "Pod report-1-x, Pod web-7-a, Pod web-7-b, StatefulSet db");
    assert_eq!(
        pods(None),
        "Pod alone, Pod orphan, Pod report-1-x, Pod web-7-a, Pod web-7-b, StatefulSet db"
    );
    assert_eq!(pods(Some("nowhere")), "");
}

#[test]
fn overlapping_targets_count_once() {
    let once = walked(CLUSTER, &["Deployment/shop/web"]);
    let words = ["Pod/shop/web-7-b", "Deployment/shop/web", "system:serviceaccount:shop:web"];
    assert_eq!(walked(CLUSTER, &words), once);
}

#[test]
fn forged_owners_do_not_loop() {
    let cluster = "
        Pod a/x of Pod/y as s
        Pod a/y of Pod/x as s
        ReplicaSet a/self of ReplicaSet/self as s
    ";
    let authorizer = authorizer(cluster);
    let all: Vec<Target<'_>> =
        authorizer.inventory().workloads().iter().map(Target::Workload).collect();
    let walk = walk(&authorizer, &all);
    let owners: Vec<usize> = walk.pods.iter().map(|pod| pod.owners().len()).collect();
    assert_eq!(owners, [16, 16, 16]);
}

#[test]
fn gaps_that_can_hide_something_are_reported() {
    let gaps = |unread: &str| {
        let shown = walked(&format!("{CLUSTER}\nunread {unread}"), &["Pod/shop/web-7-a"]);
        let mut lines: Vec<String> = shown
            .lines()
            .map(str::trim)
            .filter(|line| line.contains("not read") || line.contains("unread"))
            .map(str::to_owned)
            .collect();
        lines.dedup();
        lines.join("; ")
    };
    let gone = "shop/all via Group system:serviceaccounts:shop: gone unread; ";
    for (unread, expected) in [
        ("RoleBinding other", "not read: every RoleBinding in namespace `other`: forbidden".into()),
        ("ClusterRole", format!("{gone}not read: every ClusterRole: forbidden")),
        ("Pod shop", "not read: every Pod in namespace `shop`: forbidden".into()),
        ("Pod other", String::new()),
        (
            "ServiceAccount shop",
            "not read: every ServiceAccount in namespace `shop`: forbidden".into(),
        ),
        ("ServiceAccount other", String::new()),
        ("Namespace", String::new()),
        ("anything", format!("{gone}not read: a document: forbidden")),
    ] {
        assert_eq!(gaps(unread), expected, "{unread}");
    }
}

#[test]
fn token_mounts_follow_pod_account_and_volumes() {
    let accounts = "
        ServiceAccount a/plain
        ServiceAccount a/yes automount=true
        ServiceAccount a/no automount=false
    ";
    for (pod, expected) in [
        // Neither sets it; the ServiceAccount does; the Pod overrides the ServiceAccount.
        ("as plain container=c", "yes default c"),
        ("container=c", "yes default c"),
        ("as yes container=c", "yes serviceaccount c"),
        ("as no container=c", "no serviceaccount"),
        ("as no automount=true container=c", "yes pod c"),
        ("as yes automount=false container=c", "no pod"),
        ("as ghost container=c", "yes default c"),
        // A projected token, for the API server or for another audience.
        ("as no container=c container=d token=t@c", "yes projected c"),
        ("as no container=c token=t:vault@c", "no serviceaccount"),
        ("as no container=c token=t", "no serviceaccount"),
        ("as plain container=c container=d token=t@d", "yes default c,d"),
        // Another volume covers the token's path.
        ("as plain container=c! container=d", "yes default d"),
        ("as plain container=c!", "no covered"),
        ("as plain container=c! token=t@c", "yes projected c"),
        // A stored Pod shows what the server added.
        ("as plain container=c! token=kube-api-access-x7f2k@c +stored", "yes default c"),
        ("as plain container=c! token=plain-token-x7f2k@c +stored", "yes default c"),
        ("as yes container=c! token=kube-api-access-x7f2k@c +stored", "yes serviceaccount c"),
        ("as no container=c! token=kube-api-access-x7f2k@c +stored", "yes projected c"),
        ("as plain container=c +stored", "no not-injected"),
        ("as plain container=c! +stored", "no covered"),
        ("as no container=c +stored", "no serviceaccount"),
        ("automount=false container=c +mirror", "no mirror"),
        // The containers of custom resources are not always known.
        ("as plain", "yes default"),
    ] {
        let authorizer = authorizer(&format!("{accounts}\nPod a/p {pod}"));
        let walk: Walk<'_> = walk(&authorizer, &everything_in(authorizer.inventory(), None));
        assert_eq!(show_token(&walk.pods[0]), expected, "{pod}");
    }
}

#[test]
fn an_unread_service_account_makes_the_token_unknown() {
    for (pod, expected) in [
        ("Deployment a/d as x container=c", "unknown serviceaccount"),
        ("Deployment a/d as x automount=false container=c", "no pod"),
        ("Pod a/p as x container=c! token=kube-api-access-x7f2k@c +stored", "yes injected c"),
        ("Pod a/p as x container=c +stored", "no not-injected"),
    ] {
        let authorizer = authorizer(&format!("unread ServiceAccount a\n{pod}"));
        let walk = walk(&authorizer, &everything_in(authorizer.inventory(), None));
        assert_eq!(show_token(&walk.pods[0]), expected, "{pod}");
    }
}

#[test]
fn a_mirror_pod_has_no_identity() {
    let cluster = "
        Pod kube-system/etcd-node-1 container=etcd +mirror
        ClusterRole admin
        ClusterRoleBinding all ClusterRole/admin Group/system:serviceaccounts
    ";
    insta::assert_snapshot!(walked(cluster, &["Pod/kube-system/etcd-node-1"]), @"Pod kube-system/etcd-node-1 as nobody");
}
