//! The claims of a bearer token. They are read and never verified: only the server can do that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// The claims of a JSON Web Token about its subject, audience and lifetime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenClaims {
    /// The issuer.
    pub issuer: String,
    /// The subject: `system:serviceaccount:NAMESPACE:NAME` for a ServiceAccount.
    pub subject: String,
    /// The audiences; empty if the claim is missing.
    pub audience: Vec<String>,
    /// The time of issue, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// The start of the validity period, in seconds since 1970.
    pub not_before: Option<i64>,
    /// The expiration time, in seconds since 1970; `None` if it never expires.
    pub expires: Option<i64>,
    /// The time by which the kubelet should have replaced the token, in seconds since 1970.
    pub warn_after: Option<i64>,
    /// The ServiceAccount's namespace; empty for other subjects.
    pub namespace: String,
    /// The ServiceAccount.
    pub service_account: Option<BoundObject>,
    /// The Pod whose deletion invalidates the token.
    pub pod: Option<BoundObject>,
    /// The node that the Pod runs on, or whose deletion invalidates the token.
    pub node: Option<BoundObject>,
    /// The Secret whose deletion invalidates the token.
    pub secret: Option<BoundObject>,
    /// Whether the token is a legacy token that never expires, as servers before 1.24 stored in
    /// Secrets.
    pub is_legacy: bool,
}

/// An object that a token is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BoundObject {
    /// Its name.
    pub name: String,
    /// Its uid, if the token contains it.
    pub uid: String,
}

impl TokenClaims {
    /// Reads the claims of a token; `None` when it is not a JSON Web Token.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.trim().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        claims.is_object().then(|| Self::new(&claims))
    }

    /// Returns a description of the audience if a ServiceAccount's token is not for an API server.
    /// Servers accept their issuer and, by convention, their in-cluster name.
    pub fn foreign_audience(&self) -> Option<String> {
        let is_servers =
            |audience: &String| *audience == self.issuer || audience.contains("kubernetes.default");
        let is_foreign = self.service_account.is_some()
            && !self.audience.is_empty()
            && !self.audience.iter().any(is_servers);
        is_foreign
            .then(|| format!("the audience `{}`, not this server", self.audience.join("`, `")))
    }

    fn new(claims: &Value) -> Self {
        let text = |key: &str| claims.get(key).and_then(Value::as_str).unwrap_or_default();
        let time = |key: &str| seconds(claims.get(key)?);
        let legacy = |key: &str| text(&format!("kubernetes.io/serviceaccount/{key}")).to_owned();
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => {
                several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let mut read = Self {
            issuer: text("iss").to_owned(),
            subject: text("sub").to_owned(),
            audience,
            issued_at: time("iat"),
            not_before: time("nbf"),
            expires: time("exp"),
            ..Self::default()
        };
        if let Some(bound) = claims.get("kubernetes.io") {
            let object = |key: &str| BoundObject::deserialize(bound.get(key)?).ok();
            let namespace = bound.get("namespace").and_then(Value::as_str);
            read.namespace = namespace.unwrap_or_default().to_owned();
            read.service_account = object("serviceaccount");
            read.pod = object("pod");
            read.node = object("node");
            read.secret = object("secret");
            read.warn_after = bound.get("warnafter").and_then(seconds);
        } else if !legacy("service-account.name").is_empty() {
            read.is_legacy = true;
            read.namespace = legacy("namespace");
            let (name, uid) = (legacy("service-account.name"), legacy("service-account.uid"));
            read.service_account = Some(BoundObject { name, uid });
            let name = legacy("secret.name");
            read.secret = Some(BoundObject { name, uid: String::new() });
        }
        read
    }
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> TokenClaims {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        TokenClaims::read(&format!("e30.{payload}.c2lnbmF0dXJl\n")).unwrap()
    }

    #[test]
    fn a_bound_token_contains_its_objects() {
        let claims = read(&json!({
            "iss": "https://kubernetes.default.svc", "sub": "system:serviceaccount:shop:web",
            "aud": ["https://kubernetes.default.svc"], "iat": 1, "nbf": 2, "exp": 3607,
            "kubernetes.io": {"namespace": "shop", "warnafter": 9,
                "serviceaccount": {"name": "web", "uid": "u1"}, "pod": {"name": "web-0", "uid": "u2"},
                "node": {"name": "n1"}},
        }));
        let object = |name: &str, uid: &str| {
            Some(BoundObject { name: name.to_owned(), uid: uid.to_owned() })
        };
        assert_eq!(
            claims,
            TokenClaims {
                issuer: "https://kubernetes.default.svc".to_owned(),
                subject: "system:serviceaccount:shop:web".to_owned(),
                audience: vec!["https://kubernetes.default.svc".to_owned()],
                issued_at: Some(1),
                not_before: Some(2),
                expires: Some(3607),
                warn_after: Some(9),
                namespace: "shop".to_owned(),
                service_account: object("web", "u1"),
                pod: object("web-0", "u2"),
                node: object("n1", ""),
                secret: None,
                is_legacy: false,
            }
        );
    }

    #[test]
    fn flat_claims_mark_a_legacy_token() {
        let claims = read(&json!({
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:shop:web",
            "kubernetes.io/serviceaccount/namespace": "shop",
            "kubernetes.io/serviceaccount/secret.name": "web-token-x",
            "kubernetes.io/serviceaccount/service-account.name": "web",
            "kubernetes.io/serviceaccount/service-account.uid": "u1",
        }));
        assert!(claims.is_legacy && claims.expires.is_none());
        assert_eq!(claims.secret.unwrap().name, "web-token-x");
        assert_eq!(claims.service_account.unwrap().uid, "u1");
    }

    #[test]
    fn other_strings_have_no_claims() {
        for token in ["", "opaque", "a.b", "a.!.c", "e30.bnVsbA.x", "e30.e30"] {
            assert_eq!(TokenClaims::read(token), None, "{token}");
        }
        assert_eq!(TokenClaims::read("e30.e30.x"), Some(TokenClaims::default()));
    }
}
