//! Refusals in a text.

use std::io::{BufRead, BufReader};
use std::path::Path;

use rolecall_grant::Denied;
use rolecall_grant::refusal::{Denial, Escalation, OtherAuthorizer, Remark, Scan, Scanner, Seen};
use rolecall_rbac::Identity;

use super::clues::{Clues, Watched};
use super::gather::{Gathered, Unmended, Weight};
use crate::error::{CommandError, Hint};
use crate::file;
use crate::patience::Patience;
use crate::ui::Ui;

/// How a file starts that gzip has compressed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads the refusals of a file, or of stdin, and says how messages call it.
pub(super) fn read(ui: &Ui, path: &Path) -> Result<(String, Scan, Clues), CommandError> {
    let _patience = Patience::with(ui, [path]);
    let (input, name) = file::open(path)?;
    let mut input = BufReader::with_capacity(1 << 16, input);
    let head = input.fill_buf().map_err(|error| file::unreadable(path, error))?;
    if head.starts_with(&GZIP) {
        return Err(CommandError::input(format!("{name} is compressed"))
            .with_hint(Hint::run("gunzip -c FILE | rolecall fix --from-errors -", "read it")));
    }
    let is_binary = head.contains(&0);
    let mut scanner = Scanner::new();
    let mut clues = Clues::new();
    let watched = Watched { reader: input, clues: &mut clues };
    scanner.read(watched).map_err(|error| file::unreadable(path, error))?;
    let scan = scanner.finish();
    if scan.dropped > 0 {
        ui.warn(format!("{name} has too many different refusals; {} were left out", scan.dropped));
    }
    if scan.denials.is_empty() && scan.escalations.is_empty() && scan.remarks.is_empty() {
        let why = match is_binary {
            true => "it is no text in UTF-8",
            false => "no `... is forbidden: User \"...\" cannot ...`",
        };
        ui.note(format!("{name} holds no refusal: {why}"));
    }
    Ok((name, scan, clues))
}

/// Takes the refusals.
pub(super) fn take(name: &str, scan: Scan, gathered: &mut Gathered) {
    for denial in scan.denials {
        take_denial(name, denial, gathered);
    }
    gathered.unmended.extend(scan.escalations.iter().map(|found| escalation(name, found)));
    gathered.unmended.extend(scan.remarks.into_iter().map(|found| remark(name, found)));
}

fn take_denial(name: &str, denial: Denial, gathered: &mut Gathered) {
    let because = match denial.other_authorizer() {
        Some(OtherAuthorizer::TokenScopes) => {
            "the token's scopes forbid it, whatever roles say; a token with wider scopes is needed"
        }
        other => {
            let identity = Identity::user(&denial.user);
            if let (Some(OtherAuthorizer::Unknown), Some(reason)) = (other, denial.reason) {
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
    gathered.unmended.push(Unmended {
        text: format!("{}: {} cannot {}", place(name, denial.seen), denial.user, denial.request),
        because: because.to_owned(),
        missing: Vec::new(),
        weight: Weight::Denied,
    });
}

/// An escalation refusal is answered with what its writer lacks; whether to grant that is for people.
fn escalation(name: &str, found: &Escalation) -> Unmended {
    let end = if found.cut_off { ", and perhaps more, for the text is cut off" } else { "" };
    Unmended {
        text: format!(
            "{}: {} writes {} {:?}",
            place(name, found.seen),
            found.user,
            found.resource,
            found.name
        ),
        because: format!(
            "who writes a role or binding must hold what it grants; `{}` lacks the rules below{end}",
            found.user
        ),
        missing: found.missing.clone(),
        weight: Weight::Denied,
    }
}

fn remark(name: &str, found: Remark) -> Unmended {
    Unmended {
        text: format!("{}: {}", place(name, found.seen), found.text),
        because: found.kind.to_string(),
        missing: Vec::new(),
        weight: Weight::Aside,
    }
}

fn place(name: &str, seen: Seen) -> String {
    match seen.count {
        1 => format!("{name}:{}", seen.line),
        count => format!("{name}:{}, {count} times", seen.line),
    }
}
