use rolecall_rbac::{GlobError, ResolveError, Text};

/// An error in a file of expectations that a schema cannot detect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// An expectation has no subjects.
    #[error("`subjects` is empty: add at least one subject")]
    NoSubjects,
    /// A pattern has the notation of another tool.
    #[error(transparent)]
    Glob(GlobError),
    /// An expectation has neither `can`, `cannot`, `cannotBecome` nor `only`.
    #[error("the expectation is empty: add `can`, `cannot`, `cannotBecome` or `only`")]
    NothingExpected,
    /// An entry has no verbs.
    #[error("`verbs` is empty: add at least one verb, or `*` for every verb")]
    NoVerbs,
    /// A list contains the empty string.
    #[error("`{field}` contains an empty string")]
    EmptyText {
        /// The field.
        field: &'static str,
    },
    /// An optional list is empty, and therefore meaningless.
    #[error("`{field}` is empty: omit it, or add a value")]
    EmptyList {
        /// The field.
        field: &'static str,
    },
    /// An entry has neither resources nor URLs.
    #[error("add `resources` or `nonResourceURLs`")]
    NoTarget,
    /// An entry has both resources and URLs.
    #[error("`resources` and `nonResourceURLs` cannot be combined: use two entries")]
    TwoTargets,
    /// An entry for URLs has fields that only apply to resources.
    #[error("URLs have no `apiGroups`, `resourceNames` or `namespaces`: omit them")]
    UrlsHaveNoPlace,
    /// An entry has an invalid format.
    #[error("`{text}` is not `VERBS RESOURCES`, `VERBS RESOURCES in NAMESPACES` or `VERBS PATHS`")]
    MalformedEntry {
        /// The string.
        text: String,
    },
    /// A namespace is the empty string.
    #[error("a namespace is an empty string: omit `namespaces` for every namespace")]
    EmptyNamespace,
    /// A selection of subjects contains `<own>`.
    #[error("`<own>` cannot be used to select subjects")]
    OwnNamespaceOfSelection,
    /// A subject has an invalid format.
    #[error("`{text}` is not `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`")]
    MalformedSubject {
        /// The string.
        text: String,
    },
    /// A subject object has neither or both of its two fields.
    #[error("a subject has either `serviceAccounts` or `workloads`")]
    AmbiguousSubject,
}

/// The reason why an entry is meaningless for an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A pattern matches no namespace.
    #[error("`{pattern}` matches no namespace")]
    NoNamespace {
        /// The pattern; `selector` for labels.
        pattern: String,
    },
    /// `<own>` is used for a user or group.
    #[error("`<own>` does not apply to users and groups, which have no namespace")]
    NoOwnNamespace,
    /// A pattern matches no target.
    #[error("no kustomization or chart is named `{pattern}`: `rolecall targets` lists them")]
    NoTarget {
        /// The pattern.
        pattern: String,
    },
    /// A resource is not served, and its API group is not that of a custom resource.
    #[error(transparent)]
    UnknownResource(ResolveError),
    /// No request for a built-in resource uses the verb.
    #[error("no request uses the verb `{verb}`")]
    UnknownVerb {
        /// The verb.
        verb: Text,
    },
}
