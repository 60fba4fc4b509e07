//! Splits a Rust source into flat tokens, without comments, the content of strings and, optionally,
//! tests.

use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One token and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) text: String,
}

/// A path as written, such as `std::fs::read`; one for each leaf of a `use`, with `*` for a glob.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) line: usize,
    pub(super) path: String,
}

/// Splits a source into tokens. Invalid Rust has none; the compiler reports it.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    if let Ok(stream) = TokenStream::from_str(source) {
        flatten(stream, &mut tokens);
    }
    tokens
}

/// Removes items marked with `#[cfg(test)]` or `#[test]`.
pub(super) fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let mark = ["#[cfg(test)]", "#[test]"].iter().find_map(|mark| starts_with(rest, mark));
        match mark {
            Some(after_mark) => rest = after_item(after_mark),
            None => {
                kept.push(first.clone());
                rest = after;
            }
        }
    }
    kept
}

/// Returns every path with at least one `::`, and every macro call as `name!`.
pub(super) fn paths(tokens: &[Token]) -> Vec<Written> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = if is_name(&first.text) { path_from(rest, "", &mut found) } else { after };
    }
    found
}

/// Returns the tokens after an attribute that they start with.
fn starts_with<'a>(tokens: &'a [Token], mark: &str) -> Option<&'a [Token]> {
    let mut left = mark;
    let mut rest = tokens;
    while !left.is_empty() {
        let (first, after) = rest.split_first()?;
        left = left.strip_prefix(first.text.as_str())?;
        rest = after;
    }
    Some(rest)
}

/// Returns the tokens after an item, which ends with the first `;` or closing brace outside
/// brackets.
fn after_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text.as_str(), ";" | "}") {
            return tokens.get(index + 1..).unwrap_or_default();
        }
    }
    &[]
}

/// Reads a path with the leaves of its groups, and returns the tokens after it.
fn path_from<'a>(tokens: &'a [Token], prefix: &str, found: &mut Vec<Written>) -> &'a [Token] {
    let Some((first, mut rest)) = tokens.split_first() else { return tokens };
    let mut path = format!("{prefix}{}", first.text);
    while let Some((separator, after)) = rest.split_first()
        && separator.text == "::"
        && let Some((next, after_next)) = after.split_first()
    {
        if next.text == "{" {
            return group(after_next, &format!("{path}::"), found);
        }
        if !is_name(&next.text) && next.text != "*" {
            break;
        }
        path = format!("{path}::{}", next.text);
        rest = after_next;
    }
    if rest.first().is_some_and(|token| token.text == "!") {
        path.push('!');
    }
    if path.contains("::") || path.ends_with('!') {
        found.push(Written { line: first.line, path });
    }
    rest
}

/// Reads the leaves of a `use` group up to its closing brace.
fn group<'a>(tokens: &'a [Token], prefix: &str, found: &mut Vec<Written>) -> &'a [Token] {
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = match first.text.as_str() {
            "}" => return after,
            "self" => {
                let path = prefix.trim_end_matches("::").to_owned();
                found.push(Written { line: first.line, path });
                after
            }
            // `{read as r}` imports `read`.
            "as" => after.get(1..).unwrap_or_default(),
            text if is_name(text) || text == "*" => path_from(rest, prefix, found),
            _ => after,
        };
    }
    rest
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut joined = false;
    for tree in stream {
        let line = tree.span().start().line;
        let was_joined = std::mem::take(&mut joined);
        let text = match tree {
            TokenTree::Ident(name) => name.to_string().trim_start_matches("r#").to_owned(),
            // Keep only the quotes of a string, so that its content does not match.
            TokenTree::Literal(_) => "\"\"".to_owned(),
            TokenTree::Punct(punct) => {
                joined = punct.spacing() == Spacing::Joint;
                // Merge `::` into one token; other operators stay separate.
                if let Some(last) = tokens.last_mut()
                    && was_joined
                    && last.text == ":"
                    && punct.as_char() == ':'
                {
                    last.text.push(':');
                    continue;
                }
                punct.as_char().to_string()
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(Token { line, text: open.to_owned() });
                flatten(group.stream(), tokens);
                let line = group.span_close().end().line;
                tokens.push(Token { line, text: close.to_owned() });
                continue;
            }
        };
        tokens.push(Token { line, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_paths(source: &str, expected: &[&str]) {
        let found = paths(&without_tests(tokens(source)));
        assert_eq!(found.iter().map(|w| w.path.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_leaf_of_a_use_is_a_path() {
        check_paths("use std::fs;", &["std::fs"]);
        check_paths(
            "use std::{env, io::{self, Read as R, stdout}, time::*};",
            &["std::env", "std::io", "std::io::Read", "std::io::stdout", "std::time::*"],
        );
    }

    #[test]
    fn calls_and_macros_are_paths() {
        check_paths(
            "fn f() { let x = ::std::fs::read(a.b)?; println!(\"std::env\"); a::<B>::c() }",
            &["std::fs::read", "println!"],
        );
    }

    #[test]
    fn comments_and_strings_are_not_paths() {
        check_paths("//! std::fs\n/// `std::env`\nfn f() { \"std::net\"; /* a::b */ }", &[]);
    }

    #[test]
    fn tests_are_removed_and_the_following_items_kept() {
        check_paths("#[cfg(test)] mod tests { use a::b; } use c::d;", &["c::d"]);
        check_paths("#[cfg(test)]\nuse a::{b};\nuse c::d;", &["c::d"]);
        check_paths("#[cfg(test)] mod tests; use c::d;", &["c::d"]);
        check_paths("#[test] fn f(a: [u8; 2]) { a::b() } use c::d;", &["c::d"]);
        check_paths("#[cfg(not(test))] use a::b;", &["a::b"]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines: Vec<usize> =
            paths(&tokens("\nuse a::b;\nuse\n  c::d;")).iter().map(|w| w.line).collect();
        assert_eq!(lines, [2, 4]);
    }
}
