//! docs/escalation.md is the table of rows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rolecall_paths::Row;

const HEAD: &str = "\
# Escalation

`rolecall paths` finds the subjects that can become cluster-admin or reach another target, such as a node. This page lists
the steps of these paths. `UPDATE_DOCS=1 cargo test -p rolecall-paths` generates it.

A *position* is everything that a path has gained so far: a set of identities, and the rights that these identities granted
themselves. It starts with one subject and only grows. A request is possible if a rule of one of the identities allows it, or
a right that was granted on the path. If a single request needs several rights, one identity must have all of them;
different identities can make consecutive requests.

To create an object, a client sends a POST, which has no name, so a rule with `resourceNames` never allows it; or it sends a
server-side apply to a name that does not exist yet, which needs `patch` and `create` for that name. To change an object, a
rule with `resourceNames` counts only if the objects with these names exist.

A ServiceAccount exists if it is in the input. The ServiceAccount `default` also exists if a binding names it or a Pod runs
as it, and so do those of the built-in controllers, unless `--defaults none` declares the input complete. A path can start
from a Pod, or pass through it, only if a token is mounted in the Pod.

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
