//! Recognizes irrelevant documents by their text, to avoid parsing them.
//!
//! This works only for documents in plain block style, in which every unindented line is a simple
//! key or a list item: there every top-level `kind` is at the start of a line, so a `kind` that is
//! found is the only one. When in doubt, a document is relevant.

use crate::decode::{AWS_AUTH, Selection, Shape};
use rolecall_yaml::Outline;

/// The identity of a document according to its unindented lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heading<'a> {
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
    seen_key: bool,
    in_doubt: bool,
}

impl<'a> Outline<'a> for Heading<'a> {
    fn line(&mut self, line: &'a [u8]) {
        self.in_doubt = self.in_doubt || self.read(line).is_none();
    }
}

impl<'a> Heading<'a> {
    /// Returns the shape of the document; `None` if it is uncertain.
    pub(super) fn shape(&self, selection: Selection) -> Option<Shape> {
        if self.in_doubt {
            return None;
        }
        Some(selection.shape(self.api_version?, self.kind?))
    }

    /// Reads a line; `None` if its meaning is uncertain.
    fn read(&mut self, line: &'a [u8]) -> Option<()> {
        match line.first()? {
            b'#' => {}
            b'\r' if line.len() == 1 => {}
            b'-' if self.seen_key && matches!(line.get(1), None | Some(b' ' | b'\r')) => {}
            byte if byte.is_ascii_alphabetic() => {
                self.seen_key = true;
                let (key, value) = split_key(line)?;
                let known = match key {
                    b"apiVersion" => &mut self.api_version,
                    b"kind" => &mut self.kind,
                    _ => return Some(()),
                };
                if known.replace(plain_value(value)?).is_some() {
                    return None;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// Returns whether a document with this shape certainly contains no object to read.
pub(super) fn is_irrelevant(shape: Option<Shape>, document: &[u8]) -> bool {
    let irrelevant = match shape {
        Some(Shape::Irrelevant) => true,
        Some(Shape::Custom) => !may_contain(document, b"containers"),
        Some(Shape::Map) => !may_contain(document, AWS_AUTH.as_bytes()),
        _ => false,
    };
    irrelevant && !starts_indented(document) && !has_lone_carriage_return(document)
}

/// Returns whether the first non-blank line is indented, in which case unindented lines are not
/// top-level.
fn starts_indented(document: &[u8]) -> bool {
    let blank = document.iter().position(|byte| !b" \r\n".contains(byte)).unwrap_or(document.len());
    document.get(..blank).unwrap_or_default().last() == Some(&b' ')
}

fn split_key(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (key, rest) = line.split_at(colon);
    let rest = rest.get(1..)?;
    let plain = key.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(byte));
    (plain && matches!(rest.first(), None | Some(b' ' | b'\r'))).then_some((key, rest))
}

/// Returns a plain scalar that is alone on its line.
fn plain_value(text: &[u8]) -> Option<&str> {
    let text = text.trim_ascii();
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    if !rest.trim_ascii_start().is_empty() && !rest.trim_ascii_start().starts_with(b"#") {
        return None;
    }
    let bare = [b"\"", b"'"]
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    let plain = bare.first()?.is_ascii_alphabetic()
        && bare.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(byte));
    if plain { std::str::from_utf8(bare).ok() } else { None }
}

/// Returns whether the text might contain a word. An escaped one would contain a backslash.
fn may_contain(document: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(document, word).is_some() || memchr::memchr(b'\\', document).is_some()
}

fn has_lone_carriage_return(document: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', document).any(|at| document.get(at + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::{Decoder, Place};
    use rolecall_yaml as yaml;

    /// Returns whether every document of a text is skipped.
    fn is_irrelevant(text: &str) -> bool {
        let documents = yaml::split_outlined::<Heading<'_>>(text.as_bytes());
        documents.iter().all(|(chunk, heading)| {
            super::is_irrelevant(heading.shape(Selection::Everything), chunk.bytes)
        })
    }

    #[test]
    fn only_irrelevant_documents_are_skipped() {
        for (skipped, text) in [
            (true, "apiVersion: v1\nkind: ConfigMap\ndata:\n  kind: Role\n"),
            (true, "# a comment\nkind: Service # another\napiVersion: \"v1\"\nspec:\n- a\n"),
            (true, "kind: Secret\r\napiVersion: v1\r\n\r\nstringData: |\r\n  kind: Role\r\n"),
            (true, "apiVersion: example.com/v1\nkind: Widget\nspec: {}\n"),
            (false, "apiVersion: example.com/v1\nkind: Widget\nspec: {containers: []}\n"),
            (false, "apiVersion: v1\nkind: ServiceAccount\n"),
            (false, "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"),
            (false, "apiVersion: v1\nkind: List\nitems: []\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\nkind: Role\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\n\"kind\": Role\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\n? kind\n: Role\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\n<<: {kind: Role}\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\nx: y\rkind: Role\n"),
            (false, "apiVersion: v1\nkind:\n  ConfigMap\n"),
            (false, "kind: ConfigMap\n"),
            (false, "  kind: ConfigMap\n  apiVersion: v1\n"),
            (false, "{kind: ConfigMap, apiVersion: v1}\n"),
            (false, "--- {kind: Role}\nkind: ConfigMap\napiVersion: v1\n"),
            (false, "- kind: ConfigMap\n"),
        ] {
            assert_eq!(is_irrelevant(text), skipped, "{text}");
        }
    }

    #[test]
    fn of_config_maps_only_aws_auth_is_relevant() {
        for (skipped, text) in [
            (true, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n"),
            (false, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"aws\\x2dauth\"\n"),
            (false, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\n"),
        ] {
            let documents = yaml::split_outlined::<Heading<'_>>(text.as_bytes());
            let is_skipped = documents.iter().all(|(chunk, heading)| {
                super::is_irrelevant(heading.shape(Selection::WithFewNames), chunk.bytes)
            });
            assert_eq!(is_skipped, skipped, "{text}");
        }
    }

    /// Lines of valid and invalid documents.
    fn line() -> impl Strategy<Value = String> {
        let key = prop_oneof![
            Just("kind"),
            Just("apiVersion"),
            Just("\"kind\""),
            Just("'kind'"),
            Just("\"\\x6bind\""),
            Just("? kind\n"),
            Just("!!str kind"),
            Just("&a kind"),
            Just("data"),
            Just("metadata"),
            Just("items"),
            Just("rules"),
            Just("<<"),
        ];
        let value = prop_oneof![
            Just("Role"),
            Just("\"Role\""),
            Just("ConfigMap"),
            Just("List"),
            Just("ServiceAccount"),
            Just("v1"),
            Just("rbac.authorization.k8s.io/v1"),
            Just("{name: x}"),
            Just("\n  name: x"),
            Just("|\n  kind: Role\n"),
            Just("\"a\nkind: ConfigMap\n  b\""),
            Just("{a: b,\nkind: ConfigMap,\n c: d}"),
            Just("[]"),
            Just(
                "\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: Role\n  metadata: {name: y}"
            ),
            Just("{kind: Role, apiVersion: rbac.authorization.k8s.io/v1, metadata: {name: z}}"),
            Just(""),
            Just("# nothing"),
        ];
        let indentation = prop_oneof![9 => Just(""), 1 => Just("  "), 1 => Just("\t")];
        let end =
            prop_oneof![8 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r"), 1 => Just(" # x\n")];
        (indentation, key, prop_oneof![Just(": "), Just(":"), Just(" : ")], value, end).prop_map(
            |(indentation, key, colon, value, end)| {
                format!("{indentation}{key}{colon}{value}{end}")
            },
        )
    }

    fn read(text: &str) -> usize {
        let mut decoder = Decoder::new(&Place::File("a".into()), "default");
        for document in yaml::parse(text, 1).unwrap_or_default() {
            decoder.document(&document);
        }
        let inventory = decoder.batch.builder.build();
        inventory.roles().len()
            + inventory.bindings().len()
            + inventory.service_accounts().len()
            + inventory.workloads().len()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]
        #[test]
        fn relevant_documents_are_never_skipped(lines in prop::collection::vec(line(), 1..7)) {
            let text: String = lines.concat();
            if is_irrelevant(&text) {
                prop_assert_eq!(read(&text), 0, "{}", text);
            }
        }

        #[test]
        fn roles_are_never_skipped(
            before in prop::collection::vec(line(), 0..3),
            after in prop::collection::vec(line(), 0..3),
        ) {
            let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\n";
            let text = format!("{}{role}{}", before.concat(), after.concat());
            if is_irrelevant(&text) {
                prop_assert_eq!(read(&text), 0, "{}", text);
            }
        }
    }
}
