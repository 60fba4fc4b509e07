//! How people and programs write subjects: everything that rolecall and servers print is understood.

/// A subject or an object as a text names it; names may be patterns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedSubject {
    /// `me`.
    Me,
    /// A ServiceAccount; without a namespace, of the one that the question is about.
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
        /// The kind as written, perhaps with its group.
        kind: String,
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
}

/// Why a text names no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotationError {
    /// It does not say which kind of subject it names.
    NoKind,
    /// It has a kind and no name.
    NoName,
    /// It begins as a ServiceAccount's user name does, and does not go on as one.
    NotAnAccount,
    /// Objects have no such names.
    NotAName,
}

impl NamedSubject {
    /// Reads `sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`, `deploy/NAME` and the like, `me`, a
    /// ServiceAccount's user name, and the spellings of messages: `ServiceAccount ci/deployer`,
    /// `User:jane`, `Group "devs"`, and `ServiceAccount "deployer/ci"`, as servers write name and
    /// namespace in the reasons of RBAC.
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
        let word = Word::of(kind);
        if kind.is_empty() || (is_short && word == Word::Other) {
            return Err(NotationError::NoKind);
        }
        if name.is_empty() {
            return Err(NotationError::NoName);
        }
        match word {
            Word::User => Ok(Self::User(exact(whole).unwrap_or(name).to_owned())),
            Word::Group => Ok(Self::Group(exact(whole).unwrap_or(name).to_owned())),
            Word::ServiceAccount => {
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
            Word::Other => {
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

/// Returns the name behind a slash as it is written: names of users and groups may have blanks and
/// quotation marks, also at their ends.
fn exact(text: &str) -> Option<&str> {
    let (kind, name) = text.split_once('/')?;
    let is_exact = !kind.contains([':', '"']) && !kind.trim_start().contains(' ');
    is_exact.then_some(name)
}

/// What the word before a name says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    ServiceAccount,
    User,
    Group,
    Other,
}

impl Word {
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

/// Splits `NAMESPACE:NAME` or `NAMESPACE/NAME`, whose namespace may be left out.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once([':', '/']) {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, text),
    }
}

/// Returns whether a text may be the name, or the pattern of names, of an object or a namespace.
fn is_name(text: &str) -> bool {
    let is_meant =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.*?".contains(&byte);
    !text.is_empty() && text.bytes().all(is_meant)
}

/// Returns what stands between double quotes.
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
