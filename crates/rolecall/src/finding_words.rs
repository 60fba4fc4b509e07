//! Words for findings: the commands that grant the missing access, and near misses.

use rolecall_access::{AccessTerm, Extent, ResourceTerm};
use rolecall_check::expectation::{Failure, Unmet};
use rolecall_check::{Denied, Finding, ObjectRef, Related};
use rolecall_paths::Sink;
use rolecall_rbac::{Request, ResourceRequest, Target, Text, sentence_list};

use crate::advice::Advice;
use crate::cli::quote;
use crate::remedy::{Allowance, Judge};
use crate::resolved::label;
use crate::{explain, words};

/// The folder that fixes are written to. Files that it already contains are kept, so that the fixes
/// of one report do not replace each other.
const FOLDER: &str = "rbac";

/// The namespace of requests whose namespace the manifest does not contain, which is valid as a name.
const SOMEWHERE: &str = "namespace";

/// The options with which other commands read the input of a finding, such as `-f deploy/`.
pub(crate) type Sources<'s> = dyn Fn(&Finding) -> String + Sync + 's;

/// Adds the commands that grant denied requests. Each reads the input with the options in `sources`.
pub(crate) fn add_remedies(judge: &Judge<'_>, findings: &mut [Finding], sources: &Sources<'_>) {
    for finding in findings {
        if let Some(denied) = &finding.denied {
            finding.fix = remedy(judge, denied, &sources(finding)).into();
        }
    }
}

/// Adds the commands that plan the removal of paths. Each reads the input with the options in `sources`.
pub(crate) fn add_cuts(findings: &mut [Finding], sources: &Sources<'_>) {
    for finding in findings {
        let (Some(sink), Some(subject)) = (&finding.reaches, finding.subjects.first()) else {
            continue;
        };
        let to = match sink {
            Sink::ClusterAdmin => String::new(),
            other => format!(" --to {}", quote(&other.to_string())),
        };
        let sources = sources(finding);
        let separator = if sources.is_empty() { "" } else { " " };
        let command =
            format!("rolecall paths --from {}{to} --cut{separator}{sources}", quote(subject));
        finding.fix = match &*finding.changes {
            [] => format!("{}: `{command}` proposes changes", finding.fix),
            _ => format!("{}: `{command}` prints the changed objects", finding.fix),
        }
        .into();
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
        finding
            .related
            .push(Related { object, note: format!("nearly grants it, but {note}").into() });
    }
}

/// Returns the advice for denied requests.
fn remedy(judge: &Judge<'_>, denied: &Denied, sources: &str) -> String {
    let subject = quote(&label(&denied.identity));
    let Advice { commands, remarks, .. } = match &denied.access {
        Some(access) => access_advice(judge, denied, access, &subject),
        None => request_advice(judge, denied, &denied.requests, &subject),
    };
    let granted = (!commands.is_empty()).then(|| grant(&commands, sources, "grant it"));
    let unplaced = request_advice(judge, denied, &placed_somewhere(&denied.somewhere), &subject);
    let somewhere = (!unplaced.commands.is_empty()).then(|| {
        let option = format!(" -n {SOMEWHERE}");
        let commands = unplaced.commands.iter();
        let commands: Vec<String> =
            commands.map(|command| command.replace(&option, " -n NAMESPACE")).collect();
        grant(&commands, sources, "grant it, with the namespace of the request as NAMESPACE")
    });
    let parts: Vec<String> = granted.into_iter().chain(remarks).chain(somewhere).collect();
    parts.join("; ")
}

/// Returns the advice to run commands of `rolecall fix`.
fn grant(commands: &[String], sources: &str, start: &str) -> String {
    let separator = if sources.is_empty() { "" } else { " " };
    let commands: Vec<String> = commands
        .iter()
        .map(|command| format!("`{command}{separator}{sources} --out-dir {FOLDER}`"))
        .collect();
    let commands = sentence_list(&commands);
    let reads_stdin = sources.split(' ').any(|word| word == "-");
    let input = if reads_stdin { ", with the same input on stdin" } else { "" };
    format!("{start}{input}: {commands}")
}

/// Returns requests in the namespace that stands for an unknown one.
fn placed_somewhere(requests: &[Request]) -> Vec<Request> {
    let placed = requests.iter().map(|request| {
        let mut request = request.clone();
        if let Target::Resource(target) = &mut request.target {
            target.namespace = SOMEWHERE.into();
        }
        request
    });
    placed.collect()
}

/// Returns the commands that grant requests.
fn request_advice(
    judge: &Judge<'_>,
    denied: &Denied,
    requests: &[Request],
    subject: &str,
) -> Advice {
    let approved = judge.approve(&denied.identity, requests);
    let commands = request_commands(&approved.requests, subject);
    approved.into_advice(commands)
}

/// Returns the commands that grant requests: one for all verbs of an object or collection.
fn request_commands(requests: &[(Request, Allowance)], subject: &str) -> Vec<String> {
    let mut groups: Vec<(&Target, Allowance, Vec<&str>)> = Vec::new();
    for (request, allowance) in requests {
        let same = groups
            .iter_mut()
            .find(|(target, of_group, _)| **target == request.target && of_group == allowance);
        match same {
            Some((_, _, verbs)) => verbs.push(&request.verb),
            None => groups.push((&request.target, *allowance, vec![&request.verb])),
        }
    }
    let command = |(target, allowance, verbs): (&Target, Allowance, Vec<&str>)| {
        let verbs = quote(&verbs.join(","));
        let flags = flags(allowance);
        format!("rolecall fix {verbs} {} --for {subject}{flags}", operands(target))
    };
    groups.into_iter().map(command).collect()
}

fn flags(allowance: Allowance) -> String {
    allowance.options().map(|option| format!(" {option}")).collect()
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

/// The maximum number of requests of a term to consider; the others have the same verbs and resources.
const MOST_REQUESTS: usize = 100;

/// Returns the command that grants a term of access; or commands for its requests if no rule can grant
/// some of them.
fn access_advice(judge: &Judge<'_>, denied: &Denied, access: &AccessTerm, subject: &str) -> Advice {
    let requests = requests_of(access);
    let approved = judge.approve(&denied.identity, &requests);
    let is_as_asked = approved.requests.iter().map(|(request, _)| request).eq(&requests);
    if !is_as_asked {
        let commands = request_commands(&approved.requests, subject);
        return approved.into_advice(commands);
    }
    let allowance = approved.requests.iter().map(|(_, allowance)| *allowance);
    let allowance = allowance.reduce(Allowance::and).unwrap_or_default();
    let command = format!("{}{}", access_command(access, subject), flags(allowance));
    approved.into_advice(vec![command])
}

/// Returns examples of a term's requests with every verb, group, resource and name.
fn requests_of(access: &AccessTerm) -> Vec<Request> {
    let term = match access {
        AccessTerm::Everything => return vec![Request::path("*", "/*"), everything()],
        AccessTerm::Urls(term) => {
            let verbs = term.verbs.patterns("*");
            let urls = term.urls.patterns("/*");
            let of_url = |url: &Text| verbs.iter().map(|verb| Request::path(verb, url)).collect();
            return urls.iter().flat_map::<Vec<Request>, _>(of_url).collect();
        }
        AccessTerm::Resources(term) => term,
    };
    let mut targets = Vec::new();
    for namespace in term.namespaces.patterns("") {
        for group in term.groups.patterns("*") {
            for entry in term.resources.patterns("*") {
                for name in term.names.patterns("") {
                    let (resource, subresource) = entry.split_once('/').unwrap_or((&entry, ""));
                    targets.push(ResourceRequest {
                        namespace: namespace.clone(),
                        group: group.clone(),
                        resource: resource.into(),
                        subresource: subresource.into(),
                        name,
                    });
                }
            }
        }
    }
    let verbs = term.verbs.patterns("*");
    let requests = targets.iter().flat_map(|target| {
        verbs.iter().map(|verb| Request::resource(verb.clone(), target.clone()))
    });
    requests.take(MOST_REQUESTS).collect()
}

/// Returns the request for every verb and resource.
fn everything() -> Request {
    let target = ResourceRequest {
        namespace: "".into(),
        group: "*".into(),
        resource: "*".into(),
        subresource: "".into(),
        name: "".into(),
    };
    Request::resource("*", target)
}

/// Returns the command that grants a term of access.
fn access_command(access: &AccessTerm, subject: &str) -> String {
    let (verbs, targets, options) = match access {
        AccessTerm::Everything => {
            (&Extent::everything(), vec!["*".to_owned(), "/*".to_owned()], " -A".to_owned())
        }
        AccessTerm::Urls(term) => {
            let urls = term.urls.patterns("/*").iter().map(|url| url.to_string()).collect();
            (&term.verbs, urls, " -A".to_owned())
        }
        AccessTerm::Resources(term) => (&term.verbs, resources(term), options(term)),
    };
    let verbs: Vec<Text> = verbs.patterns("*");
    let targets: Vec<String> = targets.iter().map(|target| quote(target)).collect();
    format!(
        "rolecall fix {} {} --for {subject}{options}",
        quote(&verbs.join(",")),
        targets.join(" ")
    )
}

/// Returns the resources of a term in the notation of the command line.
fn resources(term: &ResourceTerm) -> Vec<String> {
    let resources = term.resources.patterns("*");
    let in_group = |group: &Text| -> Vec<String> {
        let is_everything = **group == *"*";
        let written = |entry: &Text| match (is_everything, &**entry) {
            (true, "*") => "*".to_owned(),
            _ => words::with_group(entry, group),
        };
        resources.iter().map(written).collect()
    };
    term.groups.patterns("*").iter().flat_map(in_group).collect()
}

/// Returns the options that name the objects and namespaces of a term.
fn options(term: &ResourceTerm) -> String {
    let each = |option: &str, texts: &[Text]| -> String {
        let named = texts.iter().filter(|text| !text.is_empty());
        named.map(|text| format!(" {option} {}", quote(text))).collect()
    };
    let names = if term.names.all { String::new() } else { each("--name", &term.names.listed) };
    let is_everywhere = term.namespaces.patterns("").iter().any(|namespace| namespace.is_empty());
    match is_everywhere {
        true => format!("{names} -A"),
        false => format!("{names}{}", each("-n", &term.namespaces.listed)),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::{Authorizer, Identity};
    use rolecall_source::facts::{Version, catalog};

    use super::*;

    fn denied(requests: Vec<Request>) -> Denied {
        let identity = Identity::service_account("shop", "tool");
        Denied { identity, requests, somewhere: Vec::new(), access: None }
    }

    fn advised(denied: &Denied, sources: &str) -> String {
        let (authorizer, catalog) = (Authorizer::default(), catalog(Version::default()));
        remedy(&Judge::new(&authorizer, &catalog), denied, sources)
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
                "grant it: `rolecall fix create pods/exec --name web -n kitchen --for sa/shop:tool --allow-risky -f a.yaml --out-dir rbac`; \
                 risk: its holders can run commands in any Pod (RC518); alternative: request `pods/log` or `pods/portforward`",
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
            assert_eq!(advised(&denied(requests), "-f a.yaml"), expected);
        }
    }

    #[test]
    fn remedies_mention_requests_of_unknown_namespaces_and_stdin() {
        let pods = || vec![request("list", ["", "", "pods", "", ""])];
        let somewhere = Denied { somewhere: pods(), ..denied(Vec::new()) };
        let elsewhere = "grant it, with the namespace of the request as NAMESPACE, with the same input on stdin: `rolecall fix list pods -n NAMESPACE --for sa/shop:tool -f - --out-dir rbac`";
        assert_eq!(advised(&somewhere, "-f -"), elsewhere);
        let both = Denied { somewhere: pods(), ..denied(pods()) };
        let granted = "grant it, with the same input on stdin: `rolecall fix list pods -A --for sa/shop:tool -f - --out-dir rbac`";
        assert_eq!(advised(&both, "-f -"), format!("{granted}; {elsewhere}"));
    }

    #[test]
    fn remedies_grant_all_missing_access() {
        let extent = |texts: &[&str]| Extent::of_list(texts.iter().copied());
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
