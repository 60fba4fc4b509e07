//! Texts that replace values in command lines that a snapshot keeps.

/// Replaces a value on which access does not depend.
pub(crate) const REDACTED: &str = "REDACTED";

/// A command that prints the Pod's own namespace.
pub(crate) const OWN_NAMESPACE: &str =
    "$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)";

/// A command that prints nothing. It replaces a value that is only known at run time.
pub(crate) const UNKNOWN: &str = "$(:)";
