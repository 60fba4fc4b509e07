//! Denied SubjectAccessReviews.

use std::io::BufReader;
use std::path::Path;

use rolecall_grant::Denied;
use rolecall_grant::refusal::OtherAuthorizer;
use rolecall_rbac::Target;
use rolecall_review::wire::{self, AskedReview};
use rolecall_yaml::stream::Stream;

use super::sense;
use crate::answer::fix::{Gathered, Unresolved, Weight};
use crate::cli::Options;
use crate::error::CommandError;
use crate::file;
use crate::load::Session;
use crate::slow_input::SlowInputNote;
use crate::ui::Ui;

/// The maximum number of malformed reviews to report.
const MAX_REPORTED: usize = 10;

/// The denied or unanswered reviews in a file, with their locations.
pub(super) type Reviews = Vec<(String, AskedReview)>;

/// Reads the reviews in a file, or in stdin.
pub(super) fn read(ui: &Ui, path: &Path) -> Result<Reviews, CommandError> {
    let _note = SlowInputNote::start(ui, [path]);
    let (input, name) = file::open(path)?;
    let mut stream = Stream::new(BufReader::with_capacity(1 << 16, input));
    let mut reviews = Reviews::new();
    let mut malformed = 0usize;
    while let Some(piece) = stream.next_piece().map_err(|error| file::unreadable(path, error))? {
        for (line, asked) in wire::asked(&piece) {
            match asked {
                Ok(review) if review.allowed => {}
                Ok(review) => reviews.push((format!("{name}:{line}"), review)),
                Err(why) => {
                    if malformed < MAX_REPORTED {
                        ui.problem(format!("{name}:{line}: {why}"));
                    }
                    malformed += 1;
                }
            }
        }
    }
    match malformed {
        0 => Ok(reviews),
        count => Err(CommandError::input(format!("{count} of the reviews in {name} are invalid"))),
    }
}

/// Adds the reviews.
pub(super) fn take(
    ui: &Ui,
    options: &Options,
    session: &Session,
    reviews: Reviews,
    gathered: &mut Gathered,
) -> Result<(), CommandError> {
    for (place, review) in reviews {
        let identity = match review.identity {
            Some(identity) => identity,
            None => session.me(ui, options)?,
        };
        let request = sense::as_clients_ask(ui, session, &review.request);
        if matches!(&request.target, Target::Path(path) if path.is_empty()) {
            gathered.unresolved.push(Unresolved {
                text: format!("{place}: {} cannot {request}", identity.user),
                because: "the path is empty, which no request has".to_owned(),
                missing: Vec::new(),
                weight: Weight::Denied,
                next: Vec::new(),
            });
        } else if review.denied {
            let because = "an authorizer denies it explicitly, which no Role can overrule";
            let reason = match &*review.reason {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            gathered.unresolved.push(Unresolved {
                text: format!("{place}: {} cannot {request}", identity.user),
                because: format!("{because}{reason}"),
                missing: Vec::new(),
                weight: Weight::Denied,
                next: Vec::new(),
            });
        } else {
            if OtherAuthorizer::of(&review.reason).is_some() {
                let key = (identity.clone(), request.clone());
                gathered.reasons.insert(key, review.reason.as_str().into());
            }
            gathered.denied.push(Denied { identity, request, found: place.into() });
        }
    }
    Ok(())
}
