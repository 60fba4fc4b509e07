use std::path::PathBuf;

use tempfile::TempDir;

use super::connect::kubeconfig;
use crate::cluster::{Cluster, ClusterOptions, ConfigError, Credential, Overrides};

async fn connect(text: &str, context: Option<&str>) -> Result<Cluster, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let context = context.map(str::to_owned);
    let options = ClusterOptions { kubeconfig: Some(path), context, ..ClusterOptions::default() };
    Cluster::connect(&options).await
}

#[tokio::test]
async fn a_kubeconfig_defines_server_context_and_namespace() {
    let text = kubeconfig("server: https://example.test:6443/prefix/", "token: x");
    let cluster = connect(&text, None).await.unwrap();
    assert_eq!(cluster.server(), "https://example.test:6443/prefix");
    assert_eq!((cluster.context(), cluster.namespace()), (Some("test"), "shop"));

    let text = kubeconfig("server: https://joe:SECRET@example.test/prefix", "token: x");
    assert_eq!(connect(&text, None).await.unwrap().server(), "https://example.test/prefix");

    let text =
        kubeconfig("server: 127.0.0.1:8080", "token: \"x\\n\"").replace(", namespace: shop", "");
    let cluster = connect(&text, Some("test")).await.unwrap();
    assert_eq!((cluster.server(), cluster.namespace()), ("http://127.0.0.1:8080", "default"));
}

#[tokio::test]
async fn errors_in_a_kubeconfig_do_not_quote_it() {
    let server = "server: https://example.test";
    let rows = [
        ("users: [SECRET", None, "`CONFIG` is not a kubeconfig: line 1"),
        ("users: SECRET", None, "`CONFIG` is not a kubeconfig: line 1"),
        ("{}", None, "the kubeconfig has no current context"),
        (&*kubeconfig(server, "token: [SECRET]"), None, "`CONFIG` is not a kubeconfig: line 14"),
        (&*kubeconfig(server, "{}"), Some("other"), "the kubeconfig has no context `other`"),
        (
            &*kubeconfig("certificate-authority: /nowhere", "{}"),
            None,
            "context `test` refers to a cluster without a server, `test`",
        ),
        (
            &*kubeconfig(server, "{}").replace("user: test,", "user: nope,"),
            None,
            "context `test` refers to a user that the kubeconfig does not contain, `nope`",
        ),
        (&*kubeconfig("server: ftp://x", "{}"), None, "`ftp://x` is not the URL of a server"),
        (
            &*kubeconfig("server: ftp://me:SECRET@x/y", "{}"),
            None,
            "`ftp://x/y` is not the URL of a server",
        ),
        (
            &*kubeconfig("server: 'https://me:SEC/RET@x y'", "{}"),
            None,
            "`https://x y` is not the URL of a server",
        ),
        (
            &*kubeconfig(&format!("{server}\ncertificate-authority: /nowhere"), "{}"),
            None,
            "cannot use the certificate authority",
        ),
        (
            &*kubeconfig(server, "client-certificate-data: SECRET!\nclient-key-data: SECRET"),
            None,
            "cannot use the client certificate",
        ),
        (
            &*kubeconfig(server, "client-certificate-data: QUJD\nclient-key-data: U0VDUkVU"),
            None,
            "cannot use the certificates of this cluster",
        ),
        (
            &*kubeconfig(&format!("{server}\nproxy-url: ftp://me:SECRET@proxy"), "{}"),
            None,
            "the proxy is not an `http://`, `https://` or `socks5://` URL",
        ),
        (&*kubeconfig(server, "token: \"SECRET\\nSECRET\""), None, "cannot use the token"),
        (
            &*kubeconfig(server, "tokenFile: /nowhere"),
            None,
            "cannot read the token file `/nowhere`",
        ),
        (
            &*kubeconfig(server, "exec: {command: /nowhere, apiVersion: v1, args: [SECRET]}"),
            None,
            "the credential plugin `/nowhere` cannot be run",
        ),
    ];
    for (text, context, expected) in rows {
        let Err(error) = connect(text, context).await else { panic!("{text}") };
        let mut shown = error.to_string();
        if let Some((start, end)) = shown.find("/tmp").zip(shown.find("/config`")) {
            shown.replace_range(start..end + 7, "CONFIG");
        }
        assert_eq!(shown, expected, "{text}");
        let mut everything = format!("{error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            everything.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(!everything.contains("SECRET"), "{everything}");
    }
}

#[tokio::test]
async fn an_explicit_kubeconfig_must_exist() {
    let options = ClusterOptions {
        kubeconfig: Some(PathBuf::from("/nowhere/config")),
        ..ClusterOptions::default()
    };
    let Err(error) = Cluster::connect(&options).await else { panic!() };
    assert_eq!(error.to_string(), "cannot read the kubeconfig `/nowhere/config`");
}

#[tokio::test]
async fn impersonating_groups_requires_a_user() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, kubeconfig("server: http://example.test", "{}")).unwrap();
    let mut options = ClusterOptions {
        kubeconfig: Some(path),
        impersonate_groups: vec!["devs".to_owned()],
        ..ClusterOptions::default()
    };
    let Err(error) = Cluster::connect(&options).await else { panic!() };
    assert_eq!(
        error.to_string(),
        "groups, a uid or extra attributes are impersonated without a user"
    );
    options.impersonate_user = Some("jane".to_owned());
    assert!(Cluster::connect(&options).await.is_ok());
}

/// Options of the command line override the kubeconfig, as for kubectl.
#[tokio::test]
async fn the_command_line_overrides_the_kubeconfig() {
    let text = "clusters: [{name: a, cluster: {server: 'https://a.test', tls-server-name: a}}, \
        {name: b, cluster: {server: 'https://b.test'}}]\n\
        users: [{name: jane, user: {token: x}}, {name: bob, user: {username: bob, password: p}}]\n\
        contexts: [{name: test, context: {cluster: a, user: jane, namespace: shop}}]\n\
        current-context: test\n";
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let some = |text: &str| Some(text.to_owned());
    let rows = [
        (Overrides::default(), "https://a.test token"),
        (Overrides { cluster: some("b"), ..Overrides::default() }, "https://b.test token"),
        (Overrides { user: some("bob"), ..Overrides::default() }, "https://a.test password bob"),
        (Overrides { server: some("https://c"), ..Overrides::default() }, "https://c token"),
        (
            Overrides { user: some("bob"), token: Some("t".into()), ..Overrides::default() },
            "https://a.test token",
        ),
        (
            Overrides {
                user: some("bob"),
                username: some("eve"),
                password: Some("q".into()),
                ..Overrides::default()
            },
            "https://a.test password eve",
        ),
        (
            Overrides { cluster: some("c"), ..Overrides::default() },
            "context `test` refers to a cluster without a server, `c`",
        ),
        (
            Overrides { user: some("eve"), ..Overrides::default() },
            "context `test` refers to a user that the kubeconfig does not contain, `eve`",
        ),
        (
            Overrides { certificate_authority: some("/nowhere"), ..Overrides::default() },
            "cannot use the certificate authority",
        ),
        (
            Overrides { client_certificate: some("/nowhere"), ..Overrides::default() },
            "cannot use the client certificate",
        ),
    ];
    for (overrides, expected) in rows {
        let options = ClusterOptions {
            kubeconfig: Some(path.clone()),
            overrides: overrides.clone(),
            ..ClusterOptions::default()
        };
        let shown = match Cluster::connect(&options).await {
            Err(error) => error.to_string(),
            Ok(cluster) => {
                let credential = match cluster.credential() {
                    Credential::Token(_) => "token".to_owned(),
                    Credential::Password { user } => format!("password {user}"),
                    other => format!("{other:?}"),
                };
                format!("{} {credential}", cluster.server())
            }
        };
        assert_eq!(shown, expected, "{overrides:?}");
    }
}
