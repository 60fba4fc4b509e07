use rolecall_grant::{Generated, printable};

use crate::support::request;

#[test]
fn generated_names_are_recognized_by_kind_and_form() {
    use Generated::{ContentHash, Event, HelmRelease, Pod, Random, Run, TemplateHash, Unique};
    for (target, name, expected) in [
        ("events", "web.17a", Some(Event)),
        ("events.events.k8s.io", "web.17a", Some(Event)),
        ("pods", "web-7d4b9c8f6d-x2k9z", Some(Pod)),
        ("pods.metrics.k8s.io", "web-7d4b9c8f6d-x2k9z", Some(Pod)),
        ("pods", "agent-x2k9z", Some(Pod)),
        ("pods", "agent-x2k9", None),
        ("pods", "agent-x2k9a", None),
        ("pods", "web-https", None),
        ("pods", "web-7d4b9c8f6d-https", Some(Pod)),
        ("pods", "backup-28000000-https", Some(Pod)),
        ("pods", "backup-28000-https", None),
        ("pods", "web", None),
        ("pods", "-x2k9z", None),
        ("jobs.batch", "backup-28000000", Some(Run)),
        ("jobs.batch", "backup-2800000000", Some(Run)),
        ("jobs.batch", "backup-28000000000", None),
        ("jobs.batch", "backup-2800000", None),
        ("jobs.batch", "backup-2800000a", None),
        ("replicasets.apps", "web-7d4b9c8f6d", Some(TemplateHash)),
        ("replicasets.extensions", "web-7d4b9c8f6d", Some(TemplateHash)),
        ("replicasets.apps", "web-123012", Some(TemplateHash)),
        ("replicasets.apps", "web-7d4b", None),
        ("replicasets.apps", "web-7d4b9c8f6d7", None),
        ("replicasets.apps", "web-7d4b9e", None),
        ("controllerrevisions.apps", "db-7d4b9c8f6d", Some(TemplateHash)),
        ("deployments.apps", "web-7d4b9c8f6d", None),
        ("secrets", "sh.helm.release.v1.web.v12", Some(HelmRelease)),
        ("configmaps", "sh.helm.release.v1.web.v12", Some(HelmRelease)),
        ("secrets", "sh.helm.release.v1.web.v", None),
        ("secrets", "sh.helm.release.v1.web.vx", None),
        ("secrets", "helm.release.v1.web.v1", None),
        ("secrets", "settings-2456789bcd", Some(ContentHash)),
        ("configmaps", "settings-hkmt2g5fcb", Some(ContentHash)),
        ("configmaps", "settings-hkmt2g5fc", None),
        ("configmaps", "settings-hkmt2g5fca", None),
        ("services", "settings-hkmt2g5fcb", None),
        ("services", "web-x2k9z", Some(Random)),
        ("services", "web-bcdfg", None),
        ("services", "web-24567", None),
        ("services", "0af7651a-16cd-43dd-8448-eb211c80319c", Some(Unique)),
        ("services", "a-0af7651a-16cd-43dd-8448-eb211c80319c-b", Some(Unique)),
        ("services", "0af7651a-16cd-43dd-8448-eb211c80319", None),
        ("services", "a-d41d8cd98f00b204e9800998ecf8427e", Some(Unique)),
        ("services", "d41d8cd98f00b204e9800998ecf8427", None),
    ] {
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete"] {
            let found = Generated::of(&request(&format!("{verb} {target} in shop name {name}")));
            assert_eq!(found, expected, "{verb} {target} {name}");
        }
        for verb in ["impersonate", "bind", "use"] {
            let found = Generated::of(&request(&format!("{verb} {target} in shop name {name}")));
            assert_eq!(found, None, "{verb} {target} {name}");
        }
    }
    assert_eq!(Generated::of(&request("list pods in shop")), None);
    assert_eq!(Generated::of(&request("get /pods")), None);
}

#[test]
fn control_characters_and_commands_of_runners_are_escaped() {
    for (text, expected) in [
        ("web", "web"),
        ("h\u{e4}user", "h\u{e4}user"),
        ("a\u{1b}[31m", "a\\u{1b}[31m"),
        ("a\nb", "a\\u{a}b"),
        ("##[error]", "#\\u{23}[error]"),
        ("# a # b", "# a # b"),
        ("###", "#\\u{23}\\u{23}"),
    ] {
        assert_eq!(printable(text), expected, "{text:?}");
    }
}
