//! Refusals in a text.

use std::io::{BufRead, BufReader};
use std::path::Path;

use rolecall_grant::Denied;
use rolecall_grant::refusal::{
    Denial, Escalation, OtherAuthorizer, Place, Remark, RemarkKind, Scan, Scanner, Seen, Unnamed,
    UnnamedReason,
};
use rolecall_rbac::{Identity, Request, ResourceRequest, Target};

use super::clues::{Clues, Watched};
use crate::advice::Advice;
use crate::answer::fix::{Gathered, Unresolved, Weight};
use crate::cli::{Options, command_line};
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::remedy::{Allowance, Judge, Wanted};
use crate::slow_input::SlowInputNote;
use crate::subject::{Subject, label};
use crate::ui::Ui;
use crate::{file, remedy, words};

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads the refusals in a file, or in stdin, and returns them with its name in messages.
pub(crate) fn read(
    ui: &Ui,
    options: &Options,
    path: &Path,
) -> Result<(String, Scan, Clues), CommandError> {
    let _note = SlowInputNote::start(ui, [path]);
    let (input, name) = file::open(path)?;
    let mut input = BufReader::with_capacity(1 << 16, input);
    let head = input.fill_buf().map_err(|error| file::unreadable(path, error))?;
    if head.starts_with(&GZIP) {
        let uncompress = match path.as_os_str() == "-" {
            true => "gunzip".to_owned(),
            false => format!("gunzip -c {}", crate::cli::quote(&path.to_string_lossy())),
        };
        let again = options.given.clone().replacing("from_errors", |_| "-".to_owned()).again(&[]);
        return Err(CommandError::input(format!("{name} is compressed"))
            .with_hint(Hint::run(format!("{uncompress} | {again}"), "read it")));
    }
    let (is_binary, is_empty) = (head.contains(&0), head.is_empty());
    let mut scanner = Scanner::new();
    let mut clues = Clues::new();
    let watched = Watched { reader: input, clues: &mut clues };
    scanner.read(watched).map_err(|error| file::unreadable(path, error))?;
    let scan = scanner.finish();
    if scan.dropped > 0 {
        ui.warn(format!("{name} has too many different refusals; ignoring {}", scan.dropped));
    }
    if scan.is_empty() {
        let why = match is_binary {
            true => "it is not UTF-8 text",
            false if is_empty && path.as_os_str() == "-" => {
                "it is empty; clients print errors on stderr, which `2>&1` redirects"
            }
            false if is_empty => "it is empty",
            false => "expected `... is forbidden: User \"...\" cannot ...`",
        };
        ui.note(format!("{name} contains no refusal: {why}"));
    }
    Ok((name, scan, clues))
}

/// The context of refusals.
pub(crate) struct About<'a> {
    /// The subjects of refusals that do not name one.
    pub(crate) subjects: &'a [Subject],
    /// The input, with the namespace of refusals that do not name one.
    pub(crate) session: &'a Session,
    /// The options of the command.
    pub(crate) options: &'a Options,
}

/// Adds the refusals.
pub(crate) fn take(name: &str, scan: Scan, about: &About<'_>, gathered: &mut Gathered) {
    for denial in scan.denials {
        take_denial(name, denial, gathered);
    }
    for found in scan.unnamed {
        take_unnamed(name, found, about, gathered);
    }
    let options = about.options;
    gathered
        .unresolved
        .extend(scan.escalations.iter().map(|found| escalation(name, found, options)));
    gathered.unresolved.extend(scan.remarks.into_iter().map(|found| remark(name, found)));
}

fn take_denial(name: &str, denial: Denial, gathered: &mut Gathered) {
    let missing_roles = denial.missing_roles();
    let because = match denial.other_authorizer() {
        Some(OtherAuthorizer::TokenScopes) => {
            "the scopes of the token forbid it, regardless of roles; use a token with wider scopes"
        }
        other => {
            let identity = Identity::user(&denial.user);
            if !missing_roles.is_empty() {
                let who = label(&identity);
                gathered.missing_roles.entry(who).or_default().extend(missing_roles);
            }
            let is_others = matches!(other, Some(OtherAuthorizer::Unknown | OtherAuthorizer::Node));
            if let Some(reason) = denial.reason.filter(|_| is_others) {
                let key = (identity.clone(), denial.request.clone());
                gathered.reasons.insert(key, reason);
            }
            gathered.denied.push(Denied {
                identity,
                request: denial.request,
                found: place(name, denial.seen).into(),
            });
            return;
        }
    };
    gathered.unresolved.push(Unresolved {
        text: format!("{}: {} cannot {}", place(name, denial.seen), denial.user, denial.request),
        because: because.to_owned(),
        missing: Vec::new(),
        weight: Weight::Denied,
        next: Vec::new(),
    });
}

/// Adds a refusal without a user, for the subjects in the arguments, if any.
fn take_unnamed(name: &str, found: Unnamed, about: &About<'_>, gathered: &mut Gathered) {
    let requests = found.requests.iter().map(|request| match (&request.target, found.place) {
        (Target::Resource(target), Place::Unknown) => Request::resource(
            request.verb.clone(),
            ResourceRequest { namespace: about.session.namespace().into(), ..target.clone() },
        ),
        _ => request.clone(),
    });
    let requests: Vec<Request> = requests.collect();
    if !about.subjects.is_empty() && !requests.is_empty() {
        for subject in about.subjects {
            gathered.denied.extend(requests.iter().map(|request| Denied {
                identity: subject.identity.clone(),
                request: request.clone(),
                found: place(name, found.seen).into(),
            }));
        }
        return;
    }
    let because = match found.reason {
        UnnamedReason::LeftOut => "the refusal does not name its user",
        UnnamedReason::UrlOnly => {
            "the client shows a 403 with its URL, but not the server's message with the user"
        }
        UnnamedReason::UrlWithoutMethod => {
            "the client shows a 403 with its URL, but neither its method nor the server's message with \
             the user; for a GET"
        }
        UnnamedReason::NoStatus => {
            "a 403 without the server's message with the user; it might be from a proxy in front of \
             the server"
        }
        UnnamedReason::NoSubresource => {
            "a 403 without the server's message with the user; the request can be for a subresource, \
             such as `log`, which Go clients leave out"
        }
        UnnamedReason::CodeOnly => {
            "a 403 without the server's message with the user and the request"
        }
        UnnamedReason::Hidden => {
            "kubectl's message for a refusal, which contains neither the user nor the request"
        }
    };
    let mut what: Vec<String> = requests.iter().map(words::request).collect();
    what.dedup();
    let request = match &*what {
        [] => String::new(),
        what => format!(": {}", what.join("; ")),
    };
    let judge = Judge::of(about.session);
    let advice = Advice::of_someone(&judge, "SUBJECT", &requests, about.options);
    let mut next: Vec<Hint> = advice
        .commands
        .into_iter()
        .map(|command| Hint::run(command, "grant it, with the refused user as SUBJECT"))
        .collect();
    if next.is_empty() {
        let words = vec!["rolecall", "fix", "VERB", "RESOURCE", "--for", "SUBJECT"];
        let command = command_line(words, about.options);
        next.push(Hint::run(command, "grant it, once you know the user and the request"));
        next.push(Hint::quote(
            "paste the server's whole message: kubectl prints it with `-v=8`, and other clients have it in \
             the body of the response",
        ));
    } else {
        next.push(Hint::pass("--for SUBJECT", "name the refused subject"));
    }
    next.extend(advice.remarks.into_iter().map(Hint::quote));
    gathered.unresolved.push(Unresolved {
        text: format!("{}: {}", place(name, found.seen), found.text),
        because: format!("{because}{request}"),
        missing: Vec::new(),
        weight: Weight::Denied,
        next,
    });
}

/// Reports an escalation refusal with the missing rules of the author. Granting these is up to the reader.
fn escalation(name: &str, found: &Escalation, options: &Options) -> Unresolved {
    let end = if found.cut_off { ", and possibly others: the text is truncated" } else { "" };
    Unresolved {
        text: format!(
            "{}: {} writes {} {:?}",
            place(name, found.seen),
            found.user,
            found.resource,
            found.name
        ),
        because: format!(
            "the author of a role or binding must have all rules that it grants; `{}` does not have the rules \
             below{end}; ask a user who has them, such as a cluster-admin, to apply it",
            found.user
        ),
        missing: found.missing.clone(),
        weight: Weight::Denied,
        next: ways_to_write(found, options),
    }
}

/// The placeholder of a namespace that a refusal does not name.
const PLACEHOLDER: &str = "NAMESPACE";

/// Returns the ways to allow the author of a role or binding to write it.
fn ways_to_write(found: &Escalation, options: &Options) -> Vec<Hint> {
    let identity = Identity::user(&found.user);
    if let Some(because) = remedy::dead(&identity) {
        return vec![Hint::quote(because)];
    }
    let who = label(&identity);
    let kind = found.resource.split('.').next().unwrap_or_default();
    let namespace = match (kind.starts_with("cluster"), options.namespace.first()) {
        (true, _) => String::new(),
        (false, Some(namespace)) => namespace.to_owned(),
        (false, None) => identity
            .as_service_account()
            .map_or_else(|| PLACEHOLDER.to_owned(), |account| account.namespace.to_owned()),
    };
    let commands = match found.cut_off {
        true => Vec::new(),
        false => remedy::rule_commands(&identity, &found.missing, &namespace, options),
    };
    let place = match namespace.is_empty() || options.namespace.first().is_some() {
        true => String::new(),
        false if namespace == PLACEHOLDER => {
            format!(" (with the namespace of the role as {PLACEHOLDER})")
        }
        false => " (with the namespace of the role as `-n`)".to_owned(),
    };
    let is_safe = !commands.is_empty() && commands.iter().all(|command| !command.is_risky);
    let purpose = format!("grant {who} these rules, so that it can grant them{place}");
    let mut ways: Vec<Hint> =
        commands.into_iter().map(|command| Hint::run(command.line, purpose.clone())).collect();
    if ways.is_empty() && !found.missing.is_empty() {
        ways.push(Hint::quote(format!("bind a role with the missing rules to {who}{place}")));
    }
    if is_safe {
        return ways;
    }
    let (verb, roles, name) = match kind {
        "roles" | "clusterroles" => ("escalate", kind, &*found.name),
        _ => ("bind", "clusterroles", "ROLE"),
    };
    let name = if name.is_empty() { "ROLE" } else { name };
    let wanted = Wanted {
        verbs: verb,
        resources: &[roles],
        names: &[name],
        namespace: &namespace,
        allowance: Allowance::RISKY,
    };
    let command = remedy::fix_command(wanted, &who, options);
    let purpose = match verb {
        "escalate" => {
            format!("let {who} change that role to anything, which is far more than these rules")
        }
        _ => format!("let {who} bind that role to any subject"),
    };
    ways.push(Hint::run(command, purpose));
    ways
}

fn remark(name: &str, found: Remark) -> Unresolved {
    let next = match &found.kind {
        RemarkKind::KubeletRefusesServer { user } if **user != *"system:anonymous" => {
            let user = crate::cli::quote(user);
            vec![Hint::run(
                format!(
                    "kubectl create clusterrolebinding apiserver-kubelet-api-admin \
                     --clusterrole=system:kubelet-api-admin --user={user}"
                ),
                "let the API server access kubelets",
            )]
        }
        _ => Vec::new(),
    };
    Unresolved {
        text: format!("{}: {}", place(name, found.seen), found.text),
        because: found.kind.to_string(),
        missing: Vec::new(),
        weight: Weight::Aside,
        next,
    }
}

pub(crate) fn place(name: &str, seen: Seen) -> String {
    match seen.count {
        1 => format!("{name}:{}", seen.line),
        count => format!("{name}:{}, {count} times", seen.line),
    }
}
