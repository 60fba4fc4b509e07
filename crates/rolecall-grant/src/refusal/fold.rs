//! Collects and deduplicates findings, with position and count.

use std::collections::BTreeMap;

use rolecall_rbac::{PolicyRule, Request, Target, Text};

use super::reader::has_blanks;
use super::remark::shown;
use super::sentence::{Sentence, SentenceTarget};
use super::unnamed::{self, Place, UnnamedReason};
use super::{Denial, Doubt, Escalation, Remark, RemarkKind, Scan, Seen, Unnamed};

/// The maximum number of distinct findings; further ones are only counted.
const MOST: usize = 100_000;

/// The findings in a part of the input, by a key of their contents.
#[derive(Debug, Default)]
pub(super) struct Fold {
    entries: BTreeMap<Box<[u8]>, Entry>,
    key: Vec<u8>,
    dropped: u64,
}

#[derive(Debug)]
struct Entry {
    seen: Seen,
    found: Found,
}

#[derive(Debug)]
enum Found {
    Denial { user: Text, request: Request, reason: Option<Text> },
    Escalation(Box<Escalation>),
    Remark { kind: RemarkKind, text: Text },
    Unnamed { requests: Vec<Request>, place: Place, because: UnnamedReason, text: Text },
}

/// The separator between the parts of a key; no text contains it.
const SEPARATOR: u8 = 0xff;

impl Fold {
    /// Adds a refused request; calls `line` only for a new one.
    pub(super) fn sentence(&mut self, sentence: &Sentence<'_>, line: impl FnOnce() -> u64) {
        let parts: [&str; 6] = match &sentence.target {
            SentenceTarget::Path(path) => [&sentence.user, sentence.verb, path, "", "", "/"],
            SentenceTarget::Resource { resource, group, namespace, name } => {
                [&sentence.user, sentence.verb, resource, group, namespace, name]
            }
        };
        self.start_key(b'd', parts);
        self.add(line, || Found::Denial {
            user: (*sentence.user).into(),
            request: sentence.request(),
            reason: Some(shown(sentence.reason)).filter(|reason| !reason.is_empty()),
        });
    }

    /// Adds a refused request from another form than a sentence.
    pub(super) fn request(
        &mut self,
        user: Text,
        request: Request,
        reason: Option<Text>,
        line: impl FnOnce() -> u64,
    ) {
        match &request.target {
            Target::Path(path) => {
                self.start_key(b'd', [&*user, &*request.verb, &**path, "", "", "/"]);
            }
            Target::Resource(target) => self.start_key(
                b'd',
                [
                    &*user,
                    &*request.verb,
                    &*target.combined(),
                    &*target.group,
                    &*target.namespace,
                    &*target.name,
                ],
            ),
        }
        self.add(line, || Found::Denial { user, request, reason });
    }

    /// Adds an escalation refusal.
    pub(super) fn escalation(&mut self, found: Box<Escalation>, line: impl FnOnce() -> u64) {
        self.start_key(b'e', [&*found.user, &*found.resource, &*found.name]);
        for PolicyRule { api_groups, resources, resource_names, non_resource_urls, verbs } in
            &found.missing
        {
            for texts in [api_groups, resources, resource_names, non_resource_urls, verbs] {
                for text in texts.iter() {
                    self.key.extend_from_slice(text.as_bytes());
                    self.key.push(SEPARATOR);
                }
                self.key.push(SEPARATOR);
            }
        }
        self.add(line, || Found::Escalation(found));
    }

    /// Adds a remark; remarks of the same kind with the same `common` text count as one.
    pub(super) fn remark(
        &mut self,
        kind: RemarkKind,
        common: &[u8],
        text: impl FnOnce() -> Text,
        line: impl FnOnce() -> u64,
    ) {
        self.start_key(b'r', [format!("{kind:?}").as_str()]);
        self.key.extend_from_slice(common);
        self.add(line, || Found::Remark { kind, text: text() });
    }

    /// Adds a refusal without a user.
    pub(super) fn unnamed(
        &mut self,
        (requests, place, because): unnamed::Found,
        text: impl FnOnce() -> Text,
        line: impl FnOnce() -> u64,
    ) {
        self.start_key(b'u', [format!("{requests:?} {place:?}").as_str()]);
        self.add(line, || Found::Unnamed { requests, place, because, text: text() });
    }

    fn start_key<const N: usize>(&mut self, tag: u8, parts: [&str; N]) {
        self.key.clear();
        self.key.push(tag);
        for part in parts {
            self.key.extend_from_slice(part.as_bytes());
            self.key.push(SEPARATOR);
        }
    }

    fn add(&mut self, line: impl FnOnce() -> u64, found: impl FnOnce() -> Found) {
        if let Some(entry) = self.entries.get_mut(self.key.as_slice()) {
            entry.seen.count += 1;
        } else if self.entries.len() < MOST {
            let entry = Entry { seen: Seen { line: line(), count: 1 }, found: found() };
            self.entries.insert(self.key.as_slice().into(), entry);
        } else {
            self.dropped += 1;
        }
    }

    /// Merges the findings of a later part, which starts after `lines` lines.
    pub(super) fn merge(&mut self, later: Self, lines: u64) {
        self.dropped += later.dropped;
        for (key, mut entry) in later.entries {
            if let Some(known) = self.entries.get_mut(&key) {
                known.seen.count += entry.seen.count;
            } else if entry.seen.count == 0 {
                // Found once, by another method.
                entry.seen.count = 1;
                self.entries.insert(key, entry);
            } else if self.entries.len() < MOST {
                entry.seen.line += lines;
                self.entries.insert(key, entry);
            } else {
                self.dropped += entry.seen.count;
            }
        }
    }

    /// Keeps only remarks about unannounced sentences.
    pub(super) fn into_unannounced(mut self) -> Self {
        let unannounced = RemarkKind::Doubtful(Doubt::Unannounced);
        self.entries.retain(
            |_, entry| matches!(&entry.found, Found::Remark { kind, .. } if *kind == unannounced),
        );
        self
    }

    /// Returns whether no refused request was found.
    pub(super) fn has_no_denials(&self) -> bool {
        !self.entries.values().any(|entry| matches!(entry.found, Found::Denial { .. }))
    }

    /// Keeps only refused requests without spaces in their names, and resets their counts.
    pub(super) fn into_denials(mut self) -> Self {
        let is_certain = |entry: &Entry| match &entry.found {
            Found::Denial { user, request, .. } => !has_blanks(request) && !user.contains(' '),
            _ => false,
        };
        self.entries.retain(|_, entry| is_certain(entry));
        for entry in self.entries.values_mut() {
            entry.seen = Seen { line: 1, count: 0 };
        }
        self
    }

    /// Looks for the URL of a refusal whose status code is all that is known.
    pub(super) fn find_urls(&mut self, text: &[u8]) {
        let is_alone = self.entries.len() == 1;
        for entry in self.entries.values_mut().filter(|_| is_alone) {
            if let Found::Unnamed { requests, because: because @ UnnamedReason::CodeOnly, .. } =
                &mut entry.found
            {
                *requests = unnamed::in_dump(text);
                if !requests.is_empty() {
                    *because = UnnamedReason::UrlOnly;
                }
            }
        }
    }

    /// Sorts the findings by first position.
    pub(super) fn into_scan(self, bytes: u64) -> Scan {
        let mut entries: Vec<(Box<[u8]>, Entry)> = self.entries.into_iter().collect();
        entries.sort_by(|(left_key, left), (right_key, right)| {
            (left.seen.line, left_key).cmp(&(right.seen.line, right_key))
        });
        let mut scan = Scan { bytes, dropped: self.dropped, ..Scan::default() };
        for (_, Entry { seen, found }) in entries {
            match found {
                Found::Denial { user, request, reason } => {
                    scan.denials.push(Denial { user, request, reason, seen });
                }
                Found::Escalation(escalation) => {
                    scan.escalations.push(Escalation { seen, ..*escalation });
                }
                Found::Remark { kind, text } => scan.remarks.push(Remark { kind, text, seen }),
                Found::Unnamed { requests, place, because, text } => {
                    scan.unnamed.push(Unnamed { requests, place, reason: because, text, seen });
                }
            }
        }
        unnamed::drop_redundant(&mut scan);
        scan
    }
}
