use rolecall_rbac::VerbAlias;

#[test]
fn every_word_maps_to_its_verbs_and_resource() {
    for (words, verbs, on) in [
        ("add post", "create", "services"),
        ("all any", "*", "services"),
        ("annotate label restart set", "get patch", "services"),
        ("apply", "get create patch", "services"),
        ("attach", "create", "pods/attach"),
        ("cordon taint uncordon", "get patch", "nodes"),
        ("cp exec execute", "create", "pods/exec"),
        ("debug", "patch", "pods/ephemeralcontainers"),
        ("describe", "get list", "services"),
        ("destroy remove", "delete", "services"),
        ("edit modify", "update patch", "services"),
        ("evict", "create", "pods/eviction"),
        ("log logs", "get", "pods/log"),
        ("port-forward portforward", "create", "pods/portforward"),
        ("put replace", "update", "services"),
        ("read view", "get list watch", "services"),
        ("rollout", "get list watch patch", "services"),
        ("run", "create", "pods"),
        ("scale", "update patch", "services/scale"),
        ("wait", "get list watch", "services"),
        ("write", "create update patch delete", "services"),
    ] {
        for word in words.split(' ') {
            let found = VerbAlias::of(word).unwrap();
            assert_eq!((found.verbs.join(" "), found.on("services")), (verbs.into(), on.into()));
        }
    }
    for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "impersonate", ""] {
        assert_eq!(VerbAlias::of(verb), None, "{verb}");
    }
}
