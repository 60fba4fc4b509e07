use std::io::{BufReader, Read};
use std::sync::LazyLock;

use rolecall_rbac::{
    Authorizer, Binding, Identity, InventoryBuilder, Metadata, PolicyRule, Role, RoleKind, RoleRef,
    Subject, SubjectKind, Texts,
};
use rolecall_review::wire::{Known, Responder, asked};
use rolecall_yaml::stream::{Piece, Stream};
use serde_json::Value;

/// Grants the user `jane` to list Pods everywhere.
static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(|| {
    let list = |word: &str| Texts::from([word.into()]);
    let mut builder = InventoryBuilder::new();
    builder.role(Role {
        metadata: Metadata::new("", "reader"),
        rules: [PolicyRule {
            verbs: list("list"),
            api_groups: list(""),
            resources: list("pods"),
            ..PolicyRule::default()
        }]
        .into(),
        aggregation: None,
    });
    builder.binding(Binding {
        metadata: Metadata::new("", "reader"),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".into(),
            kind: RoleKind::ClusterRole,
            name: "reader".into(),
        },
        subjects: [Subject {
            kind: SubjectKind::User,
            name: "jane".into(),
            namespace: "".into(),
            api_group: "rbac.authorization.k8s.io".into(),
        }]
        .into(),
    });
    Authorizer::new(builder.build())
});

/// Reads reviews at once and a few bytes at a time, and compares the statuses that are written with
/// decisions on what the reviews ask. Every answer is one line of JSON with the fields of the review.
pub fn reviews(data: &[u8]) {
    let Some((first, text)) = data.split_first() else { return };
    let pieces = pieces(text);
    let few = BufReader::with_capacity(usize::from(*first).max(1), text);
    assert_eq!(self::pieces(few), pieces, "{:?}", String::from_utf8_lossy(text));
    let me = Identity::user("jane");
    let known = Known::default();
    let responder = Responder { authorizer: Some(&AUTHORIZER), me: Some(&me), known: &known };
    for piece in &pieces {
        let answered = responder.answer(piece);
        let lines: Vec<Result<Value, _>> =
            answered.output.split(|byte| *byte == b'\n').map(serde_json::from_slice).collect();
        // The output ends with a line break.
        let Some((_, lines)) = lines.split_last() else { continue };
        let statuses: Vec<Option<bool>> = lines
            .iter()
            .map(|line| line.as_ref().ok()?.pointer("/status/allowed")?.as_bool())
            .collect();
        assert!(statuses.iter().all(Option::is_some), "{lines:?} for {piece:?}");
        let expected: Vec<bool> = asked(piece)
            .into_iter()
            .filter_map(|(_, review)| review.ok())
            .map(|review| {
                let identity = review.identity.as_ref().unwrap_or(&me);
                AUTHORIZER.authorize(identity, &review.request).verdict.is_allowed()
            })
            .collect();
        let allowed = |answers: &mut dyn Iterator<Item = bool>| answers.filter(|is| *is).count();
        assert_eq!(
            allowed(&mut statuses.iter().flatten().copied()),
            allowed(&mut expected.iter().copied()),
            "{piece:?}"
        );
        // Reviews that a server rejects get a status, too.
        assert!(statuses.len() >= expected.len(), "{piece:?}");
    }
}

fn pieces(input: impl Read) -> Vec<Piece> {
    let mut stream = Stream::new(BufReader::with_capacity(16, input));
    let mut pieces = Vec::new();
    while let Ok(Some(piece)) = stream.next_piece() {
        pieces.push(piece);
    }
    pieces
}
