//! Paths as a graph, for Graphviz and Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use rolecall_paths::{Evidence, Path, Subject};

use crate::answer::paths::Answer;

/// The nodes and edges of all paths.
#[derive(Default)]
struct Diagram {
    names: BTreeMap<String, usize>,
    edges: BTreeSet<(usize, usize, String)>,
}

impl Diagram {
    fn new(answer: &Answer<'_>) -> Self {
        let mut diagram = Self::default();
        for path in &answer.found.paths {
            diagram.add(answer, path);
        }
        diagram
    }

    fn add(&mut self, answer: &Answer<'_>, path: &Path<'_>) {
        let start = self.node(path.subject.to_string());
        let mut last = start;
        for (position, step) in path.steps.iter().enumerate() {
            let mut sources = BTreeSet::new();
            for made in &step.requests {
                let actor = self.node(Subject::of(&made.actor).to_string());
                if position == 0 && actor != start {
                    self.edges.insert((start, actor, String::new()));
                }
                // A right that an earlier step granted is used by the actor.
                let granted = match made.by {
                    Evidence::Step(earlier) => path.steps.get(earlier),
                    _ => None,
                };
                sources.insert(granted.map_or(actor, |step| self.node(step.gains.to_string())));
            }
            last = self.node(step.gains.to_string());
            for source in sources {
                self.edges.insert((source, last, step.row.to_string()));
            }
        }
        let sink = self.node(answer.sink.to_string());
        if last != sink {
            self.edges.insert((last, sink, String::new()));
        }
    }

    fn node(&mut self, name: String) -> usize {
        let next = self.names.len();
        *self.names.entry(name).or_insert(next)
    }
}

/// Writes a graph for Graphviz.
pub(super) fn write_dot(out: &mut impl Write, answer: &Answer<'_>) -> io::Result<()> {
    let diagram = Diagram::new(answer);
    writeln!(out, "digraph paths {{\n  rankdir=LR;\n  node [shape=box];")?;
    for (name, id) in &diagram.names {
        writeln!(out, "  n{id} [label={name:?}];")?;
    }
    for (from, to, row) in &diagram.edges {
        writeln!(out, "  n{from} -> n{to} [label={row:?}];")?;
    }
    writeln!(out, "}}")
}

/// Writes a graph for Mermaid.
pub(super) fn write_mermaid(out: &mut impl Write, answer: &Answer<'_>) -> io::Result<()> {
    let diagram = Diagram::new(answer);
    let escaped = |name: &str| {
        let escape = |c: char| match c {
            '"' => "#quot;".to_owned(),
            '#' => "#35;".to_owned(),
            '<' => "#lt;".to_owned(),
            '>' => "#gt;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        };
        name.chars().map(escape).collect::<String>()
    };
    writeln!(out, "graph LR")?;
    for (name, id) in &diagram.names {
        writeln!(out, "  n{id}[\"{}\"]", escaped(name))?;
    }
    for (from, to, row) in &diagram.edges {
        match &**row {
            "" => writeln!(out, "  n{from} --> n{to}")?,
            row => writeln!(out, "  n{from} -->|{row}| n{to}")?,
        }
    }
    Ok(())
}
