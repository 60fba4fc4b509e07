//! Logs of AKS: categories of diagnostic settings, and tables of Log Analytics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Context, Fields, Reader, string};
use crate::coverage::Source;
use crate::event::Event;

/// The columns of AKSAudit and AKSAuditAdmin, and the fields of events that they hold.
const COLUMNS: [(&str, &str); 12] = [
    ("Level", "level"),
    ("AuditId", "auditID"),
    ("Stage", "stage"),
    ("RequestUri", "requestURI"),
    ("Verb", "verb"),
    ("User", "user"),
    ("ImpersonatedUser", "impersonatedUser"),
    ("ObjectRef", "objectRef"),
    ("ResponseStatus", "responseStatus"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
    ("Annotations", "annotations"),
];

/// Returns the source of a category of diagnostic settings.
pub(super) fn source_of_category(category: &str) -> Option<Source> {
    match category {
        "kube-audit" => Some(Source::AksKubeAudit),
        "kube-audit-admin" => Some(Source::AksKubeAuditAdmin),
        _ => None,
    }
}

/// Returns whether an object is a row of a table for audit events.
pub(super) fn is_row(fields: &Fields<'_>) -> bool {
    fields.contains_key("AuditId") && fields.contains_key("Verb")
}

impl Reader {
    /// Reads a row of AKSAudit or AKSAuditAdmin.
    pub(super) fn aks_row(&mut self, fields: &Fields<'_>, context: Context) {
        let cells = fields.iter().map(|(name, value)| (name.as_str(), value.get()));
        let event = event_of(cells.collect());
        let source = match &*string(fields, "Type") {
            "AKSAuditAdmin" => Source::AksKubeAuditAdmin,
            _ => context.source.unwrap_or(Source::AksKubeAudit),
        };
        match serde_json::from_str::<Event<'_>>(&event) {
            Ok(event) => self.event(event, Some(source)),
            Err(_) => self.unreadable(),
        }
    }

    /// Reads an answer of the query API of Log Analytics.
    pub(super) fn log_analytics(&mut self, tables: &str, context: Context) {
        #[derive(Deserialize)]
        struct Table<'a> {
            columns: Vec<Column>,
            #[serde(borrow)]
            rows: Vec<Vec<&'a RawValue>>,
        }
        #[derive(Deserialize)]
        struct Column {
            name: String,
        }
        let Ok(tables) = serde_json::from_str::<Vec<Table<'_>>>(tables) else {
            return self.unreadable();
        };
        for Table { columns, rows } in tables {
            for row in rows {
                let names = columns.iter().map(|column| column.name.clone());
                let fields: Fields<'_> = names.zip(row).collect();
                match is_row(&fields) {
                    true => self.aks_row(&fields, context),
                    false => self.envelope(&fields, context),
                }
            }
        }
    }
}

/// Writes the event of a row. Dynamic columns are objects, or strings of their JSON.
pub(super) fn event_of(cells: BTreeMap<&str, &str>) -> String {
    let mut event = Map::new();
    for (column, field) in COLUMNS {
        let Some(cell) = cells.get(column) else { continue };
        let value: Value = serde_json::from_str(cell).unwrap_or_default();
        let value = match &value {
            Value::String(text) if text.starts_with('{') => {
                serde_json::from_str(text).unwrap_or_default()
            }
            _ => value,
        };
        let is_empty = value.is_null() || matches!(value.as_str(), Some("" | "null"));
        if !is_empty {
            event.insert(field.to_owned(), value);
        }
    }
    event.insert("kind".into(), "Event".into());
    event.insert("apiVersion".into(), "audit.k8s.io/v1".into());
    Value::Object(event).to_string()
}
