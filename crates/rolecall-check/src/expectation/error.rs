use rolecall_rbac::{GlobError, ResolveError, Text};

/// An error in a file of expectations that a schema cannot detect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// An expectation is about nobody.
    #[error("`subjects` is empty: add at least one subject")]
    NoSubjects,
    /// A pattern has the notation of another tool.
    #[error(transparent)]
    Glob(GlobError),
    /// An expectation says nothing about its subjects.
    #[error("the expectation is empty: add `can`, `cannot` or `only`")]
    NothingExpected,
    /// An entry has no verbs.
    #[error("`verbs` is empty: add at least one verb, or `*` for every verb")]
    NoVerbs,
    /// A list holds the empty string.
    #[error("`{field}` contains an empty string")]
    EmptyText {
        /// The field.
        field: &'static str,
    },
    /// A list that may be left out is empty, and so means nothing.
    #[error("`{field}` is empty: omit it, or add a value")]
    EmptyList {
        /// The field.
        field: &'static str,
    },
    /// An entry is about nothing.
    #[error("add `resources` or `nonResourceURLs`")]
    NoTarget,
    /// An entry is about resources and URLs at once.
    #[error("`resources` and `nonResourceURLs` cannot be combined: use two entries")]
    TwoTargets,
    /// An entry about URLs has fields that only resources have.
    #[error("URLs have no `apiGroups`, `resourceNames` or `namespaces`: omit them")]
    UrlsHaveNoPlace,
    /// An entry as a string has another form.
    #[error("`{text}` is not `VERBS RESOURCES`, `VERBS RESOURCES in NAMESPACES` or `VERBS PATHS`")]
    MalformedEntry {
        /// The string.
        text: String,
    },
    /// A namespace is the empty string.
    #[error("a namespace is an empty string: omit `namespaces` for every namespace")]
    EmptyNamespace,
    /// A selection of subjects asks for its subject's own namespace.
    #[error("`<own>` cannot be used to select subjects")]
    OwnNamespaceOfSelection,
    /// A subject has another form.
    #[error("`{text}` is not `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`")]
    MalformedSubject {
        /// The string.
        text: String,
    },
    /// A subject object selects nothing, or two things.
    #[error("a subject has either `serviceAccounts` or `workloads`")]
    AmbiguousSubject,
}

/// Why an entry means nothing in the inventory that it is asked of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A pattern matches no namespace.
    #[error("`{pattern}` matches no namespace")]
    NoNamespace {
        /// The pattern; `selector` for labels.
        pattern: String,
    },
    /// `<own>` is asked of a user or group.
    #[error("`<own>` does not apply to users and groups, which have no namespace")]
    NoOwnNamespace,
    /// A resource is not served, and has no API group that would make it a custom one.
    #[error(transparent)]
    UnknownResource(ResolveError),
    /// Nothing of Kubernetes' own is asked about with such a verb.
    #[error("no request uses the verb `{verb}`")]
    UnknownVerb {
        /// The verb.
        verb: Text,
    },
}
