//! Audit logs in databases: the queries of `usage --sql` count the same requests as `usage`.

use std::path::Path;
use std::process::Command;

use super::Scenario;
use super::world::World;
use rolecall_task::failure::Result;
use rolecall_task::{files, process};

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "usage-sql",
    claim: "the query of `usage --sql` gives the same summary in DuckDB, and the other dialects parse",
    run: sql,
    since: 20,
}];

/// Runs the query on a file of events, and writes its result as CSV, JSON lines and Parquet, and the events as Parquet.
const RUN: &str = r#"
import gzip, sys
import duckdb
log, query, csv, lines, parquet, events = sys.argv[1:]
opened = gzip.open(log, "rt") if log.endswith(".gz") else open(log)
database = duckdb.connect()
database.execute("CREATE TABLE events (message VARCHAR)")
database.executemany("INSERT INTO events VALUES (?)", [[line] for line in opened])
text = open(query).read()
database.execute(f"COPY ({text}) TO '{csv}' (HEADER, DELIMITER ',')")
database.execute(f"COPY ({text}) TO '{lines}' (FORMAT JSON)")
database.execute(f"COPY ({text}) TO '{parquet}' (FORMAT PARQUET)")
database.execute(f"COPY events TO '{events}' (FORMAT PARQUET, COMPRESSION GZIP)")
"#;

/// Parses a query of a dialect.
const PARSE: &str = r#"
import sys
import sqlglot
for path, dialect in zip(sys.argv[1::2], sys.argv[2::2]):
    statements = sqlglot.parse(open(path).read(), read=dialect)
    assert len(statements) == 1, dialect
"#;

/// The dialects, and their names in sqlglot.
const DIALECTS: [(&str, &str); 4] =
    [("duckdb", "duckdb"), ("spark", "spark"), ("bigquery", "bigquery"), ("athena", "trino")];

fn sql(world: &World) -> Result<()> {
    let python = python()?;
    let path = |name: &str| world.scratch(name).display().to_string();
    let mut parsed = Command::new(&python);
    parsed.args(["-c", PARSE]);
    for (dialect, name) in DIALECTS {
        let line = format!("usage --sql {dialect} --table events");
        let query = world.rolecall(&line).run()?.exits(0)?.stdout;
        let written = world.write(&format!("usage-{dialect}.sql"), &query)?;
        parsed.args([&*written, name]);
    }
    process::output(&mut parsed)?;
    for (name, log) in [
        ("recorded", "crates/rolecall-usage/tests/data/native-1.36.jsonl.gz"),
        ("example", "docs/examples/least-privilege/audit.log"),
        ("old", "crates/rolecall-usage/tests/data/audit2rbac-demo.log"),
    ] {
        let log = files::workspace_root().join(log).display().to_string();
        let csv = path(&format!("usage-{name}.csv"));
        let lines = path(&format!("usage-{name}.jsonl"));
        let parquet = path(&format!("usage-{name}.parquet"));
        let events = path(&format!("usage-{name}-events.parquet"));
        let query = path("usage-duckdb.sql");
        let mut duckdb = Command::new(&python);
        duckdb.args(["-c", RUN, &log, &query, &csv, &lines, &parquet, &events]);
        process::output(&mut duckdb)?;
        let expected = world.rolecall(&format!("usage {log} -o jsonl")).run()?.exits(0)?;
        for result in [csv, lines, parquet, events] {
            let ran = world.rolecall(&format!("usage {result} -o jsonl")).run()?.exits(0)?;
            ran.prints(&expected.stdout)?;
        }
    }
    Ok(())
}

/// Returns a Python with DuckDB and sqlglot, which is installed on the first run.
fn python() -> Result<std::path::PathBuf> {
    let folder = files::workspace_root().join("target/usage-sql");
    let python = folder.join("bin/python");
    if !Path::new(&python).exists() {
        process::output(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let install = ["-m", "pip", "install", "--quiet", "duckdb", "sqlglot"];
        process::output(Command::new(&python).args(install))?;
    }
    Ok(python)
}
