//! The notations for subjects that users, rolecall and API servers write.

use crate::{Metadata, Subject, SubjectKind};

/// A subject or workload as written in an argument or a message; names can be patterns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedSubject {
    /// `me`.
    Me,
    /// A ServiceAccount, by default in the namespace of the question.
    ServiceAccount {
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// An object of another kind, such as a Deployment.
    Object {
        /// The kind as written, with or without its group.
        kind: String,
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
}

/// The reason why a text does not name a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotationError {
    /// The text does not name a kind.
    NoKind,
    /// The text has a kind but no name.
    NoName,
    /// The text starts like a ServiceAccount's user name but is not one.
    NotAnAccount,
    /// The name is not a valid object name.
    NotAName,
}

impl Subject {
    /// Returns the notation of the command line for a binding's subject, such as `sa/shop:web`.
    pub fn notation(&self, binding: &Metadata) -> String {
        match &self.kind {
            SubjectKind::ServiceAccount => {
                let namespace = self.effective_namespace(binding).map_or("", |namespace| namespace);
                format!("sa/{namespace}:{}", self.name)
            }
            SubjectKind::User => format!("user/{}", self.name),
            SubjectKind::Group => format!("group/{}", self.name),
            SubjectKind::Other(kind) => format!("{kind}/{}", self.name),
        }
    }
}

impl NamedSubject {
    /// Parses `sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`, `deploy/NAME` and similar, `me`, a
    /// ServiceAccount's user name, and the notations of messages: `ServiceAccount ci/deployer`,
    /// `User:jane`, `Group "devs"`, and `ServiceAccount "deployer/ci"`, where servers put the name
    /// before the namespace in RBAC reasons.
    pub fn parse(text: &str) -> Result<Self, NotationError> {
        let whole = text;
        let text = text.trim();
        if text == "me" {
            return Ok(Self::Me);
        }
        if let Some(reason) = quoted(text) {
            return match reason.rsplit_once('/') {
                Some((name, namespace)) => account(Some(namespace), name),
                None => Self::parse(reason),
            };
        }
        if let Some(rest) = text.strip_prefix("system:serviceaccount:") {
            let (namespace, name) = rest.split_once(':').ok_or(NotationError::NotAnAccount)?;
            return account(Some(namespace), name).map_err(|_| NotationError::NotAnAccount);
        }
        let at = text.find(['/', ':', ' ']).ok_or(NotationError::NoKind)?;
        let (kind, rest) = (text.get(..at).unwrap_or_default(), text.get(at + 1..));
        let rest = rest.unwrap_or_default().trim_start();
        let is_short = text.get(at..).is_some_and(|rest| rest.starts_with(':'));
        let is_quoted = quoted(rest).is_some();
        let name = quoted(rest).unwrap_or(rest);
        let prefix = Prefix::of(kind);
        if kind.is_empty() || (is_short && prefix == Prefix::Other) {
            return Err(NotationError::NoKind);
        }
        if name.is_empty() {
            return Err(NotationError::NoName);
        }
        match prefix {
            Prefix::User => Ok(Self::User(exact(whole).unwrap_or(name).to_owned())),
            Prefix::Group => Ok(Self::Group(exact(whole).unwrap_or(name).to_owned())),
            Prefix::ServiceAccount => {
                if let Some(user) = name.strip_prefix("system:serviceaccount:") {
                    return Self::parse(&format!("system:serviceaccount:{user}"));
                }
                match (is_quoted, name.split_once('/')) {
                    (true, Some((name, namespace))) => account(Some(namespace), name),
                    _ => {
                        let (namespace, name) = split(name);
                        account(namespace, name)
                    }
                }
            }
            Prefix::Other => {
                let (namespace, name) = split(name);
                match is_name(name) && namespace.is_none_or(is_name) {
                    true => Ok(Self::Object {
                        kind: kind.to_owned(),
                        namespace: namespace.map(str::to_owned),
                        name: name.to_owned(),
                    }),
                    false => Err(NotationError::NotAName),
                }
            }
        }
    }
}

/// Returns the name after a slash verbatim: names of users and groups can contain spaces and
/// quotation marks, even at the ends.
fn exact(text: &str) -> Option<&str> {
    let (kind, name) = text.split_once('/')?;
    let is_exact = !kind.contains([':', '"']) && !kind.trim_start().contains(' ');
    is_exact.then_some(name)
}

/// The kind of subject that a prefix names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    ServiceAccount,
    User,
    Group,
    Other,
}

impl Prefix {
    fn of(kind: &str) -> Self {
        match &*kind.to_lowercase() {
            "sa" | "serviceaccount" | "serviceaccounts" => Self::ServiceAccount,
            "user" | "users" => Self::User,
            "group" | "groups" => Self::Group,
            _ => Self::Other,
        }
    }
}

fn account(namespace: Option<&str>, name: &str) -> Result<NamedSubject, NotationError> {
    match is_name(name) && namespace.is_none_or(is_name) {
        true => Ok(NamedSubject::ServiceAccount {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }),
        false => Err(NotationError::NotAName),
    }
}

/// Splits `NAMESPACE:NAME` or `NAMESPACE/NAME`; the namespace is optional.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once([':', '/']) {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, text),
    }
}

/// Returns whether a text can be the name, or a pattern for names, of an object or namespace.
fn is_name(text: &str) -> bool {
    let is_meant =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.*?".contains(&byte);
    !text.is_empty() && text.bytes().all(is_meant)
}

/// Returns the text between double quotes.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sa(namespace: &str, name: &str) -> Result<NamedSubject, NotationError> {
        let namespace = (!namespace.is_empty()).then(|| namespace.to_owned());
        Ok(NamedSubject::ServiceAccount { namespace, name: name.to_owned() })
    }

    #[test]
    fn every_spelling_of_a_subject_is_understood() {
        let user = |name: &str| Ok(NamedSubject::User(name.to_owned()));
        let group = |name: &str| Ok(NamedSubject::Group(name.to_owned()));
        let object = |kind: &str, namespace: &str, name: &str| {
            Ok(NamedSubject::Object {
                kind: kind.to_owned(),
                namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
                name: name.to_owned(),
            })
        };
        let rows = [
            ("me", Ok(NamedSubject::Me)),
            ("sa/web", sa("", "web")),
            ("sa/ci:deployer", sa("ci", "deployer")),
            ("sa/ci/deployer", sa("ci", "deployer")),
            ("sa:ci:deployer", sa("ci", "deployer")),
            ("sa:deployer", sa("", "deployer")),
            ("ServiceAccount ci/deployer", sa("ci", "deployer")),
            ("ServiceAccount ci:deployer", sa("ci", "deployer")),
            ("ServiceAccount:ci:deployer", sa("ci", "deployer")),
            ("ServiceAccount/ci:deployer", sa("ci", "deployer")),
            ("system:serviceaccount:ci:deployer", sa("ci", "deployer")),
            ("sa/system:serviceaccount:ci:deployer", sa("ci", "deployer")),
            // Servers write the name before the namespace.
            ("ServiceAccount \"deployer/ci\"", sa("ci", "deployer")),
            ("\"deployer/ci\"", sa("ci", "deployer")),
            ("\"system:serviceaccount:ci:deployer\"", sa("ci", "deployer")),
            ("sa/*:web-?", sa("*", "web-?")),
            ("user/jane", user("jane")),
            ("User:jane", user("jane")),
            ("User jane", user("jane")),
            ("User \"jane doe\"", user("jane doe")),
            ("User:system:kube-scheduler", user("system:kube-scheduler")),
            ("user/oidc:a/b", user("oidc:a/b")),
            ("user/ jane ", user(" jane ")),
            ("user/\"jane\"", user("\"jane\"")),
            ("user/*", user("*")),
            ("Group:devs", group("devs")),
            ("group/system:serviceaccounts:ci", group("system:serviceaccounts:ci")),
            ("Deployment shop/web", object("Deployment", "shop", "web")),
            ("deploy/web", object("deploy", "", "web")),
            ("deploy/shop/web", object("deploy", "shop", "web")),
            ("deployments.apps/web-*", object("deployments.apps", "", "web-*")),
            ("jane", Err(NotationError::NoKind)),
            ("", Err(NotationError::NoKind)),
            ("oidc:jane", Err(NotationError::NoKind)),
            ("system:masters", Err(NotationError::NoKind)),
            ("sa/", Err(NotationError::NoName)),
            ("User ", Err(NotationError::NoKind)),
            ("sa/Web", Err(NotationError::NotAName)),
            ("sa/a:b:c", Err(NotationError::NotAName)),
            ("system:serviceaccount:ci", Err(NotationError::NotAnAccount)),
            ("system:serviceaccount:ci:", Err(NotationError::NotAnAccount)),
        ];
        for (text, expected) in rows {
            assert_eq!(NamedSubject::parse(text), expected, "{text}");
        }
    }
}
