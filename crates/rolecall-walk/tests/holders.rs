//! The holders of a role, and their Pods.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use rolecall_testing::workloads::authorizer;
use rolecall_walk::{Account, Recipient, RoleName, holders};

const CLUSTER: &str = "
    Deployment shop/web as web
    Pod shop/web-a of Deployment/web as web
    Pod shop/web-b of Deployment/web as web
    Pod shop/job as robot
    Pod other/main
    ServiceAccount shop/web
    ServiceAccount shop/robot
    ServiceAccount other/default
    Role shop/reader
    Role other/reader
    ClusterRole part label=aggregate-to-whole
    ClusterRole whole aggregates=aggregate-to-whole
    RoleBinding shop/reader Role/reader ServiceAccount/web ServiceAccount/shop:ghost User/jane
    RoleBinding shop/reader-2 Role/reader Group/system:serviceaccounts:shop Group/dev Robot/x
    RoleBinding other/reader Role/reader User/system:serviceaccount:shop:robot
    RoleBinding other/part ClusterRole/part ServiceAccount/default
    ClusterRoleBinding part ClusterRole/part Group/system:authenticated ServiceAccount/homeless
    ClusterRoleBinding gone ClusterRole/gone ServiceAccount/shop:robot
";

fn held(cluster: &str, namespace: &str, name: &str) -> String {
    let authorizer = authorizer(cluster);
    let holders = holders(&authorizer, &[RoleName { namespace, name }], &[]);
    let mut text = String::new();
    for role in &holders.roles {
        let exists = if role.role.is_some() { "exists" } else { "missing" };
        write!(text, "{} {exists}", role.name.name).unwrap();
        for other in &role.included_in {
            write!(text, ", included in {}", other.metadata.name).unwrap();
        }
        text.push('\n');
        for held in &role.bindings {
            writeln!(text, "{}/{}", held.binding.metadata.namespace, held.binding.metadata.name)
                .unwrap();
            for holder in &held.holders {
                let who = match &holder.recipient {
                    Recipient::ServiceAccount { name, account } => {
                        let account = match account {
                            Account::Exists(_) => "exists",
                            Account::Implied => "implied",
                            Account::MadeByOperator => "made by its operator",
                            Account::Template => "template",
                            Account::Missing => "missing",
                            Account::Unread => "unread",
                        };
                        format!("ServiceAccount {}/{} {account}", name.namespace, name.name)
                    }
                    Recipient::User => format!("User {}", holder.subject.name),
                    Recipient::Group { members, pods } => {
                        format!(
                            "Group {}: {} accounts, {pods} Pods",
                            holder.subject.name,
                            members.len()
                        )
                    }
                    Recipient::Nobody => format!("nobody, for {}", holder.subject.name),
                };
                let pods: Vec<&str> = holder
                    .pods
                    .iter()
                    .map(|pod| &*holders.walk.pods[*pod].workload.metadata.name)
                    .collect();
                writeln!(text, "  {who} {}", pods.join(" ")).unwrap();
            }
        }
    }
    for gap in &holders.gaps {
        writeln!(text, "not read: {gap}").unwrap();
    }
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn a_role_is_held_through_bindings_of_its_namespace() {
    insta::assert_snapshot!(held(CLUSTER, "shop", "reader"), @"
    reader exists
    shop/reader
      ServiceAccount shop/web exists web-a web-b
      ServiceAccount shop/ghost missing
      User jane
    shop/reader-2
      Group system:serviceaccounts:shop: 2 accounts, 3 Pods
      Group dev: 0 accounts, 0 Pods
      nobody, for x
    ");
    insta::assert_snapshot!(held(CLUSTER, "other", "reader"), @"
    reader exists
    other/reader
      ServiceAccount shop/robot exists job
    ");
}

#[test]
fn a_cluster_role_is_held_everywhere() {
    insta::assert_snapshot!(held(CLUSTER, "", "part"), @"
    part exists, included in whole
    /part
      Group system:authenticated: 3 accounts, 4 Pods
      nobody, for homeless
    other/part
      ServiceAccount other/default exists main
    ");
}

#[test]
fn a_missing_role_has_bindings() {
    insta::assert_snapshot!(held(CLUSTER, "", "gone"), @"
    gone missing
    /gone
      ServiceAccount shop/robot exists job
    ");
}

#[test]
fn gaps_that_can_hide_a_holder_are_reported() {
    for (unread, namespace, name, expected) in [
        ("RoleBinding shop", "shop", "reader", true),
        ("RoleBinding other", "shop", "reader", true),
        ("RoleBinding third", "", "part", true),
        ("ClusterRoleBinding", "", "part", true),
        ("ClusterRole", "", "part", false),
        ("ClusterRole", "", "gone", true),
        ("Namespace", "", "part", false),
        ("anything", "shop", "reader", true),
    ] {
        let shown = held(&format!("{CLUSTER}\nunread {unread}"), namespace, name);
        assert_eq!(shown.contains("not read"), expected, "{unread}: {shown}");
    }
}
