//! Reads the sentence of one refused request in every way that has one interpretation: verbatim,
//! decoded, and then with broken lines joined and other quotes.

use rolecall_rbac::{Request, Target, Text};

use super::loose;
use super::mask::is_masked;
use super::peel::{self, Encoding, Peeled};
use super::remark::{Doubt, Field, shown};
use super::restore::{Join, restore};
use super::sentence::{self, Sentence, SentenceTarget};

/// The result of reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not a refusal.
    Nothing,
    /// A refused request.
    Refused { user: Text, request: Request, reason: Option<Text> },
    /// A refused request without the user.
    Unnamed { request: Request },
    /// Text that resembles a refusal.
    Doubtful(Doubt),
}

/// Reads the sentence whose `User` is at a place.
pub(super) fn read(text: &[u8], place: usize) -> Outcome {
    let (outcome, layers) = read_exact(text, place);
    if is_read(&outcome) {
        return outcome;
    }
    let mut best = outcome;
    if best == Outcome::Nothing && !is_near_forbidden(text, place) {
        return best;
    }
    let mut has_broken_user = false;
    for join in Join::ALL {
        let layers = layers.iter().map(|layer| (&*layer.text, layer.place));
        for (text, place) in [(text, place)].into_iter().chain(layers) {
            let restored = restore(text, place, join);
            let found = read_joined(&restored.text, restored.place);
            has_broken_user |= found == BROKEN_USER;
            let is_guess = has_broken_user && is_user_guessed(&found, restored.has_width);
            if is_read(&found) && !is_guess {
                return found;
            }
            best = more_specific(best, found);
        }
    }
    best
}

/// Reads the sentence after `forbidden` at a place, with something in between.
pub(super) fn read_after(text: &[u8], place: usize) -> Outcome {
    let mut best = Outcome::Nothing;
    let mut layer = Peeled { text: text.to_vec(), place };
    for _ in 0..LAYERS {
        let found = read_after_in(&layer.text, layer.place);
        if is_read(&found) {
            return found;
        }
        best = more_specific(best, found);
        // An escaped line break.
        let rest = layer.text.get(layer.place..).unwrap_or_default();
        let rest = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
        if !rest.starts_with(b"\\") {
            return best;
        }
        layer = peel::peel(&layer.text, layer.place, Encoding::Quoted);
    }
    best
}

fn read_after_in(text: &[u8], place: usize) -> Outcome {
    let mut best = Outcome::Nothing;
    let mut has_broken_user = false;
    for join in Join::ALL {
        let restored = restore(text, place, join);
        let rest = restored.text.get(restored.place..).unwrap_or_default();
        let is_between = |byte: &u8| b" :\t\r\n\x0c*_|".contains(byte);
        let between = rest.iter().take_while(|byte| is_between(byte)).count();
        if !rest.get(between..).is_some_and(|rest| rest.starts_with(sentence::START)) {
            continue;
        }
        let found = read_joined(&restored.text, restored.place + between);
        has_broken_user |= found == BROKEN_USER;
        let is_guess = has_broken_user && is_user_guessed(&found, restored.has_width);
        if is_read(&found) && !is_guess {
            return found;
        }
        best = more_specific(best, found);
    }
    best
}

/// Returns the sentence unless a part of it is masked.
pub(super) fn checked(sentence: &Sentence<'_>) -> Outcome {
    let request = sentence.request();
    if is_masked(&sentence.user) {
        return Outcome::Unnamed { request };
    }
    if let SentenceTarget::Resource { resource, namespace, name, .. } = &sentence.target {
        let fields =
            [(Field::Resource, resource), (Field::Namespace, namespace), (Field::Name, name)];
        if let Some((field, _)) = fields.into_iter().find(|(_, text)| is_masked(text)) {
            return Outcome::Doubtful(Doubt::Masked { field });
        }
    }
    let reason = Some(shown(sentence.reason)).filter(|reason| !reason.is_empty());
    Outcome::Refused { user: (*sentence.user).into(), request, reason }
}

/// Reads a sentence in a server's exact words, decoding a limited number of layers; also returns
/// these layers.
fn read_exact(text: &[u8], place: usize) -> (Outcome, Vec<Peeled>) {
    let mut layers: Vec<Peeled> = Vec::new();
    for _ in 0..LAYERS {
        let (text, place) =
            layers.last().map_or((text, place), |layer| (&*layer.text, layer.place));
        let peeled = match sentence::read(text, place) {
            sentence::Reading::Nothing => return (Outcome::Nothing, layers),
            sentence::Reading::Refused(sentence) => {
                let outcome = checked(&sentence);
                return (outcome, layers);
            }
            sentence::Reading::Doubtful(doubt) => return (Outcome::Doubtful(doubt), layers),
            sentence::Reading::Encoded(encoding) => peel::peel(text, place, encoding),
        };
        layers.push(peeled);
    }
    (Outcome::Nothing, layers)
}

/// Reads a joined text, in which names with spaces indicate two messages.
fn read_joined(text: &[u8], place: usize) -> Outcome {
    match read_any(text, place) {
        Outcome::Refused { request, .. } | Outcome::Unnamed { request } if has_blanks(&request) => {
            Outcome::Doubtful(Doubt::CutOff)
        }
        Outcome::Refused { user, .. } if user.starts_with("system:") && user.contains(' ') => {
            BROKEN_USER
        }
        outcome => outcome,
    }
}

/// Reads a sentence in a server's exact words, or otherwise in a variation.
fn read_any(text: &[u8], place: usize) -> Outcome {
    let (outcome, _) = read_exact(text, place);
    if is_read(&outcome) {
        return outcome;
    }
    match loose::read(text, place) {
        Some(Ok(loose)) => match loose.user {
            Some(user) => Outcome::Refused {
                user: user.into(),
                request: loose.request,
                reason: Some(shown(loose.reason.as_bytes())).filter(|reason| !reason.is_empty()),
            },
            None => Outcome::Unnamed { request: loose.request },
        },
        Some(Err(doubt)) => more_specific(outcome, Outcome::Doubtful(doubt)),
        None => outcome,
    }
}

/// Returns whether a path or name contains a space, which no real one does.
pub(super) fn has_blanks(request: &Request) -> bool {
    match &request.target {
        Target::Path(path) => path.contains(' '),
        Target::Resource(target) => target.name.contains(' '),
    }
}

fn is_read(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused { .. } | Outcome::Unnamed { .. })
}

/// A user's name that is broken over lines, possibly at a space.
const BROKEN_USER: Outcome = Outcome::Doubtful(Doubt::Unprintable { field: Field::User });

/// Returns whether the user's name might have a space; ServiceAccounts' names never have one.
fn is_user_guessed(found: &Outcome, has_width: bool) -> bool {
    matches!(
        found,
        Outcome::Refused { user, .. }
            if !user.starts_with("system:") && (!has_width || user.contains(' '))
    )
}

/// Returns the more specific doubt.
fn more_specific(first: Outcome, second: Outcome) -> Outcome {
    match (&first, &second) {
        (Outcome::Nothing, _) | (_, Outcome::Doubtful(Doubt::Masked { .. })) => second,
        _ => first,
    }
}

/// Returns whether `forbidden` is close, which excludes ordinary prose.
fn is_near_forbidden(text: &[u8], place: usize) -> bool {
    let before = text.get(place.saturating_sub(80)..place).unwrap_or_default();
    memchr::memmem::find(before, b"orbidden").is_some()
}

/// The maximum number of encodings to decode.
pub(super) const LAYERS: usize = 6;
