//! Formats of logs, and how text is divided into records.

use crate::coverage::Source;

/// A format that `--format` can force. Without one, each record shows its format itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The API server's own log, `EventList`s and webhook batches.
    Native,
    /// CloudWatch Logs of EKS.
    Eks,
    /// Cloud Logging of GKE.
    Gke,
    /// Diagnostic logs of AKS.
    Aks,
    /// `oc adm node-logs` and must-gather of OpenShift.
    OpenShift,
}

impl Format {
    /// Returns whether records of a source belong to the format.
    pub(crate) fn includes(self, source: Source) -> bool {
        match self {
            Self::Native => source == Source::Native,
            Self::Eks => source == Source::Eks,
            Self::Gke => matches!(source, Source::GkeActivity | Source::GkeDataAccess),
            Self::Aks => matches!(source, Source::AksKubeAudit | Source::AksKubeAuditAdmin),
            Self::OpenShift => source == Source::OpenShift,
        }
    }

    /// Returns the source of native events without an envelope.
    pub(crate) fn source(self) -> Option<Source> {
        match self {
            Self::Native => Some(Source::Native),
            Self::Eks => Some(Source::Eks),
            Self::Aks => Some(Source::AksKubeAudit),
            Self::OpenShift => Some(Source::OpenShift),
            Self::Gke => None,
        }
    }
}

/// How a text is divided into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Each line is a record, or several JSON texts.
    Lines,
    /// JSON over several lines, such as one array of all entries.
    Json,
    /// Comma-separated values with a heading.
    Csv,
}

/// The columns of CSV exports that contain an event or a part of it.
pub(crate) const COLUMNS: [&str; 10] = [
    "@message",
    "message",
    "log_s",
    "log",
    "_raw",
    "line",
    "event",
    "textpayload",
    "auditid",
    "request_uri",
];

impl Layout {
    /// The length of the beginning of a text that decides its layout.
    pub const PROBE: usize = 1 << 16;

    /// Detects the layout from the beginning of a text.
    pub fn detect(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let start = start.trim_ascii_start();
        let end = memchr::memchr(b'\n', start);
        let line = start.get(..end.unwrap_or(start.len())).unwrap_or(start).trim_ascii();
        match line.first() {
            // The line of an event can be longer than the beginning that is probed.
            Some(b'{') if is_event(line) => Self::Lines,
            Some(b'{' | b'[') => {
                // A record on one line ends there; a longer text does not.
                let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(line);
                match (parsed, end) {
                    (Err(error), Some(_)) if error.is_eof() => Self::Json,
                    (Err(error), None) if error.is_eof() && line.len() + 1 >= Self::PROBE / 2 => {
                        Self::Json
                    }
                    (Ok(_) | Err(_), _) => Self::Lines,
                }
            }
            _ if is_heading(line) => Self::Csv,
            _ => Self::Lines,
        }
    }
}

fn is_event(line: &[u8]) -> bool {
    let start = line.get(1..).unwrap_or_default();
    let end = start.iter().position(|byte| matches!(byte, b'{' | b'[')).unwrap_or(start.len());
    let start = start.get(..end).unwrap_or_default();
    let has = |text: &[u8]| memchr::memmem::find(start, text).is_some();
    has(b"\"auditID\"") || has(b"\"kind\":\"Event\"") || has(b"\"kind\": \"Event\"")
}

fn is_heading(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut columns = line.split(',').map(|column| column.trim_matches(['"', ' ', '\'']));
    !line.contains('{') && columns.any(|column| COLUMNS.contains(&&*column.to_ascii_lowercase()))
}
