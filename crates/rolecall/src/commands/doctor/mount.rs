//! Mounted files and environment variables of the Pod.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rolecall_source::cluster::TokenClaims;

use crate::answer::diagnosis::{Status, Step};
use crate::error::Hint;
use crate::time;

/// The mounted files of a ServiceAccount.
#[derive(Debug, Default)]
pub(super) struct Mount {
    /// Whether there is a token, valid or not.
    pub(super) has_token: bool,
    /// The claims of the token, if readable.
    pub(super) claims: Option<TokenClaims>,
    /// Whether there is a CA certificate.
    pub(super) has_authority: bool,
    /// The namespace.
    pub(super) namespace: Option<String>,
}

/// The DNS name of the server in every Pod.
pub(super) const SERVICE_NAME: &str = "kubernetes.default.svc";

impl Mount {
    /// Checks the three files.
    pub(super) fn examine(directory: &Path, steps: &mut Vec<Step>) -> Self {
        let mut mount = Self::default();
        let file = |name: &str| directory.join(name);
        steps.push(match read(&file("token")) {
            Ok(token) => {
                mount.has_token = true;
                mount.claims = TokenClaims::read(&token);
                Step::ok("token file", format!("{} can be read", file("token").display()))
            }
            Err(says) => Step::failed("token file", says).next(Hint::edit(
                "the Pod's spec and its ServiceAccount",
                "remove `automountServiceAccountToken: false`, which prevents mounting a token",
            )),
        });
        steps.push(match read(&file("ca.crt")) {
            Ok(authority) if authority.contains("-----BEGIN CERTIFICATE-----") => {
                mount.has_authority = true;
                Step::ok("CA file", format!("{} can be read", file("ca.crt").display()))
            }
            Ok(_) => Step::failed(
                "CA file",
                format!("{} contains no certificate", file("ca.crt").display()),
            )
            .next(see_authority(None)),
            Err(says) => Step::failed("CA file", says).next(see_authority(None)),
        });
        steps.push(match read(&file("namespace")) {
            Ok(namespace) => {
                let namespace = namespace.trim().to_owned();
                let step =
                    Step::ok("namespace file", format!("the Pod's namespace is {namespace}"));
                mount.namespace = Some(namespace);
                step
            }
            Err(says) => Step::failed("namespace file", says).next(Hint::edit(
                "the Pod's spec",
                "add `metadata.namespace` of the downward API to the custom volume",
            )),
        });
        mount
    }

    /// Checks the claims of the token.
    pub(super) fn examine_token(&self, host: Option<&str>, now: time::Seconds) -> Option<Step> {
        if !self.has_token {
            return None;
        }
        let Some(claims) = &self.claims else {
            return Some(Step::unknown(
                "token",
                "it is not a JSON Web Token: only the server can read it",
            ));
        };
        let owner = match &claims.service_account {
            Some(account) => format!("of sa/{}:{}", claims.namespace, account.name),
            None => format!("of {}, which is not a ServiceAccount", claims.subject),
        };
        let issued = format!("{owner}, issued by {}", claims.issuer);
        let namespace = self.namespace.as_deref().unwrap_or(&claims.namespace);
        let step = match (claims.expires, claims.not_before) {
            (Some(expires), _) if expires <= now => {
                Step::failed("token", format!("{issued}; it expired {}", time::from(now, expires)))
                    .next(Hint::edit(
                        "the application",
                        "read the token file again for each request, or at least every minute",
                    ))
                    .next(delete_pod(claims, namespace))
            }
            (_, Some(since)) if since > now => Step::failed(
                "token",
                format!("{issued}; it is valid only from {}", time::from(now, since)),
            )
            .next(Hint::run("date -u", "check the clock of this machine")),
            _ if !claims.namespace.is_empty() && claims.namespace != namespace => {
                Step::failed("token", format!("{issued}; but the namespace file says {namespace}"))
                    .next(delete_pod(claims, namespace))
            }
            _ => Step::ok("token", format!("{issued}; {}", validity(claims, now))),
        };
        let is_elsewhere = |bound: &&str| host.is_some_and(|host| host != *bound);
        let pod = claims.pod.as_ref().map(|pod| &*pod.name);
        Some(match pod.filter(is_elsewhere).zip(host) {
            Some((pod, host)) if step.status == Status::Ok => Step::unknown(
                "token",
                format!("{}; it is bound to Pod {pod}, but this host is called {host}", step.says),
            )
            .next(Hint::run(
                format!("kubectl get pod {pod} -n {namespace}"),
                "check whether the token belongs to another Pod",
            )),
            _ => step,
        })
    }
}

/// Describes the lifetime and the audience of a token.
fn validity(claims: &TokenClaims, now: time::Seconds) -> String {
    let mut parts = Vec::new();
    match (claims.is_legacy, claims.expires) {
        (true, _) => parts.push("from a Secret, it never expires".to_owned()),
        (false, Some(expires)) => parts.push(format!("it expires {}", time::from(now, expires))),
        (false, None) => parts.push("it never expires".to_owned()),
    }
    if let Some(renewed) = claims.warn_after.filter(|renewed| *renewed <= now) {
        parts.push(format!("it should have been renewed {}", time::from(now, renewed)));
    }
    if !claims.audience.is_empty() {
        parts.push(format!("for {}", claims.audience.join(", ")));
    }
    parts.join(", ")
}

fn delete_pod(claims: &TokenClaims, namespace: &str) -> Hint {
    let pod = claims.pod.as_ref().map_or("POD", |pod| &pod.name);
    let command = format!("kubectl delete pod {pod} -n {namespace}");
    Hint::run(command, "recreate the Pod with a new token")
}

/// Returns a hint at the CA certificate in the cluster.
pub(super) fn see_authority(namespace: Option<&str>) -> Hint {
    let namespace = namespace.unwrap_or("default");
    Hint::run(
        format!("kubectl get configmap kube-root-ca.crt -n {namespace} -o yaml"),
        "see the certificate that ca.crt should contain",
    )
}

/// Reads a file, or returns the reason why that failed.
fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(format!("{shown} is empty")),
        Ok(text) => Ok(text),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => format!("{shown} does not exist"),
            io::ErrorKind::PermissionDenied => format!("this user cannot read {shown}"),
            io::ErrorKind::InvalidData => format!("{shown} is not text"),
            _ => format!("{shown} cannot be read: {error}"),
        }),
    }
}

/// Checks the environment variables, and returns their server if valid.
pub(super) fn examine_environment(server: Option<String>, steps: &mut Vec<Step>) -> Option<String> {
    let port = |server: &str| server.rsplit_once(':')?.1.parse::<u16>().ok();
    let (step, usable) = match server {
        Some(server) if port(&server).is_some() => {
            (Step::ok("environment", format!("{VARIABLES} name {server}")), Some(server))
        }
        Some(server) => {
            let says = format!("{VARIABLES} name {server}, where the port is not a number");
            let hint = Hint::edit(
                "the Pod's spec",
                "remove both from `env` and `envFrom`: the kubelet sets them",
            );
            (Step::failed("environment", says).next(hint), None)
        }
        None => {
            let says =
                format!("{VARIABLES} are not both set, as they are in the containers of a Pod");
            let hint = Hint::run(
                "kubectl exec POD -- rolecall doctor",
                "diagnose from inside the Pod, without clearing the environment",
            );
            (Step::failed("environment", says).next(hint), None)
        }
    };
    steps.push(step);
    usable
}

/// The variables that name the server.
const VARIABLES: &str = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT";

/// Resolves the server's name within a timeout.
pub(super) fn examine_dns(
    look_up: impl FnOnce() -> Option<IpAddr> + Send + 'static,
    timeout: Duration,
) -> Step {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // The receiver is gone after the timeout.
        let _ = sender.send(look_up());
    });
    let says = match receiver.recv_timeout(timeout) {
        Ok(Some(address)) => return Step::ok("DNS", format!("{SERVICE_NAME} is {address}")),
        Ok(None) => format!("{SERVICE_NAME} does not resolve"),
        Err(_) => {
            format!("no answer about {SERVICE_NAME} within {} s", timeout.as_secs())
        }
    };
    Step::failed("DNS", says)
        .next(Hint::run("cat /etc/resolv.conf", "see which DNS server is used"))
        .next(Hint::run(
            "kubectl get pods -n kube-system -l k8s-app=kube-dns",
            "check whether the DNS server of the cluster is running",
        ))
}

/// Resolves the server's name with the resolver of this machine.
pub(super) fn look_up() -> Option<IpAddr> {
    let addresses = (SERVICE_NAME, 443).to_socket_addrs();
    addresses.ok()?.next().map(|address| address.ip())
}

/// Returns the directory to check.
pub(super) fn directory(named: Option<&PathBuf>) -> PathBuf {
    named.cloned().unwrap_or_else(|| rolecall_source::cluster::MOUNT_PATH.into())
}

#[cfg(test)]
mod tests {
    use rolecall_source::cluster::BoundObject;

    use super::*;

    fn step(change: impl Fn(&mut TokenClaims), host: Option<&str>) -> Step {
        let object = |name: &str| Some(BoundObject { name: name.to_owned(), uid: String::new() });
        let mut claims = TokenClaims {
            issuer: "https://issuer".to_owned(),
            namespace: "shop".to_owned(),
            service_account: object("web"),
            pod: object("web-0"),
            expires: Some(4_600),
            ..TokenClaims::default()
        };
        change(&mut claims);
        let mount = Mount {
            has_token: true,
            claims: Some(claims),
            namespace: Some("shop".to_owned()),
            ..Mount::default()
        };
        mount.examine_token(host, 1_000).unwrap()
    }

    #[test]
    fn a_token_is_checked_by_its_claims() {
        let of = "of sa/shop:web, issued by https://issuer; ";
        let row = |change: fn(&mut TokenClaims), host, status: Status, says: &str| {
            let found = step(change, host);
            assert_eq!((found.status, &*found.says), (status, &*format!("{of}{says}")));
            assert_eq!(found.next.is_empty(), status == Status::Ok);
        };
        let valid = "it expires 1970-01-01T01:16:40Z (in 1 h)";
        row(|_| {}, Some("web-0"), Status::Ok, valid);
        row(
            |claims| claims.audience = vec!["vault".into()],
            None,
            Status::Ok,
            &format!("{valid}, for vault"),
        );
        row(
            |claims| claims.warn_after = Some(900),
            None,
            Status::Ok,
            &format!("{valid}, it should have been renewed 1970-01-01T00:15:00Z (1 min ago)"),
        );
        row(
            |_| {},
            Some("web-1"),
            Status::Unknown,
            &format!("{valid}; it is bound to Pod web-0, but this host is called web-1"),
        );
        row(
            |claims| claims.expires = Some(940),
            None,
            Status::Failed,
            "it expired 1970-01-01T00:15:40Z (1 min ago)",
        );
        row(
            |claims| claims.not_before = Some(1_060),
            None,
            Status::Failed,
            "it is valid only from 1970-01-01T00:17:40Z (in 1 min)",
        );
        row(
            |claims| {
                claims.is_legacy = true;
                claims.expires = None;
            },
            None,
            Status::Ok,
            "from a Secret, it never expires",
        );
    }

    #[test]
    fn the_environment_must_name_a_valid_server() {
        for (server, status) in [
            (Some("https://10.96.0.1:443"), Status::Ok),
            (Some("https://[fd00::1]:443"), Status::Ok),
            (Some("https://10.96.0.1:tcp"), Status::Failed),
            (Some("https://10.96.0.1:tcp://10.96.0.1:443/"), Status::Failed),
            (None, Status::Failed),
        ] {
            let mut steps = Vec::new();
            let usable = examine_environment(server.map(str::to_owned), &mut steps);
            let is_ok = status == Status::Ok;
            assert_eq!(usable.as_deref(), server.filter(|_| is_ok));
            assert_eq!((steps[0].status, steps[0].next.is_empty()), (status, is_ok), "{server:?}");
        }
    }

    #[test]
    fn dns_can_resolve_fail_or_time_out() {
        let timeout = Duration::from_secs(60);
        let known = examine_dns(|| Some(IpAddr::from([10, 96, 0, 1])), timeout);
        assert_eq!(known, Step::ok("DNS", "kubernetes.default.svc is 10.96.0.1"));

        let unknown = examine_dns(|| None, timeout);
        assert_eq!((unknown.status, unknown.next.len()), (Status::Failed, 2));
        assert_eq!(unknown.says, "kubernetes.default.svc does not resolve");

        let (answer, silence) = mpsc::channel::<IpAddr>();
        let silent = examine_dns(move || silence.recv().ok(), Duration::ZERO);
        assert_eq!((silent.status, silent.next.len()), (Status::Failed, 2));
        assert_eq!(silent.says, "no answer about kubernetes.default.svc within 0 s");
        drop(answer);
    }

    #[test]
    fn a_token_of_another_namespace_fails() {
        let found = step(|claims| claims.namespace = "bank".to_owned(), None);
        assert_eq!(found.status, Status::Failed);
        assert!(found.says.ends_with("but the namespace file says shop"), "{}", found.says);
    }
}
