//! The gaps in the annotation of a snapshot.

use rolecall_rbac::{Gap, ObjectKind, Origin, Text, Unread};
use serde::{Deserialize, Serialize};

/// Formats gaps as the value of the annotation.
pub(super) fn to_json(gaps: &[Gap]) -> serde_json::Result<String> {
    let records: Vec<GapRecord> = gaps.iter().map(GapRecord::of).collect();
    serde_json::to_string(&records)
}

/// Parses the value of the annotation.
pub(super) fn from_json(text: &str) -> serde_json::Result<Vec<Gap>> {
    let records: Vec<GapRecord> = serde_json::from_str(text)?;
    Ok(records.into_iter().map(GapRecord::into_gap).collect())
}

/// A gap in the annotation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GapRecord {
    unread: Extent,
    because: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// The extent of a gap in the annotation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "extent")]
enum Extent {
    Anything,
    Kind {
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
    },
    KindOutside {
        kind: String,
        read: Vec<String>,
    },
    Object {
        kind: String,
        #[serde(default)]
        namespace: String,
        name: String,
    },
    Authorizer {
        name: String,
    },
}

impl GapRecord {
    fn of(gap: &Gap) -> Self {
        let text = |text: &Text| text.to_string();
        let unread = match &gap.unread {
            Unread::Anything => Extent::Anything,
            Unread::Kind { kind, namespace } => {
                Extent::Kind { kind: kind.to_string(), namespace: namespace.as_ref().map(text) }
            }
            Unread::KindOutside { kind, read } => Extent::KindOutside {
                kind: kind.to_string(),
                read: read.iter().map(text).collect(),
            },
            Unread::Object { kind, namespace, name } => Extent::Object {
                kind: kind.to_string(),
                namespace: text(namespace),
                name: text(name),
            },
            Unread::Authorizer { name } => Extent::Authorizer { name: text(name) },
        };
        let (file, line) = match &gap.origin {
            Origin::File { path, line } => (Some(path.to_string()), Some(*line)),
            Origin::Cluster | Origin::Default => (None, None),
        };
        Self { unread, because: gap.because.to_string(), file, line }
    }

    fn into_gap(self) -> Gap {
        let unread = match self.unread {
            Extent::Anything => Unread::Anything,
            Extent::Kind { kind, namespace } => {
                Unread::Kind { kind: ObjectKind::new(&kind), namespace: namespace.map(Text::from) }
            }
            Extent::KindOutside { kind, read } => Unread::KindOutside {
                kind: ObjectKind::new(&kind),
                read: read.into_iter().map(Text::from).collect(),
            },
            Extent::Object { kind, namespace, name } => Unread::Object {
                kind: ObjectKind::new(&kind),
                namespace: namespace.into(),
                name: name.into(),
            },
            Extent::Authorizer { name } => Unread::Authorizer { name: name.into() },
        };
        let origin = match self.file {
            Some(path) => Origin::File { path: path.into(), line: self.line.unwrap_or_default() },
            None => Origin::Cluster,
        };
        Gap { unread, because: self.because.into(), origin }
    }
}
