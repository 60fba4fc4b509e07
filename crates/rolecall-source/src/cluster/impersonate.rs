//! Impersonation headers of a request.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::list::encode;

/// The identity to impersonate in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonate {
    /// The user name.
    pub user: String,
    /// The groups.
    pub groups: Vec<String>,
    /// The uid; empty for none.
    pub uid: String,
    /// The extra attributes as pairs of key and value.
    pub extra: Vec<(String, String)>,
}

impl Impersonate {
    /// Returns the headers; `None` if a value is not allowed in a header.
    pub(super) fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        let mut add = |name: HeaderName, text: &str| -> Option<()> {
            headers.append(name, HeaderValue::from_bytes(text.as_bytes()).ok()?);
            Some(())
        };
        add(HeaderName::from_static("impersonate-user"), &self.user)?;
        for group in &self.groups {
            add(HeaderName::from_static("impersonate-group"), group)?;
        }
        if !self.uid.is_empty() {
            add(HeaderName::from_static("impersonate-uid"), &self.uid)?;
        }
        for (key, value) in &self.extra {
            let name = format!("impersonate-extra-{}", encode(key).to_lowercase());
            add(HeaderName::try_from(name).ok()?, value)?;
        }
        Some(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_becomes_impersonation_headers() {
        let somebody = Impersonate {
            user: "jürgen".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            uid: "7".to_owned(),
            extra: vec![("example.com/k".to_owned(), "v".to_owned())],
        };
        let headers = somebody.headers().unwrap();
        let shown: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        assert_eq!(
            shown,
            [
                "impersonate-user: jürgen",
                "impersonate-group: a",
                "impersonate-group: b",
                "impersonate-uid: 7",
                "impersonate-extra-example.com%2fk: v",
            ]
        );
        let forged = Impersonate { user: "a\r\nb".to_owned(), ..Impersonate::default() };
        assert_eq!(forged.headers(), None);
    }
}
