//! Queries that count equal events where logs are stored.
//!
//! A query groups events by the fields that matter and counts them, so it contains no rules about requests:
//! those apply when its result is read.

use crate::coverage::Source;

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB.
    DuckDb,
    /// Apache Spark.
    Spark,
    /// Google BigQuery.
    BigQuery,
    /// Amazon Athena, and Trino.
    Athena,
}

/// The columns by which events are grouped, and where they are in an event; `[...]` keeps the JSON.
const FIELDS: [(&str, &[&str]); 16] = [
    ("stage", &["stage"]),
    ("username", &["user", "username"]),
    ("user_groups", &["user", "[groups]"]),
    ("pod", &["user", "extra", "authentication.kubernetes.io/pod-name", "0"]),
    ("impersonated", &["[impersonatedUser]"]),
    ("impersonation_constraint", &["authenticationMetadata", "impersonationConstraint"]),
    ("verb", &["verb"]),
    ("resource", &["objectRef", "resource"]),
    ("api_group", &["objectRef", "apiGroup"]),
    ("object_namespace", &["objectRef", "namespace"]),
    ("subresource", &["objectRef", "subresource"]),
    ("code", &["responseStatus", "code"]),
    ("decision", &["annotations", "authorization.k8s.io/decision"]),
    ("reason", &["annotations", "authorization.k8s.io/reason"]),
    ("object_name", &["objectRef", "name"]),
    ("level", &["level"]),
];

/// The columns that are computed from others.
const COMPUTED: [&str; 3] = ["url_path", "dry_run", "message"];

/// Returns the query over a table with the text of one event in a column of each row. Its result, as CSV or
/// lines of JSON, is read like a log.
pub fn query(dialect: Dialect, table: &str, column: &str, source: Source) -> String {
    let text = |path: &[&str]| dialect.text(column, path);
    let uri = text(&["requestURI"]);
    let times = ["requestReceivedTimestamp", "stageTimestamp", "timestamp"];
    let times = times.map(|name| text(&[name])).join(", ");
    let mut columns: Vec<String> = FIELDS
        .iter()
        .map(|(name, path)| format!("    COALESCE({}, '') AS {name}", text(path)))
        .collect();
    columns.push(format!("    COALESCE({uri}, '') AS request_uri"));
    columns.push(format!(
        "    COALESCE({}, '') AS status_message",
        text(&["responseStatus", "message"])
    ));
    columns.push(format!("    COALESCE({times}, '') AS event_time"));
    let kind = text(&["kind"]);
    // The server does not know the name of a new object.
    let named = "CASE WHEN verb = 'create' AND subresource = '' THEN '' ELSE object_name END";
    let of_column = |name: &str| {
        match name {
        "object_name" => format!("{named} AS object_name"),
        "url_path" => {
            "CASE WHEN resource = '' THEN REGEXP_REPLACE(request_uri, '[?].*', '') ELSE '' END AS url_path"
                .to_owned()
        }
        "dry_run" => {
            "CASE WHEN request_uri LIKE '%dryRun=%' THEN 'true' ELSE 'false' END AS dry_run".to_owned()
        }
        "message" => "CASE WHEN code = '403' THEN status_message ELSE '' END AS message".to_owned(),
        name => name.to_owned(),
    }
    };
    let grouped: Vec<&str> = FIELDS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| *name != "level")
        .chain(COMPUTED)
        .collect();
    let counted =
        "COUNT(*) AS rolecall_events, MIN(event_time) AS first_time, MAX(event_time) AS last_time";
    let uses: Vec<String> = grouped.iter().map(|name| format!("    {}", of_column(name))).collect();
    let of_coverage = |name: &&str| match *name {
        "stage" | "decision" => format!("    {name}"),
        name => format!("    '' AS {name}"),
    };
    let coverage: Vec<String> = grouped.iter().map(of_coverage).collect();
    format!(
        "WITH events AS (\n  SELECT\n{}\n  FROM {table}\n  WHERE {kind} = 'Event'\n),\nrequests AS (\n  SELECT\n{},\n    event_time\n  FROM events\n  WHERE stage <> 'RequestReceived'\n)\nSELECT 'use' AS part, '{source}' AS source, '' AS level,\n    {},\n    {counted}\nFROM requests\nGROUP BY {}\nUNION ALL\nSELECT 'coverage' AS part, '{source}' AS source, level,\n{},\n    {counted}\nFROM events\nGROUP BY stage, decision, level, SUBSTR(event_time, 1, 13)\n",
        columns.join(",\n"),
        uses.join(",\n"),
        grouped.join(", "),
        grouped.join(", "),
        coverage.join(",\n"),
        source = source.as_str(),
    )
}

impl Dialect {
    /// Returns the expression for a field as text.
    fn text(self, column: &str, path: &[&str]) -> String {
        let last = path.last().copied().unwrap_or_default();
        let is_json = last.starts_with('[');
        let names: Vec<&str> =
            path.iter().map(|name| name.trim_start_matches('[').trim_end_matches(']')).collect();
        let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric());
        let is_index = |name: &str| name.chars().all(|c| c.is_ascii_digit());
        let step = |name: &&str| match self {
            _ if is_index(name) => format!("[{name}]"),
            _ if is_plain(name) => format!(".{name}"),
            Self::DuckDb | Self::BigQuery => format!(".\"{name}\""),
            Self::Spark => format!("[''{name}'']"),
            Self::Athena => format!("[\"{name}\"]"),
        };
        let steps: String = names.iter().map(step).collect();
        match (self, is_json) {
            (Self::DuckDb, true) => format!("CAST(json_extract({column}, '${steps}') AS VARCHAR)"),
            (Self::DuckDb, false) => format!("json_extract_string({column}, '${steps}')"),
            (Self::Spark, _) => {
                format!("get_json_object({column}, '{}')", format!("${steps}").replace("''", "\\'"))
            }
            (Self::BigQuery, true) => format!("JSON_QUERY({column}, '${steps}')"),
            (Self::BigQuery, false) => format!("JSON_VALUE({column}, '${steps}')"),
            (Self::Athena, true) => format!("json_format(json_extract({column}, '${steps}'))"),
            (Self::Athena, false) => format!("json_extract_scalar({column}, '${steps}')"),
        }
    }
}
