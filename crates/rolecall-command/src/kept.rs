//! The parts of a container's command that snapshots keep: the calls of the API server, with the arguments that
//! determine the requests. Everything else can contain secrets.

use rolecall_rbac::{Catalog, Container};

use super::container::{Invocation, of_container};
use super::mask::masked_line;
use super::placeholder::{OWN_NAMESPACE, UNKNOWN};
use super::word::Part;
use super::{Tool, Word, helm, http, kubectl};

/// Returns a command that makes the same requests to the API server; nothing if there are none.
///
/// A snapshot can contain this command: it has no other program, no here-document, and no value of an option
/// that does not affect access.
pub fn kept_command(container: &Container, catalog: &Catalog) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for invocation in of_container(0, container, None) {
        if let Some(line) = kept_line(&invocation, catalog)
            && lines.last() != Some(&line)
        {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return Vec::new();
    }
    vec!["sh".to_owned(), "-c".to_owned(), lines.join("\n")]
}

fn kept_line(invocation: &Invocation, catalog: &Catalog) -> Option<String> {
    let (program, words) = match invocation.tool {
        Tool::Kubectl => ("kubectl", kubectl::kept(&invocation.words)),
        Tool::Oc => ("oc", kubectl::kept(&invocation.words)),
        Tool::Helm => ("helm", helm::kept(&invocation.words)),
        Tool::Http => ("curl", http::kept(&invocation.words)?),
    };
    let mut line = String::new();
    if invocation.has_kubeconfig {
        line.push_str("env KUBECONFIG=REDACTED ");
    }
    line.push_str(program);
    for word in &words {
        line.push(' ');
        line.push_str(&quoted(word));
    }
    let mut line = masked_line(&line);
    if matches!(invocation.tool, Tool::Kubectl | Tool::Oc)
        && let Some(document) = kubectl::kept_document(&invocation.input, catalog)
    {
        line.push_str(&format!(" <<EOF\n{document}EOF"));
    }
    Some(line)
}

/// Quotes a word so that a shell reads the same text.
fn quoted(word: &Word) -> String {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            Part::Text(part) if part.bytes().all(is_plain) => text.push_str(part),
            Part::Text(part) => text.push_str(&format!("'{}'", part.replace('\'', "'\\''"))),
            Part::OwnNamespace => text.push_str(OWN_NAMESPACE),
            Part::Variable(name) if is_name(name) => text.push_str(&format!("${{{name}}}")),
            Part::VariableOrDefault(name) if is_name(name) => {
                text.push_str(&format!("${{{name}:-}}"));
            }
            Part::Variable(_) | Part::VariableOrDefault(_) | Part::Unknown => {
                text.push_str(UNKNOWN);
            }
        }
    }
    if text.is_empty() { "''".to_owned() } else { text }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./:,=@+%".contains(&byte)
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
