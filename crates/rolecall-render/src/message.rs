//! Shortens the errors of tools to what helps.

use std::path::PathBuf;

use crate::names::Names;

/// The longest message, in characters.
const LONGEST: usize = 300;

/// Returns the error of a tool on one line, with the paths that people know.
pub(crate) fn shorten(message: &str, replaced: &[(PathBuf, String)], names: &Names) -> String {
    if message.contains("fatal error: ") && message.contains("out of memory") {
        return "it ran out of memory".to_owned();
    }
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty() && !is_noise(line));
    let mut lines: Vec<&str> = lines.collect();
    if let Some(first) = lines.iter().position(|line| strip_error(line).is_some()) {
        lines.drain(..first);
    }
    let mut text = lines.join(" ");
    if let Some(rest) = strip_error(&text) {
        text = rest.to_owned();
    }
    for (path, shown) in replaced {
        text = text.replace(&*path.to_string_lossy(), shown);
    }
    let text = names.replace_in(innermost(&text)).replace("\\n", " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None if text.is_empty() => "it failed without a message".to_owned(),
        None => text,
    }
}

/// Returns whether a line is advice of the tool rather than the error.
fn is_noise(line: &str) -> bool {
    line.starts_with("Use --debug flag")
        || line.starts_with("# Warning:")
        || line.starts_with("level=")
}

fn strip_error(line: &str) -> Option<&str> {
    ["Error: ", "error: ", "INSTALLATION FAILED: "]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
}

/// Returns the innermost error of Kustomize, which repeats its progress for each layer.
fn innermost(text: &str) -> &str {
    let text = match text.rsplit_once("recursed accumulation of path '") {
        Some((_, layer)) => layer.split_once("': ").map_or(layer, |(_, error)| error),
        None => text,
    };
    let configured = text.split_once("with config: `").and_then(|(_, it)| it.split_once("`: "));
    if let Some((_, error)) = configured {
        return error;
    }
    if let Some((_, error)) = text.rsplit_once("must resolve to a file': ") {
        return error;
    }
    // A path is tried as a file first, whose error is the clearer one.
    let file = text.split_once("': must build at directory: ").map_or(text, |(file, _)| file);
    let error = file.rsplit_once("accumulating resources from '");
    error.and_then(|(_, rest)| rest.split_once("': ")).map_or(file, |(_, error)| error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cause_is_left_of_an_error() {
        for (message, expected) in [
            (
                "Error: accumulating resources: accumulation err='accumulating resources from 'a.yaml': open /r/a.yaml: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/r/a.yaml' : lstat /r/a.yaml: no such file or directory",
                "open /r/a.yaml: no such file or directory",
            ),
            (
                "Error: accumulating resources: accumulation err='accumulating resources from '../b': '/r/b' must resolve to a file': cycle detected: candidate root '/r/b' contains visited root '/r/b'",
                "cycle detected: candidate root '/r/b' contains visited root '/r/b'",
            ),
            (
                "Error: accumulating resources: accumulation err='accumulating resources from 'b': '/r/b' must resolve to a file': recursed accumulation of path '/r/b': invalid Kustomization: x",
                "invalid Kustomization: x",
            ),
            (
                "Error: trouble configuring builtin PatchTransformer with config: `\npatch: x\n`: unable to parse",
                "unable to parse",
            ),
            (
                "level=WARN msg=x\nError: execution error at (a.yaml:3:20): set .Values.name please\n\nUse --debug flag to render out invalid YAML\n",
                "execution error at (a.yaml:3:20): set .Values.name please",
            ),
            (
                "Error: values don't meet the schema:\nh9:\n- at '': missing property 'b'",
                "values don't meet the schema: h9: - at '': missing property 'b'",
            ),
            (
                "runtime: x\nfatal error: runtime: out of memory\n\nruntime stack:\n",
                "it ran out of memory",
            ),
            ("", "it failed without a message"),
        ] {
            assert_eq!(shorten(message, &[], &Names::default()), expected);
        }
    }
}
