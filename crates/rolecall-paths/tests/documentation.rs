//! docs/escalation.md is the table of rows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rolecall_paths::Row;

const HEAD: &str = "\
# Escalation

`rolecall paths` finds the subjects that can become cluster-admin, or something else. This page lists the steps of which
paths consist. `UPDATE_DOCS=1 cargo test -p rolecall-paths` generates it.

A *position* is a set of identities that somebody can act as, and of rights that they granted themselves. It starts with one
subject and only grows. A request is possible if a rule of one of the identities allows it, or a right that the position
granted itself. Rights that one request needs together must belong to one identity; requests that follow each other can be
made by different ones.

Creating an object means a POST, which has no name, so that a rule with `resourceNames` never allows it; or a server-side
apply of a name that no object has, which needs `patch` and `create` for that name. Where a step changes an object, a rule
with `resourceNames` counts only for existing objects of these names.

A ServiceAccount exists if it is in the input. The ServiceAccount `default`, where a binding names it or a Pod runs as
it, and those of the built-in controllers exist, too, unless `--defaults none` declares the input complete. A Pod is a
start and can be entered only if a token is mounted.

";

#[test]
fn the_page_describes_every_row() {
    let mut page = HEAD.to_owned();
    for row in Row::ALL {
        let text = row.text();
        let title = text.title;
        writeln!(page, "## {row}: {title}\n").unwrap();
        writeln!(page, "- **Needs:** {}", text.needs).unwrap();
        writeln!(page, "- **Gains:** {}\n", text.gains).unwrap();
        writeln!(page, "{}\n", text.because).unwrap();
    }
    let page = format!("{}\n", page.trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/escalation.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "run the test with UPDATE_DOCS=1");
}
