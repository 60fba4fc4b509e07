//! Properties for any text: no panics, no invalid names, and every wrapping is decoded.

use proptest::prelude::*;
use rolecall_grant::refusal::Scan;
use rolecall_rbac::{Request, ResourceRequest, Target};

/// A piece of a refusal, an encoding's syntax, or noise.
fn piece() -> impl Strategy<Value = String> {
    let vocabulary: Vec<&str> = "pods|deployments.apps|\"web\"|is forbidden:|forbidden:|Forbidden (user=|User|user|\
        \"u\"|\"\"|cannot|list|resource|\"pods\"|in API group|in the namespace|\"shop\"|at the cluster scope|\
        path|\"/metrics\"|(groups=[|])|is attempting to grant RBAC permissions not currently held:|\
        {APIGroups:[|Verbs:[|}|\\|\"|\\\"|\\\\\"|\\u0022|&quot;|&amp;|\\u|\\x|\\u{|admission webhook|\
        denied the request|reason|Unauthorized|server (Forbidden): |signerName|violates PodSecurity|\
        authorization.k8s.io/decision\":\"forbid\"|verb=get, resource=nodes, subresource(s)=[|: | |\n|\n  |\u{1b}[31m"
        .split('|')
        .collect();
    prop_oneof![
        20 => proptest::sample::select(vocabulary).prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

proptest! {
    #[test]
    fn random_pieces_never_panic_and_never_yield_invalid_names(
        pieces in proptest::collection::vec(piece(), 0..60),
        separator in proptest::sample::select(vec![" ", ""]),
    ) {
        for denial in Scan::of(pieces.join(separator).as_bytes()).denials {
            prop_assert!(!denial.user.is_empty());
            if let Target::Resource(target) = denial.request.target {
                let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*');
                prop_assert!(plain(&target.resource) && plain(&target.namespace) && plain(&target.group));
            }
        }
    }

    #[test]
    fn any_bytes_are_accepted(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut text = b"pods is forbidden: User \"u\" cannot list ".to_vec();
        text.extend_from_slice(&bytes);
        Scan::of(&text);
        Scan::of(&bytes);
    }

    #[test]
    fn server_messages_are_read_through_any_wrapping(
        user in "[ -~é→]{1,20}",
        verb in "[a-z]{1,10}",
        resource in "[a-z]{1,12}",
        subresource in proptest::option::of("[a-z]{1,8}"),
        group in proptest::sample::select(vec!["", "apps", "x.example.com"]),
        namespace in proptest::option::of("[a-z]{1,9}"),
        name in proptest::option::of(
            // Paths cannot name such objects.
            "[a-zA-Z0-9:.&<'\" \\\\-]{1,12}".prop_filter("not a segment", |name| !matches!(&**name, "." | "..")),
        ),
        layers in 0usize..4,
        python in any::<bool>(),
        around in "[ -~]{0,20}",
    ) {
        let go = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let head = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
        let name_part = name.as_deref().map(|name| format!(" {}", go(name))).unwrap_or_default();
        let combined = match &subresource {
            Some(subresource) => format!("{resource}/{subresource}"),
            None => resource.clone(),
        };
        let scope = match &namespace {
            Some(namespace) => format!("in the namespace {}", go(namespace)),
            None => "at the cluster scope".to_owned(),
        };
        let sentence = format!(
            "User {} cannot {verb} resource {} in API group {} {scope}",
            go(&user), go(&combined), go(group),
        );
        let sentence = sentence.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut text = format!("{head}{name_part} is forbidden: {sentence}");
        for _ in 0..layers {
            text = serde_json::json!({ "a": around.clone(), "log": text, "z": around.clone() }).to_string();
        }
        if python && layers > 0 {
            text = format!("b'{}'", text.replace('\\', "\\\\"));
        }
        let scan = Scan::of(text.as_bytes());
        let expected = Request::resource(
            verb,
            ResourceRequest {
                namespace: namespace.unwrap_or_default().into(),
                group: group.into(),
                resource: resource.into(),
                subresource: subresource.unwrap_or_default().into(),
                name: name.unwrap_or_default().into(),
            },
        );
        let found: Vec<(&str, &Request)> =
            scan.denials.iter().map(|denial| (&*denial.user, &denial.request)).collect();
        prop_assert_eq!(found, [(user.as_str(), &expected)], "{}", text);
    }
}
