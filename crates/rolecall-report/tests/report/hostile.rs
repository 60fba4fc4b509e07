//! Malicious text stays text, and the page has no other source of code.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rolecall_rbac::{
    Authorizer, Binding, Catalog, CatalogBuilder, InventoryBuilder, Metadata, Namespace, Origin,
    PolicyRule, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Text,
};
use rolecall_report::{
    Choke, FindingObject, FindingRule, LeftObject, Note, ObjectPlace, OtherFinding, PAGE_PARTS,
    PageMode, Path, PathEvidence, PathStep, Paths, ReportFinding, ReportInput, RightUse,
    RightsState, Scope, SubjectUse, Summary, Usage, write_markdown,
};

use crate::decoded::{Decoded, page, page_of, written};
use crate::universe;

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{data}}\u{202e}\u{0}\u{1b}[2J";

#[test]
fn hostile_text_in_every_field_is_only_text() {
    let (authorizer, catalog) = hostile_cluster();
    let inventory = authorizer.inventory();
    let object = FindingObject {
        kind: HOSTILE,
        namespace: HOSTILE,
        name: HOSTILE,
        place: ObjectPlace { file: HOSTILE, line: 1 },
    };
    let rule =
        FindingRule { code: 501, name: HOSTILE, title: HOSTILE, category: HOSTILE, text: HOSTILE };
    let findings = [ReportFinding {
        rule,
        severity: "high",
        object,
        field: HOSTILE.into(),
        message: HOSTILE.into(),
        fix: HOSTILE,
        fingerprint: HOSTILE,
        related: vec![Note { object, note: HOSTILE }],
        also: vec![OtherFinding { rule, severity: "low", object, message: HOSTILE }],
        subjects: vec![HOSTILE],
    }];
    let choke = || Choke {
        binding: &inventory.bindings()[0],
        subject: HOSTILE.into(),
        grant: HOSTILE.into(),
        ends: 1,
    };
    let evidence = PathEvidence::Grant {
        binding: &inventory.bindings()[0],
        role: &inventory.roles()[0],
        rule: 0,
    };
    let step = PathStep {
        technique: HOSTILE.into(),
        requests: vec![HOSTILE.into(); 2],
        gains: HOSTILE.into(),
        assumes: vec![HOSTILE.into()],
        evidence: vec![evidence, PathEvidence::Other(HOSTILE.into())],
    };
    let paths = Paths {
        sink: HOSTILE.into(),
        starts: 1,
        admins: vec![HOSTILE.into()],
        paths: vec![Path { subject: HOSTILE.into(), steps: vec![step] }],
        chokes: vec![choke()],
        cuts: vec![choke()],
    };
    let scope = Scope {
        title: HOSTILE.into(),
        program: HOSTILE.into(),
        examined: vec![HOSTILE.into()],
        unread: vec![HOSTILE.into()],
        assumptions: vec![HOSTILE.into()],
        command: HOSTILE.into(),
        sources: HOSTILE.into(),
        is_complete: true,
    };
    let usage = Usage {
        logs: vec![HOSTILE.into()],
        coverage: vec![HOSTILE.into()],
        rights: vec![RightUse {
            binding: &inventory.bindings()[0],
            rule: 0,
            rights: HOSTILE.into(),
            state: RightsState::NotSeen,
            reason: HOSTILE.into(),
            subjects: vec![SubjectUse {
                subject: HOSTILE.into(),
                requests: 1,
                first: HOSTILE.into(),
                last: HOSTILE.into(),
                pods: vec![HOSTILE.into()],
            }],
        }],
        removed: vec![HOSTILE.into()],
        left: vec![LeftObject {
            kind: HOSTILE.into(),
            namespace: HOSTILE.into(),
            name: HOSTILE.into(),
            yaml: HOSTILE.into(),
        }],
        deletions: vec![HOSTILE.into()],
    };
    let input = ReportInput {
        authorizer: &authorizer,
        catalog: &catalog,
        scope: &scope,
        findings: &findings,
        paths: Some(&paths),
        usage: Some(&usage),
    };
    let page = page_of(&input);
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(page.contains("&amp;{{data}}"));
    for forbidden in ["<img", "\u{202e}", "\u{0}", "\u{1b}"] {
        // The sources of the page are not input.
        let sources: usize =
            PAGE_PARTS[1..].iter().map(|(_, text)| text.matches(forbidden).count()).sum();
        assert_eq!(page.matches(forbidden).count(), sources, "{forbidden:?}");
    }
    let decoded = Decoded::of(&page);
    assert_eq!(decoded.text("roles", "name", 0), HOSTILE);
    let mut markdown = Vec::new();
    write_markdown(&mut markdown, &input, &Summary::new(&input)).unwrap();
    let markdown = String::from_utf8(markdown).unwrap();
    for forbidden in ["<script", "<img", "\u{202e}", "\u{0}", "\u{1b}"] {
        assert!(!markdown.contains(forbidden), "{markdown}");
    }
}

#[test]
fn only_a_served_page_can_send_requests_and_only_to_its_server() {
    let (_, authorizer, catalog) = universe::fixture("ns-1");
    let scope = Scope::default();
    let input = ReportInput {
        authorizer: &authorizer,
        catalog: &catalog,
        scope: &scope,
        findings: &[],
        paths: None,
        usage: None,
    };
    let [file, served] = [PageMode::File, PageMode::Served(7)].map(|mode| written(&input, mode));
    assert!(!file.contains("fetch(") && !file.contains("connect-src"));
    assert!(file.contains("<html lang=\"en\">"));
    assert_eq!(served.matches("fetch(").count(), 3);
    assert!(served.contains(" connect-src 'self'; base-uri 'none'"));
    assert!(served.contains("<html lang=\"en\" data-served=\"7\">"));
}

#[test]
fn the_policy_allows_only_the_script_and_the_style_of_the_page() {
    let (_, authorizer, catalog) = universe::fixture("ns-1");
    let page = page(&authorizer, &catalog);
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        format!("'sha256-{}'", STANDARD.encode(digest))
    };
    let [_, (_, style), (_, script)] = PAGE_PARTS;
    let policy = format!(
        "content=\"default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'\"",
        hash(script),
        hash(style)
    );
    assert!(page.contains(&policy));
    assert!(page.contains(&format!("<style>{style}</style>")));
    assert!(page.contains(&format!("<script>{script}</script>")));
    for part in ["http://", "https://"] {
        let used: BTreeSet<&str> =
            page.match_indices(part).map(|(at, _)| page[at..].split('"').next().unwrap()).collect();
        // The name of a namespace, which browsers never load.
        assert!(used.iter().all(|url| *url == "http://www.w3.org/2000/svg"), "{used:?}");
    }
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

#[test]
fn the_same_input_results_in_the_same_bytes() {
    for (universe, authorizer, catalog) in universe::all() {
        let first = page(&authorizer, &catalog);
        assert_eq!(first, page(&authorizer, &catalog), "{universe}");
        let again = Authorizer::new(authorizer.inventory().clone());
        assert_eq!(first, page(&again, &catalog), "{universe}");
    }
}

/// Returns a cluster with the same hostile text in every field.
fn hostile_cluster() -> (Authorizer, Catalog) {
    let metadata = |namespace: &str| {
        let origin = Origin::File { path: HOSTILE.into(), line: 7 };
        Metadata { origin, ..Metadata::new(namespace, HOSTILE) }
    };
    let list = || -> rolecall_rbac::Texts { vec![Text::from(HOSTILE), "*".into()].into() };
    let rule = PolicyRule {
        verbs: list(),
        api_groups: list(),
        resources: list(),
        resource_names: vec![Text::from(HOSTILE)].into(),
        non_resource_urls: list(),
    };
    let subject = |kind: SubjectKind| Subject {
        kind,
        name: HOSTILE.into(),
        namespace: HOSTILE.into(),
        api_group: "".into(),
    };
    let mut builder = InventoryBuilder::new();
    for namespace in ["", HOSTILE] {
        builder.role(Role {
            metadata: metadata(namespace),
            rules: vec![rule.clone()].into(),
            aggregation: None,
        });
        for (name, kind) in [
            ("a", RoleKind::ClusterRole),
            ("b", RoleKind::Role),
            ("c", RoleKind::Other(HOSTILE.into())),
        ] {
            builder.binding(Binding {
                metadata: Metadata {
                    name: format!("{name}{HOSTILE}").into(),
                    ..metadata(namespace)
                },
                role_ref: RoleRef { api_group: "".into(), kind, name: HOSTILE.into() },
                subjects: vec![
                    subject(SubjectKind::User),
                    subject(SubjectKind::Group),
                    subject(SubjectKind::ServiceAccount),
                    subject(SubjectKind::Other(HOSTILE.into())),
                ]
                .into(),
            });
        }
    }
    builder.service_account(ServiceAccount {
        metadata: metadata(HOSTILE),
        automount_token: None,
        secrets: [].into(),
    });
    builder.namespace(Namespace { metadata: metadata("") });
    (Authorizer::new(builder.build()), CatalogBuilder::new().build())
}
