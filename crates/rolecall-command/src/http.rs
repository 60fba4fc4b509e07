//! The request behind a URL of the API server.
//!
//! Mirrors `apiserver/pkg/endpoints/request/requestinfo.go` (docs/semantics.md#request-attributes).

use super::Word;
use super::word::Part;
use crate::need::{Need, NeedName, NeedNamespace};

/// The names under which Pods reach the API server.
const HOSTS: [&str; 4] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// Returns what a curl or wget command line needs: nothing unless it sends a token to the API server.
pub(super) fn needs(words: &[Word]) -> Vec<Need> {
    let authorized = words.iter().any(|word| {
        word.to_string().to_ascii_lowercase().contains("authorization: bearer")
            || word.known() == Some("--oauth2-bearer")
    });
    if !authorized {
        return Vec::new();
    }
    let method = method(words);
    let paths = words.iter().filter_map(path_on_server);
    let Some(method) = method else { return Vec::new() };
    paths.filter_map(|path| need_of_path(method, &path)).collect()
}

/// Returns the words that determine the requests of a command line; `None` if it makes none to the API server.
pub(super) fn kept(words: &[Word]) -> Option<Vec<Word>> {
    if needs(words).is_empty() {
        return None;
    }
    let method = method(words)?.to_ascii_uppercase();
    let mut kept: Vec<Word> =
        ["-X", &method, "-H", "Authorization: Bearer REDACTED"].map(Word::text).into();
    let urls = words.iter().filter(|word| path_on_server(word).is_some());
    kept.extend(urls.map(without_query));
    Some(kept)
}

/// Removes the parts of a query that do not determine the request.
pub(super) fn without_query(url: &Word) -> Word {
    let Some((mut path, query)) = url.split_once('?') else { return url.clone() };
    let query = query.to_string();
    let decides = |pair: &&str| match pair.split_once('=') {
        Some(("fieldSelector", value)) => value.contains("metadata.name"),
        Some((key, _)) => key == "watch",
        None => *pair == "watch",
    };
    let kept: Vec<&str> = query.split('&').filter(decides).collect();
    if !kept.is_empty() {
        path.push_text(&format!("?{}", kept.join("&")));
    }
    path
}

/// Returns the HTTP method in lower case; `None` if it is only known at run time.
fn method(words: &[Word]) -> Option<&'static str> {
    let mut method = "get";
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.start();
        let given = match word.known() {
            Some("-X" | "--request" | "--method") => Some(rest.next()?.clone()),
            _ => ["-X", "--request=", "--method="]
                .into_iter()
                .find_map(|prefix| word.strip_prefix(prefix)),
        };
        if let Some(given) = given {
            let given = given.known()?.to_ascii_lowercase();
            return ["get", "head", "post", "put", "patch", "delete", "options"]
                .into_iter()
                .find(|known| *known == given);
        }
        let sends = text.starts_with("--data")
            || text.starts_with("--json")
            || text.starts_with("--post-")
            || text.starts_with("--form")
            || matches!(word.known(), Some("-d" | "-F"));
        if sends {
            method = "post";
        } else if matches!(word.known(), Some("-T" | "--upload-file")) {
            method = "put";
        } else if matches!(word.known(), Some("-I" | "--head")) {
            method = "head";
        }
    }
    Some(method)
}

/// Returns the path and query of a URL on the API server.
fn path_on_server(word: &Word) -> Option<Word> {
    let rest = word.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let own_host = match &*host.parts {
        [Part::Text(host)] => HOSTS.contains(&host.split(':').next().unwrap_or_default()),
        [Part::Variable(name), ..] => name == "KUBERNETES_SERVICE_HOST",
        _ => false,
    };
    let mut absolute = Word::text("/");
    path.parts.into_iter().for_each(|part| absolute.push(part));
    own_host.then_some(absolute)
}

/// Returns the needs of a request for a path; `None` if they are unknown.
pub(super) fn need_of_path(method: &'static str, url: &Word) -> Option<Need> {
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path, query.to_string()),
        None => (url.clone(), String::new()),
    };
    let parts: Vec<Word> =
        path.split('/').into_iter().filter(|part| part.known() != Some("")).collect();
    let known = |index: usize| parts.get(index).map(Word::known);
    let (group, rest) = match known(0) {
        Some(Some("api")) if parts.len() > 2 => (String::new(), parts.get(2..)?),
        Some(Some("apis")) if parts.len() > 3 => (known(1)??.to_owned(), parts.get(3..)?),
        _ => {
            return Some(Need::path(method, path.known()?));
        }
    };
    let (namespace, rest) = match rest {
        [first, namespace, rest @ ..]
            if first.known() == Some("namespaces")
                && !rest.is_empty()
                && !matches!(rest.first()?.known(), Some("status" | "finalize")) =>
        {
            let namespace = match (&*namespace.parts, namespace.known()) {
                ([Part::OwnNamespace], _) => NeedNamespace::Own,
                (_, Some(namespace)) => NeedNamespace::Known(namespace.into()),
                _ => NeedNamespace::Unknown,
            };
            (namespace, rest)
        }
        rest => (NeedNamespace::Known("".into()), rest),
    };
    let resource = rest.first()?.known()?;
    let name = match rest.get(1) {
        None => NeedName::Collection,
        Some(word) => word.known().map_or(NeedName::Unknown, |name| NeedName::Known(name.into())),
    };
    let subresource = match rest.get(2) {
        None => "",
        Some(word) => word.known()?,
    };
    let watches = query.split('&').any(|pair| {
        matches!(pair.split_once('='), Some(("watch", value)) if !matches!(value, "false" | "0"))
            || pair == "watch"
    });
    // A field selector can name the single object of a list.
    let selects = query.contains("fieldSelector") && query.contains("metadata.name");
    let collection = name == NeedName::Collection;
    let verb = match (method, collection) {
        ("get" | "head", true) if watches => "watch",
        ("get" | "head", true) => "list",
        ("get" | "head", false) => "get",
        ("post", _) => "create",
        ("put", _) => "update",
        ("patch", _) => "patch",
        ("delete", true) => "deletecollection",
        ("delete", false) => "delete",
        _ => return None,
    };
    let name = if collection && selects { NeedName::Unknown } else { name };
    let need = Need::new(verb, &group, resource, name).of(subresource);
    Some(need.in_namespace(&namespace))
}
