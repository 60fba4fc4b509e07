//! The outcome of a request, and the authorizer that decided it.

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// An authorizer allowed it; this includes responses such as "not found" and "conflict".
    Allowed,
    /// An authorizer allowed it, but a later check rejected it: admission, escalation prevention or a
    /// second authorization.
    Rejected,
    /// No authorizer allowed it.
    Refused,
    /// The client did not authenticate.
    Unauthenticated,
    /// The event does not show whether it was authorized.
    Unknown,
}

/// The authorizer that allowed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// RBAC, according to the reason.
    Rbac,
    /// The group `system:masters`, which the server allows everything.
    Masters,
    /// The Node authorizer.
    Node,
    /// An access policy of EKS.
    EksAccessPolicy,
    /// IAM permissions of Google Cloud.
    GkeIam,
    /// A role assignment of Azure RBAC.
    AzureRbac,
    /// Another authorizer, which gave a reason or none.
    Other,
    /// The event does not contain a reason.
    Unstated,
}

/// Whether a request was made by a client or follows from another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The event is about this request.
    Request,
    /// The server authorizes it inside another request, without its own event.
    Implied,
}

/// Whether a request changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It does.
    Real,
    /// It only asks what would happen.
    DryRun,
}

impl Outcome {
    /// Each outcome with a letter, which sorts in the same way, and a word.
    pub(crate) const ALL: [(Self, char, &'static str); 5] = [
        (Self::Allowed, 'a', "allowed"),
        (Self::Rejected, 'b', "rejected"),
        (Self::Refused, 'c', "refused"),
        (Self::Unauthenticated, 'd', "unauthenticated"),
        (Self::Unknown, 'e', "unknown"),
    ];

    /// Returns the word for the outcome.
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }

    /// Returns the outcome with this word.
    pub fn parse(text: &str) -> Option<Self> {
        of_word(&Self::ALL, text)
    }

    pub(crate) fn letter(self) -> char {
        letter(&Self::ALL, self)
    }

    pub(crate) fn of_letter(wanted: char) -> Option<Self> {
        of_letter(&Self::ALL, wanted)
    }

    /// Returns whether the request used a permission.
    pub fn is_use(self) -> bool {
        matches!(self, Self::Allowed | Self::Rejected)
    }
}

impl Via {
    /// Each authorizer with a letter, which sorts in the same way, and a word.
    pub(crate) const ALL: [(Self, char, &'static str); 8] = [
        (Self::Rbac, 'a', "rbac"),
        (Self::Masters, 'b', "masters"),
        (Self::Node, 'c', "node"),
        (Self::EksAccessPolicy, 'd', "eks-access-policy"),
        (Self::GkeIam, 'e', "gke-iam"),
        (Self::AzureRbac, 'f', "azure-rbac"),
        (Self::Other, 'g', "other"),
        (Self::Unstated, 'h', ""),
    ];

    /// Returns the word for the authorizer; empty if it is not known.
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }

    /// Returns the authorizer with this word.
    pub fn parse(text: &str) -> Option<Self> {
        of_word(&Self::ALL, text)
    }

    pub(crate) fn letter(self) -> char {
        letter(&Self::ALL, self)
    }

    pub(crate) fn of_letter(wanted: char) -> Option<Self> {
        of_letter(&Self::ALL, wanted)
    }

    /// Returns whether RBAC can have allowed the request. If another authorizer allowed it, no role
    /// needs it.
    pub fn can_be_rbac(self) -> bool {
        matches!(self, Self::Rbac | Self::Unstated)
    }

    /// Reads the reason of the decision "allow".
    pub(crate) fn of_reason(reason: &str) -> Self {
        let starts = |text: &str| reason.starts_with(text);
        if starts("RBAC: allowed by ") {
            Self::Rbac
        } else if starts("EKS Access Policy:") {
            Self::EksAccessPolicy
        } else if starts("access granted by IAM permissions") {
            Self::GkeIam
        } else if starts("Access allowed by Azure RBAC") {
            Self::AzureRbac
        } else {
            Self::Other
        }
    }
}

fn word<T: PartialEq>(all: &[(T, char, &'static str)], wanted: T) -> &'static str {
    all.iter().find(|(it, ..)| *it == wanted).map_or("", |(.., word)| word)
}

fn letter<T: PartialEq>(all: &[(T, char, &'static str)], wanted: T) -> char {
    all.iter().find(|(it, ..)| *it == wanted).map_or('?', |(_, letter, _)| *letter)
}

fn of_word<T: Copy>(all: &[(T, char, &'static str)], text: &str) -> Option<T> {
    all.iter().find(|(.., word)| *word == text).map(|(it, ..)| *it)
}

fn of_letter<T: Copy>(all: &[(T, char, &'static str)], wanted: char) -> Option<T> {
    all.iter().find(|(_, letter, _)| *letter == wanted).map(|(it, ..)| *it)
}
