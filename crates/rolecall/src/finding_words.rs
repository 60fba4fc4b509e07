//! Words for findings: the commands that grant what is missing, and near misses.

use rolecall_access::{AccessTerm, Extent, ResourceTerm};
use rolecall_check::expectation::{Failure, Unmet};
use rolecall_check::{Denied, Finding, ObjectRef, Related};
use rolecall_rbac::{Request, Target, Text, sentence_list};

use crate::cli::quote;
use crate::explain;
use crate::resolved::label;

/// The folder that fixes are written to. Files that it already contains are kept, so that the fixes
/// of one report do not replace each other.
const FOLDER: &str = "rbac";

/// The fix for requests whose namespace the manifest does not contain.
const SOMEWHERE: &str = "grant the refused requests with `rolecall fix`, and pass the namespace in which the workload runs with `-n`";

/// Adds the commands that grant denied requests. Each reads the input with the options in `sources`,
/// such as `-f deploy/`.
pub(crate) fn add_remedies(findings: &mut [Finding], sources: &str) {
    for finding in findings {
        if let Some(denied) = &finding.denied {
            finding.fix = remedy(denied, sources);
        }
    }
}

/// Adds the bindings and roles that nearly grant the access that an expectation misses.
pub(crate) fn add_near_misses(finding: &mut Finding, failure: &Failure<'_>) {
    let Unmet::Denied { example, near, .. } = &failure.unmet else { return };
    let Some(identity) = failure.holder.as_ref().map(|holder| holder.identity()) else { return };
    for miss in near {
        let object = match (miss.role, miss.binding) {
            (Some(role), _) => ObjectRef::from(role),
            (None, Some(binding)) => ObjectRef::from(binding),
            (None, None) => continue,
        };
        let note = explain::near_miss(miss, &identity, example).message;
        if finding.related.is_empty() {
            let position = object.position();
            let text = format!("; nearly granted by {object}{position}, but {note}");
            finding.message.push_str(&text);
        }
        finding.related.push(Related { object, note: format!("nearly grants it, but {note}") });
    }
}

/// Returns the advice for denied requests.
fn remedy(denied: &Denied, sources: &str) -> String {
    let subject = quote(&label(&denied.identity));
    let commands = match &denied.access {
        Some(access) => vec![access_command(access, &subject)],
        None => request_commands(&denied.requests, &subject),
    };
    match (commands.is_empty(), denied.somewhere.is_empty()) {
        (_, true) => grant(&commands, sources),
        (true, false) => SOMEWHERE.to_owned(),
        (false, false) => format!("{}; {SOMEWHERE}", grant(&commands, sources)),
    }
}

/// Returns the advice to run commands of `rolecall fix`.
fn grant(commands: &[String], sources: &str) -> String {
    let separator = if sources.is_empty() { "" } else { " " };
    let commands: Vec<String> = commands
        .iter()
        .map(|command| format!("`{command}{separator}{sources} --out-dir {FOLDER}`"))
        .collect();
    let commands = sentence_list(&commands);
    let reads_stdin = sources.split(' ').any(|word| word == "-");
    let input = if reads_stdin { ", with the same input on stdin" } else { "" };
    format!("grant it{input}: {commands}")
}

/// Returns the commands that grant requests: one for all verbs of an object or collection.
fn request_commands(requests: &[Request], subject: &str) -> Vec<String> {
    let mut groups: Vec<(&Target, Vec<&str>)> = Vec::new();
    for request in requests {
        match groups.iter_mut().find(|(target, _)| **target == request.target) {
            Some((_, verbs)) => verbs.push(&request.verb),
            None => groups.push((&request.target, vec![&request.verb])),
        }
    }
    let command = |(target, verbs): (&Target, Vec<&str>)| {
        let verbs = quote(&verbs.join(","));
        format!("rolecall fix {verbs} {} --for {subject}", operands(target))
    };
    groups.into_iter().map(command).collect()
}

/// Returns the arguments and options that name the target of a request.
fn operands(target: &Target) -> String {
    let target = match target {
        Target::Path(path) => return format!("{} -A", quote(path)),
        Target::Resource(target) => target,
    };
    let mut resource = target.resource.to_string();
    if !target.group.is_empty() {
        resource.push('.');
        resource.push_str(&target.group);
    }
    if !target.subresource.is_empty() {
        resource.push('/');
        resource.push_str(&target.subresource);
    }
    let mut operands = quote(&resource);
    if !target.name.is_empty() {
        operands.push_str(" --name ");
        operands.push_str(&quote(&target.name));
    }
    match &*target.namespace {
        "" => operands.push_str(" -A"),
        namespace => {
            operands.push_str(" -n ");
            operands.push_str(&quote(namespace));
        }
    }
    operands
}

/// Returns the command that grants a term of access.
fn access_command(access: &AccessTerm, subject: &str) -> String {
    let (verbs, targets, options) = match access {
        AccessTerm::Everything => (&Extent::everything(), "*,/*".to_owned(), " -A".to_owned()),
        AccessTerm::Urls(term) => (&term.verbs, term.urls.to_string(), String::new()),
        AccessTerm::Resources(term) => (&term.verbs, term.resources_in_words(), options(term)),
    };
    let verbs = if verbs.all { "*".to_owned() } else { verbs.listed.join(",") };
    let targets: Vec<String> = targets.split(',').map(|target| quote(target.trim())).collect();
    format!("rolecall fix {} {} --for {subject}{options}", quote(&verbs), targets.join(" "))
}

/// Returns the options that name the objects and namespaces of a term.
fn options(term: &ResourceTerm) -> String {
    let each = |option: &str, texts: &[Text]| -> String {
        let named = texts.iter().filter(|text| !text.is_empty());
        named.map(|text| format!(" {option} {}", quote(text))).collect()
    };
    let names = if term.names.all { String::new() } else { each("--name", &term.names.listed) };
    match term.namespaces.all {
        true => format!("{names} -A"),
        false => format!("{names}{}", each("-n", &term.namespaces.listed)),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::{Identity, ResourceRequest};

    use super::*;

    fn denied(requests: Vec<Request>) -> Denied {
        let identity = Identity::service_account("shop", "tool");
        Denied { identity, requests, somewhere: Vec::new(), access: None }
    }

    fn request(verb: &str, [namespace, group, resource, subresource, name]: [&str; 5]) -> Request {
        let target = ResourceRequest {
            namespace: namespace.into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
        };
        Request::resource(verb, target)
    }

    #[test]
    fn remedies_grant_every_denied_request() {
        let web = ["shop", "apps", "deployments", "", "web"];
        for (requests, expected) in [
            (
                vec![
                    request("get", web),
                    request("patch", web),
                    request("list", ["shop", "apps", "replicasets", "", ""]),
                ],
                "grant it: `rolecall fix get,patch deployments.apps --name web -n shop --for sa/shop:tool -f a.yaml --out-dir rbac` and \
                 `rolecall fix list replicasets.apps -n shop --for sa/shop:tool -f a.yaml --out-dir rbac`",
            ),
            (
                vec![request("create", ["kitchen", "", "pods", "exec", "web"])],
                "grant it: `rolecall fix create pods/exec --name web -n kitchen --for sa/shop:tool -f a.yaml --out-dir rbac`",
            ),
            (
                vec![request("list", ["", "", "nodes", "", ""])],
                "grant it: `rolecall fix list nodes -A --for sa/shop:tool -f a.yaml --out-dir rbac`",
            ),
            (
                vec![Request::path("get", "/a b")],
                "grant it: `rolecall fix get '/a b' -A --for sa/shop:tool -f a.yaml --out-dir rbac`",
            ),
        ] {
            assert_eq!(remedy(&denied(requests), "-f a.yaml"), expected);
        }
    }

    #[test]
    fn remedies_mention_requests_of_unknown_namespaces_and_stdin() {
        let pods = || vec![request("list", ["", "", "pods", "", ""])];
        let somewhere = Denied { somewhere: pods(), ..denied(Vec::new()) };
        assert_eq!(remedy(&somewhere, "-f -"), SOMEWHERE);
        let both = Denied { somewhere: pods(), ..denied(pods()) };
        let granted = "grant it, with the same input on stdin: `rolecall fix list pods -A --for sa/shop:tool -f - --out-dir rbac`";
        assert_eq!(remedy(&both, "-f -"), format!("{granted}; {SOMEWHERE}"));
    }

    #[test]
    fn remedies_grant_all_missing_access() {
        let extent = |texts: &[&str]| Extent {
            listed: texts.iter().map(|text| Text::from(*text)).collect(),
            ..Extent::default()
        };
        let term = ResourceTerm {
            namespaces: extent(&["a", "b"]),
            groups: extent(&["apps"]),
            resources: extent(&["deployments"]),
            names: extent(&["my app"]),
            verbs: extent(&["get", "list"]),
        };
        for (access, expected) in [
            (AccessTerm::Everything, "rolecall fix '*' '*' '/*' --for user/a -A"),
            (
                AccessTerm::Resources(term),
                "rolecall fix get,list deployments.apps --for user/a --name 'my app' -n a -n b",
            ),
        ] {
            assert_eq!(access_command(&access, "user/a"), expected);
        }
    }
}
