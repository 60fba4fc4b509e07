//! Trees in the style of `tree`, wrapped to the width of the terminal.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::plain;
use super::wrap::wrap;

/// The indentation of continuation lines.
const HANGING: usize = 2;

/// A node with its lines and children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    lines: Vec<Line>,
    children: Vec<Tree>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    style: Style,
    /// Whether it is a detail of the line before, and is indented below it.
    is_detail: bool,
}

/// The strokes of the branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strokes {
    branch: &'static str,
    last_branch: &'static str,
    trunk: &'static str,
}

/// Branches in ASCII.
pub(crate) const ASCII: Strokes = Strokes { branch: "|-- ", last_branch: "`-- ", trunk: "|   " };

/// Branches in UTF-8.
pub(crate) const UNICODE: Strokes =
    Strokes { branch: "├── ", last_branch: "└── ", trunk: "│   " };

impl Strokes {
    /// Chooses by the locale in LC_ALL, LC_CTYPE or LANG.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { UNICODE } else { ASCII }
    }
}

impl Tree {
    /// Builds a node from its first line, which can be untrusted text.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self::default().and(text)
    }

    /// Adds a line at the same level as the first one.
    #[must_use]
    pub(crate) fn and(self, text: impl AsRef<str>) -> Self {
        self.line(text, Style::new(), false)
    }

    /// Adds a detail of the last line.
    #[must_use]
    pub(crate) fn detail(self, text: impl AsRef<str>) -> Self {
        self.line(text, Style::new(), true)
    }

    /// Colors the last line.
    #[must_use]
    pub(crate) fn styled(mut self, style: Style) -> Self {
        if let Some(line) = self.lines.last_mut() {
            line.style = style;
        }
        self
    }

    /// Adds a child.
    pub(crate) fn push(&mut self, child: Tree) {
        self.children.push(child);
    }

    fn line(mut self, text: impl AsRef<str>, style: Style, is_detail: bool) -> Self {
        self.lines.push(Line { text: plain(text.as_ref()).into_owned(), style, is_detail });
        self
    }

    /// Writes the tree, with lines wrapped to `columns`, if limited.
    pub(crate) fn write(
        &self,
        out: &mut impl Write,
        strokes: Strokes,
        columns: Option<usize>,
    ) -> io::Result<()> {
        self.write_below(out, strokes, columns, "", "")
    }

    fn write_below(
        &self,
        out: &mut impl Write,
        strokes: Strokes,
        columns: Option<usize>,
        first_prefix: &str,
        prefix: &str,
    ) -> io::Result<()> {
        let (trunk, indent) =
            if self.children.is_empty() { ("", "  ") } else { (strokes.trunk, strokes.trunk) };
        for (position, Line { text, style, is_detail }) in self.lines.iter().enumerate() {
            let start = match (is_detail, position) {
                (true, _) => format!("{prefix}{indent}"),
                (false, 0) => first_prefix.to_owned(),
                (false, _) => prefix.to_owned(),
            };
            let deeper = if *is_detail { indent } else { trunk };
            let rest = format!("{prefix}{deeper}{:HANGING$}", "");
            let room = |prefix: &str| {
                columns.map(|columns| columns.saturating_sub(prefix.width()).max(NARROWEST))
            };
            let pieces = fold(text, room(&start), room(&rest));
            for (number, piece) in pieces.iter().enumerate() {
                let prefix = if number == 0 { &start } else { &rest };
                writeln!(out, "{prefix}{style}{piece}{style:#}")?;
            }
        }
        let last = self.children.len().saturating_sub(1);
        for (position, child) in self.children.iter().enumerate() {
            let (branch, trunk) = if position == last {
                (strokes.last_branch, "    ")
            } else {
                (strokes.branch, strokes.trunk)
            };
            let (first, rest) = (format!("{prefix}{branch}"), format!("{prefix}{trunk}"));
            child.write_below(out, strokes, columns, &first, &rest)?;
        }
        Ok(())
    }
}

/// The minimum width of a wrapped line, regardless of its depth.
const NARROWEST: usize = 20;

/// Wraps a line whose first part has another width than the rest.
fn fold(text: &str, first: Option<usize>, rest: Option<usize>) -> Vec<&str> {
    let (Some(first), Some(rest)) = (first, rest) else { return vec![text] };
    let head = wrap(text, first).into_iter().next().unwrap_or_default();
    let tail = text.get(head.len()..).unwrap_or_default().trim_start();
    let mut lines = vec![head];
    if !tail.is_empty() {
        lines.extend(wrap(tail, rest));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(strokes: Strokes, columns: Option<usize>) -> String {
        let mut bindings = Tree::new("ServiceAccount shop/web");
        let mut role = Tree::new("in shop: RoleBinding web of Role web").detail("shop.yaml:17");
        role.push(Tree::new("get,list,watch configmaps,endpoints,services,pods \"a\",\"b\""));
        bindings.push(role);
        bindings.push(Tree::new("everywhere: ClusterRoleBinding \u{1b}[31mx of ClusterRole x"));
        let mut tree = Tree::new("2 Pods of Deployment shop/web")
            .detail("token: mounted")
            .and("Pod shop/debug")
            .detail("token: not mounted, the Pod says automountServiceAccountToken: false");
        tree.push(bindings);
        let mut out = Vec::new();
        tree.write(&mut out, strokes, columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn branches_connect_children() {
        insta::assert_snapshot!(render(UNICODE, None), @r#"
        2 Pods of Deployment shop/web
        │   token: mounted
        Pod shop/debug
        │   token: not mounted, the Pod says automountServiceAccountToken: false
        └── ServiceAccount shop/web
            ├── in shop: RoleBinding web of Role web
            │   │   shop.yaml:17
            │   └── get,list,watch configmaps,endpoints,services,pods "a","b"
            └── everywhere: ClusterRoleBinding \u{1b}[31mx of ClusterRole x
        "#);
    }

    #[test]
    fn lines_wrap_to_the_terminal() {
        insta::assert_snapshot!(render(ASCII, Some(50)), @r#"
        2 Pods of Deployment shop/web
        |   token: mounted
        Pod shop/debug
        |   token: not mounted, the Pod says
        |     automountServiceAccountToken: false
        `-- ServiceAccount shop/web
            |-- in shop: RoleBinding web of Role web
            |   |   shop.yaml:17
            |   `-- get,list,watch
            |         configmaps,endpoints,services,pods
            |         "a","b"
            `-- everywhere: ClusterRoleBinding \u{1b}[31mx
                  of ClusterRole x
        "#);
    }

    #[test]
    fn the_first_locale_variable_wins() {
        for (all, ctype, lang, expected) in [
            (None, None, Some("en_US.UTF-8"), UNICODE),
            (None, Some("C.utf8"), Some("C"), UNICODE),
            (Some("C"), None, Some("en_US.UTF-8"), ASCII),
            (Some(""), None, Some("en_US.UTF-8"), UNICODE),
            (None, None, None, ASCII),
        ] {
            let locale = Strokes::of_locale(|name| {
                let value = match name {
                    "LC_ALL" => all,
                    "LC_CTYPE" => ctype,
                    _ => lang,
                };
                value.map(str::to_owned)
            });
            assert_eq!(locale, expected, "{all:?} {ctype:?} {lang:?}");
        }
    }
}
