//! The rights whose use a log can show.

use rolecall_rbac::{Binding, SubjectKind};

use crate::atom::Atom;
use crate::coverage::{Coverage, Source};
use crate::credit::Credits;

/// The reason why a log does not show whether a permission is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// The logs omit this verb.
    VerbNotLogged,
    /// The logs omit the groups of users.
    GroupsNotLogged,
    /// The server checks it inside another request, without an event.
    CheckedInside,
    /// Kubelets and other components check it, and their questions do not show it.
    CheckedElsewhere,
    /// A subject writes roles or bindings, for which the server compares all of its rights.
    NeededToGrant,
    /// There are no events at all.
    NoEvents,
}

impl Withheld {
    /// Returns the word for the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerbNotLogged => "verb-not-logged",
            Self::GroupsNotLogged => "groups-not-logged",
            Self::CheckedInside => "checked-inside",
            Self::CheckedElsewhere => "checked-elsewhere",
            Self::NeededToGrant => "needed-to-grant",
            Self::NoEvents => "no-events",
        }
    }

    /// Returns the reason as a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::VerbNotLogged => "the logs do not contain requests with this verb",
            Self::GroupsNotLogged => "the logs do not contain the groups of users",
            Self::CheckedInside => {
                "the server checks it inside another request, which leaves no event"
            }
            Self::CheckedElsewhere => {
                "kubelets or other servers check it, and audit logs do not show for whom"
            }
            Self::NeededToGrant => {
                "a subject writes roles or bindings, and can grant only rights that it has"
            }
            Self::NoEvents => "the logs contain no events",
        }
    }
}

/// Verbs that the server checks inside other requests.
const INSIDE: [&str; 6] = ["approve", "attest", "bind", "escalate", "sign", "use"];
/// The paths of the API server; others are those of components that ask it who can read them.
const OWN_PATHS: [&str; 8] =
    ["/api", "/apis", "/openapi", "/healthz", "/livez", "/readyz", "/version", "/.well-known"];

/// Returns why logs cannot show that a part of a binding's role is used; `None` if they can.
pub(crate) fn withheld(
    coverage: &Coverage,
    credits: &Credits,
    binding: &Binding,
    atom: &Atom,
) -> Option<Withheld> {
    if coverage.sources.is_empty() {
        return Some(Withheld::NoEvents);
    }
    let is_gke = |source: &Source| matches!(source, Source::GkeActivity | Source::GkeDataAccess);
    let has_group = binding.subjects.iter().any(|subject| subject.kind == SubjectKind::Group);
    if has_group && coverage.sources.keys().any(is_gke) {
        return Some(Withheld::GroupsNotLogged);
    }
    let is_writer = |name: &str| credits.rbac_writers.iter().any(|writer| **writer == *name);
    let writes = binding.subjects.iter().any(|subject| match subject.kind {
        SubjectKind::User => is_writer(&subject.name),
        SubjectKind::ServiceAccount => {
            let namespace = subject.effective_namespace(&binding.metadata);
            namespace.is_some_and(|namespace| {
                is_writer(&format!("system:serviceaccount:{namespace}:{}", subject.name))
            })
        }
        SubjectKind::Group | SubjectKind::Other(_) => false,
    });
    if writes {
        return Some(Withheld::NeededToGrant);
    }
    let shown = |verb: &str| coverage.sources.keys().all(|source| source.shows(verb));
    let is_shown = match &*atom.verb {
        "*" => ["get", "list", "watch"].into_iter().all(shown),
        verb => shown(verb),
    };
    if !is_shown {
        return Some(Withheld::VerbNotLogged);
    }
    let verb = &*atom.verb;
    let is_impersonation = verb.starts_with("impersonate");
    if INSIDE.contains(&verb) || (is_impersonation && coverage.sources.keys().any(is_gke)) {
        return Some(Withheld::CheckedInside);
    }
    // Admission checks it for owner references.
    if atom.resource.ends_with("/finalizers") {
        return Some(Withheld::CheckedInside);
    }
    let is_of_kubelet = atom.group.is_empty() && atom.resource.starts_with("nodes/");
    let is_other_path = !atom.url.is_empty()
        && !OWN_PATHS.iter().any(|own| {
            atom.url
                .strip_prefix(own)
                .is_some_and(|rest| matches!(rest.get(..1), None | Some("/" | "*")))
        });
    (is_of_kubelet || is_other_path).then_some(Withheld::CheckedElsewhere)
}
