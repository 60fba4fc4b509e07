//! Certificates, tokens and kubeconfigs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::User;
use rolecall_task::failure::Result;
use rolecall_task::{files, process};

/// The certificates are X.509 version 3, because rustls rejects version 1.
const OPENSSL_CONFIG: &str = "\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
";

/// The certificate authority, keys and tokens of one server, as files in its directory.
pub(super) struct Credentials {
    folder: PathBuf,
}

impl Credentials {
    pub(super) fn make(folder: &Path, token_users: &[User]) -> Result<Self> {
        let credentials = Self { folder: folder.to_path_buf() };
        files::write(&credentials.file("openssl.cnf"), OPENSSL_CONFIG)?;
        credentials.certificate("ca", "ca", "/CN=rolecall-test", &[])?;
        credentials.signed_certificate("server", "server", "/CN=kube-apiserver")?;
        credentials.service_account_keys()?;
        files::write(&credentials.file("tokens.csv"), &token_file(token_users))?;
        Ok(credentials)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn certificate_kubeconfig(&self, user: &User, port: u16) -> Result<PathBuf> {
        let name = format!("user-{}", file_name(&user.name));
        self.signed_certificate(&name, "client", &subject(user))?;
        let [certificate, key] = ["crt", "key"].map(|ext| self.file(&format!("{name}.{ext}")));
        let credential = format!(
            "client-certificate: \"{}\"\n    client-key: \"{}\"",
            certificate.display(),
            key.display()
        );
        self.kubeconfig(&name, &credential, port)
    }

    pub(super) fn token_kubeconfig(&self, user: &User, port: u16) -> Result<PathBuf> {
        self.bearer_kubeconfig(&format!("token-{}", user.name), &token(user), port)
    }

    pub(super) fn unknown_token_kubeconfig(&self, port: u16) -> Result<PathBuf> {
        self.bearer_kubeconfig("unknown-token", "unknown", port)
    }

    pub(super) fn bearer_kubeconfig(&self, name: &str, token: &str, port: u16) -> Result<PathBuf> {
        self.kubeconfig(&file_name(name), &format!("token: \"{token}\""), port)
    }

    pub(super) fn anonymous_kubeconfig(&self, port: u16) -> Result<PathBuf> {
        self.kubeconfig("anonymous", "{}", port)
    }

    pub(super) fn controllers_kubeconfig(&self, port: u16) -> Result<PathBuf> {
        // With dedicated ServiceAccounts the controllers would need roles; a member of
        // system:masters does not.
        let user = User { name: "controllers".into(), groups: vec!["system:masters".into()] };
        self.certificate_kubeconfig(&user, port)
    }

    fn kubeconfig(&self, name: &str, credential: &str, port: u16) -> Result<PathBuf> {
        let authority = self.file("ca.crt");
        let text = format!(
            r#"apiVersion: v1
kind: Config
current-context: test
contexts:
- name: test
  context:
    cluster: test
    user: test
clusters:
- name: test
  cluster:
    server: https://127.0.0.1:{port}
    certificate-authority: "{}"
users:
- name: test
  user:
    {credential}
"#,
            authority.display()
        );
        let path = self.file(&format!("{name}.kubeconfig"));
        files::write(&path, &text)?;
        Ok(path)
    }

    fn signed_certificate(&self, name: &str, section: &str, subject: &str) -> Result<()> {
        self.certificate(name, section, subject, &["-CA", "ca.crt", "-CAkey", "ca.key"])
    }

    /// Creates `NAME.crt` and `NAME.key`.
    fn certificate(&self, name: &str, section: &str, subject: &str, more: &[&str]) -> Result<()> {
        let mut command = self.openssl("req");
        command.args(["-x509", "-config", "openssl.cnf", "-extensions", section, "-days", "2"]);
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        command.args(["-utf8", "-subj", subject]);
        command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")]);
        process::output(command.args(more)).map(drop)
    }

    fn service_account_keys(&self) -> Result<()> {
        let [private, public] = ["service-account.key", "service-account.pub"];
        let mut command = self.openssl("genpkey");
        command.args(["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        process::output(command.args(["-out", private]))?;
        let mut command = self.openssl("pkey");
        process::output(command.args(["-in", private, "-pubout", "-out", public])).map(drop)
    }

    fn openssl(&self, task: &str) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder).arg(task);
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Formats a user as the subject of a certificate: the common name is the user, each organization a
/// group.
fn subject(user: &User) -> String {
    let escape = |value: &str| -> String {
        value
            .chars()
            .flat_map(|c| matches!(c, '/' | '+' | '\\').then_some('\\').into_iter().chain([c]))
            .collect()
    };
    let groups: String = user.groups.iter().map(|group| format!("/O={}", escape(group))).collect();
    format!("{groups}/CN={}", escape(&user.name))
}

/// Formats the lines of `--token-auth-file`: token, user, uid, groups.
fn token_file(users: &[User]) -> String {
    let line = |user: &User| {
        let token = token(user);
        let [name, groups] = [&user.name, &user.groups.join(",")].map(|s| s.replace('"', "\"\""));
        format!("{token},\"{name}\",\"{name}\",\"{groups}\"\n")
    };
    users.iter().map(line).collect()
}

fn token(user: &User) -> String {
    format!("token-of-{}", file_name(&user.name))
}

/// Escapes a name for file names and for KUBECONFIG, in which a colon separates files.
fn file_name(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'@' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, groups: &[&str]) -> User {
        User { name: name.into(), groups: groups.iter().map(|&group| group.into()).collect() }
    }

    #[test]
    fn every_group_is_an_organization() {
        let rows = [
            (user("dev", &[]), "/CN=dev"),
            (user("dev", &["team:a", "team:b"]), "/O=team:a/O=team:b/CN=dev"),
            (user("a/b+c\\d", &[]), "/CN=a\\/b\\+c\\\\d"),
        ];
        for (user, expected) in rows {
            assert_eq!(subject(&user), expected);
        }
    }

    #[test]
    fn a_token_line_quotes_commas_and_quotes() {
        assert_eq!(
            token_file(&[user("sre:1", &["a", "\"b\""])]),
            "token-of-sre%3A1,\"sre:1\",\"sre:1\",\"a,\"\"b\"\"\"\n"
        );
    }

    #[test]
    fn different_names_have_different_files() {
        let rows = [("dev@corp", "dev@corp"), ("a:b", "a%3Ab"), ("a/b", "a%2Fb"), ("a%b", "a%25b")];
        for (name, expected) in rows {
            assert_eq!(file_name(name), expected);
        }
    }
}
